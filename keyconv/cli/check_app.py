"""`keyconv check`, declared: its arguments, flags and help."""

from __future__ import annotations

from typing import Annotated, Literal, Optional

import typer

from keyconv.cli.declaring import Command
from keyconv.cli.flags import (
    AllowCostly,
    AsJson,
    Color,
    Jobs,
    NoInput,
    PassphraseEncoding,
    PassphraseEnv,
    PassphraseFd,
    PassphraseFile,
    Quiet,
    presets,
    rules,
)
from keyconv.cli.render import Screen
from keyconv.cli.running import run

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Declare the command on the program."""
    app.command(cls=Command, short_help="Check key files and folders by rules; made for CI.")(check)


def check(
    paths: Annotated[
        Optional[list[str]],
        typer.Argument(metavar="PATH...", help="Files, folders (gone through), patterns; - is standard input."),
    ] = None,
    report: Annotated[
        Optional[Literal["text", "json", "github", "gitlab", "sarif", "junit", "html"]],
        typer.Option("--format", help="The report's format [text; github where GITHUB_ACTIONS is set]."),
    ] = None,
    output: Annotated[
        Optional[str], typer.Option("-o", "--output", metavar="FILE", help="Write the report to a file.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a report that exists.")] = False,
    select: Annotated[
        Optional[list[str]],
        typer.Option(
            metavar="RULES",
            autocompletion=rules,
            help="Only these rules: names or groups, with commas; may be repeated.",
        ),
    ] = None,
    ignore: Annotated[
        Optional[list[str]],
        typer.Option(
            metavar="RULES", autocompletion=rules, help="Leave these rules out: names or groups, with commas."
        ),
    ] = None,
    exclude: Annotated[
        Optional[list[str]],
        typer.Option(metavar="PATTERN", help="Skip these files and folders, as in .gitignore; may be repeated."),
    ] = None,
    krl: Annotated[
        Optional[list[str]],
        typer.Option(metavar="FILE", help="Report keys and certificates that this KRL revokes; may be repeated."),
    ] = None,
    fail_on: Annotated[
        Optional[Literal["error", "warning", "info"]],
        typer.Option(help="The least severity that ends with exit code 1 [warning]."),
    ] = None,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 even if something was found.")] = False,
    baseline: Annotated[
        Optional[str], typer.Option(metavar="FILE", help="Report only findings that are not in this file.")
    ] = None,
    write_baseline: Annotated[
        bool, typer.Option("--write-baseline", help="Write today's findings to the --baseline FILE, and exit with 0.")
    ] = False,
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Show counts of each rule, not the findings.")
    ] = False,
    policy: Annotated[
        Optional[str],
        typer.Option(metavar="FILE", help="Read the settings here, not in the pyproject.toml or keyconv.toml around."),
    ] = None,
    preset: Annotated[
        Optional[str],
        typer.Option(
            metavar="NAME",
            autocompletion=presets,
            help="Settings by name: default, strict, ci-secret, authorized-keys.",
        ),
    ] = None,
    public_only: Annotated[
        bool, typer.Option("--public-only", help="A private key is a finding wherever it is.")
    ] = False,
    no_private_keys: Annotated[
        bool,
        typer.Option(
            "--no-private-keys", help="Look for private keys in any file, also inside other text, and for nothing else."
        ),
    ] = False,
    passed_over: Annotated[
        bool,
        typer.Option(
            "--skip-non-keys",
            "--passed-over",
            help="Skip named files that are not keys too, as in a folder: for hooks.",
        ),
    ] = False,
    env: Annotated[
        Optional[list[str]],
        typer.Option(metavar="NAME", help="Judge what an environment variable holds; it is never written to disk."),
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Fix in place what can be fixed and proved.")] = False,
    backup: Annotated[
        bool, typer.Option("--backup/--no-backup", help="Keep a copy (FILE.bak) of each file that --fix changes.")
    ] = True,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix would change, and change nothing.")] = False,
    jobs: Jobs = None,
    list_rules: Annotated[bool, typer.Option("--list", help="Print the table of all rules.")] = False,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Say also what was skipped and not looked for.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    passphrase_env: PassphraseEnv = None,
    passphrase_encoding: PassphraseEncoding = None,
    allow_costly_kdf: AllowCostly = False,
    no_input: NoInput = False,
    as_json: AsJson = False,
    color: Color = None,
    quiet: Quiet = False,
) -> None:
    """Check key files, whole trees of them, authorized_keys and known_hosts; made for CI.

    Exit code 0: nothing found at or above --fail-on; 1: something was; 2: usage; 3: a file could not be read. No
    passphrase is asked for: what is encrypted is judged as far as its text goes, and the report says so. In a folder,
    files that are not keys are skipped, as are .git and what git ignores.

    keyconv check ~/.ssh

    keyconv check --format sarif -o keys.sarif .

    keyconv check --baseline keys.json --write-baseline .
    """
    as_json = as_json or report == "json"

    def work(screen: Screen) -> int:
        from keyconv.cli import check as command
        from keyconv.cli.prompt import PassphraseSource

        if list_rules:
            from keyconv.cli import rule

            return rule.run_list(screen=screen)
        return command.run(
            tuple(paths or ()),
            command.CheckOptions(
                format="json" if as_json else report,
                output=output,
                force=force,
                select=tuple(select or ()),
                ignore=tuple(ignore or ()),
                exclude=tuple(exclude or ()),
                krl=tuple(krl or ()),
                fail_on=fail_on,
                exit_zero=exit_zero,
                baseline=baseline,
                write_baseline=write_baseline,
                statistics=statistics,
                policy=policy,
                preset=preset,
                public_only=public_only,
                no_private_keys=no_private_keys,
                passed_over=passed_over,
                env=tuple(env or ()),
                fix=fix,
                backup=backup,
                diff=diff,
                jobs=jobs or 0,
                verbose=verbose,
                passphrase=PassphraseSource(passphrase_file, passphrase_fd, passphrase_env),
                passphrase_encoding=passphrase_encoding,
                allow_costly=allow_costly_kdf,
            ),
            screen=screen,
        )

    run(work, quiet=quiet, as_json=as_json, color=color)
