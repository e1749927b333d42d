"""Lines of `known_hosts`, as sshd(8) describes them: host fields, markers, hashed names and what is next to them."""

from __future__ import annotations

from collections.abc import Iterator

from truth.model import Row

__all__ = ["KNOWN_HOSTS"]

_PORT = "2222"

# name: the host field, the host that ssh is asked for (with :port where it is not 22)
_FIELDS: dict[str, tuple[str, str]] = {
    "name": ("example.com", "example.com"),
    "name-upper-case-in-file": ("EXAMPLE.com", "example.com"),
    "name-upper-case-asked": ("example.com", "EXAMPLE.com"),
    "list": ("example.org,example.com", "example.com"),
    "list-space": ("example.org, example.com", "example.com"),
    "list-space-first-fits": ("example.com, example.org", "example.com"),
    "list-trailing-comma": ("example.com,", "example.com"),
    "list-leading-comma": (",example.com", "example.com"),
    "list-double-comma": ("example.org,,example.com", "example.com"),
    "comma-alone": (",", "example.com"),
    "semicolon": ("example.org;example.com", "example.com"),
    "trailing-dot-in-file": ("example.com.", "example.com"),
    "trailing-dot-asked": ("example.com", "example.com."),
    "trailing-dot-both": ("example.com.", "example.com."),
    "pattern": ("*.example.com", "host.example.com"),
    "pattern-domain-itself": ("*.example.com", "example.com"),
    "pattern-question-mark": ("host?.example.com", "host1.example.com"),
    "star": ("*", "example.com"),
    "star-other-port": ("*", f"example.com:{_PORT}"),
    "negated": ("*.example.com,!bad.example.com", "host.example.com"),
    "negated-itself": ("*.example.com,!bad.example.com", "bad.example.com"),
    "negated-alone": ("!bad.example.com", "host.example.com"),
    "negated-star": ("!*,example.com", "example.com"),
    "cidr": ("192.0.2.0/24", "192.0.2.1"),
    "regular-expression": ("host[0-9].example.com", "host1.example.com"),
    "address": ("192.0.2.1", "192.0.2.1"),
    "address-pattern": ("192.0.2.*", "192.0.2.1"),
    "ipv6": ("2001:db8::1", "2001:db8::1"),
    "ipv6-long-form": ("2001:db8:0:0:0:0:0:1", "2001:db8::1"),
    "ipv6-long-form-asked": ("2001:db8:0:0:0:0:0:1", "2001:db8:0:0:0:0:0:1"),
    "ipv6-upper-case": ("2001:DB8::1", "2001:db8::1"),
    "ipv6-brackets": ("[2001:db8::1]", "2001:db8::1"),
    "ipv6-brackets-port-22": ("[2001:db8::1]:22", "2001:db8::1"),
    "ipv6-brackets-port": (f"[2001:db8::1]:{_PORT}", f"2001:db8::1:{_PORT}"),
    "ipv6-port-no-brackets": (f"2001:db8::1:{_PORT}", f"2001:db8::1:{_PORT}"),
    "ipv6-zone": ("fe80::1%eth0", "fe80::1%eth0"),
    "ipv6-brackets-zone-port": (f"[fe80::1%eth0]:{_PORT}", f"fe80::1%eth0:{_PORT}"),
    "brackets-port": (f"[example.com]:{_PORT}", f"example.com:{_PORT}"),
    "brackets-port-upper-case": (f"[EXAMPLE.com]:{_PORT}", f"example.com:{_PORT}"),
    "brackets-port-22": ("[example.com]:22", "example.com"),
    "brackets-without-port": ("[example.com]", "example.com"),
    "brackets-without-port-other-port": ("[example.com]", f"example.com:{_PORT}"),
    "brackets-empty-port": ("[example.com]:", "example.com"),
    "brackets-other-port": ("[example.com]:2223", f"example.com:{_PORT}"),
    "brackets-port-star": ("[example.com]:*", f"example.com:{_PORT}"),
    "brackets-port-star-22": ("[example.com]:*", "example.com"),
    "brackets-port-pattern": ("[example.com]:22*", f"example.com:{_PORT}"),
    "brackets-host-star": (f"[*]:{_PORT}", f"example.com:{_PORT}"),
    "brackets-host-pattern": (f"[*.example.com]:{_PORT}", f"host.example.com:{_PORT}"),
    "brackets-service": ("[example.com]:ssh", "example.com"),
    "brackets-port-0": ("[example.com]:0", "example.com"),
    "brackets-port-65536": ("[example.com]:65536", "example.com"),
    "brackets-leading-zero": ("[example.com]:02222", f"example.com:{_PORT}"),
    "brackets-comma-inside": (f"[example.org,example.com]:{_PORT}", f"example.com:{_PORT}"),
    "brackets-space-inside": (f"[ example.com ]:{_PORT}", f"example.com:{_PORT}"),
    "brackets-not-closed": (f"[example.com:{_PORT}", f"example.com:{_PORT}"),
    "brackets-not-opened": (f"example.com]:{_PORT}", f"example.com:{_PORT}"),
    "brackets-list": (f"[example.org]:{_PORT},[example.com]:{_PORT}", f"example.com:{_PORT}"),
    "brackets-and-name": (f"example.com,[example.com]:{_PORT}", f"example.com:{_PORT}"),
    "brackets-negated": (f"![example.org]:{_PORT},[*]:{_PORT}", f"example.com:{_PORT}"),
    "port-22": ("example.com:22", "example.com"),
    "port-no-brackets": (f"example.com:{_PORT}", f"example.com:{_PORT}"),
    "port-comma": (f"example.com,{_PORT}", f"example.com:{_PORT}"),
    "port-service": ("example.com:ssh", "example.com"),
    "address-port-no-brackets": (f"192.0.2.1:{_PORT}", f"192.0.2.1:{_PORT}"),
    "name-only-other-port": ("example.com", f"example.com:{_PORT}"),
    "user": ("git@example.com", "example.com"),
    "user-list": ("example.org,git@example.com", "example.com"),
    "url": ("ssh://example.com", "example.com"),
    "url-user-port": ("ssh://git@example.com:22", "example.com"),
    "url-slash": ("example.com/", "example.com"),
    "path": ("example.com:path", "example.com"),
    "underscore": ("my_host", "my_host"),
    "not-ascii": ("exämple.com", "exämple.com"),
    "quoted": ('"example.com"', "example.com"),
    "equal": ("host=example.com", "example.com"),
    "hashed": ("{hash example.com}", "example.com"),
    "hashed-port": (f"{{hash [example.com]:{_PORT}}}", f"example.com:{_PORT}"),
    "hashed-port-22": ("{hash [example.com]:22}", "example.com"),
    "hashed-upper-case": ("{hash EXAMPLE.com}", "example.com"),
    "hashed-pattern": ("{hash *.example.com}", "host.example.com"),
    "hashed-list": ("{hash example.org,example.com}", "example.com"),
    "hashed-and-name": ("{hash example.org},example.com", "example.com"),
    "hashed-and-name-hash-asked": ("{hash example.com},example.org", "example.com"),
    "name-and-hashed": ("example.org,{hash example.com}", "example.com"),
    "name-and-hashed-name-asked": ("example.com,{hash example.org}", "example.com"),
    "hashed-twice": ("{hash example.org},{hash example.com}", "example.com"),
    "hashed-negated": ("!{hash example.org}", "example.com"),
    "hashed-cut": ("|1|WdBnJ1uiF9O5rKGDPCRGhBj+I2Y=", "example.com"),
    "hashed-short-salt": ("|1|AAAA|AVoRKO24GDfnQVP7FdQ09V+3/l8=", "example.com"),
    "hashed-other-magic": ("|2|UMbBH93SdJU7K1hg2F1B3NVYLeI=|AVoRKO24GDfnQVP7FdQ09V+3/l8=", "example.com"),
    "hashed-bad-base64": ("|1|!!!!|AVoRKO24GDfnQVP7FdQ09V+3/l8=", "example.com"),
}

