"""`python -m keyconv` is the command line."""

from keyconv.cli.app import main

if __name__ == "__main__":
    main()
