"""Keeps the tables of `docs/accuracy.md` the measured ones: figures in ``docs/accuracy/*.json`` make the page.

    python -m benchmarks.tables

A benchmark writes its tables as JSON, with the calibration that they were measured with. The page holds each table
between ``<!-- NAME:begin -->`` and ``<!-- NAME:end -->``; a test compares them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

from registry.engine.calibration import ARTEFACT, CALIBRATION_SHA256
from registry.engine.identify import Engine

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "accuracy.md"
FIGURES = ROOT / "docs" / "accuracy"


class Table(TypedDict):
    """A table of words, with a note below it, which may be empty."""

    headings: list[str]
    rows: list[list[str]]
    note: str


def main() -> None:
    """Put every table into the page."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(filled(page, tables_in(FIGURES)), encoding="utf-8")


def made_with(engine: Engine) -> dict[str, Any]:
    """Answer what figures were measured with."""
    identity = engine.identity
    return {
        "artefact": ARTEFACT,
        "calibration_sha256": CALIBRATION_SHA256,
        "engine": {"version": identity.version, "spaces": list(identity.spaces), "calibration": identity.calibration},
    }


def write_tables(file: Path, content: Mapping[str, Any]) -> None:
    """Write figures, and put their tables into the page when they belong to it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    if file.resolve().parent == FIGURES and PAGE.exists():
        main()


def tables_in(folder: Path) -> dict[str, Table]:
    """Answer every table in the JSON files of a folder, by name."""
    found: dict[str, Table] = {}
    for file in sorted(folder.glob("*.json")):
        found |= json.loads(file.read_text(encoding="utf-8"))["tables"]
    return found


def filled(page: str, tables: Mapping[str, Table]) -> str:
    """Answer a page with each table between its marks; tables without marks are left out."""
    for name, table in tables.items():
        marks = re.compile(rf"(<!-- {re.escape(name)}:begin -->\n).*?(<!-- {re.escape(name)}:end -->)", re.DOTALL)
        shown = markdown(table).replace("\\", r"\\")
        page = marks.sub(rf"\g<1>{shown}\g<2>", page)
    return page


def markdown(table: Table) -> str:
    """Write a table as Markdown."""
    lines = [_line(table["headings"]), _line(["---"] * len(table["headings"])), *map(_line, table["rows"])]
    note = f"\n{table['note']}\n" if table["note"] else ""
    return "\n".join(lines) + "\n" + note


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    main()
