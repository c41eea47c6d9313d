"""Licences: reading, drafting, changing, offering and amending them. Signing is `registry.services.licence_signing`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from registry.domain.accounts import OrganisationKind, Principal, Role, Scope
from registry.domain.contradictions import require_consistent
from registry.domain.events import Detail, EventType
from registry.domain.ids import IdPrefix
from registry.domain.licence_text.writing import Named, texts_of
from registry.domain.licences import LicenceState, Side, require_transition
from registry.domain.terms import LicenceTerms
from registry.domain.terms_document import document_sha256, terms_json
from registry.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from registry.services.activation import require_begun, require_minority_ends, require_no_conflict
from registry.services.context import Context
from registry.services.performers import narrowed, performer_to_act_for
from registry.services.unit import Unit, require_version, unit_of_work
from registry.store import licences
from registry.store.accounts import Organisation
from registry.store.licence_versions import LicenceVersion
from registry.store.licences import Licence
from registry.store.performers import Performer

# --- reading ---------------------------------------------------------------------------------------------------------


def get_licence(ctx: Context, principal: Principal, licence_id: str) -> Licence:
    """Answer a licence that the caller is a party to, or any to an operator.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    principal.require(Scope.LICENCES_READ)
    with ctx.database.read() as session:
        licence = _visible(session, principal, licence_id)
        if not _may_read(principal, licence):
            raise NotFoundError("there is no such licence")
        return licence


def _may_read(principal: Principal, licence: Licence) -> bool:
    """Whether a party reads a licence: whoever acts for the performer, as far as their mandate covers licences."""
    own_studio = principal.may_see_organisation(licence.studio_id)
    return own_studio or principal.may_act_for(licence.performer_id, Scope.LICENCES_READ)


def list_licences(
    ctx: Context,
    principal: Principal,
    *,
    state: LicenceState | None,
    performer_id: str | None = None,
    after: str | None,
    limit: int,
) -> Sequence[Licence]:
    """Answer a page of the licences that the caller is a party to, or of all to an operator; of one performer alone."""
    principal.require(Scope.LICENCES_READ)
    studio_id, performer_ids = _reach(principal)
    performer_ids = narrowed(performer_ids, performer_id)
    with ctx.database.read() as session:
        return licences.page_of_licences(
            session, studio_id=studio_id, performer_ids=performer_ids, state=state, after=after, limit=limit
        )


def list_licences_of_performer(ctx: Context, principal: Principal, performer_id: str) -> Sequence[Licence]:
    """Answer every licence of a performer, in any state, oldest first: to the performer's side or an operator.

    Raises:
        NotFoundError: no such performer that the caller may know of.
        ForbiddenError: the caller's mandate does not cover licences.
    """
    with ctx.database.read() as session:
        performer = performer_to_act_for(session, principal, performer_id, Scope.LICENCES_READ)
        return licences.licences_of_performer(session, performer.id)


def _reach(principal: Principal) -> tuple[str | None, Collection[str] | None]:
    if principal.is_operator:
        return None, None
    if principal.role in {Role.PERFORMER, Role.REPRESENTATIVE}:
        return None, [p for p in principal.performer_ids if principal.may_act_for(p, Scope.LICENCES_READ)]
    return principal.organisation_id or "", None


def _visible(session: Session, principal: Principal, licence_id: str) -> Licence:
    licence = session.get(Licence, licence_id)
    if licence is None or not _is_party(principal, licence.studio_id, licence.performer_id):
        raise NotFoundError("there is no such licence")
    return licence


def _is_party(principal: Principal, studio_id: str, performer_id: str) -> bool:
    return principal.may_see_organisation(studio_id) or principal.may_see_performer(performer_id)


def side_of(principal: Principal, licence: Licence) -> Side | None:
    """Answer the side that the caller acts for; None for an operator, who is on neither."""
    if principal.is_operator:
        return None
    if principal.may_act_for(licence.performer_id, Scope.LICENCES_WRITE):
        return Side.PERFORMER
    if principal.organisation_id == licence.studio_id:
        return Side.STUDIO
    raise ForbiddenError("the mandate for this performer does not cover licences", scope=Scope.LICENCES_WRITE.value)


