"""What counts as right and as wrong when conclusions are counted."""

from __future__ import annotations

import pytest

from benchmarks.reading import OTHERS, TRUTHS, Trial, by_system, summary
from registry.domain.conclusions import Conclusion


def trial(truth: str, conclusion: Conclusion, person: str = "one", others: str = "nearest") -> Trial:
    return Trial("development", "a system", person, truth, others, conclusion)


@pytest.mark.parametrize("truth", TRUTHS)
def test_what_is_left_to_documents_is_neither_right_nor_wrong(truth: str) -> None:
    for conclusion in (Conclusion.SOUND_ALIKE, Conclusion.INCONCLUSIVE):
        assert not trial(truth, conclusion).is_right
        assert not trial(truth, conclusion).is_wrong


@pytest.mark.parametrize(
    ("truth", "right"),
    [
        ("P", Conclusion.SUPPORTS_P),
        ("S", Conclusion.EXPLAINED_BY_S),
        ("neither", Conclusion.UNKNOWN_SOURCE),
        ("P, nobody declared", Conclusion.SUPPORTS_P),
        ("not P, nobody declared", Conclusion.UNKNOWN_SOURCE),
    ],
)
def test_everything_else_but_the_truth_is_wrong(truth: str, right: Conclusion) -> None:
    said = {Conclusion.SUPPORTS_P, Conclusion.EXPLAINED_BY_S, Conclusion.UNKNOWN_SOURCE}
    assert trial(truth, right).is_right
    assert not trial(truth, right).is_wrong
    assert all(trial(truth, wrong).is_wrong for wrong in said - {right})


def test_tables_count_voices_and_people() -> None:
    found = [
        trial("P", Conclusion.SUPPORTS_P),
        trial("P", Conclusion.EXPLAINED_BY_S),
        trial("P", Conclusion.UNKNOWN_SOURCE),
        trial("P", Conclusion.INCONCLUSIVE, person="other"),
    ]
    rows = summary(found)["rows"]
    assert len(rows) == 2 * len(TRUTHS) * len(OTHERS)
    (row,) = [row for row in rows if row[3] != "0"]
    assert row[:9] == ["development", "P", "nearest", "4", "1", "1", "0", "1", "1"]
    assert row[9].startswith("2 (1 of 2 people, ")
    assert by_system(found)["rows"] == [["a system", "development", "4", "1 / 1 / 2", *["0 / 0 / 0"] * 4]]
