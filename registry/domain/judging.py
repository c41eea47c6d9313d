"""Judging a use by one licence: what stands against it, the most restrictive first.

See `registry.domain.policy` for the order of the rules, and ``docs/decisions/0008`` for what outlives a licence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from registry.domain.choices import Disposition
from registry.domain.consents import (
    Consent,
    ConsentDecision,
    ConsentPurpose,
    ConsentState,
    Modality,
    latest_decision,
)
from registry.domain.licence_facts import NOTHING_KNOWN, LicenceFacts
from registry.domain.licences import Hold, Licence, LicenceState, SuspensionReason
from registry.domain.scope import refusals
from registry.domain.scores import Reason
from registry.domain.uses import DeclaredUse, UsePurpose
from registry.domain.verdicts import Ruling, Verdict

_A_DAY = timedelta(days=1)
_NEVER_IN_FORCE = frozenset({LicenceState.DRAFT, LicenceState.OFFERED})


def judge_licence(
    licence: Licence,
    use: DeclaredUse,
    consents: Iterable[Consent],
    *,
    now: datetime,
    modality: Modality = Modality.VOICE,
    facts: LicenceFacts = NOTHING_KNOWN,
    approvals_follow: bool = False,
) -> Ruling | None:
    """Judge a use by one licence alone; None when the licence was never in force (draft, offered, revoked before)."""
    consent = latest_decision(consents, ConsentPurpose.LICENSING, modality)
    return judge_under(
        licence, use, consent, now=now, modality=modality, facts=facts, approvals_follow=approvals_follow
    )


def judge_under(
    licence: Licence,
    use: DeclaredUse,
    consent: Consent | None,
    *,
    now: datetime,
    modality: Modality,
    facts: LicenceFacts,
    approvals_follow: bool,
) -> Ruling | None:
    """Judge as `judge_licence` does, once the latest decision on licensing is known; None is none."""
    if licence.activated_at is None or licence.state in _NEVER_IN_FORCE:
        return None
    case = _Case(licence, use, consent, modality, now, facts, approvals_follow)
    return next(_objections(case), None) or _covered(case)


@dataclass(frozen=True, slots=True)
class _Case:
    """One use under one licence, at one moment."""

    licence: Licence
    use: DeclaredUse
    consent: Consent | None
    modality: Modality
    now: datetime
    facts: LicenceFacts
    approvals_follow: bool

    @property
    def day_of_use(self) -> date:
        """The day the work was finished, as declared, but never one to come; today where no day was declared."""
        today = self.now.date()
        return today if self.use.fixed_on is None else min(self.use.fixed_on, today)

    @property
    def is_expired(self) -> bool:
        return self.licence.state_at(self.now) is LicenceState.EXPIRED

    @property
    def is_finished_within_term(self) -> bool:
        return self.use.fixed_on is not None and self.use.fixed_on <= self.licence.terms.last_day

    @property
    def rested_on_its_day(self) -> list[Hold]:
        """What kept the licence suspended on the day the work was finished, and was lifted since."""
        day = self.use.fixed_on
        return [] if day is None else [hold for hold in self.licence.lifted if hold.covers(day)]

    @property
    def consent_ran_out(self) -> bool:
        """Whether the performer's yes has ended by its own term, as was agreed when it was given."""
        return (
            self.consent is not None
            and self.consent.decision is ConsentDecision.GIVEN
            and self.consent.state_at(self.now) is ConsentState.EXPIRED
        )

    @property
    def never(self) -> list[str]:
        """What the performer's yes says never to, of all that the use needs."""
        if self.consent is None:
            return []
        said = self.consent.choices
        return [use.value for use in sorted(self.use.required_purposes) if said.to(use) is Disposition.NEVER]

    @property
    def asked_each_time(self) -> frozenset[UsePurpose]:
        """Of all that the use needs, what the performer wants to be asked about each time, whoever has a licence."""
        if self.consent is None:
            return frozenset()
        said = self.consent.choices
        return frozenset(use for use in self.use.required_purposes if said.to(use) is Disposition.ASK)

    @property
    def outlives_consent(self) -> bool:
        """Whether the work was finished, within the term, before the performer's yes ended by its own term."""
        ended = self.consent.expires_at if self.consent is not None else None
        return (
            self.consent_ran_out
            and ended is not None
            and self.use.fixed_on is not None
            and self.use.fixed_on < ended.date()
            and self.is_finished_within_term
        )


