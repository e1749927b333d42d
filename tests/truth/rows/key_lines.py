"""Lines of `authorized_keys` apart from their options: types, base64, white space, authorities, certificates."""

from __future__ import annotations

from collections.abc import Iterator

from truth.model import Row

__all__ = ["KEY_LINES"]

_CERT = "{cert}"
_RAW = {"by": "raw"}

# name: the line, and the context where it is not the Ed25519 key that logs in from 127.0.0.1
_TYPES: dict[str, tuple[str, dict[str, str]]] = {
    "ed25519": ("{ed25519}", {}),
    "rsa2048": ("{rsa2048}", {"client": "rsa2048"}),
    "rsa3072": ("{rsa3072}", {"client": "rsa3072"}),
    "rsa1024": ("{rsa1024}", {"client": "rsa1024", **_RAW}),
    "rsa768": ("{rsa768}", {"client": "rsa768", **_RAW}),
    "ecdsa-p256": ("{ecdsa-p256}", {"client": "ecdsa-p256"}),
    "ecdsa-p384": ("{ecdsa-p384}", {"client": "ecdsa-p384"}),
    "ecdsa-p521": ("{ecdsa-p521}", {"client": "ecdsa-p521"}),
    "dsa": ("{dsa1024}", {"client": "dsa1024", **_RAW}),
    "ed448": ("{ed448}", {}),
    "mldsa44-ed25519": ("{mldsa44-ed25519}", {"client": "mldsa44-ed25519"}),
    "sk-ed25519": ("{sk-ed25519}", {"client": "sk-ed25519", **_RAW}),
    "sk-ecdsa": ("{sk-ecdsa}", {"client": "sk-ecdsa", **_RAW}),
    "sk-ed25519-no-touch-required": ("no-touch-required {sk-ed25519}", {"client": "sk-ed25519", **_RAW}),
    "sk-ed25519-verify-required": ("verify-required {sk-ed25519}", {"client": "sk-ed25519", **_RAW}),
    "sk-ecdsa-verify-required": ("verify-required {sk-ecdsa}", {"client": "sk-ecdsa", **_RAW}),
    "webauthn": (
        "webauthn-sk-ecdsa-sha2-nistp256@openssh.com {sk-ecdsa.blob}",
        {"client": "sk-ecdsa", **_RAW},
    ),
    "webauthn-ed25519": ("webauthn-sk-ssh-ed25519@openssh.com {sk-ed25519.blob}", {"client": "sk-ed25519", **_RAW}),
    "rsa-sha2-256": ("rsa-sha2-256 {rsa2048.blob}", {"client": "rsa2048"}),
    "rsa-sha2-512": ("rsa-sha2-512 {rsa2048.blob}", {"client": "rsa2048"}),
    "unknown": ("{unknown}", {}),
    "unknown-word-over-ed25519": ("ssh-foo {ed25519.blob}", {}),
    "rsa-word-over-ed25519": ("ssh-rsa {ed25519.blob}", {}),
    "ed25519-word-over-rsa": ("ssh-ed25519 {rsa2048.blob}", {"client": "rsa2048"}),
    "p384-word-over-p256": ("ecdsa-sha2-nistp384 {ecdsa-p256.blob}", {"client": "ecdsa-p256"}),
    "upper-case": ("SSH-ED25519 {ed25519.blob}", {}),
    "short-name-ed25519": ("ed25519 {ed25519.blob}", {}),
    "short-name-rsa": ("rsa {rsa2048.blob}", {"client": "rsa2048"}),
    "short-name-ecdsa": ("ecdsa {ecdsa-p256.blob}", {"client": "ecdsa-p256"}),
    "no-word": ("{ed25519.blob}", {}),
    "word-alone": ("ssh-ed25519", {}),
    "word-and-comment": ("ssh-ed25519 comment", {}),
    "fingerprint": ("SHA256:Cz8AfMVJzkZL16BcZCymv3u6DhyvkhSqzj9PdVhmaPU", {}),
    "ssh1": ("2048 65537 123456789012345678901234567890123456789", {}),
    "git-prefix": ("key::{ed25519}", {}),
    "pgp": ("pgp-sign-rsa {rsa2048.blob}", {"client": "rsa2048"}),
    "x509": ("x509v3-sign-rsa {rsa2048.blob}", {"client": "rsa2048"}),
}

