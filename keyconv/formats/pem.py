"""Private keys in OpenSSL's traditional PEM: PKCS#1, SEC 1 and DSA, plain or encrypted by RFC 1421's headers.

Source: RFC 8017 appendix A.1.2, RFC 5915; the encryption: OpenSSL's PEM_read_PrivateKey(3), 'PEM encryption format'.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

from keyconv.codec import der_file, der_private, ec_der
from keyconv.codec.der_file import Kind
from keyconv.codec.unsupported import unknown_cipher
from keyconv.crypto import pbes
from keyconv.crypto.kdf import Deriver
from keyconv.crypto.pbes import BlockCipher, EvpMd5
from keyconv.errors import KeyconvError, MalformedError, MismatchError, UnsupportedError, UsageError
from keyconv.formats.base import Capabilities, Format, WriteOptions
from keyconv.keyfile import Entry, KeyFile, Locked, Protection, Unlocked
from keyconv.keys import Curve, DsaPrivateKey, EcdsaPrivateKey, PrivateKey, RsaPrivateKey
from keyconv.notes import Note
from keyconv.proof import proving
from keyconv.secret import Passphrase
from keyconv.text import pem
from keyconv.text.quoting import quote
from keyconv.wire.der import DerReader

__all__ = ["PEM", "LockedPem"]

_LABELS: dict[str, Kind] = {"RSA PRIVATE KEY": "pkcs1", "EC PRIVATE KEY": "sec1", "DSA PRIVATE KEY": "dsa"}
_PARAMETERS = "EC PARAMETERS"
_PROCEDURE, _CIPHER_INFO = "Proc-Type", "DEK-Info"

_ENCRYPTED = re.compile(r"4,[ \t]*ENCRYPTED\Z")
_DEK_INFO = re.compile(r"([A-Za-z0-9-]{1,32}),((?:[0-9A-Fa-f]{2})+)\Z")
_CIPHERS = {name.upper(): cipher for name, cipher in pbes.CIPHERS.items()}
_WRITTEN = {name: cipher for name, cipher in pbes.CIPHERS.items() if cipher.algorithm == "aes"}
_SALT = 8


@dataclass(frozen=True, slots=True)
class LockedPem(Locked):
    """An encrypted private key; `curve` is what an EC PARAMETERS block before it says."""

    kind: Kind
    cipher: BlockCipher
    iv: bytes
    data: bytes
    curve: Curve | None = None

    @property
    def known_family(self) -> str:
        """What the frame's label says."""
        return {"pkcs1": "rsa", "sec1": "ecdsa", "dsa": "dsa"}[self.kind]

    @property
    def protection(self) -> Protection:
        """The cipher that DEK-Info names, under MD5."""
        return Protection(self.cipher.name, EvpMd5(self.iv[:_SALT]))

    def unlock(self, passphrase: Passphrase, deriver: Deriver | None = None) -> Unlocked:
        """Decrypt, take the padding off, prove."""
        try:
            kdf = EvpMd5(self.iv[:_SALT])
            key = (deriver or Deriver()).derive(kdf, passphrase, self.cipher.key_length)
            notes: list[Note] = []
            contents = der_file.decrypt(self.cipher, key, self.iv, self.data, notes)
            private = _read_key(self.kind, contents, self.curve, notes)
        except KeyconvError as error:
            error.byte = None  # of what was decrypted, which the file does not show
            raise error.of_format("pem") from None
        return Unlocked(private, notes=tuple(notes))


def _sniff(data: bytes) -> bool:
    return der_file.sniff(data, _LABELS) or pem.begins(data, _PARAMETERS)


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _read(data: bytes) -> KeyFile:
    try:
        notes: list[Note] = []
        entry = _read_framed(data, notes) if der_file.is_framed(data) else _read_bare(data, notes)
    except KeyconvError as error:
        raise error.of_format("pem") from None
    return KeyFile(PEM.name, "private", (entry,), tuple(notes))


def _read_bare(data: bytes, notes: list[Note]) -> Entry:
    kind, contents = der_file.read_bare(data, _LABELS, notes)
    private = _read_key(kind, contents, None, notes)
    return Entry(private.public, private)


def _read_framed(data: bytes, notes: list[Note]) -> Entry:
    *before, frame = pem.read_all(data, notes, headers=True)
    curve = _read_parameters(before, notes) if before else None
    if frame.label not in _LABELS:
        raise MalformedError(f"the frame is not labelled {', '.join(_LABELS)}")
    kind = _LABELS[frame.label]
    if curve is not None and kind != "sec1":
        raise MalformedError("the frame after EC PARAMETERS is not labelled EC PRIVATE KEY")
    names = [name for name, _ in frame.headers]
    if _PROCEDURE in names or _CIPHER_INFO in names:
        cipher, iv = _read_headers(frame.headers, notes)
        pbes.check_length(cipher, frame.data)
        return Entry(None, LockedPem(kind, cipher, iv, frame.data, curve))
    if names:
        shown = _show_headers(names)
        notes.append(Note("noncanonical", f"there is {shown} before the key, which OpenSSH and OpenSSL refuse"))
    contents = der_file.without_padding(frame.data, notes)
    der_file.check_label(frame.label, kind, contents)
    private = _read_key(kind, contents, curve, notes)
    return Entry(private.public, private)


def _read_parameters(frames: list[pem.Frame], notes: list[Note]) -> Curve:
    # `openssl ecparam -genkey` writes the curve in a frame of its own, before the key that names it again.
    if len(frames) > 1 or frames[0].label != _PARAMETERS or frames[0].headers:
        raise MalformedError("the file holds several frames, of which only one EC PARAMETERS before the key is known")
    reader = DerReader(frames[0].data)
    curve = ec_der.read_curve(reader, notes)
    reader.finish("the curve")
    notes.append(
        Note("noncanonical", "an EC PARAMETERS frame stands before the key, which PuTTY does not read", harmless=True)
    )  # openssl's default
    return curve