# --- drafting and offering -------------------------------------------------------------------------------------------


def draft_licence(
    ctx: Context,
    principal: Principal,
    *,
    performer_id: str,
    studio_id: str | None,
    title: str,
    intended_use: str,
    terms: LicenceTerms,
) -> Licence:
    """Draft a licence between a performer and a studio: either side, or an operator for both.

    Args:
        performer_id: whose voice it is about.
        studio_id: the studio; None for the caller's own.
        title: a name for people.
        intended_use: in words, reasonably specific: what the voice will be used for.
        terms: what a machine decides by.

    Raises:
        NotFoundError: no such performer or studio.
        ForbiddenError: the caller belongs to neither side.
        TermsContradictError: the terms cannot all be meant; figure ``contradictions`` names each.
    """
    principal.require(Scope.LICENCES_WRITE)
    wanted = studio_id or principal.organisation_id or ""
    if not _is_party(principal, wanted, performer_id):  # before either is looked up: whether there is one is not told
        raise ForbiddenError("a licence is drafted by one of its two sides", role=principal.role.value)
    require_consistent(terms)
    with unit_of_work(ctx) as unit:
        performer = unit.session.get(Performer, performer_id)
        studio = unit.session.get(Organisation, wanted)
        if performer is None or not (_is_there(performer) or principal.may_see_performer(performer.id)):
            raise NotFoundError("there is no such performer")
        if studio is None or studio.kind is not OrganisationKind.STUDIO:
            raise NotFoundError("there is no such studio")
        licence = Licence(
            id=unit.new_id(IdPrefix.LICENCE),
            performer_id=performer.id,
            studio_id=studio.id,
            state=LicenceState.DRAFT,
            number=1,
            created_by=principal.account_id,
            created_at=unit.now,
            version=1,
            versions=[],
            holds=[],
        )
        side_of(principal, licence)
        _add_version(unit, licence, principal, _Wanted(title, intended_use, terms))
        stand_by(licence, licence.newest)
        unit.session.add(licence)
        unit.session.flush()
        record(unit, EventType.LICENCE_DRAFTED, licence, principal, terms_sha256=licence.newest.terms_sha256)
        unit.commit()
    return licence


def _is_there(performer: Performer) -> bool:
    """Whether anybody but the performer's side and operators still finds them by their id."""
    return performer.forgotten_at is None and performer.deleted_at is None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a version is to say."""

    title: str
    intended_use: str
    terms: LicenceTerms


def _add_version(unit: Unit, licence: Licence, principal: Principal, wanted: _Wanted) -> None:
    version = LicenceVersion(
        licence_id=licence.id,
        number=len(licence.versions) + 1,
        performer_id=licence.performer_id,
        studio_id=licence.studio_id,
        texts={},
        created_by=principal.account_id,
        created_at=unit.now,
        offered_at=None,
        in_force_at=None,
        withdrawn_at=None,
        signatures=[],
    )
    _write(version, wanted)
    licence.versions.append(version)


def _write(version: LicenceVersion, wanted: _Wanted) -> None:
    version.title, version.intended_use = wanted.title, wanted.intended_use
    version.terms_document = terms_json(wanted.terms)
    version.terms_sha256 = document_sha256(version.terms_document)


def stand_by(licence: Licence, version: LicenceVersion) -> None:
    """Let a licence be what one of its versions says: the one in force, or the newest while none is."""
    terms = version.terms()
    licence.number, licence.title, licence.intended_use = version.number, version.title, version.intended_use
    licence.starts_on, licence.ends_on, licence.exclusivity = terms.starts_on, terms.ends_on, terms.exclusivity


def change_draft(
    ctx: Context,
    principal: Principal,
    licence_id: str,
    *,
    title: str | None = None,
    intended_use: str | None = None,
    terms: LicenceTerms | None = None,
    if_version: int | None = None,
) -> Licence:
    """Change a version that has not been offered yet; what is left out stays. What was offered is never changed.

    Raises:
        NotFoundError: none that the caller may know of.
        ConflictError: it is no draft any more; figure ``state``.
        TermsContradictError: the terms cannot all be meant.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        licence = licence_to_change(unit, principal, licence_id, if_version)
        version = _drafted(licence)
        _write(version, _changed(version, title, intended_use, terms))
        if licence.state is LicenceState.DRAFT:
            stand_by(licence, version)
        record(unit, EventType.LICENCE_CHANGED, licence, principal, terms_sha256=version.terms_sha256)
        unit.commit()
    return licence


