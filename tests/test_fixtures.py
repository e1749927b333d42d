"""The fixtures are what their manifest says, and every kind that the tests rely on is there.

The first half needs no tool. The second asks the real puttygen and ssh-keygen again; on a machine without them it is
skipped, under CI=true it fails.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
MANIFEST: dict[str, Any] = json.loads((FIXTURES / "manifest.json").read_text("utf-8"))
Entry = dict[str, Any]
FILES: list[Entry] = MANIFEST["files"]
BY_PATH: dict[str, Entry] = {entry["path"]: entry for entry in FILES}

PRIVATE = {"ppk", "ppk2", "ppk1", "openssh", "pem", "pkcs8", "sshcom", "ssh1", "dropbear", "damaged-ppk"}
PUBLIC = {
    "openssh-pub",
    "rfc4716",
    "spki",
    "pkcs1-pub",
    "ssh1-pub",
    "allowed_signers",
    "authorized_keys",
    "known_hosts",
}
FAMILIES = {"rsa", "dsa", "ecdsa", "ed25519", "ed448", "sk-ecdsa", "sk-ed25519"}
TOOLS = {"puttygen", "ssh-keygen", "openssl", "dropbearkey", "dropbearconvert", "make.py", "cp", "mv"}
FULL = ("rsa2048", "dsa1024", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "ed448")

FIELDS: dict[str, tuple[type, ...]] = {
    "path": (str,),
    "group": (str,),
    "format": (str,),
    "encoding": (str,),
    "family": (str, type(None)),
    "type": (str, type(None)),
    "bits": (int, type(None)),
    "key": (str, type(None)),
    "private": (bool,),
    "encrypted": (bool,),
    "passphrase": (str, type(None)),
    "cipher": (str, type(None)),
    "kdf": (dict, type(None)),
    "comment": (str, type(None)),
    "sha256_fingerprint": (str, type(None)),
    "md5_fingerprint": (str, type(None)),
    "public_line": (str, type(None)),
    "judged_by": (list,),
    "opened_by": (list,),
    "tool": (str,),
    "version": (str,),
    "command": (list,),
    "notes": (list,),
    "size": (int,),
    "sha256": (str,),
}


def holds(form: str, key: str, *, encrypted: bool | None = None) -> list[Entry]:
    """The entries of a format and a key pair."""
    found = [entry for entry in FILES if (entry["format"], entry["key"]) == (form, key)]
    return [entry for entry in found if encrypted in (None, entry["encrypted"])]


# ---- without any tool
def test_every_file_has_its_entry_and_every_entry_its_file() -> None:
    result = subprocess.run([sys.executable, FIXTURES / "make.py", "--check"], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_check_names_what_is_added_changed_and_missing(tmp_path: Path) -> None:
    copy = tmp_path / "fixtures"
    shutil.copytree(FIXTURES, copy, ignore=shutil.ignore_patterns(".build-*", "__pycache__"))
    (copy / "ppk" / "unlisted.ppk").write_text("PuTTY-User-Key-File-3: ssh-ed25519\n")
    (copy / "pem" / "rsa2048-puttygen-plain.pem").unlink()
    with (copy / "openssh" / "ed25519-plain").open("ab") as changed:
        changed.write(b"\n")
    result = subprocess.run([sys.executable, copy / "make.py", "--check"], capture_output=True, text=True)
    assert result.returncode == 1
    named = {line.split(":")[0] for line in result.stdout.splitlines()}
    assert named == {"ppk/unlisted.ppk", "pem/rsa2048-puttygen-plain.pem", "openssh/ed25519-plain"}


def test_hashes_and_sizes_are_true_and_small() -> None:
    for entry in FILES:
        data = (FIXTURES / entry["path"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (entry["size"], entry["sha256"]), entry["path"]
        assert 0 < len(data) <= 8 * 1024, entry["path"]
    assert sum(entry["size"] for entry in FILES) < 300 * 1024


def test_every_entry_has_every_field() -> None:
    for entry in FILES:
        for name, types in FIELDS.items():
            assert isinstance(entry.get(name, ...), types), (entry["path"], name)
        assert entry["format"] in PRIVATE | PUBLIC, entry["path"]
        assert entry["private"] == (entry["format"] in PRIVATE), entry["path"]
        for name in ("passphrase", "comment"):
            bytes.fromhex(entry[name] or "")


def test_every_file_says_how_it_was_made() -> None:
    for entry in FILES:
        assert entry["command"], entry["path"]
        for step in entry["command"]:
            assert step[0] in TOOLS, entry["path"]
            assert not any(part.startswith(("/", "~")) for part in step if part != "/dev/urandom"), entry["path"]
        built = entry["tool"] == "make.py"
        assert built or entry["version"], entry["path"]
        assert entry["notes"] or not built, f"{entry['path']}: does not say how it was built"
        assert entry["judged_by"] or entry["notes"], entry["path"]
    assert {"puttygen", "ssh-keygen", "openssl"} <= set(MANIFEST["tools"])


def test_what_is_encrypted_names_passphrase_cipher_and_kdf() -> None:
    for entry in FILES:
        facts = [entry["passphrase"] is not None, entry["cipher"] is not None, entry["kdf"] is not None]
        if entry["format"] == "damaged-ppk":
            facts[2] = True  # the file may end before it names its KDF
        assert facts == [entry["encrypted"]] * 3, entry["path"]


def test_the_fingerprints_are_those_of_the_public_line() -> None:
    for entry in FILES:
        if entry["public_line"] is None or "certificate" in entry or entry["type"] == "rsa1":
            continue
        name, text = entry["public_line"].split(" ")
        blob = base64.b64decode(text, validate=True)
        assert name == entry["type"], entry["path"]
        assert blob[4 : 4 + len(name)] == name.encode(), entry["path"]
        digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
        assert entry["sha256_fingerprint"] == f"SHA256:{digest}", entry["path"]
        pairs = hashlib.md5(blob).digest().hex(":")
        assert entry["md5_fingerprint"] == f"MD5:{pairs}", entry["path"]


def test_one_id_is_one_key_pair() -> None:
    ids: dict[str, set[str]] = {}
    for entry in FILES:
        if entry["key"] is not None:
            ids.setdefault(entry["key"], set()).add(entry["sha256_fingerprint"])
            plain = BY_PATH.get(f"ppk/{entry['key']}-v3-plain.ppk")
            if plain is not None and "certificate" not in entry:
                assert entry["public_line"] == plain["public_line"], entry["path"]
    assert all(len(fingerprints) == 1 for fingerprints in ids.values())
    assert len({next(iter(fingerprints)) for fingerprints in ids.values()}) == len(ids)


def test_every_family_is_there() -> None:
    found = {entry["family"] for entry in FILES if entry["private"]}
    assert found >= FAMILIES


@pytest.mark.parametrize("key", FULL)
def test_every_puttygen_type_has_every_kind_of_ppk(key: str) -> None:
    for form in ("ppk", "ppk2"):
        assert holds(form, key, encrypted=False)
        assert holds(form, key, encrypted=True)


def test_every_argon2_variant_and_cost_is_there() -> None:
    found = {entry["kdf"]["name"] for entry in holds("ppk", "ed25519", encrypted=True)}
    assert found == {"argon2id", "argon2i", "argon2d"}
    assert {entry["kdf"]["parallelism"] for entry in holds("ppk", "ed25519", encrypted=True)} == {1, 4}
    assert BY_PATH["ppk/ed25519-v3-default-cost-encrypted.ppk"]["kdf"]["memory"] == 8192


def test_version_1_is_there_with_mac_with_hash_and_encrypted() -> None:
    for key in ("rsa2048", "dsa1024", "ed25519"):
        for encrypted in (False, True):
            texts = [(FIXTURES / entry["path"]).read_bytes() for entry in holds("ppk1", key, encrypted=encrypted)]
            assert sorted(b"Private-Hash: " in text for text in texts) == [False, True]


@pytest.mark.parametrize("key", [*FULL, "sk-ed25519", "sk-ecdsa"])
def test_every_type_has_openssh_and_public_files(key: str) -> None:
    assert holds("openssh", key, encrypted=False)
    assert holds("openssh", key, encrypted=True)
    assert holds("openssh-pub", key)
    assert holds("rfc4716", key)


def test_every_openssh_cipher_is_there() -> None:
    ciphers = {entry["cipher"] for entry in holds("openssh", "ed25519", encrypted=True)}
    aes = {f"aes{bits}-{mode}" for bits in (128, 192, 256) for mode in ("cbc", "ctr")}
    more = {"3des-cbc", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"}
    assert ciphers == aes | more


def test_the_file_of_two_keys_lists_both() -> None:
    keys = BY_PATH["openssh/two-keys-plain"]["keys"]
    assert [key["key"] for key in keys] == ["ed25519", "ecdsa-p256"]


@pytest.mark.parametrize("key", FULL)
def test_every_type_has_pkcs8_and_spki(key: str) -> None:
    kdfs = {entry["kdf"]["name"] for entry in holds("pkcs8", key, encrypted=True)}
    assert kdfs >= {"pbkdf2", "scrypt", "pbes1"}
    assert {entry["encoding"] for entry in holds("pkcs8", key, encrypted=False)} == {"text", "der"}
    assert {entry["encoding"] for entry in holds("spki", key)} == {"text", "der"}


def test_the_older_formats_are_there() -> None:
    for key in ("rsa2048", "dsa1024"):
        for form in ("pem", "sshcom"):
            assert holds(form, key, encrypted=False)
            assert holds(form, key, encrypted=True)
    for key in ("ecdsa-p256", "ecdsa-p384", "ecdsa-p521"):
        assert holds("pem", key, encrypted=True)
        assert holds("dropbear", key)
    assert holds("dropbear", "rsa2048")
    assert holds("dropbear", "ed25519")
    assert holds("ssh1", "ssh1-rsa1024", encrypted=True)
    assert holds("ssh1-pub", "ssh1-rsa1024")


def test_the_odd_comments_are_there_in_ppk_and_openssh() -> None:
    for form in ("ppk", "openssh", "openssh-pub"):
        said = [bytes.fromhex(entry["comment"]) for entry in holds(form, "ed25519") if entry["group"] == "comments"]
        assert b"" in said, form
        assert any(len(comment) == 1000 for comment in said), form
        assert any(b": " in comment for comment in said), form
        assert any(comment.endswith(b"  ") for comment in said), form
        assert any(b"\t" in comment for comment in said), form
        assert any(comment.decode("utf-8", "replace").encode() != comment for comment in said), form
        assert any(not comment.isascii() and comment.decode("utf-8", "ignore").encode() == comment for comment in said)


def test_the_odd_passphrases_are_there_in_every_encrypted_format() -> None:
    utf8, nfd = "pässwörd€".encode(), b"pa\xcc\x88sswo\xcc\x88rd\xe2\x82\xac"
    expected = {utf8, nfd, "pässwörd€".encode("cp1252"), "pässwörd".encode("latin-1")}
    for form in ("ppk", "ppk2", "openssh"):
        found = {bytes.fromhex(entry["passphrase"]) for entry in holds(form, "ed25519", encrypted=True)}
        assert found >= expected | {b"correct horse"}, form


def test_certificates_of_both_kinds_and_of_every_family_are_there() -> None:
    certificates = [entry for entry in FILES if "certificate" in entry]
    assert {entry["certificate"]["kind"] for entry in certificates} == {"user", "host"}
    assert {entry["family"] for entry in certificates} >= FAMILIES - {"ed448"}
    assert {entry["certificate"]["ca_type"] for entry in certificates} >= {"ED25519", "RSA"}
    ppks = [entry for entry in certificates if entry["format"] in ("ppk", "ppk2")]
    assert {entry["encrypted"] for entry in ppks} == {True, False}
    for entry in certificates:
        assert "-cert-v01@openssh.com" in entry["type"], entry["path"]
        assert entry["type"] == entry["public_line"].split(" ")[0] == entry["certificate"]["type"], entry["path"]


def test_the_misnamed_files_are_copies_of_their_originals() -> None:
    entries = [entry for entry in FILES if entry["group"] == "misnamed"]
    assert {entry["format"] for entry in entries} == {"ppk", "openssh", "rfc4716"}
    for entry in entries:
        _, source, target = entry["command"][-1]
        assert target == entry["path"]
        assert BY_PATH[source]["sha256"] == entry["sha256"], f"{entry['path']}: run make.py --only misnamed"


def test_the_script_takes_nothing_from_keyconv() -> None:
    for path in (FIXTURES / "make.py", *(FIXTURES / "making").glob("*.py")):
        assert not re.search(r"^\s*(import|from) keyconv", path.read_text("utf-8"), re.MULTILINE), path


def test_no_line_end_conversion_can_reach_the_files() -> None:
    assert "* -text" in (FIXTURES / ".gitattributes").read_text("utf-8").splitlines()


# ---- with the tools
def need(name: str) -> str:
    """The path of a tool; without it a skip, and under CI=true a failure."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(f"{name} is not installed, and CI=true: the fixtures must be judged")
        pytest.skip(f"{name} is not installed")
    return found


