"""Every fixture through every format that can hold it, and back: the same key comes out.

Each cell writes the key in the target format, reads that, writes it in the format it came from, and reads again. Many
fixtures hold the same key with the same comment: such a cell is walked once.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from fixture_files import DERIVER, READABLE, Fixture, by_path, keyfile, opened, pick

from keyconv import FORMATS, Entry, Format, KeyFile, WriteOptions, convert, match
from keyconv.engine import choose, plan, read, write
from keyconv.errors import KeyconvError, MisfitError

WRITABLE = tuple(known for known in FORMATS if known.write is not None and known.can.readable)


def _way_back(source: str, private: bool) -> Format:
    """The source's own format, or one that can hold whatever it held where it is only read."""
    for name in (source, "ppk" if private else "openssh-pub"):
        for known in WRITABLE:
            if known.name == name:
                return known
    raise AssertionError(source)


def _fits(entry: Entry, target: Format) -> bool:
    try:
        plan(entry, target)
    except MisfitError:
        return False
    return True


def _kept(entry: Entry, target: Format) -> Entry:
    """What of an entry is left when a format holds only what its record declares."""
    can = target.can
    comment = target.fit_comment(entry.comment or b"") if can.comment else b""
    return Entry(
        public=entry.public,
        private=entry.private if can.private else None,
        comment=comment or None,
        certificate=entry.certificate if can.certificate else None,
        options=entry.options if can.options and not entry.principals else (),  # those of signers mean other things
        headers=entry.headers if can.headers else (),
        attributes=entry.attributes if can.attributes else b"",
    )


def _bare(entry: Entry) -> Entry:
    """An entry without where and how it stood in its file."""
    return replace(entry, comment=entry.comment or None, line=None, protection=None, notes=(), fault=None)


@cache
def _travel(entry: Entry, target: Format, back: Format) -> None:
    there = choose(read(write(entry, target)))
    assert _bare(there) == _kept(entry, target)
    if target.can.private == back.can.private:
        home = choose(read(write(there, back)))
        assert _bare(home) == _kept(_kept(entry, target), back)


@pytest.mark.parametrize("fixture", pick(lambda fixture: fixture.private and fixture.whole))
def test_a_private_key_survives_every_format_that_can_hold_it(fixture: Fixture) -> None:
    reached = 0
    for number in range(1, len(keyfile(fixture).entries) + 1):
        entry = opened(fixture, number)
        for target in WRITABLE:
            if target.can.private and _fits(entry, target):
                _travel(_bare(entry), target, _way_back(fixture.reader, private=True))
                reached += 1
    assert reached


@pytest.mark.parametrize("fixture", pick(lambda fixture: True))
def test_a_public_half_survives_every_format_that_can_hold_it(fixture: Fixture) -> None:
    file = keyfile(fixture)
    for number, locked in enumerate(file.entries, 1):
        entry = locked if locked.public is not None else opened(fixture, number)
        if file.kind == "private":
            entry = replace(entry, private=None, fault=None)
        reached = [target for target in WRITABLE if not target.can.private and _fits(entry, target)]
        assert len(reached) >= 2
        for target in reached:
            _travel(
                entry, target, _way_back(fixture.reader if file.kind != "private" else "openssh-pub", private=False)
            )


def _one_of_each_kind() -> list[Fixture]:
    """The smallest fixture of each format and type, encrypted and not, with a certificate and without."""
    chosen: dict[tuple[object, ...], Fixture] = {}
    for fixture in sorted(READABLE, key=lambda each: each.size):
        if fixture.private and fixture.whole and not fixture.keys:
            chosen.setdefault((fixture.reader, fixture.type, fixture.encrypted), fixture)
    return sorted(chosen.values(), key=lambda each: each.path)


@pytest.mark.parametrize("fixture", pick(lambda fixture: True, _one_of_each_kind()))
def test_converting_a_whole_file_keeps_the_key(fixture: Fixture) -> None:
    """The same through `convert`, from bytes to bytes; the passphrase is taken off, so that it costs one KDF."""
    entry = opened(fixture)
    for target in WRITABLE:
        if not _fits(entry, target):
            continue
        data = convert(
            fixture.data, target.name, passphrase=fixture.passphrase, new_passphrase=None, options=_options()
        )
        written = choose(read(data))
        assert written.public == entry.public
        assert written.private == (entry.private if target.can.private else None)


def _options() -> WriteOptions:
    return WriteOptions(deriver=DERIVER)


@pytest.mark.parametrize("fixture", pick(lambda fixture: not fixture.whole))
def test_a_file_cut_short_gives_its_public_half_and_no_private_one(fixture: Fixture) -> None:
    whole = opened(by_path("ppk/ed25519-v3-plain.ppk"))
    for target in WRITABLE:
        if target.can.private:
            with pytest.raises(KeyconvError, match="cut short"):
                convert(fixture.data, target.name, passphrase=b"correct horse")
        elif "ed25519" in target.can.families:
            assert choose(read(convert(fixture.data, target.name))).public == whole.public


def test_all_files_of_one_key_hold_the_same_key() -> None:
    by_key: dict[str, list[KeyFile]] = {}
    for fixture in READABLE:
        if fixture.key is not None and not fixture.keys:
            file = keyfile(fixture)
            if file.entries[0].public is None:
                file = replace(file, entries=(opened(fixture),))
            by_key.setdefault(fixture.key, []).append(file)
    assert len(by_key) > 10
    firsts = []
    for files in by_key.values():
        assert match(files) is not None
        firsts.append(files[0])
    for index, first in enumerate(firsts):
        for other in firsts[index + 1 :]:
            assert match([first, other]) is None
