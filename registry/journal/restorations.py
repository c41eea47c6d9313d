"""Restorations of a journal: the names it has had, and what was lost when it was put back to what a backup had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from registry.domain.events import EventType
from registry.domain.reading import parse_json
from registry.errors import InvalidInputError, OpeningMismatchError
from registry.journal.checkpoint import Checkpoint
from registry.journal.kept import KeptOpening
from registry.journal.leaf import Opening, verify_opening

_NAMES: Final = ("origin", "previous_origin", "size", "root_sha256")


@dataclass(frozen=True, slots=True)
class Restoration:
    """That a journal was put back to what it was, as a leaf of it says.

    Attributes:
        seq: number of the leaf.
        size: how many leaves were restored.
        root: over these.
        origin: the journal's name from there on.
        previous_origin: its name before.
        known: size and root of the newest checkpoint of what was lost that the registry knew of; None for none.
    """

    seq: int
    size: int
    root: bytes
    origin: str
    previous_origin: str
    known: tuple[int, str] | None

    @classmethod
    def read(cls, opening: KeptOpening) -> Restoration:
        """Read what a leaf is said to say; raises ValueError, KeyError or TypeError where that is something else."""
        said = opening.details
        origin, previous, size, root = (said[name] for name in _NAMES)
        if not isinstance(size, int) or not isinstance(root, str):
            raise TypeError("a size is a whole number, a root is text")
        known_size, known_root = said.get("known_size"), said.get("known_root_sha256")
        known = (known_size, str(known_root)) if isinstance(known_size, int) else None
        return cls(opening.seq, size, bytes.fromhex(root), str(origin), str(previous), known)

    def loses(self, checkpoint: Checkpoint) -> bool:
        """Whether a checkpoint is of leaves that were there before, and are not any more."""
        renamed = self.origin != self.previous_origin
        return renamed and checkpoint.origin == self.previous_origin and checkpoint.size > self.size

    def knows(self, checkpoint: Checkpoint) -> bool:
        """Whether the leaf names a checkpoint as the newest of what was lost."""
        return self.known == (checkpoint.size, checkpoint.root.hex())


def names_of(restorations: Sequence[Restoration]) -> set[str]:
    """Answer every name that a journal has had, as far as its restorations tell."""
    return {name for each in restorations for name in (each.previous_origin, each.origin)}


def says_so(leaf: bytes, opening: KeptOpening) -> bool:
    """Whether a leaf is about a restoration, and an opening its own."""
    try:
        verify_opening(leaf, Opening(opening.salt, opening.details))
        said = parse_json(leaf)
    except (OpeningMismatchError, InvalidInputError, ValueError):
        return False
    return isinstance(said, dict) and said.get("type") == EventType.REGISTRY_RESTORED
