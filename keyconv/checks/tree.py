"""Walking through folders: what is gone into and what is skipped. The disk itself is asked by whoever calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from keyconv.checks.glob import IgnoreFile, parse_gitignore

__all__ = ["IgnoreFile", "Ignoring", "Item", "Kind", "parse_gitignore", "walk"]

Kind = Literal["file", "folder", "other"]
_PASSED_OVER = (".git", ".hg", ".svn")


class Item(NamedTuple):
    """One name in a folder: what it is; a symbolic link is what it leads to, but a link to a folder is `other`."""

    name: str
    kind: Kind


Ignoring = tuple[tuple[str, IgnoreFile], ...]
"""The `.gitignore` files above a place, the outermost first, each with its folder's path in the repository."""


def walk(
    root: str,
    listing: Callable[[str], list[Item]],
    text_of: Callable[[str], str | None],
    *,
    relative: str = "",
    above: Ignoring = (),
    excluded: Callable[[str], bool] = lambda _: False,
) -> Iterator[str]:
    """Yield the files below a folder, in order of their names, except those in `.git` and those that git ignores.

    `listing` gives a folder's items; `text_of` a `.gitignore`'s text, or None. `relative` is the path of `root` in its
    repository, and `above` are the `.gitignore` files between the two. What is `excluded`, by its path from `root` on,
    is skipped too.
    """
    pending: list[tuple[str, str, Ignoring]] = [(root, relative, above)]
    while pending:
        folder, path, ignoring = pending.pop()
        items = sorted(listing(folder))
        if any(item.name == ".gitignore" and item.kind == "file" for item in items):
            text = text_of(_join(folder, ".gitignore"))
            if text is not None:
                ignoring = (*ignoring, (path, parse_gitignore(text)))
        folders = []
        for item in items:
            inner = f"{path}/{item.name}" if path else item.name
            if item.kind == "other" or _is_ignored(inner, ignoring, is_folder=item.kind == "folder"):
                continue
            if excluded(_join(folder, item.name)):
                continue
            if item.kind == "file":
                yield _join(folder, item.name)
            elif item.name not in _PASSED_OVER:
                folders.append((_join(folder, item.name), inner, ignoring))
        pending.extend(reversed(folders))


def _is_ignored(path: str, ignoring: Ignoring, *, is_folder: bool) -> bool:
    for base, ignore in reversed(ignoring):
        verdict = ignore.judge(path[len(base) + 1 :] if base else path, is_folder=is_folder)
        if verdict is not None:
            return verdict
    return False


def _join(folder: str, name: str) -> str:
    if folder in ("", "."):
        return name if folder == "" else f"./{name}"
    return folder + name if folder.endswith("/") else f"{folder}/{name}"
