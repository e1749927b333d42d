"""What a file is that is not a key: a placeholder, something else that people take for a key, or nothing at all."""

from __future__ import annotations

import re
from dataclasses import dataclass

from keyconv import statements
from keyconv.codec.unsupported import NEW_KEY
from keyconv.formats import FORMATS
from keyconv.text.quoting import quote
from keyconv.wire import der

__all__ = ["Foreign", "describe", "find_foreign"]


@dataclass(frozen=True, slots=True)
class Foreign:
    """What a file is instead of a key: the rule that names it, a sentence about it, and what to do."""

    rule: str
    message: str
    hint: str = ""


_HEAD = 4096
_FRAME = re.compile(rb"-----BEGIN ([A-Za-z0-9 ]{1,60})-----")
_PPK = re.compile(rb"PuTTY-User-Key-File-")
_MATERIAL = re.compile(rb"[A-Za-z0-9+/]{40}")
_PLAIN_LABEL = re.compile(r"[A-Z0-9]{1,15}(?: [A-Z0-9]{1,15})*\Z")  # what has longer words may be a piece of a key

_EXPORT = "export the key itself, not its certificate: openssl pkcs12 -in FILE -nodes -nocerts"
_UNSET = "the secret is unset or was not passed to this job: set it, and check its name"
_EXPAND = "something had to put the key in its place and did not"

_LABELS = (
    (b"CERTIFICATE REQUEST", "a certificate request (CSR), which holds no private key", ""),
    (b"NEW CERTIFICATE REQUEST", "a certificate request (CSR), which holds no private key", ""),
    (b"CERTIFICATE", "an X.509 certificate, which is for TLS, not for SSH", "give the private key that belongs to it"),
    (b"X509 CERTIFICATE", "an X.509 certificate, which is for TLS, not for SSH", ""),
    (b"TRUSTED CERTIFICATE", "an X.509 certificate, which is for TLS, not for SSH", ""),
    (b"X509 CRL", "a certificate revocation list", ""),
    (b"PKCS7", "a PKCS#7 bundle of certificates", ""),
    (b"CMS", "a CMS message", ""),
    (b"PGP PRIVATE KEY BLOCK", "a PGP private key", "gpg --export-ssh-key gives the SSH form of its public half"),
    (b"PGP PUBLIC KEY BLOCK", "a PGP public key", "gpg --export-ssh-key gives its SSH form"),
    (b"PGP MESSAGE", "a PGP message: the key may be inside, encrypted", "gpg --decrypt FILE"),
    (b"PGP SIGNED MESSAGE", "a PGP message", ""),
    (b"PGP SIGNATURE", "a PGP signature", ""),
    (b"SSH SIGNATURE", "an SSH signature", ""),
    (b"DH PARAMETERS", "Diffie-Hellman parameters, which are not a key", ""),
    (b"DSA PARAMETERS", "DSA parameters without a key", ""),
    (b"EC PARAMETERS", "the name of a curve without a key", ""),
    (b"SM2 PRIVATE KEY", "a key of the algorithm SM2, which SSH does not have", NEW_KEY),
    (b"AGE ENCRYPTED FILE", "a file encrypted by age: the key may be inside", "age --decrypt FILE"),
    (b"OpenVPN Static key V1", "an OpenVPN static key", ""),
)
"""Labels of frames that are not keys', and what they frame."""

_MAGIC = (
    (b"\xfe\xed\xfe\xed", "a Java keystore (JKS)", "keytool -importkeystore makes a PKCS#12 file of it"),
    (b"\xce\xce\xce\xce", "a Java keystore (JCEKS)", "keytool -importkeystore makes a PKCS#12 file of it"),
    (b"age-encryption.org/v1", "a file encrypted by age: the key may be inside", "age --decrypt FILE"),
    (b"\0GITCRYPT\0", "a file encrypted by git-crypt", "git-crypt unlock"),
    (b"$ANSIBLE_VAULT;", "an Ansible Vault file: the key may be inside, encrypted", "ansible-vault decrypt FILE"),
    (b"untrusted comment:", "a key or signature of minisign or signify", ""),
    (b"Salted__", "a file encrypted by 'openssl enc': the key may be inside", ""),
    (b"PK\3\4", "a ZIP archive", "unpack it"),
    (b"\x1f\x8b", "a gzip archive", "unpack it: gunzip"),
    (b"BZh", "a bzip2 archive", "unpack it"),
    (b"\xfd7zXZ\0", "an xz archive", "unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it"),
    (b"%PDF-", "a PDF document", ""),
    (b"\x89PNG\r\n", "a PNG picture", ""),
    (b"\xff\xd8\xff", "a JPEG picture", ""),
    (b"\x7fELF", "not a key: this is an executable", ""),
    (b"MZ", "not a key: this is an executable", ""),
    (b"SQLite format 3\0", "an SQLite database", ""),
    (
        b"Windows Registry Editor",
        "a registry file",
        "PuTTY keeps sessions and host keys in the registry, and private keys in .ppk files",
    ),
    (b"SSH PRIVATE KEY FILE FORMAT ", "an SSH-1 key of a version that keyconv does not read", ""),
    (b"\x99\x01", "a binary PGP key", "gpg --export-ssh-key gives its SSH form"),
    (b"\x95\x01", "a binary PGP private key", ""),
)
"""How files begin that are not keys."""