def ask(*argv: str | bytes | Path) -> str:
    """A tool's standard output, byte for byte (as latin-1)."""
    env = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    run = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, start_new_session=True, env=env)
    assert run.returncode == 0, (argv, run.stderr)
    return run.stdout.decode("latin-1")


def private_copy(entry: Entry, folder: Path) -> Path:
    """A copy that ssh-keygen accepts: it refuses a private key that others can read."""
    copy = folder / "key"
    copy.touch(mode=0o600)
    copy.write_bytes((FIXTURES / entry["path"]).read_bytes())
    return copy


def judged(tool: str, *formats: str) -> list[Entry]:
    return [entry for entry in FILES if entry["format"] in formats and tool in entry["judged_by"]]


def line_and_comment(printed: str) -> tuple[str, bytes]:
    kind, blob, *rest = printed.removesuffix("\n").split(" ", 2)
    return f"{kind} {blob}", "".join(rest).encode("latin-1")


@pytest.mark.parametrize("form", ["ppk", "ppk2", "ppk1", "damaged-ppk", "rfc4716"])
def test_puttygen_prints_the_public_line_of_the_manifest(form: str) -> None:
    tool = need("puttygen")
    entries = judged("puttygen", form)
    assert entries
    for entry in entries:
        line, comment = line_and_comment(ask(tool, "-L", FIXTURES / entry["path"]))
        assert line == entry["public_line"], entry["path"]
        if form != "rfc4716":
            assert comment.hex() == entry["comment"], entry["path"]


