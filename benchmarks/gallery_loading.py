"""What one process takes to hold a gallery, and to follow it: each measured in a process of its own, printed as JSON.

python -m benchmarks.gallery_loading registry HOME [DATABASE_URL]
python -m benchmarks.gallery_loading floors HOME [DATABASE_URL]
python -m benchmarks.gallery_loading pickled FILE
"""

from __future__ import annotations

import ctypes
import json
import os
import pickle
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from numpy.typing import NDArray

ADDED_AND_WITHDRAWN = 20
_MIB = 2**20
_DECRYPTS = 50_000
_SELF = Path("/proc/self")


@dataclass(frozen=True, slots=True)
class Taken:
    """What a step took: seconds by the clock and of the processor, and resident MiB before, after and at its peak."""

    seconds: float
    cpu_s: float
    before_mib: float
    after_mib: float
    peak_mib: float

    def figures(self) -> dict[str, float]:
        """Answer the figures that are kept."""
        return {
            "seconds": round(self.seconds, 3),
            "cpu_s": round(self.cpu_s, 3),
            "before_mib": round(self.before_mib, 1),
            "after_mib": round(self.after_mib, 1),
            "peak_mib": round(self.peak_mib, 1),
        }


def main() -> None:
    """Measure one of them."""
    what, *where = sys.argv[1:]
    ways: dict[str, Callable[..., dict[str, Any]]] = {"registry": registry, "floors": floors, "pickled": pickled}
    print(json.dumps(ways[what](*where)))


def taken(do: Callable[[], object]) -> Taken:
    """Do something once. What was freed before is given back first, so that it does not hide what is taken."""
    _give_back()
    before, _ = _resident_mib()
    (_SELF / "clear_refs").write_text("5", encoding="ascii")  # the peak is counted anew from here
    started, cpu_s = time.perf_counter(), time.process_time()
    kept = do()
    seconds, cpu_s = time.perf_counter() - started, time.process_time() - cpu_s
    after, peak = _resident_mib()
    del kept
    return Taken(seconds, cpu_s, before, after, peak)


