"""A journal as it is kept somewhere: in the registry's database, or in a folder that it was exported to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from registry.domain.events import Detail


@dataclass(frozen=True, slots=True)
class KeptLeaf:
    """A leaf as it is kept.

    Attributes:
        seq: its number, from 1.
        leaf: its bytes.
        leaf_sha256: the hash that is kept with it, in hex.
        said: members of the leaf that are kept beside it as well, by name.
    """

    seq: int
    leaf: bytes
    leaf_sha256: str
    said: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeptOpening:
    """What opens the leaf of a number."""

    seq: int
    salt: bytes
    details: Mapping[str, Detail]


class Kept(Protocol):
    """A journal as it is kept somewhere. Each method may be called several times, and answers the same each time."""

    def leaves(self) -> Iterator[KeptLeaf]:
        """Answer all leaves as they lie there, in the order in which they do."""
        ...

    def nodes(self) -> Iterator[tuple[int, str]] | None:
        """Answer position and hash of every node that is kept, by position; None where none are."""
        ...

    def openings(self) -> Iterator[KeptOpening]:
        """Answer the openings that are kept."""
        ...

    def checkpoints(self) -> Iterator[str]:
        """Answer the signed notes that are kept."""
        ...

    def restorations(self) -> Iterator[KeptOpening]:
        """Answer what opens the leaves that say that the journal was restored from a backup, oldest first."""
        ...

    def timestamps(self) -> Iterator[tuple[int, bytes]]:
        """Answer the time stamps that are kept: size of the checkpoint, and the response of the authority."""
        ...
