"""One conversion, from a file to a file: everything that can be refused is refused before a passphrase is asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

from keyconv.cli.cost import COST_FLAGS, refuse_costly
from keyconv.cli.opening import STDIN, Opener, shown
from keyconv.cli.options import OutputOptions
from keyconv.cli.target import check_name, choose_target
from keyconv.crypto import fingerprint
from keyconv.engine import Plan, choose, plan, read, write
from keyconv.errors import KeyconvError, LossError, MisfitError, OutputError, UsageError
from keyconv.files import Inputs
from keyconv.formats.base import Format, WriteOptions
from keyconv.keyfile import Entry, Locked
from keyconv.record import record
from keyconv.secret import Passphrase

__all__ = ["Conversion", "convert_entry"]

_DEFAULT_MILLISECONDS = 100

WriteOut = Callable[[bytes, Format, OutputOptions, Inputs], None]


@record
class Conversion:
    """What a conversion made: the format, the key, where it went, and what was lost on the way."""

    target: Format
    entry: Entry
    output: str
    losses: tuple[str, ...]


def convert_entry(
    opener: Opener,
    path: str,
    source: str,
    entry: Entry,
    options: OutputOptions,
    inputs: Inputs,
    write_out: WriteOut | None = None,
) -> Conversion:
    """Convert one key that was read from `path`, which is of the format `source`, to where `options` say.

    `write_out` writes the result; `put` unless given.
    """
    try:
        return _convert_entry(opener, path, source, entry, options, inputs, write_out or put)
    except OutputError as error:  # one of standard output names it in its message
        raise error.at_path("" if options.output is None or options.output == STDIN else options.output) from None
    except KeyconvError as error:
        raise error.at_path(shown(path)) from None


def _convert_entry(
    opener: Opener,
    path: str,
    source: str,
    entry: Entry,
    options: OutputOptions,
    inputs: Inputs,
    write_out: WriteOut,
) -> Conversion:
    entry = _with_comment(entry, options)
    target = choose_target(source, entry, options)
    entry = _with_siblings(opener, path, source, entry, target)
    proves = isinstance(entry.private, Locked) and opener.options.passphrase.given
    known = planned = _plan(opener, path, entry, target, options, (), opens=proves)
    check_costs(target, options)
    deriver = opener.new_deriver()
    if not deriver.allow_costly:
        refuse_costly(target, options)
    _check_output(entry, target, options, inputs)
    check_name(opener, entry, target, options)
    opened, hidden = None, entry.public is None
    if planned.needs_passphrase or proves:
        if isinstance(entry.private, Locked):
            deriver.check(entry.private.protection.kdf)
            if target.foresee and target.can.encryption and not options.no_passphrase and not _asks(options):
                target.foresee(write_options(options, WriteOptions(deriver=deriver)))
        opened = opener.unlock(entry, path, deriver)
        entry = _with_comment(opened.entry, options)
        if hidden:
            entry = _with_siblings(opener, path, source, entry, target)
        planned = _plan(opener, path, entry, target, options, planned.losses)
    losses = dict.fromkeys((*known.losses, *planned.losses))
    passphrase = _new_passphrase(opener, target, options, opened.passphrase if opened else None)
    check_terminal(target, options, passphrase)
    if not passphrase and any(getattr(options, name) is not None for name in COST_FLAGS):
        opener.screen.note("not encrypted: what was said of KDF and cipher has no effect", shown(path))
    how = write_options(options, WriteOptions(passphrase=passphrase, deriver=deriver))
    if passphrase and target.name == "ppk" and options.kdf_passes is None:
        how = opener.with_passes(how, options.kdf_time or _DEFAULT_MILLISECONDS)
    data = write(entry, target, how)
    write_out(data, target, options, inputs)
    if options.output not in (None, STDIN) and entry.public is not None:
        public = fingerprint.sha256(_blob(entry))
        opener.screen.note(f"{entry.public.algorithm} {public}, written as {target.name}", options.output or "")
    return Conversion(target, entry, options.output or STDIN, tuple(loss.message for loss in losses))


def check_costs(target: Format, options: OutputOptions) -> None:
    """Refuse a KDF, a cost or a cipher that the target does not have.

    Raises: UsageError.
    """
    argon2 = ("--kdf", options.kdf), ("--kdf-memory", options.kdf_memory), ("--kdf-passes", options.kdf_passes)
    more = ("--kdf-time", options.kdf_time), ("--kdf-parallelism", options.kdf_parallelism)
    for flag, value in (*argon2, *more):
        if value is not None and "argon2id" not in target.can.kdfs:
            raise UsageError(f"{flag} is for ppk (version 3), not for {target.name}")
    if options.kdf_passes is not None and options.kdf_time is not None:
        raise UsageError("--kdf-passes and --kdf-time exclude each other")
    if options.rounds is not None and not set(target.can.kdfs) & {"bcrypt", "pbkdf2"}:
        raise UsageError(f"--rounds has no meaning for {target.name}")
    lanes = options.kdf_parallelism or 1
    if (options.kdf_memory or 8192) < 8 * lanes:
        raise UsageError(f"--kdf-memory must be at least 8 times --kdf-parallelism, {8 * lanes}")
    if options.cipher is not None and options.cipher not in target.can.ciphers:
        known = ", ".join(target.can.ciphers) or "none"
        raise UsageError(f"{target.name} has no cipher '{options.cipher}'", hint=f"its ciphers: {known}")
    asked = _asks(options)
    if asked and options.no_passphrase:
        raise UsageError("--no-passphrase and a new passphrase exclude each other")
    if asked and not target.can.encryption:
        raise MisfitError(f"{target.name} cannot be protected by a passphrase")


def write_options(options: OutputOptions, base: WriteOptions) -> WriteOptions:
    """Add what the command line says of KDF and cipher."""
    said = {
        "kdf": options.kdf,
        "kdf_memory": options.kdf_memory,
        "kdf_passes": options.kdf_passes,
        "kdf_parallelism": options.kdf_parallelism,
        "rounds": options.rounds,
        "cipher": options.cipher,
    }
    return replace(base, **{name: value for name, value in said.items() if value is not None})  # type: ignore[arg-type]


def put(data: bytes, target: Format, options: OutputOptions, inputs: Inputs) -> None:
    """Write the result to the output, or to standard output."""
    from keyconv.files import save, write_stdout

    if options.output is None or options.output == STDIN:
        write_stdout(data)
    else:
        save(options.output, data, private=target.can.private, force=options.force, inputs=inputs)


def _blob(entry: Entry) -> bytes:
    from keyconv.codec import public_blob

    return public_blob.write(entry.public) if entry.public is not None else b""


def _with_siblings(opener: Opener, path: str, source: str, entry: Entry, target: Format) -> Entry:
    """Take along what stands beside the key: its certificate, and its comment where its own format holds none."""
    entry = _with_certificate(opener, path, entry, target)
    if not target.can.comment or entry.comment is not None:
        return entry
    from keyconv.cli.siblings import take_comment

    return take_comment(entry, source, path, opener.screen)


def _with_certificate(opener: Opener, path: str, entry: Entry, target: Format) -> Entry:
    """Take the certificate in the `-cert.pub` beside a private key along, if it is for this key and its signature fits.

    A key whose public half is hidden is looked at again once it is open.
    """
    if not target.can.private or entry.private is None or entry.certificate is not None or entry.public is None:
        return entry
    from keyconv.cli.siblings import find_certificate

    beside = find_certificate(path)
    if beside is None:
        return entry
    from keyconv.engine.certificates import check_signature
    from keyconv.files import load

    try:
        certificate = choose(read(load(beside))).certificate
    except KeyconvError as error:
        opener.screen.note(f"not taken along: {error}", beside)
        return entry
    if certificate is None or certificate.key != entry.public:
        opener.screen.note("not taken along: it is not a certificate for this key", beside)
        return entry
    if check_signature(certificate)["valid"] is False:
        opener.screen.note("not taken along: its signature is not valid", beside)
        return entry
    opener.screen.note("the certificate beside the key", beside)
    return replace(entry, certificate=certificate)


def _with_comment(entry: Entry, options: OutputOptions) -> Entry:
    comment = options.comment_bytes
    return entry if comment is None else replace(entry, comment=comment)


def _plan(
    opener: Opener,
    path: str,
    entry: Entry,
    target: Format,
    options: OutputOptions,
    told: tuple[object, ...],
    *,
    opens: bool = False,
) -> Plan:
    planned = plan(entry, target, opens=opens)
    asked_for = ("passphrase",) if options.no_passphrase else ()
    new = tuple(loss for loss in planned.losses if loss not in told and loss.code not in asked_for)
    if options.strict and new:
        hint = "leave out --strict to write it all the same"
        if any(loss.code == "passphrase" for loss in new):
            hint += ", or pass --no-passphrase"
        if any(loss.code == "hidden-comment" for loss in new):
            hint += ", or give the passphrase, or --comment"
        raise LossError("; ".join(loss.message for loss in new), hint=hint)
    for loss in new:
        opener.screen.note(f"lost: {loss.message}", shown(path))
    return planned


def _check_output(entry: Entry, target: Format, options: OutputOptions, inputs: Inputs) -> None:
    from keyconv.files import check_target

    if options.output is not None and options.output != STDIN:
        check_target(options.output, force=options.force, inputs=inputs)
        return
    kept = isinstance(entry.private, Locked) and target.can.encryption and not options.no_passphrase
    if not kept and not _asks(options):
        check_terminal(target, options, None)


def check_terminal(target: Format, options: OutputOptions, passphrase: Passphrase | None) -> None:
    """Refuse to show an unencrypted private key on a terminal, unless `-o -` insists."""
    shown_there = options.output is None and sys.stdout is not None and sys.stdout.isatty()
    if target.can.private and not passphrase and shown_there:
        raise OutputError(
            "an unencrypted private key is not shown on a terminal",
            hint="write it to a file with -o FILE, or insist with -o -",
        )


def _asks(options: OutputOptions) -> bool:
    return options.new_passphrase.given or options.ask_new


def _new_passphrase(
    opener: Opener, target: Format, options: OutputOptions, kept: Passphrase | None
) -> Passphrase | None:
    if options.no_passphrase or not target.can.encryption:
        return None
    if _asks(options):
        return opener.prompter.new(options.output or "the new key", options.new_passphrase) or None
    return kept
