from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest
from likeness_commands import Commands

from benchmarks.calibration_speech import read_items

pytestmark = pytest.mark.real_speech


@pytest.fixture(scope="module")
def laid_out(open_speech: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small part of the open speech: every enrolled reader, two probes each, and twenty strangers."""
    root = tmp_path_factory.mktemp("speech")
    count: dict[tuple[str, str], int] = defaultdict(int)
    strangers = 0
    for item in read_items(open_speech):
        if item.part == "enrol" and item.person.startswith("libri_"):
            folder = root / "gallery" / item.person
        elif item.part == "probe" and item.person.startswith("libri_") and count[item.person, "probe"] < 2:
            folder = root / "probes" / item.person
        elif item.part == "stranger" and strangers < 20:
            folder, strangers = root / "probes" / item.person, strangers + 1
        else:
            continue
        count[item.person, item.part] += 1
        folder.mkdir(parents=True, exist_ok=True)
        (folder / item.path.name).symlink_to(item.path)
    return root


def test_enrolled_readers_are_found_and_strangers_are_not(likeness: Commands, laid_out: Path, tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    result = likeness("evaluate", "--gallery", laid_out / "gallery", "--probes", laid_out / "probes", "--out", out)
    assert result.exit_code == 0, result.output
    figures = json.loads(out.read_text(encoding="utf-8"))
    assert figures["counts"]["non_mated"]["searches"] == 20
    assert figures["rank1"]["value"] >= 0.95
    assert figures["operating_point"]["mated"]["own_matched_share"] >= 0.85
    assert figures["operating_point"]["non_mated"]["others_matched"] <= 1
    assert "FNIR at FPIR 1 %" in result.output
