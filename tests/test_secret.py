"""A passphrase shows itself to nobody who does not ask for it by name."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import pickle
import traceback
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyconv import limits
from keyconv.secret import CODE_PAGES, Passphrase

WORDS = "correct horse"
SECRET = Passphrase(WORDS)


@dataclasses.dataclass
class Holder:
    passphrase: Passphrase


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        ascii,
        format,
        lambda secret: f"{secret}",
        lambda secret: f"{secret!r:>40}",
        lambda secret: f"{secret:x>40}",
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031
        lambda secret: f"{secret} {secret!a}",
        lambda secret: repr([secret, (secret,), {"passphrase": secret}]),
        lambda secret: repr(Holder(secret)),
        lambda secret: repr(ValueError(secret)),
        lambda secret: logging.makeLogRecord({"msg": "%s", "args": (secret,)}).getMessage(),
    ],
)
def test_no_way_to_print_it_shows_it(show: Callable[[Passphrase], str]) -> None:
    shown = show(SECRET)
    assert "Passphrase(***)" in shown
    assert "correct" not in shown
    assert "horse" not in shown


@pytest.mark.parametrize(
    "take",
    [
        *(lambda secret, protocol=protocol: pickle.dumps(secret, protocol) for protocol in range(6)),
        copy.copy,
        copy.deepcopy,
        lambda secret: dataclasses.asdict(Holder(secret)),
        lambda secret: pickle.dumps(Holder(secret)),
        json.dumps,
        vars,
        iter,
        len,
        bytes,
        lambda secret: secret + secret,
    ],
)
def test_no_way_to_copy_or_open_it_works(take: Callable[[Passphrase], object]) -> None:
    with pytest.raises((TypeError, AttributeError)) as caught:
        take(SECRET)
    assert WORDS not in "".join(traceback.format_exception(caught.value))


def test_equality_is_identity() -> None:
    same = Passphrase(WORDS)
    others: list[object] = [same, WORDS, WORDS.encode()]
    assert SECRET not in others
    assert SECRET == SECRET
    assert hash(same) != hash(WORDS.encode())
    assert len({SECRET, same}) == 2


def test_it_has_no_place_for_anything_else() -> None:
    assert not hasattr(SECRET, "__dict__")
    with pytest.raises(AttributeError):
        SECRET.note = "x"  # type: ignore[attr-defined]


@given(st.binary(max_size=100))
def test_reveal_gives_the_bytes(data: bytes) -> None:
    assert Passphrase(data).reveal() == data
    assert bool(Passphrase(data)) == bool(data)


def test_text_is_utf8_and_the_platforms_undecodable_bytes_come_back() -> None:
    assert Passphrase("schlüssel").reveal() == b"schl\xc3\xbcssel"
    assert Passphrase(b"schl\xfcssel".decode("utf-8", "surrogateescape")).reveal() == b"schl\xfcssel"


def test_text_that_cannot_be_encoded_is_refused_without_being_shown() -> None:
    with pytest.raises(ValueError, match="surrogate") as caught:
        Passphrase(WORDS + "\ud800")
    shown = "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None
    assert repr(WORDS)[1:-1] not in repr(caught.value)
    assert "UnicodeEncodeError" not in shown


def test_the_longest_is_taken_and_one_byte_more_is_refused() -> None:
    Passphrase(b"x" * limits.MAX_PASSPHRASE)
    with pytest.raises(ValueError, match="too long"):
        Passphrase(b"x" * (limits.MAX_PASSPHRASE + 1))


def spelled(data: bytes | str) -> list[tuple[str, bytes]]:
    return [(name, each.reveal()) for name, each in Passphrase(data).spellings()]


@given(st.text(st.characters(max_codepoint=0x7F), max_size=20))
def test_ascii_has_one_spelling(text: str) -> None:
    assert spelled(text) == [("as given", text.encode())]


@given(st.binary(max_size=20))
def test_the_first_spelling_is_the_passphrase_itself_and_none_comes_twice(data: bytes) -> None:
    spellings = spelled(data)
    assert spellings[0][1] == data
    assert len({each for _, each in spellings}) == len(spellings)
    assert next(Passphrase(data).spellings())[0] in ("as given", "UTF-8")


def test_the_code_pages_of_a_western_windows_are_tried() -> None:
    composed, decomposed = "schlüssel", unicodedata.normalize("NFD", "schlüssel")
    assert spelled(composed) == [
        ("UTF-8", composed.encode()),
        ("UTF-8 NFD", decomposed.encode()),
        ("cp1252", b"schl\xfcssel"),
        ("cp936", b"schl\xa8\xb9ssel"),
        ("cp437", b"schl\x81ssel"),
    ]
    assert spelled(decomposed) == [
        ("UTF-8", decomposed.encode()),
        ("UTF-8 NFC", composed.encode()),
        ("cp1252", b"schl\xfcssel"),
        ("cp936", b"schl\xa8\xb9ssel"),
        ("cp437", b"schl\x81ssel"),
    ]


def test_latin1_is_tried_where_it_differs_from_cp1252() -> None:
    assert spelled("\x80x")[1] == ("latin-1", b"\x80x")
    assert spelled("5 €")[1] == ("cp1252", b"5 \x80")


def test_a_script_that_no_code_page_holds_has_only_utf8() -> None:
    assert spelled("🔑") == [("UTF-8", "🔑".encode())]


# The bytes are those of the Unicode Consortium's tables of Microsoft's code pages.
@pytest.mark.parametrize(
    ("text", "page", "data"),
    [
        ("zażółć", "cp1250", "7a61bff3b3e6"),
        ("пароль", "cp1251", "efe0f0eeebfc"),
        ("пароль", "cp866", "afa0e0aeabec"),
        ("κλειδί", "cp1253", "eaebe5e9e4df"),
        ("şifreğ", "cp1254", "fe69667265f0"),
        ("מפתח", "cp1255", "eef4fae7"),
        ("مفتاح", "cp1256", "e3ddcac7cd"),
        ("raktažodis", "cp1257", "72616b7461fe6f646973"),
        ("mật khẩu", "cp1258", "6de2f274206b68e2d275"),
        ("パス", "cp932", "83708358"),
        ("密码", "cp936", "c3dcc2eb"),
        ("암호", "cp949", "becfc8a3"),
        ("密碼", "cp950", "b14bbd58"),
        ("clé", "cp437", "636c82"),
        ("ÿØ", "cp850", "989d"),
    ],
)
def test_the_other_code_pages_of_windows_are_tried_last(text: str, page: str, data: str) -> None:
    spellings = spelled(text)
    assert bytes.fromhex(data) in [each for _, each in spellings]
    assert (page, bytes.fromhex(data)) in spellings
    first = [name for name, _ in spellings if name not in CODE_PAGES]
    assert [name for name, _ in spellings][: len(first)] == first


def test_no_code_page_is_tried_for_ascii() -> None:
    assert spelled("correct horse") == [("as given", b"correct horse")]


def test_one_encoding_alone() -> None:
    chosen = Passphrase("пароль").encoded_as("koi8-r")
    assert chosen is not None
    assert [(name, each.reveal()) for name, each in chosen.spellings()] == [("as given", "пароль".encode("koi8-r"))]
    again = pickle.loads(pickle.dumps(chosen.hand_over())).take()
    assert [each.reveal() for _, each in again.spellings()] == ["пароль".encode("koi8-r")]
    utf8 = Passphrase("schl\u00fcssel").encoded_as("utf-8")
    assert utf8 is not None
    assert len(list(utf8.spellings())) == 1
    assert Passphrase("пароль").encoded_as("latin-1") is None
    assert Passphrase(b"\xff").encoded_as("cp1251") is None
    for name in ("nope", "hex"):
        with pytest.raises(LookupError):
            SECRET.encoded_as(name)


def test_bytes_that_are_no_utf8_have_one_spelling() -> None:
    assert spelled(b"schl\xfcssel") == [("as given", b"schl\xfcssel")]
