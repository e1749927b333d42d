"""`keyconv match`: the same key or not, whatever the formats."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixture_files import FIXTURES_DIR, PASSPHRASE, by_path
from test_cli_convert import LOCKED_OPENSSH, LOCKED_PPK, OPENSSH, PPK, PUBLIC, TWO_KEYS, run, secret_file

RSA = FIXTURES_DIR / "ppk" / "rsa2048-v3-plain.ppk"
FINGERPRINT = by_path("ppk/ed25519-v3-plain.ppk").sha256_fingerprint
ALL_ED25519 = (
    PPK,
    LOCKED_PPK,
    OPENSSH,
    LOCKED_OPENSSH,
    PUBLIC,
    FIXTURES_DIR / "ppk" / "ed25519-v2-encrypted.ppk",
    FIXTURES_DIR / "rfc4716" / "ed25519-puttygen.pub",
    FIXTURES_DIR / "certificates" / "user-ed25519-cert.pub",
    FIXTURES_DIR / "authorized_keys" / "authorized_keys",
    TWO_KEYS,
)


@pytest.mark.parametrize("path", ALL_ED25519, ids=lambda path: path.name)
def test_the_same_key_matches_in_every_format_private_public_and_certificate(path: Path) -> None:
    for pair in ((PPK, path), (path, PPK)):
        result = run("match", *pair, "--no-input")
        assert result.code == 0
        assert result.out.decode() == f"the same key: ssh-ed25519 {FINGERPRINT}\n"


def test_all_of_many_files_must_hold_it() -> None:
    assert run("match", *ALL_ED25519, "--no-input").code == 0
    assert run("match", *ALL_ED25519, RSA, "--no-input").code == 1


def test_another_key_exits_1_and_the_fingerprints_are_shown() -> None:
    result = run("match", PPK, RSA)
    assert result.code == 1
    assert result.out.decode() == (
        "not the same key\n"
        f"  {PPK}: ssh-ed25519 {FINGERPRINT}\n"
        f"  {RSA}: ssh-rsa {by_path('ppk/rsa2048-v3-plain.ppk').sha256_fingerprint}\n"
    )


def test_a_file_of_many_keys_matches_by_any_of_them() -> None:
    ecdsa = FIXTURES_DIR / "ppk" / "ecdsa-p256-v3-plain.ppk"
    assert run("match", ecdsa, TWO_KEYS).code == 0
    assert run("match", ecdsa, TWO_KEYS, PPK).code == 1  # no one key is in all three


def test_without_the_passphrase_it_says_that_only_the_public_half_was_compared(tmp_path: Path) -> None:
    result = run("match", PPK, LOCKED_PPK, answers=[])
    assert (result.code, result.asked) == (0, ())
    assert result.err.startswith(f"keyconv: {LOCKED_PPK}: compared by the public half in clear")
    proved = run("match", PPK, LOCKED_PPK, "--passphrase-file", secret_file(tmp_path, PASSPHRASE))
    assert (proved.code, proved.err) == (0, "")
    assert run("match", PPK, LOCKED_PPK, "--passphrase-file", secret_file(tmp_path, b"wrong")).code == 4


def test_json_tells_the_verdict_the_fingerprints_and_what_was_verified() -> None:
    result = run("match", "--json", PPK, LOCKED_PPK)
    assert (result.code, result.json) == (
        0,
        {
            "match": True,
            "fingerprint": FINGERPRINT,
            "files": [
                {"path": str(PPK), "format": "ppk", "fingerprints": [FINGERPRINT], "faults": [], "verified": True},
                {
                    "path": str(LOCKED_PPK),
                    "format": "ppk",
                    "fingerprints": [FINGERPRINT],
                    "faults": [],
                    "verified": False,
                },
            ],
        },
    )
    result = run("match", "--json", PPK, RSA)
    assert (result.code, result.json["match"], result.json["fingerprint"]) == (1, False, None)


def test_quiet_leaves_the_verdict_and_takes_the_notes() -> None:
    result = run("match", "-q", PPK, LOCKED_PPK)
    assert (result.code, result.err) == (0, "")


def test_standard_input_is_one_of_them() -> None:
    assert run("match", "-", PPK, stdin=OPENSSH.read_bytes()).code == 0


@pytest.mark.parametrize("count", [0, 1])
def test_less_than_two_files_are_a_usage_error(count: int) -> None:
    result = run("match", *[PPK] * count)
    assert (result.code, result.out) == (2, b"")


def test_a_file_that_cannot_be_read_exits_3_and_not_1(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    damaged.write_bytes(PPK.read_bytes().replace(b"fixture", b"fixtura"))
    for path in (tmp_path / "none", damaged):
        result = run("match", PPK, path)
        assert (result.code, result.out) == (3, b"")
        assert result.err.startswith(f"keyconv: {path}: ")
        as_json = run("match", "--json", PPK, path)
        assert (as_json.code, as_json.out, as_json.error["path"]) == (3, b"", str(path))


def test_from_forces_the_format() -> None:
    assert run("match", "--from", "ppk", PPK, LOCKED_PPK).code == 0
    assert run("match", "--from", "ppk", PPK, OPENSSH).code == 3
    assert run("match", "--from", "pkp", PPK, OPENSSH).code == 2
