"""The library as its users call it: read, unlock, convert, write, inspect, match, plan, and keys to sign with."""

from __future__ import annotations

import inspect
import json
import pickle
import random
import unicodedata
from pathlib import Path
from types import FunctionType

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from fixture_files import FIXTURES, PASSPHRASE, PUTTY_TYPES, ROOT, Fixture, by_path, keyfile, opened, pick, sample
from forged_files import Pair, number, ppk
from test_cli_convert import run

import keyconv
from keyconv import Deriver, Locked, Passphrase, WriteOptions
from keyconv.errors import (
    InputError,
    KeyconvError,
    LossError,
    MisfitError,
    MissingPassphraseError,
    NotAKeyError,
    UnsupportedError,
    UsageError,
    WrongPassphraseError,
)
from keyconv.formats import by_name

PLAIN, LOCKED = "ppk/ed25519-v3-plain.ppk", "ppk/ed25519-v3-passes13-memory64-encrypted.ppk"
OPENSSH_LOCKED = "openssh/ed25519-encrypted"


def _cheap(**values: object) -> WriteOptions:
    return WriteOptions(kdf_memory=64, kdf_passes=1, rounds=1, **values)  # type: ignore[arg-type]


def _data(path: str) -> bytes:
    return by_path(path).data


# ── names ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_public_name_is_there_listed_and_documented() -> None:
    assert set(keyconv.__all__) <= set(dir(keyconv))
    for name in keyconv.__all__:
        value = getattr(keyconv, name)
        if callable(value):
            assert value.__doc__, name


def test_the_verbs_are_functions_and_not_modules_whatever_was_imported_before() -> None:
    import keyconv.checks
    import keyconv.engine
    import keyconv.repairs

    for verb in ("check", "convert", "inspect", "match", "plan", "read", "repair", "unlock", "write"):
        assert isinstance(getattr(keyconv, verb), FunctionType), verb


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        keyconv.nothing  # noqa: B018


# ── read ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_reading_a_key_in_clear_gives_it_proved() -> None:
    file = keyconv.read(_data(PLAIN))
    assert (file.format, file.kind, len(file.entries)) == ("ppk", "private", 1)
    (entry,) = file.entries
    assert entry.comment == b"keyconv fixture ed25519"
    assert entry.public is not None
    assert entry.public.algorithm == "ssh-ed25519"
    assert not isinstance(entry.private, Locked | None)
    assert entry.private.public == entry.public


def test_reading_a_locked_key_gives_its_claim_and_its_protection() -> None:
    (entry,) = keyconv.read(_data(LOCKED)).entries
    assert isinstance(entry.private, Locked)
    assert entry.public == sample(PLAIN).public
    assert entry.private.protection.cipher == "aes256-cbc"
    described = entry.private.protection.kdf.describe()
    assert (described["memory_kib"], described["passes"], described["parallelism"]) == (64, 13, 1)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b" \n\t\n", "empty"),
        (b"\xff\xfeP\0u\0", "UTF-16"),
        (b"PuTTY-User-Key-File-4: ssh-rsa\n", "version"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "X.509 certificate"),
        (b"hello", "not a key in any format keyconv supports"),
        (bytes(100), "not a key in any format keyconv supports"),
    ],
)
def test_what_is_no_key_is_named(data: bytes, words: str) -> None:
    with pytest.raises(NotAKeyError, match=words) as refusal:
        keyconv.read(data)
    assert refusal.value.exit_code == 3


def test_a_file_larger_than_any_key_is_not_looked_at() -> None:
    with pytest.raises(NotAKeyError):
        keyconv.read(b"x" * 2**20)
    with pytest.raises(InputError, match="1 MiB"):
        keyconv.read(b"x" * (2**20 + 1))


def test_a_format_can_be_forced_by_its_name_or_alias() -> None:
    assert keyconv.read(_data(PLAIN), "ppk").entries == keyconv.read(_data(PLAIN)).entries
    assert keyconv.read(_data(PLAIN), "PPK3").format == "ppk"
    with pytest.raises(KeyconvError):
        keyconv.read(_data(PLAIN), "openssh")


