"""What sshd, ssh and ssh-keygen really say of lines and certificates: the rows, the programs asked, and the table."""
