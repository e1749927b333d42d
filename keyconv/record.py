"""Records: frozen dataclasses with slots whose methods are not compiled again for each class.

`@dataclass(frozen=True, slots=True)` writes six methods as text and compiles them, at every start of a program. For the
forty classes that even a short run needs, that takes longer than all the rest of what a run does with a key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, dataclass_transform

__all__ = ["record"]

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """Make a class a frozen dataclass with slots.

    It is one in all that is asked of it: `field`, `fields`, `replace`, `match`, `__post_init__`; equality and hash by
    class and values; FrozenInstanceError; copies and pickles. Only `inspect.signature` does not see its fields.
    """
    made = dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    for method in _methods(made):
        if method.__name__ == "__repr__" and made.__repr__ is not object.__repr__:
            continue  # a base class has one
        setattr(made, method.__name__, method)
    return made


def _methods(made: Any) -> Iterator[Callable[..., Any]]:
    names = tuple(each.name for each in fields(made))
    shown = tuple(each.name for each in fields(made) if each.repr)
    values: Callable[[Any], Any] = attrgetter(*names) if names else lambda self: ()

    def __eq__(self: object, other: object) -> bool:  # noqa: N807 - they become methods of these names
        return bool(values(self) == values(other)) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: object) -> int:  # noqa: N807
        return hash(values(self))

    def __repr__(self: object) -> str:  # noqa: N807
        return f"{made.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    def __reduce__(self: object) -> tuple[object, ...]:  # noqa: N807
        return made, tuple(getattr(self, name) for name in names)

    yield from (_initialiser(made), __eq__, __hash__, __repr__, __reduce__, __setattr__, __delattr__)


def _initialiser(made: Any) -> Callable[..., None]:
    names = tuple(each.name for each in fields(made))
    setters = tuple(getattr(made, name).__set__ for name in names)
    count = len(setters)
    defaults = tuple(each.default for each in fields(made))
    places = {name: place for place, name in enumerate(names)}
    factories = tuple(
        (place, each.default_factory) for place, each in enumerate(fields(made)) if each.default_factory is not MISSING
    )
    required = sum(each.default is MISSING and each.default_factory is MISSING for each in fields(made))
    finish = getattr(made, "__post_init__", None)

    def complete(values: tuple[object, ...], named: dict[str, object]) -> list[object]:
        given = len(values)
        found = [*values, *defaults[given:]]
        for name, value in named.items():
            place = places.get(name, -1)
            if place < given:
                raise TypeError(f"{made.__name__} has no place for {name}")
            found[place] = value
        for place, factory in factories:
            if place >= given and names[place] not in named:
                found[place] = factory()
        if len(found) > len(names):
            raise TypeError(f"{made.__name__} has fewer fields than the values given")
        for place in range(given, required):
            if found[place] is MISSING:
                raise TypeError(f"{made.__name__} needs a value for '{names[place]}'")
        return found

    def __init__(self: object, *values: object, **named: object) -> None:  # noqa: N807
        found = complete(values, named) if named or len(values) != count else values
        for assign, value in zip(setters, found):  # noqa: B905 - they are as many; `strict` would cost
            assign(self, value)
        if finish is not None:
            finish(self)

    return __init__


def __setattr__(self: object, name: str, value: object) -> NoReturn:  # noqa: N807
    raise FrozenInstanceError(f"cannot assign to field '{name}'")


def __delattr__(self: object, name: str) -> NoReturn:  # noqa: N807
    raise FrozenInstanceError(f"cannot delete field '{name}'")