@pytest.mark.parametrize("key", FULL)
def test_puttygen_prints_the_fingerprints_of_the_manifest(key: str) -> None:
    tool = need("puttygen")
    entry = BY_PATH[f"ppk/{key}-v3-plain.ppk"]
    assert entry["sha256_fingerprint"] in ask(tool, "-l", "-E", "sha256", FIXTURES / entry["path"]).split()
    assert (
        entry["md5_fingerprint"].removeprefix("MD5:") in ask(tool, "-l", "-E", "md5", FIXTURES / entry["path"]).split()
    )


@pytest.mark.parametrize(
    "path",
    [
        "ppk/rsa2048-v3-argon2id-encrypted.ppk",
        "ppk/ed25519-v3-argon2d-encrypted.ppk",
        "ppk/ecdsa-p521-v2-encrypted.ppk",
        "ppk1/dsa1024-v1-private-mac-encrypted.ppk",
        "ppk1/rsa2048-v1-private-hash-plain.ppk",
        "certificates/user-ed25519-v3-encrypted.ppk",
        "passphrases/ed25519-v3-cp1252.ppk",
        "edge/ed25519-zero-end-v2-31-bytes-encrypted.ppk",
        "openssh/ed448-puttygen-encrypted",
    ],
)
def test_puttygen_opens_the_private_half(path: str, tmp_path: Path) -> None:
    tool = need("puttygen")
    entry = BY_PATH[path]
    old, empty, out = tmp_path / "old", tmp_path / "empty", tmp_path / "out.ppk"
    old.write_bytes(bytes.fromhex(entry["passphrase"] or "") + b"\n")
    empty.touch()
    passphrase: list[str | Path] = ["--old-passphrase", old] if entry["encrypted"] else []
    ask(tool, FIXTURES / path, *passphrase, "-P", "--new-passphrase", empty, "-O", "private", "-o", out)
    assert line_and_comment(ask(tool, "-L", out))[0] == entry["public_line"]