def test_an_unknown_format_names_the_nearest() -> None:
    for attempt in (
        lambda: keyconv.read(_data(PLAIN), "opensh"),
        lambda: keyconv.convert(_data(PLAIN), "opensh"),
        lambda: keyconv.write(sample(PLAIN), "opensh"),
    ):
        with pytest.raises(UsageError, match="no format 'opensh'") as refusal:
            attempt()
        assert "openssh" in refusal.value.hint
        assert refusal.value.exit_code == 2


# ── unlock ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("passphrase", ["correct horse", b"correct horse", Passphrase("correct horse")])
@pytest.mark.parametrize("path", [LOCKED, OPENSSH_LOCKED])
def test_unlocking_gives_a_new_entry(path: str, passphrase: str | bytes | Passphrase) -> None:
    (locked,) = keyconv.read(_data(path)).entries
    entry = keyconv.unlock(locked, passphrase)
    assert isinstance(locked.private, Locked), "the old one is as it was"
    assert entry.private == sample(PLAIN).private
    assert entry.comment == b"keyconv fixture ed25519"
    assert entry.protection == locked.private.protection


def test_an_entry_that_is_not_locked_comes_back_as_it_is() -> None:
    entry = sample(PLAIN)
    assert keyconv.unlock(entry, None) is entry
    assert keyconv.unlock(entry) is entry


def test_a_public_key_cannot_be_unlocked() -> None:
    with pytest.raises(UsageError, match="this is a public key"):
        keyconv.unlock(sample("openssh-pub/ed25519.pub"), "anything")


@pytest.mark.parametrize("path", [LOCKED, OPENSSH_LOCKED, "ppk/ed25519-v2-encrypted.ppk"])
def test_a_missing_and_a_wrong_passphrase_are_told_apart(path: str) -> None:
    (locked,) = keyconv.read(_data(path)).entries
    with pytest.raises(MissingPassphraseError) as missing:
        keyconv.unlock(locked, None)
    assert missing.value.exit_code == 4
    for wrong in ("Correct horse", "correct horse ", "", b"\0", "x" * 1000, "schön"):
        with pytest.raises(WrongPassphraseError, match="wrong passphrase") as refusal:
            keyconv.unlock(locked, wrong)
        assert refusal.value.exit_code == 4
        assert not wrong or str(wrong) not in str(refusal.value)


def test_a_deriver_given_to_several_calls_runs_one_kdf() -> None:
    deriver = Deriver()
    (locked,) = keyconv.read(_data(LOCKED)).entries
    for _ in range(3):
        keyconv.unlock(locked, "correct horse", deriver=deriver)
    assert deriver.runs == 1


@pytest.mark.parametrize("fixture", pick(lambda fixture: not fixture.whole))
def test_a_file_cut_short_shows_its_public_half_and_says_why_it_has_no_private_one(fixture: Fixture) -> None:
    (entry,) = keyconv.read(fixture.data).entries
    assert entry.public == sample(PLAIN).public
    assert entry.private is None
    assert entry.fault is not None
    with pytest.raises(KeyconvError, match="cut short"):
        keyconv.unlock(entry, PASSPHRASE)


# ── passphrases in other encodings ─────────────────────────────────────────────────────────────────────────────────

COMPOSED = "pässwörd€"
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)
KINDS = {"openssh": "ed25519-openssh-{}", "ppk": "ed25519-v3-{}.ppk", "ppk2": "ed25519-v2-{}.ppk"}


def _unlocked(path: str, passphrase: str | bytes, deriver: Deriver | None = None) -> keyconv.Entry:
    (locked,) = keyconv.read(_data(path)).entries
    return keyconv.unlock(locked, passphrase, deriver=deriver)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("stored", "typed", "named"),
    [
        ("utf8", COMPOSED, None),
        ("utf8", COMPOSED.encode(), None),
        ("utf8", DECOMPOSED, "UTF-8 NFC"),
        ("nfd", DECOMPOSED, None),
        ("nfd", COMPOSED, "UTF-8 NFD"),
        ("cp1252", COMPOSED, "cp1252"),
        ("cp1252", DECOMPOSED, "cp1252"),
        ("cp1252", COMPOSED.encode("cp1252"), None),
        ("latin1", "pässwörd", "cp1252"),
        ("latin1", "pässwörd".encode("latin-1"), None),
        ("long", by_path("passphrases/ed25519-v3-long.ppk").passphrase or b"", None),
        ("spaces", "  spaces at both ends  ", None),
    ],
)
def test_a_passphrase_opens_in_whatever_encoding_it_was_set_and_that_is_noted(
    kind: str, stored: str, typed: str | bytes, named: str | None
) -> None:
    path = "passphrases/" + KINDS[kind].format(stored)
    entry = _unlocked(path, typed)
    assert entry.private == sample(PLAIN).private
    notes = [note.message for note in entry.notes if note.code == "passphrase-encoding"]
    assert len(notes) == (named is not None)
    assert named is None or named in notes[0]
    assert not notes or "pässwörd" not in notes[0]


