"""What a key file is, as the object that `keyconv inspect --json` prints."""

from __future__ import annotations

from typing import TypedDict

from keyconv.codec import public_blob
from keyconv.codec.key_line import LINES
from keyconv.crypto import fingerprint
from keyconv.engine.components import Component, components
from keyconv.errors import KeyconvError, LimitError
from keyconv.formats import jwk
from keyconv.keyfile import Entry, KeyFile, Locked
from keyconv.keys import Certificate, PublicKey
from keyconv.keys.certificate import HOST
from keyconv.text import base64

__all__ = [
    "Inspection",
    "KeyInspection",
    "LineFault",
    "describe_fault",
    "describe_key",
    "describe_many",
    "inspect",
    "public_line",
]


class KeyInspection(TypedDict, total=False):
    """One key; a field that cannot be known without the passphrase is None."""

    line: int | None
    type: str | None
    bits: int | None
    comment: str | None
    encrypted: bool
    cipher: str | None
    kdf: dict[str, int | str] | None
    fingerprints: dict[str, str] | None
    public_key: str | None
    certificate: dict[str, object] | None
    components: list[dict[str, str | bool]]
    jwk_thumbprint: str | None
    options: list[dict[str, str | None]]
    hosts: list[str]
    principals: list[str]
    namespaces: list[str] | None
    valid_after: str | None
    valid_before: str | None
    cert_authority: bool
    marker: str
    notes: list[str]


class LineFault(TypedDict):
    """Why a line of a file of lines holds no key."""

    line: int | None
    rule: str
    message: str
    hint: str | None


class Inspection(KeyInspection, total=False):
    """A whole file; one with several keys, or one of lines, has them in `keys`; `faults` are the lines without one."""

    path: str
    format: str
    kind: str
    keys: list[KeyInspection]
    faults: list[LineFault]


def inspect(keyfile: KeyFile, path: str = "", *, show_private: bool = False) -> Inspection:
    """Describe a file that was read; unlock its entries first to have what the passphrase hides.

    With `show_private` the values of the private half are in it: such an object is as secret as the key.
    """
    notes = [str(note) for note in keyfile.notes]
    if len(keyfile.entries) == 1 and keyfile.kind not in LINES:
        described = describe_key(keyfile.entries[0], show_private=show_private)
        described["notes"] = notes + described["notes"]
        del described["line"]
        head: Inspection = {"path": path, "format": keyfile.format, "kind": keyfile.kind}
        return {**head, **described}
    encrypted = any(isinstance(entry.private, Locked) for entry in keyfile.entries)
    return {
        **describe_many(keyfile.format, keyfile.kind, path, encrypted=encrypted),
        "keys": [describe_key(entry, show_private=show_private) for entry in keyfile.entries],
        "notes": notes,
        "faults": [describe_fault(fault) for fault in keyfile.faults],
    }


def describe_fault(error: KeyconvError) -> LineFault:
    """Describe why a line holds no key."""
    return {"line": error.line, "rule": error.rule, "message": error.message, "hint": error.hint or None}


def describe_many(format: str, kind: str, path: str, *, encrypted: bool = False) -> Inspection:
    """Describe a file of several keys, without its `keys` and the `notes` on the whole of it."""
    return {
        "path": path,
        "format": format,
        "kind": kind,
        "type": None,
        "bits": None,
        "comment": None,
        "encrypted": encrypted,
        "cipher": None,
        "kdf": None,
        "fingerprints": None,
        "public_key": None,
        "certificate": None,
        "components": [],
        "jwk_thumbprint": None,
    }


def public_line(public: PublicKey) -> str:
    """Return type and base64 as an `authorized_keys` line has them, without a comment."""
    return _line(public, public_blob.write(public))


def _line(public: PublicKey, blob: bytes) -> str:
    return f"{public.algorithm} {base64.encode(blob).decode('ascii')}"


def describe_key(entry: Entry, *, show_private: bool = False) -> KeyInspection:
    """Describe one key of a file, with the line that it stands on."""
    public = entry.public
    locked = entry.private if isinstance(entry.private, Locked) else None
    notes = [str(note) for note in entry.notes]
    protection = locked.protection if locked else entry.protection
    if protection:
        try:
            protection.kdf.check_cost()
        except LimitError as error:
            notes.append(f"costly-kdf: {error.message}")
    blob = public_blob.write(public) if public else b""
    described: KeyInspection = {
        "line": entry.line,
        "type": public.algorithm if public else None,
        "bits": public.bits if public else None,
        "comment": None if entry.comment is None else _text(entry.comment),
        "encrypted": protection is not None,
        "cipher": protection.cipher if protection else None,
        "kdf": {"name": protection.kdf.name, **protection.kdf.describe()} if protection else None,
        "fingerprints": {"sha256": fingerprint.sha256(blob), "md5": fingerprint.md5(blob)} if public else None,
        "public_key": _line(public, blob) if public else None,
        "certificate": _certificate(entry.certificate) if entry.certificate else None,
        "components": [_component(each, show_private) for each in components(entry)],
        "jwk_thumbprint": jwk.thumbprint(public) if public and public.family in jwk.JWK_PUB.can.families else None,
        "notes": notes,
    }
    if entry.options:
        described["options"] = [
            {"name": _text(option.name), "value": None if option.value is None else _text(option.value)}
            for option in entry.options
        ]
    if entry.hosts:
        described["hosts"] = [_text(host) for host in entry.hosts]
    if entry.principals:
        values = {option.name.decode("latin-1").lower(): _text(option.value or b"") for option in entry.options}
        described["principals"] = [_text(name) for name in entry.principals]
        described["namespaces"] = values["namespaces"].split(",") if "namespaces" in values else None
        described["valid_after"] = values.get("valid-after")
        described["valid_before"] = values.get("valid-before")
        described["cert_authority"] = "cert-authority" in values
    if entry.marker is not None:
        described["marker"] = _text(entry.marker)
    return described


def _component(component: Component, show_private: bool) -> dict[str, str | bool]:
    described: dict[str, str | bool] = {
        "name": component.name,
        "secret": component.secret,
        "size": component.size,
    }
    if not component.secret or show_private:
        described["value"] = component.shown
    return described


def _certificate(certificate: Certificate) -> dict[str, object]:
    return {
        "type": certificate.algorithm,
        "role": "host" if certificate.role == HOST else "user",
        "serial": certificate.serial,
        "key_id": _text(certificate.key_id),
        "principals": [_text(principal) for principal in certificate.principals],
        "valid_after": certificate.valid_after,
        "valid_before": certificate.valid_before,
        "critical_options": [_text(name) for name, _ in certificate.critical_options],
        "extensions": [_text(name) for name, _ in certificate.extensions],
        "ca": {
            "type": certificate.ca_key.algorithm,
            "fingerprint": fingerprint.sha256(public_blob.write(certificate.ca_key)),
        },
    }


def _text(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")