_TEXT: dict[str, str] = {
    "comment": "{ed25519} alice@example.com",
    "comment-of-words": "{ed25519} the key of alice, made in 2026",
    "comment-hash": "{ed25519} # alice",
    "comment-not-ascii": "{ed25519} älice",
    "comment-latin-1": "{ed25519} \udce4lice",
    "comment-quote": '{ed25519} the "key',
    "no-line-end": "{ed25519} alice{end}",
    "leading-spaces": "   {ed25519}",
    "leading-tab": "\t{ed25519}",
    "leading-no-break-space": "\u00a0{ed25519}",
    "leading-form-feed": "\f{ed25519}",
    "leading-cr": "\r{ed25519}",
    "leading-hash": "#{ed25519}",
    "leading-semicolon": ";{ed25519}",
    "leading-double-slash": "// {ed25519}",
    "leading-dash": "- {ed25519}",
    "leading-quote": '"{ed25519}"',
    "leading-nul": "\0{ed25519}",
    "trailing-spaces": "{ed25519}   ",
    "trailing-tab": "{ed25519}\t",
    "two-spaces-between": "{ed25519.type}  {ed25519.blob}",
    "tab-between": "{ed25519.type}\t{ed25519.blob}",
    "tab-before-comment": "{ed25519}\tcomment",
    "no-break-space-between": "{ed25519.type}\u00a0{ed25519.blob}",
    "no-space-between": "{ed25519.type}{ed25519.blob}",
    "two-spaces-after-options": "no-pty  {ed25519}",
    "tab-after-options": "no-pty\t{ed25519}",
    "no-space-after-options": 'command="true"{ed25519}',
    "crlf": "{ed25519}\r",
    "crlf-comment": "{ed25519} comment\r",
    "crlf-options": "no-pty {ed25519}\r",
    "cr-between-lines": "# comment\r{ed25519}",
    "byte-order-mark": "\ufeff{ed25519}",
    "byte-order-mark-options": "\ufeffno-pty {ed25519}",
    "byte-order-mark-comment-first": "\ufeff# comment\n{ed25519}",
    "second-line-after-bad": "garbage\n{ed25519}",
    "second-line-after-open-quote": 'command="true {rsa2048}\n{ed25519}',
    "second-line-after-bad-option": "foo {ed25519}\n{ed25519}",
    "second-line-after-other-from": 'from="10.0.0.1" {ed25519}\nfrom="127.0.0.1" {ed25519}',
    "second-line-after-past": 'expiry-time="20010101" {ed25519}\n{ed25519}',
    "second-line-after-authority": "cert-authority {ed25519}\n{ed25519}",
    "two-keys": "{ed25519} {rsa2048}",
    "two-keys-second-logs-in": "{rsa2048} {ed25519}",
    "two-keys-without-space": "{rsa2048}{ed25519}",
    "two-keys-comma": "{rsa2048},{ed25519}",
    "wrapped-after-type": "ssh-ed25519\n{ed25519.blob}",
    "wrapped-after-options": 'command="true",no-pty\n{ecdsa-p256}',
    "backslash-continuation": "no-pty,\\\n{ed25519}",
    "empty-lines": "\n\n{ed25519}\n\n",
    "base64-no-padding": "{sk-ed25519.type} AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t",
    "base64-cut": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA",
    "base64-cut-at-four": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA",
    "base64-bad-character": "ssh-ed25519 !{ed25519.blob}",
    "base64-bad-character-at-end": "ssh-ed25519 {ed25519.blob}!",
    "base64-extra-padding": "ssh-ed25519 {ed25519.blob}=",
    "base64-extra-quad": "ssh-ed25519 {ed25519.blob}AAAA",
    "base64-semicolon-at-end": "{ed25519};",
    "base64-dot-at-end": "{ed25519}.",
    "base64-space-inside": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 {ed25519.blob}",
    "base64-url-alphabet": "ssh-ed25519 ----{ed25519.blob}",
    "base64-ellipsis": "ssh-ed25519 AAAAC3Nza...x comment",
    "line-8191": "{ed25519} {to 8191}",
    "line-8192": "{ed25519} {to 8192}",
    "line-8193": "{ed25519} {to 8193}",
    "line-9000": "{ed25519} {to 9000}",
    "line-16384": "{ed25519} {to 16384}",
    "line-20000": "{ed25519} {to 20000}",
    "line-70000": "{ed25519} {to 70000}",
    "line-long-command": 'command="true {pad 9000}" {ed25519}',
    "line-long-comment-before": "# {pad 9000}\n{ed25519}",
    "known-hosts-line": "example.com {ed25519}",
    "known-hosts-marker": "@cert-authority * {ed25519}",
    "revoked-marker": "@revoked {ed25519}",
    "allowed-signers-line": "alice@example.com {ed25519}",
    "allowed-signers-namespaces": 'alice@example.com namespaces="file" {ed25519}',
    "rfc4716": "---- BEGIN SSH2 PUBLIC KEY ----\n{ed25519.blob}\n---- END SSH2 PUBLIC KEY ----",
    "pem": "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----",
    "shell-assignment": 'KEY="{ed25519}"',
    "yaml": "- {ed25519}",
    "json": '["{ed25519}"]',
    "html-escaped": "command=&quot;true&quot; {ed25519}",
}

