"""Which private keys are sshd's own: those that an sshd_config names, and those of the usual names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from keyconv import files
from keyconv.errors import InputError

__all__ = ["is_host_key"]

_SYSTEM = "/etc/ssh"
_CONFIG = "sshd_config"
_HOST_KEY = re.compile(
    r"[ \t]*hostkey(?:[ \t]+|[ \t]*=[ \t]*)\"?([^\"\r\n]*[^\"\r\n \t])\"?[ \t]*\r?$", re.IGNORECASE | re.MULTILINE
)


def is_host_key(path: str) -> bool:
    """Tell whether the sshd_config of the system, or the one in the same folder, names a file as a host's key."""
    whole = os.path.realpath(path)
    return any(whole in _named(config) for config in (os.path.realpath(Path(path).parent), _SYSTEM))


@cache
def _named(folder: str) -> frozenset[str]:
    """Find the keys that the sshd_config in a folder names, and the files in the sshd_config.d beside it."""
    named: set[str] = set()
    for path in _configs(Path(folder)):
        with suppress(InputError):
            text = files.load(str(path)).decode("utf-8", "surrogateescape")
            named.update(os.path.realpath(Path(folder) / found[1]) for found in _HOST_KEY.finditer(text))
    return frozenset(named)


def _configs(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        if (folder / _CONFIG).is_file():
            yield folder / _CONFIG
            yield from sorted((folder / f"{_CONFIG}.d").glob("*.conf"))
