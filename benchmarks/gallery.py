"""A gallery of any size for benchmarks: voiceprints of nobody, drawn from the cohort distribution that ships.

    python -m benchmarks.gallery [--performers 100000] [--prototypes 3] [--loads 3] [--database-url URL] [--out FILE]

By itself it measures how long a worker takes to open such a gallery, how much memory it then holds, and how soon it has
followed a performer who was added or has withdrawn. Filling the database is outside the clock; each figure is of a
fresh process, with the database in the page cache. Beside it stands what it would take without any sealing: a pickled
dictionary of mean vectors, which nobody can withdraw from; and what cannot be avoided: reading what is stored, and
decrypting it with nothing around.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sqlalchemy import insert, text

from benchmarks.gallery_loading import write_pickle
from benchmarks.machine import described, in_words
from registry.bootstrap import build_context
from registry.clock import utc_now
from registry.domain.accounts import Role
from registry.domain.checks import EnrolmentState
from registry.domain.consents import ConsentDecision, ConsentPurpose, ConsentState, Modality, SignedAs
from registry.domain.ids import IdPrefix
from registry.domain.performers import IdentityAssurance
from registry.engine.calibration import load_calibration
from registry.engine.cohort import Cohort
from registry.engine.identify import load_encoders
from registry.engine.voiceprint import Space
from registry.services import accounts
from registry.services.context import Context
from registry.services.unit import Unit, unit_of_work
from registry.settings import Settings
from registry.store.accounts import Account
from registry.store.base import Base
from registry.store.consents import Consent
from registry.store.enrolments import Enrolment, GalleryChange, GalleryChangeKind, SealedVoiceprint
from registry.store.performers import Performer, PerformerKey
from registry.vault.keys import FileKeyring, new_data_key
from registry.vault.sealing import bind, seal

PROTOTYPES = 3
_SPREAD = 0.25
"""Length of what sets one prototype of a voice apart from another, beside the voice itself at length 1."""
_AT_ONCE = 2_000
"""Performers written with one statement for each table."""

BARS_AT = 100_000
LOAD_BAR_S, MEMORY_BAR, STEP_BAR_S = 20.0, 2.0, 0.05
"""At so many performers: to load; memory, in raw matrices; to follow one who came or went."""

_ROOT = Path(__file__).resolve().parents[1]
_MIB = 2**20

Row = dict[str, Any]


def fill_gallery(
    home: Path, performers: int, seed: int = 0, prototypes: int = PROTOTYPES, *, database_url: str | None = None
) -> None:
    """Write performers with consent and sealed voiceprints into the registry that lives in a folder.

    Args:
        home: a folder with keyring and migrated database, and one operator.
        performers: how many.
        seed: of the draws.
        prototypes: of each performer, in each space.
        database_url: of the database, when it is not in the folder.
    """
    random = np.random.default_rng(seed)
    with build_context(Settings(home=home, database_url=database_url)) as ctx, unit_of_work(ctx) as unit:
        writer = Writer(ctx, unit, random, prototypes)
        for first in range(0, performers, _AT_ONCE):
            writer.write(first, min(_AT_ONCE, performers - first))
        unit.commit()
        if not ctx.database.is_sqlite:
            with ctx.database.write() as session:
                session.execute(text("ANALYZE"))  # what autovacuum does within a minute
                session.commit()


class Writer:
    """Writes performers of drawn voices in one unit of work, with everything that they need to be searched.

    Args:
        ctx, unit: to write with.
        random: of the draws.
        prototypes: of each performer, in each space.
    """

    def __init__(self, ctx: Context, unit: Unit, random: np.random.Generator, prototypes: int) -> None:
        operator = unit.session.query(Account).filter(Account.role == Role.OPERATOR).first()
        if operator is None:
            raise SystemExit("the registry has no operator yet")
        self._ctx, self._unit, self._operator_id = ctx, unit, operator.id
        self._random, self._prototypes = random, prototypes
        self._spaces, self._cohorts = _spaces(), load_calibration().cohorts

    def write(self, first: int, count: int) -> Sequence[str]:
        """Write ``count`` performers, numbered from ``first`` on; answer their ids."""
        voices = {name: self._protected(name, count) for name in self._spaces}
        rows: dict[type[Base], list[Row]] = {}
        for number in range(count):
            own = {name: (space, voices[name][number]) for name, space in self._spaces.items()}
            for table, written in _rows(self._ctx, self._unit, self._operator_id, first + number, own):
                rows.setdefault(table, []).extend(written)
        for table, written in rows.items():
            self._unit.session.execute(insert(table), written)
        return [row["id"] for row in rows.get(Performer, [])]

    def _protected(self, encoder: str, count: int) -> NDArray[np.float32]:
        """Draw voices and turn them as the vault does before it seals them, all at once."""
        space, epoch = self._spaces[encoder], self._ctx.keys.current_epoch()
        drawn = draw(self._cohorts[encoder], count, self._random, self._prototypes)
        turn = self._ctx.vault.protection(epoch, space.id, space.dimension)
        protected: NDArray[np.float32] = turn.protect(drawn).astype("<f4")
        return protected


@cache
def _spaces() -> Mapping[str, Space]:
    return {name: encoder.space for name, encoder in load_encoders("cpu").items()}


def draw(
    cohort: Cohort, performers: int, random: np.random.Generator, prototypes: int = PROTOTYPES
) -> NDArray[np.float32]:
    """Answer ``(performers, prototypes, d)`` unit vectors that are spread as the cohort's voices are."""
    dimension, spread = len(cohort.everybody.mean), cohort.everybody
    root = np.linalg.cholesky(spread.covariance.astype(np.float64) + 1e-6 * np.eye(dimension))
    voices = spread.mean.astype(np.float64) + random.normal(size=(performers, 1, dimension)) @ root.T
    voices = voices + _SPREAD * random.normal(size=(performers, prototypes, dimension)) @ root.T
    voices = voices @ np.linalg.inv(cohort.project.whitening.astype(np.float64))
    voices /= np.linalg.norm(voices, axis=-1, keepdims=True)
    centre = cohort.project.centre.astype(np.float64)
    along = voices @ centre  # a unit vector that the projection would bring to where each of these lies
    reach = -along + np.sqrt(along**2 + 1 - float(centre @ centre))
    placed: NDArray[np.float32] = (centre + reach[..., None] * voices).astype(np.float32)
    return placed


