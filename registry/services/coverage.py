"""How performers stand to the training of models by one organisation: consent, opt-out and licences, at some moments.

Nothing here is a verdict: that also asks for the medium, the territory and whatever else a use is declared with.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from registry.domain.choices import Disposition
from registry.domain.consents import (
    Consent,
    ConsentDecision,
    ConsentPurpose,
    ConsentState,
    Modality,
    choice_for,
    latest_decision,
)
from registry.domain.licences import Licence, LicenceState
from registry.domain.policy import PerformerRecord
from registry.domain.uses import UsePurpose
from registry.services.context import Context
from registry.services.records import records_between

NEVER_DECIDED = "never_decided"
_IN_WORDS = {
    ConsentState.ACTIVE: "given",
    ConsentState.WITHDRAWN: "withdrawn",
    ConsentState.EXPIRED: "expired",
    ConsentState.SUPERSEDED: "superseded",
    ConsentState.DRAFT: "draft",
}


@dataclass(frozen=True, slots=True)
class LicenceThen:
    """One licence that had come into force by a moment.

    Attributes:
        id, state: of it, then.
        starts_on, ends_on: of its term.
        ended_on: the day it was revoked on, or None.
        permits_training: whether its purposes have the training of models among them.
    """

    id: str
    state: LicenceState
    starts_on: date
    ends_on: date
    ended_on: date | None
    permits_training: bool


@dataclass(frozen=True, slots=True)
class TrainingStanding:
    """One performer at one moment.

    Attributes:
        at: the moment.
        monitoring, licensing: how consent to each stood: ``given``, ``refused``, ``withdrawn``, ``expired`` or
            ``never_decided``.
        decided_on: the day of the latest decision on licensing, or None.
        training: what consent to licensing says to the training of models.
        opted_out: whether licensing was refused, or consent to it withdrawn.
        licences: with the organisation, oldest first.
    """

    at: datetime
    monitoring: str
    licensing: str
    decided_on: date | None
    training: Disposition
    opted_out: bool
    licences: Sequence[LicenceThen]

    @property
    def is_licensed(self) -> bool:
        """Whether a licence was in force, within its term, that has training among its purposes, with consent to it.

        A performer who wants to be asked each time has not been by a licence alone.
        """
        in_term = [one for one in self.licences if one.state is LicenceState.ACTIVE and one.permits_training]
        begun = any(one.starts_on <= self.at.date() for one in in_term)
        return begun and self.training is Disposition.ALLOW

    def as_json(self) -> dict[str, Any]:
        """Answer it as JSON holds it."""
        return {
            "at": self.at.isoformat().replace("+00:00", "Z"),
            "monitoring_consent": self.monitoring,
            "licensing_consent": self.licensing,
            "decided_on": self.decided_on.isoformat() if self.decided_on else None,
            "training": self.training.value,
            "opted_out": self.opted_out,
            "licensed_for_training": self.is_licensed,
            "licences": [
                {
                    "licence_id": one.id,
                    "state": one.state.value,
                    "starts_on": one.starts_on.isoformat(),
                    "ends_on": one.ends_on.isoformat(),
                    "ended_on": one.ended_on.isoformat() if one.ended_on else None,
                    "permits_training": one.permits_training,
                }
                for one in self.licences
            ],
        }


def training_coverage(
    ctx: Context, organisation_id: str, performer_ids: Collection[str], moments: Iterable[datetime]
) -> Mapping[str, Sequence[TrainingStanding]]:
    """Answer how some performers stood to training by an organisation at some moments, in their order.

    Everything is read in one transaction that cannot write.
    """
    found: dict[str, list[TrainingStanding]] = {performer_id: [] for performer_id in performer_ids}
    with ctx.database.read() as session:
        for at in moments:
            records = records_between(session, organisation_id, performer_ids, now=at, as_of=at)
            for performer_id, record in records.items():
                found[performer_id].append(_standing(record, at))
    return found


def _standing(record: PerformerRecord, at: datetime) -> TrainingStanding:
    decision = latest_decision(record.consents, ConsentPurpose.LICENSING, Modality.VOICE)
    licensing = _in_words(decision, at)
    return TrainingStanding(
        at=at,
        monitoring=_in_words(latest_decision(record.consents, ConsentPurpose.MONITORING, Modality.VOICE), at),
        licensing=licensing,
        decided_on=decision.decided_at.date() if decision is not None and decision.decided_at is not None else None,
        training=choice_for(record.consents, UsePurpose.TRAINING, Modality.VOICE, at),
        opted_out=licensing in {"refused", "withdrawn"},
        licences=[_then(licence, at) for licence in record.licences],
    )


def _in_words(decision: Consent | None, at: datetime) -> str:
    if decision is None:
        return NEVER_DECIDED
    state = decision.state_at(at)
    if decision.decision is ConsentDecision.REFUSED and state is ConsentState.ACTIVE:
        return "refused"
    return _IN_WORDS[state]


def _then(licence: Licence, at: datetime) -> LicenceThen:
    return LicenceThen(
        id=licence.id,
        state=licence.state_at(at),
        starts_on=licence.terms.starts_on,
        ends_on=licence.terms.last_day,
        ended_on=licence.ended_at.date() if licence.ended_at is not None else None,
        permits_training=UsePurpose.TRAINING in licence.terms.purposes,
    )