_PLACEHOLDERS = (
    (r"\$\{\{.{0,200}\}\}", "an expression of GitHub Actions that was not evaluated", _UNSET),
    (r"\{\{.{0,200}\}\}|\{%.{0,200}%\}|<%.{0,200}%>", "a template that was not filled in", _EXPAND),
    (r"\$\([^)]{0,200}\)|`[^`]{0,200}`", "a shell command that was not run", _EXPAND),
    (r"\$\{[A-Za-z_][^{}\n]{0,200}\}|[$%][A-Za-z_][\w.-]{0,100}%?", "a variable that was not expanded", _EXPAND),
    (
        r"\*{2,}|\u2022{2,}|[\[(]{0,2}(?:masked|redacted|hidden|secret|filtered)[\])]{0,2}",
        "this is a masked secret (***), not a key",
        _UNSET,
    ),
    (
        r"<[^<>\n]{1,100}>|\[[^\[\]\n]{1,100}\]|(?:your|my)[-_ ].{0,60}|x{3,}|\.{3,}"
        r"|todo|change[-_ ]?me|replace[-_ ]?me|placeholder|example|dummy|test",
        "a placeholder",
        _EXPAND,
    ),
    (
        r"null|undefined|none|nil|nan|true|false|n/a|\[object object\]|system\.[a-z.\[\]]{1,60}|-?[0-9]",
        "what a program prints for no value",
        _UNSET,
    ),
    (
        r"(?:op|vault|arn|gcp-?secret|ssm|sops|secret|file|https?)[:+].{1,300}",
        "a reference to a key, not the key",
        "read what it refers to",
    ),
    (
        r"(?!(?:\\[rn])+[A-Za-z0-9+/=]{8})(?:~|\.{1,2}|[A-Za-z]:)?[/\\][^\n]{1,300}|[^\s/]{1,100}\.(?:pem|ppk|key|pub)|id_[a-z0-9]{1,20}",
        "a path, not what the file there holds",
        "read the file: $(cat PATH)",
    ),
)
"""What stands in a key's place, as the whole of a text, and what to do."""

_PLACEHOLDER_STARTS = (
    (r"\$\{\{.{0,200}?\}\}", "an expression of GitHub Actions that was not evaluated", _UNSET),
    (
        r"\s*(?:<!doctype html|<html|<head)",
        "a web page: the address or the permission is wrong",
        "take the raw file's address",
    ),
    (r"version https://git-lfs\.github\.com/spec/", "a Git LFS pointer, not the file it stands for", "git lfs pull"),
    (
        r"(?:40[0-9]|50[0-9])[: ].{0,80}\Z|not found\.?\Z|access denied\.?\Z|forbidden\.?\Z|unauthorized\.?\Z",
        "a server's refusal: the address or the permission is wrong",
        "",
    ),
    (
        r"\s*<\?xml.{0,200}<error>|\s*\{\s*\"(?:message|errors?|status|detail)\"\s*:",
        "a server's answer of an error: the address or the permission is wrong",
        "",
    ),
)
"""How texts begin that stand in a key's place."""

