"""Lists of patterns in which what is excluded leaves nothing."""

from __future__ import annotations

import pytest

from keyconv.checks.covering import leaves_nothing


@pytest.mark.parametrize(
    ("patterns", "nothing"),
    [
        (["*", "!*"], True),
        (["a", "!a"], True),
        (["a.example", "!*.example"], True),
        (["a.example", "b", "!*.example"], False),
        (["*.example", "!a.example"], False),
        (["a"], False),
        (["!a"], False),
        (["10.0.0.1", "!10.0.0.0/8"], True),
        (["11.0.0.1", "!10.0.0.0/8"], False),
        (["abc", "!?b?"], True),
    ],
)
def test_a_list_leaves_nothing_when_each_pattern_is_excluded(patterns: list[str], nothing: bool) -> None:
    assert leaves_nothing(patterns) is nothing


@pytest.mark.parametrize(
    "patterns",
    [
        ["a" * 8000, "!" + "*a" * 2000 + "b"],
        [*(f"a{each}" for each in range(1500)), *(f"!b{each}*" for each in range(1500))],
        ["a" * 8000, "!*a*a*b"],
    ],
)
def test_hostile_lists_cost_little(patterns: list[str]) -> None:
    assert not leaves_nothing(patterns)  # without a limit on the work this would take hours
