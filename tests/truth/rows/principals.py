"""Lines of an AuthorizedPrincipalsFile, as sshd_config(5) describes it."""

from __future__ import annotations

from truth.model import Row

__all__ = ["PRINCIPALS"]

_LINES = {
    "name": "{me}",
    "other-name": "deploy",
    "second-line": "deploy\n{me}",
    "comment-line": "# names\n{me}",
    "comment-after-name": "{me} # the administrator",
    "words-after-name": "{me} the administrator",
    "two-names": "deploy {me}",
    "comma-list": "deploy,{me}",
    "leading-space": "  {me}",
    "leading-tab": "\t{me}",
    "trailing-space": "{me}  ",
    "crlf": "{me}\r",
    "byte-order-mark": "\ufeff{me}",
    "no-line-end": "{me}{end}",
    "star": "*",
    "pattern": "{me}*",
    "negated": "!deploy",
    "quoted": '"{me}"',
    "upper-case": "NAME-IN-UPPER-CASE",
    "options-from": 'from="127.0.0.1" {me}',
    "options-other-from": 'from="10.0.0.1" {me}',
    "options-command": 'command="true" {me}',
    "options-several": 'restrict,pty,command="true" {me}',
    "options-expired": 'expiry-time="20010101" {me}',
    "options-unknown": "foo {me}",
    "options-bad-value": 'tunnel="0:1" {me}',
    "options-cert-authority": "cert-authority {me}",
    "options-principals": 'principals="{me}" {me}',
    "options-alone": "no-pty",
    "options-tab": "no-pty\t{me}",
    "options-two-spaces": "no-pty  {me}",
    "options-open-quote": 'command="true {me}',
    "options-comma-space": "no-pty, no-user-rc {me}",
    "empty-file": "",
    "at-name": "{me}@example.com",
}

_ELSEWHERE = {"other-name", "upper-case", "options-other-from", "empty-file", "at-name"}
_PARTLY = {"options-comma-space"}  # sshd takes options up to the white space, and skips what follows

PRINCIPALS: tuple[Row, ...] = tuple(
    Row("authorized_principals", name, line, {"certificate": "{cert}"}, name in _ELSEWHERE, name in _PARTLY)
    for name, line in _LINES.items()
)
