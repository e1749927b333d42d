"""Exceptions: each has its own code, keeps its place and path, and survives the way between processes."""

from __future__ import annotations

import copy
import pickle

import pytest

from keyconv import errors
from keyconv.errors import KeyconvError, MalformedError, MisfitError, TruncatedError, WrongPassphraseError

ALL = [getattr(errors, name) for name in errors.__all__]
EXIT_CODES = {
    "usage": 2,
    "passphrase-required": 4,
    "wrong-passphrase": 4,
    "not-confirmed": 4,
    "output": 5,
    "reader-gone": 141,
    "cannot-hold": 6,
    "loss": 6,
}


@pytest.mark.parametrize("kind", ALL)
def test_it_is_pickled_with_all_that_it_knows(kind: type[KeyconvError]) -> None:
    error = kind("no such thing", place="line 3", hint="look again").within("ppk").at_path("/tmp/key")
    for made in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(made) is kind
        assert vars(made) == vars(error)
        assert str(made) == str(error) == "ppk: line 3: no such thing"
        assert (made.message, made.place, made.hint, made.path) == (
            "no such thing",
            "ppk: line 3",
            "look again",
            "/tmp/key",
        )


def test_every_kind_has_its_own_code() -> None:
    assert len({kind.code for kind in ALL}) == len(ALL)


@pytest.mark.parametrize("kind", ALL)
def test_exit_codes_are_those_of_the_contract(kind: type[KeyconvError]) -> None:
    assert kind.exit_code == EXIT_CODES.get(kind.code, 3)


def test_all_of_the_module_is_exported() -> None:
    kinds = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert kinds == set(errors.__all__)
    assert all(issubclass(kind, KeyconvError) for kind in ALL)
    assert issubclass(TruncatedError, MalformedError)


def test_within_puts_the_outer_place_first_and_gives_the_error_back() -> None:
    error = MalformedError("the MAC is short")
    assert str(error) == "the MAC is short"
    assert error.within("line 7") is error
    assert str(error) == "line 7: the MAC is short"
    assert error.within("ppk").place == "ppk: line 7"
    assert error.message == "the MAC is short"


def test_the_first_path_named_stays() -> None:
    error = WrongPassphraseError("wrong passphrase")
    assert error.at_path("") is error
    assert error.at_path("a.ppk").at_path("b.ppk").path == "a.ppk"
    assert "a.ppk" not in str(error)


def test_the_arguments_are_the_message_alone() -> None:
    assert MisfitError("ppk cannot hold it", hint="use openssh").args == ("ppk cannot hold it",)
    assert repr(MisfitError("x", hint="y")) == "MisfitError('x')"
