"""What a finding is worth: which rules count, how grave they are, where they are overlooked, from which number on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import get_args

from keyconv.checks import glob
from keyconv.checks.model import SEVERITIES, Finding, Severity, Thresholds
from keyconv.checks.rules import RULES, rule
from keyconv.errors import UsageError
from keyconv.text.quoting import quote

__all__ = ["GROUPS", "PRESETS", "Policy", "expand"]

GROUPS = tuple(dict.fromkeys(each.group for each in RULES))
"""The groups of rules, which may stand in `select` and `ignore` for all of theirs."""


_DEFAULT = Thresholds()


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that settings and flags may say; `severities` and `per_path_ignores` hold rule names alone.

    `key_types` are the families of keys that may be used; none named means all of them.
    `allow` are fingerprints (SHA256:...) of keys that are known and meant to be there: nothing about them is reported.
    `unattended` says that the keys are used where nobody can type a passphrase.
    `blocklist` are fingerprints of keys that nobody should use. `fail_on` is the least severity that fails a run.
    `krl` are files of revoked keys, as sshd's RevokedKeys takes them.
    `exclude` are patterns of paths that are not looked at in folders; `baseline` names the file of accepted findings.
    """

    select: frozenset[str] = frozenset(each.name for each in RULES)
    ignore: frozenset[str] = frozenset()
    fail_on: Severity = "warning"
    public_only: bool = False
    per_path_ignores: tuple[tuple[str, frozenset[str]], ...] = ()
    allow: frozenset[str] = frozenset()
    blocklist: tuple[str, ...] = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)
    thresholds: Thresholds = _DEFAULT
    key_types: frozenset[str] = frozenset()
    unattended: bool = False
    krl: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    baseline: str = ""

    def excludes(self, relative: str) -> bool:
        """Whether a file or folder, or a folder that it is in, is left out; `relative` is as for `judge`."""
        parts = relative.split("/")
        paths = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        return any(glob.fits(pattern.rstrip("/") or "/", path) for pattern in self.exclude for path in paths)

    def judge(self, finding: Finding, relative: str) -> Finding | None:
        """Return a finding as this policy sees it, or None; `relative` is its path seen from the settings' folder."""
        name = finding.rule
        if name not in self.select or name in self.ignore or finding.fingerprint in self.allow:
            return None
        if any(name in ignored and glob.fits(pattern, relative) for pattern, ignored in self.per_path_ignores):
            return None
        severity = self.severities.get(name)
        return replace(finding, severity=severity) if severity else finding

    def fails(self, finding: Finding) -> bool:
        """Return whether a finding is grave enough to fail the run."""
        return SEVERITIES.index(finding.severity) <= SEVERITIES.index(self.fail_on)


_STRICT: Mapping[str, Severity] = dict.fromkeys(
    ("unencrypted", "weak-kdf", "weak-cipher", "short-rsa", "putty-p521", "cert-forever", "explicit-parameters"),
    "error",
)

PRESETS: dict[str, Policy] = {
    "default": Policy(),
    # Every key is Ed25519 (in an authenticator too) or RSA of 3072 bits or more, and encrypted by a modern KDF.
    "strict": Policy(
        key_types=frozenset({"ed25519", "sk-ed25519", "rsa"}),
        severities=_STRICT,
        thresholds=Thresholds(rsa_bits_error=3072, pbkdf2_iterations=600_000),
    ),
    # A deploy key in a CI secret is without a passphrase by need, and has no mode.
    "ci-secret": Policy(
        ignore=frozenset({"unencrypted", "permissions"}),
        unattended=True,
        severities=dict.fromkeys(("missing-final-newline", "crlf", "surrounding-text", "multiple-keys"), "error"),
    ),
    # What a server lets in: no private keys, no dead lines.
    "authorized-keys": Policy(public_only=True, severities={"duplicate-key": "warning", "cert-forever": "error"}),
}
"""Policies by name, to start from."""

_ALL = "all"


def expand(names: list[str] | tuple[str, ...]) -> frozenset[str]:
    """Return the rules that some names mean: a rule's, a group's, `all`, or several with commas between.

    Raises: UsageError, naming the nearest rule.
    """
    found: set[str] = set()
    for name in (part.strip() for each in names for part in each.split(",")):
        if not name:
            continue
        if name == _ALL:
            found.update(each.name for each in RULES)
        elif name in GROUPS:
            found.update(each.name for each in RULES if each.group == name)
        else:
            found.add(rule(name).name)
    return frozenset(found)


def severity(text: object) -> Severity:
    """Take a severity from settings.

    Raises: UsageError.
    """
    for known in SEVERITIES:
        if text == known:
            return known
    raise UsageError(f"{quote(str(text))} is no severity", hint="the severities are " + ", ".join(get_args(Severity)))


THRESHOLD_NAMES = {each.name.replace("_", "-"): each.name for each in fields(Thresholds)}
"""Thresholds as settings spell them, to the names of their fields."""
