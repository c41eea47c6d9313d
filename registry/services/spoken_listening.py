"""Listening to a spoken statement: who speaks in it, how many, and what its end would be as a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry.domain.scores import PerformerEvidence, Reason, Span
from registry.domain.spoken_statements import Heard, can_hear_digits, not_listened, too_narrow, too_noisy
from registry.errors import NotFoundError
from registry.media.digits import LEAST_BANDWIDTH_HZ, LEAST_SNR_DB, DigitReader, Reading
from registry.media.quality import SignalQuality
from registry.media.speech import net_speech_s
from registry.services.spoken_statement_work import Listening, Waiting

if TYPE_CHECKING:  # the engine brings torch with it, which only a worker needs
    from registry.engine.analysis import Analysis
    from registry.engine.gallery import Gallery
    from registry.engine.identify import Engine

LEAST_NUMBER_S = 1.5
"""Net speech of the passage with the number below which nothing is said of whose voice it is."""


@dataclass(frozen=True, slots=True)
class Analysed:
    """What is known of a statement's recording before any gallery is looked at.

    Attributes:
        whole: the recording.
        number: the passage with the number that was asked for; None where it was not heard, or is too short.
        readings: see `Heard`.
        deaf: see `Heard`.
    """

    whole: Analysis
    number: Analysis | None
    readings: tuple[str, ...]
    deaf: Reason | None


def analyse_statement(engine: Engine, reader: DigitReader, waiting: Waiting, spans: Sequence[Span]) -> Analysed:
    """Answer the voices of a recording, and its end as numbers where digits can be heard in it.

    Args:
        engine: loaded.
        reader: of numbers with as many digits as are asked for.
        waiting: the statement.
        spans: where speech is in its recording, in time order.

    Raises:
        SpeechTooShortError: less speech than the engine analyses.
    """
    challenge, recording = waiting.challenge, waiting.recording
    whole = engine.analyse(recording, spans)
    if not can_hear_digits(challenge.language):
        return Analysed(whole, None, (), not_listened(challenge))
    readings = reader.readings(recording, spans)
    passage = _passage(readings, challenge.number, spans)
    number = engine.analyse(recording, passage) if net_speech_s(passage) >= LEAST_NUMBER_S else None
    return Analysed(whole, number, tuple(reading.number for reading in readings), _hard_of_hearing(whole.quality))


def _hard_of_hearing(quality: SignalQuality) -> Reason | None:
    """Answer why digits may not be heard in a signal; None where they are."""
    if quality.bandwidth_hz < LEAST_BANDWIDTH_HZ:
        return too_narrow(quality.bandwidth_hz, LEAST_BANDWIDTH_HZ)
    if quality.snr_db < LEAST_SNR_DB:
        return too_noisy(quality.snr_db, LEAST_SNR_DB)
    return None


def _passage(readings: Sequence[Reading], number: str, spans: Sequence[Span]) -> Sequence[Span]:
    """Answer where the number that was asked for is spoken; empty where it was not heard."""
    starts = [reading.start_s for reading in readings if reading.number == number]
    return [span for span in spans if starts and span.start_s >= starts[-1]]


def listen(engine: Engine, gallery: Gallery, waiting: Waiting, analysed: Analysed) -> Listening:
    """Answer what is heard, given who is enrolled.

    Args:
        engine: loaded.
        gallery: that does not change while it is searched.
        waiting: the statement.
        analysed: its recording.

    Raises:
        NotFoundError: the performer is not in this gallery, so that nobody can tell; another try may find them.
    """
    if waiting.performer_id not in gallery.performers():
        raise NotFoundError(
            "the performer is not in the gallery of this worker: their voiceprints are of another space"
        )
    evidence = engine.evidence(analysed.whole, gallery)
    found: PerformerEvidence | None = next(
        (candidate for candidate in evidence.candidates if candidate.performer_id == waiting.performer_id), None
    )
    heard = Heard(
        outcome=None if found is None else found.outcome,
        log10_lr=None if found is None else float(found.log10_lr),
        voices=len(engine.voices_in(analysed.whole)),
        readings=analysed.readings,
        deaf=analysed.deaf,
        number_log10_lr=_log10_lr(engine, gallery, analysed.number, waiting.performer_id),
    )
    return Listening(heard, evidence)


def _log10_lr(engine: Engine, gallery: Gallery, passage: Analysis | None, performer_id: str) -> float | None:
    """Answer that a performer speaks in a passage: of all its voices, the one least like theirs."""
    if passage is None:
        return None
    search = engine.search(passage, gallery)
    ratios = search.ratios.fused[:, search.performers.index(performer_id)]
    return float(engine.calibration.capped(float(ratios.min())))
