"""The rows of a scan that was reported, sent part by part: ``python -m benchmarks.sent_rows [--rows 1000000]``.

A report is made up: of every thousand rows one is a match, and all others were heard with nobody in them. The rows are
sent in parts of 4 MB, as `likeness scan submit --rows` sends them, to the verbs behind the API, with SQLite; what is
measured is the registry's side alone, in seconds of a processor, with the memory that the process had at most.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "unit" / "services"), str(ROOT / "tests" / "unit" / "media")]

from filing import Filing, enrolled  # noqa: E402  (a registry and a studio, which the tests have already)
from reporting import Scanned, heard  # noqa: E402
from steps import Clock, Registry, candidate  # noqa: E402

from registry.domain.ids import IdFactory  # noqa: E402
from registry.domain.scan_requests import ScanPlaces  # noqa: E402
from registry.media.decode import Decoder  # noqa: E402
from registry.media.speech import SpeechDetector  # noqa: E402
from registry.scanning.digest import RowsDigest, block_rows, line_of  # noqa: E402
from registry.scanning.finding_lines import finding_line  # noqa: E402
from registry.scanning.folder import result_rows  # noqa: E402
from registry.scanning.receiving import receive_scan  # noqa: E402
from registry.scanning.receiving_rows import USUAL_PART, complete_rows, receive_rows  # noqa: E402
from registry.scanning.results import FINDINGS, REPORT, ResultRow  # noqa: E402
from registry.scanning.served_files import results_file  # noqa: E402
from registry.scanning.signing import REPORT_TYPE, scan_key, sign_claims  # noqa: E402
from registry.services.context import Context, Thresholds  # noqa: E402
from registry.store.blobs import BlobStore  # noqa: E402
from registry.store.database import Database  # noqa: E402
from registry.vault.keys import FileKeyring  # noqa: E402
from registry.vault.voiceprints import VoiceprintVault  # noqa: E402

EVERY: Final = 1000
"""Of so many rows one is a match."""


def main() -> None:
    """Make a report, file it, send its rows, and say what that took."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=1_000_000)
    rows = asked.parse_args().rows
    with tempfile.TemporaryDirectory() as folder, Decoder() as decoder:
        _measure(_filing(Path(folder), decoder), rows)


def _filing(folder: Path, decoder: Decoder) -> Filing:
    """Answer a new registry on SQLite with a studio, and a performer who may be looked for."""
    clock = Clock(datetime.now(UTC))
    keys = FileKeyring.create(folder / "keyring.json", clock(), os.urandom)
    database = Database(f"sqlite:///{folder / 'registry.sqlite3'}")
    database.upgrade()
    ctx = Context(
        database=database,
        clock=clock,
        ids=IdFactory(os.urandom),
        random_bytes=os.urandom,
        keys=keys,
        vault=VoiceprintVault(keys, os.urandom),
        spool=BlobStore(str(folder / "spool")),
        decoder=decoder,
        detector=SpeechDetector(),
        thresholds=Thresholds(withdrawal_confirmation_s=0.2),
        scan_places=ScanPlaces(folder / "scans"),
    )
    return Filing(Registry(ctx, clock), folder)


def _measure(filing: Filing, rows: int) -> None:
    registry = filing.registry
    performer_id = enrolled(registry, "Ada Lind")
    scan = Scanned(filing, filing.export("one.gallery").manifest)
    registry.clock.move(hours=1)
    folder = scan.write(filing.folder / "scan", [heard(0, *scan.hear(candidate(performer_id))), heard(1)])
    match, nobody = (row.as_record() for row in result_rows(folder))
    report, findings = _report(filing, folder, _records(match, nobody, rows), rows)
    filed = receive_scan(registry.ctx, filing.studio, report=report, findings=findings).scan
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines, first, sent, busy, began = _lines(match, nobody, rows), 0, 0, 0.0, time.monotonic()
    step = block_rows(rows)
    while part := _part(lines, step):
        content = gzip.compress(b"".join(part), 1)
        at = time.process_time()
        first = receive_rows(registry.ctx, filing.studio, filed.id, first=first, content=content).received
        busy += time.process_time() - at
        sent += len(content)
    at = time.process_time()
    done = complete_rows(registry.ctx, filing.studio, filed.id)
    completing = time.process_time() - at
    table = results_file(registry.ctx, filing.studio, filed.id).stat().st_size
    print(
        json.dumps(
            {
                "rows": rows,
                "shown": done.has_rows,
                "sent_mb": round(sent / 1e6, 1),
                "table_mb": round(table / 1e6, 1),
                "parts_s": round(busy, 1),
                "complete_s": round(completing, 1),
                "wall_s": round(time.monotonic() - began, 1),
                "memory_before_mb": round(before),
                "memory_most_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            }
        )
    )


def _part(lines: Iterator[bytes], step: int) -> list[bytes]:
    held, size = list[bytes](), 0
    while size < USUAL_PART and (block := list(islice(lines, step))):
        held += block
        size += sum(map(len, block))
    return held


def _records(match: dict[str, Any], nobody: dict[str, Any], rows: int) -> Iterator[dict[str, Any]]:
    for number in range(rows):
        one = match if number % EVERY == 0 else nobody
        digest = hashlib.sha256(b"%d" % number).hexdigest()
        yield {**one, "number": number, "name": f"reel/{number}.wav", "locator": f"/in/{number}.wav", "sha256": digest}


def _lines(match: dict[str, Any], nobody: dict[str, Any], rows: int) -> Iterator[bytes]:
    return (line_of(record) for record in _records(match, nobody, rows))


def _report(filing: Filing, folder: Path, records: Iterator[dict[str, Any]], rows: int) -> tuple[bytes, bytes]:
    """Answer a signed report over rows that were made up, and its findings."""
    claims = json.loads((folder / REPORT).read_text(encoding="utf-8"))["report"]
    digest, found, matches = RowsDigest(block_rows(rows)), list[bytes](), 0
    for record in records:
        digest.add(record)
        if record["outcome"] == "match":
            matches += 1
            line = finding_line(ResultRow.of(record))
            found.append(line_of(line or {}))
    summary, content = claims["summary"], b"".join(found)
    (performer,) = summary["performers"].values()
    performer[0] |= {"files": matches, "distinct_files": matches}
    summary |= {
        "rows": rows,
        "flagged": matches,
        "statuses": summary["statuses"] | {"assessed": rows},
        "outcomes": {"match": matches, "no_match": rows - matches},
        **{name: round(summary[name] / 2 * rows, 3) for name in ("audio_s", "speech_s")},
        "bytes": summary["bytes"] // 2 * rows,
    }
    claims["manifest"]["rows"] = rows
    claims["results"] = {
        "rows": rows,
        "sha256": digest.hexdigest(),
        "block_rows": block_rows(rows),
        "blocks": digest.blocks(),
    }
    claims["files"][FINDINGS] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    jws = sign_claims(scan_key(filing.folder / "scan-key.json"), claims, typ=REPORT_TYPE)
    return json.dumps({"jws": jws, "report": claims}).encode(), content


if __name__ == "__main__":
    main()
