"""The Merkle tree over the journal's leaves: roots, proofs, and what checks them (RFC 6962, section 2; RFC 9162, 2.1).

A *node* is the root of a complete subtree: of level 0 it is a leaf, of level n it covers 2**n leaves. Nodes never
change once they are complete, so that they can be kept: `Node.position` numbers them in the order in which they become
so. Any root and any proof is made of O(log n) of them. Hashes are SHA-256, 32 bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from hashlib import sha256
from typing import NamedTuple

from registry.errors import ProofInvalidError

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

_NODE_PREFIX = b"\x01"

Span = tuple[int, int]
"""The leaves from the first index up to, but without, the second."""


class Node(NamedTuple):
    """A complete subtree.

    Attributes:
        level: 0 for a leaf.
        place: among those of its level, from 0.
    """

    level: int
    place: int

    @property
    def position(self) -> int:
        """Its number, from 0, in the order in which nodes become complete; children come before their parent."""
        last = ((self.place + 1) << self.level) - 1
        return 2 * last - last.bit_count() + self.level


def node_hash(left: bytes, right: bytes) -> bytes:
    """Answer the hash of a node from those of its two children."""
    return sha256(_NODE_PREFIX + left + right).digest()


def complete(start: int, end: int) -> list[Node]:
    """Answer the complete subtrees that a span consists of, from left to right: O(log n) of them.

    Args:
        start: a multiple of the largest power of two that the span's length reaches, as in every subtree of RFC 6962.
        end: of the span.
    """
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append(Node(level, start >> level))
        start += 1 << level
    return nodes


def root(hashes: Sequence[bytes]) -> bytes:
    """Answer the root over a span from those of its `complete` subtrees; `EMPTY_ROOT` over none."""
    if not hashes:
        return EMPTY_ROOT
    return reduce(lambda right, left: node_hash(left, right), reversed(hashes))


class Tree:
    """The right edge of a tree: all that it takes to add leaves to it, and to tell its root.

    Args:
        size: how many leaves it has.
        roots: hashes of ``complete(0, size)``.
    """

    def __init__(self, size: int = 0, roots: Iterable[bytes] = ()) -> None:
        self.size = size
        self._roots = list(roots)

    def add(self, leaf: bytes) -> list[tuple[Node, bytes]]:
        """Add the hash of a leaf; answer the nodes that it makes complete, itself first, by position."""
        node, made = Node(0, self.size), [(Node(0, self.size), leaf)]
        while node.place % 2:
            leaf = node_hash(self._roots.pop(), leaf)
            node = Node(node.level + 1, node.place // 2)
            made.append((node, leaf))
        self._roots.append(leaf)
        self.size += 1
        return made

    @property
    def root(self) -> bytes:
        """The root over all leaves so far."""
        return root(self._roots)


# --- proofs ----------------------------------------------------------------------------------------------------------


def inclusion_path(index: int, size: int) -> list[Span]:
    """Answer the spans whose roots prove that a leaf is in a tree, lowest first (RFC 9162, section 2.1.3.1).

    Args:
        index: of the leaf, from 0; less than ``size``.
        size: of the tree.
    """
    start, end, path = 0, size, list[Span]()
    while end - start > 1:
        split = _split(start, end)
        if index < split:
            path.append((split, end))
            end = split
        else:
            path.append((start, split))
            start = split
    return path[::-1]


def consistency_path(first: int, second: int) -> list[Span]:
    """Answer the spans whose roots prove that one tree is the beginning of another (RFC 9162, section 2.1.4.1).

    Args:
        first: size of the smaller tree.
        second: size of the larger one, no less than ``first``.
    """
    if first in {0, second}:
        return []
    start, end, path = 0, second, list[Span]()
    while first != end:
        split = _split(start, end)
        if first <= split:
            path.append((split, end))
            end = split
        else:
            path.append((start, split))
            start = split
    if start:  # the smaller tree is not itself a subtree of the larger one: its last part is
        path.append((start, end))
    return path[::-1]


def nodes_of(path: Iterable[Span]) -> list[Node]:
    """Answer every node that a proof is made of."""
    return [node for span in path for node in complete(*span)]


def proof(path: Iterable[Span], hash_of: Callable[[Node], bytes]) -> list[bytes]:
    """Answer a proof: the root of each span, from the hashes of `nodes_of` it."""
    return [root([hash_of(node) for node in complete(*span)]) for span in path]


def _split(start: int, end: int) -> int:
    """Answer where a subtree is split: behind the largest power of two that is less than its length."""
    return start + (1 << ((end - start - 1).bit_length() - 1))


# --- what checks proofs ----------------------------------------------------------------------------------------------


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root_hash: bytes) -> None:
    """Refuse a proof that does not show that a leaf is in a tree, by RFC 9162, section 2.1.3.2.

    Args:
        leaf: the leaf's hash.
        index: of the leaf, from 0.
        size: of the tree.
        path: the proof.
        root_hash: of the tree.

    Raises:
        ProofInvalidError: it does not; figures ``index`` and ``size``.
    """
    failed = ProofInvalidError(f"this does not show that leaf {index} is in the tree of {size}", index=index, size=size)
    if not 0 <= index < size or not _are_hashes([leaf, root_hash, *path]):
        raise failed
    left, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise failed
        if left % 2 or left == last:
            found = node_hash(sibling, found)
            while left and not left % 2:
                left, last = left >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        left, last = left >> 1, last >> 1
    if last != 0 or found != root_hash:
        raise failed


def verify_consistency(first: int, second: int, path: Sequence[bytes], first_root: bytes, second_root: bytes) -> None:
    """Refuse a proof that does not show that one tree is the beginning of another, by RFC 9162, section 2.1.4.2.

    Args:
        first: size of the smaller tree.
        second: size of the larger one.
        path: the proof.
        first_root: of the smaller tree.
        second_root: of the larger one.

    Raises:
        ProofInvalidError: it does not; figures ``first`` and ``second``.
    """
    failed = ProofInvalidError(
        f"this does not show that the tree of {second} begins with that of {first}", first=first, second=second
    )
    if not 0 <= first <= second or not _are_hashes([first_root, second_root, *path]):
        raise failed
    if first in {0, second}:
        if path or first_root != (second_root if first == second else EMPTY_ROOT):
            raise failed
        return
    whole = [first_root, *path] if first.bit_count() == 1 else list(path)
    if not whole or _roots_shown(first, second, whole) != (first_root, second_root):
        raise failed


def _roots_shown(first: int, second: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Answer the roots of both trees by a proof of their consistency; None for one of another length."""
    left, last = first - 1, second - 1
    while left % 2:
        left, last = left >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if left % 2 or left == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while left and not left % 2:
                left, last = left >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        left, last = left >> 1, last >> 1
    return (old, new) if last == 0 else None


def _are_hashes(hashes: Iterable[bytes]) -> bool:
    return all(len(each) == HASH_BYTES for each in hashes)
