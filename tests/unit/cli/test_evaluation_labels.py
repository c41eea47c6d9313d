from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer import BadParameter

from registry.cli.evaluation.labels import default_labels, labels_of, read_doubtful, read_groups, read_labels
from registry.engine.evaluation import Labels


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_labels_without_paths_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadParameter, match="path"):
        read_labels(written(tmp_path, "labels.csv", "file,corpus\na,b\n"))


def test_labels_are_read_by_either_name_and_the_rest_is_passed_over(tmp_path: Path) -> None:
    first = read_labels(written(tmp_path, "a.csv", "path,corpus,lang,gender,seconds\nprobes/p/x.wav,read,en,F,3.2\n"))
    other = read_labels(
        written(tmp_path, "b.csv", "\ufeffpath,language,sex,condition\n./probes/p/x.wav,en,F,\nprobes/p/y.wav,,,room\n")
    )
    assert first == {"probes/p/x.wav": Labels(corpus="read", language="en", sex="F")}
    assert other["probes/p/x.wav"] == Labels(language="en", sex="F")
    assert other["probes/p/y.wav"] == Labels(condition="room")


def test_the_band_is_measured_and_not_labelled() -> None:
    known = {"probes/p/x.wav": Labels(corpus="lines")}
    assert labels_of(known, "probes/p/x.wav", 3400.0) == Labels(corpus="lines", band="narrow")
    assert labels_of(known, "probes/p/x.wav", 4200.0) == Labels(corpus="lines", band="wide")
    assert labels_of(known, "probes/p/other.wav", None) == Labels()


def test_labels_lie_beside_the_probes_by_default(tmp_path: Path) -> None:
    assert default_labels(tmp_path / "probes") is None
    file = written(tmp_path, "trials.csv", "path\n")
    assert default_labels(tmp_path / "probes") == file


@pytest.mark.parametrize("line", ["one", "one,", "one,two,three"])
def test_a_doubtful_line_that_is_no_pair_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(BadParameter, match="line 2"):
        read_doubtful(written(tmp_path, "doubtful.csv", f"a,b\n{line}\n"))


def test_doubtful_pairs_are_read_with_remarks(tmp_path: Path) -> None:
    pairs = read_doubtful(written(tmp_path, "doubtful.csv", "# the same studio\nstudio_*, studio_*\n\nx,y\n"))
    assert [(pair.one, pair.other) for pair in pairs] == [("studio_*", "studio_*"), ("x", "y")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("not json", "JSON"),
        ("[]", "format"),
        ('{"format": "likeness-groups-2", "groups": {}}', "format"),
        ('{"format": "likeness-groups-1"}', "groups"),
        ('{"format": "likeness-groups-1", "groups": {"a": {"corpora": ["x"]}}}', "corpora"),
        ('{"format": "likeness-groups-1", "groups": {"a": {"corpus": []}}}', "patterns"),
        ('{"format": "likeness-groups-1", "groups": {"a": {"speech_s": [6]}}}', "speech_s"),
        ('{"format": "likeness-groups-1", "groups": {"a": {"speech_s": ["6", null]}}}', "speech_s"),
    ],
)
def test_groups_that_cannot_be_understood_are_refused(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(BadParameter, match=said):
        read_groups(written(tmp_path, "groups.json", content))


def test_groups_are_read_with_their_conditions(tmp_path: Path) -> None:
    asked = {"long": {"speech_s": [6, None], "band": "wide"}, "new systems": {"system": ["a", "b*"]}}
    content = json.dumps({"format": "likeness-groups-1", "groups": asked})
    long, systems = read_groups(written(tmp_path, "groups.json", content))
    assert (long.name, long.speech_s, dict(long.where)) == ("long", (6.0, float("inf")), {"band": ("wide",)})
    assert dict(systems.where) == {"system": ("a", "b*")}
