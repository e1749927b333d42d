"""The verdict of one version's programs on one row, and the reason that they give."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path

from truth import material
from truth.model import Row
from truth.programs import Programs
from truth.servers import Daemon, host_settings, prepare, run

__all__ = ["Bench"]

Answer = tuple[str, str]

_SERVER_REASONS = (
    re.compile(r"^.*?\bfile:\d+: (?!matching|key options|CA key|cert: key options)(.*)$"),
    re.compile(r"^(?:error: |debug1: )?((?:Certificate|cert: (?!key options)|Refusing).*)$"),
    re.compile(r"^(?:error: |debug1: )?(userauth_pubkey: (?!publickey test|sk_counter).*)$"),
    re.compile(r"^(?:error: |debug1: )?(.*(?:invalid|lacks|nvalid certificate|not permitted|unsupported|expired).*)$"),
)
_CLIENT_REASONS = (
    re.compile(r"^(?:debug1: )?(.*known_hosts:\d+.*(?:invalid|parse|bad|unsupported|revoked).*)$"),
    re.compile(r"^(.*REMOTE HOST IDENTIFICATION HAS CHANGED.*|.*REVOKED HOST KEY DETECTED.*)$"),
    re.compile(r"^(?:debug1: )?((?:error: )?[Cc]ertificate (?:invalid|has|lacks|not|with).*)$"),
    re.compile(r"^(?:debug1: )?(.*[Cc]ert(?:ificate)? .*(?:expired|refused).*)$"),
    re.compile(r"^(No \S+ host key is known for .*)$"),
    re.compile(r"^(no matching host key type.*|Unable to negotiate.*|.*hostkeys_.*)$"),
)
_PLACES = re.compile(r"\S*?(?:/[^\s:/]+)+/(file|known_hosts|allowed_signers)\b")
_VARIES = (
    (re.compile(r"\bSHA256:[A-Za-z0-9+/]{43}"), "SHA256:..."),
    (re.compile(r" port \d+\b"), ""),
    (re.compile(r" \[preauth\]$"), ""),
)


class Bench:
    """The programs of one version, and the servers that were started for them."""

    def __init__(self, programs: Programs, folder: Path) -> None:
        self.programs = programs
        self.folder = folder
        self.keys = folder / "keys"
        self._daemons: dict[str, Daemon] = {}
        self._signatures: dict[str, Path] = {}
        prepare(self.keys)

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        for daemon in self._daemons.values():
            daemon.stop()

    def ask(self, row: Row) -> Answer:
        """Return the verdict and the reason."""
        by_kind: dict[str, Callable[[Row], Answer]] = {
            "authorized_keys": self._log_in,
            "authorized_principals": self._log_in,
            "known_hosts": self._connect,
            "certificate": self._certified,
            "allowed_signers": self._verify,
        }
        verdict, reason = by_kind[row.kind](row)
        return verdict, "" if verdict == "accepted" else _settled(reason)

    # ── who logs in ────────────────────────────────────────────────────────────────────────────────────────────────

    def _log_in(self, row: Row, read: bytes | None = None) -> Answer:
        context = row.context
        daemon = self._daemon(context.get("server", row.kind))
        daemon.file.write_bytes(material.expand(row.input) if read is None else read)
        client, offered = context.get("client", "ed25519"), context.get("certificate")
        certificate = material.expand(offered) if offered else None
        if context.get("by") == "raw":
            said = daemon.login_raw(client, _blob_of(certificate) if certificate else None)
        else:
            said = daemon.login(client, context.get("from", "127.0.0.1"), certificate)
        if re.search(r"^Accepted publickey ", said, re.MULTILINE):
            return "accepted", ""
        return "refused", _first(_SERVER_REASONS, said)

    def _daemon(self, name: str) -> Daemon:
        if name not in self._daemons:
            folder = self.folder / name
            ca = self.folder / "ca"
            ca.write_bytes(material.expand("{ca}"))
            settings = {
                "authorized_keys": (f"AuthorizedKeysFile {folder / 'file'}",),
                "UseDNS": (f"AuthorizedKeysFile {folder / 'file'}", "UseDNS yes"),
                "TrustedUserCAKeys": ("AuthorizedKeysFile none", f"TrustedUserCAKeys {folder / 'file'}"),
                "authorized_principals": (
                    "AuthorizedKeysFile none",
                    f"TrustedUserCAKeys {ca}",
                    f"AuthorizedPrincipalsFile {folder / 'file'}",
                ),
            }
            self._daemons[name] = Daemon(self.programs, self.keys, folder, settings[name])
        return self._daemons[name]

    def _certified(self, row: Row) -> Answer:
        """Ask for a user's certificate sshd, for a host's ssh; the input is the certificate."""
        if row.context["as"] == "host":
            host = row.context["host"]
            known = f"@cert-authority {host} {{{row.context.get('authority', 'ca')}}}"
            return self._connect(row, known, row.input)
        authority = re.search(r" ca=([a-z0-9-]+)", row.input)
        line = f"{{{authority[1] if authority else 'ca'}}}"
        by_line = row.context["trust"] == "cert-authority"
        server = "authorized_keys" if by_line else "TrustedUserCAKeys"
        context = {**row.context, "certificate": row.input, "server": server}
        trusted = material.expand(f"cert-authority {line}" if by_line else line)
        return self._log_in(Row(row.kind, row.name, "", context), trusted)

    # ── who is logged in to ────────────────────────────────────────────────────────────────────────────────────────

    def _connect(self, row: Row, known: str = "", certificate: str = "") -> Answer:
        context = row.context
        folder = self.folder / "hosts"
        folder.mkdir(exist_ok=True)
        key = context.get("key", "ed25519")
        settings = [*host_settings(self.keys, key), *self.programs.settings]
        (folder / "known_hosts").write_bytes(material.expand(known or row.input))
        (folder / "authorized_keys").write_bytes(material.expand("{ed25519}"))
        settings.append(f"AuthorizedKeysFile {folder / 'authorized_keys'}")
        algorithms = context.get("algorithms", material.expand(f"{{{key}.type}}").decode().strip())
        certificate = certificate or context.get("certificate", "")
        if certificate:
            (folder / "host-cert.pub").write_bytes(material.expand(certificate))
            settings.append(f"HostCertificate {folder / 'host-cert.pub'}")
            algorithms = context.get("algorithms", f"{algorithms}-cert-v01@openssh.com")
        (folder / "sshd_config").write_text("\n".join(settings) + "\n", "utf-8")
        server = [self.programs.sshd, "-i", "-f", str(folder / "sshd_config"), "-E", str(folder / "sshd.log")]
        result = run(
            [
                *(self.programs.ssh, "-F", "none", "-T", "-v", "-p", context.get("port", "22")),
                *("-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "UpdateHostKeys=no"),
                *("-o", f"UserKnownHostsFile={folder / 'known_hosts'}", "-o", f"GlobalKnownHostsFile={os.devnull}"),
                *(
                    "-o",
                    "IdentitiesOnly=yes",
                    "-o",
                    "IdentityAgent=none",
                    "-o",
                    f"IdentityFile={self.keys / 'ed25519'}",
                ),
                *("-o", f"HostKeyAlgorithms={algorithms}", "-l", material.me()),
                *(("-o", f"HostKeyAlias={context['alias']}") if "alias" in context else ()),
                *("-o", f"ProxyCommand={shlex.join(server).replace('%', '%%')}"),
                *(context["host"], "true"),
            ]
        )
        said = result.stderr.decode("utf-8", "replace")
        if re.search("REVOKED HOST KEY DETECTED|[Hh]ost key .* revoked|is marked as revoked", said):
            return "revoked", "the host key is revoked"
        trusted = re.search(r"^(?:debug1: )?Authenticated to ", said, re.MULTILINE)
        return ("accepted" if trusted else "refused"), _first(_CLIENT_REASONS, said)

    # ── who signs ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _verify(self, row: Row) -> Answer:
        context = row.context
        signers = self.folder / "allowed_signers"
        signers.write_bytes(material.expand(row.input))
        namespace = context.get("namespace", "file")
        signature = self._signature(context.get("signer", "ed25519"), context.get("certificate", ""), namespace)
        command = [self.programs.keygen, "-Y", context.get("ask", "verify"), "-f", str(signers), "-s", str(signature)]
        if context.get("ask", "verify") == "verify":
            command += ["-n", namespace, "-I", context["principal"]]
        if "time" in context:
            command += ["-O", f"verify-time={context['time']}"]
        result = run(command, data=b"message\n")
        said = result.stderr.decode("utf-8", "replace")
        lines = [line.removeprefix("debug1: ") for line in said.splitlines() if line.strip()]
        return ("accepted" if result.returncode == 0 else "refused"), lines[0] if lines else ""

    def _signature(self, signer: str, certificate: str, namespace: str) -> Path:
        name = f"{signer} {certificate} {namespace}"
        if name not in self._signatures:
            folder = self.folder / f"signature-{len(self._signatures)}"
            folder.mkdir()
            key = folder / "id"
            key.write_bytes(material.private_file(signer))
            key.chmod(0o600)
            if certificate:
                (folder / "id-cert.pub").write_bytes(material.expand(certificate))
                key = folder / "id-cert.pub"
            message = folder / "message"
            message.write_bytes(b"message\n")
            result = run([self.programs.keygen, "-Y", "sign", "-f", str(key), "-n", namespace, str(message)])
            if result.returncode:
                raise SystemExit(f"no signature by {name}: {result.stderr.decode()}")
            self._signatures[name] = folder / "message.sig"
        return self._signatures[name]


def _blob_of(line: bytes) -> bytes:
    from base64 import b64decode

    return b64decode(line.split()[1])


def _first(patterns: tuple[re.Pattern[str], ...], said: str) -> str:
    lines = said.splitlines()
    for pattern in patterns:
        for line in lines:
            found = pattern.match(line)
            if found is not None:
                return found[1]
    return ""


def _settled(reason: str) -> str:
    """Return a reason without what changes from run to run."""
    reason = _PLACES.sub(r"\1", reason)
    for pattern, word in _VARIES:
        reason = pattern.sub(word, reason)
    return re.sub(rf"\b{re.escape(material.me())}\b", "{me}", reason).strip()