def _read_headers(headers: tuple[tuple[str, str], ...], notes: list[Note]) -> tuple[BlockCipher, bytes]:
    names = [name for name, _ in headers]
    if names.count(_PROCEDURE) != 1 or names.count(_CIPHER_INFO) != 1:
        raise MalformedError("the headers are not Proc-Type and DEK-Info")
    procedure, dek_info = (dict(headers)[name] for name in (_PROCEDURE, _CIPHER_INFO))
    if not _ENCRYPTED.match(procedure):
        raise UnsupportedError("the procedure is not '4,ENCRYPTED'", place="Proc-Type")
    found = _DEK_INFO.match(dek_info)
    if found is None:
        raise MalformedError("expected the name of a cipher, a comma and the IV in hexadecimal", place="DEK-Info")
    name = found.group(1).upper()
    cipher = _CIPHERS.get(name)
    if cipher is None:
        raise unknown_cipher(f"the cipher {name}", name, place="DEK-Info")
    iv = bytes.fromhex(found.group(2))
    if len(iv) != cipher.block:
        raise MalformedError(f"the IV has {len(iv)} bytes, where {cipher.name} has {cipher.block}", place="DEK-Info")
    _note_headers(names, notes)
    if procedure != "4,ENCRYPTED" or name != found.group(1):
        notes.append(Note("noncanonical", "Proc-Type or DEK-Info is written in a way that PuTTY refuses"))
    return cipher, iv


def _note_headers(names: list[str], notes: list[Note]) -> None:
    others = [name for name in names if name not in (_PROCEDURE, _CIPHER_INFO)]
    if others:
        notes.append(Note("noncanonical", f"there is {_show_headers(others)} beside Proc-Type and DEK-Info"))
    if names[:2] != [_PROCEDURE, _CIPHER_INFO]:
        notes.append(
            Note("noncanonical", "the first two headers are not Proc-Type and DEK-Info: OpenSSH and OpenSSL refuse it")
        )


def _show_headers(names: list[str]) -> str:
    more = len(names) - 1
    return f"the header {quote(names[0])}" + (f" and {more} more" if more else "")


def _read_key(kind: Kind, contents: bytes, curve: Curve | None, notes: list[Note]) -> PrivateKey:
    try:
        return der_file.read_strictly_first(partial(_read_proved, kind, contents, curve), notes)
    except KeyconvError as error:
        raise error.within("private key") from None


def _read_proved(kind: Kind, contents: bytes, curve: Curve | None, notes: list[Note], lenient: bool) -> PrivateKey:
    private: PrivateKey
    if kind == "pkcs1":
        private = der_private.read_pkcs1(contents, notes, lenient=lenient)
    elif kind == "dsa":
        private = der_private.read_dsa(contents, notes, lenient=lenient)
    else:
        private = sec1 = der_private.read_sec1(contents, notes, lenient=lenient)
        stated = sec1.public.curve.name if isinstance(sec1, EcdsaPrivateKey) else sec1.public.algorithm
        if curve is not None and stated != curve.name:
            raise MismatchError(f"EC PARAMETERS names the curve {curve.name}, the key {stated}")
    return proving.prove(private, notes)


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _write(entries: tuple[Entry, ...], options: WriteOptions) -> bytes:
    (entry,) = entries
    private = entry.private
    if not isinstance(private, RsaPrivateKey | DsaPrivateKey | EcdsaPrivateKey):
        raise AssertionError("a writer is given unlocked keys that its format can hold")
    label = next(label for label, kind in _LABELS.items() if kind == _kind_of(private))
    contents = der_private.write_traditional(private)
    if not options.passphrase:
        return pem.write(label, contents, end=options.line_end)
    cipher = _choose_cipher(options.cipher)
    iv = options.random(cipher.block)
    key = options.deriver.derive(EvpMd5(iv[:_SALT]), options.passphrase, cipher.key_length)
    headers = ((_PROCEDURE, "4,ENCRYPTED"), (_CIPHER_INFO, f"{cipher.name.upper()},{iv.hex().upper()}"))
    return pem.write(label, pbes.encrypt(cipher, key, iv, contents), end=options.line_end, headers=headers)


def _choose_cipher(name: str) -> BlockCipher:
    # PuTTY reads AES-128-CBC alone of these; with a KDF of one round of MD5 the longer keys are worth no more.
    cipher = _WRITTEN.get(name or "aes-256-cbc")
    if cipher is None:
        raise UsageError(f"pem is not written with the cipher {name}", hint="it is with " + ", ".join(_WRITTEN))
    return cipher


def _kind_of(private: RsaPrivateKey | DsaPrivateKey | EcdsaPrivateKey) -> Kind:
    match private:
        case RsaPrivateKey():
            return "pkcs1"
        case DsaPrivateKey():
            return "dsa"
        case EcdsaPrivateKey():
            return "sec1"


PEM = Format(
    name="pem",
    title="traditional PEM private key: PKCS#1, SEC 1, DSA",
    source="RFC 8017 appendix A.1.2, RFC 5915, OpenSSL's PEM_read_PrivateKey(3)",
    can=Capabilities(
        private=True,
        families=frozenset({"rsa", "dsa", "ecdsa"}),
        ciphers=tuple(_WRITTEN),
        kdfs=(EvpMd5.name,),
        shows_public=False,
    ),
    sniff=_sniff,
    read=_read,
    write=_write,
    suffix=".pem",
)
