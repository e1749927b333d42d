"""What every file that speaks of keys can be asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from keyconv.errors import KeyconvError
from keyconv.keys import Certificate, PublicKey

__all__ = ["Statement"]


class Statement(ABC):
    """A file that says something of keys: `name` is its format; `faults` are the lines that are skipped, and why."""

    __slots__ = ()
    name: ClassVar[str]

    @property
    def faults(self) -> tuple[KeyconvError, ...]:
        """Why lines of the file say nothing."""
        return ()

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Return what `keyconv inspect --json` says of it, as JSON has it."""

    @abstractmethod
    def applies_to(self, public: PublicKey, certificate: Certificate | None) -> str:
        """Say how the file speaks of a key, or give an empty string where it does not."""

    @property
    @abstractmethod
    def verb(self) -> str:
        """What `keyconv match` says of a key that the file speaks of."""

    @property
    @abstractmethod
    def denial(self) -> str:
        """What `keyconv match` says of any other key."""
