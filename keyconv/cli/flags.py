"""Arguments and flags that several commands share, as typer reads them.

The modules that declare commands do without `from __future__ import annotations`, for typer evaluates annotations, each
twice: as strings they would have to be compiled for that at every start.
"""

from __future__ import annotations

from typing import Annotated, Literal, Optional

import typer

from keyconv.cli.declaring import COST, INPUT, OTHER, OUTPUT, PASSPHRASES


def readable() -> list[str]:
    """Return the names of the formats that can be read, for a shell's completion."""
    from keyconv.formats import FORMATS

    return [each.name for each in FORMATS if each.can.readable]


def writable() -> list[str]:
    """Return the names of the formats that can be written, for a shell's completion."""
    from keyconv.formats import FORMATS

    return [each.name for each in FORMATS if each.write]


def writable_public() -> list[str]:
    """Return the names of the public formats that can be written, for a shell's completion."""
    from keyconv.formats import FORMATS

    return [each.name for each in FORMATS if each.write and not each.can.private]


def rules() -> list[str]:
    """Return the names of the rules of `keyconv check`, for a shell's completion."""
    from keyconv.checks.rules import RULES

    return [each.name for each in RULES]


def presets() -> list[str]:
    """Return the names of the presets of `keyconv check`, for a shell's completion."""
    from keyconv.checks.policy import PRESETS

    return list(PRESETS)


Inputs = Annotated[list[str], typer.Argument(metavar="INPUT...", help="Key files; - is standard input.")]
From = Annotated[
    Optional[str],
    typer.Option(
        "--from",
        metavar="FORMAT",
        autocompletion=readable,
        rich_help_panel=INPUT,
        help="Read the input as this format, whatever it looks like.",
    ),
]
Key = Annotated[
    Optional[int],
    typer.Option("--key", metavar="N", min=1, rich_help_panel=INPUT, help="Which key of a file with several, from 1."),
]
PassphraseFile = Annotated[
    Optional[str],
    typer.Option(
        metavar="FILE", rich_help_panel=PASSPHRASES, help="The input's passphrase is the first line of this file."
    ),
]
PassphraseFd = Annotated[
    Optional[int],
    typer.Option(
        metavar="N",
        min=0,
        rich_help_panel=PASSPHRASES,
        help="The input's passphrase is the first line of this descriptor.",
    ),
]
PassphraseEnv = Annotated[
    Optional[str],
    typer.Option(
        metavar="NAME", rich_help_panel=PASSPHRASES, help="The input's passphrase is in this environment variable."
    ),
]
PassphraseEncoding = Annotated[
    Optional[str],
    typer.Option(
        metavar="NAME",
        rich_help_panel=PASSPHRASES,
        help="Try the input's passphrase in this encoding alone: cp1251, cp852, koi8-r.",
    ),
]
NoInput = Annotated[
    bool, typer.Option("--no-input", rich_help_panel=OTHER, help="Never ask for anything; fail instead.")
]
AllowCostly = Annotated[
    bool,
    typer.Option(
        "--allow-costly-kdf",
        rich_help_panel=COST,
        help="Run a key derivation above keyconv's limits of time and memory.",
    ),
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", rich_help_panel=OTHER, help="Say nothing but errors.")]
Color = Annotated[
    Optional[Literal["auto", "always", "never"]],
    typer.Option("--color", rich_help_panel=OTHER, help="Colours: always, never, or auto: on a terminal [auto]."),
]
AsJson = Annotated[
    bool, typer.Option("--json", rich_help_panel=OTHER, help="Print one JSON document; errors are JSON too.")
]
Output = Annotated[
    Optional[str],
    typer.Option(
        "-o", "--output", metavar="FILE", rich_help_panel=OUTPUT, help="Where to write; - is standard output."
    ),
]
Force = Annotated[
    bool, typer.Option("--force", rich_help_panel=OUTPUT, help="Replace a file that exists (never an input).")
]
Strict = Annotated[
    bool, typer.Option("--strict", rich_help_panel=OUTPUT, help="Refuse to lose anything that the target cannot hold.")
]
StrictLines = Annotated[
    bool, typer.Option("--strict", rich_help_panel=INPUT, help="Exit code 3 if a line of a file of lines holds no key.")
]
Comment = Annotated[
    Optional[str], typer.Option(metavar="TEXT", rich_help_panel=OUTPUT, help="Comment [default: the input's].")
]
AskNewPassphrase = Annotated[
    bool, typer.Option("--new-passphrase", rich_help_panel=PASSPHRASES, help="Ask for a new passphrase for the output.")
]
NewPassphraseFile = Annotated[
    Optional[str],
    typer.Option(
        metavar="FILE", rich_help_panel=PASSPHRASES, help="The output's passphrase is the first line of this file."
    ),
]
NewPassphraseFd = Annotated[
    Optional[int],
    typer.Option(
        metavar="N",
        min=0,
        rich_help_panel=PASSPHRASES,
        help="The output's passphrase is the first line of this descriptor.",
    ),
]
NewPassphraseEnv = Annotated[
    Optional[str],
    typer.Option(
        metavar="NAME", rich_help_panel=PASSPHRASES, help="The output's passphrase is in this environment variable."
    ),
]
NoPassphrase = Annotated[
    bool, typer.Option("--no-passphrase", rich_help_panel=PASSPHRASES, help="Write an unencrypted key.")
]
KdfFlavour = Annotated[
    Optional[Literal["argon2id", "argon2i", "argon2d"]],
    typer.Option(rich_help_panel=COST, help="For ppk: the flavour [argon2id]."),
]
KdfMemory = Annotated[
    Optional[int],
    typer.Option(metavar="KIB", min=8, max=2**32 - 1, rich_help_panel=COST, help="For ppk: memory [8192]."),
]
KdfPasses = Annotated[
    Optional[int],
    typer.Option(metavar="N", min=1, max=2**32 - 1, rich_help_panel=COST, help="For ppk: Argon2 passes."),
]
KdfTime = Annotated[
    Optional[int],
    typer.Option(
        metavar="MS", min=1, max=60_000, rich_help_panel=COST, help="For ppk: as many passes as take this long [100]."
    ),
]
KdfParallelism = Annotated[
    Optional[int], typer.Option(metavar="N", min=1, max=64, rich_help_panel=COST, help="For ppk: lanes [1].")
]
Rounds = Annotated[
    Optional[int],
    typer.Option(
        metavar="N",
        min=1,
        max=2**32 - 1,
        rich_help_panel=COST,
        help="For openssh: rounds of bcrypt [24]; pkcs8: iterations [600000].",
    ),
]
CipherName = Annotated[
    Optional[str],
    typer.Option(
        "--cipher", metavar="NAME", rich_help_panel=COST, help="For openssh [aes256-ctr], pem and pkcs8 [aes-256-cbc]."
    ),
]
Jobs = Annotated[
    Optional[int],
    typer.Option(
        "-j",
        "--jobs",
        metavar="N",
        min=0,
        max=256,
        rich_help_panel=OTHER,
        help="Parallel workers [default: 0 = one per CPU].",
    ),
]
