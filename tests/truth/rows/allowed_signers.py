"""Lines of `allowed_signers`, as ssh-keygen(1) describes them, asked with `ssh-keygen -Y`."""

from __future__ import annotations

from collections.abc import Iterator

from truth.model import Row

__all__ = ["ALLOWED_SIGNERS"]

_ALICE = "alice@example.com"
_CERTIFIED = {"certificate": "{cert principals=alice@example.com}"}
_NOW = {"time": "20300601"}

# name: the line, more of the context; alice@example.com signs with the Ed25519 key for the namespace `file`
_LINES: dict[str, tuple[str, dict[str, str]]] = {
    "plain": (f"{_ALICE} {{ed25519}}", {}),
    "comment": (f"{_ALICE} {{ed25519}} a comment", {}),
    "comment-line": (f"# signers\n{_ALICE} {{ed25519}}", {}),
    "leading-space": (f"  {_ALICE} {{ed25519}}", {}),
    "leading-tab": (f"\t{_ALICE} {{ed25519}}", {}),
    "leading-hash": (f"#{_ALICE} {{ed25519}}", {}),
    "two-spaces": (f"{_ALICE}  {{ed25519}}", {}),
    "tab": (f"{_ALICE}\t{{ed25519}}", {}),
    "crlf": (f"{_ALICE} {{ed25519}}\r", {}),
    "crlf-comment": (f"{_ALICE} {{ed25519}} comment\r", {}),
    "byte-order-mark": (f"\ufeff{_ALICE} {{ed25519}}", {}),
    "no-line-end": (f"{_ALICE} {{ed25519}}{{end}}", {}),
    "empty-lines": (f"\n\n{_ALICE} {{ed25519}}\n\n", {}),
    "long-comment": (f"{_ALICE} {{ed25519}} {{to 9000}}", {}),
    "no-principal": ("{ed25519}", {}),
    "no-principal-options": ('namespaces="file" {ed25519}', {}),
    "no-key": (_ALICE, {}),
    "principals-list": (f"bob@example.com,{_ALICE} {{ed25519}}", {}),
    "principals-list-space": (f"bob@example.com, {_ALICE} {{ed25519}}", {}),
    "principals-trailing-comma": (f"{_ALICE}, {{ed25519}}", {}),
    "principals-other": ("bob@example.com {ed25519}", {}),
    "principals-pattern": ("*@example.com {ed25519}", {}),
    "principals-star": ("* {ed25519}", {}),
    "principals-question-mark": ("alic?@example.com {ed25519}", {}),
    "principals-negated": ("!bob@example.com,*@example.com {ed25519}", {}),
    "principals-negated-itself": (f"!{_ALICE},*@example.com {{ed25519}}", {}),
    "principals-negated-star": (f"!*,{_ALICE} {{ed25519}}", {}),
    "principals-negated-same": (f"{_ALICE},!{_ALICE} {{ed25519}}", {}),
    "principals-negated-pattern": (f"{_ALICE},!*@example.com {{ed25519}}", {}),
    "principals-negated-other-case": (f"{_ALICE},!*@EXAMPLE.com {{ed25519}}", {}),
    "principals-negated-alone": ("!bob@example.com {ed25519}", {}),
    "principals-upper-case": ("ALICE@EXAMPLE.COM {ed25519}", {}),
    "principals-quoted": (f'"{_ALICE}" {{ed25519}}', {}),
    "principals-quoted-space": ('"alice example" {ed25519}', {"principal": "alice example"}),
    "principals-quote-open": (f'"{_ALICE} {{ed25519}}', {}),
    "principals-empty-quotes": ('"" {ed25519}', {}),
    "principals-empty-quotes-asked": ('"" {ed25519}', {"principal": ""}),
    "principals-angle-brackets": (f"<{_ALICE}> {{ed25519}}", {}),
    "principals-name-and-address": (f"Alice <{_ALICE}> {{ed25519}}", {}),
    "principals-not-ascii": ("älice@example.com {ed25519}", {"principal": "älice@example.com"}),
    "principals-a-key-type": ("ssh-ed25519 {ed25519}", {"principal": "ssh-ed25519"}),
    "namespaces": (f'{_ALICE} namespaces="file" {{ed25519}}', {}),
    "namespaces-list": (f'{_ALICE} namespaces="git,file" {{ed25519}}', {}),
    "namespaces-list-space": (f'{_ALICE} namespaces="git, file" {{ed25519}}', {}),
    "namespaces-list-space-first-fits": (f'{_ALICE} namespaces="file, git" {{ed25519}}', {}),
    "namespaces-space-at-end": (f'{_ALICE} namespaces="file " {{ed25519}}', {}),
    "namespaces-pattern": (f'{_ALICE} namespaces="f*" {{ed25519}}', {}),
    "namespaces-star": (f'{_ALICE} namespaces="*" {{ed25519}}', {}),
    "namespaces-negated": (f'{_ALICE} namespaces="!git,*" {{ed25519}}', {}),
    "namespaces-other": (f'{_ALICE} namespaces="git" {{ed25519}}', {}),
    "namespaces-empty": (f'{_ALICE} namespaces="" {{ed25519}}', {}),
    "namespaces-comma": (f'{_ALICE} namespaces="," {{ed25519}}', {}),
    "namespaces-upper-case-name": (f'{_ALICE} NAMESPACES="file" {{ed25519}}', {}),
    "namespaces-upper-case-value": (f'{_ALICE} namespaces="FILE" {{ed25519}}', {}),
    "namespaces-without-quotes": (f"{_ALICE} namespaces=file {{ed25519}}", {}),
    "namespaces-quote-open": (f'{_ALICE} namespaces="file {{ed25519}}', {}),
    "namespaces-no-value": (f"{_ALICE} namespaces {{ed25519}}", {}),
    "namespaces-twice": (f'{_ALICE} namespaces="file",namespaces="file" {{ed25519}}', {}),
    "namespace-singular": (f'{_ALICE} namespace="file" {{ed25519}}', {}),
    "options-before-principal": (f'namespaces="file" {_ALICE} {{ed25519}}', {}),
    "options-unknown": (f"{_ALICE} foo {{ed25519}}", {}),
    "options-unknown-value": (f'{_ALICE} foo="bar" {{ed25519}}', {}),
    "options-of-authorized-keys": (f"{_ALICE} no-pty {{ed25519}}", {}),
    "options-from": (f'{_ALICE} from="127.0.0.1" {{ed25519}}', {}),
    "options-trailing-comma": (f'{_ALICE} namespaces="file", {{ed25519}}', {}),
    "options-leading-comma": (f'{_ALICE} ,namespaces="file" {{ed25519}}', {}),
    "options-space-after-comma": (f'{_ALICE} namespaces="file", valid-before="20900101" {{ed25519}}', _NOW),
    "options-semicolon": (f'{_ALICE} namespaces="file";valid-before="20900101" {{ed25519}}', _NOW),
    "options-space-separated": (f'{_ALICE} namespaces="file" valid-before="20900101" {{ed25519}}', _NOW),
    "valid-after": (f'{_ALICE} valid-after="20200101" {{ed25519}}', _NOW),
    "valid-after-future": (f'{_ALICE} valid-after="20900101" {{ed25519}}', _NOW),
    "valid-before": (f'{_ALICE} valid-before="20900101" {{ed25519}}', _NOW),
    "valid-before-past": (f'{_ALICE} valid-before="20010101" {{ed25519}}', _NOW),
    "valid-before-past-at-that-time": (f'{_ALICE} valid-before="20010101" {{ed25519}}', {"time": "20000601"}),
    "valid-both": (f'{_ALICE} valid-after="20200101",valid-before="20900101" {{ed25519}}', _NOW),
    "valid-turned-round": (f'{_ALICE} valid-after="20900101",valid-before="20200101" {{ed25519}}', _NOW),
    "valid-same": (f'{_ALICE} valid-after="20300101",valid-before="20300101" {{ed25519}}', _NOW),
    "valid-before-minutes": (f'{_ALICE} valid-before="209001010000" {{ed25519}}', _NOW),
    "valid-before-seconds": (f'{_ALICE} valid-before="20900101000000" {{ed25519}}', _NOW),
    "valid-before-z": (f'{_ALICE} valid-before="20900101Z" {{ed25519}}', _NOW),
    "valid-before-seconds-z": (f'{_ALICE} valid-before="20900101000000Z" {{ed25519}}', _NOW),
    "valid-before-lower-z": (f'{_ALICE} valid-before="20900101z" {{ed25519}}', _NOW),
    "valid-before-ten-digits": (f'{_ALICE} valid-before="2090010100" {{ed25519}}', _NOW),
    "valid-before-month-13": (f'{_ALICE} valid-before="20901301" {{ed25519}}', _NOW),
    "valid-before-february-30": (f'{_ALICE} valid-before="20900230" {{ed25519}}', _NOW),
    "valid-before-dashes": (f'{_ALICE} valid-before="2090-01-01" {{ed25519}}', _NOW),
    "valid-before-relative": (f'{_ALICE} valid-before="+52w" {{ed25519}}', _NOW),
    "valid-before-forever": (f'{_ALICE} valid-before="forever" {{ed25519}}', _NOW),
    "valid-before-empty": (f'{_ALICE} valid-before="" {{ed25519}}', _NOW),
    "valid-before-without-quotes": (f"{_ALICE} valid-before=20900101 {{ed25519}}", _NOW),
    "valid-before-upper-case": (f'{_ALICE} VALID-BEFORE="20900101" {{ed25519}}', _NOW),
    "valid-before-twice": (f'{_ALICE} valid-before="20900101",valid-before="20900101" {{ed25519}}', _NOW),
    "valid-after-epoch": (f'{_ALICE} valid-after="19700101Z" {{ed25519}}', _NOW),
    "valid-before-far": (f'{_ALICE} valid-before="99991231" {{ed25519}}', _NOW),
    "expiry-time": (f'{_ALICE} expiry-time="20900101" {{ed25519}}', _NOW),
    "authority": (f"{_ALICE} cert-authority {{ca}}", _CERTIFIED),
    "authority-pattern": ("*@example.com cert-authority {ca}", _CERTIFIED),
    "authority-upper-case": (f"{_ALICE} CERT-AUTHORITY {{ca}}", _CERTIFIED),
    "authority-value": (f'{_ALICE} cert-authority="yes" {{ca}}', _CERTIFIED),
    "authority-namespaces": (f'{_ALICE} cert-authority,namespaces="file" {{ca}}', _CERTIFIED),
    "authority-twice": (f"{_ALICE} cert-authority,cert-authority {{ca}}", _CERTIFIED),
    "authority-missing": (f"{_ALICE} {{ca}}", _CERTIFIED),
    "authority-other": (f"{_ALICE} cert-authority {{ca-p384}}", _CERTIFIED),
    "authority-plain-key-signs": (f"{_ALICE} cert-authority {{ed25519}}", {}),
    "authority-marker": (f"@cert-authority {_ALICE} {{ca}}", _CERTIFIED),
    "authority-before-principal": (f"cert-authority {_ALICE} {{ca}}", _CERTIFIED),
    "authority-other-principal-in-certificate": (
        "*@example.com cert-authority {ca}",
        {"certificate": "{cert principals=bob@example.com}"},
    ),
    "authority-no-principals-in-certificate": (
        "*@example.com cert-authority {ca}",
        {"certificate": "{cert principals=}"},
    ),
    "certificate-line": (f"{_ALICE} {{cert principals={_ALICE}}}", _CERTIFIED),
    "certificate-line-key-signs": (f"{_ALICE} {{cert principals={_ALICE}}}", {}),
    "certificate-signs-plain-line": (f"{_ALICE} {{ed25519}}", _CERTIFIED),
    "type-rsa": (f"{_ALICE} {{rsa2048}}", {"signer": "rsa2048"}),
    "type-rsa-sha2-256": (f"{_ALICE} rsa-sha2-256 {{rsa2048.blob}}", {"signer": "rsa2048"}),
    "type-ecdsa-p256": (f"{_ALICE} {{ecdsa-p256}}", {"signer": "ecdsa-p256"}),
    "type-word-of-another": (f"{_ALICE} ssh-rsa {{ed25519.blob}}", {}),
    "type-unknown": (f"{_ALICE} {{unknown}}", {}),
    "type-ed448": (f"{_ALICE} {{ed448}}", {}),
    "type-upper-case": (f"{_ALICE} SSH-ED25519 {{ed25519.blob}}", {}),
    "type-missing": (f"{_ALICE} {{ed25519.blob}}", {}),
    "base64-cut": (f"{_ALICE} ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA", {}),
    "base64-extra-padding": (f"{_ALICE} ssh-ed25519 {{ed25519.blob}}=", {}),
    "base64-bad-character": (f"{_ALICE} ssh-ed25519 !{{ed25519.blob}}", {}),
    "two-keys": (f"{_ALICE} {{ed25519}} bob@example.com {{rsa2048}}", {}),
    "wrapped": (f"{_ALICE}\n{{ed25519}}", {}),
    "bad-line-first": (f"garbage\n{_ALICE} {{ed25519}}", {}),
    "bad-option-first": (f"{_ALICE} foo {{rsa2048}}\n{_ALICE} {{ed25519}}", {}),
    "bad-key-first": (f"bob@example.com ssh-ed25519 AAAA\n{_ALICE} {{ed25519}}", {}),
    "other-key": (f"{_ALICE} {{ca}}", {}),
    "key-prefix": (f"{_ALICE} key::{{ed25519}}", {}),
}

