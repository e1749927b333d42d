"""`keyconv generate`: a new key, in every format that is wanted, and the line to paste."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import PurePath

from keyconv.cli.converting import check_costs, check_terminal, write_options
from keyconv.cli.cost import calibrate
from keyconv.cli.in_place import DEFAULT_MILLISECONDS
from keyconv.cli.opening import STDIN, Opener
from keyconv.cli.options import InputOptions, OutputOptions
from keyconv.cli.passphrase import changes_cost
from keyconv.cli.render import Screen
from keyconv.codec import public_blob
from keyconv.crypto import fingerprint
from keyconv.crypto.generation import generate
from keyconv.engine import write
from keyconv.errors import KeyconvError, MisfitError, OutputError, UsageError
from keyconv.formats import by_name
from keyconv.formats.base import Format, WriteOptions
from keyconv.keyfile import Entry
from keyconv.secret import Passphrase

__all__ = ["run"]


def run(
    family: str,
    bits: int | None,
    target: OutputOptions,
    also: tuple[str, ...],
    source: InputOptions,
    *,
    screen: Screen,
) -> int:
    """Make the key, write every file, print the line; give the exit code."""
    outputs = _outputs(target, also)
    _check_costs(outputs, target)
    comment = target.comment_bytes
    entry = Entry(public=None, comment=_who() if comment is None else comment)
    for path, chosen in outputs:
        if family not in chosen.can.families:
            raise MisfitError(f"{chosen.name} cannot hold {family} keys")
        _check_free(path, target)
    opener = Opener(screen, source, ())
    passphrase = None if target.no_passphrase else opener.prompter.new(outputs[0][0], target.new_passphrase) or None
    if outputs[0][0] == STDIN:
        check_terminal(outputs[0][1], target, passphrase)
    private = generate(family, bits, os.urandom)
    entry = replace(entry, public=private.public, private=private)
    written: list[str] = []
    try:
        for path, chosen in outputs:
            _write(path, entry, chosen, target, passphrase, opener)
            written.append(path)
    except BaseException:
        for path in written:
            _take_back(path, target)
        raise
    for path, chosen in outputs:
        screen.note(f"written as {chosen.name}", path)
    screen.note(fingerprint.sha256(public_blob.write(private.public)))
    if outputs[0][0] != STDIN:
        screen.data(write(replace(entry, private=None), "openssh-pub").decode("utf-8", "backslashreplace"))
    return 0


def _outputs(target: OutputOptions, also: tuple[str, ...]) -> list[tuple[str, Format]]:
    """Name every file: the key itself, its `.pub`, and one for each other format."""
    if target.output is None:
        raise UsageError("where to? -o NAME is missing")
    suffix = PurePath(target.output).suffix.lower()
    first = by_name({".ppk": "ppk"}.get(suffix, "openssh"))
    if target.output == STDIN:
        if also:
            raise UsageError("--also needs a file name in -o")
        return [(STDIN, first)]
    stem = target.output[: -len(suffix)] if suffix == ".ppk" else target.output
    outputs = [(target.output, first)]
    for name in ("openssh-pub", *also):
        chosen = by_name(name)
        if chosen.write is None:
            raise MisfitError(f"{chosen.name} is read, not written")
        path = stem + (chosen.suffix or f".{chosen.name}")
        if chosen in [known for _, known in outputs]:
            continue
        if path in [known for known, _ in outputs]:
            path = f"{stem}.{chosen.name}"
        outputs.append((path, chosen))
    return outputs


def _check_costs(outputs: list[tuple[str, Format]], target: OutputOptions) -> None:
    # A flag of KDF or cipher must mean something to one of the formats at least.
    refusal: UsageError | None = None
    for _, chosen in outputs:
        if not chosen.can.private:
            continue
        try:
            check_costs(chosen, replace(target, new_passphrase=InputOptions().passphrase, ask_new=False))
        except UsageError as error:
            refusal = refusal or error
        else:
            return
    if refusal is not None and changes_cost(target):
        raise refusal


def _who() -> bytes:
    """Give `user@host`, the comment that ssh-keygen writes."""
    import getpass
    import platform

    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "user"
    return os.fsencode(f"{user}@{platform.node() or 'localhost'}")


def _check_free(path: str, target: OutputOptions) -> None:
    from keyconv.files import check_target

    if path != STDIN:
        try:
            check_target(path, force=target.force)
        except KeyconvError as error:
            raise error.at_path(path) from None


def _write(
    path: str, entry: Entry, chosen: Format, target: OutputOptions, passphrase: Passphrase | None, opener: Opener
) -> None:
    from keyconv.files import save, write_stdout

    if not chosen.can.private:
        entry, passphrase = replace(entry, private=None), None
    elif passphrase and not chosen.can.encryption:
        raise MisfitError(
            f"{chosen.name} cannot be protected by a passphrase", hint="leave it out, or pass --no-passphrase"
        )
    how = write_options(target, WriteOptions(passphrase=passphrase, deriver=opener.new_deriver()))
    if target.cipher is not None and target.cipher not in chosen.can.ciphers:
        how = replace(how, cipher="")
    if chosen.name == "ppk" and target.kdf_passes is None:
        how = calibrate(how, target.kdf_time or DEFAULT_MILLISECONDS)
    data = write(entry, chosen, how)
    if path == STDIN:
        write_stdout(data)
    else:
        save(path, data, private=chosen.can.private, force=target.force)


def _take_back(path: str, target: OutputOptions) -> None:
    # A key of which only some files could be written is no use; nobody has seen it yet.
    if path != STDIN and not target.force:
        with suppress(OSError, OutputError):
            os.unlink(path)  # noqa: PTH108
