"""The exceptions of keyconv, ordered by who must act.

Every exception that leaves keyconv on purpose is a `KeyconvError`. It carries a stable `code` (for scripts), the
`exit_code` of the command line, the `place` inside the file, the `path` of the file where one is known, and a `hint`.
One that is about what a file holds carries the `rule` of `keyconv check` too: its class has a default, which the place
that raises it overrides. What a message says is for people; nothing reads it.
"""

from __future__ import annotations

from typing import ClassVar, Self

__all__ = [
    "ConfirmationError",
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
    "ReaderGoneError",
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
    `keyconv check` that names the cause, by default the one of the class, and empty where the error is not about what a
    file holds; `line` (from 1) is the line of the file, where the error is about one; `byte` (from 0) is the byte of
    the DER that a file frames; `format` names the format whose reader refused the file.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 3
    default_rule: ClassVar[str] = ""

    def __init__(
        self,
        message: str,
        *,
        place: str = "",
        hint: str = "",
        rule: str | None = None,
        line: int | None = None,
        byte: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.field = place
        self.hint = hint
        self.path = ""
        self.rule = self.default_rule if rule is None else rule
        self.line = line
        self.byte = byte
        self.format = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message

    def __reduce__(self) -> tuple[type[Self], tuple[str], dict[str, object]]:
        return type(self), (self.message,), vars(self).copy()

    def within(self, place: str) -> Self:
        """Put `place` in front of where the error happened, and return the error."""
        self.place = _join(place, self.place)
        self.field = _join(place, self.field)
        return self

    def within_line(self, number: int) -> Self:
        """Put a line of the file (from 1) in front of where the error happened, and return the error.

        `field` stays without it: the place for a text whose lines have moved.
        """
        self.place = _join(f"line {number}", self.place)
        self.line = number
        return self

    def placed_as(self, error: KeyconvError) -> Self:
        """Take over where another error happened, and return the error."""
        self.place, self.field, self.line, self.byte = error.place, error.field, error.line, error.byte
        return self

    def of_format(self, name: str) -> Self:
        """Name the format whose reader refused the file, put it in front as `within` does, and return the error."""
        self.format = name
        return self.within(name)

    def at_path(self, path: str) -> Self:
        """Name the file, unless one is named already, and return the error."""
        self.path = self.path or path
        return self


def _join(outer: str, inner: str) -> str:
    return f"{outer}: {inner}" if inner else outer


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
    """The input is not a key in any format keyconv supports."""

    code = default_rule = "not-a-key"


class MalformedError(KeyconvError):
    """The format is known but its structure does not hold: cut short, left-over bytes, bad base64."""

    code = "malformed"
    default_rule = "corrupt"


class TruncatedError(MalformedError):
    """The end of the file is missing."""

    code = default_rule = "truncated"


class UnsupportedError(KeyconvError):
    """The file is well formed as far as is known, but of a version, cipher or type that keyconv cannot open."""

    code = default_rule = "unsupported"


class LimitError(KeyconvError):
    """The file asks for more work or memory than `keyconv.limits` allows; refused before doing any of it."""

    code = "limit"
    default_rule = "unsupported"


class MismatchError(KeyconvError):
    """The file states a thing twice and the two differ: above all a public half that is not of its private half."""

    code = default_rule = "key-mismatch"


class ContradictionError(KeyconvError):
    """The numbers of a key contradict each other or lie outside their range."""

    code = default_rule = "inconsistent-numbers"


class RecomputableError(ContradictionError):
    """Only numbers of a key that follow from its others are wrong, as iqmp, dp and dq do: `keyconv repair` fixes it."""

    code = default_rule = "recomputable-numbers"


class MacError(KeyconvError):
    """A checksum that needs no passphrase does not fit: the file was edited or damaged."""

    code = default_rule = "mac-mismatch"


# ── what the user must give ────────────────────────────────────────────────────────────────────────────────────────


class MissingPassphraseError(KeyconvError):
    """A passphrase is needed and there is no way to ask for one."""

    code = "passphrase-required"
    exit_code = 4


class ConfirmationError(KeyconvError):
    """A person must say yes, and did not, or there is no way to ask."""

    code = "not-confirmed"
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


class ReaderGoneError(OutputError):
    """The reader of standard output left, as `head` does when it has enough; the program ends without a word."""

    code = "reader-gone"
    exit_code = 141  # 128 and SIGPIPE, as a shell says it of programs that the signal ends


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
    """A bug in keyconv: the message names the exception's type and place, for its text could hold a secret."""

    code = "internal"

    @classmethod
    def of(cls, error: BaseException) -> Self:
        """Report an exception that nobody expected."""
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}" if trace else "an unknown place"
        return cls(
            f"internal error: {type(error).__name__} in {place}",
            hint="please report this, with what the file is but never with a private key",
        )
