"""``likeness``: the one console script. Only this module turns errors into words and exit codes.

Exit codes: 0 done and clean, 1 done and something was flagged, 2 usage, 3 some inputs failed, 4 the run failed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

import typer
from rich.console import Console

from registry import __version__
from registry.cli import (
    account,
    approach,
    attestation,
    backup,
    clearance,
    consent,
    db,
    doctor,
    explanation,
    export,
    journal,
    keys,
    licence,
    pay,
    performer,
    proposal,
    purge,
    receipt,
    restore,
    serve,
    signing_key,
    spoken_statement,
    strike,
    token,
    webhook,
)
from registry.errors import RegistryError
from registry.logs import warnings_on_standard_error

EXIT_FAILED = 4

app = typer.Typer(
    name="likeness",
    help="The likeness registry: whose voice is in a recording, and was that use licensed?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    add_completion=False,
)


def _add_late(name: str, summary: str) -> None:
    """Add a command whose module brings torch, which takes seconds to load: it is imported when the command is run.

    All arguments go on as they are, ``--help`` among them, to the function of that name in the module of that name, or
    to its ``app`` where it has several.
    """

    def run_late(ctx: typer.Context) -> None:
        module = import_module(f"registry.cli.{name}")
        late = getattr(module, "app", None)
        if late is None:
            late = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode="markdown", add_completion=False)
            late.command()(getattr(module, name))
        late(args=ctx.args, prog_name=ctx.command_path)

    passing_on = {"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": False}
    app.command(name, help=summary, add_help_option=False, context_settings=passing_on)(run_late)


_add_late("identify", "Say whose voice is in each file, against a gallery of folders.")
_add_late("compare", "Compare a questioned voice with a performer, a declared source and a cohort.")
_add_late("evaluate", "Measure the engine on folders of labelled recordings.")
_add_late("scan", "Scan a training set or a catalogue: one row for every input, and a signed report.")
_add_late("gallery", "Issue gallery files, and say how they stand.")
_add_late("calibrate", "Fit a calibration to your own labelled recordings; nothing is activated.")
app.command("serve")(serve.serve)
app.command("worker")(serve.worker)
app.command("doctor")(doctor.doctor)
app.command("purge")(purge.purge)
app.command("export")(export.export)
app.command("restore")(restore.restore)
app.add_typer(backup.app, name="backup")
app.add_typer(db.app, name="db")
app.add_typer(keys.app, name="keys")
app.add_typer(journal.app, name="journal")
app.add_typer(account.app, name="account")
app.add_typer(token.app, name="token")
app.add_typer(performer.app, name="performer")
app.add_typer(explanation.app, name="explanation")
app.add_typer(consent.app, name="consent")
app.add_typer(spoken_statement.app, name="spoken-statement")
app.add_typer(receipt.app, name="receipt")
app.add_typer(licence.app, name="licence")
app.add_typer(clearance.app, name="clearance")
app.add_typer(approach.app, name="approach")
app.add_typer(attestation.app, name="attestation")
app.add_typer(proposal.app, name="proposal")
app.add_typer(pay.app, name="pay")
app.add_typer(signing_key.app, name="signing-key")
app.add_typer(strike.app, name="strike")
app.add_typer(webhook.app, name="webhook")


def _print_version(wanted: bool) -> None:  # noqa: FBT001  (typer's form of a flag)
    if wanted:
        typer.echo(f"likeness-registry {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: bool = typer.Option(  # noqa: FBT001  (typer's form of a flag, handled by its callback)
        False,  # noqa: FBT003  (the same)
        "--version",
        callback=_print_version,
        is_eager=True,
        help="Print the version and end.",
    ),
) -> None:
    """The likeness registry."""


def run(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code."""
    try:
        with warnings_on_standard_error():
            app(args=list(arguments) if arguments is not None else None)
    except RegistryError as error:
        Console(stderr=True, soft_wrap=True).print(f"likeness: {error.detail}", style="bold red", markup=False)
        sys.exit(EXIT_FAILED)


if __name__ == "__main__":
    run()
