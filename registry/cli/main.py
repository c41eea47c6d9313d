"""``likeness``: the one console script. Only this module turns errors into words and exit codes.

Exit codes: 0 done and clean, 1 done and something was flagged, 2 usage, 3 some inputs failed, 4 the run failed.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

import typer

from registry import __version__
from registry.cli.late import MARKUP, LateGroup
from registry.errors import RegistryError
from registry.logs import warnings_on_standard_error

EXIT_FAILED = 4


class Commands(LateGroup):
    """Every command of ``likeness``: to add one, write its module and name it here."""

    summaries = {  # noqa: RUF012  (declared where the group is)
        "identify": "Say whose voice is in each file, against a gallery of folders.",
        "compare": "Say what recordings support: the performer, the declared source, both, or neither; and why.",
        "evaluate": "Measure the engine; a speaker who is not in the gallery counts as a stranger.",
        "scan": "Scan a training set or a catalogue, `likeness scan SOURCE --out DIR`; check and compare scans.",
        "gallery": "Gallery files: sealed voiceprints, without names, to search recordings with where these are.",
        "calibrate": (
            "Fit a calibration to your own recordings, and compare it with the active one on people it was not fitted "
            "on."
        ),
        "serve": "Serve the HTTP interface, with one worker beside it unless `LIKENESS_EMBEDDED_WORKER=false`.",
        "worker": "Run one worker: it loads the engine, follows the gallery, and does what waits in the queue.",
        "doctor": "Look at every part of the registry on this machine, and say what to do about any that do not work.",
        "purge": "Destroy what is past its time, and leave a certificate of it in the journal.",
        "export": (
            "Write everything about one performer into a zip: a JSON document, a CSV of each table, and digests of all."
        ),
        "restore": "Restore a backup into the empty database that the settings name.",
        "backup": "Backups. `likeness backup FOLDER` makes one; performers' keys lie in one file beside all of them.",
        "db": "The database's schema.",
        "keys": "The keys of the house.",
        "journal": "The journal: signed checkpoints, exports, and whether it is what was signed.",
        "account": "Accounts: who may come in.",
        "token": "API tokens.",
        "performer": "Performers: who is protected.",
        "explanation": "Explanations: what performers are told before they decide.",
        "consent": "Consents: what performers decide, and the receipts of it.",
        "spoken-statement": "Spoken statements: a consent, said aloud in the enrolled voice.",
        "receipt": "Receipts of decisions, checked without a registry.",
        "licence": "Licences: what was agreed, and what became of it.",
        "clearance": "Clearances: may I, and does the answer still hold?",
        "approach": "Approaches: who asked a performer for their voice, and what they answered.",
        "attestation": "Source attestations: whose voice a synthetic voice was made from.",
        "proposal": "What takes two operators: one proposes, another approves.",
        "pay": "Pay: what is owed, used and paid, and statements of it.",
        "signing-key": "A key of one's own to sign licences with; the registry never sees its private half.",
        "strike": "Strikes: every licence that one covers rests until it is over.",
        "review": "Reviews: findings that wait for a person, and what was decided.",
        "report": "Reports about cases and checks: fetched, and checked without the registry.",
        "case": "Cases: a dispute about whose voice a product has.",
        "notice": "Notices: what a claimant asks of whoever shows a recording. The registry sends none.",
        "webhook": "Webhooks: where organisations are told of what happens.",
    }


app = typer.Typer(
    name="likeness",
    cls=Commands,
    help="The likeness registry: whose voice is in a recording, and was that use licensed?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=MARKUP,
    add_completion=False,
)


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
    """Run one command and end the process with its exit code.

    Args:
        arguments: by default those that the process was started with.
    """
    try:
        with warnings_on_standard_error():
            app(args=list(arguments) if arguments is not None else None)
    except RegistryError as error:
        _tell(error)
        sys.exit(EXIT_FAILED)
    finally:
        if arguments is None:
            gc.freeze()  # the process ends: nobody need look through every module for garbage once more


def _tell(error: RegistryError) -> None:
    from rich.console import Console

    Console(stderr=True, soft_wrap=True).print(f"likeness: {error.detail}", style="bold red", markup=False)


if __name__ == "__main__":
    run()
