"""Which private keys are sshd's own: those that an sshd_config names. Source: sshd_config(5), HostKey and Include."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from functools import cache
from pathlib import Path

from keyconv import files
from keyconv.errors import InputError

__all__ = ["is_host_key"]

_SYSTEM = "/etc/ssh"
_CONFIG = "sshd_config"
_SETTING = re.compile(
    r"[ \t]*(?P<name>hostkey|include)(?:[ \t]*=[ \t]*|[ \t]+)(?P<value>[^\r\n]+?)[ \t]*\r?$",
    re.IGNORECASE | re.MULTILINE,
)
_WORD = re.compile(r"\"([^\"]*)\"|([^ \t\"]+)")
_MAX_INCLUDED = 256
"""Files of settings that are read; sshd itself includes to a depth of 16."""


def is_host_key(path: str) -> bool:
    """Return whether an sshd_config names a file as a host's key: the system's, or one in its or the parent folder."""
    whole = Path(os.path.realpath(path))
    folders = (whole.parent, whole.parent.parent, Path(_SYSTEM))
    return any(str(whole) in _named(folder) for folder in dict.fromkeys(folders))


@cache
def _named(folder: Path) -> frozenset[str]:
    """Find the keys that the sshd_config in a folder names, the files that it includes, and those of sshd_config.d.

    A relative name is one in the folder, as sshd takes it to be in /etc/ssh; a name in /etc/ssh is looked for in the
    folder as well, which may be that of another system's image.
    """
    if not (folder / _CONFIG).is_file():
        return frozenset()
    named: set[str] = set()
    waiting = [folder / _CONFIG, *_matches(folder, f"{_CONFIG}.d/*.conf")]
    for path in waiting:  # which grows as files include others
        with suppress(InputError, OSError, ValueError):
            text = files.load(str(path)).decode("utf-8", "surrogateescape")
            for setting in _SETTING.finditer(text):
                names = [quoted or plain for quoted, plain in _WORD.findall(setting["value"])]
                if setting["name"].lower() == "hostkey":
                    named.update(os.path.realpath(place) for name in names[:1] for place in _places(folder, name))
                else:
                    found = [each for name in names for each in _matches(folder, name) if each not in waiting]
                    waiting += found[: _MAX_INCLUDED - len(waiting)]
    return frozenset(named)


def _places(folder: Path, name: str) -> tuple[Path, ...]:
    inside = name.removeprefix(f"{_SYSTEM}/")
    return tuple(dict.fromkeys((folder / name, folder / inside)))


def _matches(folder: Path, pattern: str) -> list[Path]:
    found: list[Path] = []
    for place in _places(Path(), pattern):
        start = Path(place.anchor) if place.is_absolute() else folder
        found += sorted(each for each in start.glob(str(place.relative_to(place.anchor))) if each.is_file())
    return found
