"""DER: one encoding a value, and nothing else is read."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pem_family import run, saved

from keyconv.errors import KeyconvError, LimitError, MalformedError, TruncatedError
from keyconv.limits import MAX_MPINT_BYTES
from keyconv.wire import der
from keyconv.wire.der import MAX_DEPTH, DerReader

# From X.690 sections 8.1.3, 8.3 and 8.19, and RFC 8018's and RFC 8410's numbers as their examples show them.
INTEGERS = {0: "020100", 127: "02017f", 128: "02020080", 255: "020200ff", 256: "02020100", 65537: "0203010001"}
OIDS = {
    "2.100.3": "0603813403",
    "2.999": "06028837",
    "1.3.101.112": "06032b6570",
    "1.2.840.113549.1.5.13": "06092a864886f70d01050d",
    "2.16.840.1.101.3.4.1.42": "060960864801650304012a",
    "1.2.840.10045.3.1.7": "06082a8648ce3d030107",
    "0.39": "060127",
    "1.39": "06014f",
}


def _nested(depth: int) -> bytes:
    data = der.integer(1)
    for _ in range(depth):
        data = der.sequence(data)
    return data


def _skip_all(data: bytes) -> None:
    reader = DerReader(data)
    reader.skip("value")
    reader.finish("the value")


# ── what is written and read ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("value", "encoded"), INTEGERS.items())
def test_an_integer_has_the_encoding_of_the_standard(value: int, encoded: str) -> None:
    assert der.integer(value).hex() == encoded
    assert DerReader(bytes.fromhex(encoded)).integer("n") == value


@pytest.mark.parametrize(("value", "encoded"), OIDS.items())
def test_an_oid_has_the_encoding_of_the_standard(value: str, encoded: str) -> None:
    assert der.oid(value).hex() == encoded
    assert DerReader(bytes.fromhex(encoded)).oid("oid") == value


@given(st.integers(min_value=0, max_value=(1 << 8 * (MAX_MPINT_BYTES - 1)) - 1))
def test_every_number_reads_back(value: int) -> None:
    assert DerReader(der.integer(value)).integer("n") == value


@given(st.binary(max_size=70_000))
@example(bytes(127))
@example(bytes(128))
@example(bytes(255))
@example(bytes(256))
@example(bytes(65_535))
@example(bytes(65_536))
def test_every_string_reads_back(value: bytes) -> None:
    reader = DerReader(der.sequence(der.octets(value), der.bits(value), der.implicit(1, b"\0" + value)))
    fields = reader.sequence("all")
    assert fields.octets("octets") == fields.bits("bits") == fields.implicit_bits("tagged bits", 1) == value
    fields.finish()
    reader.finish()


@given(st.lists(st.integers(0, 2**40), min_size=0, max_size=3), st.integers(0, 2), st.integers(0, 39))
def test_every_oid_reads_back(rest: list[int], first: int, second: int) -> None:
    dotted = ".".join(map(str, (first, second, *rest)))
    assert DerReader(der.oid(dotted)).oid("oid") == dotted


def test_null_and_boolean_read_back() -> None:
    reader = DerReader(der.null() + der.boolean(True) + der.boolean(False))
    reader.null("null")
    assert [reader.boolean("yes"), reader.boolean("no")] == [True, False]
    assert reader.peek() is None


def test_context_tags_are_told_apart() -> None:
    reader = DerReader(der.context(0, der.integer(7)) + der.implicit(1, b"\0x"))
    assert reader.next_is_context(0)
    assert not reader.next_is_context(1)
    wrapped = reader.context("parameters", 0)
    assert wrapped.integer("number") == 7
    wrapped.finish()
    assert reader.next_is_context(1)
    assert reader.implicit_bits("public key", 1) == b"x"
    assert not reader.next_is_context(1)


def test_openssl_reads_what_is_written(tmp_path: Path) -> None:
    inner = der.sequence(der.integer(2**2048 - 1), der.oid("1.3.101.112"), der.null(), der.boolean(True))
    data = der.sequence(inner, der.octets(bytes(300)), der.bits(b"\1"), der.context(1, der.integer(0)))
    printed = run("openssl", "asn1parse", "-inform", "DER", "-in", saved(tmp_path, data)).decode()
    assert "ED25519" in printed
    assert printed.count("SEQUENCE") == 2
    assert "cont [ 1 ]" in printed


# ── what is refused ────────────────────────────────────────────────────────────────────────────────────────────────

REFUSED = {
    "3080020100" + "0000": "indefinite length",
    "308103020100": "not in its shortest form",
    "30820003020100": "not in its shortest form",
    "3084000000" + "03020100": "not in its shortest form",
    "3085" + "00" * 4 + "03020100": "a length of 5 bytes",
    "30ff" + "00" * 127: "a length of 127 bytes",
    "1f8101" + "00": "a tag above 30",
    "300402010005": "value at byte 5 is cut short",
}


@pytest.mark.parametrize(("encoded", "message"), REFUSED.items())
def test_what_is_not_der_is_refused(encoded: str, message: str) -> None:
    with pytest.raises(MalformedError, match=message):
        _skip_all(bytes.fromhex(encoded))


NUMBERS = {
    "0200": "a number of no bytes",
    "0201ff": "a negative number",
    "02028000": "a negative number",
    "02020001": "superfluous zero bytes",
    "0203000080": "superfluous zero bytes",
    "04020001": "an OCTET STRING instead of an INTEGER",
    "a0020001": r"a value tagged \[0\] instead of an INTEGER",
    "c0020001": "a value with the tag 0xc0 instead of an INTEGER",
    "": "is missing",
}


@pytest.mark.parametrize(("encoded", "message"), NUMBERS.items())
def test_a_number_in_another_form_is_refused(encoded: str, message: str) -> None:
    with pytest.raises(MalformedError, match=message):
        DerReader(bytes.fromhex(encoded)).integer("n")


@pytest.mark.parametrize("encoded", ["0600", "06022a80", "06032a8001", "0621" + "2a" * 33])
def test_an_oid_in_another_form_is_refused(encoded: str) -> None:
    with pytest.raises(MalformedError):
        DerReader(bytes.fromhex(encoded)).oid("oid")


def test_other_values_in_another_form_are_refused() -> None:
    with pytest.raises(MalformedError, match="not of whole bytes"):
        DerReader(bytes.fromhex("03020780")).bits("bits")
    with pytest.raises(MalformedError, match="not of whole bytes"):
        DerReader(bytes.fromhex("0300")).bits("bits")
    with pytest.raises(MalformedError, match="not empty"):
        DerReader(bytes.fromhex("050100")).null("null")
    for encoded in ("010101", "01020000", "0100"):
        with pytest.raises(MalformedError, match="neither 00 nor FF"):
            DerReader(bytes.fromhex(encoded)).boolean("flag")


def test_depth_sixteen_is_read_and_seventeen_refused() -> None:
    _skip_all(_nested(MAX_DEPTH))
    with pytest.raises(MalformedError, match="more than 16 values deep"):
        _skip_all(_nested(MAX_DEPTH + 1))
    with pytest.raises(MalformedError, match="more than 16 values deep"):
        _skip_all(_nested(1000))
    reader = DerReader(_nested(MAX_DEPTH + 1))
    for _ in range(MAX_DEPTH):
        reader = reader.sequence("level")
    with pytest.raises(MalformedError, match="more than 16 values deep"):
        reader.sequence("level")


def test_bytes_after_the_last_value_are_refused_within_and_without() -> None:
    reader = DerReader(der.sequence(der.integer(1), der.integer(2)) + b"\0")
    fields = reader.sequence("outer")
    fields.integer("first")
    with pytest.raises(MalformedError, match="3 bytes too many after the first, at byte 5"):
        fields.finish("the first")
    with pytest.raises(MalformedError, match="1 bytes too many after the sequence, at byte 8"):
        reader.finish("the sequence")


def test_errors_tell_the_field_and_the_byte_of_the_whole_input() -> None:
    data = der.sequence(der.integer(0), der.octets(der.sequence(der.integer(5), b"\x02\x01\xff")))
    outer = DerReader(data).sequence("outer")
    outer.integer("version")
    inner = outer.within_octets("private key").sequence("inner")
    inner.integer("n")
    with pytest.raises(MalformedError, match=f"^e at byte {len(data) - 3} is a negative number"):
        inner.integer("e")


def test_a_length_beyond_the_end_is_truncation_outside_and_a_fault_inside() -> None:
    with pytest.raises(TruncatedError, match="says that it has 4294967295 bytes, but only 0 are left"):
        DerReader(bytes.fromhex("3084ffffffff")).sequence("key")
    with pytest.raises(MalformedError, match="only 1 are left") as refusal:
        DerReader(bytes.fromhex("3003020200")).sequence("key").integer("n")
    assert not isinstance(refusal.value, TruncatedError)


def test_the_longest_number_is_read_and_a_longer_one_refused() -> None:
    longest = b"\x01" + bytes(MAX_MPINT_BYTES - 1)
    encoded = der.octets(longest)
    assert DerReader(b"\x02" + encoded[1:]).integer("n") == 1 << 8 * (MAX_MPINT_BYTES - 1)
    with pytest.raises(LimitError, match="has 2050 bytes; the limit is 2049"):
        DerReader(b"\x02" + der.octets(longest + b"\0")[1:]).integer("n")


def test_a_count_ends_below_two_to_the_sixty_third() -> None:
    assert DerReader(der.integer(2**63 - 1)).count("iterations") == 2**63 - 1
    with pytest.raises(LimitError, match="above 2"):
        DerReader(der.integer(2**63)).count("iterations")


def test_a_negative_number_is_not_written() -> None:
    with pytest.raises(ValueError, match="negative"):
        der.integer(-1)


def test_every_prefix_of_a_value_is_truncated() -> None:
    data = der.sequence(der.integer(0), der.octets(bytes(200)), der.sequence(der.null()))
    for end in range(1, len(data)):
        with pytest.raises(TruncatedError):
            _skip_all(data[:end])


# ── properties ─────────────────────────────────────────────────────────────────────────────────────────────────────

_TREES = st.recursive(
    st.one_of(
        st.binary(max_size=40).map(der.octets),
        st.integers(0, 2**80).map(der.integer),
        st.just(der.null()),
        st.binary(max_size=9).map(der.bits),
    ),
    lambda inner: st.lists(inner, max_size=4).map(lambda values: der.sequence(*values)),
    max_leaves=12,
)


@given(_TREES)
def test_every_tree_that_is_written_is_read_to_its_end(data: bytes) -> None:
    _skip_all(data)


@given(_TREES, st.data())
def test_a_changed_byte_is_read_or_refused_and_nothing_else(data: bytes, draw: st.DataObject) -> None:
    index = draw.draw(st.integers(0, len(data) - 1))
    changed = bytearray(data)
    changed[index] ^= draw.draw(st.integers(1, 255))
    with suppress(MalformedError):
        _skip_all(bytes(changed))
    der.outline(bytes(changed))


@given(st.binary(max_size=200))
@example(b"\x30\x80\x02\x01\x00")
@example(b"\x30\x84\xff\xff\xff\xff\x02\x84\xff\xff\xff\xff\x01")
def test_any_bytes_are_read_or_refused_and_nothing_else(data: bytes) -> None:
    for read in (
        lambda: _skip_all(data),
        lambda: DerReader(data).integer("n"),
        lambda: DerReader(data).oid("oid"),
        lambda: DerReader(data).bits("bits"),
        lambda: DerReader(data).sequence("all").sequence("first").octets("value"),
    ):
        with suppress(KeyconvError):
            read()
    der.outline(data)


# ── recognising ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_outline_gives_the_first_values_also_of_what_is_cut_short_or_no_der() -> None:
    data = der.sequence(der.integer(0), der.octets(b"abcdef"), der.null())
    whole = ((0x02, b"\0"), (0x04, b"abcdef"), (0x05, b""))
    assert der.outline(data) == whole
    assert der.outline(data + b"more") == whole
    assert der.outline(data[:-5]) == ((0x02, b"\0"), (0x04, b"abc"))
    assert der.outline(b"\x30\x80" + data[2:]) == whole
    assert der.outline(b"\x30\x83\x00\x00\x0d" + data[2:]) == whole
    assert der.outline(b"\x31" + data[1:]) == ()
    assert der.outline(b"") == der.outline(b"\x30") == ()


def test_the_first_whole_sequence_is_measured() -> None:
    for data in (der.sequence(der.null()), der.sequence(), b"\x30\x81\x02\x05\x00"):
        assert der.first_sequence(data) == der.first_sequence(data + b"more") == len(data)
    for data in (b"", der.null(), der.sequence(der.null())[:-1], b"\x30\x80\0\0"):
        assert der.first_sequence(data) == 0