_STARTS = (
    (r"\s*<rsakeyvalue>", "an RSA key in .NET's XML, which keyconv does not read", ""),
    (r"\s*<\?xml|\s*<[a-z]", "an XML document", ""),
    (
        r"\s*\{[^\x00]{0,2000}\"type\"\s*:\s*\"service_account\"",
        "Google Cloud credentials; the key in them is for that service alone",
        "",
    ),
    (
        r"(?:\[[\w .-]{1,60}\]\s*)?aws_access_key_id\s*=|(?:AKIA|ASIA)[A-Z0-9]{16}\b",
        "AWS credentials, which are no SSH key",
        "",
    ),
    (r"gh[pousr]_\w{20,}|github_pat_|glpat-|xox[abp]-", "an access token, which is no SSH key", ""),
    (r"eyJ[\w-]{8,}\.eyJ", "a JSON web token, which is not a key", ""),
    (
        r"AGE-SECRET-KEY-1|(?:# created: [^\n]{1,60}\n)?# public key: age1|age1[0-9a-z]{50}",
        "a key of age, not of SSH",
        "",
    ),
    (r"\[Interface\]|PrivateKey\s*=", "a WireGuard configuration", ""),
    (
        r"(?:[0-9]{3,5} )?(?:SHA256:[A-Za-z0-9+/]{43}=?|MD5:(?:[0-9a-f]{2}:){15}[0-9a-f]{2})",
        "a fingerprint, from which no key can be made",
        "give the key itself",
    ),
    (
        r"(?:ssh-[a-z0-9-]{1,20} )?(?:[0-9]{3,5} )?(?:[0-9a-f]{2}:){15}[0-9a-f]{2}\b",
        "a fingerprint, from which no key can be made",
        "give the key itself",
    ),
    (r"\+--\[?\w{2,10} ?[0-9 ]{0,6}\]?-", "a fingerprint's picture", "give the key itself"),
    (
        r"(?:[^\s\"=]{1,200} |\|1\|\S{1,100} )(?:ssh-|ecdsa-sha2-|sk-)\S{1,60} AAAA|@(?:cert-authority|revoked) ",
        "a word stands before the key that is neither a host as in known_hosts nor an option as in authorized_keys",
        "--from known_hosts takes it for a host; or remove it",
    ),
    (r"# \S{1,200}:[0-9]{1,5} SSH-2\.0", "the output of ssh-keyscan, without a key", ""),
    (r"(?:\s*#[^\n]{0,200}\n){0,20}\s*(?:host|match) \S", "a configuration file of ssh", ""),
    (r"#!\s*/", "a script", ""),
    (
        r"\s*\{[^\x00]{0,2000}\"sops\"\s*:|[^\x00]{0,2000}^sops:$",
        "a file encrypted by SOPS",
        "sops --decrypt FILE",
    ),
    (
        r"apiVersion:\s*|kind:\s*(?:secret|sealedsecret)",
        "a Kubernetes object: the key is the base64 of one of its values",
        "",
    ),
    (
        r"Bag Attributes\b",
        "what 'openssl pkcs12' prints",
        "keep only the key: from its BEGIN line to its END line",
    ),
)
"""How texts begin that are not keys."""

_WHOLE = tuple(
    (re.compile(rf"(?:{pattern})\Z", re.I | re.S), message, hint) for pattern, message, hint in _PLACEHOLDERS
)
_START = tuple(
    (re.compile(pattern, re.I | re.M), rule, message, hint)
    for rule, table in (("placeholder", _PLACEHOLDER_STARTS), ("not-a-key", _STARTS))
    for pattern, message, hint in table
)
_FRAMED = re.compile(r"-----BEGIN [A-Z0-9 ]{1,60}-----\s*+(.{0,400}?)\s*+(?:-----END [A-Z0-9 ]{1,60}-----|\Z)", re.S)
_WIREGUARD = re.compile(rb"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\Z")
_HEX = re.compile(rb"[0-9a-fA-F]{32,}+\Z")
_OID_PKCS7 = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"


def find_foreign(data: bytes) -> Foreign | None:
    """Return what a file is that is not a key, or None where that is unknown."""
    text = data.replace(b"\0", b"") if data[:2] in (b"\xff\xfe", b"\xfe\xff") else data
    text = text.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").removeprefix(b"\xef\xbb\xbf")
    stripped = text.strip(b" \t\r\n\f")
    if not stripped:
        return Foreign("empty", "the file is empty" + (" but for white space" if data else ""))
    if statement := statements.detect(text):
        return Foreign("not-a-key", *statements.refusal(statement))
    for magic, message, hint in _MAGIC:
        if text.startswith(magic):
            return Foreign("not-a-key", message, hint)
    return _find_der(text) or _find_frame(stripped) or _find_text(stripped)