def ssh_keygen_knows(entry: Entry) -> bool:
    """Whether this ssh-keygen still has the type: DSA went with OpenSSH 10."""
    return entry["family"] != "dsa" or "ssh-dss" in ask(need("ssh"), "-Q", "key").split()


@pytest.mark.parametrize("kind", ["sha256", "md5"])
def test_ssh_keygen_prints_the_fingerprints_of_the_manifest(kind: str, tmp_path: Path) -> None:
    tool = need("ssh-keygen")
    for entry in judged("ssh-keygen", "openssh", "openssh-pub"):
        if not ssh_keygen_knows(entry) or entry["group"] not in ("openssh", "openssh-pub", "keys", "certificates"):
            continue
        path = private_copy(entry, tmp_path) if entry["private"] else FIXTURES / entry["path"]
        bits, fingerprint, *_ = ask(tool, "-l", "-E", kind, "-f", path).split()
        assert (int(bits), fingerprint) == (entry["bits"], entry[f"{kind}_fingerprint"]), entry["path"]


@pytest.mark.parametrize("group", ["openssh", "comments", "passphrases", "edge"])
def test_ssh_keygen_opens_the_private_half(group: str, tmp_path: Path) -> None:
    tool = need("ssh-keygen")
    entries = [
        entry for entry in judged("ssh-keygen", "openssh") if entry["group"] == group and ssh_keygen_knows(entry)
    ]
    assert entries
    for entry in entries:
        passphrase = bytes.fromhex(entry["passphrase"] or "")
        printed = ask(tool, "-y", "-P", passphrase, "-f", private_copy(entry, tmp_path))
        assert line_and_comment(printed) == (entry["public_line"], bytes.fromhex(entry["comment"])), entry["path"]