def _rows(
    ctx: Context, unit: Unit, operator_id: str, number: int, voices: dict[str, tuple[Space, NDArray[np.float32]]]
) -> Iterator[tuple[type[Base], list[Row]]]:
    """Answer what is to be written of one performer: tables in the order in which they refer to each other."""
    performer_id, consent_id, enrolment_id = (
        unit.new_id(prefix) for prefix in (IdPrefix.PERFORMER, IdPrefix.CONSENT, IdPrefix.ENROLMENT)
    )
    made: Row = {"created_by": operator_id, "created_at": unit.now}
    recorded: Row = {"recorded_by": operator_id, "recorded_at": unit.now}
    signed: Row = {"signed_by": "benchmark", "signature_method": "electronic", "signed_at": unit.now}
    yield (
        Performer,
        [
            {
                "id": performer_id,
                "name": f"Nobody {number}",
                "identity_assurance": IdentityAssurance.SELF_DECLARED,
                **made,
            }
        ],
    )
    yield (
        Consent,
        [
            {
                "id": consent_id,
                "performer_id": performer_id,
                "purpose": ConsentPurpose.MONITORING,
                "modality": Modality.VOICE,
                "decision": ConsentDecision.GIVEN,
                "state": ConsentState.ACTIVE,
                "explanation_ids": [],
                "signed_as": SignedAs.PERFORMER,
                **signed,
                **recorded,
            }
        ],
    )
    yield (
        Enrolment,
        [
            {
                "id": enrolment_id,
                "performer_id": performer_id,
                "consent_id": consent_id,
                "modality": Modality.VOICE,
                "state": EnrolmentState.ACTIVE,
                "recordings": [],
                "finished_at": unit.now,
                **made,
            }
        ],
    )
    data_key, wrapped = new_data_key(ctx.keys, ctx.random_bytes)
    key = {"master_key_id": wrapped.master_key_id, "wrapped_key": wrapped.wrapped, "created_at": unit.now}
    yield PerformerKey, [{"performer_id": performer_id, "modality": Modality.VOICE.value, **key}]
    owner: Row = {"performer_id": performer_id, "enrolment_id": enrolment_id}
    yield (
        SealedVoiceprint,
        [
            owner | _sealed(ctx, unit, space, vector, data_key)
            for space, vectors in voices.values()
            for vector in vectors
        ],
    )
    yield GalleryChange, [{"performer_id": performer_id, "kind": GalleryChangeKind.ADDED, "at": unit.now}]


