"""The table of packages in ``docs/third-party.md``: ``python -m supply.table`` writes it into the page."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from supply.packages import ROOT, Package, packages

PAGE = ROOT / "docs" / "third-party.md"
BEGIN, END = "<!-- packages:begin -->\n", "<!-- packages:end -->"
COPYLEFT = ("GPL", "MPL")  # AGPL and LGPL among them


def table(found: Iterable[Package]) -> str:
    """Answer the table: package, licence, what brings it, and what is inside of its wheel or else to be known."""
    rows = ["| package | licence | with | to be known |", "|---|---|---|---|"]
    for package in found:
        uses = ", ".join(package.uses)
        rows.append(f"| {package.name} | {_marked(package.licence)} | {uses} | {' '.join(_known(package))} |")
    return "\n".join(rows) + "\n"


def _known(package: Package) -> Iterator[str]:
    if package.note:
        yield package.note
    if package.bundled:
        inside = "; ".join(f"{each.name} ({_marked(each.licence)})" for each in package.bundled)
        yield f"Inside: {inside}."


def _marked(licence: str) -> str:
    """Set a licence that asks something of whoever passes the package on in bold."""
    return f"**{licence}**" if any(word in licence for word in COPYLEFT) else licence


def main() -> None:
    """Write the table between its marks."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    PAGE.write_text(f"{before}{BEGIN}{table(packages())}{END}{after}", encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
