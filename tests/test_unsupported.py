"""What keyconv cannot open says what can, with a command that works; what other programs read, it reads with a note."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from fixture_files import by_path
from pem_family import locking, private_in, private_of, public_line, run, saved, written
from tools import require

from keyconv import Entry, Locked, Passphrase, read
from keyconv.codec import oid_names, oids
from keyconv.crypto import pbes
from keyconv.crypto.pbes import EvpMd5, Pbkdf2, Scrypt
from keyconv.errors import KeyconvError, MalformedError, UnsupportedError
from keyconv.formats.openssh import OPENSSH
from keyconv.formats.pem import PEM
from keyconv.formats.pkcs8 import PKCS8
from keyconv.repairs import diagnose
from keyconv.text import pem
from keyconv.text.quoting import name_file
from keyconv.wire import der, encode

LEGACY = ("-provider", "legacy", "-provider", "default")
WORD = b"secret"


def _refusal(data: bytes) -> KeyconvError:
    with pytest.raises(UnsupportedError) as refusal:
        read(data)
    return refusal.value


def _fails_then_follows_hint(path: Path, expected: bytes) -> str:
    """Read a file that is refused, run the command of the hint in a shell, and read what that made of it."""
    data = path.read_bytes()
    found = diagnose(data, _refusal(data), path=shlex.quote(str(path)))
    assert found.rule == "unsupported"
    command = found.hint.removeprefix("decrypt it with: ")
    assert command.startswith(f"openssl pkey -in {shlex.quote(str(path))} -out NEW")
    require("openssl")
    ran = subprocess.run(
        ["sh", "-c", command + f" -passin pass:{WORD.decode()}"], cwd=path.parent, capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    (entry,) = read((path.parent / "NEW").read_bytes()).entries
    assert entry.public is not None
    assert public_line(entry.public).encode() == expected
    return command


# ── ciphers that keyconv does not have ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "options",
    [
        "-v2 aria-256-cbc",
        "-v2 sm4-cbc",
        "-v2 aes-256-cfb",
        "-v2 aes-128-ofb",
        "-v2 camellia-192-ofb",
        "-v2 bf-cbc",
        "-v2 cast5-cbc",
        "-v2 seed-cbc",
        "-v2 rc2-40-cbc",
        "-v2 rc2-64-cbc",
        "-v2 des-ofb",
        "-v2 aes-256-cbc -v2prf hmacWithMD5",
        "-v1 PBE-MD5-RC2-64",
        "-v1 PBE-SHA1-RC2-40",
        "-v1 PBE-SHA1-RC4-128",
    ],
)
@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_pkcs8_of_a_cipher_that_keyconv_lacks_names_the_command_that_decrypts_it(
    options: str, form: str, tmp_path: Path
) -> None:
    key = private_of(by_path("pkcs8/ed25519-plain.der"))
    source = saved(tmp_path, written(PKCS8, key), "plain")
    word = ("-passout", f"pass:{WORD.decode()}", "-outform", form)
    locked = run("openssl", "pkcs8", "-topk8", "-in", source, *options.split(), *word, *LEGACY)
    path = saved(tmp_path, locked, "my key's file")
    command = _fails_then_follows_hint(path, public_line(key.public).encode())
    assert ("legacy" in command) == any(name in options for name in ("bf", "cast", "seed", "rc2", "des", "PBE"))


@pytest.mark.parametrize("cipher", ["aria-128-cbc", "sm4-cbc", "aes-256-cfb", "aes-192-ofb", "des-ede3-ofb", "bf-cbc"])
def test_dek_info_of_a_cipher_that_keyconv_lacks_names_the_command_that_decrypts_it(
    cipher: str, tmp_path: Path
) -> None:
    key = private_of(by_path("pem/rsa2048-ssh-keygen-plain.pem"))
    source = saved(tmp_path, written(PEM, key), "plain")
    word = ("-passout", f"pass:{WORD.decode()}")
    locked = run("openssl", "rsa", "-traditional", "-in", source, f"-{cipher}", *word, *LEGACY)
    assert cipher.upper().encode() in locked
    command = _fails_then_follows_hint(saved(tmp_path, locked, "locked"), public_line(key.public).encode())
    assert ("legacy" in command) == (cipher == "bf-cbc")


def test_a_cipher_that_openssl_does_not_take_either_names_no_openssl_command() -> None:
    pbkdf2 = der.sequence(der.oid(oids.PBKDF2), der.sequence(der.octets(bytes(8)), der.integer(1)))
    gcm = der.sequence(der.oid("2.16.840.1.101.3.4.1.46"), der.sequence(der.octets(bytes(12))))
    scheme = der.sequence(der.oid(oids.PBES2), der.sequence(pbkdf2, gcm))
    refusal = _refusal(pem.write("ENCRYPTED PRIVATE KEY", der.sequence(scheme, der.octets(bytes(32)))))
    assert "aes-256-gcm" in refusal.message
    assert "the program that made it" in refusal.hint
    assert "openssl pkey" not in refusal.hint


@pytest.mark.parametrize(("field", "name"), [("cipher", "blowfish-cbc"), ("KDF", "scrypt")])
def test_openssh_of_a_cipher_or_kdf_that_keyconv_lacks_names_ssh_keygen(field: str, name: str) -> None:
    key = private_of(by_path("pkcs8/ed25519-plain.der"))
    (entry,) = (Entry(key.public, key),)
    assert OPENSSH.write is not None
    body = pem.read(OPENSSH.write((entry,), locking(rounds=1)), []).data
    old = encode.name("aes256-ctr" if field == "cipher" else "bcrypt")
    refusal = _refusal(pem.write("OPENSSH PRIVATE KEY", body.replace(old, encode.name(name), 1)))
    assert name in refusal.message
    assert "ssh-keygen -p -f FILE" in refusal.hint


def test_the_command_of_a_hint_names_the_file_and_not_an_options_value() -> None:
    hint = "with --passphrase-file FILE: openssl pkey -in FILE -out NEW"
    assert name_file(hint, "'a b'") == "with --passphrase-file FILE: openssl pkey -in 'a b' -out NEW"
    assert name_file(hint, r"a\1b") == r"with --passphrase-file FILE: openssl pkey -in a\1b -out NEW"
    assert name_file(hint, "-") == hint


NAMED_BY_OPENSSL = [
    oid for oid, name in oid_names.NAMES.items() if name.startswith(("brainpool", "sec", "prime", "aria-", "camellia-"))
]


@pytest.mark.parametrize("oid", NAMED_BY_OPENSSL)
def test_names_of_ciphers_and_curves_are_openssls(oid: str) -> None:
    assert run("openssl", "asn1parse", "-genstr", f"OID:{oid}").decode().endswith(f":{oid_names.NAMES[oid]}\n")


# ── what is read with a note ───────────────────────────────────────────────────────────────────────────────────────


def _pbes2(kdf: Pbkdf2 | Scrypt, contents: bytes, *, null: bool = True) -> bytes:
    cipher, iv = pbes.CIPHERS["aes-256-cbc"], bytes(range(16))
    key = kdf.derive(WORD, cipher.key_length)
    numbers: tuple[bytes, ...]
    if isinstance(kdf, Pbkdf2):
        oid = next(oid for oid, name in oids.PRFS.items() if name == kdf.prf)
        prf = der.sequence(der.oid(oid), der.null()) if null else der.sequence(der.oid(oid))
        function, numbers = oids.PBKDF2, (der.integer(kdf.iterations), prf)
    else:
        function, numbers = oids.SCRYPT, tuple(map(der.integer, (kdf.n, kdf.r, kdf.p)))
    derivation = der.sequence(der.oid(function), der.sequence(der.octets(kdf.salt), *numbers))
    encryption = der.sequence(der.oid("2.16.840.1.101.3.4.1.42"), der.octets(iv))
    scheme = der.sequence(der.oid(oids.PBES2), der.sequence(derivation, encryption))
    encrypted = der.sequence(scheme, der.octets(pbes.encrypt(cipher, key, iv, contents)))
    return pem.write("ENCRYPTED PRIVATE KEY", encrypted)


@pytest.mark.parametrize(
    ("kdf", "null", "note"),
    [
        (Pbkdf2("hmacWithSHA256", 1000, b"s"), True, "the KDF's salt has 1 byte, where"),
        (Pbkdf2("hmacWithSHA1", 1000, b"saltsal"), True, "the KDF's salt has 7 bytes, where"),
        (Scrypt(1024, 8, 1, b"salt"), True, "the KDF's salt has 4 bytes, where"),
        (Pbkdf2("hmacWithSHA256", 1000, b"saltsalt"), False, "without its NULL parameters"),
    ],
)
def test_a_short_salt_and_a_function_without_null_are_read_with_a_note_as_openssl_reads_them(
    kdf: Pbkdf2 | Scrypt, null: bool, note: str, tmp_path: Path
) -> None:
    key = private_of(by_path("pkcs8/ed25519-plain.der"))
    data = _pbes2(kdf, pem.read(written(PKCS8, key), []).data, null=null)
    path = saved(tmp_path, data)
    run("openssl", "pkey", "-in", path, "-passin", f"pass:{WORD.decode()}", "-noout")
    file = read(data)
    assert any(each.code == "noncanonical" and note in each.message for each in file.notes)
    assert private_in(PKCS8, data, WORD) == key


def test_a_salt_of_the_advised_length_is_not_noted() -> None:
    assert read(_pbes2(Pbkdf2("hmacWithSHA256", 1, b"saltsalt"), bytes(16))).notes == ()


@pytest.mark.parametrize("prf", ["hmacWithSHA512-224", "hmacWithSHA512-256"])
def test_the_truncated_sha512_functions_of_openssl_are_read(prf: str, tmp_path: Path) -> None:
    key = private_of(by_path("pkcs8/ed25519-plain.der"))
    source = saved(tmp_path, written(PKCS8, key), "plain")
    word = f"pass:{WORD.decode()}"
    data = run("openssl", "pkcs8", "-topk8", "-in", source, "-v2", "aes-256-cbc", "-v2prf", prf, "-passout", word)
    assert private_in(PKCS8, data, WORD) == key
    assert read(data).notes == ()


def test_bcrypt_with_a_short_salt_is_read_with_a_note_as_ssh_keygen_reads_it(tmp_path: Path) -> None:
    key = private_of(by_path("pkcs8/ed25519-plain.der"))
    salts = iter((b"salt", b"\1\2\3\4"))
    data = written(OPENSSH, key, replace(locking(WORD, rounds=2), random=lambda count: next(salts)))
    path = saved(tmp_path, data)
    path.chmod(0o600)
    printed = run("ssh-keygen", "-y", "-P", WORD.decode(), "-f", path).decode()
    assert printed.startswith(public_line(key.public))
    assert any("salt has 4 bytes" in note.message for note in read(data).notes)


# ── headers of an encrypted PEM ────────────────────────────────────────────────────────────────────────────────────


def _locked_pem(*headers: str, cipher: str = "aes-128-cbc") -> bytes:
    # `*` stands for DEK-Info.
    key = private_of(by_path("pem/rsa2048-ssh-keygen-plain.pem"))
    found = pbes.CIPHERS[cipher]
    iv = bytes(range(16, 16 + found.block))
    contents = pem.read(written(PEM, key), []).data
    body = pbes.encrypt(found, EvpMd5(iv[:8]).derive(WORD, found.key_length), iv, contents)
    lines = [f"DEK-Info: {cipher.upper()},{iv.hex().upper()}" if each == "*" else each for each in headers]
    begin, _, rest = pem.write("RSA PRIVATE KEY", body).partition(b"\n")
    return begin + b"\n" + "\n".join([*lines, "", ""]).encode("latin-1") + rest


PROCEDURE = "Proc-Type: 4,ENCRYPTED"
BESIDE = "beside Proc-Type and DEK-Info"
ORDER = "the first two headers are not Proc-Type and DEK-Info"


@pytest.mark.parametrize(
    ("headers", "notes", "readers"),
    [
        ((PROCEDURE, "*"), (), ("openssl", "ssh-keygen", "puttygen")),
        ((PROCEDURE, "*", "X-Foo: bar"), (BESIDE,), ("openssl", "ssh-keygen", "puttygen")),
        ((PROCEDURE, "*", "X_Foo: bar", "Comment: a b"), ("'X_Foo' and 1 more " + BESIDE,), ("openssl", "puttygen")),
        ((PROCEDURE, "*", "X-Foo: b\xe4r"), (BESIDE,), ("openssl", "ssh-keygen", "puttygen")),
        ((PROCEDURE, "*", "X-Foo: bar", "  and more"), (BESIDE,), ("openssl", "ssh-keygen", "puttygen")),
        ((PROCEDURE, "X-Foo: bar", "*"), (BESIDE, ORDER), ("puttygen",)),
        (("*", PROCEDURE), (ORDER,), ("puttygen",)),
        (("Proc-Type: 4, ENCRYPTED", "*"), ("PuTTY refuses",), ("openssl", "ssh-keygen")),
    ],
)
def test_headers_that_other_programs_read_are_read_with_a_note(
    headers: tuple[str, ...], notes: tuple[str, ...], readers: tuple[str, ...], tmp_path: Path
) -> None:
    data = _locked_pem(*headers)
    path = saved(tmp_path, data)
    path.chmod(0o600)
    word = saved(tmp_path, WORD, "word")
    reading = {
        "openssl": ("openssl", "pkey", "-noout", "-in", path, "-passin", f"file:{word}"),
        "ssh-keygen": ("ssh-keygen", "-y", "-P", WORD.decode(), "-f", path),
        "puttygen": ("puttygen", path, "--old-passphrase", word, "-L"),
    }
    for reader in readers:
        run(*reading[reader])  # type: ignore[arg-type]
    file = read(data)
    assert [note.code for note in file.notes] == ["noncanonical"] * len(notes)
    for said, expected in zip(file.notes, notes, strict=True):
        assert expected in said.message
    assert private_in(PEM, data, WORD) == private_of(by_path("pem/rsa2048-ssh-keygen-plain.pem"))


def test_a_header_in_an_unencrypted_pem_is_read_with_a_note() -> None:
    key = private_of(by_path("pem/rsa2048-ssh-keygen-plain.pem"))
    data = written(PEM, key).replace(b"-----\n", b"-----\nX-Foo: bar\n\n", 1)
    assert ["'X-Foo'" in note.message for note in read(data).notes] == [True]
    assert private_in(PEM, data) == key


@pytest.mark.parametrize("cipher", ["des-ede3-cfb", "des-ede-cbc", "rc2-cbc"])
def test_dek_info_of_these_ciphers_of_openssl_is_opened(cipher: str, tmp_path: Path) -> None:
    key = private_of(by_path("pem/rsa2048-ssh-keygen-plain.pem"))
    source = saved(tmp_path, written(PEM, key), "plain")
    word = ("-passout", f"pass:{WORD.decode()}")
    data = run("openssl", "rsa", "-traditional", "-in", source, f"-{cipher}", *word, *LEGACY)
    assert cipher.upper().encode() in data
    assert private_in(PEM, data, WORD) == key
    for number in range(300):
        (entry,) = read(data).entries
        assert isinstance(entry.private, Locked)
        with pytest.raises(KeyconvError, match="wrong passphrase"):
            entry.private.unlock(Passphrase(b"%d" % number))


# ── keys that SSH does not have ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        *[(f"EC -pkeyopt ec_paramgen_curve:{curve}", curve) for curve in ("brainpoolP256r1", "brainpoolP384t1")],
        *[(f"EC -pkeyopt ec_paramgen_curve:{curve}", curve) for curve in ("secp256k1", "secp224r1", "prime192v1")],
        ("EC -pkeyopt ec_paramgen_curve:sect283k1", "sect283k1"),
        ("EC -pkeyopt ec_paramgen_curve:secp256k1 -pkeyopt ec_param_enc:explicit", "spelled out"),
        ("EC -pkeyopt ec_paramgen_curve:sect283k1 -pkeyopt ec_param_enc:explicit", "spelled out"),
        ("SM2", "SM2"),
        ("X25519", "X25519"),
        ("X448", "X448"),
        ("RSA-PSS -pkeyopt rsa_keygen_bits:1024", "RSASSA-PSS"),
        ("DH -pkeyopt group:ffdhe2048", "Diffie-Hellman"),
        ("DHX -pkeyopt group:dh_2048_256", "X9.42 Diffie-Hellman"),
    ],
)
def test_a_key_of_what_ssh_does_not_have_says_so_and_that_a_new_one_is_needed(arguments: str, name: str) -> None:
    private = run("openssl", "genpkey", "-algorithm", *arguments.split())
    forms = [private, run("openssl", "pkey", "-pubout", given=private)]
    if arguments.startswith("EC"):
        forms.append(run("openssl", "pkey", "-traditional", given=private))
    for data in forms:
        found = diagnose(data, _refusal(data))
        assert found.rule == "unsupported"
        assert found.message.startswith("SSH has no key type for ")
        assert name in found.message
        assert "keyconv generate -t ed25519 -o NEW" in found.hint


def test_a_jwk_on_a_curve_that_ssh_does_not_have_says_so() -> None:
    refusal = _refusal(b'{"kty":"OKP","crv":"X25519","x":"' + b"A" * 43 + b'"}')
    assert refusal.message == "SSH has no key type for the curve 'X25519'"
    assert "keyconv generate" in refusal.hint


def test_an_empty_salt_stays_refused() -> None:
    for kdf in (oids.PBKDF2, oids.SCRYPT):
        numbers = (der.integer(1),) if kdf == oids.PBKDF2 else tuple(map(der.integer, (16, 1, 1)))
        derivation = der.sequence(der.oid(kdf), der.sequence(der.octets(b""), *numbers))
        encryption = der.sequence(der.oid("2.16.840.1.101.3.4.1.42"), der.octets(bytes(16)))
        scheme = der.sequence(der.oid(oids.PBES2), der.sequence(derivation, encryption))
        with pytest.raises(MalformedError, match="salt is empty"):
            read(pem.write("ENCRYPTED PRIVATE KEY", der.sequence(scheme, der.octets(bytes(16)))))
