"""Known-weak keys by the `badkeys` library, which comes with the extra `keyconv[badkeys]`.

Only what works without a network is asked: its own tests, and its blocklist where the user has fetched it
(`badkeys --update-bl`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from keyconv.keys import DsaPublicKey, EcdsaPublicKey, Ed448PublicKey, Ed25519PublicKey, PublicKey, RsaPublicKey

__all__ = ["ABSENT", "load"]

ABSENT = (
    "without the extra keyconv[badkeys], keys published in firmware and repositories, and Debian's of 2008, were not "
    "looked for, except those of a blocklist"
)
_NO_BLOCKLIST = "badkeys' blocklist was not fetched (badkeys --update-bl): published keys were not looked for"

Judge = Callable[[bytes, PublicKey], str]


@cache
def load() -> tuple[Judge | None, str]:
    """Load the library, if it is there. Returns: how to judge a key, and what is not looked for."""
    try:
        from badkeys import checks  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except Exception:  # absent, or broken in itself: either way it cannot be asked
        return None, ABSENT
    remark = "" if _has_blocklist(checks) else _NO_BLOCKLIST

    def judge(blob: bytes, public: PublicKey) -> str:
        try:
            found = _ask(checks, public, with_blocklist=not remark)
        except (Exception, SystemExit):  # a fault of the library's is no verdict
            return ""
        names = sorted(f"{name} {detail}".strip() for name, detail in found.items())
        return f"badkeys knows it: {', '.join(names)}" if names else ""

    return judge, remark


class _Nowhere:
    """Where the library may say what it likes."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        pass


def _has_blocklist(checks: Any) -> bool:
    from contextlib import redirect_stderr

    try:
        with redirect_stderr(_Nowhere()):
            checks.allchecks["blocklist"]["function"](65537)
    except (Exception, SystemExit):  # it leaves the program when the list is not there
        return False
    return True


def _ask(checks: Any, public: PublicKey, *, with_blocklist: bool) -> dict[str, str]:
    # The built-in rules speak of size, exponent and the common attacks; asked twice, a key is no worse.
    names = [name for name in checks.defaultchecks if name != "blocklist" or with_blocklist]
    match public:
        case RsaPublicKey(e=e, n=n):
            results = checks.checkrsa(n, e=e, checks=names)
        case DsaPublicKey(y=y, p=p):
            results = checks.checkdsa(y, p=p, checks=names)
        case EcdsaPublicKey(point=point, curve=curve):
            results = _by_number(checks, int.from_bytes(point[1 : 1 + curve.field_bytes], "big"), with_blocklist)
        case Ed25519PublicKey(point=point) | Ed448PublicKey(point=point):
            results = _by_number(checks, int.from_bytes(point, "big"), with_blocklist)
        case _:
            results = {}
    return {str(name): _detail(result) for name, result in results.items() if result}


def _by_number(checks: Any, number: int, with_blocklist: bool) -> dict[str, Any]:
    if not with_blocklist:
        return {}
    return {"blocklist": checks.allchecks["blocklist"]["function"](number)}


def _detail(result: Any) -> str:
    # The name of a list alone: results hold the factors too.
    detail = result.get("subtest", "") if isinstance(result, dict) else ""
    return detail if isinstance(detail, str) else ""