def _drafted(licence: Licence) -> LicenceVersion:
    version = licence.newest
    if not version.is_open or version.offered_at is not None or licence.state is LicenceState.REVOKED:
        raise ConflictError(f"a licence that is {licence.state.value} cannot be changed", state=licence.state.value)
    return version


def _changed(
    version: LicenceVersion, title: str | None, intended_use: str | None, terms: LicenceTerms | None
) -> _Wanted:
    if terms is not None:
        require_consistent(terms)
    return _Wanted(title or version.title, intended_use or version.intended_use, terms or version.terms())


def amend_licence(
    ctx: Context,
    principal: Principal,
    licence_id: str,
    *,
    title: str | None = None,
    intended_use: str | None = None,
    terms: LicenceTerms | None = None,
    if_version: int | None = None,
) -> Licence:
    """Draft the next version of a licence in force; what is left out stays as it is in force.

    The version in force stays in force until both sides have signed the next.

    Raises:
        NotFoundError: none that the caller may know of.
        ConflictError: not in force, or an amendment is open already; figure ``state`` or ``number``.
        InvalidInputError: nothing would be amended.
        TermsContradictError: the terms cannot all be meant.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        licence = licence_to_change(unit, principal, licence_id, if_version)
        _require_amendable(licence, unit.now)
        wanted = _changed(licence.current, title, intended_use, terms)
        if wanted == _Wanted(licence.title, licence.intended_use, licence.terms()):
            raise InvalidInputError("an amendment says something else than what is in force", number=licence.number)
        _add_version(unit, licence, principal, wanted)
        record(unit, EventType.LICENCE_AMENDED, licence, principal, **_named(licence.newest))
        unit.commit()
    return licence


def _require_amendable(licence: Licence, now: datetime) -> None:
    require_in_force(licence, now)
    if licence.newest.is_open:
        number = licence.newest.number
        raise ConflictError(f"version {number} is still open: sign it, or withdraw it first", number=number)


def is_amendment(licence: Licence) -> bool:
    """Whether the newest version would take the place of one in force, and may still do so."""
    return licence.activated_at is not None and licence.newest.is_open


def require_in_force(licence: Licence, now: datetime) -> None:
    """Refuse what is done only to a licence in force, suspended or not.

    Raises:
        ConflictError: figure ``state``.
    """
    state = licence.value().state_at(now)
    if state not in {LicenceState.ACTIVE, LicenceState.SUSPENDED}:
        raise ConflictError(f"a licence that is {state.value} is not amended", state=state.value)


def withdraw_amendment(
    ctx: Context, principal: Principal, licence_id: str, *, if_version: int | None = None
) -> Licence:
    """Take an amendment back that is not in force yet: either side may. What is in force stays.

    Raises:
        NotFoundError: none that the caller may know of.
        ConflictError: no amendment is open; figure ``number``.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        licence = licence_to_change(unit, principal, licence_id, if_version)
        version = licence.newest
        if not is_amendment(licence):
            raise ConflictError("no amendment of this licence is open", number=version.number)
        version.withdrawn_at = unit.now
        record(unit, EventType.LICENCE_AMENDMENT_WITHDRAWN, licence, principal, **_named(version))
        unit.commit()
    return licence