_OTHER_CLIENT = {
    "wrapped-after-options": "ecdsa-p256",
    "base64-no-padding": "ed25519",
}

_OFFERED = {"certificate": _CERT}

# The Ed25519 key logs in with a certificate by {ca}, or without one.
_AUTHORITIES: dict[str, tuple[str, dict[str, str]]] = {
    "cert-authority": ("cert-authority {ca}", _OFFERED),
    "cert-authority-upper-case": ("CERT-AUTHORITY {ca}", _OFFERED),
    "cert-authority-value": ('cert-authority="yes" {ca}', _OFFERED),
    "cert-authority-twice": ("cert-authority,cert-authority {ca}", _OFFERED),
    "cert-authority-missing": ("{ca}", _OFFERED),
    "cert-authority-other-authority": ("cert-authority {ca-p384}", _OFFERED),
    "cert-authority-own-key": ("cert-authority {ed25519}", {}),
    "cert-authority-marker": ("@cert-authority {ca}", _OFFERED),
    "cert-authority-marker-star": ("@cert-authority * {ca}", _OFFERED),
    "cert-authority-underscore": ("cert_authority {ca}", _OFFERED),
    "no-cert-authority": ("no-cert-authority {ca}", _OFFERED),
    "cert-authority-restrict": ("restrict,cert-authority {ca}", _OFFERED),
    "cert-authority-from": ('cert-authority,from="127.0.0.1" {ca}', _OFFERED),
    "cert-authority-expired-line": ('cert-authority,expiry-time="20010101" {ca}', _OFFERED),
    "cert-authority-command": ('cert-authority,command="true" {ca}', _OFFERED),
    "plain-line-certificate-offered": ("{ed25519}", _OFFERED),
    "principals": ('cert-authority,principals="{me}" {ca}', _OFFERED),
    "principals-before": ('principals="{me}",cert-authority {ca}', _OFFERED),
    "principals-upper-case": ('CERT-AUTHORITY,PRINCIPALS="{me}" {ca}', _OFFERED),
    "principals-list": ('cert-authority,principals="nobody,{me}" {ca}', _OFFERED),
    "principals-list-space": ('cert-authority,principals="nobody, {me}" {ca}', _OFFERED),
    "principals-list-space-first-fits": ('cert-authority,principals="{me}, nobody" {ca}', _OFFERED),
    "principals-space-at-end": ('cert-authority,principals="{me} " {ca}', _OFFERED),
    "principals-space-separated": ('cert-authority,principals="nobody {me}" {ca}', _OFFERED),
    "principals-trailing-comma": ('cert-authority,principals="{me}," {ca}', _OFFERED),
    "principals-pattern": ('cert-authority,principals="*" {ca}', _OFFERED),
    "principals-pattern-part": ('cert-authority,principals="{me}*" {ca}', _OFFERED),
    "principals-negated": ('cert-authority,principals="!nobody,{me}" {ca}', _OFFERED),
    "principals-negated-self": ('cert-authority,principals="!{me},{me}" {ca}', _OFFERED),
    "principals-empty": ('cert-authority,principals="" {ca}', _OFFERED),
    "principals-comma": ('cert-authority,principals="," {ca}', _OFFERED),
    "principals-without-quotes": ("cert-authority,principals={me} {ca}", _OFFERED),
    "principals-twice": ('cert-authority,principals="{me}",principals="{me}" {ca}', _OFFERED),
    "principals-no-value": ("cert-authority,principals {ca}", _OFFERED),
    "principals-without-cert-authority": ('principals="{me}" {ed25519}', {}),
    "principals-without-cert-authority-certificate": ('principals="{me}" {ca}', _OFFERED),
    "principals-other-name-listed": (
        'cert-authority,principals="deploy" {ca}',
        {"certificate": "{cert principals=deploy}"},
    ),
    "principals-own-name-not-listed": ('cert-authority,principals="deploy" {ca}', _OFFERED),
    "certificate-line": (_CERT, {}),
    "certificate-line-certificate": (_CERT, _OFFERED),
    "certificate-line-after-cert-authority": (f"cert-authority {_CERT}", _OFFERED),
    "certificate-line-after-cert-authority-key": (f"cert-authority {_CERT}", {}),
    "certificate-line-with-options": (f"no-pty {_CERT}", _OFFERED),
    "certificate-line-rsa": ("{cert of=rsa2048}", {"client": "rsa2048"}),
    "certificate-line-rsa-certificate": (
        "{cert of=rsa2048}",
        {"client": "rsa2048", "certificate": "{cert of=rsa2048}"},
    ),
    "certificate-of-the-authority": ("cert-authority {ca-nested}", {"certificate": "{cert ca=ca-nested}", **_RAW}),
    "certificate-word-over-plain-key": ("ssh-ed25519-cert-v01@openssh.com {ed25519.blob}", {}),
    "plain-word-over-certificate": ("ssh-ed25519 {cert.blob}", {}),
    "certificate-and-plain-line": (_CERT + "\n{ed25519}", {}),
    "authority-and-plain-line": ("cert-authority {ed25519}\n{ed25519}", {}),
}

_ELSEWHERE = {
    "sk-ed25519-verify-required",
    "cert-authority-other-authority",
    "cert-authority-missing",
    "cert-authority-own-key",
    "principals-list-space",
    "principals-own-name-not-listed",
    "two-keys-second-logs-in",
    "leading-hash",
}
"""Lines that let others in than the one who asks, or that are comments."""


def _rows() -> Iterator[Row]:
    for name, (line, context) in _TYPES.items():
        yield Row("authorized_keys", f"type/{name}", line, context, name in _ELSEWHERE)
    for name, line in _TEXT.items():
        client = _OTHER_CLIENT.get(name)
        context = {} if client is None else {"client": client}
        yield Row("authorized_keys", f"text/{name}", line, context, name in _ELSEWHERE)
    for name, (line, context) in _AUTHORITIES.items():
        partly = name == "principals-list-space-first-fits"
        yield Row("authorized_keys", f"authority/{name}", line, context, name in _ELSEWHERE, partly)


KEY_LINES: tuple[Row, ...] = tuple(_rows())
