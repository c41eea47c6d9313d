"""Spoken consent statements: a performer says, in the voice that is enrolled, what was agreed and a one-time number.

A statement begins as a challenge: words to read, and a number that nobody knew before and that holds for ten minutes.
One recording answers it. States::

    open ──a recording comes──▶ queued ──▶ accepted     the enrolled voice, in time, with the number that was asked for
      │                           │──▶ unverified       all that, but nobody could hear whether the number is right
      │                           │──▶ refused          the reasons say why
      │                           └──▶ failed           the registry could not assess it, however often it tried
      ├──▶ refused    before anybody listened: the recording is an old one, or has too little speech
      └──▶ expired    the recording came too late or not at all, another statement was begun, or the consent ended

Whatever is not shown is not accepted. An accepted or unverified statement never changes.

What this does not show: that the voice was not synthesised while the number was known, or the number not cut together
from digits that the performer once said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from registry.domain.consents import Consent, Modality
from registry.domain.scores import EvidenceOutcome, Reason
from registry.domain.terms_document import document_sha256

LIVES = timedelta(minutes=10)
"""How long a number may be spoken; whatever comes later is too old."""

DIGITS = 6
LEAST_SPEECH_S = 4.0
"""Nobody reads the words and six digits in less."""

MOST_RECORDING_S = 180.0
"""Nobody takes longer, and a long recording is one in which to try many numbers."""

MOST_ATTEMPTS = 10
ATTEMPTS_WITHIN = timedelta(days=1)
"""So many statements of one performer, about whatever consent, are begun in this time at most."""

VOICE = Modality.VOICE
"""What must be enrolled, whatever the consent is about: one speaks with it."""

HEARD_IN = frozenset({"en"})
"""Languages in which the digits can be recognised."""


class SpokenStatementState(StrEnum):
    """Where a spoken statement is in its life."""

    OPEN = "open"
    QUEUED = "queued"
    ACCEPTED = "accepted"
    UNVERIFIED = "unverified"
    REFUSED = "refused"
    FAILED = "failed"
    EXPIRED = "expired"


KEPT = frozenset({SpokenStatementState.ACCEPTED, SpokenStatementState.UNVERIFIED})
"""States of a statement that never changes."""


class DigitsOutcome(StrEnum):
    """What became of the one-time number."""

    VERIFIED = "verified"
    DIFFERENT = "different"
    NOT_VERIFIED = "not_verified"  # nobody could listen for it; the reasons say why


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a recording has to answer.

    Attributes:
        number: six digits.
        language: BCP 47 tag of the words.
        issued_at, expires_at: when it was asked for, and until when it can be answered.
    """

    number: str
    language: str
    issued_at: datetime
    expires_at: datetime

    def is_fresh(self, at: datetime) -> bool:
        """Whether a recording that came at this moment came in time; not one from before the number was known."""
        return self.issued_at <= at < self.expires_at


@dataclass(frozen=True, slots=True)
class Heard:
    """What was found in a recording.

    Attributes:
        outcome: of the performer; None where the performer is not among the nearest.
        log10_lr: that the performer speaks, or None likewise.
        voices: how many there are.
        readings: what each of the last passages would be as a number; empty where nobody could listen.
        deaf: why a number that was spoken may not have been heard; None where it would have been.
        number_log10_lr: that the performer speaks in the passage with the number; None where the number was not found,
            or the passage is too short to tell.
    """

    outcome: EvidenceOutcome | None
    log10_lr: float | None
    voices: int
    readings: tuple[str, ...]
    deaf: Reason | None
    number_log10_lr: float | None


@dataclass(frozen=True, slots=True)
class StatementRuling:
    """What becomes of a statement, and why."""

    state: SpokenStatementState
    digits: DigitsOutcome | None
    reasons: tuple[Reason, ...]


# --- deciding --------------------------------------------------------------------------------------------------------


def rule_on(challenge: Challenge, received_at: datetime, heard: Heard) -> StatementRuling:
    """Decide on a statement.

    1. The recording came in time.
    2. One voice speaks.
    3. It is the performer's, as far as the engine decides at the gallery's size.
    4. The number that was asked for was heard; where it was not, but may not have been heard all the same, the
       statement is kept as unverified.
    5. Where the number was heard, the passage with it does not speak against the performer.
    """
    if not challenge.is_fresh(received_at):
        return _refused(None, too_old(challenge, received_at))
    if heard.voices != 1:
        return _refused(
            None, Reason("several_voices", f"{heard.voices} voices speak, not one alone", {"voices": heard.voices})
        )
    if heard.outcome is not EvidenceOutcome.MATCH or heard.log10_lr is None:
        return _refused(None, _another_voice(heard))
    return _by_number(challenge, heard)


def _by_number(challenge: Challenge, heard: Heard) -> StatementRuling:
    voice = Reason(
        "enrolled_voice",
        f"the enrolled voice speaks: log10 LR {heard.log10_lr:.1f}",
        {"log10_lr": round(heard.log10_lr or 0.0, 3)},
    )
    if challenge.number not in heard.readings:
        if heard.deaf is not None:
            return StatementRuling(SpokenStatementState.UNVERIFIED, DigitsOutcome.NOT_VERIFIED, (voice, heard.deaf))
        return _refused(DigitsOutcome.DIFFERENT, _wrong_number(heard.readings))
    if heard.number_log10_lr is not None and heard.number_log10_lr < 0:
        return _refused(DigitsOutcome.VERIFIED, _number_in_another_voice(heard.number_log10_lr))
    said = Reason("number_heard", "the number that was asked for was heard", {"digits": DIGITS})
    return StatementRuling(SpokenStatementState.ACCEPTED, DigitsOutcome.VERIFIED, (voice, said))