_ELSEWHERE = {
    *("leading-hash", "principals-other", "principals-negated-itself", "principals-upper-case", "other-key"),
    *("principals-angle-brackets", "namespaces-other", "namespaces-upper-case-value", "namespaces-list-space"),
    *("valid-after-future", "valid-before-past", "authority-missing", "authority-other", "authority-plain-key-signs"),
    *("authority-other-principal-in-certificate", "authority-no-principals-in-certificate"),
    *("certificate-signs-plain-line", "certificate-line-key-signs"),
}
"""Lines that allow another signer, name, namespace or time, or that are comments."""

_PARTLY = {"namespaces-list-space-first-fits"}

_FOUND = (
    *(
        "plain",
        "principals-pattern",
        "principals-negated",
        "principals-quoted-space",
        "namespaces-other",
        "no-principal",
    ),
    *("valid-before-past", "authority", "authority-pattern", "certificate-line", "options-unknown", "bad-line-first"),
    *("crlf", "byte-order-mark", "principals-list-space", "other-key"),
)
"""The rows whose lines `-Y find-principals` is asked about too."""


def _rows() -> Iterator[Row]:
    for name, (line, more) in _LINES.items():
        context = {"principal": _ALICE, **more}
        yield Row("allowed_signers", name, line, context, name in _ELSEWHERE, name in _PARTLY)
    for name in _FOUND:
        line, more = _LINES[name]
        context = {"ask": "find-principals", **more}
        partly = name == "byte-order-mark"  # the mark is taken for a part of the name
        yield Row("allowed_signers", f"find/{name}", line, context, name in _ELSEWHERE, partly)


ALLOWED_SIGNERS: tuple[Row, ...] = tuple(_rows())
