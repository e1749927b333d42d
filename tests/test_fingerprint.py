"""Fingerprints and randomart are those that ssh-keygen prints, to the character."""

from __future__ import annotations

import re
import subprocess

import pytest
from fixture_files import Fixture, by_path, opened, pick
from tools import require

from keyconv.codec import public_blob
from keyconv.crypto import fingerprint

_SAID = re.compile(r"(\d+) (SHA256:\S+) .*\((\S+)\)\n((?:[+|].*\n?){11})", re.DOTALL)


def _blob(fixture: Fixture) -> bytes:
    public = opened(fixture).public
    assert public is not None
    return public_blob.write(public)


@pytest.mark.parametrize(
    "fixture",
    pick(
        lambda each: (
            each.path.startswith(("openssh-pub/", "edge/", "comments/utf8"))
            and each.path.endswith(".pub")
            and "ssh-keygen" in each.judged_by
        )
    ),
)
def test_randomart_is_what_ssh_keygen_draws(fixture: Fixture) -> None:
    said = subprocess.run(
        [require("ssh-keygen"), "-lv", "-f", str(fixture.file)], capture_output=True, text=True, check=True
    ).stdout
    found = _SAID.search(said)
    assert found
    bits, digest, kind, picture = found.groups()
    assert fingerprint.sha256(_blob(fixture)) == digest
    assert fingerprint.randomart(_blob(fixture), f"{kind} {bits}") == picture.rstrip("\n")


def test_randomart_is_eleven_lines_of_nineteen_characters() -> None:
    for blob in (b"", b"x", bytes(1000)):
        for title in ("RSA 2048", "ED25519-SK 256", "ECDSA-SK 256", "A-VERY-LONG-NAME 16384", ""):
            lines = fingerprint.randomart(blob, title).split("\n")
            assert len(lines) == 11
            assert {len(line) for line in lines} == {19}


@pytest.mark.parametrize("tool_format", ["sha256", "md5"])
def test_a_fingerprint_is_what_puttygen_prints(tool_format: str) -> None:
    for key in ("rsa2048", "ecdsa-p521", "ed448"):
        fixture = by_path(f"ppk/{key}-v3-plain.ppk")
        said = subprocess.run(
            [require("puttygen"), "-l", "-E", tool_format, str(fixture.file)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        ours = (fingerprint.sha256 if tool_format == "sha256" else fingerprint.md5)(_blob(fixture))
        assert ours in said or ours.removeprefix("MD5:") in said


def test_fingerprints_have_their_form() -> None:
    assert re.fullmatch(r"SHA256:[A-Za-z0-9+/]{43}", fingerprint.sha256(b"blob"))
    assert re.fullmatch(r"MD5:([0-9a-f]{2}:){15}[0-9a-f]{2}", fingerprint.md5(b"blob"))
    assert fingerprint.md5(b"") == "MD5:d4:1d:8c:d9:8f:00:b2:04:e9:80:09:98:ec:f8:42:7e"
