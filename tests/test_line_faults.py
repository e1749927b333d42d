"""Files of lines: a bad line spoils no other, a private key among lines is never taken, and all commands agree."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from fixture_files import by_path
from test_cli_convert import Result, run
from tools import require

from keyconv import match, read

ED25519 = by_path("openssh-pub/ed25519.pub").data
RSA = by_path("openssh-pub/rsa2048.pub").data
ECDSA = by_path("openssh-pub/ecdsa-p256.pub").data
BARE = b" ".join(ED25519.split()[:2])
PRIVATE = by_path("openssh/rsa2048-plain").data
SAME_PRIVATE = by_path("openssh/ed25519-plain").data
PPK = by_path("ppk/rsa2048-v3-plain.ppk").data
PEM = by_path("pem/rsa2048-ssh-keygen-plain.pem").data
PKCS8 = by_path("pkcs8/rsa2048-openssl-plain.pem").data
SSH2 = by_path("rfc4716/rsa2048-puttygen.pub").data


def save(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    path.chmod(0o600)
    return path


def findings(path: Path) -> list[tuple[int, str, str]]:
    """Return line, rule and message of every error that check finds."""
    found = json.loads(run("check", "--format", "json", path).out)["findings"]
    return [(each["line"], each["rule"], each["message"]) for each in found if each["severity"] == "error"]


def faults(path: Path, *arguments: str) -> list[tuple[int, str, str]]:
    """Return what inspect says of the bad lines of a file that has good ones."""
    (described,) = run("inspect", "--json", path, *arguments).json
    return [(each["line"], each["rule"], each["message"]) for each in described["faults"]]


# ── a bad line ─────────────────────────────────────────────────────────────────────────────────────────────────────

BAD = {
    "an unknown option": (b"authorized_keys", b'comand="x" ' + ED25519, "unknown-option"),
    "white space in the options": (b"authorized_keys", b"no-pty, no-user-rc " + ED25519, "bad-option"),
    "white space for a comma": (b"authorized_keys", b'from="192.0.2.1" no-pty ' + ED25519, "bad-option"),
    "an open quote": (b"authorized_keys", b'command="x ' + ED25519, "bad-option"),
    "broken base64": (b"authorized_keys", ED25519[:40] + b"*" + ED25519[41:], "bad-line"),
    "another type": (b"authorized_keys", b"ssh-rsa " + ED25519.split(b" ", 1)[1], "bad-line"),
    "words after a type": (b"authorized_keys", b"ssh-rsa is not a key\n", "bad-line"),
    "no key after the options": (b"authorized_keys", b"restrict nothing\n", "bad-line"),
    "a host among users' keys": (b"authorized_keys", b"host.example.com " + ED25519, "bad-line"),
    "hosts without a key": (b"known_hosts", b"host.example.com \n", "bad-line"),
    "an unknown marker": (b"known_hosts", b"@foo host " + ED25519, "bad-line"),
    "words after a host": (b"known_hosts", b"host-i garbage here\n", "bad-line"),
    "a type alone after a host": (b"known_hosts", b"host-i ssh-ed25519\n", "bad-line"),
    "no hosts": (b"known_hosts", ED25519, "bad-line"),
    "a stray sign": (b"known_hosts", b"=\n", "bad-line"),
    "a key that is cut short": (b"known_hosts", b"example.net ssh-rsa AAAA\n", "bad-line"),
}


def around(kind: bytes, line: bytes, where: str) -> tuple[bytes, int]:
    """Put a bad line among two good ones; give the number of the line too."""
    prefix = b"" if kind == b"authorized_keys" else b"host.example.org "
    good = [prefix + RSA, prefix + ECDSA]
    number = {"first": 0, "between": 1, "last": 2}[where]
    return b"".join([*good[:number], line, *good[number:]]), number + 1


@pytest.mark.parametrize("where", ["first", "between", "last"])
@pytest.mark.parametrize("name", BAD)
def test_a_bad_line_spoils_no_other_and_every_command_names_it(name: str, where: str, tmp_path: Path) -> None:
    kind, line, rule = BAD[name]
    data, number = around(kind, line, where)
    for file_name in ("keys", kind.decode()):
        path = save(tmp_path, file_name, data)
        (found,) = findings(path)
        assert found[:2] == (number, rule)
        assert faults(path) == [found]
        for command, *others in (("inspect",), ("public",), ("match", str(save(tmp_path, "rsa.pub", RSA)))):
            result = run(command, path, *others)
            assert result.code == 0
            assert f"{path}: line {number}: {rule}: {found[2]}\n" in result.err
            loses_hosts = command == "public" and kind == b"known_hosts"
            assert run(command, "--strict", path, *others).code == (6 if loses_hosts else 3)
    assert [entry.public for entry in read(data).entries] == [
        read(RSA).entries[0].public,
        read(ECDSA).entries[0].public,
    ]


def test_where_no_line_holds_a_key_it_is_an_error(tmp_path: Path) -> None:
    path = save(tmp_path, "authorized_keys", b"no-pty, no-user-rc " + ED25519 + b"words\n")
    for command in ("inspect", "public"):
        result = run(command, path)
        assert (result.code, result.out) == (3, b"")
        assert "line 1: there is white space outside of quotes after the option 'no-pty'" in result.err


def test_what_takes_one_key_of_a_file_refuses_one_with_a_bad_line(tmp_path: Path) -> None:
    path = save(tmp_path, "keys", RSA + b'comand="x" ' + ED25519)
    result = run("convert", path, "--key", "1", "-t", "rfc4716", "-o", tmp_path / "new")
    assert result.code == 3
    assert "line 2: there is no option 'comand'" in result.err
    assert not (tmp_path / "new").exists()


def test_match_tells_the_faults_in_json(tmp_path: Path) -> None:
    path = save(tmp_path, "keys", RSA + b"ssh-rsa words\n")
    result = run("match", "--json", path, save(tmp_path, "rsa.pub", RSA))
    assert [[(fault["line"], fault["rule"]) for fault in file["faults"]] for file in result.json["files"]] == [
        [(2, "bad-line")],
        [],
    ]
    assert result.json["match"] is True


@pytest.mark.parametrize("first", [b"=\n", b"ssh-ed25519\n", b"@foo x " + ED25519, ED25519, b"words and words\n"])
def test_most_lines_tell_what_a_file_is(first: bytes) -> None:
    hosts = b"".join(b"host%d.example.com " % number + key for number, key in enumerate((RSA, ECDSA, ED25519)))
    file = read(first + hosts)
    assert (file.kind, len(file.entries), [fault.line for fault in file.faults]) == ("known_hosts", 3, [1])


def test_no_hint_on_a_host_leads_to_a_line_without_one(tmp_path: Path) -> None:
    lines = [line for kind, line, _ in BAD.values() if kind == b"known_hosts"]
    lines += [b"host ssh-newtype AAAAC3NzaC1uZXd0eXBlAAAAAA==\n", b"@revoked " + RSA, SSH2]
    path = save(tmp_path, "known_hosts", b"host " + RSA + b"".join(line + b"host " + ECDSA for line in lines))
    report = run("check", path).out.decode()
    told = report + run("inspect", path).err
    assert "ssh-keyscan" in told
    assert "sshd" not in told
    assert "keyconv public" not in told


# ── a private key among lines ──────────────────────────────────────────────────────────────────────────────────────

ARRANGED = {
    "before": lambda private, line: private + line,
    "after": lambda private, line: line + private,
    "among": lambda private, line: line + private + line,
    "after a remark": lambda private, line: b"# keys\n\n" + line + b"\n" + private,
    "indented": lambda private, line: line + b"".join(b"  " + row + b"\n" for row in private.splitlines()),
    "without its end": lambda private, line: private.rstrip(b"\n").rpartition(b"\n")[0] + b"\n" + line,
    "with CR LF": lambda private, line: (line + private).replace(b"\r", b"").replace(b"\n", b"\r\n"),
    "beside a bad line": lambda private, line: line + b"words\n" + private,
    "with typographic dashes": lambda private, line: line + private.replace(b"-----", "\u2014-".encode()),
}
PRIVATES = {"openssh": PRIVATE, "of the same key": SAME_PRIVATE, "ppk": PPK, "pem": PEM, "pkcs8": PKCS8}
LINES = {
    "a line": ED25519,
    "a line with options": b'restrict,command="/bin/true" ' + ED25519,
    "a host's line": b"host.example.com,192.0.2.1 " + ED25519,
    "a marked line": b"@cert-authority *.example.com " + ED25519,
}


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("private", PRIVATES)
@pytest.mark.parametrize("arranged", ARRANGED)
def test_a_private_key_among_lines_is_named_and_never_taken(arranged: str, private: str, line: str) -> None:
    data = ARRANGED[arranged](PRIVATES[private], LINES[line])
    file = read(data)
    (fault,) = (fault for fault in file.faults if fault.rule == "private-not-public")
    begin = b"PuTTY-User" if private == "ppk" else b"BEGIN "
    assert fault.line == 1 + data[: data.index(begin)].count(b"\n")
    assert all(entry.private is None for entry in file.entries)
    assert match((file, read(ED25519))) is not None


@pytest.mark.parametrize("name", ["keys", "authorized_keys"])
@pytest.mark.parametrize("private", [PRIVATE, SAME_PRIVATE, PPK])
@pytest.mark.parametrize("before", [True, False])
def test_every_command_says_the_same_of_it_and_writes_nothing(
    before: bool, private: bytes, name: str, tmp_path: Path
) -> None:
    data = private + ED25519 if before else ED25519 + private
    path = save(tmp_path, name, data)
    number = 1 if before else 2
    (found,) = findings(path)
    assert found[:2] == (number, "private-not-public")
    other = save(tmp_path, "key.pub", ED25519)
    for arguments in (("inspect",), ("public",), ("match", other)):
        result = run(arguments[0], path, *arguments[1:])
        assert result.code == 0
        assert f"line {number}: private-not-public: {found[2]}" in result.err
        assert "exposed" in result.err
    assert run("public", path).out == ED25519
    new = tmp_path / "new"
    commands: tuple[tuple[str | Path, ...], ...] = (
        ("convert", path, "-o", new),
        ("convert", path, "--from", "openssh", "-o", new),
        ("convert", path, "--key", "1", "-o", new),
        ("passphrase", path, "--no-passphrase"),
        ("comment", path, "new"),
        ("repair", path),
        ("repair", path, "-o", new),
        ("repair", path, "--in-place"),
    )
    for words in commands:
        result = run(*words, "--no-input") if words[0] not in ("repair", "comment") else run(*words)
        assert (result.code, result.out) == (3, b""), words
        assert f"line {number}: {found[2]}" in result.err, words
        assert "must be considered exposed" in result.err, words
    run("check", "--fix", path)
    assert path.read_bytes() == data
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted((name, "key.pub"))


@pytest.mark.parametrize("name", ["authorized_keys", "known_hosts"])
def test_a_private_key_under_the_name_of_a_file_of_lines_is_not_taken_either(name: str, tmp_path: Path) -> None:
    path = save(tmp_path, name, PRIVATE)
    assert [found[:2] for found in findings(path)] == [(1, "private-not-public")]
    result = run("convert", path, "-o", tmp_path / "new")
    assert result.code == 3
    assert "a private key stands among the lines" in result.err
    assert not (tmp_path / "new").exists()
    for arguments in (("repair", path), ("repair", "--in-place", path), ("repair", path, "-o", tmp_path / "new")):
        assert (run(*arguments).code, run(*arguments).out) == (3, b"")
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_no_private_keys_finds_them_among_lines(tmp_path: Path) -> None:
    path = save(tmp_path, "keys", ED25519 + PRIVATE + RSA)
    found = json.loads(run("check", "--no-private-keys", "--format", "json", path).out)["findings"]
    assert [(each["line"], each["rule"]) for each in found] == [(2, "private-not-public")]


@pytest.mark.parametrize(
    "text",
    [
        b"The key of the host:\n",
        b"private_key: |\n",
    ],
)
def test_a_private_key_in_a_document_is_not_among_lines(text: bytes) -> None:
    assert (
        all(fault.rule != "private-not-public" for fault in read(text + PEM).faults) if b"PUBLIC" not in text else True
    )


# ── lines that belong together ─────────────────────────────────────────────────────────────────────────────────────

KEY = BARE.split()[1]
WRAPPED = {
    "after the type": (b"known_hosts", b"host ssh-ed25519\n" + KEY + b"\n", b"host " + BARE),
    "after the hosts": (b"known_hosts", b"host.example.com\n" + BARE + b"\n", b"host.example.com " + BARE),
    "in the hosts": (b"known_hosts", b"a.example,\nb.example " + BARE + b"\n", b"a.example,b.example " + BARE),
    "in the base64": (b"known_hosts", b"host " + BARE[:40] + b"\n" + BARE[40:] + b" c\n", b"host " + BARE + b" c"),
    "after @revoked": (b"known_hosts", b"@revoked\n* " + BARE + b"\n", b"@revoked * " + BARE),
    "after a marker and hosts": (b"known_hosts", b"@revoked *.x\n" + BARE + b"\n", b"@revoked *.x " + BARE),
    "at every word": (
        b"known_hosts",
        b"@cert-authority\n*.x\nssh-ed25519\n" + KEY + b"\n",
        b"@cert-authority *.x " + BARE,
    ),
    "after a flag": (b"authorized_keys", b"restrict\n" + BARE + b" b\n", b"restrict " + BARE + b" b"),
    "after from": (b"authorized_keys", b'from="10.0.0.0/8"\n' + BARE + b"\n", b'from="10.0.0.0/8" ' + BARE),
    "after a comma": (b"authorized_keys", b"no-pty,\nno-user-rc " + BARE + b"\n", b"no-pty,no-user-rc " + BARE),
    "after a comma in from": (
        b"authorized_keys",
        b'from="10.0.0.0/8,\n192.0.2.1" ' + BARE + b"\n",
        b'from="10.0.0.0/8,192.0.2.1" ' + BARE,
    ),
    "between words in quotes": (
        b"authorized_keys",
        b'command="rsync --server\n--sender ." ' + BARE + b"\n",
        b'command="rsync --server --sender ." ' + BARE,
    ),
    "behind a space in quotes": (
        b"authorized_keys",
        b'command="rsync \n--server" ' + BARE + b"\n",
        b'command="rsync --server" ' + BARE,
    ),
    "options, type, base64, comment": (
        b"authorized_keys",
        b'from="10.0.0.0/8"\nssh-ed25519\n' + KEY + b"\nbob\n",
        b'from="10.0.0.0/8" ' + BARE + b" bob",
    ),
}


def at_width(line: bytes, width: int) -> bytes:
    return b"".join(line[at : at + width] + b"\n" for at in range(0, len(line), width))


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("name", WRAPPED)
def test_what_check_says_that_repair_joins_it_joins(name: str, alone: bool, tmp_path: Path) -> None:
    kind, broken, whole = WRAPPED[name]
    below = b"" if alone else (b"other.example " if kind == b"known_hosts" else b"no-pty ") + ECDSA
    path = save(tmp_path, kind.decode(), broken + below)
    (found,) = findings(path)
    assert found[1] == "wrapped-key"
    fixed = run("repair", path)
    assert (fixed.code, fixed.out) == (0, whole + b"\n" + below)
    assert "fixed wrapped-key" in fixed.err
    assert run("check", "--fix", path).code == 0
    assert path.read_bytes() == whole + b"\n" + below
    (tmp_path / "again").mkdir()
    told = run("public", save(tmp_path / "again", kind.decode(), broken + below))
    assert "a key is wrapped over several lines" in told.err
    assert told.code == (3 if alone else 0)
    assert KEY not in told.out


@pytest.mark.parametrize("width", [24, 33, 60, 76])
@pytest.mark.parametrize(
    "line", [b'command="/usr/bin/rsync --server --sender ." ' + RSA.strip(), b"no-pty " + BARE + b" a b"]
)
def test_a_line_cut_at_the_width_of_a_terminal_is_joined_as_it_was(line: bytes, width: int, tmp_path: Path) -> None:
    fixed = run("repair", save(tmp_path, "authorized_keys", at_width(line, width)))
    assert (fixed.code, fixed.out) == (0, line + b"\n")


@pytest.mark.parametrize(
    "data",
    [
        b"restrict\nno-pty " + ED25519,  # a comma, or a line of its own
        b"restrict\n\n" + ED25519,
        b"restrict\n# bob\n" + ED25519,
        b'command="' + b"/usr/bin/true " * 9 + b'--sen\nder" ' + ED25519,  # a space, or the width of a terminal
        b"github.com\n" + ED25519,
        b"*.example.com\n" + ED25519,
        b"host1\n" + ED25519,
        b"@revoked host1\nhost2 " + ED25519,
        b"@revoked\n\n* " + ED25519,
        b"cert-authority:\n" + ED25519,
        b"restrict: " + ED25519,
        b"@revoked: " + ED25519,
    ],
)
def test_words_that_cannot_be_joined_are_not_dropped(data: bytes, tmp_path: Path) -> None:
    path = save(tmp_path, "keys", data)
    result = run("repair", path)
    assert (result.code, result.out) == (3, b"")
    run("check", "--fix", path)
    assert path.read_bytes() == data
    assert findings(path)


@pytest.mark.parametrize("words", [b"restrict", b'from="10.0.0.0/8"', b"cert-authority"])
def test_public_gives_no_key_without_the_options_above_it(words: bytes, tmp_path: Path) -> None:
    for between in (b"\n", b"\n\n", b"\n# remark\n"):
        result = run("public", save(tmp_path, "keys", RSA + words + between + ED25519))
        assert result.code == 0
        assert result.out == RSA


def test_an_ssh2_block_among_lines_becomes_a_line_with_the_options_above_it(tmp_path: Path) -> None:
    options = b'from="10.0.0.0/8"\n'
    line = RSA.split()[1]
    for data, above in ((options + SSH2, b""), (ED25519 + options + SSH2, ED25519), (SSH2 + ED25519, b"")):
        path = save(tmp_path, "authorized_keys", data)
        assert ("rfc4716-in-authorized-keys" in {found[1] for found in findings(path)}) or not above
        fixed = run("repair", path)
        assert fixed.code == 0
        assert b"BEGIN" not in fixed.out
        assert fixed.out.startswith(above)
        (row,) = (row for row in fixed.out.splitlines() if line in row)
        assert row.startswith(b'from="10.0.0.0/8" ssh-rsa ' if options in data else b"ssh-rsa ")


# ── in place ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("last", [b"", b"no-pty " + RSA.strip(), b"words that are not a key"])
@pytest.mark.parametrize("command", ["repair", "check"])
def test_every_other_row_keeps_its_bytes(command: str, last: bytes, end: bytes, tmp_path: Path) -> None:
    above = end.join([b"# keys of  the host  ", b"", b"  " + ECDSA.strip() + b"  ", b"\t", b""])
    broken = end.join([b"restrict", BARE + b" bob", b""])
    joined = b"restrict " + BARE + b" bob" + end
    below = end.join([b"#end", last])
    path = save(tmp_path, "authorized_keys", above + broken + below)
    run(*(("repair", "--in-place") if command == "repair" else ("check", "--fix")), path)
    assert path.read_bytes() == above + joined + below
    assert (tmp_path / "authorized_keys.bak").read_bytes() == above + broken + below


def test_what_is_left_of_bad_lines_is_said(tmp_path: Path) -> None:
    path = save(tmp_path, "authorized_keys", b"restrict\n" + ED25519 + b'comand="x" ' + RSA + ECDSA)
    result = run("repair", path)
    assert (result.code, result.out) == (0, b"restrict " + ED25519 + b'comand="x" ' + RSA + ECDSA)
    assert "left as it is: line 2: unknown-option: there is no option 'comand'" in result.err


# ── values in other text ───────────────────────────────────────────────────────────────────────────────────────────

LINE = ED25519.strip()
CONFIGURED = {
    "Junos": b'set system login user x authentication ssh-ed25519 "' + LINE + b'"; ## SECRET-DATA\n',
    "FortiOS": b'config system admin\n    edit "x"\n        set ssh-public-key1 "' + LINE + b'"\n    next\nend\n',
    "NX-OS": b"username admin sshkey " + LINE + b"\n",
    "NetApp": b'security login publickey create -username x -index 0 -publickey "' + LINE + b'"\n',
    "iLO": b"-----BEGIN SSH KEY-----\n" + LINE + b"\n-----END SSH KEY-----\n",
    "a list item": b"- " + LINE + b"\n",
    "cloud-init": b"#cloud-config\nusers:\n  - name: bob\n    ssh_authorized_keys:\n      - " + LINE + b"\n",
    "JSON": b'{"user": "bob", "key": "' + LINE + b'"}\n',
    "a shell": b'modify auth user { shell bash }\necho "' + LINE + b'" > /config/keys\n',
    "LDIF": b"dn: uid=bob,dc=example\nsshPublicKey: " + LINE + b"\n",
    "XML": b"<user>\n <key>" + LINE + b"</key>\n</user>\n",
}


@pytest.mark.parametrize("name", CONFIGURED)
def test_a_key_in_a_configuration_is_taken_out_and_what_is_left_out_is_said(name: str, tmp_path: Path) -> None:
    path = save(tmp_path, "config.txt", CONFIGURED[name])
    fixed = run("repair", path)
    assert (fixed.code, fixed.out) == (0, LINE + b"\n")
    number = 1 + CONFIGURED[name][: CONFIGURED[name].index(b"AAAA")].count(b"\n")
    report = run("check", path).out.decode()
    assert "corrupt" not in report
    if name not in ("JSON", "a shell", "LDIF"):
        assert f"surrounding-text there is other text around the key, which is on line {number}" in report
        assert "left out: " in fixed.err
        told = run("inspect", path)
        assert told.code == 3
        assert f"which is on line {number}" in told.err


@pytest.mark.parametrize(
    "line",
    [
        b"restrict key " + LINE,
        b'command="echo ' + LINE + b'"',
        b"no-ptty here " + LINE,
        b"@revoked * and " + LINE,
        b'from ="10.0.0.1" ' + LINE,
        b"set restrict " + LINE,
        b"-" + LINE,
    ],
)
def test_no_key_is_taken_from_behind_words_that_may_be_its_own(line: bytes, tmp_path: Path) -> None:
    result = run("repair", save(tmp_path, "config.txt", line + b"\n"))
    assert (result.code, result.out) == (3, b"")


@pytest.mark.parametrize(
    ("what", "data", "lines"),
    [
        ("JSON", json.dumps([{"id": 1, "key": ED25519.decode().strip()}, {"key": RSA.decode().strip()}]), "line 1"),
        ("YAML", f"- {ED25519.decode()}- {RSA.decode()}", "lines 1, 2"),
        ("YAML", f"keys:\n  bob: {ED25519.decode()}  eve: {RSA.decode()}", "lines 2, 3"),
    ],
)
def test_several_keys_in_json_and_yaml_are_counted(what: str, data: str, lines: str, tmp_path: Path) -> None:
    path = save(tmp_path, "keys.txt", data.encode())
    for command in ("inspect", "public", "check"):
        result = run(command, path)
        assert f"the file is {what} with 2 public keys, on {lines}" in (result.err + result.out.decode())
    assert run("repair", path).out == ED25519.strip() + b"\n" + RSA.strip() + b"\n"


# ── what other programs say ────────────────────────────────────────────────────────────────────────────────────────


def test_ssh_keygen_finds_the_hosts_of_joined_lines(tmp_path: Path) -> None:
    require("ssh-keygen")
    path = save(tmp_path, "known_hosts", b"@revoked\nbad.example.com " + ED25519 + b"good.example.com\n" + BARE + b"\n")
    assert run("repair", "--in-place", path).code == 0
    for host, marker in (
        ("bad.example.com", "# Host bad.example.com found: line 1 REVOKED"),
        ("good.example.com", "line 2"),
    ):
        done = subprocess.run(["ssh-keygen", "-F", host, "-f", path], capture_output=True, text=True, check=True)
        assert marker in done.stdout


def test_what_follows_a_run_is_told_by_its_result(tmp_path: Path) -> None:
    result: Result = run("inspect", "-q", save(tmp_path, "keys", RSA + b"ssh-rsa words\n"))
    assert "line 2: bad-line" in result.err  # although notes are kept back
