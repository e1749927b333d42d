"""`keyconv cert`: what a certificate says, and certificates in and out of key files."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from keyconv.cli.escape import heading, printable
from keyconv.cli.in_place import as_spelled
from keyconv.cli.opening import STDIN, Opener, shown
from keyconv.cli.options import InputOptions
from keyconv.cli.render import Screen, to_json
from keyconv.cli.siblings import find_certificate, find_misplaced_certificate, suggest_certificate
from keyconv.crypto.kdf import Argon2
from keyconv.engine import choose, plan, write
from keyconv.engine.certificates import (
    CertificateDescription,
    NoCertificateError,
    OptionDescription,
    attach,
    describe,
    detach,
)
from keyconv.errors import KeyconvError, MacError, MisfitError, UsageError
from keyconv.formats import FORMATS, by_name
from keyconv.formats.base import Format, WriteOptions
from keyconv.keyfile import Entry, KeyFile, Locked
from keyconv.keys import Certificate

if TYPE_CHECKING:
    from keyconv.files import Change

__all__ = ["Place", "run_attach", "run_detach", "run_show"]


# ── show ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def run_show(inputs: tuple[str, ...], source: InputOptions, *, screen: Screen) -> int:
    """Describe every certificate of every input; give the code of the first fault: a signature that is wrong is one."""
    opener = Opener(replace(screen, quiet=True), source, inputs)
    now = int(time.time())
    documents: list[dict[str, object]] = []
    exit_code = 0
    for path in inputs:
        try:
            found = _certified(opener, path)
        except KeyconvError as error:
            screen.error(error.at_path(shown(path)))
            exit_code = exit_code or error.exit_code
            continue
        for entry, certificate, notes in found:
            description = describe(certificate, now)
            description["notes"] = [*notes, *description["notes"]]
            comment = None if entry.comment is None else entry.comment.decode("utf-8", "backslashreplace")
            if screen.as_json:
                documents.append({"path": path, "line": entry.line, "comment": comment, **description})
            else:
                screen.data("\n".join(_text(path, entry.line, comment, description)) + "\n")
            if description["signature"]["valid"] is False:
                message = f"the signature of the certificate is not valid: {description['signature']['reason']}"
                fault = MacError(message, rule="cert-signature")
                screen.error(fault.at_path(shown(path)))
                exit_code = exit_code or fault.exit_code
    if screen.as_json:
        screen.data(to_json(documents))
    return exit_code


def _certified(opener: Opener, path: str) -> list[tuple[Entry, Certificate, list[str]]]:
    keyfile = opener.read(path)
    entries = keyfile.entries if opener.options.key is None else (choose(keyfile, opener.options.key),)
    if len(keyfile.entries) == 1 and keyfile.kind != "authorized_keys":
        entries = (replace(entries[0], line=None),)
    notes = [str(note) for note in keyfile.notes]
    found = [(each, each.certificate, [*notes, *map(str, each.notes)]) for each in entries if each.certificate]
    if not found:
        raise _no_certificate(path)
    return found


def _no_certificate(path: str) -> NoCertificateError:
    beside = find_certificate(path)
    hint = f"there is one in {beside}" if beside else ""
    misplaced = None if beside else find_misplaced_certificate(path)
    if misplaced:
        hint = f"there is one in {misplaced}, whose place is {suggest_certificate(path)}"
    return NoCertificateError("the file holds no certificate", hint=hint)


def _text(path: str, line: int | None, comment: str | None, description: CertificateDescription) -> Iterator[str]:
    yield heading(shown(path)) + (f", line {line}" if line else "")
    yield _row("type", f"{description['type']}, a {description['role']}'s")
    yield _row("key", f"{description['key']['type']} {description['key']['fingerprint']}")
    yield _row("signed by", f"{description['ca']['type']} {description['ca']['fingerprint']}")
    yield _row("signature", _signature(description))
    yield _row("key id", description["key_id"])
    yield _row("serial", str(description["serial"]))
    yield _row("valid", _validity(description))
    yield from _rows("principals", description["principals"] or ["none"])
    yield from _rows("critical", [_option(option) for option in description["critical_options"]] or ["none"])
    yield from _rows("extensions", [_option(option) for option in description["extensions"]] or ["none"])
    if comment:
        yield _row("comment", comment)
    for note in description["notes"]:
        yield _row("note", note)


def _signature(description: CertificateDescription) -> str:
    signature = description["signature"]
    state = {True: "valid", False: "NOT VALID", None: "not verified"}[signature["valid"]]
    why = f": {signature['reason']}" if signature["reason"] else ""
    return f"{state}, {signature['algorithm'] or 'of no known type'}{why}"


def _validity(description: CertificateDescription) -> str:
    validity = description["validity"]
    begin, end = validity["valid_from"], validity["valid_to"]
    span = f"from {begin}" if begin else ""
    if end:
        span = f"{span} to {end}".strip()
    states = {
        "valid": "valid now",
        "expired": "EXPIRED",
        "not-yet-valid": "NOT YET VALID",
        "never-valid": "NEVER VALID: it ends before it begins",
    }
    return f"{span or 'forever'} ({states[validity['state']]})"


def _option(option: OptionDescription) -> str:
    if option["data"] is not None:
        return f"{option['name']} (data {option['data']})"
    return option["name"] if option["value"] is None else f"{option['name']} {option['value']}"


def _rows(name: str, values: list[str]) -> Iterator[str]:
    for number, value in enumerate(values):
        yield _row("" if number else name, value)


def _row(name: str, value: str) -> str:
    return f"  {name:<13}{printable(value)}".rstrip()


# ── attach and detach ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Place:
    """Where a result goes: to a new file, to standard output (`-`), or in place of the file that was read."""

    path: str
    in_place: bool = False
    force: bool = False

    def check(self, inputs: tuple[str, ...]) -> None:
        """Refuse what `put` would refuse, before a passphrase is asked for."""
        from keyconv.files import check_rewrite, check_target

        if self.in_place and self.path == STDIN:
            raise UsageError("standard input cannot be changed in place", hint="pass -o FILE")
        if self.in_place:
            check_rewrite(self.path)
        elif self.path != STDIN:
            check_target(self.path, force=self.force, inputs=inputs)

    def change(self, data: bytes, inputs: tuple[str, ...], *, private: bool) -> Change:
        """Make the change of a file that `put` would make, to be made together with another."""
        from keyconv.files import Change

        if self.in_place:
            return Change(self.path, data)
        return Change(self.path, data, private=private, new=True, force=self.force, inputs=inputs)

    def put(self, data: bytes, inputs: tuple[str, ...], *, private: bool) -> None:
        """Write the result."""
        from keyconv.files import rewrite, save, write_stdout

        if self.in_place:
            rewrite(self.path, data)
        elif self.path == STDIN:
            write_stdout(data)
        else:
            save(self.path, data, private=private, force=self.force, inputs=inputs)


def run_attach(path: str, certificate_path: str, source: InputOptions, target: Place, *, screen: Screen) -> int:
    """Write a key with its certificate, in the key's own format and as well protected as before."""
    inputs = (path, certificate_path)
    if inputs == (STDIN, STDIN):
        raise UsageError("standard input cannot hold both the key and the certificate")
    opener = Opener(screen, source, inputs)
    keyfile = opener.read(path)
    with _errors_at(path):
        entry = choose(keyfile, source.key)
        holder = _holder(keyfile, path)
        plan(replace(entry, certificate=None), holder)
    certificates = Opener(screen, InputOptions(), inputs).read(certificate_path)
    with _errors_at(certificate_path):
        certificate = _choose_certificate(certificates, entry, certificate_path)
        entry = attach(entry, certificate)
    _warn(certificate, certificate_path, screen)
    target.check(inputs)
    target.put(_write_anew(opener, path, entry, holder), inputs, private=True)
    _tell(f"the certificate {_name(certificate)} is attached", target, screen)
    return 0