def _objections(case: _Case) -> Iterator[Ruling]:
    """Everything that stands against the use under this licence, the most restrictive first."""
    licence = case.licence
    if licence.state is LicenceState.REVOKED:
        yield _revoked(case)
    if licence.state is LicenceState.SUSPENDED and not (_rests_for_consent(licence) and case.outlives_consent):
        yield _suspended(licence)
    if rested := case.rested_on_its_day:
        yield Ruling(Verdict.LICENCE_SUSPENDED, tuple(_held(licence, hold) for hold in rested), licence.id)
    day = case.day_of_use
    terms = licence.terms_on(day)
    out_of_scope = tuple(
        refusals(terms, case.use, day, case.facts, case.asked_each_time, approvals_follow=case.approvals_follow)
    )
    is_expired = case.is_expired
    if is_expired and (out_of_scope or not case.is_finished_within_term):
        yield _expired(case, out_of_scope)
    if out_of_scope:
        yield Ruling(Verdict.LICENSED_OUT_OF_SCOPE, out_of_scope, licence.id)
    if not ((case.consent is not None and case.consent.permits(case.now)) or case.outlives_consent):
        yield _of(
            licence,
            Verdict.CONSENT_WITHDRAWN,
            "licensing_consent_not_in_force",
            f"no consent to license the {case.modality.value} is in force, and without it the licence permits nothing",
        )
    if case.never:
        yield _chosen_never(case)
    if licence.is_overdue(case.now) or _is_past(case.facts.overdue_since, case.now):
        yield _unpaid(case)
    if is_expired or case.consent_ran_out:
        yield _legacy(case)


def _rests_for_consent(licence: Licence) -> bool:
    """Whether nothing but the end of consent keeps the licence suspended."""
    return bool(licence.holds) and all(hold.reason is SuspensionReason.CONSENT_ENDED for hold in licence.holds)


def _is_past(day: date | None, now: datetime) -> bool:
    return day is not None and now.date() > day


def _covered(case: _Case) -> Ruling:
    """Permit the use; where other terms have replaced those that permit it, that is said, for people to weigh."""
    ruling = _of(case.licence, Verdict.LICENSED_USE, "licence_covers_use", "every term of the licence permits this use")
    replaced = case.licence.replaced_after(case.day_of_use)
    if replaced is None:
        return ruling
    on = replaced.since.date()
    detail = (
        f"the work was finished on {case.use.fixed_on}, {_word_for(case, on - _A_DAY)}; "
        f"it is judged by the terms before version {replaced.number}, which is in force since {on}"
    )
    about = {**_about_the_day(case, on - _A_DAY), "replaced_by": replaced.number, "replaced_on": on.isoformat()}
    return Ruling(ruling.verdict, (*ruling.reasons, Reason("earlier_terms", detail, about)), ruling.licence_id)


def _revoked(case: _Case) -> Ruling:
    """A revocation reaches finished works too; that one was finished before is said, for people to weigh."""
    ruling = _of(case.licence, Verdict.UNLICENSED_MATCH, "licence_revoked", "the licence was revoked")
    ended = case.licence.ended_at
    if ended is None or case.use.fixed_on is None or case.use.fixed_on >= ended.date():
        return ruling
    detail = f"the work was finished on {case.use.fixed_on}, {_word_for(case)}, before the licence was revoked"
    note = Reason("finished_before_revocation", detail, _about_the_day(case))
    return Ruling(ruling.verdict, (*ruling.reasons, note), ruling.licence_id)


