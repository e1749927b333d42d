"""What every format's record promises, asked of every format in the registry: a new one is held to it by itself."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

import pytest
from fixture_files import FIXTURES, PASSPHRASE, READABLE, Fixture, by_path, formats, keyfile, opened, pick, sample

from keyconv import FORMATS, Deriver, Entry, Format, Locked, Option, Passphrase, WriteOptions, convert
from keyconv.crypto.kdf import ARGON2_FLAVOURS, Argon2Flavour
from keyconv.engine import choose, detect, plan, read, unlock, write
from keyconv.errors import KeyconvError, LossError, MisfitError, NotAKeyError
from keyconv.keys import FAMILIES


def _find_samples() -> dict[str, list[str]]:
    """One fixture of each key type, unencrypted and private where there is one, by family."""
    by_type: dict[str, Fixture] = {}
    for fixture in sorted(READABLE, key=lambda each: (not each.private, each.reader != "openssh", each.size)):
        usable = fixture.whole and not fixture.encrypted and not fixture.keys and not fixture.has_certificate
        if usable and fixture.type is not None:
            by_type.setdefault(fixture.type, fixture)
    found: dict[str, list[str]] = {}
    for fixture in by_type.values():
        family = "opaque" if fixture.family == "unknown" else str(fixture.family)
        found.setdefault(family, []).append(fixture.path)
    return found


SAMPLES = _find_samples()
"""Family to keys of it; a family without one fails `test_every_family_has_a_sample`."""

CERTIFIED = tuple(fixture for fixture in READABLE if fixture.has_certificate)
WRITERS = formats(lambda known: known.write is not None)
ROUND = formats(lambda known: known.write is not None and known.can.readable)
PRIVATE_WRITERS = [known for known in FORMATS if known.write is not None and known.can.private]
LOCKERS = [known for known in PRIVATE_WRITERS if known.can.encryption]


def _must_not_run(work: Callable[[], bytes]) -> NoReturn:
    raise AssertionError("a KDF was run")


def _idle() -> Deriver:
    return Deriver(run=_must_not_run)


def _cheap(passphrase: bytes | None = None, cipher: str = "", kdf: str = "", seed: int = 0) -> WriteOptions:
    """Options with the lowest costs and repeatable randomness."""
    flavour: Argon2Flavour = next((known for known in ARGON2_FLAVOURS if known == kdf), "argon2id")
    return WriteOptions(
        passphrase=None if passphrase is None else Passphrase(passphrase),
        cipher=cipher,
        kdf=flavour,
        kdf_memory=64,
        kdf_passes=1,
        rounds=1,
        random=random.Random(seed).randbytes,
    )


def _samples(target: Format) -> list[tuple[str, Entry]]:
    """Every key that the format declares to hold."""
    return [(path, sample(path)) for family in FAMILIES if family in target.can.families for path in SAMPLES[family]]


def _assert_same(written: Entry, meant: Entry, target: Format) -> None:
    if target.can.private:
        assert written.private == meant.private
    assert written.public == meant.public
    assert (written.comment or b"") == ((meant.comment or b"") if target.can.comment else b"")
    assert written.certificate == (meant.certificate if target.can.certificate else None)


def test_every_family_has_a_sample() -> None:
    assert set(SAMPLES) == set(FAMILIES)
    for family, paths in SAMPLES.items():
        for path in paths:
            public = sample(path).public
            assert public is not None
            assert public.family == family


# ── what is declared works ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("target", formats())
def test_a_record_is_complete(target: Format) -> None:
    assert target.name
    assert target.name == target.name.lower()
    assert [known.name for known in FORMATS].count(target.name) == 1
    assert target.title
    assert target.source
    assert target.can.families
    assert target.can.families <= set(FAMILIES)
    assert len(set(target.can.ciphers)) == len(target.can.ciphers)
    assert bool(target.can.ciphers) == bool(target.can.kdfs)
    if target.can.private:
        assert "opaque" not in target.can.families
    else:
        assert not target.can.encryption


@pytest.mark.parametrize("target", ROUND)
def test_every_declared_family_round_trips_in_clear(target: Format) -> None:
    for path, entry in _samples(target):
        data = write(entry, target, _cheap())
        assert detect(data) is target, path
        file = read(data)
        assert file.format == target.name
        assert len(file.entries) == 1
        assert not isinstance(file.entries[0].private, Locked)
        _assert_same(file.entries[0], entry, target)


@pytest.mark.parametrize(
    ("target", "cipher", "kdf"),
    [
        pytest.param(target, cipher, kdf, id=f"{target.name}-{cipher}-{kdf}")
        for target in LOCKERS
        for cipher in target.can.ciphers
        for kdf in target.can.kdfs
    ],
)
def test_every_declared_family_round_trips_under_every_cipher_and_kdf(target: Format, cipher: str, kdf: str) -> None:
    passphrase = "pass phrase, schön".encode()
    for path, entry in _samples(target):
        options = _cheap(passphrase, cipher, kdf)
        data = write(entry, target, options)
        assert detect(data) is target, path
        (locked,) = read(data).entries
        assert isinstance(locked.private, Locked)
        assert locked.private.protection.cipher == cipher
        assert locked.private.protection.kdf.name == kdf
        if target.can.shows_public:
            assert locked.public == entry.public
        else:
            assert locked.public is None
        _assert_same(unlock(locked, passphrase, deriver=options.deriver), entry, target)


@pytest.mark.parametrize("target", formats(lambda known: known.write is not None and known.can.certificate))
def test_every_certificate_of_a_declared_family_round_trips(target: Format) -> None:
    held = 0
    for fixture in CERTIFIED:
        entry = opened(fixture)
        assert entry.certificate is not None
        if entry.certificate.key.family in target.can.families and (entry.private or not target.can.private):
            held += 1
            _assert_same(choose(read(write(entry, target, _cheap()))), entry, target)
    assert held


@pytest.mark.parametrize("target", formats(lambda known: known.write is not None and known.can.options))
def test_options_round_trip_where_they_are_declared(target: Format) -> None:
    options = (Option(b"no-pty"), Option(b"command", b'echo "hi", all'), Option(b"from", b"10.0.0.0/8,*.example"))
    entry = replace(sample("openssh-pub/ed25519.pub"), options=options)
    assert choose(read(write(entry, target))).options == options


@pytest.mark.parametrize("target", formats(lambda known: known.write is not None and known.can.headers))
def test_headers_round_trip_where_they_are_declared(target: Format) -> None:
    headers = ((b"Subject", b"someone"), (b"x-command", b"/home/me/bin/lock-in-guest.sh " + b"long " * 40 + b"end"))
    _, plain = _samples(target)[0]
    entry = replace(plain, headers=headers)
    assert choose(read(write(entry, target))).headers == headers


@pytest.mark.parametrize(
    "target", formats(lambda known: known.write is not None and known.can.readable and known.can.many)
)
def test_several_keys_round_trip_where_they_are_declared(target: Format) -> None:
    assert target.write is not None
    entries = tuple(entry for _, entry in _samples(target))
    file = target.read(target.write(entries, _cheap()))
    assert len(file.entries) == len(entries)
    for written, meant in zip(file.entries, entries, strict=True):
        _assert_same(written, meant, target)


@pytest.mark.parametrize("target", WRITERS)
def test_the_same_options_write_the_same_bytes(target: Format) -> None:
    _, entry = _samples(target)[0]
    passphrase = PASSPHRASE if target.can.encryption else None
    first, second, other = (write(entry, target, _cheap(passphrase, seed=seed)) for seed in (1, 1, 2))
    assert first == second
    if target.can.encryption and target.can.kdfs != ("sha1",):
        assert first != other, "nothing here depends on the randomness"


@pytest.mark.parametrize("target", formats(lambda known: known in LOCKERS))
def test_an_empty_passphrase_writes_no_encryption(target: Format) -> None:
    _, entry = _samples(target)[0]
    assert write(entry, target, _cheap(b"")) == write(entry, target, _cheap())


# ── what is not declared is refused, early and with a way out ──────────────────────────────────────────────────────


@pytest.mark.parametrize("target", WRITERS)
def test_every_family_not_declared_is_refused_and_formats_that_can_are_named(target: Format) -> None:
    for family in set(FAMILIES) - target.can.families:
        entry = sample(SAMPLES[family][0])
        if target.can.private and entry.private is None:
            continue  # a key of an unknown algorithm has no private half at all
        with pytest.raises(MisfitError) as refusal:
            plan(entry, target)
        assert target.name in str(refusal.value)
        for known in FORMATS:
            able = known.write and known.can.private == target.can.private and family in known.can.families
            words = refusal.value.hint.replace(",", " ").split()
            assert (known.name in words) == bool(able), refusal.value.hint


@pytest.mark.parametrize("target", formats(lambda known: known in PRIVATE_WRITERS))
def test_a_locked_key_that_does_not_fit_is_refused_before_any_kdf_runs(target: Format) -> None:
    for fixture in READABLE:
        if fixture.encrypted and fixture.family not in target.can.families and fixture.whole:
            entry = choose(keyfile(fixture))
            if entry.public is None:
                continue  # its format hides what it is
            with pytest.raises(MisfitError):
                plan(entry, target)
            with pytest.raises(MisfitError):
                convert(
                    fixture.data,
                    target.name,
                    passphrase=fixture.passphrase,
                    options=replace(_cheap(), deriver=_idle()),
                )


@pytest.mark.parametrize("target", formats(lambda known: known in PRIVATE_WRITERS))
def test_a_public_key_does_not_become_a_private_one(target: Format) -> None:
    for path in ("openssh-pub/ed25519.pub", "rfc4716/rsa2048-puttygen.pub", *SAMPLES["opaque"]):
        with pytest.raises(MisfitError, match="no private half"):
            plan(sample(path), target)


@pytest.mark.parametrize("target", formats(lambda known: known.write is None))
def test_a_format_that_is_only_read_is_never_written(target: Format) -> None:
    entry = sample("openssh/ed25519-plain")
    for attempt in (lambda: plan(entry, target), lambda: write(entry, target)):
        with pytest.raises(MisfitError, match="read, not written") as refusal:
            attempt()
        assert "formats that can" in refusal.value.hint


@pytest.mark.parametrize("target", formats(lambda known: known in PRIVATE_WRITERS))
def test_planning_for_a_file_cut_short_says_that_it_is(target: Format) -> None:
    damaged = [fixture for fixture in READABLE if not fixture.whole]
    assert damaged
    for fixture in damaged:
        entry = choose(keyfile(fixture))
        assert entry.fault is not None
        with pytest.raises(type(entry.fault), match="cut short"):
            plan(entry, target)


# ── losses are reported ──────────────────────────────────────────────────────────────────────────────────────────────

CERTIFIED_KEY = "certificates/user-ed25519-v3-plain.ppk"


def _laden(target: Format, thing: str) -> Entry:
    """A key that fits, with one of the things that a format may be unable to hold: the code of that loss."""
    plain = replace(_samples(target)[0][1], comment=None)
    if thing == "certificate":
        certified = (opened(fixture) for fixture in CERTIFIED if fixture.private)
        return next(replace(entry, comment=None) for entry in certified if _family(entry) in target.can.families)
    options, headers = (Option(b"no-pty"),), ((b"Subject", b"someone"),)
    return {
        "comment": replace(plain, comment=b"a comment"),
        "options": replace(plain, options=options),
        "headers": replace(plain, headers=headers),
    }[thing]


def _family(entry: Entry) -> str:
    assert entry.public is not None
    return entry.public.family


@pytest.mark.parametrize("thing", ["comment", "certificate", "options", "headers"])
@pytest.mark.parametrize("target", WRITERS)
def test_what_a_format_cannot_hold_is_planned_as_a_loss_and_nothing_else_is(target: Format, thing: str) -> None:
    planned = plan(_laden(target, thing), target)
    if getattr(target.can, thing):
        assert not planned.losses
        planned.require_lossless()
        return
    assert [loss.code for loss in planned.losses] == [thing]
    assert target.name in planned.losses[0].message
    with pytest.raises(LossError, match=thing):
        planned.require_lossless()


@pytest.mark.parametrize("target", ROUND)
def test_a_comment_that_is_changed_is_planned_as_a_loss(target: Format) -> None:
    _, plain = _samples(target)[0]
    for comment in (b"bell\x07", b"two\nlines", b"tab\there", b" leading", b"trailing ", b"\xfcml\xe4ut", b""):
        entry = replace(plain, comment=comment)
        written = choose(read(write(entry, target, _cheap())))
        changed = (written.comment or b"") != comment
        assert changed == any(loss.code == "comment" for loss in plan(entry, target).losses), comment


@pytest.mark.parametrize("target", WRITERS)
def test_a_key_with_nothing_to_lose_loses_nothing(target: Format) -> None:
    for path, entry in _samples(target):
        assert not plan(replace(entry, comment=None), target).losses, path


@pytest.mark.parametrize("target", formats(lambda known: known in PRIVATE_WRITERS and not known.can.encryption))
def test_the_passphrase_is_a_loss_where_none_protects(target: Format) -> None:
    for fixture in READABLE:
        if fixture.encrypted and fixture.family in target.can.families and fixture.whole:
            assert "passphrase" in [loss.code for loss in plan(choose(keyfile(fixture)), target).losses]


@pytest.mark.parametrize(
    "target",
    formats(
        lambda known: (
            known.write is not None
            and known.can.readable
            and not known.can.certificate
            and "ed25519" in known.can.families
        )
    ),
)
def test_a_strict_conversion_refuses_a_loss_and_a_lax_one_does_not(target: Format) -> None:
    data = by_path(CERTIFIED_KEY).data
    with pytest.raises(LossError, match="certificate"):
        convert(data, target.name, strict=True)
    assert choose(read(convert(data, target.name))).certificate is None


def test_a_strict_conversion_refuses_a_known_loss_before_any_kdf_runs() -> None:
    fixture = by_path("certificates/user-ed25519-v3-encrypted.ppk")
    with pytest.raises(LossError, match="certificate"):
        convert(
            fixture.data,
            "openssh",
            passphrase=fixture.passphrase,
            strict=True,
            options=replace(_cheap(), deriver=_idle()),
        )


# ── recognised by content ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fixture", pick(lambda fixture: True))
def test_a_fixture_is_recognised_by_exactly_its_own_format(fixture: Fixture) -> None:
    data = fixture.data
    assert [known.name for known in FORMATS if known.sniff(data)] == [fixture.reader]
    assert detect(data).name == fixture.reader
    assert read(data).format == fixture.reader


@pytest.mark.parametrize("fixture", pick(lambda fixture: not fixture.registered, FIXTURES))
def test_a_fixture_of_a_format_not_known_yet_is_taken_for_no_other(fixture: Fixture) -> None:
    data = fixture.data
    names = {each.reader for each in READABLE}
    claimed = [known.name for known in FORMATS if known.sniff(data)]
    assert len(claimed) <= 1
    assert not set(claimed) & names, "a format that has files of its own claims another's"
    if not claimed:
        with pytest.raises(NotAKeyError):
            read(data)


@pytest.mark.parametrize("target", formats())
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\0",
        bytes(1024),
        b"\xff\xfe" + "PuTTY-User-Key-File-3: ssh-rsa".encode("utf-16-le"),
        b"\xef\xbb\xbfPuTTY-User-Key-File-3: ssh-rsa\n",
        b" -----BEGIN OPENSSH PRIVATE KEY-----\n",
        b"hello, world\n",
        b"{}",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"GIF89a",
    ],
)
def test_no_format_claims_what_is_no_key(target: Format, data: bytes) -> None:
    assert not target.sniff(data)


@pytest.mark.parametrize("target", formats())
def test_a_forced_format_reads_its_own_files_alone(target: Format) -> None:
    for fixture in READABLE:
        if fixture.reader == target.name:
            assert read(fixture.data, target.name).format == target.name
        elif target.name == "allowed_signers" and fixture.reader == "known_hosts":
            continue  # any word before a key may be a principal
        elif not target.sniff(fixture.data) and not (target.name[:3] == fixture.reader[:3] == "ppk"):
            with pytest.raises(KeyconvError):
                raise read(fixture.data, target.name).faults[0]  # options are hosts to known_hosts, a key alone is none


# ── no KDF runs twice ──────────────────────────────────────────────────────────────────────────────────────────────


def _locked_fixtures(target: Format) -> list[Fixture]:
    """For each format that can be locked, an encrypted fixture that fits the target; Ed25519 is the fastest."""
    chosen: dict[str, Fixture] = {}
    for fixture in sorted(READABLE, key=lambda each: each.key != "ed25519"):
        opens = fixture.encrypted and fixture.whole and fixture.passphrase == PASSPHRASE
        if opens and fixture.family in target.can.families:
            chosen.setdefault(fixture.reader, fixture)
    return list(chosen.values())


LOCKED_TO_PRIVATE = [
    pytest.param(fixture, target, id=f"{fixture.reader}-{target.name}")
    for target in PRIVATE_WRITERS
    for fixture in _locked_fixtures(target)
]


@pytest.mark.parametrize(("fixture", "target"), LOCKED_TO_PRIVATE)
def test_converting_runs_one_kdf_for_the_input_and_one_for_the_output(fixture: Fixture, target: Format) -> None:
    options = replace(_cheap(), deriver=Deriver())
    data = convert(fixture.data, target.name, passphrase=PASSPHRASE, options=options)
    given, written = choose(keyfile(fixture)).private, choose(read(data)).private
    assert isinstance(given, Locked)
    kdfs = {given.protection.kdf}
    if target.can.encryption:
        assert isinstance(written, Locked)
        kdfs.add(written.protection.kdf)
    assert options.deriver.runs == len(kdfs)
    # A KDF without a salt, PPK 2's, may serve for both.
    assert len(kdfs) == 1 + target.can.encryption or not given.protection.kdf.describe()


@pytest.mark.parametrize(("fixture", "target"), LOCKED_TO_PRIVATE)
def test_taking_the_passphrase_off_runs_one_kdf(fixture: Fixture, target: Format) -> None:
    options = replace(_cheap(), deriver=Deriver())
    data = convert(fixture.data, target.name, passphrase=PASSPHRASE, new_passphrase=None, options=options)
    assert options.deriver.runs == 1
    assert not isinstance(choose(read(data)).private, Locked)


@pytest.mark.parametrize("target", formats(lambda known: known in LOCKERS))
def test_putting_a_passphrase_on_runs_one_kdf(target: Format) -> None:
    path, _ = _samples(target)[0]
    options = replace(_cheap(), deriver=Deriver())
    data = convert(by_path(path).data, target.name, new_passphrase="new", options=options)
    assert options.deriver.runs == 1
    assert isinstance(choose(read(data)).private, Locked)


@pytest.mark.parametrize("target", formats(lambda known: known in PRIVATE_WRITERS and not known.can.encryption))
def test_a_new_passphrase_is_refused_where_none_protects_and_never_forgotten(target: Format) -> None:
    path, _ = _samples(target)[0]
    with pytest.raises(MisfitError, match="passphrase"):
        convert(by_path(path).data, target.name, new_passphrase="new")
    for none in (None, "", b""):
        assert read(convert(by_path(path).data, target.name, new_passphrase=none)).entries


@pytest.mark.parametrize("target", formats(lambda known: known.write is not None and not known.can.private))
def test_the_public_half_comes_out_without_a_passphrase_where_it_is_in_clear(target: Format) -> None:
    reached = 0
    for fixture in _locked_fixtures(target):
        entry = choose(keyfile(fixture))
        if entry.public is None:
            assert plan(entry, target).needs_passphrase
            continue
        assert not plan(entry, target).needs_passphrase
        data = convert(fixture.data, target.name, options=replace(_cheap(), deriver=_idle()))
        if target.can.readable:
            assert choose(read(data)).public == opened(fixture).public
        reached += 1
    assert reached


@pytest.mark.parametrize(("fixture", "target"), LOCKED_TO_PRIVATE)
def test_a_locked_key_is_not_written_as_it_is(fixture: Fixture, target: Format) -> None:
    with pytest.raises(ValueError, match="unlocked before"):
        write(choose(keyfile(fixture)), target, _cheap())


# ── formats that hold only hashes ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("target", formats(lambda known: not known.can.readable))
def test_a_format_of_hashes_is_written_and_recognises_and_reads_nothing(target: Format) -> None:
    for path, entry in _samples(target):
        data = write(entry, target)
        assert data, path
        assert not any(known.sniff(data) for known in FORMATS)
        with pytest.raises(KeyconvError):
            target.read(data)
