"""The options before the key of an `authorized_keys` line.

Source: sshd(8), section AUTHORIZED_KEYS FILE FORMAT; where it is silent, what sshd of OpenSSH 9.2 does.
"""

from __future__ import annotations

import re

from keyconv.codec.key_line import cut, show
from keyconv.errors import MalformedError
from keyconv.keyfile import Option
from keyconv.notes import Note

__all__ = [
    "FLAG_OPTIONS",
    "VALUE_OPTIONS",
    "are_options",
    "nearest",
    "parse_options",
    "resembles_options",
    "split_options",
]

FLAG_OPTIONS = (
    "agent-forwarding",
    "cert-authority",
    "no-agent-forwarding",
    "no-port-forwarding",
    "no-pty",
    "no-touch-required",
    "no-user-rc",
    "no-verify-required",
    "no-X11-forwarding",
    "port-forwarding",
    "pty",
    "restrict",
    "touch-required",
    "user-rc",
    "verify-required",
    "X11-forwarding",
)
"""Options without a value. `touch-required` and `no-verify-required` are in no manual, but sshd takes them."""

VALUE_OPTIONS = (
    "command",
    "environment",
    "expiry-time",
    "from",
    "permitlisten",
    "permitopen",
    "principals",
    "tunnel",
    "zos-key-ring-label",
)
"""Options with a value in quotes. Only OpenSSH on z/OS has `zos-key-ring-label`."""

_FLAGS = {name.lower() for name in FLAG_OPTIONS}
_VALUES = {name.lower() for name in VALUE_OPTIONS}
# sshd: white space ends the options unless it is in quotes; \" is a quote that neither opens nor closes.
_OPTIONS = re.compile(rb'(?:\\"|[^" \t]|"(?:\\"|[^"])*+")*+')
_OPTION = re.compile(rb'([^",= \t]*)(=("(?:\\"|[^"])*+")?)?')
_NEAR = 0.75
_LONGEST_NEAR = 40  # above twice the longest option's length, no ratio reaches _NEAR
_MAX_WORDS = 16  # of one line, looked at to tell host names from misspelt options


def parse_options(text: bytes, notes: list[Note] | None = None) -> tuple[Option, ...]:
    r"""Read options separated by commas, `no-pty,command="echo \"hi\""`; names keep their case.

    Values are not judged. With `notes`, a comma too many, which sshd overlooks, is noted; without, it is refused.

    Raises: MalformedError, naming the nearest option that sshd knows where a name is unknown.
    """
    if b"\r" in text or b"\n" in text or b"\0" in text:
        raise MalformedError("there is a line end or a zero byte in the options", rule="bad-option")
    options: list[Option] = []
    position = 0
    while text:
        found = _OPTION.match(text, position)
        assert found is not None  # it matches an empty option too
        end = found.end()
        _check_end(found, text[end : end + 1])
        if found.end(1) > found.start():
            options.append(_judge(found.group(1), found.group(3)))
        elif found.group(2):
            raise MalformedError("there is a value without the name of its option", rule="bad-option")
        elif notes is None:
            raise MalformedError("there is a comma too many in the options", rule="bad-option")
        else:
            notes.append(Note("noncanonical", "there is a comma too many in the options", harmless=True))
        if end == len(text):
            break
        position = end + 1
    return tuple(options)


def are_options(text: bytes) -> bool:
    """Return whether a text is options without a fault, but perhaps for a comma too many."""
    first = _OPTION.match(text)
    assert first is not None  # it matches an empty option too
    name = first.group(1).decode("latin-1").lower()
    if name and name not in _FLAGS and name not in _VALUES:
        return False  # the nearest option, which the error would name, takes long to find
    try:
        return bool(parse_options(text, []))
    except MalformedError:
        return False


def split_options(text: bytes) -> tuple[bytes, bytes]:
    """Cut a line after its options, which quotes may hold together; blanks in between belong to neither part."""
    return cut(text, _OPTIONS)


def nearest(name: str) -> str:
    """Name the option that a misspelt one is most like; an empty string where none is near."""
    if len(name) > _LONGEST_NEAR:  # so long that none can be
        return ""
    from difflib import get_close_matches

    known = {option.lower(): option for option in (*FLAG_OPTIONS, *VALUE_OPTIONS)}
    near = get_close_matches(name.lower(), known, 1, _NEAR)
    return known[near[0]] if near else ""


def resembles_options(word: bytes) -> bool:
    """Return whether a word is more like options, misspelt perhaps, than like names of hosts."""
    if b"=" in word or b'"' in word:
        return True
    return any(nearest(part) for part in word.decode("latin-1").split(",")[:_MAX_WORDS])


def _check_end(found: re.Match[bytes], following: bytes) -> None:
    if following in (b"", b",") and not (found.group(2) and not found.group(3)):
        return
    name = _show(found.group(1))
    if following == b'"':
        raise MalformedError(f"a quote of the option {name} is not closed or in the wrong place", rule="bad-option")
    if found.group(2) and not found.group(3):
        raise MalformedError(f"the value of the option {name} is not in quotes", rule="bad-option")
    if following in (b" ", b"\t"):
        raise MalformedError(f"there is white space outside of quotes after the option {name}", rule="bad-option")
    raise MalformedError(f"there is no comma after the option {name}", rule="bad-option")


def _judge(name: bytes, quoted: bytes | None) -> Option:
    known = name.decode("latin-1").lower()
    if known not in _FLAGS and known not in _VALUES:
        near = nearest(known)
        raise MalformedError(
            f"there is no option {show(name)}" + (f"; the nearest is '{near}'" if near else ""),
            hint="sshd ignores the whole line when it does not know an option",
            rule="unknown-option",
        )
    if quoted is None and known in _VALUES:
        raise MalformedError(f"the option {_show(name)} needs a value in quotes", rule="bad-option")
    if quoted is not None and known in _FLAGS:
        raise MalformedError(f"the option {_show(name)} takes no value", rule="bad-option")
    return Option(name, None if quoted is None else quoted[1:-1].replace(b'\\"', b'"'))


def _show(name: bytes) -> str:
    text = name.decode("latin-1")
    return f"'{text}'" if text.lower() in _FLAGS | _VALUES else show(name)
