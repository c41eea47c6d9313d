"""The licence texts of everything that is installed, in one file, for whoever passes an installation on.

``python -m supply.notices > NOTICES.txt`` (``make notices``). A package whose wheel has no text is named with its
licence; the text is then to be had from where the licence is published.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from supply.packages import Package, packages

_TEXT = re.compile(
    r"(licen[cs]e|copying|notice|authors|third.?party)[^/]*(\.(txt|md|rst|bsd|apache))?\Z|/licen[cs](es|ing)/",
    re.IGNORECASE,
)
_RULE = "=" * 100
ROOT = Path(__file__).parents[1]


def notices(package: Package) -> Iterator[str]:
    """Answer a heading for the package, and each text that its wheel has of licences and notices."""
    yield f"{_RULE}\n{package.name} {package.version}: {package.licence}\n{_RULE}\n"
    for bundled in package.bundled:
        yield f"inside of it: {bundled.name}: {bundled.licence}\n"
    texts = [file for file in metadata.files(package.name) or () if _is_text(str(file))]
    for file in texts:
        place = Path(str(file.locate()))
        text = place.read_text(encoding="utf-8", errors="replace") if place.is_file() else ""
        yield f"\n--- {file.name}\n\n{text.strip()}\n"
    if not texts:
        yield f"\nIts package has no text of {package.licence}.\n"


def inside() -> Iterator[str]:
    """Answer a heading, and each text that lies in the project itself beside what it is of: a typeface, a script."""
    yield f"{_RULE}\nInside of the registry itself\n{_RULE}\n"
    for place in sorted(path for name in ("api", "registry") for path in (ROOT / name).rglob("*LICENSE*")):
        yield f"\n--- {place.relative_to(ROOT)}\n\n{place.read_text(encoding='utf-8').strip()}\n"


def _is_text(path: str) -> bool:
    return bool(_TEXT.search(path)) and not path.endswith((".py", ".pyc", ".so"))


def main() -> None:
    """Print the notices of all that is pinned; with ``--installed``, of what is installed here of it."""
    for package in packages(installed_only="--installed" in sys.argv):
        for part in notices(package):
            sys.stdout.write(part)
    for part in inside():
        sys.stdout.write(part)


if __name__ == "__main__":
    main()
