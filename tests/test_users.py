"""Four new users, each with a question: they type what README, the pages and keyconv's advice print, and no more."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fixture_files import FIXTURES_DIR, PASSPHRASE
from logins import GREETING, Server, listening, plink, ssh
from tools import PATIENCE, require
from users import Person, block_below

import keyconv

PPK = (FIXTURES_DIR / "ppk" / "rsa2048-v3-plain.ppk").read_bytes()
OPENSSH = (FIXTURES_DIR / "openssh" / "ed25519-plain").read_bytes()
PUBLIC = (FIXTURES_DIR / "openssh-pub" / "ed25519.pub").read_bytes()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with listening(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path / "home")


def logs_in(server: Server, person: Person, key: str) -> None:
    """Log in with ssh, where the server has what the person's authorized_keys says."""
    server.authorized_keys.write_bytes((person.home / ".ssh" / "authorized_keys").read_bytes())
    ran = ssh(server, person.folder / key)
    assert (ran.returncode, ran.stdout.decode().strip()) == (0, GREETING), ran.stderr


def line_of(key: Path) -> bytes:
    """Ask ssh-keygen for the public key of a private one."""
    asked = [require("ssh-keygen"), "-y", "-P", "", "-f", str(key)]
    ran = subprocess.run(asked, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
    assert ran.returncode == 0, ran.stderr
    return b" ".join(ran.stdout.split()[:2])


def test_a_putty_user_whose_id_rsa_is_a_ppk_logs_in_with_ssh_and_with_putty(person: Person, server: Server) -> None:
    person.put("id_rsa", PPK)
    assert ssh(server, person.folder / "id_rsa").returncode == 255, "ssh cannot read it"

    assert person.type(person.look_up("README.md", "# keyconv", "id_rsa.ppk"), **{"id_rsa.ppk": "id_rsa"}) == 0
    assert "PuTTY private key" in person.answer
    assert "not OpenSSH" in person.answer
    assert person.type(person.hinted("for OpenSSH")) == 0, person.answer
    line = person.look_up("README.md", "Get the `authorized_keys` line", ">>")
    assert person.type(line, **{"deploy.ppk": "id_rsa"}) == 0, person.answer

    (written,) = (path.name for path in person.folder.iterdir() if path.name != "id_rsa")
    logs_in(server, person, written)
    status, seen = plink(server, person.folder / "id_rsa", person.home)
    assert (status, GREETING.encode() in seen) == (0, True), seen


@pytest.mark.parametrize(
    "damage",
    [
        lambda key: key.replace(b"\n", b"\r\n"),
        lambda key: key.replace(b"\n", b" "),
        lambda key: key.replace(b"\n", b"\\n"),
        lambda key: key.rstrip(b"\n"),
        lambda key: b'"' + key + b'"',
    ],
    ids=["crlf", "spaces", "literal", "no final line end", "quoted"],
)
def test_a_ci_job_that_says_error_in_libcrypto_gets_its_key(
    damage: Callable[[bytes], bytes], person: Person, server: Server
) -> None:
    person.variables["DEPLOY_KEY"] = damage(OPENSSH).decode()
    person.put("deploy", damage(OPENSSH))
    refused = ssh(server, person.folder / "deploy")
    assert refused.returncode == 255, refused.stderr
    (person.folder / "deploy").unlink()

    assert person.type(person.look_up("README.md", "5. A key that was pasted", "--env")) == 3
    assert person.type(person.hinted("fix it")) == 0, person.answer
    (fixed,) = person.folder.iterdir()
    assert line_of(fixed) == b" ".join(PUBLIC.split()[:2])
    line = person.look_up("README.md", "Get the `authorized_keys` line", ">>")
    assert person.type(line, **{"deploy.ppk": fixed.name}) == 0, person.answer
    logs_in(server, person, fixed.name)


def test_the_row_of_error_in_libcrypto_leads_to_a_key_as_well(person: Person, server: Server) -> None:
    person.put("id", OPENSSH.replace(b"\n", b"\r\n"))
    convert = person.look_up("docs/errors.md", "`error in libcrypto`", "convert")
    if person.type(convert, FILE="id", NEW="new") != 0:
        assert person.type(person.hinted()) == 0, person.answer
    (written,) = (path for path in person.folder.iterdir() if path.name != "id")
    assert line_of(written) == b" ".join(PUBLIC.split()[:2])


def test_a_secret_that_is_masked_is_called_so_and_the_advice_says_where_to_look(person: Person) -> None:
    person.variables["DEPLOY_KEY"] = "***"
    assert person.type(person.look_up("README.md", "5. A key that was pasted", "--env")) == 3
    assert "masked secret" in person.answer
    assert list(person.advice()) == ["the secret is unset or was not passed to this job: set it, and check its name"]


# ── an upload form ─────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def form(accept: Callable[..., tuple[bytes, bytes]]) -> Iterator[str]:
    """Serve a form on loopback that answers with the key, or with what was wrong and status 422."""

    class Form(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            upload = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                key, line = accept(upload, self.headers.get("X-Passphrase", ""))
                status, body = 200, json.dumps({"key": key.decode(), "line": line.decode()})
            except ValueError as error:
                status, body = 422, str(error)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Form) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}/"
        finally:
            running.shutdown()
            thread.join()


