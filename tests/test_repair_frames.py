"""Frames that other programs made odd: ssh.com's around another format, typographic spaces, git's prefix."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixture_files import by_path
from pem_family import locking, private_in, private_of, public_line, run, saved, written
from test_cli_convert import run as keyconv

from keyconv import Deriver, Passphrase, read
from keyconv.errors import KeyconvError
from keyconv.formats.openssh import OPENSSH
from keyconv.formats.pem import PEM
from keyconv.formats.pkcs8 import PKCS8
from keyconv.formats.ppk import PPK3
from keyconv.repairs import Candidate, Opening, diagnose, find_whole

WORD = b"secret"
KEY = private_of(by_path("pem/rsa2048-ssh-keygen-plain.pem"))
LINE = by_path("openssh-pub/ed25519.pub").data


def _whole(data: bytes) -> Candidate:
    with pytest.raises(KeyconvError):
        read(data)
    found = find_whole(data, Opening(passphrase=Passphrase(WORD), deriver=Deriver()))
    assert found is not None
    return found


# ── another format in ssh.com's frame ──────────────────────────────────────────────────────────────────────────────


BODIES = {
    "pkcs8": written(PKCS8, KEY),
    "pkcs8-encrypted": written(PKCS8, KEY, locking(WORD)),
    "pkcs1": written(PEM, KEY),
    "openssh": written(OPENSSH, KEY),
}
HEADERS = {
    "none": b"",
    "comment": b'Comment: "[2048-bit rsa, Fri May 16 2014]"\n',
    "two": b"Subject: me\nComment: c\n",
    "folded": b'Comment: "a comment that goes on\\\nABCD in the next line"\nx-foo: bar\n',
    "translated": b"\xd7\xa2\xca\xcd: x\n",
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("word", [b"ENCRYPTED PRIVATE", b"PUBLIC"])
def test_another_format_in_an_ssh2_frame_gets_its_own_and_the_headers_go(
    word: bytes, body: str, headers: bytes, tmp_path: Path
) -> None:
    framed = BODIES[body]
    rows = framed.rstrip(b"\n").split(b"\n")[1:-1]
    data = b"---- BEGIN SSH2 %s KEY ----\n%s%s\n---- END SSH2 %s KEY ----\n" % (word, headers, b"\n".join(rows), word)
    found = _whole(data)
    assert found.undone == ("wrong-label",)
    assert found.data == framed
    path = saved(tmp_path, found.data)
    path.chmod(0o600)
    assert run("ssh-keygen", "-y", "-P", WORD.decode(), "-f", path).startswith(public_line(KEY.public).encode())


# ── typographic spaces ─────────────────────────────────────────────────────────────────────────────────────────────


FILES = {
    "pem": written(PEM, KEY),
    "pem-encrypted": written(PEM, KEY, locking(WORD, "aes-128-cbc")),
    "pkcs8": written(PKCS8, KEY),
    "pkcs8-encrypted": written(PKCS8, KEY, locking(WORD)),
    "openssh": written(OPENSSH, KEY),
    "ppk": written(PPK3, KEY),
    "rfc4716": by_path("rfc4716/ed25519-puttygen.pub").data,
}


@pytest.mark.parametrize("space", ["\u00a0", "\u202f", "\u2009", "\u3000"], ids=ascii)
@pytest.mark.parametrize("file", FILES)
def test_typographic_spaces_in_a_frame_and_after_headers_become_spaces(file: str, space: str) -> None:
    data = FILES[file]
    rows = [
        row.replace(b" ", space.encode()) if row.startswith(b"----") else row.replace(b": ", b":" + space.encode(), 1)
        for row in data.split(b"\n")
    ]
    found = _whole(b"\n".join(rows))
    assert found.undone == ("smart-dashes",)
    assert found.data == data


def test_one_no_break_space_in_the_label_of_an_encrypted_pem_is_repaired_with_or_without_the_passphrase(
    tmp_path: Path,
) -> None:
    data = FILES["pem-encrypted"]
    path = saved(tmp_path, data.replace(b"RSA PRIVATE", "RSA\u00a0PRIVATE".encode(), 1))
    for options in ((), ("--passphrase-file", saved(tmp_path, WORD, "word"))):
        result = keyconv("repair", path, "-o", tmp_path / f"new{len(options)}", *options, answers=[])
        assert result.code == 0, result.err
        assert (tmp_path / f"new{len(options)}").read_bytes() == data


def test_the_blank_line_after_more_headers_than_two_stays_where_it_is() -> None:
    data = FILES["pem-encrypted"]
    begin, header, info, blank, *rest = data.split(b"\n")
    whole = b"\n".join([begin, header, info, b"X-Foo: bar", blank, *rest])
    found = _whole(whole.replace(b"\n", b"\n\n"))
    assert "blank-lines" in found.undone
    assert private_in(PEM, found.data, WORD) == KEY


# ── git's prefix ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("before", [b"", b"restrict ", b"\t", b"signingkey = ", b"    signingKey="])
def test_gits_prefix_is_named_and_taken_away(before: bytes) -> None:
    data = before + b"key::" + LINE
    with pytest.raises(KeyconvError) as refusal:
        read(data)
    found = diagnose(data, refusal.value, path="id.pub")
    assert found.rule in ("surrounding-text", "indented")
    assert "git's prefix 'key::'" in found.message
    whole = _whole(data)
    assert whole.keyfile.entries[0].public == read(LINE).entries[0].public
    assert b"key::" not in whole.data
    if before == b"restrict ":
        assert whole.data == before + LINE  # no option is lost


def test_the_hint_says_to_remove_gits_prefix_and_repair_does(tmp_path: Path) -> None:
    path = saved(tmp_path, b"key::" + LINE, "id.pub")
    result = keyconv("inspect", path, answers=[])
    assert result.code == 3
    assert "remove 'key::'" in result.err
    assert f"keyconv repair {path} -o NEW" in result.err
    assert keyconv("repair", path, "-o", tmp_path / "new.pub", answers=[]).code == 0
    assert (tmp_path / "new.pub").read_bytes() == LINE


def test_gits_prefix_on_one_line_of_authorized_keys_is_a_bad_line(tmp_path: Path) -> None:
    other = by_path("openssh-pub/ecdsa-p256.pub").data
    path = saved(tmp_path, other + b"key::" + LINE, "authorized_keys")
    result = keyconv("check", path, answers=[])
    assert b"authorized_keys:2: error bad-line git's prefix 'key::'" in result.out
    assert b"surrounding-text" not in result.out


@pytest.mark.parametrize("section", [b"[user]", b'[gpg "ssh"]', b"  [bastion.example.com]"])
@pytest.mark.parametrize("before", [b"\tsigningKey = key::", b"key=", b'pubkey: "'])
def test_a_key_below_the_name_of_a_section_is_taken_out(section: bytes, before: bytes) -> None:
    whole = _whole(section + b"\n" + before + LINE)
    assert whole.data == LINE
    assert "surrounding-text" in whole.undone


@pytest.mark.parametrize("words", [b"[bastion.example.com]:2222", b"@revoked *", b"restrict"])
def test_words_above_the_value_of_a_name_are_not_dropped(words: bytes) -> None:
    found = find_whole(words + b"\nkey = " + LINE)
    assert found is None or words in found.data


def test_a_section_that_could_be_the_host_of_the_key_below_it_is_not_dropped() -> None:
    found = find_whole(b"[bastion.example.com]\n" + LINE)
    assert found is None or found.data.startswith(b"[bastion.example.com] ")


def test_a_comment_that_only_mentions_the_prefix_is_left_alone() -> None:
    data = LINE.rstrip(b"\n") + b" was key:: once\n"
    assert read(data).entries[0].comment is not None
    found = find_whole(data)
    assert found is not None
    assert (found.data, found.undone) == (data, ())


# ── messages ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _with_a_long_header(directory: Path) -> Path:
    block = by_path("rfc4716/ed25519-puttygen.pub").data
    return saved(directory, block.replace(b"Comment: ", b"x-a: " + b"y" * 1025 + b"\nComment: ", 1), "long")


@pytest.mark.parametrize(
    "command", [("public", "-t", "rfc4716"), ("convert", "-t", "rfc4716", "-o", "-"), ("comment", "text")]
)
def test_an_error_of_writing_names_the_file(command: tuple[str, ...], tmp_path: Path) -> None:
    path = _with_a_long_header(tmp_path)
    result = keyconv(command[0], path, *command[1:], answers=[])
    assert result.code == 6
    last = [line for line in result.err.splitlines() if not line.startswith("  hint")][-1]
    assert last == f"keyconv: {path}: the x-a header would have 1025 bytes, and RFC 4716 allows 1024"


def test_of_several_files_the_one_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    path = _with_a_long_header(tmp_path)
    other = saved(tmp_path, LINE, "other.pub")
    result = keyconv("public", other, path, "-t", "rfc4716", answers=[])
    assert f"keyconv: {path}: the x-a header would have" in result.err
    assert f"keyconv: {other}" not in result.err


def test_a_comment_that_is_too_long_is_shortened_and_reported(tmp_path: Path) -> None:
    path = saved(tmp_path, LINE.split()[0] + b" " + LINE.split()[1] + b" " + b"z" * 1023 + b"\n", "k.pub")
    result = keyconv("public", path, "-t", "rfc4716", answers=[])
    assert result.code == 0
    assert f"keyconv: {path}: lost: rfc4716 holds 1011 bytes of the comment's 1023" in result.err
    strict = keyconv("public", path, "-t", "rfc4716", "--strict", answers=[])
    assert strict.code == 6
    made = keyconv(
        *("generate", "-o", tmp_path / "new", "--no-passphrase", "--also", "rfc4716", "--comment", "z" * 2000),
        answers=[],
    )
    assert made.code == 0
    assert "lost: rfc4716 holds 1011 bytes" in made.err


def test_a_repair_does_not_shorten_a_comment(tmp_path: Path) -> None:
    block = by_path("rfc4716/ed25519-puttygen.pub").data
    comment = b'Comment: "' + b"z" * 2000 + b'"'
    data = b"\n".join(comment if row.startswith(b"Comment: ") else row for row in block.split(b"\n"))
    path = saved(tmp_path, data, "k.pub")
    keyconv("repair", path, "-o", tmp_path / "new.pub", answers=[])
    assert not (tmp_path / "new.pub").exists() or comment in (tmp_path / "new.pub").read_bytes()
