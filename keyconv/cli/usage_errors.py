"""What is said of a command line that typer cannot parse: what is wrong, and the command that was meant."""

from __future__ import annotations

from typing import Any

from keyconv.cli import foreign_flags
from keyconv.cli.first_words import misplaced_flag, verb_of
from keyconv.errors import UsageError
from keyconv.text.nearest import nearest

__all__ = ["explain_usage"]

_DOCTOR = "keyconv doctor"
_FOR_CONVERT = ("-o", "--output", "-t", "--to", "-d", "--directory", "-r", "--force", "--no-passphrase")
_EXTRA = "Got unexpected extra argument"


def explain_usage(error: Any, words: list[str], commands: tuple[str, ...]) -> UsageError:
    """Turn an error of typer's into one of keyconv's; `words` are all after the program's name."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "keyconv"
    flag = getattr(error, "option_name", None)
    found = None
    if flag and type(error).__name__ == "NoSuchOption":
        found = _explain_flag(flag, path, words, commands) or _suggest(flag, context)
    elif error.format_message().startswith(_EXTRA):
        found = _explain_extra(path, words[1:])
    if found is None:
        found = UsageError(" ".join(error.format_message().split()).rstrip("."), hint=getattr(error, "hint", ""))
        found.message = found.message[:1].lower() + found.message[1:]
    found.hint = found.hint or f"{path} --help"
    return found


def _explain_flag(flag: str, path: str, words: list[str], commands: tuple[str, ...]) -> UsageError | None:
    verb, rest = verb_of(words, commands)
    known = foreign_flags.answer(flag, rest, verb)
    if known is not None:
        return UsageError(known.message, hint=known.command)
    if path == "keyconv" and flag == "-v":
        return UsageError("no such option: -v", hint="keyconv --version")
    command = misplaced_flag(words, commands) if path == "keyconv" else ""
    if command:
        import shlex

        at = words.index(command)
        hint = shlex.join(["keyconv", command, *words[:at], *words[at + 1 :]])
        return UsageError(f"{flag} goes after the command", hint=hint)
    if path == _DOCTOR and flag in _FOR_CONVERT:
        return UsageError(f"{flag} goes with a command", hint=foreign_flags.translate(words, "convert"))
    return None


def _suggest(flag: str, context: Any) -> UsageError:
    """Name the flag that is near a misspelt one, if there is one."""
    known = {name.lstrip("-"): name for each in context.command.params for name in (*each.opts, *each.secondary_opts)}
    bare = flag.lstrip("-")
    begun = [name for name in known if len(bare) > 2 and name.startswith(bare)]
    near = begun[0] if len(begun) == 1 else nearest(bare, [name for name in known if len(name) > 1])
    hint = f"did you mean {known[near]}?" if near and len(bare) > 1 else ""
    return UsageError(f"no such option: {flag}", hint=hint)


def _explain_extra(path: str, rest: list[str]) -> UsageError | None:
    import shlex

    command = path.removeprefix("keyconv ")
    names = [word for word in rest if not word.startswith("-")]
    if command == "repair" and len(names) == 2:
        return UsageError(
            "two names, and repair reads one", hint=shlex.join(["keyconv", "repair", names[0], "-o", names[1]])
        )
    if command == "comment" and len(names) > 2:
        hint = shlex.join(["keyconv", "comment", names[0], " ".join(names[1:])])
        return UsageError("the comment is more than one word, and has to be quoted", hint=hint)
    if command == "passphrase":  # what is too much may be one
        message = "one file is changed at a time, and a passphrase is never given on the command line"
        return UsageError(message, hint=f"{shlex.join(['keyconv', 'passphrase', *names[:1]])} asks for it")
    return None