def test_ssh_keygen_prints_the_certificates_of_the_manifest() -> None:
    tool = need("ssh-keygen")
    for entry in judged("ssh-keygen", "openssh-pub"):
        if "certificate" not in entry or not ssh_keygen_knows(entry):
            continue
        facts = entry["certificate"]
        printed = ask(tool, "-L", "-f", FIXTURES / entry["path"])
        lines = [line.strip() for line in printed.splitlines()]
        assert f"Type: {facts['type']} {facts['kind']} certificate" in lines, entry["path"]
        assert f'Key ID: "{facts["key_id"]}"' in lines, entry["path"]
        assert f"Serial: {facts['serial']}" in lines, entry["path"]
        assert f"Valid: {facts['valid']}" in lines, entry["path"]
        options = [option for option in facts["critical_options"] + facts["extensions"] if "UNKNOWN" not in option]
        assert set(facts["principals"] + options) <= set(lines), entry["path"]
        assert f"{facts['ca_type']} {facts['ca_fingerprint']}" in printed, entry["path"]


def test_ssh_keygen_prints_the_keys_of_authorized_keys() -> None:
    tool = need("ssh-keygen")
    if "ssh-dss" not in ask(need("ssh"), "-Q", "key").split():
        pytest.skip("this ssh-keygen skips the DSA line")
    entries = [entry for entry in FILES if "fingerprints" in entry]
    assert len(entries) >= 4
    for entry in entries:
        printed = [line for line in ask(tool, "-l", "-f", FIXTURES / entry["path"]).split("\n") if line]
        assert printed == entry["fingerprints"], entry["path"]
        told = [key["sha256_fingerprint"] for key in entry["keys"] if key["judged_by"]]
        assert [line.split()[1] for line in printed] == told, entry["path"]
        lines = (FIXTURES / entry["path"]).read_bytes().splitlines()
        for key in entry["keys"]:
            assert key["public_line"].split(" ")[1].encode() in lines[key["line"] - 1], entry["path"]
