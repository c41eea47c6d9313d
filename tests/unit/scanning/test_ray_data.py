"""Whole shards heard by others, in any order: the rows are those of a scan in this process. No Ray is needed here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from soundfiles import VOICES

from registry.errors import InputChangedError, ScanClusterError, ScanMismatchError, ScanStorageError
from registry.scanning.folder import shard_rows
from registry.scanning.galleries import Searched
from registry.scanning.judging import WithoutLicences
from registry.scanning.listening import Listener
from registry.scanning.local import LocalScan
from registry.scanning.manifest import Choice, Manifest, freeze
from registry.scanning.pipeline import Scanner
from registry.scanning.places import Patience
from registry.scanning.plan import engine_json
from registry.scanning.ray_data import (
    EngineThere,
    Frozen,
    Hear,
    Hearer,
    RayScanner,
    ShardsOf,
    Work,
    opened_cluster,
    table_of,
)
from registry.scanning.results import HEARD, MANIFEST, InputRow, ResultRow, Status
from registry.scanning.sources import Asked, inputs
from registry.scanning.tables import write_rows

ROOT = Path(__file__).resolve().parents[3]
SHARD_ROWS = 3
WITHIN = 1e-3
AT_ONCE = Choice()


class Silent:
    def begin(self, files: int, done: Sequence[ResultRow]) -> None: ...
    def ended(self, row: ResultRow) -> None: ...
    def committed(self, rows: Sequence[ResultRow]) -> None: ...


def run(manifest: Manifest, scanner: Any, choice: Choice = AT_ONCE) -> list[ResultRow]:
    LocalScan(manifest, choice, scanner, WithoutLicences(), SHARD_ROWS, Silent(), lambda: False).run()
    return list(shard_rows(manifest.out))


def manifest_in(out: Path, rows: Sequence[InputRow]) -> Manifest:
    out.mkdir()
    return freeze(rows, out)


# --- the manifest, by numbers ----------------------------------------------------------------------------------------


def test_rows_by_number_are_the_rows_of_the_manifest(tmp_path: Path) -> None:
    rows = [InputRow(number, f"name {number}", f"/in/{number}") for number in range(9_320)]
    (tmp_path / MANIFEST).mkdir()
    for part, (first, end) in enumerate([(0, 8_300), (8_300, 8_300), (8_300, 8_310), (8_310, 9_320)]):
        write_rows(tmp_path / MANIFEST / f"{part:08d}.parquet", InputRow, rows[first:end])
    frozen = Frozen(tmp_path)
    for first, end in [(0, 3), (8_190, 8_195), (8_192, 8_193), (8_299, 8_311), (9_318, 9_400), (0, 9_320)]:
        assert frozen.rows(first, end) == rows[first:end]
    assert frozen.rows(9_320, 9_330) == []
    assert ShardsOf(tmp_path, 1_000).rows_of(8) == rows[8_000:9_000]


# --- the same rows ---------------------------------------------------------------------------------------------------


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Voices, things that are no voices, and copies of both in other shards and in the same."""
    folder = tmp_path / "in"
    folder.mkdir()
    submissions = sorted((VOICES / "submissions").glob("*.flac"))
    recordings = [*submissions[:3], VOICES / "problems" / "silence.flac", *submissions[:2], *submissions[2:4]]
    for number, recording in enumerate([*recordings, VOICES / "problems" / "silence.flac", submissions[3]]):
        shutil.copy(recording, folder / f"{number:02d}.flac")
    (folder / "04.txt").write_text("no recording")
    return folder


def there(listener: Listener) -> EngineThere:
    return EngineThere(engine_json(listener.engine, None), target_fpir=0.01)


def backwards(manifest: Manifest, work: Work) -> Hear:
    """Hear as an actor does, the last shard first."""

    def hear(shards: Sequence[int]) -> Generator[Mapping[str, Any], None, None]:
        hearer = Hearer(lambda: work, ShardsOf(manifest.out, SHARD_ROWS).rows_of)
        for shard in reversed(shards):
            answer = hearer({"shard": [shard]})
            yield {name: column[0] for name, column in answer.items()}

    return hear


