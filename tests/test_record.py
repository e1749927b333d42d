"""A record is a frozen dataclass with slots in all that the code asks of one."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass, replace
from typing import Any, ClassVar

import pytest

from keyconv.record import record


@record
class Point:
    """A point with a name, which is secret, and marks."""

    x: int
    y: int = 0
    name: str = field(default="", repr=False)
    marks: list[int] = field(default_factory=list)

    dimensions: ClassVar[int] = 2


@dataclass(frozen=True, slots=True)
class Model:
    """The same, made by the standard library."""

    x: int
    y: int = 0
    name: str = field(default="", repr=False)
    marks: list[int] = field(default_factory=list)

    dimensions: ClassVar[int] = 2


@record
class Empty:
    """Nothing but its class."""


@record
class Checked:
    """A number that must be positive."""

    number: int

    def __post_init__(self) -> None:
        if self.number < 1:
            raise ValueError("not positive")


CALLS: list[Callable[[Any], Any]] = [
    lambda make: make(1),
    lambda make: make(1, 2, "n", [3]),
    lambda make: make(marks=[3], x=1),
    lambda make: make(1, name="n"),
]


@pytest.mark.parametrize("call", CALLS)
def test_it_holds_what_a_dataclass_would(call: Callable[[Any], Any]) -> None:
    point, model = call(Point), call(Model)
    assert [getattr(point, each.name) for each in fields(Point)] == [
        getattr(model, each.name) for each in fields(Model)
    ]
    assert repr(point) == repr(model).replace("Model", "Point")
    assert [each.name for each in fields(Point)] == ["x", "y", "name", "marks"]


@pytest.mark.parametrize(
    "call",
    [lambda make: make(), lambda make: make(1, 2, "n", [], 5), lambda make: make(1, z=2), lambda make: make(1, x=2)],
)
def test_a_wrong_call_is_refused_as_a_dataclass_refuses_it(call: Callable[[Any], Any]) -> None:
    for make in (Model, Point):
        with pytest.raises(TypeError):
            call(make)


def test_each_one_has_its_own_value_from_a_factory() -> None:
    assert Point(1).marks is not Point(1).marks


def test_equality_is_by_class_and_all_values() -> None:
    assert Point(1, 2) == Point(1, 2)
    assert Point(1, 2) != Point(1, 3)
    assert Point(1, marks=[1]) != Point(1)
    other: object = Model(1)
    assert Point(1) != other
    assert Empty() == Empty()
    assert hash(Checked(3)) == hash(Checked(3))
    assert len({Checked(1), Checked(1), Checked(2), Empty(), Empty()}) == 3


def test_nothing_in_it_can_be_changed_and_nothing_added() -> None:
    point = Point(1)
    for name in ("x", "z"):
        with pytest.raises(FrozenInstanceError):
            setattr(point, name, 2)
        with pytest.raises(FrozenInstanceError):
            delattr(point, name)
    assert point.x == 1
    assert not hasattr(point, "__dict__")


def test_replacing_makes_another_and_checks_it() -> None:
    assert replace(Point(1, 2, "n"), y=5) == Point(1, 5, "n")
    with pytest.raises(ValueError, match="not positive"):
        replace(Checked(1), number=0)
    with pytest.raises(ValueError, match="not positive"):
        Checked(0)


def test_match_takes_it_apart() -> None:
    match Point(1, 2):
        case Point(x, y=y):
            assert (x, y) == (1, 2)


def test_copies_and_pickles_are_equal_to_it() -> None:
    point = Point(1, 2, "n", [3])
    for other in (copy.copy(point), copy.deepcopy(point), pickle.loads(pickle.dumps(point))):
        assert other == point
    assert copy.deepcopy(point).marks is not point.marks


def test_it_is_a_dataclass_with_the_class_s_own_docstring() -> None:
    assert Point.__doc__ == "A point with a name, which is secret, and marks."
    assert Point.dimensions == 2
    assert is_dataclass(Point)