def test_each_spelling_costs_one_kdf_and_an_ascii_passphrase_has_one() -> None:
    path = "passphrases/ed25519-v3-utf8.ppk"
    for passphrase, spellings in (("password", 1), ("pässwört€", 3), ("pässwört", 4), ("鍵", 5), (b"\xff\xfe", 1)):
        deriver = Deriver()
        with pytest.raises(WrongPassphraseError):
            _unlocked(path, passphrase, deriver)
        assert deriver.runs == spellings, passphrase


# ── convert ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (PLAIN, "openssh"),
        ("ppk/ed25519-v2-plain.ppk", "openssh"),
        ("ppk1/rsa2048-v1-private-mac-plain.ppk", "openssh"),
        ("openssh/ed25519-plain", "openssh"),
        ("pkcs8/ed25519-openssl-plain.pem", "openssh"),
        ("openssh-pub/ed25519.pub", "rfc4716"),
        ("rfc4716/ed25519-puttygen.pub", "openssh-pub"),
    ],
)
def test_without_a_target_a_private_key_becomes_openssh_and_a_public_one_the_other_form(
    path: str, expected: str
) -> None:
    assert keyconv.read(keyconv.convert(_data(path))).format == expected


def test_the_passphrase_is_kept_unless_another_one_is_given() -> None:
    def first(data: bytes) -> keyconv.Entry:
        return keyconv.read(data).entries[0]

    options = _cheap()
    kept = first(keyconv.convert(_data(LOCKED), "openssh", passphrase=PASSPHRASE, options=options))
    assert keyconv.unlock(kept, PASSPHRASE).private == sample(PLAIN).private
    new = first(keyconv.convert(_data(LOCKED), "openssh", passphrase=PASSPHRASE, new_passphrase="new", options=options))
    assert keyconv.unlock(new, "new").private == sample(PLAIN).private
    with pytest.raises(WrongPassphraseError):
        keyconv.unlock(new, PASSPHRASE)
    for none in (None, "", b"", Passphrase("")):
        plain = keyconv.convert(_data(LOCKED), "openssh", passphrase=PASSPHRASE, new_passphrase=none)
        assert first(plain).private == sample(PLAIN).private
    # A passphrase given for an input that needs none protects nothing: only `new_passphrase` does.
    assert first(keyconv.convert(_data(PLAIN), "openssh", passphrase=PASSPHRASE)).private == sample(PLAIN).private


def test_a_locked_key_needs_its_passphrase_only_for_its_private_half() -> None:
    for path in (LOCKED, OPENSSH_LOCKED):
        with pytest.raises(MissingPassphraseError):
            keyconv.convert(_data(path), "ppk2")
        assert keyconv.convert(_data(path), "openssh-pub").startswith(b"ssh-ed25519 ")


@pytest.mark.parametrize("comment", ["schlüssel", "schlüssel".encode(), ""])
@pytest.mark.parametrize("path", [PLAIN, "openssh/ed25519-plain", LOCKED, OPENSSH_LOCKED])
def test_a_comment_can_be_replaced(path: str, comment: str | bytes) -> None:
    data = keyconv.convert(_data(path), "ppk", passphrase=PASSPHRASE, new_passphrase=None, comment=comment)
    expected = comment.encode() if isinstance(comment, str) else comment
    assert (keyconv.read(data).entries[0].comment or b"") == expected


def test_one_of_several_keys_is_chosen_by_its_number() -> None:
    data = _data("openssh/two-keys-plain")
    with pytest.raises(UsageError, match="holds 2 keys") as refusal:
        keyconv.convert(data, "ppk")
    assert "--key" in refusal.value.hint
    for count, path in ((1, "openssh/ed25519-plain"), (2, "openssh/ecdsa-p256-plain")):
        assert keyconv.read(keyconv.convert(data, "ppk", key=count)).entries[0].private == sample(path).private
    for count in (0, 3, -1):
        with pytest.raises(UsageError, match="no key"):
            keyconv.convert(data, "ppk", key=count)


