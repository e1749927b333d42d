"""Live, both ways: what keyconv writes the real puttygen and ssh-keygen open, and print as the same key."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from fixture_files import PASSPHRASE, PUTTY_TYPES, by_path, opened, sample
from tools import PATIENCE, require

from keyconv import Deriver, Entry, Passphrase, WriteOptions, convert, write
from keyconv.crypto.ciphers import CIPHERS
from keyconv.crypto.kdf import ARGON2_FLAVOURS, Argon2Flavour
from keyconv.engine import choose, read, unlock
from keyconv.keyfile import Locked

SSH_TYPES = tuple(key for key in PUTTY_TYPES if key != "ed448")  # ssh-keygen has no Ed448
SK_TYPES = ("sk-ecdsa", "sk-ed25519")
UNICODE = "pässwörd — 鍵 🔑 ñ".encode()
ODD_PASSPHRASES = {
    "UTF-8": UNICODE,
    "cp1252": "schlüssel 5€".encode("cp1252"),
    "quotes": b'it\'s "quoted" \\ $HOME',
    "spaces": b"  in front and behind  ",
    "long": b"x" * 500,
}
PUTTY_COST = "kdf=argon2id,memory=64,passes=1,parallelism=1"
EMPTY = b""


class Tools:
    """Runs the tools in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._puttygen = require("puttygen")
        self._ssh_keygen = require("ssh-keygen")

    def save(self, name: str, data: bytes) -> str:
        """Write a file that only its owner can read, as ssh-keygen wants it."""
        path = self._folder / name
        path.touch(mode=0o600)
        path.write_bytes(data)
        return str(path)

    def load(self, name: str) -> bytes:
        """Return what a tool wrote."""
        return (self._folder / name).read_bytes()

    def _run(self, *arguments: str | bytes) -> bytes:
        result = subprocess.run(
            arguments, stdin=subprocess.DEVNULL, capture_output=True, cwd=self._folder, timeout=PATIENCE
        )
        assert result.returncode == 0, result.stderr
        return result.stdout.rstrip(b"\n")

    def puttygen(self, file: str, *options: str, passphrase: bytes = EMPTY, new: bytes | None = None) -> bytes:
        """Run puttygen on a file; `passphrase` opens it, `new` protects the output."""
        old = ("--old-passphrase", self.save("old", passphrase + b"\n")) if passphrase else ()
        wanted = () if new is None else ("--new-passphrase", self.save("new", new + b"\n" if new else b""))
        return self._run(self._puttygen, file, *old, *options, *wanted)

    def ssh_keygen(self, *options: str | bytes) -> bytes:
        """Run ssh-keygen."""
        return self._run(self._ssh_keygen, *options)

    def judge(self, file: str, passphrase: bytes = EMPTY) -> tuple[bytes, bytes]:
        """Return the public line and the fingerprint that puttygen prints, after it has opened the private half."""
        export = ("-P", "-O", "private-openssh-new", "-o", "exported")
        self.puttygen(file, *export, passphrase=passphrase, new=EMPTY)
        return self.puttygen(file, "-L", passphrase=passphrase), self.puttygen(file, "-l", passphrase=passphrase)

    def public_line(self, file: str, passphrase: bytes = EMPTY) -> bytes:
        """Return the line that ssh-keygen derives from the private half."""
        return self.ssh_keygen("-y", "-P", passphrase, "-f", file)


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    return Tools(tmp_path)


def _cheap(
    passphrase: bytes = EMPTY, *, cipher: str = "", kdf: Argon2Flavour = "argon2id", lanes: int = 1
) -> WriteOptions:
    return WriteOptions(
        passphrase=Passphrase(passphrase) if passphrase else None,
        cipher=cipher,
        kdf=kdf,
        kdf_memory=64,
        kdf_passes=1,
        kdf_parallelism=lanes,
        rounds=1,
    )


def _without_comment(line: bytes) -> bytes:
    return b" ".join(line.split(b" ")[:2])


# ── PPK to OpenSSH to PPK ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("passphrase", [pytest.param(EMPTY, id="plain"), pytest.param(PASSPHRASE, id="locked")])
@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("key", PUTTY_TYPES)
def test_a_ppk_goes_to_openssh_and_back_and_stays_the_same_to_both_tools(
    key: str, version: int, passphrase: bytes, tools: Tools
) -> None:
    cost = f"version={version},{PUTTY_COST}"
    options = ("-P", "-O", "private", "--ppk-param", cost, "-o", "original.ppk")
    tools.puttygen(str(by_path(f"ppk/{key}-v3-plain.ppk").file), *options, new=passphrase)
    meant = tools.judge("original.ppk", passphrase)

    there = convert(tools.load("original.ppk"), "openssh", passphrase=passphrase, options=_cheap())
    exported = tools.save("id_key", there)
    if key in SSH_TYPES:
        assert tools.public_line(exported, passphrase) == meant[0]
    assert tools.judge(exported, passphrase) == meant

    for target in ("ppk", "ppk2"):
        back = convert(there, target, passphrase=passphrase, options=_cheap())
        assert tools.judge(tools.save(f"{target}.ppk", back), passphrase) == meant
        assert isinstance(choose(read(back)).private, Locked) == bool(passphrase)


