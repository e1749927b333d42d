"""The tools that are measured: where they are, which versions, and why one is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from benchmarks.commands import environment

__all__ = ["ROOT", "Tools", "cache_folder", "find_tools", "interpreter_with"]

ROOT = Path(__file__).resolve().parents[1]

_LIBRARIES = ("asyncssh", "paramiko")


@dataclass(frozen=True, slots=True)
class Tools:
    """What there is to run; a tool that is missing is None, and `missing` says why.

    `keyconv` is the program of the interpreter that runs the benchmarks; `libraries` is an interpreter that has
    asyncssh and paramiko; `fast` is a folder with gmpy2, for keyconv[fast]; `sshpk` is the beginning of sshpk-conv's
    command.
    """

    keyconv: tuple[str, ...]
    puttygen: str
    ssh_keygen: str
    openssl: str | None
    libraries: str | None
    fast: str | None
    sshpk: tuple[str, ...] | None
    missing: dict[str, str]

    def versions(self) -> dict[str, str]:
        """Ask everybody for the version."""
        found = {
            "keyconv": _first_line([*self.keyconv, "--version"]).removeprefix("keyconv "),
            "Python": sys.version.split()[0],
            "puttygen": _first_line([self.puttygen, "--version"]).removeprefix("puttygen: "),
            "ssh-keygen": _first_line([shutil.which("ssh") or "ssh", "-V"]),
        }
        if self.openssl is not None:
            found["openssl"] = _first_line([self.openssl, "version"])
        found |= _distributions(sys.executable, ("cryptography", "bcrypt", "argon2-cffi", "typer"))
        if self.libraries is not None:
            found |= _distributions(self.libraries, _LIBRARIES)
        if self.fast is not None:
            found["gmpy2"] = next(Path(self.fast).glob("gmpy2-*.dist-info")).name.split("-")[1].removesuffix(".dist")
        if self.sshpk is not None:
            found["node"] = _first_line([self.sshpk[0], "--version"])
            found["sshpk"] = _first_line(
                [self.sshpk[0], "-p", f"require({str(Path(self.sshpk[1]).parents[1] / 'package.json')!r}).version"]
            )
        return found


def find_tools(scratch: Path) -> Tools:
    """Find the tools, and fetch the libraries (kept in a cache folder) and sshpk (in `scratch`).

    Raises: SystemExit without puttygen and ssh-keygen, which make the keys and judge the results.
    """
    puttygen, ssh_keygen = shutil.which("puttygen"), shutil.which("ssh-keygen")
    if puttygen is None or ssh_keygen is None:
        raise SystemExit("puttygen and ssh-keygen must be installed: they make the keys and judge what others make")
    missing: dict[str, str] = {}
    openssl = shutil.which("openssl")
    if openssl is None:
        missing["openssl"] = "not installed"
    libraries = interpreter_with(_LIBRARIES)
    if libraries is None:
        missing |= dict.fromkeys(_LIBRARIES, "could not be installed")
    fast = _fast()
    if fast is None:
        missing["keyconv[fast]"] = "gmpy2 could not be installed"
    sshpk = _sshpk(scratch / "sshpk", missing)
    return Tools(_keyconv(), puttygen, ssh_keygen, openssl, libraries, fast, sshpk, missing)


def cache_folder() -> Path:
    """Return the folder for what later runs can use again."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "keyconv-benchmarks"


def interpreter_with(modules: tuple[str, ...]) -> str | None:
    """Find an interpreter that has these modules: this one, or one in a virtual environment made for it."""
    own = Path(_environment_folder() / "bin" / "python")
    for python in (sys.executable, str(own)):
        if _has(python, modules):
            return python
    folder = _environment_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    requirements = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = requirements["project"]["optional-dependencies"]["bench"]
    sys.stderr.write(f"installing {', '.join(wanted)} for the comparison\n")
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(own), "-m", "pip", "install", "-qq", "--disable-pip-version-check", *wanted],
    ):
        if subprocess.run(command, env=environment()).returncode != 0:
            return None
    return str(own) if _has(str(own), modules) else None


def _fast() -> str | None:
    """Fetch gmpy2 to a folder of its own, so that keyconv has it only where it is measured with it."""
    folder = cache_folder() / f"gmpy2-{sys.version_info.major}.{sys.version_info.minor}"
    if not list(folder.glob("gmpy2-*.dist-info")):
        requirements = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
        wanted = requirements["project"]["optional-dependencies"]["fast"]
        command = ["-m", "pip", "install", "-qq", "--disable-pip-version-check", "--target", str(folder), *wanted]
        if subprocess.run([sys.executable, *command], env=environment()).returncode != 0:
            return None
    return str(folder)


def _environment_folder() -> Path:
    return cache_folder() / f"python-{sys.version_info.major}.{sys.version_info.minor}"


def _has(python: str, modules: tuple[str, ...]) -> bool:
    if not Path(python).exists():
        return False
    asked = f"import importlib.util as u, sys; sys.exit(not all(u.find_spec(name) for name in {modules!r}))"
    return subprocess.run([python, "-c", asked], env=environment()).returncode == 0


def _keyconv() -> tuple[str, ...]:
    program = Path(sys.executable).parent / "keyconv"
    return (str(program),) if program.is_file() else (sys.executable, "-m", "keyconv")


def _sshpk(folder: Path, missing: dict[str, str]) -> tuple[str, ...] | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        missing["sshpk-conv"] = "node or npm is not installed"
        return None
    folder.mkdir(parents=True)
    (folder / "package.json").write_text("{}\n")
    command = [npm, "install", "--no-audit", "--no-fund", "--silent", "sshpk"]
    ran = subprocess.run(command, cwd=folder, env=environment(), stdin=subprocess.DEVNULL, capture_output=True)
    program = folder / "node_modules" / "sshpk" / "bin" / "sshpk-conv"
    if ran.returncode != 0 or not program.is_file():
        missing["sshpk-conv"] = "could not be installed"
        return None
    return (node, str(program))


def _first_line(command: list[str]) -> str:
    ran = subprocess.run(
        command, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    lines = ran.stdout.decode("utf-8", "replace").splitlines()
    return lines[0].strip() if lines else "unknown"


def _distributions(python: str, names: tuple[str, ...]) -> dict[str, str]:
    asked = f"from importlib.metadata import version\nfor name in {names!r}: print(version(name))"
    ran = subprocess.run([python, "-c", asked], env=environment(), capture_output=True, text=True)
    return dict(zip(names, ran.stdout.split(), strict=False))
