"""``likeness scan submit``: the signed report of a scan, filed with the registry whose gallery file was searched."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from typer import Argument, BadParameter, Exit, Option

from registry.cli.options import AsJson, CaFile, RegistryUrl, TokenFile
from registry.cli.output import print_facts, print_json
from registry.cli.remote import RemoteRegistry, read_access
from registry.cli.scan_rows import send_rows
from registry.errors import InvalidInputError
from registry.scanning.results import FINDINGS, REPORT
from registry.scanning.verify import verify_scan

_FLAGGED: Final = 1
_SHOWN: Final = ("id", "state", "rows", "flagged", "findings", "unresolved", "has_rows", "signed_by", "report_sha256")


def submit(
    folder: Annotated[Path, Argument(metavar="DIR", help="Folder of a scan.", exists=True, file_okay=False)],
    *,
    registry: RegistryUrl = None,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
    thumbprint: Annotated[
        str | None, Option(metavar="T", help="Thumbprint of the key that should have signed (RFC 7638).")
    ] = None,
    rows: Annotated[
        bool, Option("--rows", help="Send every row as well, so that they can be read, compared and drawn from there.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """File the report of a scan with the registry whose gallery file it searched. No recording is sent.

    The folder is checked first, as `likeness scan verify` does. Filed again, it is the same scan; rows go on where they
    were stopped.

    Exit code 0: nothing was flagged; 1: something was; 4: it was refused, or could not be filed.
    """
    if registry is None:
        raise BadParameter("say with --registry URL where it is filed")
    _require_fit(folder, thumbprint)
    with RemoteRegistry(read_access(registry, token_file, ca_file)) as there:
        filed = file_report(there, folder)
        if rows:
            filed = send_rows(there, str(filed["id"]), folder)
    if as_json:
        print_json(filed)
    else:
        print_filed(filed)
    raise Exit(_FLAGGED if filed.get("flagged") else 0)


def print_filed(filed: Mapping[str, Any]) -> None:
    """Print what the registry made of a report, for a person."""
    print_facts({name: filed.get(name) for name in _SHOWN})


def _require_fit(folder: Path, thumbprint: str | None) -> None:
    """Refuse what the registry would refuse, before anything is sent.

    Raises:
        InvalidInputError: the folder is not as it was signed, or the scan searched no gallery file.
    """
    verification = verify_scan(folder, thumbprint)
    if not verification.holds:
        first = verification.problems[0]
        raise InvalidInputError(
            f"{folder} is not as it was signed, in {verification.count} places; the first is {first.where}: "
            f"{first.detail}",
            problems_found=verification.count,
        )
    if not verification.plan.get("gallery_file"):
        raise InvalidInputError(
            f"{folder} is of a scan that searched no gallery file: whom it found, the registry could not tell",
        )


def file_report(there: RemoteRegistry, folder: Path) -> Mapping[str, Any]:
    """Send report and findings of a scan, and answer what the registry made of them.

    Raises:
        RegistryError: the registry says no, or does not answer.
    """
    report = folder / REPORT
    key = f"scan-{hashlib.sha256(report.read_bytes()).hexdigest()}"
    filed = there.send("/v1/scans", {"report": report, "findings": folder / FINDINGS}, key=key)
    if not isinstance(filed, Mapping) or "id" not in filed:
        raise there.unreachable("answered something that a registry would not say")
    return filed
