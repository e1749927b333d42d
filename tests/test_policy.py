"""Settings of `keyconv check`: where they come from, what they may say, and that a wrong one is an error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fixture_files import by_path
from test_check import _alone, check, report, rules, save  # noqa: F401 - a fixture of pytest's

from keyconv.checks import glob, settings
from keyconv.checks.policy import GROUPS, PRESETS, THRESHOLD_NAMES, Policy, expand
from keyconv.checks.rules import RULES
from keyconv.errors import UsageError

ED25519 = by_path("openssh/ed25519-plain").data
RSA = by_path("openssh/rsa2048-plain").data
ENCRYPTED = by_path("openssh/ed25519-default-rounds-encrypted").data
FINGERPRINT = by_path("openssh/ed25519-plain").sha256_fingerprint or ""


def config(text: str, name: str = "keyconv.toml") -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)


# ── flags ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_select_and_ignore_take_rules_groups_and_lists() -> None:
    save("key", RSA[:-1])
    assert set(rules("key")) == {"missing-final-newline", "unencrypted", "short-rsa"}
    assert rules("key", "--select", "unencrypted") == ["unencrypted"]
    assert set(rules("key", "--select", "strength,damage")) == {"missing-final-newline", "short-rsa"}
    assert set(rules("key", "--ignore", "short-rsa", "--ignore", "damage")) == {"unencrypted"}
    assert rules("key", "--select", "all", "--ignore", "all") == []


def test_expand_knows_every_name() -> None:
    assert expand(("all",)) == {each.name for each in RULES} == expand(GROUPS)


# ── settings ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("keyconv.toml", 'ignore = ["unencrypted"]'),
        ("keyconv.toml", '[check]\nignore = ["unencrypted"]'),
        ("keyconv.toml", '[tool.keyconv.check]\nignore = "unencrypted"'),
        ("pyproject.toml", '[tool.keyconv.check]\nignore = ["protection"]'),
    ],
)
def test_settings_are_found_upwards(name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config(text, name)
    save("deep/er/key", ED25519)
    monkeypatch.chdir("deep/er")
    assert rules("key") == []


def test_the_nearest_settings_count_and_a_pyproject_without_them_does_not() -> None:
    config('ignore = ["unencrypted"]')
    config("[project]\nname = 'x'\n", "pyproject.toml")
    save("key", ED25519)
    assert rules("key") == []
    config("", "keyconv.toml")
    assert rules("key") == ["unencrypted"]


def test_policy_names_the_file_and_flags_have_the_last_word() -> None:
    config('ignore = ["unencrypted"]\nfail-on = "info"')
    config('[tool.keyconv.check]\nselect = ["unencrypted"]\nfail-on = "error"', "other/policy.toml")
    save("key", ED25519)
    assert check("key", "--policy", "other/policy.toml").code == 0
    assert check("key", "--policy", "other/policy.toml", "--fail-on", "warning").code == 1
    assert check("key", "--policy", "absent.toml").code == 2


def test_the_allow_list_forgives_a_key_wherever_it_is() -> None:
    config(f'allow = ["{FINGERPRINT}"]')
    save("a", ED25519, 0o644)
    save("b", ED25519[:-1])
    save("c.pub", ED25519)
    save("d", RSA)
    assert {each["path"] for each in report(".")["findings"]} == {"./d"}


def test_per_path_ignores_are_seen_from_the_folder_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    config('[per-path-ignores]\n"tests/**" = ["unencrypted"]\n"*.key" = ["all"]')
    for name in ("tests/deep/key", "src/key", "src/x.key"):
        save(name, ED25519)
    assert {each["path"] for each in report(".", "--select", "unencrypted")["findings"]} == {"./src/key"}
    monkeypatch.chdir("tests")
    assert rules("deep/key") == []


def test_severities_change_and_decide() -> None:
    config('[severities]\nunencrypted = "info"\nprotection = "error"')
    save("key", ED25519)
    assert [each["severity"] for each in report("key")["findings"]] == ["error"]
    config('[severities]\nunencrypted = "info"')
    assert check("key").code == 0


def test_thresholds_move() -> None:
    save("key", RSA)
    assert "short-rsa" in rules("key")
    config("[thresholds]\nrsa-bits = 2048")
    assert "short-rsa" not in rules("key")
    save("locked", ENCRYPTED)
    assert rules("locked") == []
    config("[thresholds]\nbcrypt-rounds = 1000")
    assert rules("locked") == ["weak-kdf"]


def test_a_blocklist_is_read_beside_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    config('blocklist = ["lists/bad.txt"]', "sub/keyconv.toml")
    config(f"# ours\n{FINGERPRINT}\n", "sub/lists/bad.txt")
    save("sub/key", ED25519)
    monkeypatch.chdir("sub")
    assert "known-weak" in rules("key")
    Path("lists/bad.txt").unlink()
    assert check("key").code == 2


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("selct = []", "did you mean 'select'?"),
        ('select = ["unencryptd"]', "did you mean 'unencrypted'?"),
        ("select = [1]", "not a string"),
        ("select = 1", "not a list"),
        ('fail-on = "fatal"', "error, warning, info"),
        ('preset = "strickt"', "did you mean 'strict'?"),
        ("[thresholds]\nrsa_bits = 1", "did you mean 'rsa-bits'?"),
        ('[thresholds]\nrsa-bits = "1"', "whole number"),
        ("[thresholds]\nrsa-bits = true", "whole number"),
        ("[severities]\nq = 'error'", "--list"),
        ("allow = ['nonsense']", "SHA256:"),
        ("per-path-ignores = []", "not a table"),
        ("public-only = 1", "neither true nor false"),
        ("[tool]\nkeyconv = 1", "not a table"),
        ("x = [", "not TOML"),
    ],
)
def test_a_wrong_setting_is_an_error_that_helps(text: str, word: str) -> None:
    config(text)
    save("key", ED25519)
    result = check("key")
    assert result.code == 2
    assert word in result.err
    assert "keyconv.toml" in result.err


def test_every_setting_can_be_said() -> None:
    text = f"""
        preset = "strict"
        select = ["all"]
        ignore = ["dsa"]
        fail-on = "error"
        public-only = true
        allow = ["{FINGERPRINT}"]
        blocklist = []
        [severities]
        crlf = "error"
        [thresholds]
        {chr(10).join(f"{name} = 1" for name in THRESHOLD_NAMES)}
        [per-path-ignores]
        "a/*" = ["crlf"]
    """
    policy = settings.read(text, is_pyproject=False)
    assert policy is not None
    assert (policy.fail_on, policy.public_only, sorted(policy.ignore)) == ("error", True, ["dsa"])
    assert policy.severities["unencrypted"] == "error"


# ── presets ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_preset_speaks_of_rules_that_there_are() -> None:
    known = {each.name for each in RULES}
    for policy in PRESETS.values():
        assert set(policy.severities) | policy.ignore | policy.select <= known
    assert PRESETS["default"] == Policy()


def _severity(name: str, *arguments: str) -> dict[str, str]:
    return {each["rule"]: each["severity"] for each in report(*arguments, "--preset", name)["findings"]}


STRICT = {
    "openssh/ed25519-default-rounds-encrypted": set(),
    "openssh/sk-ed25519-plain": set(),
    "openssh/sk-ecdsa-plain": {"key-type"},
    "openssh/ecdsa-p256-plain": {"key-type", "unencrypted"},
    "openssh/ecdsa-p521-plain": {"key-type", "unencrypted", "putty-p521"},
    "openssh-pub/ed25519.pub": set(),
    "openssh-pub/rsa3072.pub": set(),
    "openssh-pub/rsa2048.pub": {"short-rsa"},
    "openssh-pub/dsa1024.pub": {"key-type", "dsa"},
    "openssh-pub/ecdsa-p384.pub": {"key-type"},
    "ppk/ed448-v3-plain.ppk": {"key-type", "unencrypted"},
}


@pytest.mark.parametrize("path", STRICT)
def test_strict_allows_ed25519_and_long_rsa_and_no_other_type(path: str) -> None:
    save("key", by_path(path).data)
    found = _severity("strict", "key", "--ignore", "public-not-private")
    assert found == dict.fromkeys(STRICT[path], "error")


def test_strict_judges_each_line_of_authorized_keys() -> None:
    save("authorized_keys", by_path("openssh-pub/ed25519.pub").data + by_path("openssh-pub/ecdsa-p256.pub").data)
    found = report("authorized_keys", "--preset", "strict")["findings"]
    assert [(each["rule"], each["line"]) for each in found] == [("key-type", 2)]
    assert found[0]["message"] == (
        "a key of type ecdsa-sha2-nistp256, where the settings allow rsa, ed25519, sk-ed25519"
    )


def test_key_types_are_a_setting_and_none_means_all() -> None:
    save("key.pub", by_path("openssh-pub/ecdsa-p256.pub").data)
    assert rules("key.pub") == []
    config('key-types = ["ed25519"]')
    assert rules("key.pub") == ["key-type"]
    config('key-types = ["ecdsa", "ed25519"]')
    assert rules("key.pub") == []
    config('preset = "strict"\nkey-types = []')
    assert rules("key.pub") == []
    config('key-types = ["ecdas"]')
    wrong = check("key.pub")
    assert (wrong.code, "did you mean 'ecdsa'?" in wrong.err) == (2, True)


def test_a_hosts_key_is_of_the_type_that_the_host_has() -> None:
    save("known_hosts", b"example.org " + by_path("openssh-pub/ecdsa-p256.pub").data)
    assert rules("known_hosts", "--preset", "strict") == []


def test_strict_wants_encryption_long_keys_and_modern_derivation() -> None:
    save("key", RSA)
    assert _severity("strict", "key") == {"unencrypted": "error", "short-rsa": "error"}
    save("old", by_path("ppk/ed25519-v2-encrypted.ppk").data)
    assert _severity("strict", "old") == {"weak-kdf": "error"}
    save("good", ENCRYPTED)
    assert _severity("strict", "good") == {}


def test_ci_secret_wants_no_passphrase_but_whole_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", ED25519.decode())
    assert report("--env", "KEY", "--preset", "ci-secret")["findings"] == []
    monkeypatch.setenv("KEY", ED25519.decode().strip())
    assert _severity("ci-secret", "--env", "KEY") == {"missing-final-newline": "error"}


def test_authorized_keys_lets_no_private_key_in() -> None:
    save("key", ENCRYPTED)
    assert _severity("authorized-keys", "key") == {"private-not-public": "error"}


def test_an_unknown_preset_is_refused() -> None:
    assert check("key", "--preset", "stric").code == 2
    with pytest.raises(UsageError, match="preset"):
        settings.preset("x")


# ── patterns ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("*.pem", "a/b.pem", True),
        ("/*.pem", "a/b.pem", False),
        ("/*.pem", "b.pem", True),
        ("a/*", "a/b", True),
        ("a/*", "a/b/c", False),
        ("a/**", "a/b/c", True),
        ("**/c", "a/b/c", True),
        ("a/**/c", "a/c", True),
        ("k?y", "key", True),
        ("k?y", "k/y", False),
        ("[kK]ey", "Key", True),
        ("[!k]ey", "key", False),
        ("\\*", "*", True),
        ("\\*", "x", False),
        ("a.b", "axb", False),
        ("[", "[", True),
    ],
)
def test_a_pattern_fits_as_git_says(pattern: str, path: str, fits: bool) -> None:
    assert glob.fits(pattern, path) is fits


def _ignored(text: str, path: str, **more: Any) -> bool | None:
    return glob.parse_gitignore(text).judge(path, **{"is_folder": False, **more})


def test_the_last_line_of_a_gitignore_wins() -> None:
    assert _ignored("*.key\n!kept.key\n", "a.key") is True
    assert _ignored("*.key\n!kept.key\n", "kept.key") is False
    assert _ignored("*.key\n", "a.pem") is None
    assert _ignored("out/\n", "out") is None
    assert _ignored("out/\n", "out", is_folder=True) is True
    assert _ignored("# x\n\n\\#x  \n", "#x") is True


def test_the_json_summary_says_what_failed() -> None:
    save("key", ED25519)
    summary = json.loads(check("key", "--format", "json", "--fail-on", "error").out)["summary"]
    assert (summary["fail_on"], summary["failed"], summary["warning"]) == ("error", False, 1)
