"""Measures the corpus: seconds and memory of every command of keyconv, and what other programs do with the files.

Run by `python docs/hostile_table.py --measure`. asyncssh and paramiko are installed into a throw-away environment.
"""

from __future__ import annotations

import json
import os
import platform
import re
import resource
import signal
import subprocess
import sys
import tempfile
import venv
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import made_certificates

from hostile import probe
from hostile.corpus import corpus
from hostile.model import PASSPHRASE, Hostile
from hostile.running import COMMANDS, Outcome
from hostile.special import SPECIAL, made

__all__ = ["TOOLS", "measure"]

TOOLS = ("puttygen", "ssh-keygen", "cryptography", "asyncssh", "paramiko")
"""The other programs and libraries, in the order of the table."""

_LINE_READERS = ("ssh-keygen", "asyncssh")
"""Those that read files of many public keys; the others read the first line of any file."""

_HERE = Path(__file__).resolve().parent
_SECONDS, _MEMORY = probe.SECONDS, probe.MEMORY
_KEYCONV_MEBIBYTES = 4096  # what keyconv takes is measured, not forced upon it
_WORKERS = 2
_COMPUTES = ("KDF cost",)
_BLAMES = re.compile(rb"pass(?:phrase|word)", re.I)
_PUTTYGEN = (
    "ppk",
    "ppk2",
    "ppk1",
    "openssh",
    "pem",
    "sshcom",
    "ssh1",
    "openssh-pub",
    "rfc4716",
    "ssh1-pub",
    "certificate",
)
_PRIVATE = ("ppk", "ppk2", "ppk1", "openssh", "pem", "sshcom", "ssh1")
_IMPORTS = {"rfc4716": "RFC4716", "spki": "PKCS8", "pkcs1-pub": "PEM"}

Answer = tuple[str, str]


def measure(known: Collection[str] = ()) -> dict[str, Any]:
    """Measure all files but those of `known` names; return what docs/hostile.json has."""
    with tempfile.TemporaryDirectory(prefix="hostile-") as created:
        folder = Path(created)
        folder.chmod(0o755)
        certificate = folder / "certificate.pub"
        certificate.write_bytes(made_certificates.line(made_certificates.make()))
        (folder / "passphrase").write_bytes(PASSPHRASE + b"\n")
        (folder / "nothing").write_bytes(b"")
        with _on_disk(folder) as every:
            places = {name: path for name, path in every.items() if name not in known}
            files = _keyconv(places, certificate)
            others = {"puttygen": _each(places, _puttygen), "ssh-keygen": _each(places, _ssh_keygen)}
            python = _throw_away(folder)
            for library in ("cryptography", "asyncssh", "paramiko"):
                others[library] = _ask_library(python, library, places)
        versions = _versions(python)
    for name, found in files.items():
        tools = _LINE_READERS if name in _several_lines() else TOOLS
        found["others"] = {tool: _label(name, *others[tool][name]) for tool in tools if name in others[tool]}
    today = datetime.now(UTC).date().isoformat()
    limits = {"seconds": _SECONDS, "mebibytes": _MEMORY >> 20}
    return {"measured": {"date": today, "versions": versions, "limits": limits}, "files": files}


@contextmanager
def _on_disk(folder: Path) -> Iterator[dict[str, Path]]:
    places = {}
    for number, file in enumerate(corpus()):
        # A folder each: some programs look for a .pub or a certificate beside a key.
        (folder / str(number)).mkdir(mode=0o755)
        places[file.name] = folder / str(number) / "key"
        places[file.name].write_bytes(file.make())
        places[file.name].chmod(0o600)
    (folder / "special").mkdir(mode=0o755)
    with made(folder / "special") as special:
        yield places | special


# ── keyconv ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _keyconv(places: Mapping[str, Path], certificate: Path) -> dict[str, dict[str, Any]]:
    names = {file.name: file for file in (*corpus(), *SPECIAL) if file.name in places}

    def run(name: str) -> dict[str, Any]:
        nobody = name.startswith("special/") and os.geteuid() == 0
        program: list[str | Path] = [
            sys.executable,
            _HERE / "running.py",
            str(_KEYCONV_MEBIBYTES),
            "nobody" if nobody else "self",
        ]
        commands = json.dumps({str(places[name]): list(COMMANDS)})
        ran = subprocess.run([*program, certificate, commands], stdin=subprocess.DEVNULL, capture_output=True)
        found = json.loads(ran.stdout)
        (outcomes,) = found["outcomes"].values()
        return {
            "exits": {command: each["exit_code"] for command, each in outcomes.items()},
            "code": Outcome(**outcomes["inspect, opened"]).code,
            "seconds": round(max(each["seconds"] for each in outcomes.values()), 1),
            "mebibytes": found["peak_kib"] >> 10,
        }

    with ThreadPoolExecutor(_WORKERS) as pool:
        return dict(zip(names, pool.map(run, names), strict=True))


# ── programs ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _each(places: Mapping[str, Path], ask: Any) -> dict[str, Answer]:
    files = [file for file in (*corpus(), *SPECIAL) if file.name in places]
    with ThreadPoolExecutor(_WORKERS) as pool:
        answers = pool.map(lambda file: ask(file, places[file.name]), files)
        return {file.name: answer for file, answer in zip(files, answers, strict=True) if answer is not None}


