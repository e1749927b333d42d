"""`keyconv agent`: keys of any format into the running agent, what it holds, and out again."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from keyconv.agent import Agent, AgentError, Constraints, Identity, connect
from keyconv.cli.escape import printable
from keyconv.cli.opening import STDIN, Opener, shown
from keyconv.cli.options import InputOptions
from keyconv.cli.render import Screen, to_json
from keyconv.cli.siblings import find_certificate
from keyconv.codec import certificate as certificates
from keyconv.codec import public_blob
from keyconv.crypto import fingerprint
from keyconv.engine import choose, read
from keyconv.engine.certificates import describe
from keyconv.errors import KeyconvError, MisfitError, UsageError
from keyconv.files import load
from keyconv.keyfile import Entry, Locked
from keyconv.keys import Certificate, PrivateKey, PublicKey, SkEcdsaPrivateKey, SkEd25519PrivateKey
from keyconv.text import base64
from keyconv.text.comment import clean

__all__ = ["parse_lifetime", "run_add", "run_list", "run_remove", "run_remove_all"]

_TIME = re.compile(r"(?:[0-9]{1,10}[smhdwSMHDW]?)+\Z")
_TIME_PART = re.compile(r"([0-9]+)([a-z]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_MAX_LIFETIME = 2**31 - 1  # what ssh-add takes at most

_ALONE_HINT = "keyconv repair FILE -o NEW writes the key alone: add NEW"

_SK_TITLES = {"sk-ecdsa": "ECDSA-SK", "sk-ed25519": "ED25519-SK"}


def parse_lifetime(text: str) -> int:
    """Read a time as ssh-add -t does: seconds, or parts like `1h30m` that add up.

    Raises: UsageError.
    Source: sshd_config(5), 'TIME FORMATS'.
    """
    if not text.isascii() or not _TIME.match(text):
        raise UsageError(f"'{text}' is not a time", hint="seconds, or like 90s, 45m, 1h30m, 2d, 1w")
    seconds = sum(int(count) * _SECONDS[unit] for count, unit in _TIME_PART.findall(text.lower()))
    if not 1 <= seconds <= _MAX_LIFETIME:
        raise UsageError(f"the lifetime is {seconds} seconds; it may be 1 to {_MAX_LIFETIME}")
    return seconds


# ── add ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def run_add(inputs: tuple[str, ...], source: InputOptions, constraints: Constraints, *, screen: Screen) -> int:
    """Hand the key of every input to the agent; give the code of the first that failed."""
    opener = Opener(screen, source, inputs)
    with connect() as agent:
        return _each(inputs, screen, lambda path: _add(agent, opener, path, constraints))


def _add(agent: Agent, opener: Opener, path: str, constraints: Constraints) -> None:
    keyfile = opener.read(path)
    entry = choose(keyfile, opener.options.key)
    if keyfile.is_document and entry.private is not None:
        line = keyfile.spans[(opener.options.key or 1) - 1].line
        opener.prompter.confirm(f"Add the private key at line {line} of {shown(path)} to the agent?", _ALONE_HINT)
    if entry.private is None and entry.fault is None:
        raise MisfitError("the file holds no private half, which is what an agent keeps")
    entry = _open(opener, entry, path)
    private = entry.private
    if private is None or isinstance(private, Locked):
        raise AssertionError("an open entry has a private half")
    if isinstance(private, SkEcdsaPrivateKey | SkEd25519PrivateKey):
        constraints = replace(constraints, sk_provider=os.environ.get("SSH_SK_PROVIDER") or "internal")
    comment = _comment(entry, path, opener.screen)
    agent.add(private, comment, constraints=constraints)
    opener.screen.note(f"added {_name(private, constraints)}", shown(path))
    for certificate in _certificates(entry, path, opener.screen):
        agent.add(private, comment, certificate=certificate, constraints=constraints)
        key_id = certificate.key_id.decode("utf-8", "backslashreplace")
        opener.screen.note(f"added its certificate '{key_id}' ({certificate.algorithm})", shown(path))


def _open(opener: Opener, entry: Entry, path: str) -> Entry:
    if entry.fault is not None:
        raise entry.fault
    if not isinstance(entry.private, Locked):
        return entry
    deriver = opener.new_deriver()
    deriver.check(entry.private.protection.kdf)
    return opener.unlock(entry, path, deriver).entry


def _comment(entry: Entry, path: str, screen: Screen) -> bytes:
    """Return the key's comment, or the file's name where there is none; no line end gets into `ssh-add -L`."""
    comment = entry.comment or (b"(stdin)" if path == STDIN else os.fsencode(path))
    cleaned = clean(comment)
    if entry.comment and cleaned != comment:
        screen.note("lost: the control characters in the comment are replaced by spaces", shown(path))
    return cleaned


def _certificates(entry: Entry, path: str, screen: Screen) -> list[Certificate]:
    """Return the certificates of a key: the one in its file, and the one in the file beside it."""
    found = [entry.certificate] if entry.certificate is not None else []
    beside = find_certificate(path)
    if beside is None:
        return found
    try:
        entries = read(load(beside)).entries
    except KeyconvError as error:
        screen.note(f"skipped: {error}", beside)
        return found
    certificate = entries[0].certificate if len(entries) == 1 else None
    if certificate is None:
        screen.note("skipped: it holds no certificate, or several", beside)
    elif certificate.key != entry.public:
        screen.note("skipped: the certificate is for another key", beside)
    elif certificate not in found:
        found.append(certificate)
    return found


def _name(private: PrivateKey, constraints: Constraints) -> str:
    public = private.public
    limits = f", for {constraints.lifetime} seconds" if constraints.lifetime is not None else ""
    limits += ", to be confirmed at each use" if constraints.confirm else ""
    return f"{public.algorithm} {fingerprint.sha256(public_blob.write(public))}{limits}"


# ── list ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Listed:
    """An identity as far as it can be read: an agent may hold what keyconv does not know."""

    algorithm: str | None
    public: PublicKey | None
    certificate: Certificate | None
    identity: Identity

    @property
    def comment(self) -> str:
        return self.identity.comment.decode("utf-8", "backslashreplace")

    @property
    def plain_blob(self) -> bytes:
        """What the fingerprint is of: a certificate's is its key's, as everywhere in OpenSSH."""
        return public_blob.write(self.public) if self.public is not None else self.identity.blob

    @property
    def title(self) -> str:
        """The kind of key as ssh-add -l has it."""
        if self.public is None:
            return "unreadable"
        if self.public.family == "opaque":
            return self.public.algorithm
        title = _SK_TITLES.get(self.public.family, self.public.family.upper())
        return f"{title}-CERT" if self.certificate else title

    @property
    def line(self) -> str | None:
        """Type and base64, as an authorized_keys line has them."""
        if self.algorithm is None:
            return None
        return f"{self.algorithm} {base64.encode(self.identity.blob).decode('ascii')}"


def run_list(*, public: bool, screen: Screen) -> int:
    """Print what the agent holds."""
    with connect() as agent:
        listed = [_read(identity) for identity in agent.identities()]
    if screen.as_json:
        screen.data(to_json([_object(each) for each in listed]))
        return 0
    if not listed:
        screen.note("the agent holds no keys")
    for each in listed:
        text = f"{each.line or 'unreadable'} {each.comment}" if public else _summary(each)
        screen.data(printable(text).rstrip() + "\n")
    return 0


def _read(identity: Identity) -> _Listed:
    try:
        public, certificate = certificates.read_any(identity.blob, [])
    except KeyconvError:
        return _Listed(None, None, None, identity)
    return _Listed(certificate.algorithm if certificate else public.algorithm, public, certificate, identity)


def _summary(listed: _Listed) -> str:
    bits = listed.public.bits if listed.public is not None else None
    return f"{bits or '?'} {fingerprint.sha256(listed.plain_blob)} {listed.comment or 'no comment'} ({listed.title})"


def _object(listed: _Listed) -> dict[str, object]:
    blob = listed.plain_blob
    return {
        "type": listed.algorithm,
        "bits": listed.public.bits if listed.public is not None else None,
        "comment": listed.comment,
        "fingerprints": {"sha256": fingerprint.sha256(blob), "md5": fingerprint.md5(blob)},
        "public_key": listed.line,
        "certificate": describe(listed.certificate, int(time.time())) if listed.certificate is not None else None,
    }


# ── remove ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def run_remove(inputs: tuple[str, ...], source: InputOptions, *, screen: Screen) -> int:
    """Have the agent forget the keys of these files; give the code of the first that failed."""
    opener = Opener(screen, source, inputs)
    with connect() as agent:
        return _each(inputs, screen, lambda path: _remove(agent, opener, path))


def run_remove_all(*, screen: Screen) -> int:
    """Have the agent forget everything."""
    with connect() as agent:
        agent.remove_all()
    screen.note("the agent holds no keys any more")
    return 0


def _remove(agent: Agent, opener: Opener, path: str) -> None:
    entry = choose(opener.read(path), opener.options.key)
    if entry.public is None:
        entry = _open(opener, entry, path)
    public = entry.public
    if public is None:
        raise AssertionError("an open entry has a public half")
    certificate_alone = entry.private is None and entry.fault is None and entry.certificate is not None
    blobs = [] if certificate_alone else [public_blob.write(public)]
    found = [entry.certificate] if certificate_alone else _certificates(entry, path, opener.screen)
    blobs += [certificate.blob for certificate in found if certificate is not None]
    refusal: AgentError | None = None
    removed = 0
    for blob in blobs:
        try:
            agent.remove(blob)
            removed += 1
        except AgentError as error:  # it may hold the key without its certificate, or the other way round
            refusal = refusal or error
    if refusal is not None and not removed:
        raise refusal
    opener.screen.note(f"removed {public.algorithm} {fingerprint.sha256(public_blob.write(public))}", shown(path))


def _each(inputs: tuple[str, ...], screen: Screen, work: Callable[[str], None]) -> int:
    exit_code = 0
    for path in inputs:
        try:
            work(path)
        except KeyconvError as error:
            screen.error(error.at_path(shown(path)))
            exit_code = exit_code or error.exit_code
    return exit_code
