"""What a signed report says of the rows of its scan: their hashes, and what is known of how they were made."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from registry.domain.reading import MAX_INTEGER, Node
from registry.errors import InvalidInputError, ScanReportError
from registry.scanning.digest import MOST_BLOCKS
from registry.scanning.results import FINDINGS, LAYOUT_VERSION
from registry.scanning.signing import REPORT_TYPE, open_claims

SOURCE: Final = "reported"
_MOST: Final = 2**31 - 1
_LONGEST: Final = 500
_DIGEST: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class SignedRows:
    """What a report signs of the rows.

    Attributes:
        rows: how many.
        sha256: over all of them.
        block_rows: rows of a block.
        blocks: the first 16 bytes of the SHA-256 of each, in hex.
        findings_sha256: of the lines of those in which somebody is found.
        plan: of the scan, as far as pages show it.
    """

    rows: int
    sha256: str
    block_rows: int
    blocks: Sequence[str]
    findings_sha256: str
    plan: Mapping[str, Any]


def read_signed_rows(report: str) -> SignedRows:
    """Read what a report that is on record signs of its rows.

    Args:
        report: compact JWS.

    Raises:
        ScanReportError: it says nothing of blocks, or in another form.
    """
    claims = Node(open_claims(report, typ=REPORT_TYPE).claims)
    try:
        found = _read(claims)
    except (ValueError, InvalidInputError) as error:
        raise ScanReportError(f"the report does not say what its rows are: {error}") from error
    if len(found.blocks) != -(-found.rows // found.block_rows):
        raise ScanReportError(
            f"the report signs {len(found.blocks)} blocks of {found.block_rows} of its {found.rows} rows",
            blocks=len(found.blocks),
            block_rows=found.block_rows,
            rows=found.rows,
        )
    return found


def _read(claims: Node) -> SignedRows:
    results = claims.member("results")
    return SignedRows(
        rows=results.member("rows").count(_MOST),
        sha256=results.member("sha256").sha256(),
        block_rows=results.member("block_rows").count(_MOST, least=1),
        blocks=results.member("blocks").each(lambda block: block.matching(_DIGEST), MOST_BLOCKS),
        findings_sha256=claims.member("files").member(FINDINGS).member("sha256").sha256(),
        plan=_plan(claims.member("plan")),
    )


def _plan(said: Node) -> dict[str, Any]:
    """Answer of a plan what is shown, and what another scan is compared by."""
    engine, gallery = said.member("engine"), said.member("gallery")
    calibration = engine.maybe("calibration_sha256")
    return {
        "layout": LAYOUT_VERSION,
        "source": SOURCE,
        "engine": {
            "version": _text(engine.member("version")),
            "spaces": list(engine.member("spaces").each(_text, _LONGEST)),
            "calibration_sha256": None if calibration is None else calibration.sha256(),
        },
        "gallery": {"id": _text(gallery.member("id")), "performers": gallery.member("performers").count(_MOST)},
        "operating_point": {
            "target_fpir": said.member("operating_point").member("target_fpir").figure(0, 1),
        },
        "expected_false_hits": said.member("expected_false_hits").figure(0, MAX_INTEGER),
    }


def _text(said: Node) -> str:
    return said.storable_text(_LONGEST, shortest=1)