def test_the_rows_are_those_of_one_process(
    listener: Listener, searched: Searched, source: Path, tmp_path: Path
) -> None:
    rows = list(inputs(Asked(str(source))))
    rows[2] = replace(rows[2], problem="column_missing", problem_detail="no path")
    choice = Choice(limit=10)
    local = run(manifest_in(tmp_path / "local", rows), Scanner(listener, searched.gallery), choice)
    manifest = manifest_in(tmp_path / "ray", rows)
    work = Work.of(there(listener), searched.gallery, choice, Patience())
    elsewhere = run(manifest, RayScanner(manifest, SHARD_ROWS, backwards(manifest, work)), choice)
    assert [row.duplicate_of for row in elsewhere] == [row.duplicate_of for row in local]
    assert {row.status for row in local} == {Status.ASSESSED, Status.DUPLICATE, Status.FAILED, Status.NOT_SCANNED}
    assert any(0 <= row.duplicate_of // SHARD_ROWS < row.number // SHARD_ROWS for row in local)
    for row, other in zip(elsewhere, local, strict=True):
        assert row.log10_lr == pytest.approx(other.log10_lr, abs=WITHIN, nan_ok=True)
        assert row.speech_s == pytest.approx(other.speech_s, abs=WITHIN, nan_ok=True)
        nothing = {"evidence": "", "log10_lr": 0.0, "duration_s": 0.0, "speech_s": 0.0}
        assert replace(row, **nothing) == replace(other, **nothing)


def test_an_actor_whose_engine_is_another_than_planned_refuses(
    listener: Listener, searched: Searched, tmp_path: Path
) -> None:
    manifest = manifest_in(tmp_path / "out", [InputRow(0, "a", "/nowhere/a")])
    planned = engine_json(listener.engine, None) | {"calibration": "another"}
    work = Work.of(replace(there(listener), planned=planned), searched.gallery, AT_ONCE, Patience())
    with pytest.raises(ScanClusterError, match=r"scan_mismatch: .*engine calibration"):
        run(manifest, RayScanner(manifest, SHARD_ROWS, backwards(manifest, work)))
    assert list(shard_rows(manifest.out)) == []


def test_what_ends_a_scan_here_ends_it_from_there(
    monkeypatch: pytest.MonkeyPatch, listener: Listener, searched: Searched, tmp_path: Path
) -> None:
    def full(*_: object) -> Iterator[ResultRow]:
        raise ScanStorageError("no room")

    monkeypatch.setattr(Scanner, "scan", full)
    hearer = Hearer(
        lambda: Work.of(there(listener), searched.gallery, AT_ONCE, Patience()),
        lambda _: [InputRow(0, "a", str(tmp_path))],
    )
    assert hearer({"shard": [0]}) == {"shard": [0], "rows": [b""], "problem": ["scan_storage: no room"]}


# --- taken up --------------------------------------------------------------------------------------------------------


def assessed(row: InputRow, sha256: str) -> ResultRow:
    evidence = (
        f'{{"duration_s":1.0,"speech_s":1.0,"outcome":"no_match","reasons":[],"candidates":[],"of":{row.number}}}'
    )
    return ResultRow(
        row.number, row.name, row.locator, Status.ASSESSED, sha256, 1, -1, 1.0, 1.0, "no_match", evidence=evidence
    )


class House:
    """Seven inputs, in three shards; the bytes of 1 and 4 are the same, and those of 3 and 5."""

    BYTES = ("a", "b", "c", "d", "b", "d", "e")

    def __init__(self, out: Path) -> None:
        rows = [InputRow(number, str(number), f"/in/{number}") for number in range(len(self.BYTES))]
        self.manifest = manifest_in(out, rows)
        self.heard = [assessed(row, sha256) for row, sha256 in zip(rows, self.BYTES, strict=True)]
        self.heard[5] = replace(self.heard[5], status=Status.DUPLICATE, duplicate_of=3, outcome="", evidence="")
        self.asked: list[list[int]] = []

    def hear(
        self, shards: Sequence[int], order: Sequence[int] = (), dies_after: int = 99
    ) -> Generator[Mapping[str, Any], None, None]:
        self.asked.append(list(shards))
        for number, shard in enumerate(order or shards):
            if number == dies_after:
                raise ConnectionError
            rows = self.heard[shard * SHARD_ROWS : (shard + 1) * SHARD_ROWS]
            yield {"shard": shard, "rows": table_of(rows), "problem": ""}

    def scanner(self, **more: Any) -> RayScanner:
        return RayScanner(self.manifest, SHARD_ROWS, lambda shards: self.hear(shards, **more))


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "out")


def answers(rows: Sequence[ResultRow]) -> list[tuple[Status, int, bool]]:
    return [(row.status, row.duplicate_of, bool(row.evidence)) for row in rows]


EXPECTED = [
    *[(Status.ASSESSED, -1, True)] * 4,
    (Status.DUPLICATE, 1, True),
    (Status.DUPLICATE, 3, True),
    (Status.ASSESSED, -1, True),
]


