"""The exceptions of keyconv, ordered by who must act.

Every exception that leaves keyconv on purpose is a `KeyconvError`. It carries a stable `code` (for scripts), the
`exit_code` of the command line, the `place` inside the file, the `path` of the file where one is known, and a `hint`.
"""

from __future__ import annotations

from typing import ClassVar, Self

__all__ = [
    "ContradictionError",
    "InputError",
    "InternalError",
    "KeyconvError",
    "LimitError",
    "LossError",
    "MacError",
    "MalformedError",
    "MisfitError",
    "MismatchError",
    "MissingPassphraseError",
    "NotAKeyError",
    "OutputError",
    "RecomputableError",
    "TruncatedError",
    "UnsupportedError",
    "UsageError",
    "WorkerError",
    "WrongPassphraseError",
]


class KeyconvError(Exception):
    """Base of every error that keyconv raises on purpose.

    `message` is one line without a final full stop and never holds key material; `place` says where in the file
    (outermost first, `ppk: Argon2-Memory: line 7`); `hint` says what to do, where that is known; `rule` is the rule of
    `keyconv check` that names the cause; `line` (from 1) is the line of the file, where the error is about one.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 3

    def __init__(
        self, message: str, *, place: str = "", hint: str = "", rule: str = "", line: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint
        self.path = ""
        self.rule = rule
        self.line = line

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message

    def __reduce__(self) -> tuple[type[Self], tuple[str], dict[str, str | int | None]]:
        state = {"place": self.place, "hint": self.hint, "path": self.path, "rule": self.rule, "line": self.line}
        return type(self), (self.message,), state

    def within(self, place: str) -> Self:
        """Put `place` in front of where the error happened, and return the error."""
        self.place = f"{place}: {self.place}" if self.place else place
        return self

    def at_path(self, path: str) -> Self:
        """Name the file, unless one is named already, and return the error."""
        self.path = self.path or path
        return self


# ── what the caller asked for ──────────────────────────────────────────────────────────────────────────────────────


class UsageError(KeyconvError):
    """The call itself is wrong: an unknown format, options that exclude each other."""

    code = "usage"
    exit_code = 2


# ── what the file holds ────────────────────────────────────────────────────────────────────────────────────────────


class InputError(KeyconvError):
    """The input cannot be read at all: missing, a directory, a FIFO, too large."""

    code = "unreadable"


class NotAKeyError(KeyconvError):
    """The input is of no format that keyconv knows."""

    code = "not-a-key"


class MalformedError(KeyconvError):
    """The format is known but its structure does not hold: cut short, left-over bytes, bad base64."""

    code = "malformed"


class TruncatedError(MalformedError):
    """The end of the file is missing."""

    code = "truncated"


class UnsupportedError(KeyconvError):
    """The file is well formed as far as can be told, but of a version, cipher or type that keyconv cannot open."""

    code = "unsupported"


class LimitError(KeyconvError):
    """The file asks for more work or memory than `keyconv.limits` allows; refused before doing any of it."""

    code = "limit"


class MismatchError(KeyconvError):
    """The file states a thing twice and the two differ: above all a public half that is not of its private half."""

    code = "key-mismatch"


class ContradictionError(KeyconvError):
    """The numbers of a key contradict each other or lie outside their range."""

    code = "inconsistent-numbers"


class RecomputableError(ContradictionError):
    """Only numbers of an RSA key that follow from its others are wrong (iqmp, dp, dq): `keyconv repair` mends that."""

    code = "recomputable-numbers"


class MacError(KeyconvError):
    """A checksum that needs no passphrase does not fit: the file was edited or damaged."""

    code = "mac-mismatch"


# ── what the user must give ────────────────────────────────────────────────────────────────────────────────────────


class MissingPassphraseError(KeyconvError):
    """A passphrase is needed and there is no way to ask for one."""

    code = "passphrase-required"
    exit_code = 4


class WrongPassphraseError(KeyconvError):
    """The passphrase does not open the key; the KDF's parameters were in order."""

    code = "wrong-passphrase"
    exit_code = 4


# ── where the result goes ──────────────────────────────────────────────────────────────────────────────────────────


class OutputError(KeyconvError):
    """The output was refused or could not be written: it exists, no permission, disk full.

    `written` says that the file is there all the same, and that only what comes after failed.
    """

    code = "output"
    exit_code = 5
    written = False


class MisfitError(KeyconvError):
    """The target format cannot hold this key."""

    code = "cannot-hold"
    exit_code = 6


class LossError(KeyconvError):
    """The target would drop something, and losses were forbidden."""

    code = "loss"
    exit_code = 6


# ── what the machine did ───────────────────────────────────────────────────────────────────────────────────────────


class WorkerError(KeyconvError):
    """The worker process that had this file in hand ended before it was done: killed, or out of memory."""

    code = "worker-lost"


class InternalError(KeyconvError):
    """A fault of keyconv's own: the message names the exception's type and place, for its text could hold a secret."""

    code = "internal"

    @classmethod
    def of(cls, error: BaseException) -> Self:
        """Tell of an exception that nobody expected."""
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}" if trace else "an unknown place"
        return cls(
            f"internal error: {type(error).__name__} in {place}",
            hint="please report this, with what the file is but never with a private key",
        )
