"""Whether a clearance still holds: what the registry says of it now, and for how long an answer counts.

A clearance is written once and never changed. How it stands is derived each time from what it rests on, so that no
withdrawal, suspension or amendment has to find it first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from registry.domain.clearances import Clearing, Decision, WantedUse, decide_clearance
from registry.domain.consents import Consent, ConsentState
from registry.domain.policy import PerformerRecord
from registry.domain.scores import Reason

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of the reader's clock the registry's may be, at most (draft-howe-vcon-consent-00)."""


class ClearanceStanding(StrEnum):
    """How a clearance stands. Only the first may be acted on."""

    HOLDS = "holds"
    STALE = "stale"  # its time is over, or what it rests on was replaced: ask anew
    WITHDRAWN = "withdrawn"  # what it rests on has ended or rests: stop
    UNKNOWN = "unknown"  # it is not one that the registry has given to whoever asks


@dataclass(frozen=True, slots=True)
class Stands:
    """How a clearance stands, with every reason, most important first."""

    standing: ClearanceStanding
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """A permission that was given.

    Attributes:
        wanted: the use that was permitted.
        licence_id, terms_sha256: what it rests on: a licence, and the exact terms.
        consent_id: the consent to licensing that was in force.
        approval_id: the approval that it has used up, or None.
        expires_at: when it ends by itself.
    """

    wanted: WantedUse
    licence_id: str
    terms_sha256: str
    consent_id: str
    approval_id: str | None
    expires_at: datetime


def stands(given: Given, record: PerformerRecord, *, terms_sha256: str | None, now: datetime) -> Stands:
    """Say how a permission stands now.

    1. Past its time it is stale: whatever may have happened, it must be asked for anew.
    2. A consent that it rests on and that was withdrawn ends it for good: a later yes is another one.
    3. The same rules decide the same use again, with what is known now. What they refuse is withdrawn.
    4. What they permit for another reason than they did then (another licence, other terms, or an approval that was
       not needed then) is stale.

    Args:
        given: what was permitted, and on what.
        record: of the performer, with the studio that it was given to, as it is now.
        terms_sha256: digest of the terms of that licence that are in force now, or None where there are none.
        now: the moment of the question.
    """
    if now >= given.expires_at:
        at = given.expires_at.isoformat()
        return Stands(
            ClearanceStanding.STALE,
            (Reason("clearance_expired", f"the clearance ended at {at}; ask anew", {"expired_at": at}),),
        )
    if (withdrawn := _withdrawn(given, record.consents)) is not None:
        return Stands(ClearanceStanding.WITHDRAWN, (withdrawn,))
    again = decide_clearance(given.wanted, record, (), now=now)
    if again.decision is Decision.REFUSED:
        return Stands(ClearanceStanding.WITHDRAWN, again.reasons)
    if replaced := tuple(_replaced(given, again, terms_sha256)):
        return Stands(ClearanceStanding.STALE, replaced)
    return Stands(ClearanceStanding.HOLDS, (_HOLDS,))


def _withdrawn(given: Given, consents: Iterable[Consent]) -> Reason | None:
    consent = next((each for each in consents if each.id == given.consent_id), None)
    if consent is not None and consent.state is not ConsentState.WITHDRAWN:
        return None
    at = consent.withdrawn_at.isoformat() if consent is not None and consent.withdrawn_at is not None else None
    said = "was withdrawn" + (f" at {at}" if at else "") if consent is not None else "is not on record"
    return Reason("consent_withdrawn", f"the consent that the clearance rests on {said}", {"withdrawn_at": at})


def _replaced(given: Given, again: Clearing, terms_sha256: str | None) -> Iterable[Reason]:
    """Name what the use would rest on now and did not then."""
    if again.licence_id != given.licence_id:
        yield Reason(
            "licence_replaced",
            f"the use would rest on the licence {again.licence_id} now, not on {given.licence_id}; ask anew",
            {"licence_id": again.licence_id},
        )
    elif terms_sha256 != given.terms_sha256:
        yield Reason(
            "terms_replaced", "the licence's terms were amended since; ask anew", {"licence_id": again.licence_id}
        )
    if again.decision is Decision.ASK and given.approval_id is None:
        yield from again.reasons


_HOLDS = Reason("clearance_holds", "what the clearance rests on still permits the use")


@dataclass(frozen=True, slots=True)
class Freshness:
    """Whether an answer still counts, and why."""

    fresh: bool
    reason: Reason


def freshness(heard_at: datetime, interval: timedelta, *, now: datetime, skew: timedelta = timedelta(0)) -> Freshness:
    """Say whether the last word of the registry still counts at ``now``: stale means refused.

    Args:
        heard_at: when the registry said it.
        interval: for how long it counts.
        now: the moment of the question, by the clock of whoever asks.
        skew: how far ahead of that clock ``heard_at`` may be, at most `CLOCK_SKEW`; it never lengthens the interval.
    """
    until = (heard_at + interval).isoformat()
    if heard_at > now + min(skew, CLOCK_SKEW):
        detail = f"the answer is of {heard_at.isoformat()}, which has not come yet: is the clock right?"
        return Freshness(
            fresh=False, reason=Reason("clearance_from_the_future", detail, {"heard_at": heard_at.isoformat()})
        )
    if now >= heard_at + interval:
        detail = f"the last answer counted until {until}; ask for the status again"
        return Freshness(fresh=False, reason=Reason("clearance_stale", detail, {"fresh_until": until}))
    detail = f"the last answer counts until {until}"
    return Freshness(fresh=True, reason=Reason("clearance_fresh", detail, {"fresh_until": until}))