def _sealed(ctx: Context, unit: Unit, space: Space, protected: NDArray[np.float32], key: bytes) -> Row:
    voiceprint_id, epoch = unit.new_id(IdPrefix.VOICEPRINT), ctx.keys.current_epoch()
    binding = bind(voiceprint_id, space.id, str(epoch))
    return {
        "id": voiceprint_id,
        "encoder": space.encoder,
        "weights_sha256": space.weights_sha256,
        "preprocessing": space.preprocessing,
        "dimension": space.dimension,
        "epoch": epoch,
        "label": "drawn",
        "speech_s": 20.0,
        "sealed": seal(protected.tobytes(), key, binding, ctx.random_bytes),
        "created_at": unit.now,
    }


def main() -> None:
    """Fill, measure, print and write."""
    arguments = _arguments()
    machine = described(("numpy", "cryptography", "sqlalchemy", "psycopg"))
    with tempfile.TemporaryDirectory(prefix="likeness-bench-") as folder:
        report = measure(Path(folder), arguments)
    report |= {"machine": machine, "database": "SQLite" if arguments.database_url is None else "PostgreSQL"}
    report |= {"openblas_threads": os.environ.get("OPENBLAS_NUM_THREADS", "as many as cores")}
    print_tables(report)
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    if missed := [name for name, held in report["bars"].items() if not held]:
        raise SystemExit(f"missed: {', '.join(missed)}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--performers", type=int, default=100_000)
    parser.add_argument("--prototypes", type=int, default=PROTOTYPES, help="of each performer, for each encoder")
    parser.add_argument("--loads", type=int, default=3, help="fresh processes that load it; medians are reported")
    parser.add_argument("--database-url", help="of an empty PostgreSQL database; SQLite by default")
    parser.add_argument("--out", type=Path, help="write the figures to this file, as JSON")
    return parser.parse_args()


