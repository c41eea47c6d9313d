"""Records as of an earlier moment: later changes are left out, and what no moment is known of counts from the start."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from agreements import CONSENT, LICENCE, NOW, TERMS

from registry.domain.as_of import consents_as_of, licence_as_of
from registry.domain.consents import ConsentDecision, ConsentState
from registry.domain.licences import Hold, LicenceState, SuspensionReason, TermsInForce
from registry.domain.uses import Medium

DAY = timedelta(days=1)


@pytest.mark.parametrize("activated_at", [None, NOW + DAY])
def test_what_was_not_in_force_yet_is_no_licence(activated_at: object) -> None:
    assert licence_as_of(replace(LICENCE, activated_at=activated_at), NOW) is None


def test_a_suspension_of_which_no_moment_is_known_counts_from_the_start() -> None:
    then = licence_as_of(replace(LICENCE, state=LicenceState.SUSPENDED), NOW)
    assert then is not None
    assert then.state is LicenceState.SUSPENDED


def test_a_hold_counts_from_when_it_was_placed_to_when_it_was_lifted() -> None:
    hold = Hold(SuspensionReason.DISPUTE, None, NOW, NOW + 2 * DAY)
    licence = replace(LICENCE, lifted=(hold,))
    states = {days: licence_as_of(licence, NOW + days * DAY) for days in (-1, 0, 1, 2)}
    assert [then and (then.state.value, len(then.holds), len(then.lifted)) for then in states.values()] == [
        ("active", 0, 0),
        ("suspended", 1, 0),
        ("suspended", 1, 0),
        ("active", 0, 1),
    ]
    assert states[1] is not None
    assert states[1].holds[0].until is None


def test_a_revocation_and_a_payment_count_from_their_moment() -> None:
    licence = replace(LICENCE, state=LicenceState.REVOKED, ended_at=NOW, paid_at=NOW)
    before, after = licence_as_of(licence, NOW - DAY), licence_as_of(licence, NOW)
    assert before is not None
    assert (before.state, before.ended_at, before.paid_at) == (LicenceState.ACTIVE, None, None)
    assert after == licence


def test_terms_are_those_that_both_sides_had_signed() -> None:
    wider = replace(TERMS, media=frozenset(Medium))
    versions = (TermsInForce(1, TERMS, NOW - 9 * DAY), TermsInForce(2, wider, NOW))
    licence = replace(LICENCE, terms=wider, versions=versions)
    terms = [then.terms for days in (-1, 0) if (then := licence_as_of(licence, NOW + days * DAY))]
    assert terms == [TERMS, wider]


def test_a_yes_counts_until_it_was_withdrawn_or_replaced() -> None:
    withdrawn = replace(CONSENT, state=ConsentState.WITHDRAWN, withdrawn_at=NOW)
    assert consents_as_of([withdrawn], NOW) == [withdrawn]
    assert consents_as_of([withdrawn], NOW - DAY) == [CONSENT]
    replaced = replace(CONSENT, state=ConsentState.SUPERSEDED)
    refusal = replace(CONSENT, id="cons_2", decision=ConsentDecision.REFUSED, signed_at=NOW)
    assert consents_as_of([replaced, refusal], NOW - DAY) == [CONSENT]
    assert consents_as_of([replaced, refusal], NOW) == [replaced, refusal]


def test_a_yes_that_ran_out_was_in_force_before_and_is_told_by_its_term() -> None:
    expired = replace(CONSENT, state=ConsentState.EXPIRED, expires_at=NOW)
    (then,) = consents_as_of([expired], NOW - DAY)
    assert then.permits(NOW - DAY)
    assert not then.permits(NOW)


def test_a_draft_and_a_later_signature_are_not_there() -> None:
    draft = replace(CONSENT, state=ConsentState.DRAFT, signed_at=None)
    assert consents_as_of([draft, replace(CONSENT, signed_at=NOW + DAY)], NOW) == []
