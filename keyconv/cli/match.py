"""`keyconv match`: do these files hold the same key?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath

from keyconv.cli.escape import printable
from keyconv.cli.opening import Opener, shown
from keyconv.cli.options import InputOptions
from keyconv.cli.render import Screen, to_json
from keyconv.codec import public_blob
from keyconv.crypto import fingerprint
from keyconv.engine import match
from keyconv.engine.inspection import describe_fault
from keyconv.errors import UsageError
from keyconv.keyfile import KeyFile, Locked
from keyconv.statements import Statement

__all__ = ["run"]


def run(inputs: tuple[str, ...], source: InputOptions, *, screen: Screen) -> int:
    """Compare the files; give 0 for the same key and 1 for different ones."""
    if len(inputs) < 2:
        raise UsageError("there is nothing to compare: name two files or more")
    opener = Opener(screen, source, inputs, statements=True)
    opened = {path: _open(opener, path) for path in dict.fromkeys(inputs)}
    if any(isinstance(found, Statement) for found in opened.values()):
        from keyconv.cli.match_statements import compare  # most runs have none

        return compare(opened, opener, screen)
    keyfiles = [found for path in inputs if isinstance(found := opened[path], KeyFile)]
    faulty = [opener.report(keyfile.faults, path) for path, keyfile in zip(inputs, keyfiles, strict=True)]
    same = match(keyfiles)
    for path, keyfile in zip(inputs, keyfiles, strict=True):
        if (
            same is not None
            and _is_for_log_in(path, keyfile)
            and all(each.certificate for each in keyfile.entries if each.public == same)
        ):
            screen.note("the key stands here as a certificate, by whose line sshd lets nobody in", shown(path))
    exit_code = max(faulty) or (0 if same else 1)
    files = [
        {
            "path": path,
            "format": keyfile.format,
            "fingerprints": [
                fingerprint.sha256(public_blob.write(each.public)) for each in keyfile.entries if each.public
            ],
            "faults": [describe_fault(fault) for fault in keyfile.faults],
            "verified": not any(isinstance(entry.private, Locked) for entry in keyfile.entries),
        }
        for path, keyfile in zip(inputs, keyfiles, strict=True)
    ]
    if screen.as_json:
        key = fingerprint.sha256(public_blob.write(same)) if same else None
        screen.data(to_json({"match": same is not None, "fingerprint": key, "files": files}))
        return exit_code
    if screen.quiet:
        return exit_code
    if same:
        screen.data(f"the same key: {same.algorithm} {fingerprint.sha256(public_blob.write(same))}\n")
        return exit_code
    lines = ["not the same key"]
    for path, keyfile in zip(inputs, keyfiles, strict=True):
        shown_keys = [
            f"{each.public.algorithm} {fingerprint.sha256(public_blob.write(each.public))}"
            for each in keyfile.entries
            if each.public
        ]
        lines.extend(f"  {printable(shown(path))}: {key}" for key in shown_keys)
    screen.data("\n".join(lines) + "\n")
    return exit_code


def _is_for_log_in(path: str, keyfile: KeyFile) -> bool:
    return keyfile.kind == "authorized_keys" or PurePath(path).name in ("authorized_keys", "authorized_keys2")


def _open(opener: Opener, path: str) -> KeyFile | Statement:
    data = opener.load_any(path)
    statement = opener.read_statement(path, data)
    if statement is not None:
        return statement
    keyfile = opener.read_data(path, lambda: data)
    deriver = opener.new_deriver()
    entries = []
    for entry in keyfile.entries:
        if isinstance(entry.private, Locked):
            if entry.public is None or opener.options.passphrase.given:
                entry = opener.unlock(entry, path, deriver).entry
            else:
                opener.screen.note("compared by the public half in clear; give the passphrase to prove it", shown(path))
        entries.append(entry)
    return replace(keyfile, entries=tuple(entries))