def measure(home: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Answer every figure of a registry made in a folder."""
    url, performers = arguments.database_url, arguments.performers
    started = time.monotonic()
    make_registry(home, url)
    fill_gallery(home, performers, prototypes=arguments.prototypes, database_url=url)
    fill_s = time.monotonic() - started
    where = [str(home), *([url] if url else [])]
    floors = _apart("floors", *where)
    loads = [_apart("registry", *where) for _ in range(arguments.loads)]
    if {each["performers"] for each in loads} != {performers}:
        raise SystemExit(f"{loads[-1]['performers']} performers were loaded, not {performers}")
    dimensions = {name: space.dimension for name, space in _spaces().items()}
    write_pickle(home / "means.pickle", performers, dimensions)
    peers = [_apart("pickled", str(home / "means.pickle")) for _ in range(arguments.loads)]
    report = {
        "performers": performers,
        "prototypes": arguments.prototypes,
        "fill_s": round(fill_s, 1),
        "raw_mib": round(performers * sum(dimensions.values()) * 4 / _MIB, 1),
        "registry": _medians([each["load"] for each in loads]),
        "pickled": _medians([each["load"] for each in peers]),
        "floors": floors,
        "steps": {
            name: _steps([s for each in loads for s in each[name]]) for name in ("added", "withdrawn", "nothing")
        },
    }
    return report | {"bars": _bars(report)}


def make_registry(home: Path, database_url: str | None) -> None:
    """Make keys, schema and one operator."""
    settings = Settings(home=home, database_url=database_url)
    FileKeyring.create(settings.resolved_keyring, utc_now(), os.urandom)
    with build_context(settings) as ctx:
        ctx.database.upgrade()
        accounts.create_first_operator(ctx, name="Benchmark")


def _apart(*arguments: str) -> dict[str, Any]:
    """Measure in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.gallery_loading", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=_ROOT)
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def _medians(loads: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    medians = {name: round(statistics.median(each[name] for each in loads), 3) for name in loads[0]}
    return medians | {"all_seconds": [each["seconds"] for each in loads]}


def _steps(took: Sequence[tuple[float, float]]) -> dict[str, float | int]:
    seconds, cpu_s = zip(*took, strict=True)
    return {
        "median_s": round(statistics.median(seconds), 5),
        "worst_s": round(max(seconds), 5),
        "median_cpu_s": round(statistics.median(cpu_s), 5),
        "times": len(took),
    }


def _held_mib(figures: Mapping[str, float], until: str) -> float:
    return figures[until] - figures["before_mib"]


def _bars(report: Mapping[str, Any]) -> dict[str, bool]:
    """Answer which bars hold, of a gallery that they are for, on two cores that have nothing else to do."""
    if report["performers"] != BARS_AT:
        return {}
    loaded, steps = report["registry"], report["steps"]
    return {
        f"loaded within {LOAD_BAR_S:g} s": loaded["seconds"] <= LOAD_BAR_S,
        f"at most {MEMORY_BAR:g} x the raw matrices": _held_mib(loaded, "after_mib") <= MEMORY_BAR * report["raw_mib"],
        f"followed within {1000 * STEP_BAR_S:g} ms": all(
            steps[name]["median_s"] <= STEP_BAR_S for name in ("added", "withdrawn")
        ),
    }


def print_tables(report: Mapping[str, Any]) -> None:
    """Print what was measured."""
    console = Console(width=130)
    console.print(in_words(report["machine"]))
    console.print(_load_table(report))
    console.print(_steps_table(report))
    floors = report["floors"]
    console.print(
        f"{floors['records']:,} records, {floors['sealed_mib']:,} MiB sealed; to read them alone {floors['read_s']} s, "
        f"to decrypt as much alone {floors['decrypt_s']} s ({floors['decrypts_per_s']:,} a second); filled in "
        f"{report['fill_s']} s; OpenBLAS threads: {report['openblas_threads']}"
    )
    for name, held in report["bars"].items():
        console.print(f"{'held' if held else 'MISSED'}: {name}")


def _load_table(report: Mapping[str, Any]) -> Table:
    title = f"{report['performers']:,} performers, {report['prototypes']} prototypes for each encoder"
    table = Table(title=f"{title}, {report['database']}; raw matrices: {report['raw_mib']} MiB")
    headings = ("", "seconds", "CPU s", "x pickled", "before", "after", "peak", "taken / raw", "peak / raw")
    for heading in headings:
        table.add_column(heading, justify="right" if heading else "left")
    floor_s = report["floors"]["read_s"] + report["floors"]["decrypt_s"]
    for name in ("registry", "pickled"):
        figures = report[name]
        table.add_row(
            {"registry": "sealed, opened by a worker", "pickled": "pickled means, unsealed"}[name],
            f"{figures['seconds']:.2f}",
            f"{figures['cpu_s']:.2f}",
            f"{figures['seconds'] / report['pickled']['seconds']:.1f}",
            *(f"{figures[when]:.0f} MiB" for when in ("before_mib", "after_mib", "peak_mib")),
            *(f"{_held_mib(figures, when) / report['raw_mib']:.2f}" for when in ("after_mib", "peak_mib")),
        )
    table.add_row("floor: read and decrypt", f"{floor_s:.2f}", *[""] * (len(headings) - 2))
    return table


def _steps_table(report: Mapping[str, Any]) -> Table:
    table = Table(title="milliseconds from the commit until the next search sees it")
    for heading in ("", "median", "worst", "CPU, median", "times"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, shown in (("added", "one added"), ("withdrawn", "one withdrawn"), ("nothing", "nothing new")):
        step = report["steps"][name]
        milliseconds = [f"{1000 * step[each]:.1f}" for each in ("median_s", "worst_s", "median_cpu_s")]
        table.add_row(shown, *milliseconds, str(step["times"]))
    return table


if __name__ == "__main__":
    main()