def describe(data: bytes) -> Foreign:
    """Say in one line what a file is that no format takes for its own, and what to do."""
    found = find_foreign(data)
    if found is not None:
        return found
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Foreign("utf-16", "the file is UTF-16 text, which no SSH program reads", "save it as UTF-8 or ASCII")
    if data.startswith(b"\xef\xbb\xbf"):
        message = "the file begins with a byte order mark, which no SSH program reads"
        return Foreign("byte-order-mark", message, "save it as UTF-8 without a BOM")
    if data[:1].isspace() and any(known.sniff(data.lstrip()) for known in FORMATS):
        message = "there is white space before the key"
        return Foreign("indented", message, "remove it: most SSH programs refuse such a file")
    frame = _FRAME.search(data)
    if frame and frame.start() == 0:
        label = frame.group(1).decode()
        shown = label if _PLAIN_LABEL.match(label) else quote(label)
        return Foreign("not-a-key", f"a PEM file labelled {shown}, which keyconv does not read")
    if data.startswith(b"PuTTY-User-Key-File-"):
        return Foreign("not-a-key", "a PPK file of a version that keyconv does not read")
    if any(_MATERIAL.search(data, found.end()) for found in (frame, _PPK.search(data)) if found):
        message = "there is text before the key"
        return Foreign("surrounding-text", message, "keep only the key: from its first line to its last")
    return Foreign("not-a-key", "not a key in any format keyconv supports")


def _find_der(data: bytes) -> Foreign | None:
    values = der.outline(data)
    tags = [tag for tag, _ in values]
    match tags:
        case [der.INTEGER, der.SEQUENCE, *_] if values[0][1] == b"\3" and values[1][1].startswith(_OID_PKCS7):
            return Foreign(
                "not-a-key",
                "not an SSH key: PKCS#12 container (.p12, .pfx) with a key and certificates, encrypted",
                _EXPORT,
            )
        case [der.OID, *_] if data[:64].find(_OID_PKCS7) >= 0:
            return Foreign("not-a-key", "a PKCS#7 bundle of certificates")
        case [der.SEQUENCE, der.SEQUENCE, der.BIT_STRING, *_] | [der.SEQUENCE, *_] if _is_certificate(values[0][1]):
            return Foreign("not-a-key", "an X.509 certificate in DER", "give the private key that belongs to it")
        case [der.SEQUENCE, der.SEQUENCE, der.BIT_STRING, *_]:
            return Foreign("not-a-key", "a certificate request (CSR) in DER, which holds no private key")
    return None


def _is_certificate(contents: bytes) -> bool:
    return contents[:3] == b"\xa0\x03\x02"  # [0] { INTEGER }, the version of a TBSCertificate


def _find_frame(text: bytes) -> Foreign | None:
    frames = [found.group(1) for found in _FRAME.finditer(text)][:8]
    if not frames or text.find(b"-----BEGIN ") > _HEAD:
        return None
    inside = _FRAMED.match(text[text.find(b"-----BEGIN ") :].decode("utf-8", "replace")[:_HEAD])
    if inside is not None and inside[1] and (placeholder := _find_placeholder(inside[1])):
        return Foreign("placeholder", f"in the frame there is {placeholder.message}", placeholder.hint)
    for label, message, hint in _LABELS:
        if frames[0] == label and len(set(frames)) == 1:
            return Foreign("not-a-key", message, hint)
    return None


def _find_text(text: bytes) -> Foreign | None:
    if _WIREGUARD.match(text):
        return Foreign("not-a-key", "32 bytes in base64, as a WireGuard key or a token", "give an SSH key")
    if _HEX.match(text):
        return Foreign("not-a-key", "a number in hexadecimal", "give the file that the key was saved in")
    plain = text[:_HEAD].decode("utf-8", "replace").strip("\"'` \t\r\n;")
    if placeholder := _find_placeholder(plain):
        return placeholder
    for pattern, rule, message, hint in _START:
        if pattern.match(plain):
            return Foreign(rule, message, hint)
    return None


def _find_placeholder(text: str) -> Foreign | None:
    for pattern, message, hint in _WHOLE:
        if len(text) < 400 and pattern.match(text):
            return Foreign("placeholder", message, hint)
    return None
