"""What can be wrong with a journal, by name, and how it is found out which of it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

MOST_FLAWS = 20
"""Of each kind that are named; of more it is said how many there are."""


class FlawKind(StrEnum):
    """What is wrong with a journal."""

    CHECKPOINT_INVALID = "checkpoint_invalid"
    """A checkpoint is malformed, altered, of another journal, or signed with another key."""
    FORKED = "forked"
    """Two signed checkpoints say different things: the journal was rewritten, or shown to people in two versions."""
    LEAF_CHANGED = "leaf_changed"
    """A leaf has other bytes than were hashed, or another hash than is in the tree."""
    LEAF_MISSING = "leaf_missing"
    """A leaf was taken out."""
    LEAF_ADDED = "leaf_added"
    """A leaf was put in between others."""
    REORDERED = "reordered"
    """Leaves stand in another order."""
    TRUNCATED = "truncated"
    """There are fewer leaves than were signed, or than are in the tree."""
    NOT_AS_SIGNED = "not_as_signed"
    """The leaves agree with each other, and are not those that were signed: some were changed, or moved."""
    TREE_CHANGED = "tree_changed"
    """A node that is kept is not that of the leaves."""
    OPENING_CHANGED = "opening_changed"
    """An opening is not that of its leaf."""
    LOST_IN_RESTORATION = "lost_in_restoration"
    """Leaves that were signed are gone: the journal was restored from an older backup, and says so."""
    TIMESTAMP_INVALID = "timestamp_invalid"
    """A time stamp is not of its checkpoint, or leads to none of the certificates that are trusted."""
    UNSIGNED = "unsigned"
    """There is no checkpoint by which the leaves could be checked."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong, in a sentence, with its numbers."""

    kind: FlawKind
    detail: str
    figures: Mapping[str, int | str] = field(default_factory=dict)


class Flaws:
    """What was found so far; of each kind the first `MOST_FLAWS`, and how many more."""

    def __init__(self) -> None:
        self._named: list[Flaw] = []
        self._counts: Counter[FlawKind] = Counter()

    def add(self, kind: FlawKind, detail: str, **figures: int | str) -> None:
        """Name one."""
        self._counts[kind] += 1
        if self._counts[kind] <= MOST_FLAWS:
            self._named.append(Flaw(kind, detail, figures))

    def __contains__(self, kind: FlawKind) -> bool:
        return kind in self._counts

    def all(self) -> list[Flaw]:
        """Answer everything that was named, and of what there is more."""
        more = {kind: count - MOST_FLAWS for kind, count in self._counts.items() if count > MOST_FLAWS}
        return self._named + [
            Flaw(kind, f"and {count} more of this kind", {"more": count}) for kind, count in more.items()
        ]


def name_differences(tree: Sequence[str], leaves: Sequence[str], flaws: Flaws, *, behind: int) -> bool:
    """Name what was done to leaves, from the hashes that the tree has of them and those that they have.

    What both have at their beginning and at their end is as it was. Of what is between: the same in another order was
    moved; what only the tree has was taken out, or cut off where nothing follows; what only the leaves have was put in;
    and as many of one as of the other were changed.

    Args:
        tree: hashes of leaves in the tree.
        leaves: hashes of the leaves themselves.
        flaws: where to name them.
        behind: how many leaves come before these.

    Returns:
        Whether there is any difference.
    """
    start = _common(tree, leaves)
    end = _common(tree[start:][::-1], leaves[start:][::-1])
    was, now = tree[start : len(tree) - end], leaves[start : len(leaves) - end]
    gone, new = list((Counter(was) - Counter(now)).elements()), list((Counter(now) - Counter(was)).elements())
    first, last = behind + start + 1, behind + start + max(len(was), len(now))
    if not gone and not new and was != now:
        flaws.add(FlawKind.REORDERED, f"the leaves {first} to {last} stand in another order", first=first, last=last)
    elif len(was) == len(now):
        for number, (one, other) in enumerate(zip(was, now, strict=True), first):
            if one != other:
                flaws.add(FlawKind.LEAF_CHANGED, f"leaf {number} is not the one in the tree", seq=number)
    elif not now and not end:
        there, in_tree = behind + len(leaves), behind + len(tree)
        flaws.add(
            FlawKind.TRUNCATED, f"there are {there} leaves, and {in_tree} in the tree", leaves=there, tree=in_tree
        )
    else:
        for number, digest in enumerate(was, first):
            if digest in gone:
                flaws.add(FlawKind.LEAF_MISSING, f"leaf {number} of the tree is not among the leaves", seq=number)
        for number, digest in enumerate(now, first):
            if digest in new:
                flaws.add(FlawKind.LEAF_ADDED, f"leaf {number} is not in the tree", seq=number)
    return was != now


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Answer how much two sequences have in common at their beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))
