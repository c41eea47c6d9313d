"""A scan of training data: who is in it for how long under which licence, as a summary for publication.

The sections are those of the European Commission's template for the public summary of training content (AI Act, Art.
53(1)(d); template of 24 July 2025). A scan knows of some; what only the provider knows is left open, and said to be.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from registry.domain.verdicts import Verdict
from registry.scanning.digest import digest_of_manifest
from registry.scanning.folder import TRAINING, TRAINING_PAGE, input_rows, read_json, result_rows, write_whole
from registry.scanning.names import NameAudit, NameList
from registry.scanning.page_parts import visible
from registry.scanning.results import PLAN, SUMMARY, Status
from registry.scanning.tally import COVERED

FORMAT: Final = "likeness-training-summary"
VERSION: Final = 1
MOST_SOURCES: Final = 1000
_REST: Final = ("(others)", "(others)", "(others)")
_TEMPLATE: Final = "European Commission, template for the public summary of training content, 24 July 2025"
_OPEN: Final = (
    "1.1 provider",
    "1.2 model",
    "2.1 publicly available datasets",
    "2.3 data crawled and scraped",
    "2.4 user data",
    "2.5 synthetic data",
    "3.2 removal of illegal content",
)
_OPT_OUTS: Final = frozenset({Verdict.OPTED_OUT_MATCH, Verdict.CONSENT_WITHDRAWN})


@dataclass
class _Source:
    inputs: int = 0
    assessed: int = 0
    seconds: float = 0.0
    speech_s: float = 0.0
    bytes: int = 0


def write_training(
    out: Path, names: NameList | None = None, coverage: Mapping[str, Sequence[Mapping[str, Any]]] | None = None
) -> None:
    """Write the summary of a scan of training data, as JSON and as Markdown.

    Args:
        out: folder of a scan whose plan, manifest, results and summary are whole.
        names: to look for in the texts of the manifest; None for no audit of names.
        coverage: by performer, how they stand to training at some moments; None where no licences were asked.

    Raises:
        InvalidInputError: one of those is absent, or cannot be read.
        ScanStorageError: a file cannot be written.
    """
    summary = training_summary(out, names, coverage)
    write_whole(out / TRAINING, json.dumps(summary, ensure_ascii=False, allow_nan=False, indent=2).encode() + b"\n")
    write_whole(out / TRAINING_PAGE, markdown(summary).encode())


def training_summary(
    out: Path, names: NameList | None, coverage: Mapping[str, Sequence[Mapping[str, Any]]] | None = None
) -> dict[str, Any]:
    """Answer the summary of a scan of training data; sections that a scan knows nothing of are listed as open."""
    plan, summary = read_json(out / PLAN), read_json(out / SUMMARY)
    performers = [
        one | {"coverage": None if coverage is None else list(coverage.get(one["performer"], ()))}
        for one in _performers(summary["performers"])
    ]
    licences = plan.get("licences")
    opted_out = [one for one in performers if one["verdict"] in _OPT_OUTS]
    return {
        "format": FORMAT,
        "version": VERSION,
        "template": _TEMPLATE,
        "scan": {
            "source": plan["source"],
            "started_at": plan["started_at"],
            "finished_at": summary["finished_at"],
            "manifest_sha256": digest_of_manifest(out).hexdigest(),
        },
        "general_information": {
            "modality": "audio",
            "inputs": summary["rows"],
            "assessed": summary["statuses"][Status.ASSESSED.value],
            "duplicates": summary["statuses"][Status.DUPLICATE.value],
            "not_assessed": summary["statuses"][Status.FAILED.value],
            "not_scanned": summary["statuses"][Status.NOT_SCANNED.value],
            "hours": round(summary["audio_s"] / 3600, 4),
            "speech_hours": round(summary["speech_s"] / 3600, 4),
            "bytes": summary["bytes"],
        },
        "data_sources": _sources(out),
        "reservations_of_rights": {
            "checked_at": None if licences is None else licences["as_of"],
            "licences_were_asked": licences is not None,
            "opt_outs_found": None if licences is None else len(opted_out),
            "opted_out": opted_out,
        },
        "performers": performers,
        "names": None if names is None else _audit(out, names),
        "open": list(_OPEN),
    }


def _performers(found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Answer a line for each performer who is matched and each verdict on them."""
    for name, findings in found.items():
        for one in findings:
            if one["outcome"] == "match":
                yield {
                    "performer": name,
                    "verdict": one["verdict"],
                    "covered": one["verdict"] in COVERED,
                    "licence_id": one["licence_id"] or None,
                    "files": one["files"],
                    "seconds": one["seconds"],
                    "distinct_files": one["distinct_files"],
                    "distinct_seconds": one["distinct_seconds"],
                }


