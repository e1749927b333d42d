"""`keyconv convert -d`: many inputs, each judged and written on its own, and told as a whole."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from fixture_files import FIXTURES_DIR, PASSPHRASE, by_path, keyfile, sample
from test_cli_convert import (
    AS_NOBODY,
    CHEAP,
    LOCKED_OPENSSH,
    LOCKED_PPK,
    OPENSSH,
    PPK,
    PUBLIC,
    TWO_KEYS,
    mode_of,
    needs_root,
    only_entry,
    posix,
    run,
    run_process,
    secret_file,
)

from keyconv import Locked, read

FIRST = "import concurrent.futures.thread, keyconv.cli.convert_many"
"""What a process imports before it becomes nobody, who may not read everything."""


def place(folder: Path, **files: Path | bytes) -> Path:
    """Fill a folder; `sub__x_ppk` is `sub/x.ppk`."""
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.read_bytes())
    return folder


def tree(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def summary(result: Any) -> str:
    return str(result.err.splitlines()[-1])


# ── what is written where ──────────────────────────────────────────────────────────────────────────────────────────


def test_each_input_becomes_a_file_named_after_it_with_the_suffix_of_its_format(tmp_path: Path) -> None:
    keys = place(tmp_path / "keys", id_one=OPENSSH, two_ppk=PPK, three_PPK=PPK, four_key=OPENSSH, five=PPK)
    result = run("convert", *sorted(keys.iterdir()), "-d", tmp_path / "out")
    assert result.code == 0
    assert result.out == b""
    assert tree(tmp_path / "out") == ["five", "four", "id.one", "three", "two"]
    for path in (tmp_path / "out").iterdir():
        assert only_entry(path.read_bytes()).private == sample("ppk/ed25519-v3-plain.ppk").private
        assert read(path.read_bytes()).format == "openssh"
    assert summary(result) == "keyconv: 5 converted, 0 failed, 0 skipped"


@pytest.mark.parametrize("name", ["a.pem.ppk", "a.work.ppk", "a.key.ppk", "a.p12.ppk"])
def test_the_name_that_is_left_changes_nothing(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(PPK.read_bytes())
    result = run("convert", tmp_path / name, "-d", tmp_path / "out")
    assert (result.code, tree(tmp_path / "out")) == (0, [name.removesuffix(".ppk")])
    assert read((tmp_path / "out" / name.removesuffix(".ppk")).read_bytes()).format == "openssh"
    assert "means no key format" not in result.err


def test_the_folder_is_made_and_a_private_key_in_it_is_0600(tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder"
    assert run("convert", PPK, "-d", out).code == 0
    assert tree(out) == ["ed25519-v3-plain"]
    assert sys.platform == "win32" or mode_of(out / "ed25519-v3-plain") == 0o600


def test_a_folder_is_gone_through_and_its_relative_paths_are_kept(tmp_path: Path) -> None:
    keys = place(tmp_path / "keys", a_ppk=PPK, sub__b_ppk=PPK, sub__deep__c=OPENSSH)
    result = run("convert", "-r", keys, "-d", tmp_path / "out")
    assert result.code == 0
    assert tree(tmp_path / "out") == ["a", "sub/b", "sub/deep/c"]


def test_several_folders_and_files_go_into_one(tmp_path: Path) -> None:
    one, two = place(tmp_path / "one", a_ppk=PPK), place(tmp_path / "two", b_ppk=PPK)
    assert run("convert", "-r", one, two, OPENSSH, "-d", tmp_path / "out").code == 0
    assert tree(tmp_path / "out") == ["a", "b", "ed25519-plain"]


def test_a_folder_without_r_is_a_usage_error(tmp_path: Path) -> None:
    keys = place(tmp_path / "keys", a_ppk=PPK)
    result = run("convert", keys, "-d", tmp_path / "out")
    assert (result.code, result.err) == (
        2,
        f"keyconv: {keys}: is a directory\n  hint: pass -r to convert what is in it\n",
    )
    assert not (tmp_path / "out").exists()


def test_t_decides_the_format_of_all(tmp_path: Path) -> None:
    assert run("convert", PPK, OPENSSH, "-t", "openssh-pub", "-d", tmp_path / "out").code == 0
    assert tree(tmp_path / "out") == ["ed25519-plain.pub", "ed25519-v3-plain.pub"]


def test_of_a_file_with_several_keys_each_goes_to_its_own_file(tmp_path: Path) -> None:
    assert run("convert", TWO_KEYS, "-d", tmp_path / "out").code == 0
    assert tree(tmp_path / "out") == ["two-keys-plain-1", "two-keys-plain-2"]
    for number, name in enumerate(("ed25519", "ecdsa-p256"), 1):
        data = (tmp_path / "out" / f"two-keys-plain-{number}").read_bytes()
        assert only_entry(data).private == sample(f"openssh/{name}-plain").private


def test_key_n_takes_one_of_them(tmp_path: Path) -> None:
    assert run("convert", TWO_KEYS, "--key", "2", "-d", tmp_path / "out").code == 0
    data = (tmp_path / "out" / "two-keys-plain").read_bytes()
    assert only_entry(data).private == sample("openssh/ecdsa-p256-plain").private


def test_standard_input_may_be_one_of_the_inputs(tmp_path: Path) -> None:
    assert run("convert", "-", OPENSSH, "-d", tmp_path / "out", stdin=PPK.read_bytes()).code == 0
    assert tree(tmp_path / "out") == ["ed25519-plain", "stdin"]


def test_the_lines_of_an_authorized_keys_file_become_files(tmp_path: Path) -> None:
    path = FIXTURES_DIR / "authorized_keys" / "authorized_keys"
    result = run("convert", path, "-t", "rfc4716", "-d", tmp_path / "out")
    assert result.code == 0
    count = len(keyfile(by_path("authorized_keys/authorized_keys")).entries)
    assert len(tree(tmp_path / "out")) == count
    assert summary(result) == f"keyconv: {count} converted, 0 failed, 0 skipped"


# ── what is skipped ────────────────────────────────────────────────────────────────────────────────────────────


def test_in_a_folder_what_is_no_private_key_is_passed_over(tmp_path: Path) -> None:
    keys = place(
        tmp_path / "keys",
        a_ppk=PPK,
        a_pub=PUBLIC,
        README=b"not a key\n",
        known=FIXTURES_DIR / "authorized_keys" / "known_hosts",
        movie=b"\0" * (1 << 20) + b"\0",
        empty=b"",
    )
    result = run("convert", "-r", keys, "-d", tmp_path / "out")
    assert (result.code, tree(tmp_path / "out")) == (0, ["a"])
    assert summary(result) == "keyconv: 1 converted, 0 failed, 5 skipped"


def test_what_is_named_on_the_command_line_is_not_passed_over(tmp_path: Path) -> None:
    place(tmp_path, README=b"not a key\n")
    result = run("convert", tmp_path / "README", PUBLIC, "-d", tmp_path / "out")
    assert result.code == 3
    assert f"keyconv: {tmp_path / 'README'}: " in result.err
    assert summary(result) == "keyconv: 1 converted, 1 failed, 0 skipped"


def test_public_keys_in_a_folder_are_converted_where_the_format_says_so(tmp_path: Path) -> None:
    keys = place(tmp_path / "keys", a_ppk=PPK, b_pub=PUBLIC)
    assert run("convert", "-r", keys, "-t", "rfc4716", "-d", tmp_path / "out").code == 0
    assert len(tree(tmp_path / "out")) == 2


def test_a_key_and_its_pub_make_one_public_file(tmp_path: Path) -> None:
    keys = place(
        tmp_path / "keys",
        id=OPENSSH,
        id_pub=FIXTURES_DIR / "openssh-pub" / "ed25519.pub",
        locked=LOCKED_OPENSSH,
        locked_pub=FIXTURES_DIR / "openssh-pub" / "ed25519.pub",
    )
    for target in ("openssh-pub", "rfc4716", "spki"):
        result = run("convert", "-r", keys, "-d", tmp_path / target, "-t", target, "--no-input", "--json")
        assert result.code == 0
        assert result.json["summary"] == {"converted": 2, "failed": 0, "passed_over": 2}
        assert len(tree(tmp_path / target)) == 2
        over = [(each["path"], each["why"]) for each in result.json["results"] if each["status"] == "passed over"]
        assert over == [(str(keys / f"{name}.pub"), f"the same key as {keys / name}") for name in ("id", "locked")]


def test_a_pub_of_another_key_is_still_refused_with_a_way_out(tmp_path: Path) -> None:
    keys = place(tmp_path / "keys", id=OPENSSH, id_pub=FIXTURES_DIR / "openssh-pub" / "rsa2048.pub")
    result = run("convert", "-r", keys, "-d", tmp_path / "out", "-t", "openssh-pub")
    assert result.code == 5
    assert (
        f"keyconv: {tmp_path / 'out' / 'id.pub'}: {keys / 'id'} was written there\n"
        f"  hint: convert {keys / 'id.pub'} alone, with -o and another name\n"
    ) in result.err


@pytest.mark.parametrize("pub", ["certificates/user-ed25519-cert.pub", "openssh-pub/ed25519-options.pub"])
def test_a_pub_that_says_more_than_the_key_is_not_passed_over(pub: str, tmp_path: Path) -> None:
    more = FIXTURES_DIR / pub
    plain = FIXTURES_DIR / "openssh-pub" / "ed25519.pub"
    assert sample(pub).public == sample("openssh-pub/ed25519.pub").public
    keys = place(tmp_path / "keys", id_key=plain, id_pub=more)
    assert run("convert", "-r", keys, "-d", tmp_path / "lines", "-t", "openssh-pub").code == 5
    assert run("convert", "-r", keys, "-d", tmp_path / "der", "-t", "spki").code == 0


def test_a_file_of_many_lines_is_passed_over_once(tmp_path: Path) -> None:
    many_lines = FIXTURES_DIR / "authorized_keys" / "authorized_keys"
    keys = place(tmp_path / "keys", a_ppk=PPK, authorized=many_lines)
    result = run("convert", "-r", keys, "-d", tmp_path / "out", "--json")
    assert result.json["summary"] == {"converted": 1, "failed": 0, "passed_over": 1}
    assert result.json["results"][1] == {
        "path": str(keys / "authorized"),
        "status": "passed over",
        "why": "a public key",
    }


def test_git_folders_are_not_gone_through(tmp_path: Path) -> None:
    keys = place(tmp_path / "keys", a_ppk=PPK)
    place(keys / ".git" / "objects", b_ppk=PPK)
    place(keys / "sub" / ".git", c_ppk=PPK)
    place(keys / "sub" / "git", d_ppk=PPK)
    assert run("convert", "-r", keys, "-d", tmp_path / "out").code == 0
    assert tree(tmp_path / "out") == ["a", "sub/git/d"]


@posix
def test_in_a_folder_what_is_no_file_is_passed_over_and_links_in_a_circle_end(tmp_path: Path) -> None:
    keys = place(tmp_path / "keys", a_ppk=PPK)
    os.mkfifo(keys / "fifo")
    (keys / "circle").symlink_to(keys)
    (keys / "dangling").symlink_to(keys / "nothing")
    (keys / "link.ppk").symlink_to(PPK)
    assert run("convert", "-r", keys, "-d", tmp_path / "out").code == 0
    assert tree(tmp_path / "out") == ["a", "link"]


# ── failures ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_goes_on_after_a_failure_and_ends_with_the_code_of_the_first_that_failed(tmp_path: Path) -> None:
    damaged = PPK.read_bytes().replace(b"fixture", b"fixtura")
    sk = FIXTURES_DIR / "openssh" / "sk-ed25519-plain"
    keys = place(tmp_path, damaged=damaged, sk=sk, locked=LOCKED_PPK, good=OPENSSH)
    codes = {"damaged": 3, "sk": 6, "locked": 4}
    for order in (("damaged", "sk", "locked"), ("locked", "damaged", "sk"), ("sk", "locked", "damaged")):
        out = tmp_path / f"out-{order[0]}"
        paths = [keys / name for name in (*order, "good")]
        result = run("convert", *paths, "-d", out, "--no-input", "-t", "ppk")
        assert result.code == codes[order[0]]
        assert tree(out) == ["good.ppk"]
        positions = [result.err.index(f"keyconv: {keys / name}: ") for name in order]
        assert positions == sorted(positions)
        assert summary(result) == "keyconv: 1 converted, 3 failed, 0 skipped"


def test_an_input_that_is_missing_is_one_failure(tmp_path: Path) -> None:
    result = run("convert", tmp_path / "none.ppk", PPK, "-d", tmp_path / "out")
    assert result.code == 3
    assert f"keyconv: {tmp_path / 'none.ppk'}: no such file\n" in result.err
    assert tree(tmp_path / "out") == ["ed25519-v3-plain"]


def test_two_inputs_do_not_write_one_file(tmp_path: Path) -> None:
    one, two = place(tmp_path / "one", key_ppk=PPK), place(tmp_path / "two", key=PPK)
    for force in ((), ("--force",)):
        out = tmp_path / f"out{len(force)}"
        result = run("convert", one / "key.ppk", two / "key", "-d", out, *force)
        assert result.code == 5
        assert f"keyconv: {out / 'key'}: {one / 'key.ppk'} was written there\n" in result.err
        assert tree(out) == ["key"]


def test_what_exists_is_refused_one_by_one_and_replaced_with_force(tmp_path: Path) -> None:
    keys = place(tmp_path / "keys", a_ppk=PPK, b_ppk=PPK)
    out = place(tmp_path / "out", a=b"precious")
    result = run("convert", "-r", keys, "-d", out)
    assert (result.code, (out / "a").read_bytes(), tree(out)) == (5, b"precious", ["a", "b"])
    assert run("convert", "-r", keys, "-d", out, "--force").code == 0
    assert read((out / "a").read_bytes()).format == "openssh"


def test_into_the_same_folder_no_input_is_overwritten_even_with_force(tmp_path: Path) -> None:
    # a PPK under the name id_rsa would be written to id_rsa
    keys = place(tmp_path, id=PPK, other_ppk=PPK)
    result = run("convert", "-r", keys, "-d", keys, "--force")
    assert result.code == 5
    assert "is the input, which is never overwritten" in result.err
    assert (keys / "id").read_bytes() == PPK.read_bytes()
    assert tree(keys) == ["id", "other", "other.ppk"]


def test_one_inputs_name_is_not_written_over_by_another(tmp_path: Path) -> None:
    keys = place(tmp_path, key=OPENSSH, key_ppk=PPK)
    result = run("convert", keys / "key.ppk", keys / "key", "-d", keys, "--force")
    assert result.code == 5
    assert (keys / "key").read_bytes() == OPENSSH.read_bytes()
    assert (keys / "key.ppk").read_bytes() == PPK.read_bytes()


def test_a_folder_that_cannot_be_made_fails_each_input_with_5(tmp_path: Path) -> None:
    place(tmp_path, file=b"")
    result = run("convert", PPK, OPENSSH, "-d", tmp_path / "file")
    assert result.code == 5
    assert summary(result) == "keyconv: 0 converted, 2 failed, 0 skipped"


def test_an_unknown_format_is_told_once(tmp_path: Path) -> None:
    result = run("convert", PPK, OPENSSH, "-t", "openshh", "-d", tmp_path / "out")
    assert (result.code, result.err) == (
        2,
        "keyconv: there is no format 'openshh'\n  hint: did you mean 'openssh'?\n",
    )


@posix
@needs_root
def test_files_and_folders_without_permission_are_failures_and_the_rest_goes_on() -> None:
    with tempfile.TemporaryDirectory() as name:
        keys = place(Path(name) / "keys", a_ppk=PPK, b_ppk=PPK, closed__c_ppk=PPK, open__d_ppk=PPK)
        out = Path(name) / "out"
        out.mkdir(mode=0o777)
        for path, mode in (
            (Path(name), 0o755),
            (out, 0o777),
            (keys / "b.ppk", 0),
            (keys / "closed", 0),
        ):
            path.chmod(mode)
        result = run_process("convert", "-r", keys, "-d", out, boot=f"{FIRST}\n{AS_NOBODY}")
        (keys / "closed").chmod(0o755)
        assert result.code == 3
        assert f"keyconv: {keys / 'b.ppk'}: permission denied\n" in result.err
        assert f"keyconv: {keys / 'closed'}: permission denied\n" in result.err
        assert summary(result) == "keyconv: 2 converted, 2 failed, 0 skipped"
        assert tree(out) == ["a", "open/d"]


# ── passphrases and losses ─────────────────────────────────────────────────────────────────────────────────────────


def test_one_passphrase_file_opens_them_all_and_is_kept(tmp_path: Path) -> None:
    keys = place(tmp_path / "keys", a_ppk=LOCKED_PPK, b=LOCKED_OPENSSH, c=OPENSSH)
    secret = secret_file(tmp_path, PASSPHRASE + b"\r\n")
    result = run("convert", "-r", keys, "-d", tmp_path / "out", "--passphrase-file", secret, *CHEAP, "-t", "ppk")
    assert result.code == 0
    locked = {
        path.name: isinstance(only_entry(path.read_bytes()).private, Locked) for path in (tmp_path / "out").iterdir()
    }
    assert locked == {"a.ppk": True, "b.ppk": True, "c.ppk": False}


def test_a_descriptor_is_read_once_for_all(tmp_path: Path) -> None:
    keys = place(tmp_path / "keys", a_ppk=LOCKED_PPK, b_ppk=LOCKED_PPK)
    arguments = ("convert", "-r", keys, "-d", tmp_path / "out", "--no-passphrase", "--passphrase-fd", "0")
    assert run(*arguments, stdin=PASSPHRASE + b"\n").code == 0
    assert tree(tmp_path / "out") == ["a", "b"]


def test_a_person_is_asked_once_and_again_only_where_the_answer_fails(tmp_path: Path) -> None:
    spaces = FIXTURES_DIR / "passphrases" / "ed25519-v3-spaces.ppk"
    keys = place(tmp_path / "keys", a_ppk=LOCKED_PPK, b_ppk=LOCKED_PPK, c_ppk=spaces)
    result = run(
        "convert",
        "-r",
        keys,
        "-d",
        tmp_path / "out",
        "--no-passphrase",
        answers=["correct horse", "  spaces at both ends  "],
    )
    assert result.code == 0
    assert result.asked == (f"Passphrase for {keys / 'a.ppk'}: ", f"Passphrase for {keys / 'c.ppk'}: ")


def test_a_new_passphrase_for_all_is_asked_for_twice_in_all(tmp_path: Path) -> None:
    keys = place(tmp_path / "keys", a=OPENSSH, b=OPENSSH)
    arguments = ("convert", "-r", keys, "-d", tmp_path / "out", "-t", "ppk", "--new-passphrase", *CHEAP)
    result = run(*arguments, answers=["new word", "new word"])
    assert (result.code, len(result.asked)) == (0, 2)


def test_a_loss_is_told_for_each_file_and_refused_under_strict(tmp_path: Path) -> None:
    keys = place(
        tmp_path / "keys", a_ppk=FIXTURES_DIR / "comments" / "control-v3-plain.ppk", b_ppk=PPK, c_ppk=LOCKED_PPK
    )
    result = run("convert", "-r", keys, "-d", tmp_path / "out", "--strict", answers=["correct horse"])
    assert (result.code, tree(tmp_path / "out")) == (6, ["b", "c"])
    assert f"keyconv: {keys / 'a.ppk'}: the control characters" in result.err


# ── reports ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_json_is_one_document_on_standard_output_with_every_input_in_order(tmp_path: Path) -> None:
    certified = FIXTURES_DIR / "certificates" / "user-ed25519-v3-plain.ppk"
    keys = place(tmp_path / "keys", a_ppk=PPK, b_txt=b"no key", c_ppk=b"PuTTY-User-Key-File-3: x\r\n", d_ppk=certified)
    out = tmp_path / "out"
    result = run("convert", "-r", keys, "-d", out, "--json")
    assert result.code == 3
    assert result.json == {
        "results": [
            {
                "path": str(keys / "a.ppk"),
                "status": "converted",
                "output": str(out / "a"),
                "format": "openssh",
                "type": "ssh-ed25519",
                "losses": [],
            },
            {"path": str(keys / "b.txt"), "status": "passed over", "why": "not a key in any format keyconv supports"},
            {
                "path": str(keys / "c.ppk"),
                "status": "failed",
                "error": {
                    "code": "truncated",
                    "message": result.json["results"][2]["error"]["message"],
                    "path": str(keys / "c.ppk"),
                    "hint": None,
                    "rule": "truncated",
                },
            },
            {
                "path": str(keys / "d.ppk"),
                "status": "converted",
                "output": str(out / "d"),
                "format": "openssh",
                "type": "ssh-ed25519",
                "losses": ["openssh cannot hold the certificate"],
            },
        ],
        "summary": {"converted": 2, "failed": 1, "passed_over": 1},
    }
    errors = [json.loads(line) for line in result.err.splitlines() if line.startswith("{")]
    assert [each["error"]["path"] for each in errors] == [str(keys / "c.ppk")]


@posix
def test_a_name_that_is_no_text_is_found_again_by_the_json(tmp_path: Path) -> None:
    name = "bad\udcff\u202e"
    (tmp_path / name).write_bytes(b"PuTTY-User-Key-File-3: x\n")
    result = run("convert", "-r", tmp_path, "-d", tmp_path / "out", "--json")
    (found,) = result.json["results"]
    assert Path(found["path"]) == tmp_path / name
    assert found["error"]["path"] == found["path"] == result.error["path"]
    assert result.out.isascii()


def test_a_loss_that_only_the_locked_key_had_is_in_the_json_too(tmp_path: Path) -> None:
    certified = FIXTURES_DIR / "certificates" / "user-ed25519-v3-encrypted.ppk"
    secret = secret_file(tmp_path, PASSPHRASE)
    arguments = ("convert", certified, "-d", tmp_path / "out", "--json", "--passphrase-file", secret)
    result = run(*arguments, "-t", "openssh", "--no-passphrase")
    assert result.json["results"][0]["losses"] == ["openssh cannot hold the certificate"]


def test_the_summary_is_the_last_line_and_quiet_keeps_it_back(tmp_path: Path) -> None:
    assert summary(run("convert", PPK, "-d", tmp_path / "a")) == "keyconv: 1 converted, 0 failed, 0 skipped"
    assert run("convert", "-q", PPK, "-d", tmp_path / "b").err == ""
    quiet = run("convert", "-q", tmp_path / "none", "-d", tmp_path / "c")
    assert quiet.err == f"keyconv: {tmp_path / 'none'}: no such file\n"


def test_nothing_to_convert_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    result = run("convert", "-r", tmp_path / "keys", "-d", tmp_path / "out")
    assert (result.code, result.err) == (0, "keyconv: 0 converted, 0 failed, 0 skipped\n")


# ── the bar ────────────────────────────────────────────────────────────────────────────────────────────────────────

BAR = b"converting " + b"(?:\x1b\\[[0-9;]*m)*\xe2"


def many(folder: Path, source: Path, count: int = 12) -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:02}.ppk").write_bytes(source.read_bytes())
    return folder


@posix
@pytest.mark.parametrize(
    ("arguments", "environment", "bar", "colour"),
    [
        ((), {}, True, True),
        ((), {"NO_COLOR": "1"}, True, False),
        (("-q",), {}, False, False),
        (("--json",), {}, False, False),
    ],
    ids=["bar", "NO_COLOR", "quiet", "json"],
)
def test_a_bar_is_shown_on_a_terminal_unless_quiet(
    arguments: tuple[str, ...], environment: dict[str, str], bar: bool, colour: bool, tmp_path: Path
) -> None:
    from test_terminal import Terminal

    keys = many(tmp_path / "keys", PPK)
    with Terminal("convert", "-r", keys, "-d", tmp_path / "out", *arguments, **environment) as terminal:
        assert terminal.end() == 0
    assert bool(re.search(BAR, terminal.seen)) == bar
    assert bool(re.search(rb"\x1b\[(?:3|9)[0-9]m", terminal.seen)) == colour
    assert terminal.seen.endswith(b"keyconv: 12 converted, 0 failed, 0 skipped\r\n") == bar


def test_no_bar_is_shown_where_standard_error_is_no_terminal(tmp_path: Path) -> None:
    result = run_process("convert", "-r", many(tmp_path / "keys", PPK), "-d", tmp_path / "out")
    assert result.code == 0  # and run_process looks at every character of standard error


@posix
def test_the_bar_does_not_wipe_the_question_off_the_screen(tmp_path: Path) -> None:
    from test_terminal import Terminal

    keys = many(tmp_path / "keys", LOCKED_PPK)
    with Terminal("convert", "-r", keys, "-d", tmp_path / "out", "--no-passphrase") as terminal:
        terminal.wait_for(f"Passphrase for {keys / '00.ppk'}: ")
        assert terminal.look_for(0.5) == b""
        terminal.type(PASSPHRASE + b"\n")
        assert terminal.end() == 0
    assert terminal.seen.count(b"Passphrase for") == 1
    assert terminal.seen.endswith(b"keyconv: 12 converted, 0 failed, 0 skipped\r\n")


@posix
def test_messages_above_the_bar_are_not_broken_into_lines(tmp_path: Path) -> None:
    from test_terminal import Terminal

    keys = many(tmp_path / ("a long name of a folder, " * 5), FIXTURES_DIR / "comments" / "control-v3-plain.ppk")
    (keys / "05.ppk").write_bytes(b"PuTTY-User-Key-File-3: x :smile: [bold]\r\n")
    with Terminal("convert", "-r", keys, "-d", tmp_path / "out") as terminal:
        assert terminal.end() == 3
    lines = [re.sub(rb"^.*\x1b\[2K", b"", line) for line in terminal.seen.split(b"\r\n")]
    for number in set(range(12)) - {5}:
        message = "lost: the control characters in the comment are replaced by spaces"
        assert any(line.startswith(f"keyconv: {keys / f'{number:02}.ppk'}: {message}".encode()) for line in lines)
    failed = run("convert", keys / "05.ppk", "-d", tmp_path / "out").err.splitlines()[0]
    assert failed.encode() in lines
    assert re.search(BAR, terminal.seen)