def offer_licence(ctx: Context, principal: Principal, licence_id: str, *, if_version: int | None = None) -> Licence:
    """Offer a draft, or a drafted amendment, to be signed. From now on its terms and its texts stand.

    Raises:
        NotFoundError: none that the caller may know of.
        ConflictError: it is no draft (figure ``state``), or an exclusive licence stands against it, which a studio is
            told only once it `may_learn_of_performer`.
        TermsContradictError: the terms cannot all be meant, outlive the minority of a minor (told likewise), or amend
            what is in force by terms that begin later.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        licence = licence_to_change(unit, principal, licence_id, if_version)
        version = licence.newest
        if is_amendment(licence) and version.offered_at is None:
            require_in_force(licence, unit.now)
        else:
            move(licence, LicenceState.OFFERED, unit.now)
            licence.offered_at = unit.now
        performer = unit.session.get_one(Performer, licence.performer_id)
        require_consistent(version.terms())
        require_begun(licence, version.terms(), unit.now)
        if may_learn_of_performer(principal, licence):
            require_minority_ends(version.terms(), performer, unit.now)
            require_no_conflict(unit, licence, version)
        version.offered_at = unit.now
        version.texts = human_texts(unit.session, version)
        record(unit, EventType.LICENCE_OFFERED, licence, principal, **_named(version))
        unit.commit()
    return licence


def may_learn_of_performer(principal: Principal, licence: Licence) -> bool:
    """Whether the caller may learn, by what a licence is refused for, what else is on record of the performer.

    A studio writes drafts alone, about whomever it likes: it learns nothing by them of minority, death, consents or
    licences with others before the performer's side has signed something of this licence.
    """
    signed = any(version.signature_of(Side.PERFORMER) is not None for version in licence.versions)
    return signed or principal.organisation_id != licence.studio_id


def human_texts(session: Session, version: LicenceVersion) -> dict[str, str]:
    """Answer what a version says to people: what was offered as it was offered, a draft as it would be now."""
    if version.texts:
        return dict(version.texts)
    performer = session.get_one(Performer, version.performer_id)
    studio = session.get_one(Organisation, version.studio_id)
    named = Named(
        licence_id=version.licence_id,
        number=version.number,
        performer_id=performer.id,
        performer=performer.name,
        studio_id=studio.id,
        studio=studio.name,
        title=version.title,
        intended_use=version.intended_use,
    )
    return texts_of(named, version.terms())


def _named(version: LicenceVersion) -> dict[str, str | int]:
    return {"number": version.number, "terms_sha256": version.terms_sha256}


# --- what every verb on a licence does -------------------------------------------------------------------------------


def licence_to_change(unit: Unit, principal: Principal, licence_id: str, if_version: int | None) -> Licence:
    """Answer a licence that the caller may change, its version already raised.

    The performer is locked first, then the licence, as in every verb: see `registry.services.performers`. Two exclusive
    licences of one performer cannot pass each other.
    """
    principal.require(Scope.LICENCES_WRITE)
    licence = _visible(unit.session, principal, licence_id)
    unit.session.get_one(Performer, licence.performer_id, with_for_update=True)
    unit.session.refresh(licence, with_for_update=True)
    side_of(principal, licence)
    require_version(licence.version, if_version)
    licence.version += 1
    return licence


def move(licence: Licence, wanted: LicenceState, now: datetime) -> None:
    """Change the state, from what it is at this moment: a licence past its term moves nowhere."""
    require_transition(licence.value().state_at(now), wanted)
    licence.state = wanted


def record(unit: Unit, event_type: EventType, licence: Licence, principal: Principal, **details: Detail) -> None:
    """Remember what happened to a licence, with its two parties."""
    unit.record(
        event_type,
        licence.id,
        principal.account_id,
        performer_id=licence.performer_id,
        studio_id=licence.studio_id,
        **details,
    )
