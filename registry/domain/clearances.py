"""Clearances: "may I?" asked before a use. Permitted, refused, or: ask the performer. Each with reasons.

The decision is policy's, of the licences and consents alone: there is no recording yet, and no evidence. It is taken of
a use *from now on*, so a day on which the work is said to have been finished counts for nothing here. Whether an answer
still holds later is the question of `registry.domain.clearance_status`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from registry.domain.approvals import Approval, Beyond, usable
from registry.domain.choices import Disposition
from registry.domain.consents import Consent, ConsentPurpose, Modality, choice_for, latest_decision
from registry.domain.licences import Licence
from registry.domain.policy import PerformerRecord, decide_match
from registry.domain.scores import Reason
from registry.domain.terms import LicenceTerms, Permission
from registry.domain.uses import DeclaredUse
from registry.domain.verdicts import Verdict


class Decision(StrEnum):
    """What is answered to "may I?"."""

    PERMITTED = "permitted"
    REFUSED = "refused"
    ASK = "ask"  # the performer's yes to this one use would make it permitted


@dataclass(frozen=True, slots=True)
class WantedUse:
    """What a studio asks about.

    Attributes:
        performer_id: whose voice.
        use: as it is meant to be; ``copy_sha256`` names the exact copy where that is to be approved.
        beyond: what it does beyond itself.
    """

    performer_id: str
    use: DeclaredUse
    beyond: frozenset[Beyond] = frozenset()


@dataclass(frozen=True, slots=True)
class Clearing:
    """A decision with its reasons.

    Attributes:
        decision: what is answered.
        reasons: why, most important first; never empty.
        licence_id: the licence that it rests on, or None.
        approval_id: the approval that it uses up, or None.
        verdict: what policy says of the use, or None where policy was not asked.
    """

    decision: Decision
    reasons: tuple[Reason, ...]
    licence_id: str | None = None
    approval_id: str | None = None
    verdict: Verdict | None = None

    def __post_init__(self) -> None:
        if not self.reasons:
            raise ValueError("a decision has reasons")


NO_LICENCE = Clearing(
    Decision.REFUSED, (Reason("no_licence", "no licence was ever in force between this performer and your studio"),)
)
"""The one answer about everybody with whom a studio has nothing to do, whether the registry knows them or not."""


def decide_clearance(
    wanted: WantedUse, record: PerformerRecord, approvals: Sequence[Approval], *, now: datetime
) -> Clearing:
    """Decide whether a studio may use a performer's voice, as it says it wants to.

    1. Where no licence was ever in force between the two, that is all that is said: neither that there is such a
       performer, nor what they have agreed to or refused.
    2. Policy judges the use from now on. What it refuses for any reason that the performer cannot lift by a yes to
       this one use stays refused.
    3. So does what goes beyond the use and is refused by the licence.
    4. Where the licence, or the performer, wants to be asked each time, an approval of this exact copy that was not
       used yet is used up; without one the answer is to ask.

    Args:
        wanted: what the studio asks about.
        record: consents, and the licences with the studio that asks.
        approvals: of this performer for this studio.
        now: the moment of the decision.
    """
    if not any(licence.activated_at is not None for licence in record.licences):
        return NO_LICENCE
    use = replace(wanted.use, fixed_on=None)
    ruling = decide_match(use, record, now=now, approvals_follow=True)
    licence = next((each for each in record.licences if each.id == ruling.licence_id), None)
    if ruling.verdict is not Verdict.LICENSED_USE or licence is None:
        return Clearing(Decision.REFUSED, ruling.reasons, ruling.licence_id, verdict=ruling.verdict)
    if refused := tuple(_refused_beyond(licence.terms, wanted.beyond)):
        return Clearing(Decision.REFUSED, refused, licence.id)
    asks = (*_asks_first(record.consents, use, now), *_asks(licence, use, wanted.beyond))
    if not asks:
        return Clearing(Decision.PERMITTED, ruling.reasons, licence.id)
    approval = usable(approvals, use, licence.id, wanted.beyond, now)
    if approval is None:
        return Clearing(Decision.ASK, (*asks, *_why_not(approvals, use, licence.id, now)), licence.id)
    return Clearing(Decision.PERMITTED, (*ruling.reasons, _approved(approval)), licence.id, approval.id)


def _refused_beyond(terms: LicenceTerms, beyond: frozenset[Beyond]) -> Iterator[Reason]:
    if Beyond.SUBLICENCE in beyond and terms.sublicensing is Permission.REFUSED:
        yield _beyond("sublicensing", "the licence permits no sublicensing")
    if Beyond.DERIVED_VOICE in beyond and terms.derived_voices is Permission.REFUSED:
        yield _beyond("derived_voices", "the licence permits no voice derived from the performer's")
    if Beyond.MODEL_IMPROVEMENT in beyond and not terms.improves_models:
        yield _beyond("improves_models", "the licence does not permit to improve models that serve others")


def _beyond(term: str, detail: str) -> Reason:
    return Reason("beyond_not_permitted", detail, {"term": term})


def _asks_first(consents: Iterable[Consent], use: DeclaredUse, now: datetime) -> Iterator[Reason]:
    """Name every purpose of which the performer has said, when consenting: a licence, and ask me each time."""
    held = list(consents)
    for purpose in sorted(use.required_purposes):
        if choice_for(held, purpose, Modality.VOICE, now) is Disposition.ASK:
            yield Reason(
                "performer_asks_first",
                f"the performer wants to be asked each time for {purpose.value}",
                {"purpose": purpose.value},
            )


def _asks(licence: Licence, use: DeclaredUse, beyond: frozenset[Beyond]) -> Iterator[Reason]:
    """Name everything that the performer is asked about each time under the licence."""
    terms = licence.terms
    if terms.approval is not None and terms.approval.purposes & use.required_purposes:
        asked = ", ".join(sorted(terms.approval.purposes & use.required_purposes))
        yield Reason(
            "copy_needs_approval",
            f"under the licence the performer approves the exact copy before each use for {asked}",
            {
                "term": "approval",
                "licence_id": licence.id,
                "floor_minor": terms.approval.floor_minor,
                "currency": terms.approval.currency,
            },
        )
    if Beyond.SUBLICENCE in beyond and terms.sublicensing is Permission.WITH_APPROVAL:
        yield _with_approval("sublicensing", licence)
    if Beyond.DERIVED_VOICE in beyond and terms.derived_voices is Permission.WITH_APPROVAL:
        yield _with_approval("derived_voices", licence)


def _with_approval(term: str, licence: Licence) -> Reason:
    return Reason(
        "beyond_needs_approval",
        f"the licence's {term} are permitted with the performer's approval of each",
        {"term": term, "licence_id": licence.id},
    )


def _why_not(approvals: Iterable[Approval], use: DeclaredUse, licence_id: str, now: datetime) -> Iterator[Reason]:
    """Say why the approvals that there are do not serve."""
    if use.copy_sha256 is None:
        yield Reason("copy_not_declared", "the use names no exact copy (copy_sha256), so no approval can be of it")
        return
    for approval in approvals:
        if approval.licence_id != licence_id or approval.use.copy_sha256 != use.copy_sha256:
            continue
        state, purpose = approval.state_at(now).value, approval.use.purpose.value
        differs = ", ".join(approval.differs_in(use))
        apart = f"; it is of another use, in {differs}" if differs else ""
        yield Reason(
            "approval_does_not_serve",
            f"the approval {approval.id} of this copy is {state}, for {purpose}{apart}",
            {"approval_id": approval.id, "state": state, "purpose": purpose, "differs": differs or None},
        )


def _approved(approval: Approval) -> Reason:
    return Reason(
        "copy_approved", "the performer has approved this exact copy, for this once", {"approval_id": approval.id}
    )


def consent_rested_on(consents: Iterable[Consent]) -> Consent | None:
    """Answer the consent to licensing the voice that a clearance rests on when it is given."""
    return latest_decision(consents, ConsentPurpose.LICENSING, Modality.VOICE)