def upload(address: str, data: bytes, passphrase: str = "") -> tuple[int, str]:
    request = urllib.request.Request(address, data, {"X-Passphrase": passphrase})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def test_a_python_developer_has_an_upload_form(person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(person.folder)
    person.put("windows-line-ends", OPENSSH.replace(b"\n", b"\r\n"))
    person.put("id_ed25519.pub", PUBLIC)
    page: dict[str, Any] = {"keyconv": keyconv, "Path": Path}
    exec(block_below("docs/library.md", "## An upload form", "python"), page)

    encrypted = (FIXTURES_DIR / "ppk" / "rsa2048-v3-argon2id-encrypted.ppk").read_bytes()
    with form(page["accept"]) as address:
        for data, passphrase in (
            (OPENSSH, ""),
            (OPENSSH.replace(b"\n", b" "), ""),
            (PPK, ""),
            (encrypted, PASSPHRASE.decode()),
        ):
            status, body = upload(address, data, passphrase)
            assert status == 200, body
            answer = json.loads(body)
            key = person.put("uploaded", answer["key"].encode())
            assert line_of(key) == b" ".join(answer["line"].encode().split()[:2])
        for data, passphrase, said in (
            (OPENSSH[:200], "", "the end is missing"),
            (PUBLIC, "", "private"),
            (b"buy milk\n", "", "not a key"),
            (encrypted, "", "passphrase"),
            (encrypted, "another", "passphrase"),
        ):
            status, body = upload(address, data, passphrase)
            assert (status, said in body) == (422, True), body
            assert "\n" not in body


# ── an auditor ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_auditor_finds_the_bad_ones_among_5000_files_and_has_an_inventory(person: Person) -> None:
    rng = random.Random("an auditor")
    for number in range(4_990):
        seed = Ed25519PrivateKey.from_private_bytes(rng.randbytes(32))
        line = seed.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        person.put(f"team{number % 40}/{number}.pub", line + f" user{number}@example.com\n".encode(), 0o644)
    for number in range(6):
        person.put(f"team1/notes{number}.md", b"Keys begin with -----BEGIN OPENSSH PRIVATE KEY-----\n", 0o644)
    locked = (FIXTURES_DIR / "ppk" / "ed25519-v3-argon2id-encrypted.ppk").read_bytes()
    person.put("team2/locked.ppk", locked)
    bad = {"team3/id_rsa": PPK, "team4/deploy": OPENSSH.replace(b"\n", b"\r\n"), "team5/cut": OPENSSH[:250]}
    for name, data in bad.items():
        person.put(name, data)
    assert sum(path.is_file() for path in person.folder.rglob("*")) == 5_000

    assert person.type(person.look_up("docs/ci.md", "# Guarding a repository", "check .")) == 1
    found = set(re.findall(r"(?m)^(?:\./)?(team\d+/[^:\s]+): ?", person.answer))
    assert set(bad) <= found <= {*bad, "team2/locked.ppk"}, person.answer

    fix = next(command for command in _fixes(person) if "team4/deploy" in command)
    assert person.type(fix, NEW="team4/fixed") == 0, person.answer
    assert line_of(person.folder / "team4/fixed") == b" ".join(PUBLIC.split()[:2])
    (person.folder / "team4/fixed").replace(person.folder / "team4/deploy")

    accept = person.look_up("docs/ci.md", "## Baselines", "--write-baseline")
    assert person.type(accept) == 0, person.answer
    later = person.look_up("docs/ci.md", "## Baselines", "keyconv check --baseline keyconv-baseline.json . ")
    assert person.type(later) == 0, person.answer

    inventory = person.look_up("docs/recipes.md", "## Which keys are there?", "--format csv")
    assert person.type(inventory, keys=".") in (0, 3), person.answer
    rows = list(csv.DictReader(io.StringIO((person.folder / "keys.csv").read_text("utf-8"))))
    listed = {row["path"].removeprefix("./"): row["fingerprint"] for row in rows}
    assert sum(name.endswith(".pub") for name in listed) == 4_990
    for name in rng.sample(sorted(name for name in listed if name.endswith(".pub")), 20):
        asked = subprocess.run(
            [require("ssh-keygen"), "-l", "-f", person.folder / name], capture_output=True, check=True, timeout=PATIENCE
        )
        assert asked.stdout.split()[1].decode() == listed[name]


def _fixes(person: Person) -> Iterator[str]:
    return (command for command in person.commands() if " repair " in command)