def test_the_same_bytes_in_two_shards_are_duplicates_of_the_first_in_whatever_order_shards_come(house: House) -> None:
    rows = run(house.manifest, house.scanner(order=[2, 1, 0]))
    assert answers(rows) == EXPECTED
    assert '"of":1' in rows[4].evidence


def test_killed_and_taken_up_it_hears_only_what_is_missing(house: House) -> None:
    with pytest.raises(ConnectionError):
        run(house.manifest, house.scanner(order=[2, 1], dies_after=1))
    assert list(shard_rows(house.manifest.out)) == []
    with pytest.raises(ConnectionError):
        run(house.manifest, house.scanner(dies_after=1))
    assert len(list(shard_rows(house.manifest.out))) == SHARD_ROWS
    assert answers(run(house.manifest, house.scanner())) == EXPECTED
    assert house.asked == [[0, 1, 2], [0, 1], [1]]


def test_once_closed_nothing_more_is_heard(house: House) -> None:
    scanner = house.scanner()
    scanner.close()
    rows = scanner.scan([InputRow(0, "0", "/in/0"), InputRow(4, "4", "/in/4")])
    assert next(rows).number == 0
    scanner.close()
    with pytest.raises(ScanClusterError, match="without an answer for shard 1"):
        next(rows)


def test_what_was_heard_of_a_shard_is_dropped_once_it_is_durable(house: House) -> None:
    run(house.manifest, house.scanner())
    assert [path.name for path in (house.manifest.out / HEARD).iterdir()] == ["00000002.parquet"]


def test_the_other_engine_goes_on_where_this_one_was_killed(house: House) -> None:
    class Here:
        def scan(self, rows: Sequence[InputRow], owner: Callable[[str], int | None]) -> Iterator[ResultRow]:
            for row in rows:
                heard = house.heard[row.number]
                first = owner(heard.sha256)
                yield (
                    heard
                    if first is None
                    else replace(
                        house.heard[5], number=row.number, name=row.name, locator=row.locator, duplicate_of=first
                    )
                )

    with pytest.raises(ConnectionError):
        run(house.manifest, house.scanner(dies_after=1))
    assert answers(run(house.manifest, Here())) == EXPECTED


def test_a_cluster_that_ends_early_or_says_what_is_wrong_stops_the_scan(house: House) -> None:
    with pytest.raises(ScanClusterError, match="without an answer for shard 1"):
        run(house.manifest, house.scanner(order=[0, 2]))
    broken = {"shard": 1, "rows": b"", "problem": "scan_storage: no room"}
    with pytest.raises(ScanClusterError, match="no room"):
        run(house.manifest, RayScanner(house.manifest, SHARD_ROWS, lambda _: (each for each in [broken])))
    assert len(list(shard_rows(house.manifest.out))) == SHARD_ROWS


def test_a_file_that_changed_lends_its_answer_to_nobody_and_nobody_waits_for_one_that_is_not_there(
    house: House,
) -> None:
    changed = {"status": Status.FAILED, "error": InputChangedError.slug, "outcome": "", "evidence": ""}
    house.heard[1] = replace(house.heard[1], **changed)
    rows = run(house.manifest, house.scanner())
    assert answers(rows)[4] == (Status.ASSESSED, -1, True)
    scanner = house.scanner()
    with pytest.raises(ScanMismatchError, match="row 5"):
        list(scanner.scan([InputRow(5, "5", "/in/5")]))


# --- Ray itself ------------------------------------------------------------------------------------------------------


def test_ray_client_is_refused_before_anything_is_imported() -> None:
    with pytest.raises(ScanClusterError, match="Ray Client"), opened_cluster("ray://head:10001"):
        pass


@pytest.mark.skipif(find_spec("ray") is None, reason="needs the extra `ray`")
def test_where_nobody_answers_it_says_so_at_once() -> None:
    program = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
from registry.errors import ScanClusterError
from registry.scanning.ray_data import opened_cluster
try:
    with opened_cluster("127.0.0.1:1"):
        pass
except ScanClusterError as error:
    print(error.detail)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=100)  # noqa: S603  (our own program)
    assert done.stdout.startswith("Ray at 127.0.0.1:1 cannot be used: ")


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RAY_USAGE_STATS_ENABLED", "RAY_ENABLE_AUTO_CONNECT", "RAY_BACKEND_LOG_LEVEL"):
        monkeypatch.setenv(name, "0")
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ScanClusterError, match=r"likeness-registry\[ray\]"), opened_cluster("127.0.0.1:1"):
        pass