def _suspended(licence: Licence) -> Ruling:
    if not licence.holds:
        why = licence.suspension_reason or "no reason recorded"
        return _of(licence, Verdict.LICENCE_SUSPENDED, "licence_suspended", f"the licence is suspended: {why}")
    reasons = tuple(_held(licence, hold) for hold in licence.holds)
    return Ruling(Verdict.LICENCE_SUSPENDED, reasons, licence.id)


def _held(licence: Licence, hold: Hold) -> Reason:
    why = hold.reason.value.replace("_", " ") + (f" – {hold.note}" if hold.note else "")
    about = {"licence_id": licence.id, "cause": hold.reason.value, "since": hold.since.isoformat()}
    if hold.until is None:
        return Reason("licence_suspended", f"the licence is suspended: {why}", about)
    detail = f"the work was finished while the licence was suspended, {hold.since:%Y-%m-%d} to {hold.until:%Y-%m-%d}"
    return Reason("licence_suspended", f"{detail}: {why}", {**about, "until": hold.until.isoformat()})


def _expired(case: _Case, out_of_scope: tuple[Reason, ...]) -> Ruling:
    ended = case.licence.terms.last_day.isoformat()
    reason = Reason(
        "licence_expired",
        f"the licence ended on {ended}, and no work within its terms is known to have been finished by then",
        {"term": "ends_on", "ends_on": ended, "licence_id": case.licence.id},
    )
    return Ruling(Verdict.LICENCE_EXPIRED, (reason, *out_of_scope), case.licence.id)


def _legacy(case: _Case) -> Ruling:
    """A work that outlives the licence, or the consent, that it was finished under."""
    ended = case.licence.terms.last_day if case.is_expired else (case.consent and case.consent.expires_at)
    over = "licence" if case.is_expired else "consent"
    detail = f"the {over} ended on {ended:%Y-%m-%d}; the work was finished on {case.use.fixed_on}, {_word_for(case)}"
    reason = Reason("finished_within_term", f"{detail}, within it", _about_the_day(case))
    return Ruling(Verdict.EXPIRED_LEGACY_USE, (reason,), case.licence.id)


def _is_attested(case: _Case, last: date | None) -> bool:
    """Whether a clearance or a report of use shows the project from the day of the work to ``last``.

    Without a last day, to the end of the term.
    """
    return case.use.fixed_on is not None and case.facts.attests(
        case.use.project, case.use.fixed_on, last or case.licence.terms.last_day
    )


def _word_for(case: _Case, last: date | None = None) -> str:
    return "as the registry's own records show" if _is_attested(case, last) else "by the studio's word"


def _about_the_day(case: _Case, last: date | None = None) -> dict[str, str | int | float | bool | None]:
    fixed_on = case.use.fixed_on.isoformat() if case.use.fixed_on else None
    return {"licence_id": case.licence.id, "fixed_on": fixed_on, "attested": _is_attested(case, last)}


def _chosen_never(case: _Case) -> Ruling:
    """No licence permits what the performer's yes to licensing says never to, whoever has signed it."""
    uses = ", ".join(case.never)
    reason = Reason(
        "use_not_consented_to",
        f"the performer's consent to license the {case.modality.value} says never to {uses}",
        {"uses": uses, "licence_id": case.licence.id},
    )
    return Ruling(Verdict.CONSENT_WITHDRAWN, (reason,), case.licence.id)


def _unpaid(case: _Case) -> Ruling:
    first = case.licence.payment_due_at() if case.licence.is_overdue(case.now) else None
    days = [day for day in (first.date() if first else None, case.facts.overdue_since) if day is not None]
    due = min(days).isoformat()
    reason = Reason(
        "payment_overdue",
        f"the licence covers the use, but its payment was due on {due}",
        {"term": "pay", "due_on": due},
    )
    return Ruling(Verdict.LICENSED_UNPAID, (reason,), case.licence.id)


def _of(licence: Licence, verdict: Verdict, code: str, detail: str) -> Ruling:
    return Ruling(verdict, (Reason(code, detail, {"licence_id": licence.id}),), licence.id)