def test_a_strict_conversion_refuses_a_loss() -> None:
    data = _data("certificates/user-ed25519-v3-plain.ppk")
    assert keyconv.read(keyconv.convert(data, "openssh")).entries[0].certificate is None
    with pytest.raises(LossError, match="certificate") as refusal:
        keyconv.convert(data, "openssh", strict=True)
    assert refusal.value.exit_code == 6
    assert keyconv.convert(data, "ppk2", strict=True)


def test_the_same_randomness_gives_the_same_bytes() -> None:
    for target in ("ppk", "ppk2", "openssh"):
        first, second, other = (
            keyconv.convert(
                _data(PLAIN), target, new_passphrase="new", options=_cheap(random=random.Random(seed).randbytes)
            )
            for seed in (1, 1, 2)
        )
        assert first == second
        assert (first == other) == (target == "ppk2"), "version 2 has no salt"


def test_randomness_is_the_systems_unless_given() -> None:
    for target in ("ppk", "openssh"):
        attempts = {keyconv.convert(_data(PLAIN), target, new_passphrase="new", options=_cheap()) for _ in range(3)}
        assert len(attempts) == 3


def test_ppk3_is_another_name_of_ppk() -> None:
    assert keyconv.convert(_data("openssh/ed25519-plain"), "ppk3") == keyconv.convert(
        _data("openssh/ed25519-plain"), "ppk"
    )


# ── write and plan ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_writing_takes_a_name_or_a_format() -> None:
    entry = sample(PLAIN)
    assert keyconv.write(entry, "ppk") == keyconv.write(entry, by_name("ppk")) == _data(PLAIN)


def test_writing_a_locked_key_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="unlocked before"):
        keyconv.write(keyfile(by_path(LOCKED)).entries[0], "openssh")


def test_line_ends_are_the_callers_choice_where_the_format_has_one() -> None:
    for end in (b"\n", b"\r\n"):
        data = keyconv.write(sample(PLAIN), "ppk", WriteOptions(line_end=end))
        assert data.count(end) == data.count(b"\n") == 9
        assert keyconv.read(data).entries[0].private == sample(PLAIN).private


def test_a_plan_tells_what_will_be_lost_and_whether_a_passphrase_is_needed() -> None:
    (locked,) = keyconv.read(_data("certificates/user-ed25519-v3-encrypted.ppk")).entries
    planned = keyconv.plan(locked, by_name("openssh"))
    assert planned.needs_passphrase
    assert [loss.code for loss in planned.losses] == ["certificate"]
    assert not keyconv.plan(locked, by_name("openssh-pub")).needs_passphrase
    with pytest.raises(MisfitError, match=r"ppk cannot hold sk-ssh-ed25519@openssh\.com") as refusal:
        keyconv.plan(sample("openssh/sk-ed25519-plain"), by_name("ppk"))
    assert "openssh" in refusal.value.hint
    assert refusal.value.exit_code == 6


# ── inspect and match ──────────────────────────────────────────────────────────────────────────────────────────────

FIELDS = {
    *("path", "format", "kind", "type", "bits", "comment", "encrypted", "cipher", "kdf", "fingerprints", "public_key"),
    *("certificate", "notes"),
}


@pytest.mark.parametrize("fixture", pick(lambda fixture: True))
def test_every_file_is_described_in_json_with_the_fields_of_the_contract(fixture: Fixture) -> None:
    said = json.loads(json.dumps(keyconv.inspect(keyfile(fixture), "some/path")))
    assert set(said) >= FIELDS
    assert said["path"] == "some/path"
    for key in said.get("keys", ()):
        assert set(key) >= FIELDS - {"path", "format", "kind"} | {"line"}


def test_what_a_passphrase_hides_is_null_until_it_is_given() -> None:
    file = keyconv.read(_data(OPENSSH_LOCKED))
    assert keyconv.inspect(file)["comment"] is None
    entry = keyconv.unlock(file.entries[0], PASSPHRASE)
    said = keyconv.inspect(keyconv.KeyFile(file.format, file.kind, (entry,)))
    assert said["comment"] == "keyconv fixture ed25519"
    assert said["encrypted"], "the file still is"


