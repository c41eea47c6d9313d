"""``likeness scan list``, ``show`` and ``cancel``: scans that a registry knows of, and that its workers run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from typer import Argument, Exit

from registry.cli.asking import asked, moment, row
from registry.cli.options import AsJson, CaFile, Registry, TokenFile
from registry.cli.output import print_facts, print_json, print_table, remark

ScanId = Annotated[str, Argument(metavar="SCAN_ID")]

_FLAGGED: Final = 1
_FAILED: Final = 4
_HEADINGS: Final = ("scan", "state", "done", "rows", "flagged", "failed", "kind", "made by", "since")
_ROW: Final = ("id", "state", "rows_done", "rows", "flagged", "failed", "kind", "origin", "created_at")
_SHOWN: Final = (
    *("id", "state", "origin", "kind", "organisation_id", "rows", "rows_done", "audio_s", "failed", "flagged"),
    *("findings", "unresolved", "gallery_file_id", "report_sha256", "signed_by", "created_at", "started_at"),
    *("finished_at", "has_rows", "rows_received_at", "version"),
)


def list_scans(
    *, registry: Registry, token_file: TokenFile = None, ca_file: CaFile = None, as_json: AsJson = False
) -> None:
    """List scans, newest first: those of your own organisation, or all of them for an operator."""
    with asked(registry, token_file, ca_file) as there:
        found = there.every("/v1/scans")
    if as_json:
        print_json(found)
    else:
        print_table(_HEADINGS, [row(each, *_ROW) for each in found])


def show(
    scan_id: ScanId,
    *,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
    as_json: AsJson = False,
) -> None:
    """Show how far a scan is, and what has come of it.

    Exit code 0: nothing is flagged so far; 1: something is; 4: it could not go on.
    """
    with asked(registry, token_file, ca_file) as there:
        found = there.record(f"/v1/scans/{scan_id}")
    if as_json:
        print_json(found)
    else:
        _print(found)
    raise Exit(_FAILED if found.get("state") == "failed" else _FLAGGED if found.get("flagged") else 0)


def cancel(
    scan_id: ScanId,
    *,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
    as_json: AsJson = False,
) -> None:
    """Have a scan stopped that the registry's workers run. The rows that are done, and their findings, stay."""
    with asked(registry, token_file, ca_file) as there:
        found = there.change(f"/v1/scans/{scan_id}/cancel", {})
    if as_json:
        print_json(found)
    else:
        _print(found)


def _print(found: Mapping[str, Any]) -> None:
    print_facts({name: moment(found.get(name)) if name.endswith("_at") else found.get(name) for name in _SHOWN})
    problem = found.get("problem")
    if isinstance(problem, Mapping):
        remark(str(problem.get("detail")))
