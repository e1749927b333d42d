"""Certificates of users and hosts: every field, and what sshd and ssh refuse in it."""

from __future__ import annotations

from collections.abc import Iterator

from truth.model import Row

__all__ = ["CERTIFICATES"]

_USER: dict[str, str] = {
    "plain": "",
    "validity-past": "after=20010101 before=20020101",
    "validity-future": "after=20900101 before=20910101",
    "validity-now": "after=20010101 before=20900101",
    "validity-empty": "after=20200101 before=20200101",
    "validity-turned-round": "after=20900101 before=20010101",
    "validity-end-0": "before=0",
    "validity-after-2038": "after=20010101 before=20620101",
    "validity-end-2-to-63": "before=9223372036854775808",
    "validity-begin-2-to-63": "after=9223372036854775808",
    "principals-other": "principals=deploy",
    "principals-several": "principals=deploy,me",
    "principals-none": "principals=",
    "principals-star": "principals=*",
    "principals-pattern": "principals=?*",
    "principals-upper-case": "principals=NAME-IN-UPPER-CASE",
    "principals-with-space": "'principals=me,a b'",
    "principals-twice": "principals=me,me",
    "principals-not-ascii": "principals=me,älice",
    "principals-with-colon": "principals=me,a:b",
    "serial": "serial=18446744073709551615",
    "id-empty": "id=",
    "id-not-ascii": "id=älice",
    "critical-unknown": "critical=unknown@example.com",
    "critical-unknown-value": "critical=unknown@example.com:value",
    "critical-force-command": "critical=force-command:true",
    "critical-force-command-empty": "critical=force-command:",
    "critical-force-command-no-value": "critical=force-command",
    "critical-force-command-twice": "critical=force-command:true critical=force-command:true",
    "critical-upper-case": "critical=FORCE-COMMAND:true",
    "critical-verify-required": "critical=verify-required",
    "critical-verify-required-value": "critical=verify-required:yes",
    "critical-out-of-order": "critical=source-address:127.0.0.0/8 critical=force-command:true",
    "critical-empty-name": "critical=",
    "critical-junk-in-value": "critical-raw=force-command:000000047472756500",
    "critical-not-a-string": "critical-raw=force-command:ff",
    "critical-permit-pty": "critical=permit-pty",
    "critical-no-touch-required": "critical=no-touch-required",
    "extension-unknown": "extension=unknown@example.com",
    "extension-unknown-value": "extension=unknown@example.com:value",
    "extension-permit-pty": "extension=permit-pty",
    "extension-permit-pty-value": "extension=permit-pty:yes",
    "extension-all": (
        "extension=permit-X11-forwarding extension=permit-agent-forwarding extension=permit-port-forwarding "
        "extension=permit-pty extension=permit-user-rc"
    ),
    "extension-no-touch-required": "extension=no-touch-required",
    "extension-out-of-order": "extension=permit-pty extension=permit-X11-forwarding",
    "extension-twice": "extension=permit-pty extension=permit-pty",
    "extension-upper-case": "extension=PERMIT-PTY",
    "extension-force-command": "extension=force-command:true",
    "extension-source-address": "extension=source-address:10.0.0.1",
    "type-host": "role=2",
    "type-0": "role=0",
    "type-3": "role=3",
    "of-rsa2048": "of=rsa2048",
    "of-ecdsa-p256": "of=ecdsa-p256",
    "of-ecdsa-p384": "of=ecdsa-p384",
    "of-ecdsa-p521": "of=ecdsa-p521",
    "authority-rsa-sha512": "ca=ca-rsa",
    "authority-rsa-sha256": "ca=ca-rsa-sha256",
    "authority-rsa-sha1": "ca=ca-rsa-sha1",
    "authority-rsa1024": "ca=ca-rsa1024",
    "authority-ecdsa-p256": "ca=ca-p256",
    "authority-ecdsa-p384": "ca=ca-p384",
    "authority-ecdsa-p521": "ca=ca-p521",
    "authority-dsa": "ca=ca-dsa",
    "authority-ed448": "ca=ca-ed448",
    "authority-sk-ed25519": "ca=ca-sk-ed25519",
    "authority-sk-ecdsa": "ca=ca-sk-ecdsa",
    "authority-unknown": "ca=ca-unknown",
    "authority-certificate": "ca=ca-nested",
    "signature-forged": "forged=",
    "cut-1-byte": "cut=1",
    "cut-100-bytes": "cut=100",
}

