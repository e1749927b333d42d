"""What a file holds: entries, each with a public half, a private half that may be locked, and what goes with them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from keyconv.crypto.kdf import Deriver, Kdf
from keyconv.errors import KeyconvError
from keyconv.keys import Certificate, PrivateKey, PublicKey
from keyconv.notes import Note
from keyconv.record import record
from keyconv.secret import Passphrase

if TYPE_CHECKING:
    from keyconv.document.spans import Span

__all__ = ["Entry", "KeyFile", "Locked", "OpenEntry", "Option", "Protection", "Unlocked"]


@record
class Protection:
    """How a private half is encrypted: the cipher's name and the KDF with its parameters."""

    cipher: str
    kdf: Kdf


@record
class Unlocked:
    """What unlocking gave: the private half, proved; what was hidden with it; tolerances that were used."""

    private: PrivateKey
    comment: bytes | None = None
    certificate: Certificate | None = None
    notes: tuple[Note, ...] = ()
    attributes: bytes = b""


class Locked(ABC):
    """A private half that needs a passphrase; a format's own subclass holds its decoded fields."""

    __slots__ = ()

    @property
    @abstractmethod
    def protection(self) -> Protection:
        """Cipher and KDF, as the file states them."""

    @property
    def known_family(self) -> str | None:
        """The family of the key, where the file tells it although it hides the public half."""
        return None

    @property
    def hides_comment(self) -> bool:
        """Whether a comment may be among what is encrypted."""
        return False

    @abstractmethod
    def unlock(self, passphrase: Passphrase, deriver: Deriver | None = None) -> Unlocked:
        """Decrypt the private half and prove it.

        Raises: WrongPassphraseError; LimitError for a KDF that costs too much; MalformedError, ContradictionError or
        MismatchError for what then turns out to be wrong.
        """


@record
class Option:
    """One option of an `authorized_keys` line: its name, and its value without the quotes (None for a flag)."""

    name: bytes
    value: bytes | None = None


@record
class Entry:
    """One key of a file.

    While `private` is Locked, `public` is only what the file claims; it is None where the format hides it. `protection`
    is how the private half was locked, once it is open; `fault` is why there is no private half although there should
    be one (a file cut short after its public half). `hosts` and `marker` (`@cert-authority`, `@revoked`) are those of
    a `known_hosts` line, as it spells them, `principals` those of an `allowed_signers` line, whose options are its own.
    `attributes` are those of a PKCS#8 key, in DER; `members` names those of a JSON Web Key, or of the set that it is
    in, that say something else than the key. `format` is that of this key alone, in a file of several keys of
    different formats.
    """

    public: PublicKey | None
    private: PrivateKey | Locked | None = None
    comment: bytes | None = None
    certificate: Certificate | None = None
    options: tuple[Option, ...] = ()
    headers: tuple[tuple[bytes, bytes], ...] = ()
    line: int | None = None
    protection: Protection | None = None
    notes: tuple[Note, ...] = ()
    fault: KeyconvError | None = None
    hosts: tuple[bytes, ...] = ()
    marker: bytes | None = None
    principals: tuple[bytes, ...] = ()
    attributes: bytes = b""
    members: tuple[str, ...] = ()
    format: str = ""


if TYPE_CHECKING:

    @record
    class OpenEntry(Entry):
        """An entry whose private key is open: what `keyconv.unlock` returns. At run time it is an `Entry`."""

        public: PublicKey
        private: PrivateKey

else:
    OpenEntry = Entry


@record
class KeyFile:
    """A file that was read: the name of its format, its kind, its keys in order, and the tolerances that were used.

    Where a file has more than its keys, or several in frames of their own, `spans` says where each entry is and
    `others` what else is there; both are empty for a file that is one key and nothing else. `faults` are the lines of a
    file of lines that hold no key: why not, with `rule` and `line`. A private key among the lines is one of them
    (`private-not-public`).
    """

    format: str
    kind: str
    entries: tuple[Entry, ...]
    notes: tuple[Note, ...] = ()
    spans: tuple[Span, ...] = ()
    others: tuple[Span, ...] = ()
    faults: tuple[KeyconvError, ...] = ()

    @property
    def is_document(self) -> bool:
        """Whether something other than white space is around the keys."""
        return bool(self.others)
