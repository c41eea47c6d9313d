"""`likeness evaluate` on generated voices, from folders to figures, tables, page and plots."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from likeness_commands import Commands

from registry.engine.evaluation import Split, split_of

PROBES = {"slt": ["slt-advert", "slt-game"], "rms": ["rms-story"], "passer-by": ["kal16-stranger"]}


@pytest.fixture(scope="module")
def laid_out(voices: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two enrolled speakers with probes, a stranger, a clone, a decoy, and a file that is no recording."""
    root = tmp_path_factory.mktemp("laid-out")
    placed = [(root / "probes" / person, name) for person, names in PROBES.items() for name in names]
    placed += [(root / "clones" / "hts" / "slt", "slt-hts"), (root / "decoys" / "rms", "kal16-stranger")]
    for folder, name in placed:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.flac").symlink_to(voices / "submissions" / f"{name}.flac")
    (root / "probes" / "slt" / "notes.txt").write_text("not a recording", encoding="utf-8")
    lines = ["path,corpus,lang,gender", *(f"probes/slt/{name}.flac,cards,en,F" for name in PROBES["slt"])]
    (root / "trials.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    groups = {"format": "likeness-groups-1", "groups": {"women": {"sex": ["F"]}, "copies": {"system": ["hts"]}}}
    (root / "groups.json").write_text(json.dumps(groups), encoding="utf-8")
    (root / "doubtful.csv").write_text("rms,awb\n", encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def ran(likeness: Commands, synthetic_gallery: Path, laid_out: Path) -> tuple[dict[str, Any], str]:
    result = likeness(
        *("evaluate", "--gallery", synthetic_gallery, "--probes", laid_out / "probes"),
        *("--clones", laid_out / "clones", "--decoys", laid_out / "decoys", "--groups", laid_out / "groups.json"),
        *("--doubtful", laid_out / "doubtful.csv", "--out", laid_out / "figures.json", "--lang", "ko"),
        *("--html", laid_out / "page.html", "--plots", laid_out / "plots"),
    )
    assert result.exit_code == 3, result.output
    return json.loads((laid_out / "figures.json").read_text(encoding="utf-8")), result.output


def test_what_could_not_be_used_is_counted_and_named(ran: tuple[dict[str, Any], str]) -> None:
    figures, _ = ran
    assert figures["counts"]["mated"] == {"searches": 3, "people": 2, "failed": 1}
    assert [Path(error["file"]).name for error in figures["errors"]] == ["notes.txt"]


def test_every_kind_of_search_is_made(ran: tuple[dict[str, Any], str]) -> None:
    figures, _ = ran
    assert figures["format"] == "likeness-evaluation-2"
    assert {kind: count["searches"] for kind, count in figures["counts"].items()} == {
        "mated": 3,
        "left_out": 3,
        "non_mated": 1,
        "clone": 1,
        "decoy": 1,
    }
    assert figures["rank1"]["value"] == 1
    assert figures["operating_point"]["mated"]["own_matched"] == 3
    assert figures["operating_point"]["without_mate"]["others_matched"] == 0
    assert figures["operating_point"]["clone"]["own_matched"] == 1
    assert figures["operating_point"]["decoy"]["own_matched"] == 0


def test_doubtful_scores_are_told_and_left_out(ran: tuple[dict[str, Any], str]) -> None:
    """Three performers: rms is searched for with and without himself, and is imitated once, always less awb."""
    figures, _ = ran
    assert figures["doubtful"] == {"pairs": 1, "scores": 3}
    assert figures["trials"] == {"target": 3, "non_target": 2 * 2 + 1 + 3}


def test_labels_beside_the_probes_are_used_and_the_band_is_measured(ran: tuple[dict[str, Any], str]) -> None:
    figures, _ = ran
    assert figures["labels"] == {"recordings": 6, "labelled": 2}
    assert {row["name"]: row["mated"] for row in figures["by"]["corpus"]} == {"cards": 2, "": 1}
    assert {row["name"] for row in figures["by"]["band"]} <= {"narrow", "wide"}
    assert {row["name"]: (row["mated"], row["clone"]) for row in figures["groups"]} == {
        "women": (2, 0),
        "copies": (0, 1),
    }


def test_tables_page_and_plots_are_written(ran: tuple[dict[str, Any], str], laid_out: Path) -> None:
    _, output = ran
    assert "FNIR at FPIR 1 %" in output
    assert "By corpus" in output
    assert '<html lang="ko">' in (laid_out / "page.html").read_text(encoding="utf-8")
    assert {file.name for file in (laid_out / "plots").iterdir()} == {
        "det.svg",
        "open-set.svg",
        "tippett.svg",
        "reliability.svg",
    }


def test_one_split_searches_for_its_own_people_only(
    likeness: Commands, synthetic_gallery: Path, laid_out: Path, tmp_path: Path
) -> None:
    split = split_of("slt")
    out = tmp_path / "figures.json"
    result = likeness(
        *("evaluate", "--gallery", synthetic_gallery, "--probes", laid_out / "probes", "--out", out),
        *("--split", split.value),
    )
    assert result.exit_code == 3, result.output
    figures = json.loads(out.read_text(encoding="utf-8"))
    people = {person for person in PROBES if split.has(person)}
    assert figures["split"]["name"] == split.value != Split.ALL.value
    assert figures["gallery"]["performers"] == 3
    assert figures["counts"]["mated"]["people"] == len(people & {"slt", "rms"})
    assert figures["counts"]["non_mated"]["people"] == len(people & {"passer-by"})


def test_labels_that_are_none_are_a_usage_error(
    likeness: Commands, synthetic_gallery: Path, laid_out: Path, tmp_path: Path
) -> None:
    result = likeness(
        *("evaluate", "--gallery", synthetic_gallery, "--probes", laid_out / "probes"),
        *("--labels", laid_out / "doubtful.csv", "--out", tmp_path / "figures.json"),
    )
    assert result.exit_code == 2
