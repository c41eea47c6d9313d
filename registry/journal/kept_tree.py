"""Whether the tree that is kept beside leaves is theirs, and if not, what was done: to the tree, or to the leaves."""

from __future__ import annotations

from collections.abc import Iterable

from registry.journal.flaws import FlawKind, Flaws, name_differences
from registry.journal.kept import Kept
from registry.journal.leaf import leaf_hash
from registry.journal.merkle import Node, Tree


def compare_nodes(kept: Kept, held: int, flaws: Flaws) -> None:
    """Compare the nodes that are kept with those of the leaves.

    Args:
        kept: the journal; nothing is said where it keeps no nodes.
        held: up to which leaf the leaves are known to be what was signed. A node of these alone that differs was
            changed; behind them the hashes that the tree has of leaves tell what was done to those.
        flaws: where to name what is found.
    """
    nodes = kept.nodes()
    if nodes is None:
        return
    reader, tree, behind = _Reader(nodes), Tree(), list[int]()
    for leaf in kept.leaves():
        for node, digest in tree.add(leaf_hash(leaf.leaf)):
            if reader.take(node.position) == digest.hex():
                continue
            if tree.size <= held:
                _tree_changed(node.position, flaws)
            else:
                behind.append(node.position)
    if (behind or reader.has_more()) and not _name_leaves(kept, held, flaws):
        for position in behind:
            _tree_changed(position, flaws)


class _Reader:
    """Reads nodes by position, some of which may not be there."""

    def __init__(self, nodes: Iterable[tuple[int, str]]) -> None:
        self._nodes = iter(nodes)
        self._next = next(self._nodes, None)

    def take(self, position: int) -> str | None:
        """Answer the hash of a node; positions only go up."""
        while self._next is not None and self._next[0] < position:
            self._next = next(self._nodes, None)
        if self._next is None or self._next[0] != position:
            return None
        digest = self._next[1]
        self._next = next(self._nodes, None)
        return digest

    def has_more(self) -> bool:
        """Whether there are nodes behind those that were taken."""
        return self._next is not None


def _name_leaves(kept: Kept, held: int, flaws: Flaws) -> bool:
    """Name what was done to leaves behind those that hold; answer whether anything was."""
    leaves = [leaf_hash(leaf.leaf).hex() for leaf in kept.leaves()]
    in_tree = dict(kept.nodes() or ())
    last = max(in_tree, default=-1)
    hashes = list[str]()
    while (position := Node(0, len(hashes)).position) <= last:
        of_leaf = leaves[len(hashes)] if len(hashes) < len(leaves) else ""
        hashes.append(in_tree.get(position, of_leaf))  # a node that is not there says nothing against its leaf
    return name_differences(hashes[held:], leaves[held:], flaws, behind=held)


def _tree_changed(position: int, flaws: Flaws) -> None:
    flaws.add(FlawKind.TREE_CHANGED, f"node {position} of the tree is not that of the leaves", position=position)
