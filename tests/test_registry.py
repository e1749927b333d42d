"""The registry tells without importing a format what its files begin with; that must be what its sniffer says."""

from __future__ import annotations

import string

import pytest
from fixture_files import FIXTURES, by_path
from hypothesis import given
from hypothesis import strategies as st

from keyconv import convert
from keyconv.errors import UsageError
from keyconv.formats import ALIASES, FORMATS, REGISTRY, by_name, claiming

STARTS = sorted({start for known in REGISTRY for start in known.starts})
JSON = [convert(by_path("ppk/ed25519-v3-plain.ppk").data, name) for name in ("jwk", "jwk-pub")]
SAMPLES = [*(fixture.data for fixture in FIXTURES), *JSON]

heads = st.one_of(
    st.sampled_from(STARTS),
    st.sampled_from(SAMPLES).flatmap(lambda data: st.integers(0, min(len(data), 80)).map(lambda at: data[:at])),
    st.text(string.printable, max_size=12).map(str.encode),
    st.binary(max_size=12),
)


def test_the_records_are_those_of_the_registry_in_its_order() -> None:
    assert [record.name for record in FORMATS] == [known.name for known in REGISTRY]


@pytest.mark.parametrize("name", [known.name for known in REGISTRY])
def test_a_name_gives_the_record_that_bears_it(name: str) -> None:
    assert by_name(name).name == by_name(name.upper()).name == name
    assert by_name(name) is next(record for record in FORMATS if record.name == name)


def test_an_alias_gives_the_format_that_it_stands_for() -> None:
    for alias, name in ALIASES.items():
        assert by_name(alias) is by_name(name)


def test_an_unknown_name_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(UsageError) as refusal:
        by_name("opnssh")
    assert refusal.value.hint == "did you mean 'openssh'?"


def _all_who_claim(data: bytes) -> list[str]:
    return [record.name for record in FORMATS if record.sniff(data)]


@pytest.mark.parametrize("whole", SAMPLES, ids=[*(fixture.path for fixture in FIXTURES), "jwk", "jwk-pub"])
def test_who_claims_a_file_is_the_same_as_if_all_were_asked(whole: bytes) -> None:
    for data in (whole, whole[:40], whole[1:], b"\n" + whole, b" " + whole, b"\t\r\n" + whole):
        assert [record.name for record in claiming(data)] == _all_who_claim(data)


@given(head=heads, middle=heads, rest=st.sampled_from(SAMPLES))
def test_who_claims_a_damaged_file_is_the_same_as_if_all_were_asked(head: bytes, middle: bytes, rest: bytes) -> None:
    for data in (head, head + rest, head + middle + rest, head + middle, head + rest[len(head) :]):
        assert [record.name for record in claiming(data)] == _all_who_claim(data)
