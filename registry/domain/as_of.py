"""Consents and licences as they stood at an earlier moment, told from what the records say of today.

Records keep the moment of everything that changes them, so that a later change can be left out again. What a record
keeps no moment of is taken as it is now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from registry.domain.consents import Consent, ConsentPurpose, ConsentState, Modality
from registry.domain.licences import Hold, Licence, LicenceState

_OVER = frozenset({ConsentState.SUPERSEDED, ConsentState.EXPIRED, ConsentState.WITHDRAWN})


def consents_as_of(consents: Iterable[Consent], moment: datetime) -> list[Consent]:
    """Answer the consents of one performer that were signed by then, each as it stood; in their order.

    A withdrawal and a later signature after the moment are left out. What ended by its own term is for `state_at`.
    """
    signed = [each for each in consents if each.signed_at is not None and each.signed_at <= moment]
    latest: dict[tuple[ConsentPurpose, Modality], Consent] = {}
    for each in sorted(signed, key=lambda consent: (consent.signed_at, consent.id)):
        latest[each.purpose, each.modality] = each
    return [_as_of(each, moment, is_latest=latest[each.purpose, each.modality] is each) for each in signed]


def _as_of(consent: Consent, moment: datetime, *, is_latest: bool) -> Consent:
    if consent.withdrawn_at is not None and consent.withdrawn_at <= moment:
        return consent
    state = ConsentState.ACTIVE if is_latest and consent.state in _OVER else consent.state
    if not is_latest:
        state = ConsentState.SUPERSEDED
    return replace(consent, state=state, withdrawn_at=None)


def licence_as_of(licence: Licence, moment: datetime) -> Licence | None:
    """Answer a licence as it stood; None when it had not come into force by then."""
    if licence.activated_at is None or licence.activated_at > moment:
        return None
    versions = tuple(version for version in licence.versions if version.since <= moment)
    holds, lifted = _holds(licence, moment)
    ended = licence.ended_at is not None and licence.ended_at <= moment
    state = LicenceState.REVOKED if ended else _state_while_in_force(licence, holds)
    return replace(
        licence,
        terms=versions[-1].terms if versions else licence.terms,
        state=state,
        ended_at=licence.ended_at if ended else None,
        paid_at=licence.paid_at if licence.paid_at is not None and licence.paid_at <= moment else None,
        holds=holds,
        lifted=lifted,
        versions=versions,
    )


def _holds(licence: Licence, moment: datetime) -> tuple[tuple[Hold, ...], tuple[Hold, ...]]:
    """Answer what kept it suspended at a moment, and what had been lifted by then."""
    placed = [hold for hold in _every_hold(licence) if hold.since <= moment]
    lifted = tuple(hold for hold in placed if hold.until is not None and hold.until <= moment)
    return tuple(replace(hold, until=None) for hold in placed if hold not in lifted), lifted


def _every_hold(licence: Licence) -> Iterator[Hold]:
    yield from sorted((*licence.lifted, *licence.holds), key=lambda hold: hold.since)


def _state_while_in_force(licence: Licence, holds: tuple[Hold, ...]) -> LicenceState:
    """Answer the state before its end; a suspension from before holds were kept counts as one from the beginning."""
    unrecorded = licence.state is LicenceState.SUSPENDED and not licence.holds
    return LicenceState.SUSPENDED if holds or unrecorded else LicenceState.ACTIVE
