"""How the engine stands: the settings in force, the workers that run it, what waits, and what it is good for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from registry.domain.accounts import Principal, Scope
from registry.domain.checks import WorkKind
from registry.domain.engine_settings import EngineSettings
from registry.engine.cards import CalibrationCard, card_of
from registry.engine.error_rates import ErrorRates, shipped_error_rates
from registry.services.context import Context
from registry.services.health import Readiness, readiness
from registry.services.tallies import Waiting, given_up, waiting
from registry.store import engine_settings, enrolments, workers
from registry.store.workers import Worker

SEEN_WITHIN: Final = timedelta(days=1)
"""A worker that was not heard of for longer is history."""


@dataclass(frozen=True, slots=True)
class WorkerStanding:
    """One worker, as it last reported itself.

    Attributes:
        id, device, engine_version: of it; the version is that of the engine and the beginning of the calibration's
            digest.
        ready: whether it has loaded weights and gallery, and answered every known answer. It reports so only then.
        live: whether it reported itself in time.
        gallery_behind: steps of the gallery that it has yet to take.
        started_at, last_seen_at: when it first, and last, reported itself.
    """

    id: str
    device: str
    engine_version: str
    ready: bool
    live: bool
    gallery_behind: int
    started_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class EngineHealth:
    """The engine of the registry at one moment.

    Attributes:
        number, settings: in force; number 0 stands for what the registry comes with.
        readiness: of every part that a request needs.
        workers: that were seen within a day, oldest first.
        queue: what is unfinished, by kind of work.
        given_up: pieces of work that were tried too often, by kind.
    """

    number: int
    settings: EngineSettings
    readiness: Readiness
    workers: Sequence[WorkerStanding]
    queue: Mapping[WorkKind, Waiting]
    given_up: Mapping[WorkKind, int]


def engine_health(ctx: Context, principal: Principal) -> EngineHealth:
    """Answer how the engine stands, to operators.

    Raises:
        ForbiddenError: the caller's token does not carry the scope.
    """
    principal.require(Scope.PROPOSALS_READ)
    parts, now = readiness(ctx), ctx.clock()
    within = timedelta(seconds=ctx.thresholds.worker_lost_after_s)
    with ctx.database.read() as session:
        number, settings = engine_settings.in_force(session)
        last_step = enrolments.gallery_seq(session)
        seen = workers.workers_seen_since(session, now - SEEN_WITHIN)
        queue, given = waiting(session, now), given_up(session)
    standings = [_standing(each, last_step, live=abs(now - each.last_seen_at) <= within) for each in seen]
    return EngineHealth(number, settings, parts, standings, queue, given)


def _standing(worker: Worker, last_step: int, *, live: bool) -> WorkerStanding:
    return WorkerStanding(
        id=worker.id,
        device=worker.device,
        engine_version=worker.engine_version,
        ready=worker.ready,
        live=live,
        gallery_behind=max(0, last_step - worker.gallery_seq),
        started_at=worker.started_at,
        last_seen_at=worker.last_seen_at,
    )


@dataclass(frozen=True, slots=True)
class CalibrationInForce:
    """The calibration that decides, and what is known of it.

    Attributes:
        sha256: of it, where it is known; the one that ships is named by None in the settings.
        is_shipped: whether it came with the registry.
        card: of it; None where it is one of the operator's own, whose card lies beside its file on the workers.
        error_rates: measured with it; None where nothing was.
    """

    sha256: str
    is_shipped: bool
    card: CalibrationCard | None
    error_rates: ErrorRates | None


def calibration_in_force(ctx: Context, principal: Principal) -> CalibrationInForce:
    """Answer which calibration decides, and what was measured of it, to operators.

    Raises:
        ForbiddenError: the caller's token does not carry the scope.
    """
    principal.require(Scope.PROPOSALS_READ)
    with ctx.database.read() as session:
        wanted = engine_settings.in_force(session)[1].calibration_sha256
    measured = shipped_error_rates()
    sha256 = wanted or measured.calibration_sha256
    return CalibrationInForce(
        sha256=sha256,
        is_shipped=wanted is None,
        card=card_of(sha256),
        error_rates=measured if sha256 == measured.calibration_sha256 else None,
    )
