"""`keyconv comment`: the comment changes, in the file and in the `.pub` beside it, and nothing else does."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fixture_files import PASSPHRASE, by_path, sample
from test_cli_convert import Result, mode_of, needs_root, only_entry, posix, run, run_process
from test_cli_passphrase import old_alone, placed, protection
from tools import PATIENCE, require

from keyconv import FORMATS, Passphrase, WriteOptions, read, write
from keyconv.engine import unlock
from keyconv.formats import by_name

COMMENT = "Zoë, laptop: 2nd"

PRIVATE = {
    "ppk": "ppk/ed25519-v3-plain.ppk",
    "ppk2": "ppk/ecdsa-p256-v2-plain.ppk",
    "openssh": "openssh/ed25519-plain",
    "sshcom": "sshcom/rsa2048-plain",
    "ssh1": "ssh1/rsa1024-plain",
}
ENCRYPTED = {
    "ppk": "ppk/ed25519-v3-argon2id-encrypted.ppk",
    "ppk2": "ppk/ecdsa-p256-v2-encrypted.ppk",
    "openssh": "openssh/ed25519-aes256-gcm-encrypted",
    "sshcom": "sshcom/rsa2048-encrypted",
    "ssh1": "ssh1/rsa1024-encrypted",
}
PUBLIC = {
    "openssh-pub": "openssh-pub/ed25519.pub",
    "rfc4716": "rfc4716/ed25519-puttygen.pub",
    "ssh1-pub": "ssh1/rsa1024.pub",
}


def change(path: Path, *arguments: str | Path) -> Result:
    """Run the command; it must succeed, and leave no other file behind."""
    before = {each.name for each in path.parent.iterdir()}
    result = run("comment", path, *arguments)
    assert (result.code, result.out) == (0, b""), result.err
    assert {each.name for each in path.parent.iterdir()} == before
    return result


def comment_of(path: Path) -> bytes | None:
    return unlock(only_entry(path.read_bytes()), PASSPHRASE).comment


def test_every_format_with_a_comment_is_tried() -> None:
    held = {known.name for known in FORMATS if known.can.comment and known.write}
    assert {*PRIVATE, *PUBLIC} == held
    assert set(ENCRYPTED) == {name for name in held if by_name(name).can.encryption}


# ── in the file ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", [*PRIVATE, *PUBLIC])
@pytest.mark.parametrize("text", [COMMENT, ""])
def test_the_comment_is_changed_or_removed_and_nothing_else(name: str, text: str, tmp_path: Path) -> None:
    fixture = by_path((PRIVATE | PUBLIC)[name])
    path = placed(tmp_path, fixture.path)
    result = change(path, text)
    assert result.err == ""
    assert read(path.read_bytes()).format == name
    written, meant = only_entry(path.read_bytes()), sample(fixture.path)
    assert (written.comment or b"") == text.encode()
    assert replace(written, comment=None, headers=()) == replace(meant, comment=None, headers=())


@pytest.mark.parametrize("name", ENCRYPTED)
def test_an_encrypted_key_stays_encrypted_as_it_was(name: str, tmp_path: Path) -> None:
    path = placed(tmp_path, ENCRYPTED[name])
    before = path.read_bytes()
    change(path, COMMENT, *old_alone(tmp_path))
    after = path.read_bytes()
    assert protection(after) == protection(before)
    entry = unlock(only_entry(after), PASSPHRASE)
    assert (entry.comment, entry.private) == (COMMENT.encode(), sample(ENCRYPTED[name]).private)


@pytest.mark.parametrize("name", ENCRYPTED)
def test_an_encrypted_key_needs_its_passphrase(name: str, tmp_path: Path) -> None:
    path = placed(tmp_path, ENCRYPTED[name])
    for flags in ((), ("--no-input",), old_alone(tmp_path, b"wrong")):
        result = run("comment", path, COMMENT, *flags)
        assert result.code == 4
        assert path.read_bytes() == by_path(ENCRYPTED[name]).data


def test_the_passphrase_is_asked_for_once(tmp_path: Path) -> None:
    path = placed(tmp_path, ENCRYPTED["openssh"])
    result = run("comment", path, COMMENT, answers=["correct horse"])
    assert (result.code, result.asked) == (0, (f"Passphrase for {path}: ",))


def test_a_passphrase_of_another_encoding_stays_the_same_bytes(tmp_path: Path) -> None:
    raw = "Pässwörd".encode("cp1252")
    path = tmp_path / "key"
    options = WriteOptions(passphrase=Passphrase(raw), kdf_memory=64, kdf_passes=1)
    path.write_bytes(write(sample("openssh/ed25519-plain"), "ppk", options))
    change(path, COMMENT, *old_alone(tmp_path, "Pässwörd".encode()))
    assert unlock(only_entry(path.read_bytes()), raw).comment == COMMENT.encode()


def test_the_real_tools_read_the_new_comment(tmp_path: Path) -> None:
    path = placed(tmp_path, ENCRYPTED["openssh"])
    change(path, COMMENT, *old_alone(tmp_path))
    line = subprocess.run(
        [require("ssh-keygen"), "-y", "-P", PASSPHRASE.decode(), "-f", path],
        capture_output=True,
        check=True,
        timeout=PATIENCE,
    ).stdout
    assert line.decode() == f"{by_path(ENCRYPTED['openssh']).public_line} {COMMENT}\n"
    ppk = placed(tmp_path, ENCRYPTED["ppk"], "key.ppk")
    change(ppk, COMMENT, *old_alone(tmp_path))
    more = ("-o", tmp_path / "out", "--old-passphrase", tmp_path / "old")
    subprocess.run(
        [require("puttygen"), ppk, "-O", "private-openssh-new", *more],
        capture_output=True,
        check=True,
        timeout=PATIENCE,
    )
    assert comment_of(tmp_path / "out") == COMMENT.encode()


def test_a_certificate_and_the_headers_stay(tmp_path: Path) -> None:
    for name in (
        "certificates/user-ed25519-v3-plain.ppk",
        "certificates/user-ed25519-cert.pub",
        "certificates/user-ed25519-puttygen-rfc4716.pub",
    ):
        path = placed(tmp_path, name)
        change(path, COMMENT)
        assert only_entry(path.read_bytes()).certificate == sample(name).certificate is not None
    path.write_bytes(write(replace(sample("rfc4716/ed25519-puttygen.pub"), headers=((b"Subject", b"me"),)), "rfc4716"))
    change(path, COMMENT)
    assert only_entry(path.read_bytes()).headers == ((b"Subject", b"me"),)


@posix
def test_a_comment_that_is_no_text_is_bytes_all_the_same(tmp_path: Path) -> None:
    path = placed(tmp_path, PRIVATE["ppk"])
    change(path, os.fsdecode(b"caf\xe9"))
    assert comment_of(path) == b"caf\xe9"


# ── control characters ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", [*PRIVATE, *PUBLIC])
@pytest.mark.parametrize("text", ["a\nssh-rsa AAAA evil", "a\r\nb", "a\x1b]0;b\x07c", "a\u202eb", "a\u2028b"])
def test_control_characters_are_replaced_and_that_is_told(name: str, text: str, tmp_path: Path) -> None:
    path = placed(tmp_path, (PRIVATE | PUBLIC)[name])
    result = change(path, text)
    assert result.err == f"keyconv: {path}: lost: the control characters in the comment are replaced by spaces\n"
    comment = comment_of(path)
    assert comment is not None
    assert comment.startswith(b"a ")
    assert len(read(path.read_bytes()).entries) == 1


def test_the_white_space_before_a_comment_that_a_line_cannot_hold_is_told_of(tmp_path: Path) -> None:
    path = placed(tmp_path, PUBLIC["openssh-pub"])
    result = change(path, "  indented")
    assert result.err == f"keyconv: {path}: lost: openssh-pub cannot hold the white space before the comment\n"
    assert comment_of(path) == b"indented"


# ── the .pub beside it ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "beside"),
    [("id", "id.pub"), ("id.ppk", "id.pub"), ("id.ppk", "id.ppk.pub"), ("id.PPK", "id.pub"), ("id.key", "id.key.pub")],
)
@pytest.mark.parametrize("pub", ["openssh-pub/ed25519.pub", "rfc4716/ed25519-puttygen.pub"])
def test_the_pub_beside_it_keeps_step(name: str, beside: str, pub: str, tmp_path: Path) -> None:
    path, public = placed(tmp_path, PRIVATE["ppk"], name), placed(tmp_path, pub, beside)
    public.chmod(0o644)
    result = change(path, COMMENT)
    assert result.err == ""
    assert comment_of(path) == comment_of(public) == COMMENT.encode()
    assert read(public.read_bytes()).format == by_path(pub).reader
    assert mode_of(public) == 0o644


def test_both_pubs_beside_a_ppk_keep_step(tmp_path: Path) -> None:
    path = placed(tmp_path, PRIVATE["ppk"], "id.ppk")
    beside = [placed(tmp_path, PUBLIC["openssh-pub"], name) for name in ("id.pub", "id.ppk.pub")]
    change(path, COMMENT)
    assert [comment_of(each) for each in beside] == [COMMENT.encode()] * 2


def test_the_pub_keeps_step_with_an_encrypted_key(tmp_path: Path) -> None:
    path = placed(tmp_path, ENCRYPTED["openssh"], "id")
    public = placed(tmp_path, PUBLIC["openssh-pub"], "id.pub")
    change(path, COMMENT, *old_alone(tmp_path))
    assert public.read_bytes().endswith(f" {COMMENT}\n".encode())


@pytest.mark.parametrize(
    ("pub", "message"),
    [
        ("openssh-pub/rsa2048.pub", "stale-public: it is not the public half of this key"),
        ("openssh/ed25519-plain", "private-not-public: it holds a private key"),
        ("README.md", "not a key in any format keyconv supports"),
        ("authorized_keys/authorized_keys", "the file holds 12 keys"),
        ("spki/ed25519-openssl.pem", "spki cannot hold a comment"),
    ],
)
def test_a_pub_that_is_not_this_keys_is_left_alone_and_that_is_told(pub: str, message: str, tmp_path: Path) -> None:
    path, public = placed(tmp_path, PRIVATE["openssh"], "id"), tmp_path / "id.pub"
    data = b"# keys\n" if pub == "README.md" else by_path(pub).data
    public.write_bytes(data)
    result = change(path, COMMENT)
    assert result.err == f"keyconv: {path}: changed; {public}: not changed: {message}\n"
    assert comment_of(path) == COMMENT.encode()
    assert public.read_bytes() == data


def test_a_single_line_with_options_keeps_them(tmp_path: Path) -> None:
    path, public = placed(tmp_path, PRIVATE["openssh"], "id"), tmp_path / "id.pub"
    options = sample("openssh-pub/ed25519-options.pub").options
    public.write_bytes(write(replace(sample(PUBLIC["openssh-pub"]), options=options), "openssh-pub"))
    assert change(path, COMMENT).err == ""
    written = only_entry(public.read_bytes())
    assert (written.options, written.comment) == (options, COMMENT.encode())


@pytest.mark.parametrize("remark", ["# mine\n", "  # mine\r\n"])
def test_a_remark_next_to_the_key_stays_and_another_key_is_left_alone(remark: str, tmp_path: Path) -> None:
    path, public = placed(tmp_path, PRIVATE["openssh"], "id"), tmp_path / "id.pub"
    line = by_path(PUBLIC["openssh-pub"]).data
    public.write_bytes(remark.encode() + line + b"\n# end")
    assert change(path, COMMENT).err == ""
    kind, blob, _ = line.split(b" ", 2)
    assert public.read_bytes() == remark.encode() + b" ".join((kind, blob, COMMENT.encode())) + b"\n\n# end"
    other = remark.encode() + by_path("openssh-pub/rsa2048.pub").data
    public.write_bytes(other)
    why = "stale-public: it is not the public half of this key"
    assert change(path, COMMENT).err == f"keyconv: {path}: changed; {public}: not changed: {why}\n"
    assert public.read_bytes() == other


@posix
def test_through_a_link_the_pub_beside_the_file_itself_keeps_step(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    path = placed(tmp_path / "real", PRIVATE["ppk"], "id.ppk")
    public = [placed(tmp_path / "real", PUBLIC["openssh-pub"], name) for name in ("id.pub", "id.ppk.pub")]
    link, other = tmp_path / "link", placed(tmp_path, PUBLIC["openssh-pub"], "link.pub")
    link.symlink_to(path)
    change(link, COMMENT)
    assert {comment_of(each) for each in (path, other, *public)} == {COMMENT.encode()}


@posix
def test_a_pub_that_two_links_lead_to_is_told_of_once(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    path = placed(tmp_path / "real", PRIVATE["ppk"], "id")
    public = placed(tmp_path / "real", PUBLIC["openssh-pub"], "id.pub")
    (tmp_path / "link").symlink_to(path)
    (tmp_path / "link.pub").symlink_to(public)
    result = change(tmp_path / "link", "  indented")
    assert result.err.count("lost: ") == 1
    assert (comment_of(public), (tmp_path / "link.pub").is_symlink()) == (b"indented", True)


@posix
@pytest.mark.parametrize("name", ["openssh", "ppk"])
def test_a_pub_that_cannot_be_written_is_named_and_neither_file_changes(name: str, tmp_path: Path) -> None:
    path, public = placed(tmp_path, ENCRYPTED[name], "id"), placed(tmp_path, PUBLIC["openssh-pub"], "id.pub")
    (tmp_path / "other").hardlink_to(public)
    result = run("comment", path, COMMENT, answers=[])
    assert (result.code, result.asked) == (5, ()), "before a passphrase is asked for"
    assert result.err.startswith(f"keyconv: {public}: has 2 names (hard links)")
    assert public.read_bytes() == by_path(PUBLIC["openssh-pub"]).data
    assert path.read_bytes() == by_path(ENCRYPTED[name]).data


def test_a_comment_that_an_rfc4716_pub_holds_in_part_is_shortened_there_and_reported(tmp_path: Path) -> None:
    path = placed(tmp_path, "openssh/ed25519-plain", "id")
    public = placed(tmp_path, "rfc4716/ed25519-puttygen.pub", "id.pub")
    result = run("comment", path, "x" * 1100)
    assert result.code == 0
    assert f"keyconv: {public}: lost: rfc4716 holds 1011 bytes of the comment's 1100" in result.err
    assert b'Comment: "' + b"x" * 1011 + b'"\n' in public.read_bytes()
    assert b"x" * 1100 in b"".join(each.comment or b"" for each in read(path.read_bytes()).entries)


@pytest.mark.parametrize(
    ("pub", "text", "reason"),
    [
        ("openssh-pub/ed25519.pub", "x" * 9000, "bytes"),
    ],
)
@pytest.mark.parametrize("key", ["openssh/ed25519-plain", "ppk/ed25519-v3-plain.ppk"])
def test_a_comment_that_the_pub_cannot_hold_changes_neither_file(
    pub: str, text: str, reason: str, key: str, tmp_path: Path
) -> None:
    path, public = placed(tmp_path, key, "id"), placed(tmp_path, pub, "id.pub")
    result = run("comment", path, text)
    assert result.code == 6
    assert result.err.startswith(f"keyconv: {public}: ")
    assert reason in result.err
    assert (path.read_bytes(), public.read_bytes()) == (by_path(key).data, by_path(pub).data)


def test_a_pub_that_cannot_be_read_changes_neither_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, public = placed(tmp_path, PRIVATE["openssh"], "id"), placed(tmp_path, PUBLIC["openssh-pub"], "id.pub")
    real = os.open

    def refuse(name: str, *more: Any, **named: Any) -> int:
        if os.fspath(name) == os.fspath(public):
            raise PermissionError(13, "Permission denied")
        return real(name, *more, **named)

    monkeypatch.setattr(os, "open", refuse)
    result = run("comment", path, COMMENT)
    monkeypatch.undo()
    assert (result.code, result.err) == (3, f"keyconv: {public}: permission denied\n")
    assert path.read_bytes() == by_path(PRIVATE["openssh"]).data


@posix
@needs_root
def test_a_folder_of_the_pub_that_is_not_writable_changes_neither_file(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "links").mkdir(mode=0o777)
    path = placed(tmp_path / "links", PRIVATE["openssh"], "id")
    public = placed(tmp_path / "keys", PUBLIC["openssh-pub"], "real.pub")
    (tmp_path / "links" / "id.pub").symlink_to(public)
    code = "import os; os.access = lambda path, mode, access=os.access: 'keys' not in str(path) and access(path, mode)"
    result = run_process("comment", path, COMMENT, boot=code)
    assert result.code == 5
    assert "its directory is not writable" in result.err
    assert path.read_bytes() == by_path(PRIVATE["openssh"]).data


@pytest.mark.parametrize("what", ["folder", "dangling"])
def test_what_is_no_file_in_place_of_the_pub_is_left_alone(what: str, tmp_path: Path) -> None:
    path, public = placed(tmp_path, PRIVATE["openssh"], "id"), tmp_path / "id.pub"
    if what == "folder":
        public.mkdir()
    else:
        public.symlink_to(tmp_path / "nowhere")
    result = change(path, COMMENT)
    assert result.err.startswith(f"keyconv: {path}: changed; {public}: not changed: ")
    assert comment_of(path) == COMMENT.encode()


def test_a_certificate_in_place_of_the_pub_is_left_alone_and_its_place_named(tmp_path: Path) -> None:
    path, public = placed(tmp_path, PRIVATE["openssh"], "id"), tmp_path / "id.pub"
    data = by_path("certificates/user-ed25519-cert.pub").data
    public.write_bytes(data)
    result = change(path, COMMENT)
    place = tmp_path / "id-cert.pub"
    assert result.err == (
        f"keyconv: {path}: changed; {public}: not changed: it holds a certificate of this key, whose place is {place}\n"
    )
    assert public.read_bytes() == data
    shown = run("cert", "show", path)
    assert f"hint: there is one in {public}, whose place is {place}\n" in shown.err


def test_what_a_line_cannot_hold_is_told_of_the_pub_too(tmp_path: Path) -> None:
    path, public = placed(tmp_path, PRIVATE["ppk"], "id"), placed(tmp_path, PUBLIC["openssh-pub"], "id.pub")
    result = change(path, "  indented")
    assert result.err == f"keyconv: {public}: lost: openssh-pub cannot hold the white space before the comment\n"
    assert (comment_of(path), comment_of(public)) == (b"  indented", b"indented")


def test_a_public_file_changes_alone(tmp_path: Path) -> None:
    path, other = placed(tmp_path, PUBLIC["openssh-pub"], "id"), placed(tmp_path, PUBLIC["openssh-pub"], "id.pub")
    change(path, COMMENT)
    assert other.read_bytes() == by_path(PUBLIC["openssh-pub"]).data


# ── what is refused ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path",
    [
        "pem/rsa2048-ssh-keygen-plain.pem",
        "pkcs8/ed25519-openssl-pbes2-aes256-encrypted.pem",
        "dropbear/ed25519",
        "spki/ed25519-openssl.pem",
        "spki/rsa2048-openssl-pkcs1.pem",
    ],
)
def test_a_format_without_comments_is_refused_before_a_passphrase_is_asked_for(path: str, tmp_path: Path) -> None:
    key = placed(tmp_path, path)
    result = run("comment", key, COMMENT, answers=[])
    assert (result.code, result.asked) == (6, ())
    able = ", ".join(known.name for known in FORMATS if known.can.comment and known.write)
    assert result.err == (
        f"keyconv: {key}: {by_path(path).reader} cannot hold a comment\n  hint: formats that can: {able}\n"
    )
    assert key.read_bytes() == by_path(path).data


def test_a_jwk_is_refused_too(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(write(sample("openssh/ed25519-plain"), "jwk"))
    assert run("comment", key, COMMENT).code == 6


def test_a_ppk1_is_refused_with_the_way_out(tmp_path: Path) -> None:
    key = placed(tmp_path, "ppk1/ed25519-v1-private-mac-plain.ppk")
    result = run("comment", key, COMMENT)
    assert result.code == 6
    assert result.err == (
        f"keyconv: {key}: ppk1 is read, not written\n  hint: keyconv passphrase --upgrade writes it as ppk\n"
    )
    assert run("passphrase", key, "--upgrade").code == 0
    assert run("comment", key, COMMENT).code == 0


@pytest.mark.parametrize(("path", "count"), [("authorized_keys/authorized_keys", 12), ("openssh/two-keys-plain", 2)])
def test_of_several_keys_one_must_be_chosen(path: str, count: int, tmp_path: Path) -> None:
    key = placed(tmp_path, path)
    for arguments, message in (((), f"the file holds {count} keys"), (("--key", "99"), "there is no key 99")):
        result = run("comment", key, COMMENT, *arguments)
        assert result.code == 2
        assert f"keyconv: {key}: {message}" in result.err
        assert key.read_bytes() == by_path(path).data
    assert f"choose one with --key N, from 1 to {count}" in run("comment", key, COMMENT).err


def test_of_two_keys_in_one_openssh_container_neither_is_changed(tmp_path: Path) -> None:
    key = placed(tmp_path, "openssh/two-keys-plain")
    result = run("comment", key, COMMENT, "--key", "2")
    assert (result.code, key.read_bytes()) == (5, by_path("openssh/two-keys-plain").data)
    assert "its encoding cannot be kept" in result.err


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_in_a_file_of_lines_only_the_comment_of_the_chosen_line_changes(end: bytes, tmp_path: Path) -> None:
    path = tmp_path / "authorized_keys"
    data = by_path("authorized_keys/authorized_keys").data.replace(b"\n", end)
    for number, entry in enumerate(read(data).entries, 1):
        for comment in (COMMENT, ""):
            path.write_bytes(data)
            assert run("comment", path, comment, "--key", str(number)).code == 0
            before, after = data.split(b"\n"), path.read_bytes().split(b"\n")
            line = entry.line or 0
            assert before[: line - 1] + before[line:] == after[: line - 1] + after[line:]
            changed = read(path.read_bytes()).entries[number - 1]
            assert changed == replace(entry, comment=comment.encode() or changed.comment)
            assert (changed.comment or b"") == comment.encode()


def test_an_authorized_keys_file_of_one_key_keeps_its_remarks_and_options(tmp_path: Path) -> None:
    key = tmp_path / "authorized_keys"
    line = by_path(PUBLIC["openssh-pub"]).data
    data = b'# only mine\n\nno-pty,command="echo \\"  ' + line.split()[1] + b'" \t' + line
    key.write_bytes(data)
    assert run("comment", key, COMMENT).code == 0
    assert key.read_bytes() == data.replace(b"keyconv fixture ed25519", COMMENT.encode())


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    key = placed(tmp_path, "edge/ed25519-v3-cut-private.ppk")
    assert run("comment", key, COMMENT).code == 3
    assert key.read_bytes() == by_path("edge/ed25519-v3-cut-private.ppk").data


def test_a_file_that_is_not_there_exits_3(tmp_path: Path) -> None:
    result = run("comment", tmp_path / "nothing", COMMENT)
    assert (result.code, result.err) == (3, f"keyconv: {tmp_path / 'nothing'}: no such file\n")


# ── the file ───────────────────────────────────────────────────────────────────────────────────────────────────────


@posix
@needs_root
def test_mode_owner_and_group_stay_in_both_files(tmp_path: Path) -> None:
    path, public = placed(tmp_path, PRIVATE["openssh"], "id"), placed(tmp_path, PUBLIC["openssh-pub"], "id.pub")
    for each, mode in ((path, 0o640), (public, 0o664)):
        os.chown(each, 12345, 54321)
        each.chmod(mode)
    change(path, COMMENT)
    for each, mode in ((path, 0o640), (public, 0o664)):
        assert (each.stat().st_uid, each.stat().st_gid, mode_of(each)) == (12345, 54321, mode)


@posix
def test_a_symbolic_link_is_followed_and_a_file_of_two_names_refused(tmp_path: Path) -> None:
    path = placed(tmp_path, ENCRYPTED["openssh"])
    (tmp_path / "link").symlink_to("key")
    assert run("comment", tmp_path / "link", COMMENT, *old_alone(tmp_path)).code == 0
    assert (tmp_path / "link").is_symlink()
    assert comment_of(path) == COMMENT.encode()
    (tmp_path / "other").hardlink_to(path)
    result = run("comment", path, "another", answers=[])
    assert (result.code, result.asked) == (5, ())
    assert comment_of(path) == COMMENT.encode()


@pytest.mark.parametrize("name", [*PRIVATE, *PUBLIC])
def test_standard_input_is_read_and_standard_output_written(name: str) -> None:
    fixture = by_path((PRIVATE | PUBLIC)[name])
    result = run("comment", "-", COMMENT, stdin=fixture.data)
    assert (result.code, result.err) == (0, "")
    entry = only_entry(result.out)
    assert (entry.comment, entry.public) == (COMMENT.encode(), sample(fixture.path).public)


def test_a_key_on_standard_input_takes_its_passphrase_from_elsewhere(tmp_path: Path) -> None:
    data = by_path(ENCRYPTED["openssh"]).data
    result = run("comment", "-", COMMENT, *old_alone(tmp_path), stdin=data)
    assert result.code == 0
    assert unlock(only_entry(result.out), PASSPHRASE).comment == COMMENT.encode()
    assert run("comment", "-", COMMENT, "--passphrase-file", "-", stdin=data).code == 2


def test_a_comment_that_begins_with_a_dash_goes_behind_two(tmp_path: Path) -> None:
    path = placed(tmp_path, PRIVATE["openssh"])
    result = run_process("comment", "--", path, "-q")
    assert (result.code, comment_of(path)) == (0, b"-q")
