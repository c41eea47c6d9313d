"""The page's table of scenes counts each way by itself, and false hits where nobody is to be found."""

from __future__ import annotations

from benchmarks.scene_tables import BY_HAND, ENGINE, IN_ROOM, MEAN, Answer, page_table


def answer(way: str, style: str, *, found: int = 0, false: int = 0) -> Answer:
    return Answer(way, "3 min 5 s with #0", style, 1, found, false)


def test_what_is_found_is_counted_by_way_and_by_style() -> None:
    present = [
        answer(ENGINE, "telephone"),
        answer(ENGINE, "wide band", found=1, false=1),
        answer(IN_ROOM, "telephone", found=1),
        answer(IN_ROOM, "wide band", found=1),
        answer(BY_HAND, "telephone"),
        answer(BY_HAND, "wide band"),
        answer(MEAN, "wide band", found=1),
    ]
    table = page_table(present, [answer(ENGINE, "telephone", false=2), answer(ENGINE, "wide band")])
    assert table["headings"][2:] == ["wide band", "telephone"]
    engine, cut_out, by_hand, near, false = table["rows"]
    assert engine[1:] == ["1 of 2 (9 – 91 %)", "1 of 1", "0 of 1"]
    assert cut_out[2:] == ["1 of 1", "1 of 1"]
    assert by_hand[1].startswith("0 of 2")
    assert near[1:] == ["0 of 2 (0 – 66 %)", "0 of 1", "0 of 1"], "nobody knows where it was found"
    assert false[1:] == ["1 of 2 (9 – 91 %)", "0 of 1", "1 of 1"]


def test_without_scenes_there_is_no_row() -> None:
    assert page_table([], [])["rows"] == []
