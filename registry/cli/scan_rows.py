"""Sending the rows of a scan to the registry that has its report: in parts, from wherever they got to before."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

from registry.cli.output import remark
from registry.cli.remote import RemoteRegistry
from registry.errors import ConflictError, RegistryUnreachableError
from registry.scanning.digest import line_of
from registry.scanning.folder import result_rows

USUAL_PART: Final = 4_000_000
"""Bytes of lines after which a part ends, at the end of a block."""
_TOLD_EVERY: Final = 10
"""Parts after which it is said how far the rows are."""


def send_rows(there: RemoteRegistry, scan_id: str, folder: Path) -> Mapping[str, Any]:
    """Send the rows that are not there yet, and answer the scan once all of them are shown.

    Args:
        there: the registry that has the report.
        scan_id: of the scan there.
        folder: of the scan here, which was checked.

    Raises:
        RegistryError: the registry says no, or does not answer: what is there stays, and the next time goes on from it.
    """
    at = f"/v1/scans/{scan_id}"
    standing = _mapping(there, there.get(f"{at}/rows"))
    if not standing["is_complete"]:
        _send(there, at, folder, standing)
        _complete(there, at)
    return _mapping(there, there.get(at))


def _send(there: RemoteRegistry, at: str, folder: Path, standing: Mapping[str, Any]) -> None:
    received, rows = int(standing["received"]), int(standing["rows"])
    if received:
        remark(f"{received} of {rows} rows are there from before")
    lines = (line_of(row.as_record()) for row in islice(result_rows(folder), received, None))
    for number, part in enumerate(_parts(lines, int(standing["block_rows"])), start=1):
        with tempfile.NamedTemporaryFile(suffix=".jsonl.gz") as packed:
            packed.write(gzip.compress(b"".join(part), 1, mtime=0))
            packed.flush()
            sent = there.send(
                f"{at}/rows",
                {"file": Path(packed.name)},
                key=f"rows-{at.rpartition('/')[2]}-{received}",
                fields={"first": str(received)},
            )
        received = int(_mapping(there, sent)["received"])
        if number % _TOLD_EVERY == 0:
            remark(f"{received} of {rows} rows are sent")


def _parts(lines: Iterator[bytes], block_rows: int) -> Iterator[list[bytes]]:
    """Yield lines, whole blocks of them together."""
    held, size = list[bytes](), 0
    while block := list(islice(lines, block_rows)):
        held += block
        size += sum(map(len, block))
        if size >= USUAL_PART:
            yield held
            held, size = [], 0
    if held:
        yield held


def _complete(there: RemoteRegistry, at: str) -> None:
    """Have the rows shown. It may take longer than an answer is waited for: then it is looked at whether it is done."""
    try:
        there.change(f"{at}/rows/complete", {}, key=f"rows-{at.rpartition('/')[2]}-complete")
    except (RegistryUnreachableError, ConflictError):
        if not _mapping(there, there.get(f"{at}/rows"))["is_complete"]:
            raise


def _mapping(there: RemoteRegistry, answer: Any) -> Mapping[str, Any]:
    if not isinstance(answer, Mapping):
        raise there.unreachable("answered something that a registry would not say")
    return answer
