"""The tree is that of RFC 6962: roots and proofs of Certificate Transparency's own tests.

Leaves, roots and proofs are those of ``proof/verify_test.go`` of github.com/transparency-dev/merkle, which took them
from the reference implementation.
"""

from __future__ import annotations

import pytest

from registry.errors import ProofInvalidError
from registry.journal.leaf import leaf_hash
from registry.journal.merkle import (
    EMPTY_ROOT,
    Node,
    Tree,
    consistency_path,
    inclusion_path,
    proof,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [
    bytes.fromhex(each)
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    bytes.fromhex(each)
    for each in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
A, B = (
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
)
INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        A,
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [B, "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0", ROOTS[4].hex()],
    (2, 3): [ROOTS[2].hex()],
    (1, 5): [ROOTS[1].hex(), A, B],
}
"""By index and size."""
CONSISTENCY = {
    (1, 1): [],
    (1, 8): INCLUSION[0, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        ROOTS[4].hex(),
    ],
    (2, 5): [A, B],
    (6, 7): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        ROOTS[4].hex(),
    ],
}
"""By both sizes."""


def all_nodes() -> dict[Node, bytes]:
    tree = Tree()
    return {node: digest for leaf in LEAVES for node, digest in tree.add(leaf_hash(leaf))}


@pytest.mark.parametrize("size", range(9))
def test_the_root_of_each_size_is_the_reference_one(size: int) -> None:
    tree = Tree()
    for leaf in LEAVES[:size]:
        tree.add(leaf_hash(leaf))
    assert (tree.size, tree.root) == (size, ROOTS[size])


def test_nodes_are_numbered_as_they_become_complete() -> None:
    assert [node.position for node in all_nodes()] == list(range(15))


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_an_inclusion_proof_is_the_reference_one_and_holds(index: int, size: int) -> None:
    made = proof(inclusion_path(index, size), all_nodes().__getitem__)
    assert [each.hex() for each in made] == INCLUSION[index, size]
    verify_inclusion(leaf_hash(LEAVES[index]), index, size, made, ROOTS[size])


@pytest.mark.parametrize(("first", "second"), CONSISTENCY)
def test_a_consistency_proof_is_the_reference_one_and_holds(first: int, second: int) -> None:
    made = proof(consistency_path(first, second), all_nodes().__getitem__)
    assert [each.hex() for each in made] == CONSISTENCY[first, second]
    verify_consistency(first, second, made, ROOTS[first], ROOTS[second])


def flipped(digest: bytes) -> bytes:
    return bytes([digest[0] ^ 8]) + digest[1:]


def corrupted(path: list[bytes], root: bytes) -> list[list[bytes]]:
    """Answer proofs that differ from a good one by a little."""
    wrong = [[*path, b""], [*path, root], [b"", *path], [root, *path], [*path, *path]]
    wrong += [[*path[:at], flipped(path[at]), *path[at + 1 :]] for at in range(len(path))]
    wrong += [path[:-1], path[1:], path[::-1], [path[0], ROOTS[0], *path[1:]]] if len(path) > 1 else []
    return [each for each in wrong if each != path]


@pytest.mark.parametrize(("index", "size"), [each for each in INCLUSION if each[1] > 1])
def test_nothing_but_the_proof_of_a_leaf_shows_that_it_is_there(index: int, size: int) -> None:
    path, leaf = [bytes.fromhex(each) for each in INCLUSION[index, size]], leaf_hash(LEAVES[index])
    wrong = [(leaf, index, size, each, ROOTS[size]) for each in corrupted(path, ROOTS[size])]
    wrong += [(leaf, other, size, path, ROOTS[size]) for other in (index - 1, index + 1, index ^ 2, size, -1)]
    wrong += [(leaf, index, other, path, ROOTS[size]) for other in (size * 2, size // 2, 0)]
    wrong += [(other, index, size, path, ROOTS[size]) for other in (b"leaf", flipped(leaf))]
    wrong += [(leaf, index, size, path, other) for other in (EMPTY_ROOT, b"", flipped(ROOTS[size]))]
    for leaf_, index_, size_, path_, root_ in wrong:
        with pytest.raises(ProofInvalidError) as caught:
            verify_inclusion(leaf_, index_, size_, path_, root_)
        assert caught.value.figures == {"index": index_, "size": size_}


@pytest.mark.parametrize(("first", "second"), [each for each in CONSISTENCY if each[0] != each[1]])
def test_nothing_but_the_proof_of_two_sizes_shows_that_one_continues_the_other(first: int, second: int) -> None:
    path, old, new = [bytes.fromhex(each) for each in CONSISTENCY[first, second]], ROOTS[first], ROOTS[second]
    wrong = [(first, second, each, old, new) for each in [*corrupted(path, new), []]]
    wrong += [(other, second, path, old, new) for other in (first - 1, first + 1, first ^ 2, second + 1)]
    wrong += [(first, other, path, old, new) for other in (second * 2, second // 2)]
    wrong += [(first, second, path, new, old), (first, second, path, flipped(old), new)]
    wrong += [(first, second, path, old, flipped(new)), (first, second, path, b"", new)]
    for first_, second_, path_, old_, new_ in wrong:
        with pytest.raises(ProofInvalidError):
            verify_consistency(first_, second_, path_, old_, new_)


@pytest.mark.parametrize(
    ("first", "second", "path", "old", "new"),
    [
        (0, 1, [], ROOTS[1], ROOTS[1]),
        (0, 1, [ROOTS[1]], ROOTS[0], ROOTS[1]),
        (1, 1, [], ROOTS[1], ROOTS[2]),
        (1, 1, [ROOTS[1]], ROOTS[1], ROOTS[1]),
        (2, 1, [], ROOTS[2], ROOTS[1]),
        (-1, 1, [], ROOTS[0], ROOTS[1]),
        (3, 5, [], ROOTS[3], ROOTS[5]),
    ],
)
def test_sizes_that_need_no_proof_are_looked_at_all_the_same(
    first: int, second: int, path: list[bytes], old: bytes, new: bytes
) -> None:
    with pytest.raises(ProofInvalidError):
        verify_consistency(first, second, path, old, new)


def test_every_tree_continues_the_empty_one() -> None:
    verify_consistency(0, 0, [], EMPTY_ROOT, EMPTY_ROOT)
    verify_consistency(0, 5, [], EMPTY_ROOT, ROOTS[5])
