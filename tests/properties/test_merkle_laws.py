"""Laws of the tree, against the recursive definitions of RFC 6962, section 2.1, written out as they stand there."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from registry.errors import ProofInvalidError
from registry.journal.merkle import (
    Node,
    Tree,
    complete,
    consistency_path,
    inclusion_path,
    nodes_of,
    proof,
    verify_consistency,
    verify_inclusion,
)

sizes = st.integers(1, 70)


def hashes(count: int) -> list[bytes]:
    return [sha256(b"\x00%d" % number).digest() for number in range(count)]


def largest_power_below(count: int) -> int:
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def mth(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = largest_power_below(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def audit_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = largest_power_below(len(leaves))
    if m < k:
        return [*audit_path(m, leaves[:k]), mth(leaves[k:])]
    return [*audit_path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: Sequence[bytes], *, whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = largest_power_below(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole=whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], whole=False), mth(leaves[:k])]


def grown(leaves: Sequence[bytes]) -> tuple[Tree, dict[Node, bytes]]:
    tree = Tree()
    return tree, {node: digest for leaf in leaves for node, digest in tree.add(leaf)}


@given(sizes)
def test_the_tree_that_grows_leaf_by_leaf_is_that_of_the_definition(size: int) -> None:
    tree, nodes = grown(hashes(size))
    assert tree.root == mth(hashes(size))
    for node, digest in nodes.items():
        start = node.place << node.level
        assert digest == mth(hashes(size)[start : start + (1 << node.level)])


@given(sizes)
def test_no_two_nodes_share_a_position_and_none_is_free(size: int) -> None:
    _, nodes = grown(hashes(size))
    assert [node.position for node in nodes] == list(range(len(nodes)))


@given(sizes, st.data())
def test_a_tree_goes_on_from_its_right_edge(size: int, data: st.DataObject) -> None:
    before = data.draw(st.integers(0, size))
    _, nodes = grown(hashes(size))
    tree = Tree(before, [nodes[node] for node in complete(0, before)])
    for leaf in hashes(size)[before:]:
        for node, digest in tree.add(leaf):
            assert nodes[node] == digest
    assert tree.root == mth(hashes(size))


@given(sizes, st.data())
def test_a_proof_of_a_leaf_is_that_of_the_definition_and_holds_for_no_other(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaves, (tree, nodes) = hashes(size), grown(hashes(size))
    made = proof(inclusion_path(index, size), nodes.__getitem__)
    assert made == audit_path(index, leaves)
    verify_inclusion(leaves[index], index, size, made, tree.root)
    other = data.draw(st.integers(0, size - 1))
    assume(other != index)
    with pytest.raises(ProofInvalidError):
        verify_inclusion(leaves[other], index, size, made, tree.root)
    with pytest.raises(ProofInvalidError):
        verify_inclusion(leaves[index], other, size, made, tree.root)


@given(sizes, st.data())
def test_a_proof_of_two_sizes_is_that_of_the_definition_and_holds_for_no_other_past(
    size: int, data: st.DataObject
) -> None:
    first = data.draw(st.integers(1, size))
    leaves, (tree, nodes) = hashes(size), grown(hashes(size))
    made = proof(consistency_path(first, size), nodes.__getitem__)
    assert made == subproof(first, leaves, whole=True)
    verify_consistency(first, size, made, mth(leaves[:first]), tree.root)
    changed = data.draw(st.integers(0, first - 1))
    leaves[changed] = sha256(b"another").digest()
    with pytest.raises(ProofInvalidError):
        verify_consistency(first, size, made, mth(leaves[:first]), tree.root)


@given(st.integers(1, 2**40), st.data())
def test_a_proof_in_a_very_large_tree_needs_few_nodes(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    for path in (inclusion_path(index, size), consistency_path(index, size)):
        assert len(path) <= 42
        assert len(nodes_of(path)) <= 42 + 41