# The certificate is for who comes from 127.0.0.1.
_SOURCES: dict[str, str] = {
    "address": "127.0.0.1",
    "cidr": "127.0.0.0/8",
    "cidr-32": "127.0.0.1/32",
    "cidr-33": "127.0.0.1/33",
    "cidr-0": "0.0.0.0/0",
    "list": "10.0.0.0/8,127.0.0.0/8",
    "list-space": "10.0.0.0/8, 127.0.0.0/8",
    "space-at-end": "127.0.0.1 ",
    "space-at-begin": " 127.0.0.1",
    "trailing-comma": "127.0.0.1,",
    "leading-comma": ",127.0.0.1",
    "double-comma": "10.0.0.1,,127.0.0.1",
    "host-bits": "127.0.0.1/8",
    "host-bits-of-another": "10.0.0.1/8,127.0.0.1",
    "host-bits-after-match": "127.0.0.1,10.0.0.1/8",
    "bad-octet": "127.0.0.256",
    "bad-octet-after-match": "127.0.0.1,1.1.1.256",
    "name": "localhost",
    "name-after-match": "127.0.0.1,localhost",
    "wildcard": "127.0.0.*",
    "star": "*",
    "negated": "!10.0.0.1,127.0.0.1",
    "mask": "127.0.0.0/255.0.0.0",
    "short": "127/8",
    "empty": "",
    "ipv6": "::1,127.0.0.1",
    "ipv6-cidr": "2001:db8::/32,127.0.0.1",
    "ipv6-host-bits": "2001:db8::1/32,127.0.0.1",
    "ipv6-brackets": "[::1],127.0.0.1",
    "mapped": "::ffff:127.0.0.1",
    "mapped-network": "::ffff:0:0/96",
    "mapped-and-plain": "::ffff:127.0.0.1,127.0.0.1",
    "cidr-zero-length": "127.0.0.0/08",
    "other": "10.0.0.1",
}

# name: arguments, the host that is asked
_HOST: dict[str, tuple[str, str]] = {
    "plain": ("principals=example.com", "example.com"),
    "upper-case-principal": ("principals=EXAMPLE.com", "example.com"),
    "other": ("principals=example.org", "example.com"),
    "several": ("principals=example.org,example.com", "example.com"),
    "none": ("principals=", "example.com"),
    "pattern": ("principals=*.example.com", "host.example.com"),
    "star": ("principals=*", "example.com"),
    "port-in-principal": ("principals=[example.com]:22", "example.com"),
    "address": ("principals=192.0.2.1", "192.0.2.1"),
    "past": ("principals=example.com after=20010101 before=20020101", "example.com"),
    "future": ("principals=example.com after=20900101 before=20910101", "example.com"),
    "validity-now": ("principals=example.com after=20010101 before=20900101", "example.com"),
    "critical-unknown": ("principals=example.com critical=unknown@example.com", "example.com"),
    "critical-force-command": ("principals=example.com critical=force-command:true", "example.com"),
    "critical-source-address": ("principals=example.com critical=source-address:127.0.0.1", "example.com"),
    "extension-unknown": ("principals=example.com extension=unknown@example.com", "example.com"),
    "extension-permit-pty": ("principals=example.com extension=permit-pty", "example.com"),
    "of-rsa2048": ("principals=example.com of=rsa2048", "example.com"),
    "of-ecdsa-p256": ("principals=example.com of=ecdsa-p256", "example.com"),
    "type-user": ("principals=example.com role=1", "example.com"),
    "authority-rsa": ("principals=example.com ca=ca-rsa", "example.com"),
    "authority-rsa-sha1": ("principals=example.com ca=ca-rsa-sha1", "example.com"),
    "authority-rsa1024": ("principals=example.com ca=ca-rsa1024", "example.com"),
    "authority-ecdsa-p256": ("principals=example.com ca=ca-p256", "example.com"),
    "authority-dsa": ("principals=example.com ca=ca-dsa", "example.com"),
    "authority-sk-ed25519": ("principals=example.com ca=ca-sk-ed25519", "example.com"),
}

_BY_OURSELVES = {
    *("type-0", "type-3", "authority-dsa", "authority-ed448", "authority-unknown", "authority-certificate"),
    *("signature-forged", "cut-1-byte", "cut-100-bytes", "critical-empty-name"),
}
"""What ssh would not load, and what is offered by a client of our own instead."""

_ELSEWHERE = {
    *("validity-future", "validity-begin-2-to-63", "principals-other", "principals-upper-case", "principals-star"),
    *("principals-pattern", "type-host", "source-address-other", "host-other"),
    *("host-future", "host-type-user"),
}
"""Certificates that let in others, at another time or elsewhere."""


def _rows() -> Iterator[Row]:
    for name, arguments in _USER.items():
        yield _user(name, arguments, "TrustedUserCAKeys")
        if name.startswith(("plain", "principals-none", "principals-star")):
            yield _user(name, arguments, "cert-authority")
    for name, value in _SOURCES.items():
        yield _user(f"source-address-{name}", f"'critical=source-address:{value}'", "TrustedUserCAKeys")
    yield _user("source-address-no-value", "critical=source-address", "TrustedUserCAKeys")
    for name, (arguments, host) in _HOST.items():
        given = dict(word.split("=", 1) for word in arguments.split() if word[:2] in ("of", "ca"))
        key = given.get("of", "ed25519")
        context = {"as": "host", "host": host, "key": key, "authority": given.get("ca", "ca")}
        if key == "rsa2048":
            context["algorithms"] = "rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com"
        role = "" if "role=" in arguments else "role=2 "
        yield Row("certificate", f"host-{name}", f"{{cert {role}{arguments}}}", context, f"host-{name}" in _ELSEWHERE)


def _user(name: str, arguments: str, trust: str) -> Row:
    key = next((word[3:] for word in arguments.split() if word.startswith("of=")), "ed25519")
    context = {"as": "user", "trust": trust, "client": key}
    if name in _BY_OURSELVES:
        context["by"] = "raw"
    full = name if trust == "TrustedUserCAKeys" else f"{name}-by-line"
    return Row("certificate", full, f"{{cert {arguments}".rstrip() + "}", context, name in _ELSEWHERE)


CERTIFICATES: tuple[Row, ...] = tuple(_rows())
