"""The engine as it stands: settings, workers, what waits for them; and the card of the calibration in force."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Moment
from api.schemas.examples import Example
from api.schemas.proposals import EngineSettingsOut
from registry.domain.checks import WorkKind
from registry.engine.cards import CalibrationCard
from registry.services.engine_health import CalibrationInForce, EngineHealth, WorkerStanding

_HEALTH: Example = {
    "ready": True,
    "parts": [{"name": "worker", "ok": True, "detail": "1 ready"}],
    "settings": {"number": 0, "target_fpir": 0.01, "calibration_sha256": None},
    "workers": [
        {
            "id": "wkr_01jd0000000000000000000000",
            "device": "cpu",
            "engine_version": "3+fd34b9dfad0e",
            "ready": True,
            "live": True,
            "gallery_behind": 0,
            "started_at": examples.NOW,
            "last_seen_at": examples.NOW,
        }
    ],
    "queue": [{"kind": "check", "pieces": 3, "oldest_s": 1.5, "given_up": 0}],
}
_CARD: Example = {
    "calibration_sha256": examples.DIGEST,
    "is_shipped": True,
    "card": {
        "made_on": "2026-11-25",
        "people": {"cohort": 58, "calibration": 76},
        "validated": {"speech_s": [1.0, None], "snr_db": [4.0, None]},
        "not_validated_for": ["singing", "whisper"],
        "bounds_log10_lr": [-1.6, 3.5],
        "curves": {
            "same_speaker": [[-1.0, 1.0], [2.0, 0.9]],
            "different_speakers": [[-1.0, 0.02], [2.0, 0.0001]],
            "trials": {"same": 182, "different": 20497},
            "people": {"same": 36, "different": 171},
        },
    },
}
Range = Annotated[list[float | None], Field(min_length=2, max_length=2)]
Point = Annotated[list[float], Field(min_length=2, max_length=2)]


class PartHealthOut(Answer):
    """Whether one part of the registry works."""

    name: str
    ok: bool
    detail: str = Field(description="What to do, where it does not.")


class WorkerOut(Answer):
    """One worker, as it last reported itself."""

    id: str
    device: str
    engine_version: str = Field(description="Version of the engine, and the beginning of the calibration's SHA-256.")
    ready: bool = Field(
        description="It has loaded weights and gallery and answered every known answer of the self-test; only then so."
    )
    live: bool = Field(description="It reported itself in time.")
    gallery_behind: int = Field(description="Steps of the gallery that it has yet to take.")
    started_at: Moment
    last_seen_at: Moment

    @classmethod
    def of(cls, worker: WorkerStanding) -> WorkerOut:
        """Describe a worker."""
        return cls(**{name: getattr(worker, name) for name in cls.model_fields})


class QueueOut(Answer):
    """What is unfinished of one kind of work."""

    kind: WorkKind
    pieces: int
    oldest_s: float = Field(description="Age of the oldest piece; 0 for none.")
    given_up: int = Field(description="Pieces that were tried too often, since the beginning.")


class EngineOut(Answer):
    """The engine of the registry at this moment."""

    model_config = ConfigDict(json_schema_extra={"examples": [_HEALTH]})

    ready: bool
    parts: list[PartHealthOut]
    settings: EngineSettingsOut
    workers: list[WorkerOut] = Field(description="Those that were seen within a day, oldest first.")
    queue: list[QueueOut]

    @classmethod
    def of(cls, health: EngineHealth) -> EngineOut:
        """Describe the engine."""
        return cls(
            ready=health.readiness.ready,
            parts=[PartHealthOut(name=each.name, ok=each.ok, detail=each.detail) for each in health.readiness.parts],
            settings=EngineSettingsOut.of(health.number, health.settings),
            workers=[WorkerOut.of(each) for each in health.workers],
            queue=[
                QueueOut(kind=kind, pieces=each.pieces, oldest_s=each.oldest_s, given_up=health.given_up[kind])
                for kind, each in health.queue.items()
            ],
        )


class CurvesOut(Answer):
    """How often trials came out at least as strong: points of strength in log10 LR, and the share that reaches it."""

    same_speaker: list[Point]
    different_speakers: list[Point]
    trials: dict[str, int]
    people: dict[str, int]


class CardOut(Answer):
    """What is known of a calibration."""

    made_on: date
    people: dict[str, int] = Field(description="Who it was fitted on, by what for.")
    validated: dict[str, Range] = Field(description="Of each figure of a recording, from where to where; null is open.")
    not_validated_for: list[str]
    bounds_log10_lr: Point = Field(description="Nothing stronger is said either way.")
    curves: CurvesOut | None = Field(description="Of its validation; null where none were measured.")

    @classmethod
    def of(cls, card: CalibrationCard) -> CardOut:
        """Describe a card."""
        curves = CurvesOut(
            same_speaker=[list(point) for point in card.same_speaker],
            different_speakers=[list(point) for point in card.different_speakers],
            trials={name: count for name, (count, _) in card.trials.items()},
            people={name: count for name, (_, count) in card.trials.items()},
        )
        return cls(
            made_on=date.fromisoformat(card.made_on),
            people=dict(card.people),
            validated={name: list(ends) for name, ends in card.validated.items()},
            not_validated_for=list(card.not_validated_for),
            bounds_log10_lr=list(card.bounds),
            curves=curves if card.same_speaker else None,
        )


class CalibrationOut(Answer):
    """The calibration that decides. Its error rates by group are figures for the public (`GET /v1/transparency`)."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CARD]})

    calibration_sha256: str
    is_shipped: bool = Field(description="It came with the registry.")
    card: CardOut | None = Field(description="Null for one of your own: its card lies beside its file on the workers.")

    @classmethod
    def of(cls, found: CalibrationInForce) -> CalibrationOut:
        """Describe the calibration in force."""
        card = None if found.card is None else CardOut.of(found.card)
        return cls(calibration_sha256=found.sha256, is_shipped=found.is_shipped, card=card)