def _sources(out: Path) -> list[dict[str, Any]]:
    """Answer how much there is of each project under each licence that is claimed, largest first; at most so many."""
    found: dict[tuple[str, str, str], _Source] = {}
    for row in result_rows(out):
        key = (row.project, row.licence, row.declared_use)
        if key not in found and len(found) >= MOST_SOURCES:
            key = _REST
        source = found.setdefault(key, _Source())
        source.inputs += 1
        if row.status is Status.ASSESSED:
            source.assessed += 1
            source.seconds += row.duration_s
            source.speech_s += row.speech_s
            source.bytes += row.size
    lines = [
        {
            "project": project or None,
            "licence_claimed": licence or None,
            "declared_use": use or None,
            "inputs": one.inputs,
            "assessed": one.assessed,
            "seconds": round(one.seconds, 3),
            "speech_s": round(one.speech_s, 3),
            "bytes": one.bytes,
        }
        for (project, licence, use), one in found.items()
    ]
    return sorted(lines, key=lambda line: -int(line["inputs"] or 0))


def _audit(out: Path, names: NameList) -> dict[str, Any]:
    audit = NameAudit(names)
    for row in input_rows(out):
        audit.add(row.number, row.name, row.text)
    return audit.as_json()


# --- Markdown --------------------------------------------------------------------------------------------------------

_GENERAL: Final = ("modality", "inputs", "hours", "speech_hours", "bytes", "duplicates", "not_assessed", "not_scanned")
_SOURCE: Final = ("project", "licence_claimed", "declared_use", "inputs", "seconds")
_STANDING: Final = (
    "performer",
    "at",
    "licensing_consent",
    "decided_on",
    "training",
    "opted_out",
    "licensed_for_training",
    "licences",
)
_PERFORMER: Final = ("performer", "verdict", "licence_id", "files", "seconds")


def markdown(summary: Mapping[str, Any]) -> str:
    """Answer the summary as a page for people; somebody else's words in it are no markup."""
    scan, said = summary["scan"], summary["general_information"]
    made_of = f"Source: {_words(scan['source'])}. Scanned {scan['started_at']}."
    made_of += f" Manifest SHA-256 `{scan['manifest_sha256']}`. Sections after: {summary['template']}."
    parts = [
        "# Training-data summary",
        made_of,
        "## 1. General information",
        _table(_GENERAL, [said]),
        "## 2. Data sources",
        _table(_SOURCE, summary["data_sources"]),
        "## 3. Reservations of rights",
        _rights(summary["reservations_of_rights"]),
        "### Registered performers found",
        _table(_PERFORMER, summary["performers"]) if summary["performers"] else "None.",
        *_coverage(summary["performers"]),
        *_names(summary["names"]),
        "## Left open",
        "A scan does not know: " + "; ".join(summary["open"]) + ". The provider adds it.",
        "A match is evidence and no proof; that nobody was found does not prove that nobody is in it.",
    ]
    return "\n\n".join(parts) + "\n"


def _rights(rights: Mapping[str, Any]) -> str:
    if not rights["licences_were_asked"]:
        return "No licences or opt-outs were asked in this scan: it compared voices only."
    return (
        f"Opt-outs of registered performers were checked at {rights['checked_at']}: {rights['opt_outs_found']} found."
    )


def _coverage(performers: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    lines = {
        (one["performer"], standing["at"]): {"performer": one["performer"], **standing, "licences": _terms(standing)}
        for one in performers
        for standing in one["coverage"] or ()
    }
    if lines:
        yield "### Consent and licences of these performers"
        yield _table(_STANDING, list(lines.values()))
        yield "This is no verdict: that asks for medium, territory, language and pay of each use as well."


def _terms(standing: Mapping[str, Any]) -> str | None:
    said = (
        f"{one['licence_id']}: {one['state']}, {one['starts_on']} to {one['ends_on']}, "
        f"{'with' if one['permits_training'] else 'without'} training"
        for one in standing["licences"]
    )
    return "; ".join(said) or None


def _names(names: Mapping[str, Any] | None) -> Iterator[str]:
    if names is None:
        return
    yield "### Names in texts"
    searched = f"{names['texts']} texts were searched for {names['searched']} names and aliases."
    yield f"{searched} A name in a text is no evidence of a voice."
    if names["found"]:
        yield _table(("name", "texts"), [{"name": name, "texts": count} for name, count in names["found"].items()])


def _table(columns: Sequence[str], lines: Sequence[Mapping[str, object]]) -> str:
    rows = [columns, ["---"] * len(columns), *([line[column] for column in columns] for line in lines)]
    return "\n".join(f"| {' | '.join(_words(cell) for cell in row)} |" for row in rows)


def _words(value: object) -> str:
    """Write a cell: of somebody else's words, nothing is markup."""
    if value is None:
        return "–"
    return "".join(f"\\{character}" if character in "\\`*[]<>|#!~&" else character for character in visible(str(value)))