def run_detach(path: str, source: InputOptions, target: Place, key_target: Place | None, *, screen: Screen) -> int:
    """Write a certificate as one line and, if it is wanted, the key without it."""
    if key_target is not None and _same_place(target, key_target):
        raise UsageError("the certificate and the key cannot go to the same place")
    opener = Opener(screen, source, (path,))
    keyfile = opener.read(path)
    line = by_name("openssh-pub")
    with _errors_at(path):
        entry = choose(keyfile, source.key)
        if entry.certificate is None:
            raise _no_certificate(path)
        name = _name(entry.certificate)
        alone, bare = detach(entry)
        data = write(alone, line)
        holder = _holder(keyfile, path) if key_target is not None else None
    for loss in plan(alone, line).losses:
        screen.note(f"lost: {loss.message}", shown(path))
    target.check((path,))
    key_data = b""
    if key_target is not None and holder is not None:
        key_target.check((path,))
        key_data = _write_anew(opener, path, bare, holder)
    _put_detached(path, data, target, key_data, key_target)
    _tell(f"the certificate {name}", target, screen)
    if key_target is not None:
        _tell(f"the key without the certificate {name}", key_target, screen)
    return 0


def _put_detached(path: str, data: bytes, target: Place, key_data: bytes, key_target: Place | None) -> None:
    """Write the certificate, then the key without it: both or neither, where both are files."""
    inputs = (path, target.path)
    if key_target is None:
        target.put(data, (path,), private=False)
    elif STDIN in (target.path, key_target.path):
        target.put(data, (path,), private=False)
        key_target.put(key_data, inputs, private=True)
    else:
        from keyconv.files import write_together

        certificate = target.change(data, (path,), private=False)
        write_together((certificate, key_target.change(key_data, inputs, private=True)))


