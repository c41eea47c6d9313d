"""Who plays in `examples/sky` follows from a rule: from what there is, and in no order but the alphabet's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.engine.evaluation.splits import Split, split_of

sys.path.append(str(Path(__file__).resolve().parents[2] / "examples" / "sky"))

import casting

DEVELOPMENT = [name for name in (f"p{number:02}" for number in range(60)) if split_of(name) is Split.DEVELOPMENT]
VOICE, OTHER, LATER, MAN, *STRANGERS = sorted(DEVELOPMENT)


def rows() -> Iterator[tuple[str, str, str, str, str, float, str]]:
    yield from ((f"clones/vits/{VOICE}/{n}.ogg", VOICE, "clone", "x", "vits", 25.0, "F") for n in range(4))
    yield from ((f"clones/tortoise/{VOICE}/{n}.ogg", VOICE, "clone", "x", "tortoise", 40.0, "F") for n in range(3))
    yield (f"clones/autovc/{VOICE}/0.ogg", VOICE, "clone", "x", "autovc", 59.0, "F")
    yield (f"clones/vits/{LATER}/0.ogg", LATER, "clone", "x", "vits", 200.0, "F")
    for person in (MAN, OTHER, LATER):
        gender = "M" if person == MAN else "F"
        yield (f"probes/{person}/0.ogg", person, "mated", casting.READS_BOOKS, "", 8.0, gender)
    for stranger in STRANGERS:
        yield (f"probes/{stranger}/0.ogg", stranger, "non_mated", casting.READS_BOOKS, "", 8.0, "F")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    listed = ["path,person,kind,corpus,system,seconds,lang,gender"]
    for path, person, kind, corpus, system, seconds, gender in reversed(list(rows())):
        listed.append(f"{path},{person},{kind},{corpus},{system},{seconds},en,{gender}")
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    (tmp_path / "trials.csv").write_text("\n".join(listed) + "\n")
    for person in (VOICE, OTHER, LATER, MAN):
        for number in range(8):
            file = tmp_path / "gallery" / person / f"{number}.ogg"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{person} {number // 2}")  # each recording lies there twice
    return tmp_path


def test_the_cast_follows_from_the_rule(folder: Path) -> None:
    cast = casting.chosen(folder)
    assert (cast.voice.label, cast.other.label) == (VOICE, OTHER)
    assert (cast.trained, cast.zero_shot) == ("tortoise", "tortoise")
    assert [path.name for path in cast.products["tortoise"]] == ["0.ogg", "1.ogg"]
    assert [person.label for person in (*cast.cohort, *cast.alternative)] == STRANGERS


def test_no_recording_is_filed_twice(folder: Path) -> None:
    cast = casting.chosen(folder)
    assert [path.name for path in cast.voice.recordings] == ["0.ogg", "2.ogg", "4.ogg", "6.ogg"]
    assert [path.parent.parent.name for path in cast.other.recordings] == ["gallery"] * 4 + ["probes"]


def test_a_folder_that_is_laid_out_is_taken_as_it_is(folder: Path, tmp_path: Path) -> None:
    assert casting.laid_out(folder, tmp_path / "elsewhere") == folder


def test_where_there_is_no_speech_it_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        casting.laid_out(tmp_path / "nothing", tmp_path / "into")
    assert ended.value.code == 2
    assert "make sky SPEECH=FOLDER" in capsys.readouterr().err
