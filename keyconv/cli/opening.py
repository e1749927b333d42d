"""From a path on the command line to keys that are open."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import field, replace

from keyconv import limits
from keyconv.cli.options import NOT_SAID, InputOptions, OutputOptions
from keyconv.cli.prompt import Prompter, encoded
from keyconv.cli.render import Screen
from keyconv.cli.workers import processors
from keyconv.codec.line_faults import is_private
from keyconv.codec.line_kind import format_of_kind, kind_among_blocks, kind_of, kind_of_name
from keyconv.crypto.kdf import Deriver
from keyconv.engine import read, unlock
from keyconv.errors import KeyconvError, WrongPassphraseError
from keyconv.files import load, too_large
from keyconv.formats import by_name, claiming
from keyconv.formats.base import WriteOptions
from keyconv.keyfile import Entry, KeyFile, Locked
from keyconv.notes import Note
from keyconv.record import record
from keyconv.secret import Passphrase
from keyconv.statements import NAMES as STATEMENTS
from keyconv.statements import Statement, detect, detect_name
from keyconv.statements import read as read_statement

__all__ = ["Opened", "Opener", "read_by_name"]

STDIN = "-"
STDIN_NAME = "standard input"


@record
class Opened:
    """An entry whose private half is open, and the passphrase that did it (None where none was needed)."""

    entry: Entry
    passphrase: Passphrase | None = field(default=None, repr=False)


class Opener:
    """Reads and opens files for one run of the program: what was asked once is not asked again.

    With `statements`, --from may name a file that holds no key; `find_statement` recognises them.
    `data` is what was read last; `passes` are those of Argon2 that were measured; `derived` counts the KDFs that ran.
    """

    def __init__(
        self,
        screen: Screen,
        options: InputOptions,
        paths: tuple[str, ...],
        target: OutputOptions | None = None,
        *,
        statements: bool = False,
    ) -> None:
        if options.format is not None and not (statements and options.format in STATEMENTS):
            by_name(options.format)  # a format that there is not is wrong once, not for each file
        self.screen = screen
        self.options = options
        sources = (options.passphrase, target.new_passphrase if target else NOT_SAID)
        hidden = [source.env for source in sources if source.env is not None]
        self.prompter = Prompter(no_input=options.no_input, stdin_taken=STDIN in paths, hide_env=hidden)
        self.data = b""
        self.passes: int | None = None
        self.derived = 0

    def new_deriver(self) -> Deriver:
        """Return a deriver for one conversion: Ctrl-C ends it at once, although C code is at work."""
        begin = begin_in_thread if processors() > 1 else None
        return Deriver(allow_costly=self.options.allow_costly, run=self._run_kdf, begin=begin)

    def with_passes(self, how: WriteOptions, milliseconds: int) -> WriteOptions:
        """Set the passes of Argon2 to what takes so long on this machine; for many files that is measured once."""
        if self.passes is None:
            from keyconv.cli.cost import calibrate

            how = calibrate(how, milliseconds)
            self.passes = how.kdf_passes
        return replace(how, kdf_passes=self.passes)

    def read(self, path: str) -> KeyFile:
        """Load and read a file, and tell the notes on it; the error on one that does not load names the cause.

        Raises: also for a file of lines with a bad line or a private key in it.
        """
        keyfile = self.read_lines(path)
        for fault in (*filter(is_private, keyfile.faults), *keyfile.faults):
            raise fault.at_path(shown(path))
        return keyfile

    def read_lines(self, path: str) -> KeyFile:
        """Read a file as `read` does, but leave the faults of a file of lines to the caller."""
        return self.read_data(path, lambda: load(path))

    def find_statement(self, path: str, data: bytes) -> str:
        """Return the kind of a file that is about keys and contains none, by --from, its content or its name."""
        if self.options.format is not None:
            return self.options.format if self.options.format in STATEMENTS else ""
        return detect(data) or detect_name(path)

    def load_any(self, path: str) -> bytes:
        """Load a key file, or a file that speaks of keys and holds none, which may be larger.

        Raises: InputError, with its path.
        """
        try:
            data = load(path, limit=limits.MAX_KRL)
            if len(data) > limits.MAX_KEY_FILE and not self.find_statement(path, data):
                raise too_large()
        except KeyconvError as error:
            if error.path == STDIN:
                error.path = STDIN_NAME
            raise error.at_path(shown(path)) from None
        return data

    def read_statement(self, path: str, data: bytes) -> Statement | None:
        """Read a file that speaks of keys and holds none; None for any other file."""
        name = self.find_statement(path, data)
        try:
            return read_statement(data, name) if name else None
        except KeyconvError as error:
            raise error.at_path(shown(path)) from None

    def report(self, faults: Iterable[KeyconvError], path: str) -> int:
        """Print why lines of a file hold no key, and give the exit code for it: with `--strict` each is an error."""
        exit_code = 0
        for fault in faults:
            self.screen.fault(fault.at_path(shown(path)))
            exit_code = exit_code or fault.exit_code
        return exit_code if self.options.strict else 0

    def read_data(self, path: str, load_data: Callable[[], bytes]) -> KeyFile:
        """Read what `load_data` gives as `read` does with a file."""
        try:
            self.data = load_data()
            keyfile = self._read(self.data, path)
        except KeyconvError as error:
            if error.path == STDIN:
                error.path = STDIN_NAME
            raise error.at_path(shown(path)) from None
        self.tell(keyfile.notes, path)
        return keyfile

    def check_plain(self, keyfile: KeyFile, *, strict: bool) -> None:
        """Refuse a file that has more than its key, if losses are forbidden.

        Raises: LossError.
        """
        if strict:
            from keyconv.engine.documents import require_plain

            require_plain(keyfile)

    def unlock(self, entry: Entry, path: str, deriver: Deriver) -> Opened:
        """Open an entry, asking for the passphrase as often as makes sense."""
        try:
            opened = self._unlock(entry, path, deriver)
        except KeyconvError as error:
            raise error.at_path(shown(path)) from None
        self.tell(opened.entry.notes[len(entry.notes) :], path)
        return opened

    def tell(self, notes: tuple[Note, ...], path: str) -> None:
        """Print notes on a file."""
        for note in notes:
            self.screen.note(str(note), shown(path))

    def _run_kdf(self, work: Callable[[], bytes]) -> bytes:
        self.derived += 1
        return run_interruptibly(work)

    def _read(self, data: bytes, path: str) -> KeyFile:
        try:
            named = read_by_name(path, data) if self.options.format is None else None
            keyfile = named or read(data, self.options.format)
        except KeyconvError as error:
            import shlex

            from keyconv.repairs.diagnosis import explain, holds_several
            from keyconv.text.quoting import name_file

            forced = self.options.format  # what else the content may be is then not the question
            if forced is not None and not holds_several(data, by_name(forced)):
                error.hint = name_file(error.hint, shlex.quote(path))
                raise
            raise explain(data, error, path=shlex.quote(path), of_lines=kind_of_name(path) != "") from None
        if keyfile.faults:
            import shlex

            from keyconv.repairs.diagnosis import name_faults

            keyfile = replace(keyfile, faults=name_faults(data, keyfile, path=shlex.quote(path)))
        return keyfile

    def _unlock(self, entry: Entry, path: str, deriver: Deriver) -> Opened:
        if isinstance(entry.private, Locked):
            deriver.check(entry.private.protection.kdf)  # before anybody is asked for a passphrase
        source = self.options.passphrase
        attempts = self.prompter.attempts(source)
        while True:
            passphrase = self.prompter.existing(shown(path), source)
            try:
                tried = encoded(passphrase, self.options.passphrase_encoding)
                return Opened(unlock(entry, tried, deriver=deriver), passphrase)
            except WrongPassphraseError as error:
                attempts -= 1
                if attempts <= 0:
                    raise
                self.prompter.forget()
                self.screen.note(str(error), shown(path))


def read_by_name(path: str, data: bytes) -> KeyFile | None:
    """Read a file as one of lines that it is by its name; None where it has another name, or is another public key.

    Raises: the error of the reader, where that is what `keyconv check` says of the file too.
    """
    kind = kind_of_name(path)
    content = kind_among_blocks(data) or kind_of(data)
    if not kind or kind == content:
        return None
    if not content and any(not found.can.private for found in claiming(data)):
        return None
    try:
        return read(data, format_of_kind(kind))
    except KeyconvError as error:
        if not content or error.rule in ("wrapped-key", "private-not-public"):
            raise
        return None


def shown(path: str) -> str:
    """Name a path in messages."""
    return STDIN_NAME if path == STDIN else path


def run_interruptibly(work: Callable[[], bytes]) -> bytes:
    """Run C code that holds no lock in a thread, so that Ctrl-C ends the program while it is still at work.

    Raises: KeyboardInterrupt; whatever `work` raises.
    """
    return begin_in_thread(work)()


def begin_in_thread(work: Callable[[], bytes]) -> Callable[[], bytes]:
    """Begin such work in a thread. Returns: a function that waits for it and gives its result, or raises its error."""
    results: list[bytes] = []
    errors: list[BaseException] = []

    def target() -> None:
        try:
            results.append(work())
        except BaseException as error:  # handed to the thread that waits
            errors.append(error)

    thread = threading.Thread(target=target, daemon=True)

    def wait() -> bytes:
        while thread.is_alive():
            thread.join(0.1)  # with a limit, because Windows does not interrupt a wait without one
        if errors:
            raise errors[0]
        return results[0]

    thread.start()
    return wait
