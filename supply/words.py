"""The catalogues of translated words: ``python -m supply.words [ROOM…]`` brings ``.po`` files up to their source."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from registry.catalogues import update
from supply.packages import ROOT

ROOMS = ("registry", "api")


def catalogues(rooms: Sequence[str]) -> Iterator[Path]:
    """Answer every ``.po`` file under some folders: each translates the folder that its ``locale`` lies in."""
    for room in rooms:
        yield from sorted((ROOT / room).glob("**/locale/*.po"))


def main() -> None:
    """Write those of the rooms that are named, or of all; what is new in one waits for its translation."""
    for path in catalogues(sys.argv[1:] or ROOMS):
        update(path, [path.parent.parent])
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