_AUTHORITY = {"certificate": "{cert role=2 principals=example.com}"}

# name: the line, more of the context; the host is example.com
_LINES: dict[str, tuple[str, dict[str, str]]] = {
    "comment": ("example.com {ed25519} a comment", {}),
    "leading-space": ("  example.com {ed25519}", {}),
    "leading-tab": ("\texample.com {ed25519}", {}),
    "leading-hash": ("#example.com {ed25519}", {}),
    "two-spaces": ("example.com  {ed25519}", {}),
    "tabs": ("example.com\t{ed25519.type}\t{ed25519.blob}", {}),
    "crlf": ("example.com {ed25519}\r", {}),
    "crlf-comment": ("example.com {ed25519} comment\r", {}),
    "byte-order-mark": ("\ufeffexample.com {ed25519}", {}),
    "no-line-end": ("example.com {ed25519}{end}", {}),
    "no-host": ("{ed25519}", {}),
    "no-key": ("example.com", {}),
    "no-type": ("example.com {ed25519.blob}", {}),
    "type-alone": ("example.com ssh-ed25519", {}),
    "options": ("no-pty example.com {ed25519}", {}),
    "options-after-host": ("example.com no-pty {ed25519}", {}),
    "type-rsa-word-over-ed25519": ("example.com ssh-rsa {ed25519.blob}", {}),
    "type-unknown-word": ("example.com ssh-foo {ed25519.blob}", {}),
    "type-unknown": ("example.com {unknown}", {}),
    "type-ed448": ("example.com {ed448}", {}),
    "type-upper-case": ("example.com SSH-ED25519 {ed25519.blob}", {}),
    "type-short": ("example.com ed25519 {ed25519.blob}", {}),
    "type-rsa-sha2-256": (
        "example.com rsa-sha2-256 {rsa2048.blob}",
        {"key": "rsa2048", "algorithms": "rsa-sha2-256,rsa-sha2-512"},
    ),
    "type-rsa": ("example.com {rsa2048}", {"key": "rsa2048", "algorithms": "rsa-sha2-256,rsa-sha2-512"}),
    "type-ecdsa-p256": ("example.com {ecdsa-p256}", {"key": "ecdsa-p256"}),
    "type-ecdsa-p384": ("example.com {ecdsa-p384}", {"key": "ecdsa-p384"}),
    "type-ecdsa-p521": ("example.com {ecdsa-p521}", {"key": "ecdsa-p521"}),
    "type-dsa": ("example.com {dsa1024}", {"key": "dsa1024", "algorithms": "ssh-dss"}),
    "type-mldsa44-ed25519": ("example.com {mldsa44-ed25519}", {"key": "mldsa44-ed25519"}),
    "type-bits-before": ("example.com 256 {ed25519}", {}),
    "ssh1": ("example.com 1024 65537 1234567890123456789012345678901234567890", {}),
    "base64-cut": ("example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA", {}),
    "base64-extra-padding": ("example.com ssh-ed25519 {ed25519.blob}=", {}),
    "base64-bad-character": ("example.com ssh-ed25519 !{ed25519.blob}", {}),
    "base64-bad-character-at-end": ("example.com ssh-ed25519 {ed25519.blob}!", {}),
    "base64-extra-quad": ("example.com ssh-ed25519 {ed25519.blob}AAAA", {}),
    "two-keys": ("example.com {ed25519} example.org {rsa2048}", {}),
    "wrapped-after-host": ("example.com\n{ed25519}", {}),
    "wrapped-after-type": ("example.com ssh-ed25519\n{ed25519.blob}", {}),
    "other-key-first": ("example.com {rsa2048}\nexample.com {ed25519}", {}),
    "other-key-of-same-type": ("example.com {ca}", {}),
    "bad-line-first": ("garbage\nexample.com {ed25519}", {}),
    "long-comment": ("example.com {ed25519} {to 9000}", {}),
    "long-comment-20000": ("example.com {ed25519} {to 20000}", {}),
    "keyscan-comment": ("# example.com:22 SSH-2.0-OpenSSH_9.2p1\nexample.com {ed25519}", {}),
    "certificate-line": ("example.com {cert role=2 principals=example.com}", {}),
    "certificate-line-certificate": ("example.com {cert role=2 principals=example.com}", _AUTHORITY),
    "marker-authority": ("@cert-authority example.com {ca}", _AUTHORITY),
    "marker-authority-pattern": ("@cert-authority *.com {ca}", _AUTHORITY),
    "marker-authority-star": ("@cert-authority * {ca}", _AUTHORITY),
    "marker-authority-hashed": ("@cert-authority {hash example.com} {ca}", _AUTHORITY),
    "marker-authority-leading-space": ("  @cert-authority example.com {ca}", _AUTHORITY),
    "marker-authority-tab": ("@cert-authority\texample.com {ca}", _AUTHORITY),
    "marker-authority-two-spaces": ("@cert-authority  example.com {ca}", _AUTHORITY),
    "marker-authority-upper-case": ("@CERT-AUTHORITY example.com {ca}", _AUTHORITY),
    "marker-authority-no-at": ("cert-authority example.com {ca}", _AUTHORITY),
    "marker-authority-space-after-at": ("@ cert-authority example.com {ca}", _AUTHORITY),
    "marker-authority-underscore": ("@cert_authority example.com {ca}", _AUTHORITY),
    "marker-authority-no-host": ("@cert-authority {ca}", _AUTHORITY),
    "marker-authority-other": ("@cert-authority example.com {ca-p384}", _AUTHORITY),
    "marker-authority-certificate": ("@cert-authority example.com {cert role=2 principals=example.com}", _AUTHORITY),
    "marker-authority-plain-key-shown": ("@cert-authority example.com {ed25519}", {}),
    "marker-missing-authority": ("example.com {ca}", _AUTHORITY),
    "marker-unknown": ("@trusted example.com {ed25519}", {}),
    "marker-alone": ("@cert-authority", _AUTHORITY),
    "marker-at-end": ("example.com {ca} @cert-authority", _AUTHORITY),
    "marker-twice": ("@cert-authority @revoked example.com {ca}", _AUTHORITY),
    "marker-authority-after-host": ("example.com @cert-authority {ca}", _AUTHORITY),
    "revoked": ("@revoked example.com {ed25519}\nexample.com {ed25519}", {}),
    "revoked-alone": ("@revoked example.com {ed25519}", {}),
    "revoked-star": ("@revoked * {ed25519}\nexample.com {ed25519}", {}),
    "revoked-after": ("example.com {ed25519}\n@revoked * {ed25519}", {}),
    "revoked-upper-case": ("@REVOKED * {ed25519}", {}),
    "revoked-hashed": ("@revoked {hash example.com} {ed25519}\nexample.com {ed25519}", {}),
    "revoked-no-host": ("@revoked {ed25519}", {}),
    "revoked-authority": ("@revoked * {ca}\n@cert-authority * {ca}", _AUTHORITY),
    "revoked-certified-key": ("@revoked * {ed25519}\n@cert-authority * {ca}", _AUTHORITY),
}

