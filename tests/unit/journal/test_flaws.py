"""What was done to leaves is told from their hashes and those in the tree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.journal.flaws import MOST_FLAWS, Flaw, FlawKind, Flaws, name_differences

TREE = list("abcdefgh")
letters = st.lists(st.integers(0, 99), unique=True, max_size=12).map(lambda numbers: [str(each) for each in numbers])


def named(tree: list[str], leaves: list[str], behind: int = 0) -> list[Flaw]:
    flaws = Flaws()
    assert name_differences(tree, leaves, flaws, behind=behind) == (tree != leaves)
    return flaws.all()


@pytest.mark.parametrize(
    ("leaves", "kinds", "figures"),
    [
        ("abXdefgh", [FlawKind.LEAF_CHANGED], [{"seq": 3}]),
        ("XbcdefgY", [FlawKind.LEAF_CHANGED, FlawKind.LEAF_CHANGED], [{"seq": 1}, {"seq": 8}]),
        ("abfdecgh", [FlawKind.REORDERED], [{"first": 3, "last": 6}]),
        ("abdefgh", [FlawKind.LEAF_MISSING], [{"seq": 3}]),
        ("bcdefgh", [FlawKind.LEAF_MISSING], [{"seq": 1}]),
        ("abcXdefgh", [FlawKind.LEAF_ADDED], [{"seq": 4}]),
        ("abcdefghX", [FlawKind.LEAF_ADDED], [{"seq": 9}]),
        ("abcdef", [FlawKind.TRUNCATED], [{"leaves": 6, "tree": 8}]),
        ("", [FlawKind.TRUNCATED], [{"leaves": 0, "tree": 8}]),
        (
            "abXfgh",
            [FlawKind.LEAF_MISSING] * 3 + [FlawKind.LEAF_ADDED],
            [{"seq": 3}, {"seq": 4}, {"seq": 5}, {"seq": 3}],
        ),
    ],
)
def test_each_deed_has_its_name_and_place(leaves: str, kinds: list[FlawKind], figures: list[dict[str, int]]) -> None:
    found = named(TREE, list(leaves))
    assert [flaw.kind for flaw in found] == kinds
    assert [flaw.figures for flaw in found] == figures


def test_places_are_counted_from_the_beginning_of_the_journal() -> None:
    (flaw,) = named(TREE, list("abXdefgh"), behind=100)
    assert flaw.figures == {"seq": 103}
    (flaw,) = named(TREE, list("abc"), behind=100)
    assert flaw.figures == {"leaves": 103, "tree": 108}


@given(letters, letters)
def test_a_difference_is_always_named_and_none_is_made_up(tree: list[str], leaves: list[str]) -> None:
    assert bool(named(tree, leaves)) == (tree != leaves)
    assert named(tree, tree) == []


@given(letters, st.randoms(use_true_random=False))
def test_another_order_is_called_nothing_else(tree: list[str], random: object) -> None:
    leaves = list(tree)
    random.shuffle(leaves)  # type: ignore[attr-defined]
    assert {flaw.kind for flaw in named(tree, leaves)} <= {FlawKind.REORDERED}


def test_of_many_flaws_of_a_kind_some_are_named_and_all_are_counted() -> None:
    flaws = Flaws()
    for number in range(MOST_FLAWS + 5):
        flaws.add(FlawKind.LEAF_CHANGED, "changed", seq=number)
    flaws.add(FlawKind.FORKED, "forked")
    assert len(flaws.all()) == MOST_FLAWS + 2
    assert flaws.all()[-1] == Flaw(FlawKind.LEAF_CHANGED, "and 5 more of this kind", {"more": 5})
    assert FlawKind.FORKED in flaws
    assert FlawKind.TRUNCATED not in flaws
