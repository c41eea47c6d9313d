"""Writing the report of a scan: pages for people, and a signed statement for `likeness scan verify`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from registry.scanning.digest import RowsDigest, block_rows, digest_of_manifest, line_of
from registry.scanning.finding_lines import finding_line
from registry.scanning.findings import Findings
from registry.scanning.folder import (
    ALWAYS_SIGNED,
    PAGES,
    SIGNED_IF_THERE,
    TRAINING,
    file_facts,
    read_json,
    result_rows,
    write_whole,
)
from registry.scanning.report_page import Report, report_page
from registry.scanning.results import FINDINGS, LAYOUT_VERSION, PLAN, REPORT, SUMMARY
from registry.scanning.signing import REPORT_TYPE, ScanKey, sign_claims
from registry.scanning.tables import replacing
from registry.scanning.words import Language
from registry.vault.signing import canonical


def write_report(out: Path, key: ScanKey) -> None:
    """Write the pages and the signed statement of a finished scan; all of it follows from the folder and the key.

    1. The rows are read once: hashed, the findings to show are picked, and ``findings.jsonl`` is put in place.
    2. The pages are put in place.
    3. ``report.json`` is put in place, which signs the hashes of everything else. That is the commit point: a folder
       without it has no report, whatever else is there; doing it again makes the same.

    Args:
        out: folder of a scan whose plan, manifest, results and summary are whole.
        key: to sign with.

    Raises:
        InvalidInputError: one of those is absent, or cannot be read.
        ScanStorageError: a file cannot be written.
    """
    plan, summary = read_json(out / PLAN), read_json(out / SUMMARY)
    manifest = digest_of_manifest(out)
    results, findings = RowsDigest(block_rows(summary["rows"])), Findings()
    with replacing(out / FINDINGS) as part, part.open("wb") as lines:
        for row in result_rows(out):
            results.add(row.as_record())
            findings.add(row)
            if (line := finding_line(row)) is not None:
                lines.write(line_of(line))
    report = Report(
        plan,
        summary,
        findings,
        manifest.hexdigest(),
        results.hexdigest(),
        key.thumbprint,
        read_json(out / TRAINING) if (out / TRAINING).exists() else None,
    )
    for language in Language:
        write_whole(out / PAGES[language], report_page(report, language).encode())
    signed_files = [*ALWAYS_SIGNED, *(name for name in SIGNED_IF_THERE if (out / name).exists())]
    claims = {
        "ver": LAYOUT_VERSION,
        "started_at": plan["started_at"],
        "finished_at": summary["finished_at"],
        "plan": plan,
        "summary": summary,
        "manifest": {"rows": manifest.rows, "sha256": manifest.hexdigest()},
        "results": {
            "rows": results.rows,
            "sha256": results.hexdigest(),
            "block_rows": block_rows(summary["rows"]),
            "blocks": results.blocks(),
        },
        "model_cards": {"calibration": hashlib.sha256(canonical(plan["calibration_card"])).hexdigest()},
        "files": {name: file_facts(out / name) for name in signed_files},
    }
    signed = {"jws": sign_claims(key, claims, typ=REPORT_TYPE), "report": claims}
    write_whole(out / REPORT, json.dumps(signed, ensure_ascii=False, allow_nan=False, indent=1).encode() + b"\n")