@pytest.mark.parametrize(
    ("kind", "bits"),
    [("rsa", 1024), ("ecdsa", 256), ("ecdsa", 384), ("ecdsa", 521), ("ed25519", 255), ("ed448", 448)],
)
def test_a_key_fresh_from_puttygen_is_the_same_in_every_private_format(kind: str, bits: int, tools: Tools) -> None:
    options = ("-q", "-t", kind, "-b", str(bits), "-C", "fresh", "-O", "private", "-o", "fresh.ppk")
    tools._run(require("puttygen"), *options, "--new-passphrase", tools.save("new", b""))
    meant = tools.judge("fresh.ppk")
    for target in ("openssh", "ppk", "ppk2"):
        assert tools.judge(tools.save(target, convert(tools.load("fresh.ppk"), target))) == meant


@pytest.mark.parametrize("options", [("-t", "rsa", "-b", "1024"), ("-t", "ecdsa"), ("-t", "ed25519")])
def test_a_key_fresh_from_ssh_keygen_is_the_same_to_puttygen(options: tuple[str, ...], tools: Tools) -> None:
    for name, passphrase in (("plain", EMPTY), ("locked", UNICODE)):
        tools.ssh_keygen("-q", *options, "-a", "1", "-C", "fresh", "-N", passphrase, "-f", name)
        data = convert(tools.load(name), "ppk", passphrase=passphrase, options=_cheap())
        line, _ = tools.judge(tools.save(f"{name}.ppk", data), passphrase)
        assert line == tools.load(f"{name}.pub").rstrip(b"\n")


@pytest.mark.parametrize("key", SK_TYPES)
@pytest.mark.parametrize("passphrase", [EMPTY, PASSPHRASE])
def test_a_fido_key_is_opened_by_ssh_keygen(key: str, passphrase: bytes, tools: Tools) -> None:
    data = write(sample(f"openssh/{key}-plain"), "openssh", _cheap(passphrase))
    line = by_path(f"openssh/{key}-plain").public_line
    assert line
    assert _without_comment(tools.public_line(tools.save("key", data), passphrase)) == line.encode()


@pytest.mark.parametrize(
    "path", ["user-ed25519-v3-plain", "user-ecdsa-p256-options-v2-plain", "host-rsa2048-rsa-ca-v3-encrypted"]
)
def test_a_ppk_with_a_certificate_is_opened_by_puttygen(path: str, tools: Tools) -> None:
    fixture = by_path(f"certificates/{path}.ppk")
    assert fixture.public_line
    for target in ("ppk", "ppk2"):
        for passphrase in (EMPTY, PASSPHRASE):
            data = write(opened(fixture), target, _cheap(passphrase))
            line, _ = tools.judge(tools.save("key.ppk", data), passphrase)
            assert _without_comment(line) == fixture.public_line.encode()


# ── ciphers and KDFs ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("cipher", CIPHERS)
def test_every_openssh_cipher_is_opened_by_ssh_keygen(cipher: str, tools: Tools) -> None:
    for path in ("openssh/ed25519-plain", "openssh/ecdsa-p521-plain", "edge/rsa1024-e37-openssh-plain"):
        file = tools.save("key", write(sample(path), "openssh", _cheap(PASSPHRASE, cipher=cipher)))
        line = by_path(path).public_line
        assert line
        assert _without_comment(tools.public_line(file, PASSPHRASE)) == line.encode()
        with pytest.raises(AssertionError, match="incorrect passphrase"):
            tools.public_line(file, b"another")


@pytest.mark.parametrize("lanes", [1, 4])
@pytest.mark.parametrize("flavour", ARGON2_FLAVOURS)
def test_every_argon2_is_opened_by_puttygen(flavour: Argon2Flavour, lanes: int, tools: Tools) -> None:
    data = write(sample("ppk/ed25519-v3-plain.ppk"), "ppk", _cheap(PASSPHRASE, kdf=flavour, lanes=lanes))
    assert f"\nKey-Derivation: {flavour.capitalize()}\n".encode() in data
    line, _ = tools.judge(tools.save("key.ppk", data), PASSPHRASE)
    assert line == by_path("openssh-pub/ed25519.pub").data.rstrip(b"\n")


def test_the_default_cost_is_opened_by_both(tools: Tools) -> None:
    entry, options = sample("ppk/ed25519-v3-plain.ppk"), WriteOptions(passphrase=Passphrase(PASSPHRASE))
    line = by_path("openssh-pub/ed25519.pub").data.rstrip(b"\n")
    assert tools.judge(tools.save("key.ppk", write(entry, "ppk", options)), PASSPHRASE)[0] == line
    assert tools.public_line(tools.save("key", write(entry, "openssh", options)), PASSPHRASE) == line