def _refused(digits: DigitsOutcome | None, reason: Reason) -> StatementRuling:
    return StatementRuling(SpokenStatementState.REFUSED, digits, (reason,))


def _another_voice(heard: Heard) -> Reason:
    figures = {"log10_lr": None if heard.log10_lr is None else round(heard.log10_lr, 3)}
    if heard.outcome is EvidenceOutcome.INCONCLUSIVE:
        return Reason("voice_not_settled", "it cannot be told whether the enrolled voice speaks", figures)
    return Reason("foreign_voice", "the voice is not shown to be the enrolled one", figures)


def _wrong_number(readings: Sequence[str]) -> Reason:
    return Reason(
        "wrong_digits",
        "the number that was asked for was not heard at the end of the recording",
        {"heard": readings[-1] if readings else None},
    )


def _number_in_another_voice(log10_lr: float) -> Reason:
    return Reason(
        "number_in_another_voice",
        f"the passage with the number speaks against the enrolled voice: log10 LR {log10_lr:.1f}",
        {"log10_lr": round(log10_lr, 3)},
    )


# --- reasons that need no listening ----------------------------------------------------------------------------------


def too_old(challenge: Challenge, received_at: datetime) -> Reason:
    """Say that a recording came too late."""
    age_s = round((received_at - challenge.issued_at).total_seconds())
    return Reason(
        "statement_too_old",
        f"the recording came {age_s} s after the number was given; {LIVES.seconds} s are allowed",
        {"age_s": age_s, "allowed_s": LIVES.seconds},
    )


def replaced() -> Reason:
    """Say that a statement was begun anew before this one was spoken."""
    return Reason("statement_begun_anew", "another statement was begun before this one was spoken")


def not_spoken(challenge: Challenge) -> Reason:
    """Say that no recording came."""
    return Reason(
        "statement_not_spoken",
        f"no recording came in the {LIVES.seconds} s after the number was given",
        {"issued_at": challenge.issued_at.isoformat(), "allowed_s": LIVES.seconds},
    )


def replayed(seen_in: str) -> Reason:
    """Say that this very recording was sent before."""
    return Reason("recording_replayed", f"this very recording was sent before, with {seen_in}", {"seen_in": seen_in})


def not_assessed(attempts: int) -> Reason:
    """Say that the registry could not listen, however often it tried."""
    return Reason(
        "statement_not_assessed",
        f"the registry tried {attempts} times to listen to it and could not; nothing of it is kept: begin another",
        {"attempts": attempts},
    )


def tampered_with() -> Reason:
    """Say that what waits to be listened to is not what was sent."""
    return Reason(
        "recording_tampered_with",
        "the sealed recording does not open: it is not what was sent, so nobody listened to it; begin another",
    )


def too_little_speech(speech_s: float) -> Reason:
    """Say that there is no speech, or too little to have read the words."""
    detail = f"{speech_s:.1f} s of speech were found; to read the words and the number takes {LEAST_SPEECH_S:.0f} s"
    figures = {"speech_s": round(speech_s, 2), "required_s": LEAST_SPEECH_S}
    return Reason("speech_too_short", detail, figures) if speech_s > 0 else Reason("no_speech", detail, figures)


def consent_ended() -> Reason:
    """Say that there is no consent any more to make a statement about."""
    return Reason("consent_ended", "the consent that this is about, or the one to monitoring, is not in force any more")


def not_listened(challenge: Challenge) -> Reason:
    """Say that digits are not recognised in this language."""
    return Reason(
        "digits_not_recognised_in_language",
        f"digits not verified: they are recognised in English only, and this was read in {challenge.language}",
        {"language": challenge.language},
    )


def too_narrow(bandwidth_hz: float, required_hz: float) -> Reason:
    """Say that digits cannot be heard in so narrow a sound."""
    return Reason(
        "digits_not_recognised_in_narrow_sound",
        f"digits not verified: the sound ends at {bandwidth_hz:.0f} Hz, and to hear digits takes {required_hz:.0f} Hz: "
        "a microphone, not a telephone",
        {"bandwidth_hz": round(bandwidth_hz), "required_hz": round(required_hz)},
    )


def too_noisy(snr_db: float, required_db: float) -> Reason:
    """Say that digits cannot be told in so much noise."""
    return Reason(
        "digits_not_recognised_in_noise",
        f"digits not verified: the speech is {snr_db:.0f} dB above the noise, and to tell digits takes "
        f"{required_db:.0f} dB: a quieter place, closer to the microphone",
        {"snr_db": round(snr_db, 1), "required_db": required_db},
    )


# --- what it is about ------------------------------------------------------------------------------------------------


def can_hear_digits(language: str) -> bool:
    """Whether digits are recognised in the language of a BCP 47 tag."""
    return language.lower().split("-")[0] in HEARD_IN


def scope_of(consent: Consent) -> Mapping[str, object]:
    """Answer what a consent is about, as it is hashed into a statement."""
    return {
        "type": "consent_scope",
        "version": 1,
        "consent_id": consent.id,
        "performer_id": consent.performer_id,
        "purpose": consent.purpose.value,
        "modality": consent.modality.value,
        "choices": consent.choices.as_json(),
    }


def scope_sha256(consent: Consent) -> str:
    """Answer the SHA-256, in hex, of what a consent is about (canonical JSON, RFC 8785)."""
    return document_sha256(scope_of(consent))
