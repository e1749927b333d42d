"""`keyconv generate`: a new key, in every format that is wanted, and the line to paste."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from keyconv.cli.converting import check_costs, check_terminal, write_options
from keyconv.cli.cost import COST_FLAGS, calibrate, refuse_costly
from keyconv.cli.in_place import DEFAULT_MILLISECONDS
from keyconv.cli.opening import STDIN, Opener
from keyconv.cli.options import InputOptions, OutputOptions
from keyconv.cli.render import Screen
from keyconv.codec import public_blob
from keyconv.crypto import fingerprint
from keyconv.engine import plan, write
from keyconv.errors import KeyconvError, MisfitError, UsageError
from keyconv.formats import FORMATS, by_ending, by_name, promised_by
from keyconv.formats.base import Format, WriteOptions
from keyconv.keyfile import Entry
from keyconv.keys import family_named
from keyconv.proof.generation import check_bits, generate
from keyconv.secret import Passphrase
from keyconv.text.nearest import nearest
from keyconv.text.quoting import quote

__all__ = ["family_of", "run"]


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
    outputs = _outputs(family, target, also)
    check_bits(family, bits)
    if target.no_passphrase and target.new_passphrase.given:
        raise UsageError("--no-passphrase and a new passphrase exclude each other")
    costs = {chosen.name: _costs_of(chosen, target) for _, chosen in outputs if chosen.can.private}
    _check_costs(outputs, costs, target, source)
    for path, chosen in outputs:
        _check_fit(family, chosen)
        _check_free(path, target)
    opener = Opener(screen, source, (), target)
    passphrase = None if target.no_passphrase else opener.prompter.new(outputs[0][0], target.new_passphrase) or None
    for _, chosen in outputs:
        _check_protection(chosen, passphrase)
    if outputs[0][0] == STDIN:
        check_terminal(outputs[0][1], target, passphrase)
    private = generate(family, bits, os.urandom)
    comment = target.comment_bytes
    entry = Entry(private.public, private, comment=_who() if comment is None else comment)
    held = [chosen for _, chosen in outputs if chosen.can.comment]
    for message in dict.fromkeys(loss.message for chosen in held for loss in plan(entry, chosen).losses):
        screen.note(f"lost: {message}")
    # Nothing is on the disk before everything is written in memory, proved and encrypted.
    contents = [_content(path, entry, chosen, costs.get(chosen.name), passphrase, opener) for path, chosen in outputs]
    _put(outputs, contents, target)
    for path, chosen in outputs:
        screen.note(f"written as {chosen.name}", "" if path == STDIN else path)
    screen.note(fingerprint.sha256(public_blob.write(private.public)))
    line = write(replace(entry, private=None), "openssh-pub").decode("utf-8", "backslashreplace")
    screen.fact(
        files=[{"path": path, "format": chosen.name} for path, chosen in outputs],
        type=private.public.algorithm,
        bits=private.public.bits,
        fingerprint=fingerprint.sha256(public_blob.write(private.public)),
        public_key=line.rstrip("\n"),
    )
    if outputs[0][0] != STDIN and not screen.as_json:
        screen.data(line)
    return 0


def family_of(key_type: str, known: tuple[str, ...]) -> str:
    """Return the family that `--type` names, also by the name of its algorithm.

    Raises: UsageError.
    """
    family = family_named(key_type)
    if family in known:
        return family
    if family.startswith("sk-"):
        hint = f"ssh-keygen -t {family.removeprefix('sk-')}-sk talks to authenticators"
        raise UsageError("a key of an authenticator is made by the authenticator", hint=hint)
    near = nearest(key_type.lower(), [name for name in known if name != "dsa"])
    hint = f"did you mean '{near}'?" if near else f"the types are {', '.join(known)}"
    raise UsageError(f"there is no type of key {quote(key_type)} to generate", hint=hint)


def _outputs(family: str, target: OutputOptions, also: tuple[str, ...]) -> list[tuple[str, Format]]:
    """Name every file: the key itself, its `.pub`, and one for each other format."""
    if target.output is None:
        more = "" if family == "ed25519" else f"-t {family} "
        raise UsageError("missing -o NAME", hint=f"for example: keyconv generate {more}-o id_{family}")
    suffix = PurePath(target.output).suffix.lower()
    first = by_name("ppk" if suffix == ".ppk" else "openssh")
    if target.output == STDIN:
        if also:
            raise UsageError("--also needs a file name in -o")
        return [(STDIN, first)]
    _check_suffix(target.output, suffix)
    stem = target.output[: -len(suffix)] if suffix == ".ppk" else target.output
    chosen = list(dict.fromkeys((first.name, "openssh-pub", *(by_name(name).name for name in also))))
    outputs = [(target.output, first)]
    for known in map(by_name, chosen[1:]):
        if known.write is None:
            raise MisfitError(f"{known.name} is read, not written")
        path = stem + _suffix_of(known, chosen)
        if path in [taken for taken, _ in outputs]:
            path = f"{stem}.{known.name}"
        outputs.append((path, known))
    return outputs


def _check_suffix(path: str, suffix: str) -> None:
    """Refuse a name that says another format than the one that would be written there.

    Raises: UsageError.
    """
    bare = path[: -len(suffix)] if suffix else path
    if suffix == ".pub":
        raise UsageError(
            "a name in .pub is for the public half, and -o names the private key",
            hint=f"give the name without .pub: -o {bare}; the .pub is written beside it",
        ).at_path(path)
    if suffix == ".ppk":
        return
    promise = promised_by(path)
    named = [known for known in FORMATS if known.write and suffix == f".{known.name}"]
    meant = [by_name(name) for name in by_ending(f"x{suffix}", private=True)] or named
    if promise:
        meant = [by_name("pem"), by_name("pkcs8")]
    if meant and meant[0].name != "openssh":
        likely = [known for known in meant if known.can.private] or meant
        also = " or ".join(f"--also {known.name}" for known in likely)
        says = f"looks like the name of {promise}" if promise else "says another format"
        raise UsageError(
            f"-o writes openssh or ppk, and a name in {suffix} {says}",
            hint=f"-o {bare.removesuffix('.pub')} {also}",
        ).at_path(path)


def _suffix_of(known: Format, chosen: list[str]) -> str:
    # Of two formats with one suffix it belongs to the one that is called so: a pkcs8 beside a pem is a .pkcs8.
    own = f".{known.name}"
    return own if not known.suffix or known.suffix.removeprefix(".") in chosen else known.suffix


def _costs_of(chosen: Format, target: OutputOptions) -> OutputOptions:
    """Return those flags of KDF and cipher that mean something to a format."""
    flags: dict[str, Any] = {name: value for name in COST_FLAGS if (value := getattr(target, name)) is not None}
    for name, value in tuple(flags.items()):
        try:
            check_costs(chosen, OutputOptions(**{name: value}))
        except UsageError:
            del flags[name]
    return OutputOptions(**flags)


def _check_costs(
    outputs: list[tuple[str, Format]], costs: dict[str, OutputOptions], target: OutputOptions, source: InputOptions
) -> None:
    """Refuse a flag of KDF or cipher that means nothing to any of the formats, or costs too much.

    Raises: UsageError.
    """
    for name in COST_FLAGS:
        value: Any = getattr(target, name)
        if value is not None and all(getattr(each, name) is None for each in costs.values()):
            check_costs(outputs[0][1], OutputOptions(**{name: value}))
    for _, chosen in outputs:
        if chosen.name in costs:
            check_costs(chosen, costs[chosen.name])
            if not source.allow_costly:
                refuse_costly(chosen, costs[chosen.name])


def _who() -> bytes:
    """Return `user@host`, the comment that ssh-keygen writes."""
    import getpass
    import platform

    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "user"
    return os.fsencode(f"{user}@{platform.node() or 'localhost'}")


def _check_fit(family: str, chosen: Format) -> None:
    if family not in chosen.can.families:
        able = [
            known.name
            for known in FORMATS
            if known.write and known.can.private == chosen.can.private and family in known.can.families
        ]
        raise MisfitError(f"{chosen.name} cannot hold {family} keys", hint=f"formats that can: {', '.join(able)}")


def _check_protection(chosen: Format, passphrase: Passphrase | None) -> None:
    if passphrase and chosen.can.private and not chosen.can.encryption:
        raise MisfitError(
            f"{chosen.name} cannot be protected by a passphrase", hint="leave it out, or pass --no-passphrase"
        )


def _check_free(path: str, target: OutputOptions) -> None:
    from keyconv.files import check_target

    if path != STDIN:
        try:
            check_target(path, force=target.force)
        except KeyconvError as error:
            raise error.at_path(path) from None


def _content(
    path: str,
    entry: Entry,
    chosen: Format,
    costs: OutputOptions | None,
    passphrase: Passphrase | None,
    opener: Opener,
) -> bytes:
    try:
        if costs is None:
            return write(replace(entry, private=None), chosen)
        how = write_options(costs, WriteOptions(passphrase=passphrase, deriver=opener.new_deriver()))
        if chosen.name == "ppk" and costs.kdf_passes is None:
            how = calibrate(how, costs.kdf_time or DEFAULT_MILLISECONDS)
        return write(entry, chosen, how)
    except KeyconvError as error:
        raise error.at_path("" if path == STDIN else path) from None


def _put(outputs: list[tuple[str, Format]], contents: list[bytes], target: OutputOptions) -> None:
    """Write every file, or leave none."""
    from keyconv.files import load, save, write_stdout

    begun: list[tuple[str, bytes]] = []
    try:
        for (path, chosen), data in zip(outputs, contents, strict=True):
            if path == STDIN:
                write_stdout(data)
                continue
            begun.append((path, data))  # before, for Ctrl-C may come right after the file has its name
            save(path, data, private=chosen.can.private, force=target.force)
    except BaseException:
        # A key of which only some files could be written is no use; nobody has seen it yet.
        for path, data in () if target.force else begun:
            with suppress(OSError, KeyconvError):
                if load(path) == data:  # else another program has taken the name
                    os.unlink(path)  # noqa: PTH108
        raise
