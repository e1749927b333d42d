"""Arguments and flags that several commands share, as typer reads them.

The modules that declare commands do without `from __future__ import annotations`, for typer evaluates annotations, each
twice: as strings they would have to be compiled for that at every start.
"""

from __future__ import annotations

from typing import Annotated, Literal, Optional

import typer

Inputs = Annotated[list[str], typer.Argument(metavar="INPUT...", help="Key files; - is standard input.")]
From = Annotated[
    Optional[str],
    typer.Option("--from", metavar="FORMAT", help="Read the input as this format, whatever it looks like."),
]
Key = Annotated[
    Optional[int], typer.Option("--key", metavar="N", min=1, help="Which key of a file with several, from 1.")
]
PassphraseFile = Annotated[
    Optional[str], typer.Option(metavar="FILE", help="The input's passphrase is the first line of this file.")
]
PassphraseFd = Annotated[
    Optional[int], typer.Option(metavar="N", min=0, help="The input's passphrase is the first line of this descriptor.")
]
PassphraseEnv = Annotated[
    Optional[str], typer.Option(metavar="NAME", help="The input's passphrase is in this environment variable.")
]
PassphraseEncoding = Annotated[
    Optional[str],
    typer.Option(metavar="NAME", help="Try the input's passphrase in this encoding alone: cp1251, cp852, koi8-r."),
]
NoInput = Annotated[bool, typer.Option("--no-input", help="Never ask for anything; fail instead.")]
AllowCostly = Annotated[
    bool, typer.Option("--allow-costly-kdf", help="Run a key derivation above keyconv's limits of time and memory.")
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing but errors.")]
Color = Annotated[
    Optional[Literal["auto", "always", "never"]],
    typer.Option("--color", help="Colours: always, never, or auto: on a terminal [auto]."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document; errors are JSON too.")]
Output = Annotated[
    Optional[str], typer.Option("-o", "--output", metavar="FILE", help="Where to write; - is standard output.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that exists (never an input).")]
Strict = Annotated[bool, typer.Option("--strict", help="Refuse to lose anything that the target cannot hold.")]
StrictLines = Annotated[bool, typer.Option("--strict", help="Exit code 3 if a line of a file of lines holds no key.")]
Comment = Annotated[Optional[str], typer.Option(metavar="TEXT", help="Comment [default: the input's].")]
AskNewPassphrase = Annotated[bool, typer.Option("--new-passphrase", help="Ask for a new passphrase for the output.")]
NewPassphraseFile = Annotated[
    Optional[str], typer.Option(metavar="FILE", help="The output's passphrase is the first line of this file.")
]
NewPassphraseFd = Annotated[
    Optional[int],
    typer.Option(metavar="N", min=0, help="The output's passphrase is the first line of this descriptor."),
]
NewPassphraseEnv = Annotated[
    Optional[str], typer.Option(metavar="NAME", help="The output's passphrase is in this environment variable.")
]
NoPassphrase = Annotated[bool, typer.Option("--no-passphrase", help="Write an unencrypted key.")]
KdfFlavour = Annotated[
    Optional[Literal["argon2id", "argon2i", "argon2d"]], typer.Option(help="For ppk: the flavour [argon2id].")
]
KdfMemory = Annotated[Optional[int], typer.Option(metavar="KIB", min=8, max=2**32 - 1, help="For ppk: memory [8192].")]
KdfPasses = Annotated[
    Optional[int], typer.Option(metavar="N", min=1, max=2**32 - 1, help="For ppk: passes over the memory.")
]
KdfTime = Annotated[
    Optional[int],
    typer.Option(metavar="MS", min=1, max=60_000, help="For ppk: as many passes as take this long [100]."),
]
KdfParallelism = Annotated[Optional[int], typer.Option(metavar="N", min=1, max=64, help="For ppk: lanes [1].")]
Rounds = Annotated[
    Optional[int],
    typer.Option(
        metavar="N", min=1, max=2**32 - 1, help="For openssh: rounds of bcrypt [24]; pkcs8: iterations [600000]."
    ),
]
CipherName = Annotated[
    Optional[str],
    typer.Option("--cipher", metavar="NAME", help="For openssh [aes256-ctr], pem and pkcs8 [aes-256-cbc]."),
]
Jobs = Annotated[
    Optional[int],
    typer.Option(
        "-j",
        "--jobs",
        metavar="N",
        min=0,
        max=256,
        help="Parallel workers [default: 0 = one per CPU].",
    ),
]
