"""The quality gate of enrolment: what is wrong with a recording, in numbers that say how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from registry.domain.scores import Span
from registry.errors import ClippingError, InvalidInputError, RegistryError, SpeechTooShortError, TooNoisyError
from registry.media.quality import SignalQuality, measure
from registry.media.recording import Recording
from registry.services import intake
from registry.services.context import Context, Thresholds
from registry.services.intake import Upload

MOST_RECORDINGS = 20
_HEARD_S = 0.5
"""Net speech below which a single recording of an enrolment is no use at all."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A recording that was read and measured."""

    upload: Upload
    label: str
    recording: Recording
    spans: tuple[Span, ...]
    quality: SignalQuality

    @property
    def speech_s(self) -> float:
        """Net speech in seconds."""
        return sum(span.duration_s for span in self.spans)


def judge_all(ctx: Context, uploads: Sequence[Upload], labels: Sequence[str] | None) -> list[Judged]:
    """Read and judge every recording of an enrolment; one that fails refuses the whole.

    Raises:
        InvalidInputError: too many files, or another number of labels than of files.
        MediaError, SpeechError: a file cannot be used; figure ``filename``.
        SpeechTooShortError: too little speech in all of them together; figures ``speech_s`` and ``required_s``.
        EnrolmentQualityError: clipped, or too noisy; figures ``filename`` and how much.
    """
    if not 1 <= len(uploads) <= MOST_RECORDINGS:
        raise InvalidInputError(
            f"an enrolment has 1 to {MOST_RECORDINGS} recordings, not {len(uploads)}",
            recordings=len(uploads),
            most_recordings=MOST_RECORDINGS,
        )
    names = list(labels) if labels else [upload.filename for upload in uploads]
    if len(names) != len(uploads):
        raise InvalidInputError(
            f"{len(names)} labels were given for {len(uploads)} recordings", labels=len(names), recordings=len(uploads)
        )
    judged = [_judge(ctx, upload, name) for upload, name in zip(uploads, names, strict=True)]
    speech_s = sum(one.speech_s for one in judged)
    required_s = ctx.thresholds.enrolment_speech_s
    if speech_s < required_s:
        raise SpeechTooShortError(
            f"the recordings hold {speech_s:.1f} s of speech; an enrolment needs {required_s:.0f} s: "
            f"record {required_s - speech_s:.1f} s more",
            speech_s=round(speech_s, 2),
            required_s=required_s,
        )
    for one in judged:
        _require_quality(one, ctx.thresholds)
    return judged


def _judge(ctx: Context, upload: Upload, label: str) -> Judged:
    try:
        recording = intake.read(ctx, upload)
        spans = ctx.detector.require_speech(recording, required_s=_HEARD_S)
    except RegistryError as error:
        error.figures.setdefault("filename", upload.filename)
        raise
    return Judged(upload, label, recording, spans, measure(recording, spans))


def _require_quality(one: Judged, thresholds: Thresholds) -> None:
    name, quality = one.upload.filename, one.quality
    if quality.clipped_share > thresholds.enrolment_clipped_share:
        raise ClippingError(
            f"{quality.clipped_share:.1%} of the samples of {name} are clipped, at most "
            f"{thresholds.enrolment_clipped_share:.1%} may be: record again at a lower level",
            filename=name,
            clipped_share=round(quality.clipped_share, 4),
            allowed_share=thresholds.enrolment_clipped_share,
        )
    if quality.snr_db < thresholds.enrolment_snr_db:
        raise TooNoisyError(
            f"the speech of {name} is {quality.snr_db:.1f} dB above the noise, at least "
            f"{thresholds.enrolment_snr_db:.0f} dB are needed: record in a quieter place, closer to the microphone",
            filename=name,
            snr_db=round(quality.snr_db, 1),
            required_db=thresholds.enrolment_snr_db,
        )


def facts(one: Judged) -> dict[str, object]:
    """Answer what is kept of a judged recording: no audio."""
    return intake.facts(one.upload, one.recording) | {
        "label": one.label,
        "speech_s": round(one.speech_s, 2),
        "level_dbfs": round(one.quality.level_dbfs, 1),
        "snr_db": round(one.quality.snr_db, 1),
        "clipped_share": round(one.quality.clipped_share, 4),
        "bandwidth_hz": round(one.quality.bandwidth_hz),
    }


def overall(speech_s: float, thresholds: Thresholds) -> dict[str, object]:
    """Answer the quality of an enrolment as a whole, with what would make it better."""
    warnings = []
    if speech_s < thresholds.enrolment_recommended_s:
        warnings.append(
            f"{speech_s:.0f} s of speech are enough to enrol; {thresholds.enrolment_recommended_s:.0f} s, "
            "from two sessions or more, make it more reliable"
        )
    return {
        "speech_s": round(speech_s, 2),
        "required_s": thresholds.enrolment_speech_s,
        "recommended_s": thresholds.enrolment_recommended_s,
        "warnings": warnings,
    }