def test_match_finds_the_key_that_all_files_hold() -> None:
    def files(*paths: str) -> list[keyconv.KeyFile]:
        return [keyconv.read(_data(path)) for path in paths]

    mine = sample(PLAIN).public
    assert keyconv.match(files(PLAIN, LOCKED, "openssh-pub/ed25519.pub", "rfc4716/ed25519-puttygen.pub")) == mine
    assert keyconv.match(files(PLAIN, "certificates/user-ed25519-cert.pub")) == mine
    assert keyconv.match(files(PLAIN, "authorized_keys/authorized_keys", "openssh/two-keys-plain")) == mine
    assert keyconv.match(files(PLAIN, "openssh/ecdsa-p256-plain")) is None
    assert keyconv.match(files(PLAIN, "openssh-pub/ed25519.pub", "openssh-pub/rsa2048.pub")) is None
    assert keyconv.match(files(PLAIN)) == mine


# ── to pyca/cryptography ───────────────────────────────────────────────────────────────────────────────────────────


def _sign_and_verify(key: object) -> None:
    message = b"a message"
    match key:
        case rsa.RSAPrivateKey():
            signature = key.sign(message, padding.PKCS1v15(), hashes.SHA256())
            key.public_key().verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        case dsa.DSAPrivateKey():
            key.public_key().verify(key.sign(message, hashes.SHA256()), message, hashes.SHA256())
        case ec.EllipticCurvePrivateKey():
            signature = key.sign(message, ec.ECDSA(hashes.SHA256()))
            key.public_key().verify(signature, message, ec.ECDSA(hashes.SHA256()))
        case ed25519.Ed25519PrivateKey() | ed448.Ed448PrivateKey():
            key.public_key().verify(key.sign(message), message)
        case _:
            raise AssertionError(type(key))


@pytest.mark.parametrize("key", PUTTY_TYPES)
@pytest.mark.filterwarnings("ignore:SSH DSA:DeprecationWarning")
def test_a_private_key_signs_with_pyca_cryptography_and_is_the_key_of_the_tools_there_too(key: str) -> None:
    fixture = by_path(f"ppk/{key}-v3-argon2id-encrypted.ppk")
    private = opened(fixture).private
    assert private is not None
    assert not isinstance(private, Locked)
    library_key = private.to_cryptography()
    _sign_and_verify(library_key)
    if key == "ed448":
        return  # that library has no SSH name for it
    line = library_key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    assert line.decode() == fixture.public_line


@pytest.mark.parametrize("key", PUTTY_TYPES)
@pytest.mark.filterwarnings("ignore:SSH DSA:DeprecationWarning")
def test_a_public_key_is_that_of_the_tools_there_too(key: str) -> None:
    fixture = by_path(f"ppk/{key}-v3-argon2id-encrypted.ppk")
    public = keyconv.read(fixture.data).entries[0].public  # before the passphrase is known
    assert public is not None
    library_key = public.to_cryptography()
    private = keyconv.unlock(keyconv.read(fixture.data).entries[0], PASSPHRASE).private
    assert library_key == private.to_cryptography().public_key()
    if key != "ed448":
        line = library_key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        assert line.decode() == fixture.public_line


def test_a_key_whose_secret_is_elsewhere_is_refused_there_and_its_public_key_is_that_of_its_curve() -> None:
    for path, kind in (
        ("openssh/sk-ed25519-plain", ed25519.Ed25519PublicKey),
        ("openssh/sk-ecdsa-plain", ec.EllipticCurvePublicKey),
    ):
        entry = sample(path)
        assert entry.private is not None
        assert entry.public is not None
        assert not isinstance(entry.private, Locked)
        with pytest.raises(UnsupportedError, match="not in its file"):
            entry.private.to_cryptography()
        assert isinstance(entry.public.to_cryptography(), kind)


def test_a_public_key_of_an_unknown_type_is_refused_there() -> None:
    public = keyconv.read(b"ssh-new@example.com AAAAE3NzaC1uZXdAZXhhbXBsZS5jb20AAAABAQ==\n").entries[0].public
    assert public is not None
    with pytest.raises(UnsupportedError, match="no keys of this type"):
        public.to_cryptography()


