"""The frozen manifest: whole or not there, known by its hash, drawn from by a seed, in memory that stays flat."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import rfc8785

from registry.errors import ScanMismatchError, SourceError
from registry.scanning.manifest import BEYOND_LIMIT, NOT_SAMPLED, Choice, Manifest, draw, freeze, reopen
from registry.scanning.results import MANIFEST, InputRow
from registry.scanning.tables import record_of

ROOT = Path(__file__).resolve().parents[3]


def some(count: int, group: str = "") -> list[InputRow]:
    return [InputRow(number, f"{number}.wav", f"/in/{number}.wav", 10, group) for number in range(count)]


def test_a_manifest_is_the_rows_that_went_in_and_its_hash_is_over_their_canonical_json(tmp_path: Path) -> None:
    rows = [InputRow(0, "é.wav", "/é.wav", 3), InputRow(1, "b", "b", problem="x", problem_detail="y")]
    manifest = freeze(iter(rows), tmp_path)
    assert list(manifest.rows()) == rows
    lines = b"".join(rfc8785.dumps(record_of(row)) + b"\n" for row in rows)
    assert manifest.sha256 == hashlib.sha256(lines).hexdigest()
    assert (manifest.counts.rows, manifest.counts.problems, manifest.counts.bytes, manifest.counts.sized) == (
        2,
        1,
        3,
        1,
    )
    assert [path.name for path in tmp_path.iterdir()] == [MANIFEST]


def test_a_source_that_gives_out_leaves_nothing(tmp_path: Path) -> None:
    def breaking() -> Iterator[InputRow]:
        yield from some(3)
        raise SourceError("no further")

    with pytest.raises(SourceError):
        freeze(breaking(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_a_manifest_too(tmp_path: Path) -> None:
    assert list(freeze([], tmp_path).rows()) == []


def test_a_manifest_is_taken_up_when_nothing_has_changed(tmp_path: Path) -> None:
    frozen = freeze(some(5), tmp_path)
    again = reopen(tmp_path, some(5), frozen.sha256)
    assert (again.sha256, again.counts) == (frozen.sha256, frozen.counts)


@pytest.mark.parametrize(
    ("now", "row"),
    [
        (some(4), 4),
        (some(6), 5),
        ([*some(2), InputRow(2, "2.wav", "/in/2.wav", 11), *some(5)[3:]], 2),
        ([], 0),
    ],
)
def test_a_source_that_has_changed_is_refused_naming_the_first_row(
    tmp_path: Path, now: list[InputRow], row: int
) -> None:
    frozen = freeze(some(5), tmp_path)
    with pytest.raises(ScanMismatchError) as refused:
        reopen(tmp_path, now, frozen.sha256)
    assert refused.value.figures["row"] == row


def test_another_manifest_than_the_plan_s_is_refused(tmp_path: Path) -> None:
    freeze(some(5), tmp_path)
    with pytest.raises(ScanMismatchError, match="not the one that the plan"):
        reopen(tmp_path, some(5), "0" * 64)


# --- choosing --------------------------------------------------------------------------------------------------------


def drawn(manifest: Manifest, size: int, seed: int = 0) -> list[InputRow]:
    choice = draw(manifest, size, seed)
    rows = [row for row in manifest.rows() if not choice.reason_against(row)]
    assert len(rows) == choice.count(manifest.counts.rows)
    assert {choice.reason_against(row) for row in manifest.rows()} <= {"", NOT_SAMPLED}
    return rows


def test_a_limit_takes_the_first(tmp_path: Path) -> None:
    manifest, choice = freeze(some(5), tmp_path), Choice(limit=2)
    assert [choice.reason_against(row) for row in manifest.rows()] == ["", "", *[BEYOND_LIMIT] * 3]
    assert (choice.count(5), choice.count(1)) == (2, 1)


def test_a_draw_is_the_same_for_the_same_seed_and_another_for_another(tmp_path: Path) -> None:
    manifest = freeze(some(200), tmp_path)
    first = drawn(manifest, 20)
    assert len(first) == 20
    assert drawn(manifest, 20) == first
    assert drawn(manifest, 20, seed=1) != first
    assert len(drawn(manifest, 500)) == 200


def test_every_stratum_is_drawn_from_by_its_size(tmp_path: Path) -> None:
    groups = ["large"] * 900 + ["small"] * 90 + ["tiny"] * 9 + ["one"]
    rows = [InputRow(number, str(number), str(number), group=group) for number, group in enumerate(groups)]
    manifest = freeze(rows, tmp_path)
    counted = Counter(row.group for row in drawn(manifest, 100))
    assert counted.total() == 100
    assert min(counted.values()) >= 1
    assert 84 <= counted["large"] <= 90
    assert 9 <= counted["small"] <= 11
    assert Counter(row.group for row in drawn(manifest, 2)) == {"large": 1, "small": 1}


# --- memory ----------------------------------------------------------------------------------------------------------

FREEZING = """
import sys
from pathlib import Path
from registry.scanning.lists import Columns
from registry.scanning.manifest import draw, freeze, reopen
from registry.scanning.sources import Asked, inputs

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))

asked = Asked(sys.argv[1], Columns(stratify="genre"))
manifest = freeze(inputs(asked), Path(sys.argv[2]))
draw(manifest, 1_000, 0)
reopen(Path(sys.argv[2]), inputs(asked), manifest.sha256)
print(manifest.counts.rows, peak())
"""


def test_memory_does_not_grow_with_the_manifest(tmp_path: Path) -> None:
    peaks = {}
    for count in (10_000, 100_000):
        listed, out = tmp_path / f"{count}.csv", tmp_path / str(count)
        out.mkdir()
        with listed.open("w") as lines:
            lines.write("path,genre,text\n")
            lines.writelines(f"folder/{n}.wav,g{n % 7},a prompt of some length number {n}\n" for n in range(count))
        command = [sys.executable, "-c", FREEZING, str(listed), str(out)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603  (our own program)
        rows, peaks[count] = map(int, done.stdout.split())
        assert rows == count
    assert peaks[100_000] - peaks[10_000] < 60 * 1024, peaks