def _puttygen(file: Hostile, path: Path) -> Answer | None:
    if file.format not in (*_PUTTYGEN, "special"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        secret = path.parent.parent / "passphrase"
        options = ["--old-passphrase", str(secret)]
        if file.format in _PRIVATE and file.kind != "comment":
            out = Path(folder) / "out"
            nothing = path.parent.parent / "nothing"
            # An SSH-1 key stays what it is; without a change puttygen does nothing with it.
            target = ["private", "-C", "other"] if file.format == "ssh1" else ["private-openssh-new"]
            options += ["-O", *target, "-o", str(out), "--new-passphrase", str(nothing)]
            return _run(["puttygen", str(path), *options], _patience(file), made=out)
        return _run(["puttygen", str(path), "-L", *options], _patience(file))


def _ssh_keygen(file: Hostile, path: Path) -> Answer | None:
    if file.format in ("openssh", "pem", "pkcs8", "special"):
        return _run(["ssh-keygen", "-y", "-P", PASSPHRASE.decode(), "-f", str(path)], _patience(file))
    if file.format == "certificate":
        return _run(["ssh-keygen", "-L", "-f", str(path)], _patience(file), rows=2)
    if file.format in ("openssh-pub", "known_hosts"):
        rows = sum(1 for row in path.read_bytes().split(b"\n") if row.strip())
        return _run(["ssh-keygen", "-l", "-f", str(path)], _patience(file), rows=rows)
    if file.format in _IMPORTS:
        return _run(["ssh-keygen", "-i", "-m", _IMPORTS[file.format], "-f", str(path)], _patience(file))
    return None


def _patience(file: Hostile) -> int:
    """Return the seconds by the clock; a KDF is ended by its CPU time, so that a busy machine makes no hang of it."""
    return probe.PATIENCE if file.kind in _COMPUTES else _SECONDS


def _run(command: Sequence[str], seconds: int, *, made: Path | None = None, rows: int = 1) -> Answer:
    """Run a program under the limits; `made` is the file that it is to write, `rows` the lines that it has to read.

    A program that reads lines one by one skips a bad one: then it prints fewer.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=_limit,
    )
    try:
        out, said = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return "hang", ""
    if process.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return "hang", ""
    if process.returncode < 0:
        return "crash", signal.Signals(-process.returncode).name
    result = made.read_bytes() if made is not None and made.exists() else b"" if made is not None else out
    if process.returncode == 0 and result.strip():
        printed = sum(1 for line in result.split(b"\n") if line.strip())
        if printed < rows:
            return "refused", ""
        return "accepted", "several lines" if made is None and printed > rows == 1 else ""
    if b"out of memory" in said.lower():
        return "memory", ""
    return "passphrase" if _BLAMES.search(said) else "refused", ""


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))


# ── libraries ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _throw_away(folder: Path) -> Path:
    """Make an environment with the libraries, and give its interpreter."""
    venv.create(folder / "environment", with_pip=True)
    python = folder / "environment" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "asyncssh", "bcrypt", "paramiko", "cryptography"], check=True)
    return python


def _ask_library(python: Path, library: str, places: Mapping[str, Path]) -> dict[str, Answer]:
    items = [
        (file.name, file.format, str(places[file.name]), PASSPHRASE.decode(), file.kind in _COMPUTES)
        for file in corpus()
        if file.name in places
    ]
    ran = subprocess.run(
        [python, _HERE / "probe.py", library], input=json.dumps(items).encode(), capture_output=True, check=True
    )
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    return {name: (outcome, detail) for name, outcome, detail in answers}


def _versions(python: Path) -> dict[str, str]:
    def said(*command: str | Path) -> str:
        ran = subprocess.run(command, capture_output=True, text=True)
        return (ran.stdout + ran.stderr).strip().split("\n")[0]

    installed = "import sys, importlib.metadata as m; print(m.version(sys.argv[1]))"
    libraries = {name: said(python, "-c", installed, name) for name in ("cryptography", "asyncssh", "paramiko")}
    putty = said("puttygen", "--version").removeprefix("puttygen: Release ")
    openssh = said("ssh", "-V").partition(",")[0].removeprefix("OpenSSH_").split(" ")[0]
    return {"puttygen": putty, "ssh-keygen": openssh, **libraries, "python": platform.python_version()}


def _several_lines() -> set[str]:
    """Name the public files of more than one line."""
    return {each.name for each in corpus() if each.format == "openssh-pub" and len(each.make().split(b"\n")) > 2}


def _label(name: str, outcome: str, detail: str) -> str:
    """Check an answer by what the file is."""
    file = next(each for each in (*corpus(), *SPECIAL) if each.name == name)
    if outcome == "accepted" and (detail == "several lines" or file.kind == "two keys"):
        return "wrong"
    if outcome == "passphrase":
        return "refused" if file.code == "wrong-passphrase" else "blames the passphrase"
    if outcome == "exception":
        return f"exception {detail}"
    return "out of memory" if outcome == "memory" else outcome