# ── passphrases ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ODD_PASSPHRASES)
def test_a_passphrase_of_any_bytes_opens_in_the_tools_what_keyconv_locked(name: str, tools: Tools) -> None:
    entry, passphrase = sample("ppk/ed25519-v3-plain.ppk"), ODD_PASSPHRASES[name]
    line = by_path("openssh-pub/ed25519.pub").data.rstrip(b"\n")
    for target in ("ppk", "ppk2"):
        file = tools.save(target, write(entry, target, _cheap(passphrase)))
        assert tools.judge(file, passphrase)[0] == line
    file = tools.save("openssh", write(entry, "openssh", _cheap(passphrase)))
    assert tools.public_line(file, passphrase) == line


@pytest.mark.parametrize("name", ODD_PASSPHRASES)
def test_a_passphrase_of_any_bytes_opens_in_keyconv_what_the_tools_locked(name: str, tools: Tools) -> None:
    passphrase = ODD_PASSPHRASES[name]
    source = str(by_path("ppk/ed25519-v3-plain.ppk").file)
    options = ("-P", "-O", "private", "--ppk-param", f"version=3,{PUTTY_COST}", "-o", "locked.ppk")
    tools.puttygen(source, *options, new=passphrase)
    tools.ssh_keygen("-q", "-t", "ed25519", "-a", "1", "-C", "", "-N", passphrase, "-f", "locked")
    deriver = Deriver()
    for file in ("locked.ppk", "locked"):
        entry = unlock(choose(read(tools.load(file))), passphrase, deriver=deriver)
        assert not isinstance(entry.private, Locked)
        assert not [note for note in entry.notes if note.code == "passphrase-encoding"]


# ── public formats ─────────────────────────────────────────────────────────────────────────────────────────────────


def _line(entry: Entry) -> bytes:
    return write(entry, "openssh-pub").rstrip(b"\n")


@pytest.mark.parametrize("key", [*SSH_TYPES, *SK_TYPES])
def test_rfc4716_goes_both_ways_with_ssh_keygen(key: str, tools: Tools) -> None:
    entry = sample(f"openssh-pub/{key}.pub")
    ours = tools.save("ours", write(entry, "rfc4716"))
    assert _without_comment(tools.ssh_keygen("-i", "-f", ours)) == _without_comment(_line(entry))
    theirs = tools.ssh_keygen("-e", "-f", str(by_path(f"openssh-pub/{key}.pub").file))
    assert choose(read(theirs + b"\n")).public == entry.public


@pytest.mark.parametrize("key", PUTTY_TYPES)
def test_rfc4716_goes_both_ways_with_puttygen(key: str, tools: Tools) -> None:
    entry = sample(f"openssh-pub/{key}.pub")
    ours = tools.save("ours", write(entry, "rfc4716"))
    assert tools.puttygen(ours, "-L") == _line(entry)
    tools.puttygen(str(by_path(f"ppk/{key}-v3-plain.ppk").file), "-O", "public", "-o", "theirs")
    theirs = choose(read(tools.load("theirs")))
    assert (theirs.public, theirs.comment) == (entry.public, entry.comment)


@pytest.mark.parametrize("length", [1, 50, 72, 100, 300, 1000, 3000])
def test_a_long_comment_in_rfc4716_is_read_by_ssh_keygen_and_puttygen(length: int, tools: Tools) -> None:
    comment = (b"A comment: with colons: and ---- END in it " * 80)[:length]
    data = convert(by_path("openssh-pub/ed25519.pub").data, "rfc4716", comment=comment)
    line = _without_comment(by_path("openssh-pub/ed25519.pub").data.rstrip(b"\n"))
    file = tools.save("ours", data)
    assert _without_comment(tools.ssh_keygen("-i", "-f", file)) == line
    assert _without_comment(tools.puttygen(file, "-L")) == line


@pytest.mark.parametrize("key", PUTTY_TYPES)
def test_a_public_line_is_read_by_both_tools(key: str, tools: Tools) -> None:
    fixture = by_path(f"ppk/{key}-v3-argon2id-encrypted.ppk")
    line = convert(fixture.data, "openssh-pub")  # no passphrase
    file = tools.save("id.pub", line)
    assert fixture.sha256_fingerprint
    assert fixture.sha256_fingerprint.encode() in tools.puttygen(file, "-l")
    assert tools.puttygen(file, "-L") + b"\n" == line
    if key in SSH_TYPES:
        assert fixture.sha256_fingerprint.encode() in tools.ssh_keygen("-l", "-f", file)


# ── comments ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "comment",
    ["schlüssel Ωmega — 鍵 🔑", 'says "hi" with a \\ backslash', "Public-Lines: 2: user@host", "tab\there", "a  b"],
)
def test_a_comment_reaches_both_tools(comment: str, tools: Tools) -> None:
    data = by_path("ppk/ed25519-v3-plain.ppk").data
    line = _without_comment(by_path("openssh-pub/ed25519.pub").data) + b" " + comment.encode()
    for target in ("ppk", "ppk2", "openssh"):
        file = tools.save("key", convert(data, target, comment=comment))
        assert tools.judge(file)[0] == line
    assert tools.public_line(file) == line