def _holder(keyfile: KeyFile, path: str) -> Format:
    """Return the key's own format, if it can hold a certificate beside a private key."""
    known = by_name(keyfile.format)
    if known.can.private and known.can.certificate and known.write is not None:
        return known
    able = ", ".join(each.name for each in FORMATS if each.can.private and each.can.certificate and each.write)
    if not known.can.private:
        raise MisfitError(f"{known.name} is a format for public keys", hint=f"private ones with a certificate: {able}")
    raise MisfitError(
        f"{known.name} cannot hold a certificate with the private key",
        hint=f"OpenSSH takes it from {suggest_certificate(path)}; formats that can hold it: {able}",
    )


def _choose_certificate(keyfile: KeyFile, entry: Entry, path: str) -> Certificate:
    found = [each.certificate for each in keyfile.entries if each.certificate is not None]
    if not found:
        raise _no_certificate(path)
    fitting = [certificate for certificate in found if certificate.key == entry.public]
    if len(fitting) > 1:
        raise UsageError(f"the file holds {len(fitting)} certificates for this key", hint="keep one of them in a file")
    return (fitting or found)[0]


def _warn(certificate: Certificate, path: str, screen: Screen) -> None:
    description = describe(certificate, int(time.time()))
    state = description["validity"]["state"]
    if state != "valid":
        screen.note(f"the certificate is {state.replace('-', ' ')}", shown(path))
    if description["signature"]["valid"] is None:
        screen.note(f"its signature is not verified: {description['signature']['reason']}", shown(path))
    for note in description["notes"]:
        screen.note(note, shown(path))


def _write_anew(opener: Opener, path: str, entry: Entry, format: Format) -> bytes:
    """Unlock a key and write it in its own format, with its passphrase and the same cost."""
    deriver = opener.new_deriver()
    options = WriteOptions(deriver=deriver)
    with _errors_at(path):
        for loss in plan(entry, format).losses:
            opener.screen.note(f"lost: {loss.message}", shown(path))
        locked = entry.private
        if isinstance(locked, Locked):
            kdf = locked.protection.kdf
            deriver.check(kdf)
            opened = opener.unlock(entry, path, deriver)
            entry = replace(opened.entry, certificate=entry.certificate)
            options = replace(options, passphrase=as_spelled(locked, opened.passphrase, deriver, opener.options))
            if isinstance(kdf, Argon2):
                options = replace(
                    options,
                    kdf=kdf.flavour,
                    kdf_memory=kdf.memory_kib,
                    kdf_passes=kdf.passes,
                    kdf_parallelism=kdf.parallelism,
                )
        return write(entry, format, options)


@contextmanager
def _errors_at(path: str) -> Iterator[None]:
    try:
        yield
    except KeyconvError as error:
        raise error.at_path(shown(path)) from None


def _same_place(one: Place, other: Place) -> bool:
    if STDIN in (one.path, other.path):
        return one.path == other.path and not other.in_place
    return os.path.realpath(one.path) == os.path.realpath(other.path)


def _tell(what: str, target: Place, screen: Screen) -> None:
    if target.path != STDIN:
        screen.note(what, target.path)


def _name(certificate: Certificate) -> str:
    return f"'{certificate.key_id.decode('utf-8', 'backslashreplace')}'"