def _give_back() -> None:
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _resident_mib() -> tuple[float, float]:
    """Answer the resident memory now and at its peak."""
    lines = (_SELF / "status").read_text(encoding="ascii").splitlines()
    found = {name: rest for name, _, rest in (line.partition(":") for line in lines)}
    now, peak = (int(found[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return now, peak


def registry(home: str, database_url: str | None = None) -> dict[str, Any]:
    """Load the gallery as a worker does, then add performers and withdraw them again, and follow each time."""
    from registry.bootstrap import build_context, build_engine
    from registry.logs import configure_logs
    from registry.settings import Settings
    from registry.worker import Worker

    configure_logs("warning")
    settings = Settings(home=Path(home), database_url=database_url)
    engine = build_engine(settings)
    with build_context(settings) as ctx:
        worker = Worker(ctx, engine)
        load = taken(worker.take_whole_gallery)
        return {"load": load.figures(), "performers": len(worker.searched), **_steps(ctx, worker)}


def _steps(ctx: Any, worker: Any) -> dict[str, list[tuple[float, float]]]:
    """Answer how long following took after each commit, and when there was nothing: by the clock, and of the processor.

    A worker follows before each search, so that this is when the next search sees it.
    """
    from benchmarks.gallery import PROTOTYPES, Writer
    from registry.services import accounts, consents
    from registry.services.unit import unit_of_work
    from registry.store.accounts import Account

    quick = replace(ctx, thresholds=replace(ctx.thresholds, withdrawal_confirmation_s=0.0))  # nobody else confirms here
    random = np.random.default_rng(1)
    steps: dict[str, list[tuple[float, float]]] = {"added": [], "withdrawn": [], "nothing": []}
    with ctx.database.read() as session:
        operator = accounts.operator_principal(session.query(Account).filter(Account.role == "operator").first())
    for number in range(ADDED_AND_WITHDRAWN):
        with unit_of_work(ctx) as unit:
            (performer_id,) = Writer(ctx, unit, random, PROTOTYPES).write(number, 1)
            unit.commit()
        steps["added"].append(_followed(worker, performer_id, there=True))
        consents.withdraw_all(quick, operator, performer_id)
        steps["withdrawn"].append(_followed(worker, performer_id, there=False))
        steps["nothing"].append(_followed(worker, performer_id, there=False))
    return steps


def _followed(worker: Any, performer_id: str, *, there: bool) -> tuple[float, float]:
    started, cpu_s = time.perf_counter(), time.process_time()
    worker.follow_gallery()
    took = time.perf_counter() - started, time.process_time() - cpu_s
    if (performer_id in worker.searched.performers()) is not there:
        raise SystemExit(f"{performer_id} should {'' if there else 'not '}be searched now")
    return took


def floors(home: str, database_url: str | None = None) -> dict[str, Any]:
    """Answer what cannot be avoided: reading what is stored, and decrypting so much of it with nothing around it."""
    from registry.bootstrap import build_context
    from registry.domain.consents import Modality
    from registry.settings import Settings
    from registry.store import enrolments, performers
    from registry.store.parts import in_parts

    sizes: dict[int, int] = {}
    with build_context(Settings(home=Path(home), database_url=database_url)) as ctx, ctx.database.read() as session:
        started = time.perf_counter()
        for some in in_parts(performers.key_holders(session, Modality.VOICE)):
            for *_, sealed in enrolments.stored_voiceprints(session, some):
                sizes[len(sealed)] = sizes.get(len(sealed), 0) + 1
        read_s = time.perf_counter() - started
    rates = {size: _decrypts_per_s(size) for size in sizes}
    return {
        "records": sum(sizes.values()),
        "sealed_mib": round(sum(size * count for size, count in sizes.items()) / _MIB, 1),
        "read_s": round(read_s, 3),
        "decrypt_s": round(sum(count / rates[size] for size, count in sizes.items()), 3),
        "decrypts_per_s": round(min(rates.values(), default=0.0)),
    }


def _decrypts_per_s(size: int) -> float:
    cipher, nonce, bound = AESGCMSIV(os.urandom(32)), os.urandom(12), os.urandom(100)
    sealed = cipher.encrypt(nonce, bytes(size - 29), bound)  # an envelope has 13 bytes in front and a tag of 16
    started = time.perf_counter()
    for _ in range(_DECRYPTS):
        cipher.decrypt(nonce, sealed, bound)
    return _DECRYPTS / (time.perf_counter() - started)


def pickled(file: str) -> dict[str, Any]:
    """Load a pickled dictionary of mean vectors, not sealed at all, and lay them out to be searched."""

    def load() -> object:
        with Path(file).open("rb") as opened:
            found: Mapping[str, Mapping[str, NDArray[np.float32]]] = pickle.load(opened)  # noqa: S301  (our own file)
        encoders = list(next(iter(found.values())))
        return list(found), {encoder: np.stack([own[encoder] for own in found.values()]) for encoder in encoders}

    return {"load": taken(load).figures()}


def write_pickle(file: Path, performers: int, dimensions: Mapping[str, int]) -> None:
    """Write what `pickled` loads: for each performer, a unit vector drawn at random for each encoder."""
    random = np.random.default_rng(2)
    drawn = {name: random.standard_normal((performers, size), dtype=np.float32) for name, size in dimensions.items()}
    units = {name: rows / np.linalg.norm(rows, axis=1, keepdims=True) for name, rows in drawn.items()}
    found = {
        f"perf_{number:026d}": {name: rows[number] for name, rows in units.items()} for number in range(performers)
    }
    with file.open("wb") as opened:
        pickle.dump(found, opened)


if __name__ == "__main__":
    main()
