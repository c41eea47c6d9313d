"""Activation: what a version of a licence must pass before it comes into force, and what happens when it does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from registry.domain import licences as rules
from registry.domain.choices import Disposition
from registry.domain.consents import ConsentPurpose, Modality, choice_for, consent_in_force
from registry.domain.exclusivity import conflicting_exclusives
from registry.domain.performers import is_minor
from registry.domain.terms import LicenceTerms
from registry.errors import ChoiceRefusedError, ConflictError, ConsentMissingError, TermsContradictError
from registry.services.soundness import require_sound
from registry.services.unit import Unit
from registry.store import consents, licences
from registry.store.licence_versions import LicenceVersion
from registry.store.licences import Licence
from registry.store.performers import Performer


def require_ready(unit: Unit, licence: Licence, version: LicenceVersion) -> str:
    """Refuse a version that must not come into force now, and answer the digest of what the rule packs find in it.

    1. The performer's consent to license the voice is in force, and open to every purpose of the terms.
    2. The term is not over.
    3. Amended terms have begun: they take the place of those in force, which permit nothing from then on.
    4. A minor's licence ends before the minor is of age.
    5. No exclusive licence of another studio stands against it, and it against none.
    6. No dated rule makes an error of it.

    Raises:
        ConsentMissingError, ChoiceRefusedError: the performer has not said yes to that.
        ConflictError: the term is over, or an exclusive licence stands against it.
        TermsContradictError: it would leave a time in which nothing is permitted, or outlive the minority.
        LicenceUnsoundError: a rule would not let it stand; figure ``findings``.
    """
    terms = version.terms()
    performer = unit.session.get_one(Performer, licence.performer_id)
    require_open_to(unit.session, terms, performer.id, unit.now)
    if unit.now.date() > terms.last_day:
        raise ConflictError(
            f"the licence's term ended on {terms.last_day.isoformat()}", ends_on=terms.last_day.isoformat()
        )
    require_begun(licence, terms, unit.now)
    require_minority_ends(terms, performer, unit.now)
    require_no_conflict(unit, licence, version)
    return require_sound(version, performer, unit.now.date()).sha256()


def require_consent(session: Session, performer_id: str, now: datetime) -> None:
    """Refuse unless the performer's consent to license the voice is in force.

    Raises:
        ConsentMissingError: it is not.
    """
    held = [consent.value() for consent in consents.consents_of(session, [performer_id])]
    if consent_in_force(held, ConsentPurpose.LICENSING, Modality.VOICE, now) is None:
        raise ConsentMissingError(
            "the performer has no consent in force to license the voice",
            purpose=ConsentPurpose.LICENSING.value,
            modality=Modality.VOICE.value,
        )


def require_open_to(session: Session, terms: LicenceTerms, performer_id: str, now: datetime) -> None:
    """Refuse terms for which the performer's consent to licensing is not in force, or that it says never to.

    Raises:
        ConsentMissingError: no consent to license the voice is in force.
        ChoiceRefusedError: it says never to a purpose of the terms; figure ``uses``.
    """
    require_consent(session, performer_id, now)
    held = [consent.value() for consent in consents.consents_of(session, [performer_id])]
    never = [
        use.value for use in sorted(terms.purposes) if choice_for(held, use, Modality.VOICE, now) is Disposition.NEVER
    ]
    if never:
        raise ChoiceRefusedError(f"the performer says never to {', '.join(never)}", uses=never)


def require_begun(licence: Licence, terms: LicenceTerms, now: datetime) -> None:
    """Refuse amended terms that begin later: signed, they would end what is permitted now and permit nothing yet.

    Raises:
        TermsContradictError: figures ``starts_on`` and ``today``.
    """
    starts_on, today = terms.starts_on.isoformat(), now.date().isoformat()
    if licence.activated_at is None or terms.starts_on <= now.date():
        return
    detail = (
        f"amended terms count from the second signature on, and would permit nothing until {starts_on}: "
        f"let them start on {today} or before, or draft a licence of its own for the later term"
    )
    figures = {"starts_on": starts_on, "today": today}
    listed: list[dict[str, object]] = [{"term": "starts_on", "detail": detail, **figures}]
    raise TermsContradictError(detail, contradictions=listed, **figures)


def require_minority_ends(terms: LicenceTerms, performer: Performer, now: datetime) -> None:
    """Refuse terms of a minor that do not say when the minor comes of age, so that they would outlive that day.

    Raises:
        TermsContradictError: figure ``of_age_on``.
    """
    if performer.adult_on is None or not is_minor(performer.adult_on, now.date()):
        return
    said = terms.circumstances.of_age_on
    if said is None or said > performer.adult_on:
        day = performer.adult_on.isoformat()
        detail = f"the performer comes of age on {day}, and the terms say {said or 'nothing of that'}"
        listed: list[dict[str, object]] = [{"term": "circumstances", "detail": detail, "of_age_on": day}]
        raise TermsContradictError(detail, contradictions=listed, of_age_on=day)


def require_no_conflict(unit: Unit, licence: Licence, version: LicenceVersion) -> None:
    """Refuse a version that would permit a use to two studios of which one was promised to be alone.

    Raises:
        ConflictError: figure ``conflicting_terms`` says from when to when; whose they are is not said.
    """
    wanted = _with_terms(licence, version.terms())
    others = [other.value() for other in licences.licences_of_performer(unit.session, licence.performer_id)]
    if conflicts := conflicting_exclusives(wanted, others, unit.now):
        raise ConflictError(
            "an exclusive licence and this one would permit the same use to two studios",
            conflicting_terms=[f"{c.terms.starts_on} to {c.terms.last_day}" for c in conflicts],
        )


def _with_terms(licence: Licence, terms: LicenceTerms) -> rules.Licence:
    return replace(licence.value(), terms=terms)
