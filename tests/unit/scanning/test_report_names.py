"""Names in texts: Korean and Latin script, whatever the case, width and spacing."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidInputError
from registry.scanning.names import MOST_ROWS, NameAudit, NameList, fold, read_names

NAMES = NameList(
    [
        ("Nora Calder", "Nora Calder"),
        ("Nora Calder", "노라 콜더"),
        ("서민아", "서민아"),
        ("Ann Lee", "Ann Lee"),
        ("한별", "한별"),
        ("Nora", "Nora"),
    ]
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("in the style of NORA  CALDER", {"Nora Calder"}),
        ("nora-calder, take two", {"Nora Calder"}),
        ("NoraCalder", {"Nora Calder"}),
        ("\uff2e\uff4f\uff52\uff41 \uff23\uff41\uff4c\uff44\uff45\uff52", {"Nora Calder"}),  # full width
        ("Nora Calder가 말한다", {"Nora Calder"}),
        ("노라콜더의 목소리", {"Nora Calder"}),
        ("서 민 아처럼 읽어 줘", {"서민아"}),
        (unicodedata.normalize("NFD", "서민아 목소리"), {"서민아"}),
        ("배우서민아가", {"서민아"}),
        ("한별이 말한다", {"한별"}),
        ("just Nora", {"Nora"}),
        ("Nora Calder and Nora", {"Nora Calder", "Nora"}),
        # not found
        ("noracalderwood", set()),
        ("a channel eel", set()),
        ("honora calderas", set()),
        ("북한별자리", set()),  # a short Korean name within a word is none
        ("", set()),
        ("!?", set()),
    ],
)
def test_a_name_is_found_where_it_stands_by_itself(text: str, found: set[str]) -> None:
    assert NAMES.found_in(text) == found


@given(st.text(max_size=40))
def test_any_text_folds_to_letters_each_with_its_borders(text: str) -> None:
    folded = fold(text)
    assert len(folded.letters) == len(folded.starts) == len(folded.ends)
    assert fold(f"  {text}\u3000.").letters == folded.letters


def test_two_people_of_one_name_are_both_found() -> None:
    names = NameList([("Kim Minji (actor)", "Kim Minji"), ("Kim Minji (singer)", "kim minji")])
    assert names.found_in("KIM MINJI sings") == {"Kim Minji (actor)", "Kim Minji (singer)"}


def test_a_name_of_one_letter_is_not_looked_for() -> None:
    with pytest.raises(InvalidInputError, match="too short"):
        NameList([("X", "X.")])


def test_names_are_read_with_their_aliases(tmp_path: Path) -> None:
    file = tmp_path / "names.csv"
    file.write_text("\ufeffname,alias\n서민아,Seo Mina\n서민아,미나\nNora Calder,\n", encoding="utf-8")
    names = read_names(file)
    assert names.found_in("seo mina 그리고 NORA CALDER") == {"서민아", "Nora Calder"}
    assert len(names) == 4


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"alias\nx\n", "no column named name"),
        (b"name\n", "names nobody"),
        ("name\n서민아\n".encode("cp949"), "no CSV in UTF-8"),
        (b"", "no column named name"),
    ],
)
def test_a_file_of_names_that_cannot_be_used_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "names.csv"
    file.write_bytes(content)
    with pytest.raises(InvalidInputError, match=says):
        read_names(file)


def test_an_absent_file_of_names_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read_names(tmp_path / "absent.csv")


def test_the_audit_counts_texts_and_lists_the_first_of_them() -> None:
    audit = NameAudit(NAMES)
    for number in range(MOST_ROWS + 5):
        audit.add(number, f"{number}.wav", "Nora Calder, Nora Calder")
    audit.add(9999, "silent.wav", "")
    audit.add(10000, "other.wav", "nobody")
    found = audit.as_json()
    assert found["found"] == {"Nora Calder": MOST_ROWS + 5}
    assert (found["texts"], found["texts_with_names"], len(found["rows"])) == (MOST_ROWS + 6, MOST_ROWS + 5, MOST_ROWS)
    assert found["rows"][0] == {"number": 0, "input": "0.wav", "names": ["Nora Calder"]}
