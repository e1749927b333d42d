"""What is said of each damage that can be determined."""

from __future__ import annotations

__all__ = ["MESSAGES"]

MESSAGES = {
    "utf-16": "the text is UTF-16, as PowerShell and Notepad save it",
    "byte-order-mark": "the text begins with a byte order mark (UTF-8 BOM)",
    "nul-padding": "there are zero bytes after the key",
    "base64-wrapped": "the whole file is wrapped in base64",
    "quoted": "the text is in quotes",
    "literal-newlines": r"there are the two characters \n instead of line ends",
    "html-escaped": "characters are escaped as in HTML or in a URL",
    "email-quoted": "the lines begin with '>', as in a mail",
    "crlf": "the line ends are CR LF",
    "cr-line-ends": "the line ends are CR alone",
    "smart-dashes": "hyphens became long dashes, or spaces no-break spaces, as in a word processor",
    "lower-case-frame": "the BEGIN and END lines are not in capitals",
    "wrong-dash-count": "a BEGIN or END line has a dash too few or too many",
    "surrounding-text": "there is other text around the key",
    "multiple-keys": "the same key is there more than once",
    "rfc4716-in-authorized-keys": "there is an SSH2 block among the lines, which sshd does not read",
    "lost-newlines": "line ends became spaces, another sign, or nothing",
    "joined-keys": "two keys are on one line: sshd takes the second for a comment",
    "wrapped-key": "a key is wrapped over several lines",
    "indented": "there is white space before lines",
    "trailing-whitespace": "there is white space after lines",
    "inner-whitespace": "there is white space inside a line of base64",
    "blank-lines": "there are blank lines before, in or after the key",
    "missing-frame": "the BEGIN line, the END line, or the type before a public key is gone",
    "wrong-label": "the frame names another format than the body holds",
    "line-count": "the line counts of the PPK are wrong, or its lines were joined",
    "space-for-plus": "'+' became a space, as in URL decoding",
    "noncanonical": "the key is written in a way that some programs refuse",
    "comment-control": "there are control characters in the comment",
    "recomputable-numbers": "a number that follows from others is wrong; the key itself is whole",
    "missing-final-newline": "the last line has no line end",
}
"""What each rule that can be fixed says of a file."""