_ELSEWHERE = {
    *("pattern-domain-itself", "negated-itself", "brackets-other-port", "brackets-port-star-22", "leading-hash"),
    *("trailing-dot-asked", "trailing-dot-in-file", "name-and-hashed", "other-key-of-same-type"),
    *("marker-authority-other", "marker-authority-plain-key-shown", "marker-missing-authority", "marker-at-end"),
    *("hashed-port-22", "hashed-upper-case", "hashed-pattern", "hashed-list"),
}
"""Lines that fit another host, or another key, than the one that is asked about, or that are comments; and hashes of
names that ssh never asks for, which nobody sees."""

_PARTLY = {"name-and-hashed-name-asked"}


def _rows() -> Iterator[Row]:
    for name, (field, asked) in _FIELDS.items():
        host, colon, port = asked.rpartition(":")
        context = {"host": host, "port": port} if colon and port == _PORT else {"host": asked}
        line = f"{field} {{ed25519}}"
        yield Row("known_hosts", f"host/{name}", line, context, name in _ELSEWHERE, name in _PARTLY)
    for name, (line, more) in _LINES.items():
        yield Row("known_hosts", f"line/{name}", line, {"host": "example.com", **more}, name in _ELSEWHERE)
    for name, field in (("alias", "alias"), ("alias-port-22", "alias:22"), ("alias-brackets", "[alias]:2222")):
        context = {"host": "example.com", "port": _PORT, "alias": "alias"}
        yield Row("known_hosts", f"host/{name}", f"{field} {{ed25519}}", context, name != "alias")


KNOWN_HOSTS: tuple[Row, ...] = tuple(_rows())
