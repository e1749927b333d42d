"""The programs that are asked: those of this system, and Debian's newest, unpacked aside."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Programs", "aside", "fetch", "installed"]

_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_PACKAGES = (
    *("openssh-server", "openssh-client", "libc6", "libgcc-s1", "libcrypt1", "libpam0g", "libssl3t64", "libwrap0"),
    *("libwtmpdb0", "libsqlite3-0", "zlib1g", "libzstd1", "libselinux1", "libpcre2-8-0", "libaudit1", "libcap-ng0"),
    *("libedit2", "libtinfo6", "libbsd0", "libmd0", "libcom-err2", "libnsl2", "libtirpc3t64", "libgssapi-krb5-2"),
)
_SOURCES = """Types: deb
URIs: http://deb.debian.org/debian
Suites: unstable
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""
_VERSION = re.compile(r"OpenSSH_(?P<short>\d+\.\d+)(?P<rest>\S*(?: \S+)?),")


@dataclass(frozen=True, slots=True)
class Programs:
    """One version of OpenSSH: paths that can be run as they are; `settings` are lines that its sshd_config needs."""

    name: str
    version: str
    ssh: str
    sshd: str
    keygen: str
    settings: tuple[str, ...] = ()


def installed() -> Programs | None:
    """Return the programs of this system, or None where one is missing."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/sbin"))
    found = [shutil.which(name, path=path) for name in ("ssh", "sshd", "ssh-keygen")]
    ssh, sshd, keygen = found
    if ssh is None or sshd is None or keygen is None:
        return None
    return _described(ssh, sshd, keygen)


def aside(root: Path, wrappers: Path) -> Programs:
    """Return the programs of packages unpacked below `root`, started by scripts through their own loader."""
    wrappers.mkdir(parents=True, exist_ok=True)
    libraries = root / _LIBRARIES
    loader = libraries / "ld-linux-x86-64.so.2"

    def wrap(path: str) -> str:
        script = wrappers / Path(path).name
        command = shlex.join((str(loader), "--library-path", str(libraries), str(root / path)))
        script.write_text(f'#!/bin/sh\nexec {command} "$@"\n', "utf-8")
        script.chmod(0o755)
        return str(script)

    # From 9.8 on, sshd starts these two for every connection, at paths that were compiled in.
    session, auth = wrap("usr/lib/openssh/sshd-session"), wrap("usr/lib/openssh/sshd-auth")
    settings = (f"SshdSessionPath {session}", f"SshdAuthPath {auth}")
    return _described(wrap("usr/bin/ssh"), wrap("usr/sbin/sshd"), wrap("usr/bin/ssh-keygen"), settings)


def fetch(folder: Path) -> Path:
    """Download Debian unstable's packages with apt, which learns nothing of it, and unpack them. Returns: the root."""
    lists, cache, debs, root = (folder / name for name in ("lists", "cache", "debs", "root"))
    for each in (lists / "partial", cache / "archives" / "partial", debs, root):
        each.mkdir(parents=True, exist_ok=True)
    (folder / "unstable.sources").write_text(_SOURCES, "utf-8")
    shutil.copyfile("/var/lib/dpkg/status", folder / "status")
    settings = (
        f'Dir::Etc::sourcelist "{folder}/unstable.sources";\nDir::Etc::sourceparts "-";\n'
        f'Dir::State::lists "{lists}";\nDir::State::status "{folder}/status";\nDir::Cache "{cache}";\n'
        'APT::Sandbox::User "root";\n'
    )
    (folder / "apt.conf").write_text(settings, "utf-8")
    environment = {**os.environ, "APT_CONFIG": str(folder / "apt.conf")}
    for command in (("update",), ("download", *_PACKAGES)):
        subprocess.run(["apt-get", "-q", *command], cwd=debs, env=environment, check=True, stdout=subprocess.DEVNULL)
    for package in sorted(debs.glob("*.deb")):
        subprocess.run(["dpkg", "-x", str(package), str(root)], check=True)
    return root


def _described(ssh: str, sshd: str, keygen: str, settings: tuple[str, ...] = ()) -> Programs:
    said = subprocess.run([ssh, "-V"], capture_output=True, text=True, check=True).stderr
    found = _VERSION.search(said)
    if found is None:
        raise SystemExit(f"{ssh} does not tell its version: {said}")
    short = found["short"]
    if tuple(map(int, short.split("."))) >= (9, 8):
        settings = (*settings, "PerSourcePenalties no")
    return Programs(f"OpenSSH {short}{found['rest']}", short, ssh, sshd, keygen, settings)