def test_a_key_that_the_library_does_not_take_is_unsupported_there_and_says_so() -> None:
    q = 2**159 + 299  # a prime; p is the first one of 500 bits that it fits, a size that no standard knows
    p = next(p for p in range((2**499 // q // 2) * 2 * q + 1, 2**500, 2 * q) if pow(2, p - 1, p) == 1)
    g = pow(2, (p - 1) // q, p)
    pair = Pair(b"ssh-dss", tuple(map(number, (p, q, g, pow(g, 5, p)))), (number(5),))
    private = keyconv.read(ppk(pair)).entries[0].private
    assert private is not None
    with pytest.raises(UnsupportedError, match="pyca/cryptography"):
        private.to_cryptography()  # type: ignore[union-attr]


# ── the other commands ─────────────────────────────────────────────────────────────────────────────────────────────

DAMAGED = {
    "crlf": _data("openssh/ed25519-plain").replace(b"\n", b"\r\n"),
    "lost-newlines": _data("openssh/ed25519-plain").replace(b"\n", b" "),
    "indented": b" " + _data(PLAIN),
    "truncated": _data("openssh/ed25519-plain")[:250],
    "placeholder": b"$DEPLOY_KEY\n",
    "mac-mismatch": _data(PLAIN).replace(b"Comment: ", b"Comment: x"),
}


@pytest.mark.parametrize("rule", [rule for rule in DAMAGED if rule != "crlf"])  # which is read with a note
def test_damaged_input_raises_the_programs_words_and_its_rule(rule: str, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(DAMAGED[rule])
    said = json.loads(run("convert", path, "-o", tmp_path / "new", "--json").err.splitlines()[-1])["error"]
    for refuse in (keyconv.read, keyconv.convert):
        with pytest.raises(KeyconvError) as refused:
            refuse(DAMAGED[rule])
        assert (refused.value.rule, str(refused.value)) == (rule, said["message"])


@pytest.mark.parametrize("rule", ["crlf", "lost-newlines", "indented"])
def test_repair_fixes_what_the_program_fixes(rule: str, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(DAMAGED[rule])
    fixed = keyconv.repair(DAMAGED[rule])
    assert fixed.data == run("repair", path, "-o", "-").out
    assert rule in fixed.rules
    assert fixed.verified
    assert fixed.keyfile.entries == keyconv.read(fixed.data).entries
    assert keyconv.repair(fixed.data).rules == ()


def test_what_cannot_be_fixed_raises_the_error_of_the_file() -> None:
    with pytest.raises(KeyconvError, match="the end is missing") as refused:
        keyconv.repair(DAMAGED["truncated"])
    assert refused.value.rule == "truncated"


def test_check_finds_what_the_program_finds(tmp_path: Path) -> None:
    for data in (*DAMAGED.values(), _data(PLAIN), _data("pem/rsa2048-openssl-des-encrypted.pem")):
        path = tmp_path / "key"
        path.write_bytes(data)
        path.chmod(0o600)
        said = json.loads(run("check", path, "--format", "json").out)["findings"]
        found = keyconv.check(data, name=str(path), now=0)
        assert {(each.rule, each.severity, each.message) for each in found} == {
            (each["rule"], each["severity"], each["message"]) for each in said
        }


def test_check_takes_its_limits_and_its_clock() -> None:
    certificate = _data("certificates/user-ed25519-cert.pub")
    assert [each.rule for each in keyconv.check(certificate, now=2**62)] == ["cert-expired"]
    assert "key-type" in {each.rule for each in keyconv.check(_data(PLAIN), key_types=["rsa"])}
    assert "private-not-public" in {each.rule for each in keyconv.check(_data(PLAIN), public_only=True)}
    with pytest.raises(UsageError, match="no type of key 'rot13'"):
        keyconv.check(b"", key_types=["rot13"])


@pytest.mark.parametrize(("kind", "bits"), [("ed25519", None), ("ssh-ed25519", 256), ("ecdsa", 384), ("ed448", None)])
def test_a_new_key_is_written_and_read_like_any_other(kind: str, bits: int | None) -> None:
    entry = keyconv.generate(kind, bits, comment="new", random=random.Random(kind).randbytes)
    back = keyconv.read(keyconv.write(entry, "openssh" if kind != "ed448" else "ppk")).entries[0]
    assert (back.private, back.comment) == (entry.private, b"new")
    assert entry == keyconv.generate(kind, bits, comment=b"new", random=random.Random(kind).randbytes)


def test_dsa_and_sizes_that_there_are_not_are_not_made() -> None:
    with pytest.raises(UsageError, match="DSA"):
        keyconv.generate("dsa")
    with pytest.raises(UsageError):
        keyconv.generate("rsa", 512)


def test_fingerprints_are_those_of_ssh_keygen() -> None:
    fixture = by_path("openssh-pub/ed25519.pub")
    entry = sample(fixture.path)
    assert entry.public is not None
    assert keyconv.fingerprint(entry) == keyconv.fingerprint(entry.public) == fixture.sha256_fingerprint
    assert keyconv.fingerprint(keyconv.unlock(sample(PLAIN)).private) == keyconv.fingerprint(sample(PLAIN))
    assert keyconv.fingerprint(entry, hash="md5") == fixture.md5_fingerprint
    with pytest.raises(UsageError, match="sha1"):
        keyconv.fingerprint(entry, hash="sha1")


def test_documents_says_where_the_keys_are() -> None:
    key = _data("openssh/ed25519-plain")
    before, after = b"Hello,\n", b"regards\n"
    spans = keyconv.documents(before + key + after)
    assert [(span.kind, span.start, span.end) for span in spans if span.is_key] == [
        ("private", len(before), len(before + key))
    ]
    assert keyconv.documents(b"no key here\n") == () or not any(
        span.is_key for span in keyconv.documents(b"no key here\n")
    )


@pytest.mark.parametrize("verb", ["read", "convert", "repair", "check", "documents"])
@pytest.mark.parametrize("wrong", ["id_rsa", Path("id_rsa"), 3, None, bytearray(b"x")])
def test_what_is_not_bytes_is_a_type_error_that_says_what_to_pass(verb: str, wrong: object) -> None:
    with pytest.raises(TypeError, match=rf"^keyconv\.{verb} takes the bytes of a file, not an? \w+: pass ") as refused:
        getattr(keyconv, verb)(wrong)
    assert "id_rsa" not in str(refused.value)


# ── signatures ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_dir_lists_the_public_names_alone() -> None:
    assert dir(keyconv) == sorted(keyconv.__all__)


def test_the_public_signatures_are_the_recorded_ones() -> None:
    recorded = json.loads((ROOT / "tests" / "signatures.json").read_text("utf-8"))
    functions = {name: getattr(keyconv, name) for name in keyconv.__all__}
    assert {
        name: str(inspect.signature(value)) for name, value in functions.items() if isinstance(value, FunctionType)
    } == recorded


def test_the_repr_of_a_private_key_is_one_short_line_without_a_secret() -> None:
    for key in PUTTY_TYPES:
        private = keyconv.unlock(sample(f"ppk/{key}-v3-plain.ppk")).private
        assert len(repr(private)) < 120
        assert "\n" not in repr(private)


# ── values ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fixture", pick(lambda each: each.private and each.path.startswith(("ppk/", "openssh/"))))
def test_an_unlocked_key_shows_none_of_its_secrets(fixture: Fixture) -> None:
    private = opened(fixture).private
    shown = repr(opened(fixture))
    for name in ("d", "p", "q", "iqmp", "x", "seed", "mldsa_seed", "key_handle"):
        secret = getattr(private, name, None)
        if isinstance(secret, int):
            assert str(secret) not in shown
        elif isinstance(secret, bytes):
            assert repr(secret)[2:-1] not in shown


def test_values_are_compared_by_what_they_hold_and_can_be_sent_to_another_process() -> None:
    for path in (PLAIN, "openssh/rsa2048-plain", "certificates/user-ed25519-cert.pub", "openssh/sk-ed25519-plain"):
        file = keyfile(by_path(path))
        assert pickle.loads(pickle.dumps(file)) == file
    assert keyconv.read(_data(PLAIN)) == keyconv.read(_data(PLAIN))
    assert keyconv.read(_data(PLAIN)) != keyconv.read(_data("openssh/ed25519-plain"))


def test_a_misnamed_file_is_taken_for_what_it_is() -> None:
    for fixture in FIXTURES:
        if fixture.path.startswith("misnamed/"):
            assert keyconv.read(fixture.data).format == fixture.reader
