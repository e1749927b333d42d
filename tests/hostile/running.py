"""Every command of keyconv on one file, in this process, and what came of it.

As a program (`python running.py MEGABYTES WHO CERTIFICATE COMMANDS`) it does so under a limit on its memory, as nobody
if that is who, and prints the outcomes as JSON; COMMANDS is JSON, too: the names of the commands by file.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock

if __name__ == "__main__":
    # Instead of this file's folder, whose `numbers` is not the one that the standard library asks for.
    sys.path[:1] = [os.fspath(Path(__file__).resolve().parents[1]), os.fspath(Path(__file__).resolve().parents[2])]

import typer.main
import typer.testing

from keyconv.cli import prompt
from keyconv.cli.app import app

__all__ = ["COMMANDS", "Outcome", "agent", "run_all"]

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "convert": ("convert", "{file}", "-o", "{out}", "--no-passphrase", "--passphrase-file", "{secret}"),
    "public": ("public", "{file}", "-o", "{out}"),
    "inspect": ("inspect", "{file}"),
    "inspect, opened": ("inspect", "--json", "{file}", "--passphrase-file", "{secret}"),
    "check": ("check", "--format", "json", "{file}", "--passphrase-file", "{secret}"),
    "repair": ("repair", "{file}", "-o", "{out}", "--passphrase-file", "{secret}"),
    "passphrase": ("passphrase", "{copy}", "--no-passphrase", "--passphrase-file", "{secret}"),
    "comment": ("comment", "{copy}", "changed", "--passphrase-file", "{secret}"),
    "match": ("match", "{file}", "{file}"),
    "cert show": ("cert", "show", "{file}"),
    "cert attach": ("cert", "attach", "{file}", "{certificate}", "-o", "{out}", "--passphrase-file", "{secret}"),
    "cert detach": ("cert", "detach", "{file}", "-o", "{out}", "--passphrase-file", "{secret}"),
    "agent add": ("agent", "add", "{file}", "--passphrase-file", "{secret}"),
}
"""Every command that reads a key, by name; `inspect` twice, without and with the passphrase."""

_NOBODY = 65534
IN_PLACE = ("passphrase", "comment")

_PASSPHRASE = b"correct horse"
_HIDDEN = ("DISPLAY", "WAYLAND_DISPLAY", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one command did: exit code, output, errors, seconds of CPU time, and names left in its folder."""

    exit_code: int
    out: bytes
    error: str
    seconds: float
    left: tuple[str, ...]
    exception: str = ""

    @property
    def code(self) -> str:
        """The code of the last error, where the command was asked for JSON."""
        lines = [line for line in self.error.splitlines() if line.startswith('{"error": ')]
        return str(json.loads(lines[-1])["error"]["code"]) if lines else ""

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that `check` found broken."""
        findings: list[dict[str, Any]] = json.loads(self.out)["findings"] if self.out else []
        return tuple(dict.fromkeys(str(finding["rule"]) for finding in findings))


@cache
def _program() -> Any:
    # Built once: nine tenths of a run in this process would go into building it again.
    return typer.main.get_command(app)


def run_all(
    file: Path, certificate: Path, agent: Path, commands: Mapping[str, tuple[str, ...]] = COMMANDS
) -> dict[str, Outcome]:
    """Run every command on a file, each in a fresh folder of its own; commands that work in place get a copy."""
    outcomes = {}
    for name, arguments in commands.items():
        with tempfile.TemporaryDirectory(prefix="hostile-") as created:
            folder = Path(created)
            secret, copy, out = folder / "secret", folder / "copy", folder / "out"
            secret.write_bytes(_PASSPHRASE + b"\n")
            if name in IN_PLACE:
                _copy(file, copy)
            places = {"file": file, "copy": copy, "out": out, "secret": secret, "certificate": certificate}
            outcomes[name] = _run([part.format(**places) for part in arguments], folder, agent)
    return outcomes


def _copy(file: Path, copy: Path) -> None:
    if file.is_file() and file.stat().st_size <= 2**23 and os.access(file, os.R_OK):
        shutil.copyfile(file, copy)
        copy.chmod(0o600)
    else:
        copy.symlink_to(file)


def _run(arguments: list[str], folder: Path, agent: Path) -> Outcome:
    here = Path.cwd()
    os.chdir(folder)  # no settings of a project above speak to `check`
    environment = {**dict.fromkeys(_HIDDEN), "SSH_AUTH_SOCK": os.fspath(agent), "COLUMNS": "200"}
    try:
        with (
            mock.patch.object(prompt, "_DEFAULT_ASKPASS", "/no/such/askpass"),
            mock.patch.object(typer.testing, "_get_command", return_value=_program()),
        ):
            began = time.process_time()  # of all threads; what else the machine does counts for nothing
            ran = typer.testing.CliRunner(env=environment).invoke(app, arguments)
            seconds = time.process_time() - began
    finally:
        os.chdir(here)
    exception = ran.exception
    fault = "" if exception is None or isinstance(exception, SystemExit) else type(exception).__name__
    left = tuple(sorted(each.name for each in folder.iterdir()))
    return Outcome(ran.exit_code, ran.stdout_bytes, ran.stderr, seconds, left, fault)


# ── an agent that takes everything ─────────────────────────────────────────────────────────────────────────────────


@contextmanager
def agent() -> Iterator[Path]:
    """Run an agent that holds no key and agrees to every request; give its socket."""
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder, socket.socket(socket.AF_UNIX) as listening:
        path = Path(folder) / "agent"
        listening.bind(os.fspath(path))
        listening.listen()
        threading.Thread(target=_serve, args=(listening,), daemon=True).start()
        try:
            yield path
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)


def _serve(listening: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                while len(head := connection.recv(4, socket.MSG_WAITALL)) == 4:
                    request = connection.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)
                    reply = b"\x0c\0\0\0\0" if request[:1] == b"\x0b" else b"\6"
                    connection.sendall(len(reply).to_bytes(4, "big") + reply)


def main(arguments: list[str]) -> int:
    """Run every command on the files in a child under limits, which prints the outcomes; give its exit code.

    Root becomes nobody for it where that is asked, once everything is loaded: for root no file is unreadable.
    """
    megabytes, who, certificate, commands = arguments
    with agent() as path:
        run_all(Path(certificate), Path(certificate), path)  # loads what nobody might be unable to read
        if who == "nobody":
            path.parent.chmod(0o755)
            path.chmod(0o777)
        child = os.fork()
        if child == 0:
            _run_limited(int(megabytes) << 20, who, Path(certificate), path, json.loads(commands))
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _run_limited(limit: int, who: str, certificate: Path, path: Path, commands: dict[str, list[str]]) -> NoReturn:
    import resource

    code = 1
    try:
        if who == "nobody":
            os.setgroups([])
            os.setgid(_NOBODY)
            os.setuid(_NOBODY)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        found = {
            file: run_all(Path(file), certificate, path, {name: COMMANDS[name] for name in names})
            for file, names in commands.items()
        }
        document = {
            file: {name: {**asdict(each), "out": None} for name, each in outcomes.items()}
            for file, outcomes in found.items()
        }
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        sys.stdout.write(json.dumps({"outcomes": document, "peak_kib": peak}))
        sys.stdout.flush()
        code = 0
    finally:
        os._exit(code)  # what stands on the stack belongs to the parent


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
