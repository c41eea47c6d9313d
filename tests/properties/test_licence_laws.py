"""Laws of licences: scope, the life of one, and exclusivity beside others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from strategies_domain import (
    NOW,
    TODAY,
    any_licences,
    covering_terms,
    days,
    licences,
    terms,
    uses,
)

from registry.domain.exclusivity import conflicting_exclusives
from registry.domain.licences import Licence, LicenceState, require_transition
from registry.domain.scope import refusals
from registry.domain.terms import Exclusivity, LicenceTerms, PayBasis, PayTerms, Rate
from registry.domain.uses import DeclaredUse, UseKind
from registry.errors import ConflictError, InvalidInputError

DOCUMENTED = {
    ("draft", "offered"),
    ("draft", "revoked"),
    ("offered", "active"),
    ("offered", "revoked"),
    ("active", "suspended"),
    ("active", "revoked"),
    ("active", "expired"),
    ("suspended", "active"),
    ("suspended", "revoked"),
    ("suspended", "expired"),
}
IN_FORCE = (LicenceState.ACTIVE, LicenceState.SUSPENDED)


# --- scope -----------------------------------------------------------------------------------------------------------


@given(terms(), uses, days(-20, 20))
def test_every_refusal_of_scope_names_its_term_and_what_was_wanted(
    of: LicenceTerms, use: DeclaredUse, used_on: date
) -> None:
    for reason in refusals(of, use, used_on):
        assert reason.code.endswith(("_not_permitted", "_not_begun"))
        assert hasattr(of, str(reason.figures["term"]))
        assert reason.detail


@given(terms(), uses, days(-20, 20))
def test_no_term_is_refused_twice_except_for_two_purposes(of: LicenceTerms, use: DeclaredUse, used_on: date) -> None:
    named = [(reason.figures["term"], reason.figures.get("wanted")) for reason in refusals(of, use, used_on)]
    assert len(named) == len(set(named))
    assert len(named) <= 7


@given(uses, st.data())
def test_terms_that_list_everything_a_use_needs_refuse_nothing(use: DeclaredUse, data: st.DataObject) -> None:
    of = data.draw(covering_terms(use, ended=False))
    assert list(refusals(of, use, TODAY)) == []


@given(st.sampled_from(("en-GB", "en-US", "en", "en-GB-oxendict")), terms(), uses)
def test_a_language_covers_its_regions_and_a_region_never_its_language(
    tag: str, of: LicenceTerms, use: DeclaredUse
) -> None:
    def refuses(permitted: str, spoken: str) -> bool:
        narrowed = replace(of, languages=frozenset({permitted}))
        spoken_use = replace(use, language=spoken)
        return "languages" in {reason.figures["term"] for reason in refusals(narrowed, spoken_use, TODAY)}

    assert not refuses("en", tag)
    assert not refuses("EN", tag.upper())
    assert refuses("en-AU", tag)
    assert refuses("e", tag)
    assert refuses(tag, "en") is (tag != "en")


@given(terms(), uses)
def test_the_world_is_refused_where_only_countries_are_permitted(of: LicenceTerms, use: DeclaredUse) -> None:
    narrowed = replace(of, territories=of.territories - {"WORLD"})
    named = {reason.figures["term"] for reason in refusals(narrowed, replace(use, territory="WORLD"), TODAY)}
    assert "territories" in named


@given(days(-20, 20), st.integers(1, 100), terms())
def test_a_term_that_ends_before_it_starts_cannot_be_written(starts_on: date, earlier: int, of: LicenceTerms) -> None:
    with pytest.raises(InvalidInputError) as caught:
        replace(of, starts_on=starts_on, ends_on=starts_on - timedelta(days=earlier))
    assert caught.value.figures["starts_on"] == starts_on.isoformat()


@given(st.sampled_from(PayBasis), st.integers(-5, 5), st.sampled_from((None, "EUR")))
def test_pay_is_either_agreed_to_be_none_or_has_an_amount_and_a_currency(
    basis: PayBasis, amount: int, currency: str | None
) -> None:
    whole = amount > 0 and currency is not None if basis is not PayBasis.NONE else amount == 0 and currency is None
    if whole:
        assert PayTerms((Rate(basis, amount),), currency).rates[0].amount_minor == amount
    else:
        with pytest.raises(InvalidInputError):
            PayTerms((Rate(basis, amount),), currency)


# --- the life of a licence -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("current", "wanted"), list(product(LicenceState, LicenceState)))
def test_only_the_documented_changes_of_state_are_possible(current: LicenceState, wanted: LicenceState) -> None:
    if (current.value, wanted.value) in DOCUMENTED:
        require_transition(current, wanted)
    else:
        with pytest.raises(ConflictError) as caught:
            require_transition(current, wanted)
        assert caught.value.figures == {"state": current.value, "wanted": wanted.value}


class LicenceLife(RuleBasedStateMachine):
    """Try any change at any time, as callers will."""

    def __init__(self) -> None:
        super().__init__()
        self.states = [LicenceState.DRAFT]

    @rule(wanted=st.sampled_from(LicenceState))
    def change(self, wanted: LicenceState) -> None:
        try:
            require_transition(self.states[-1], wanted)
        except ConflictError:
            return
        self.states.append(wanted)

    @precondition(lambda self: self.states[-1] in {LicenceState.REVOKED, LicenceState.EXPIRED})
    @rule(wanted=st.sampled_from(LicenceState))
    def nothing_follows_an_end(self, wanted: LicenceState) -> None:
        with pytest.raises(ConflictError):
            require_transition(self.states[-1], wanted)

    @invariant()
    def a_licence_is_active_only_after_it_was_offered(self) -> None:
        if LicenceState.ACTIVE in self.states:
            assert self.states[:3] == [LicenceState.DRAFT, LicenceState.OFFERED, LicenceState.ACTIVE]

    @invariant()
    def a_licence_is_suspended_only_after_it_was_active(self) -> None:
        before = (
            self.states[: self.states.index(LicenceState.SUSPENDED)] if LicenceState.SUSPENDED in self.states else []
        )
        assert LicenceState.SUSPENDED not in self.states or before[-1] is LicenceState.ACTIVE


TestLicenceLife = LicenceLife.TestCase


@given(any_licences, st.times(), st.integers(-60, 60))
def test_a_licence_in_force_is_expired_from_the_day_after_its_last(licence: Licence, hour: time, offset: int) -> None:
    day = licence.terms.ends_on + timedelta(days=offset)
    state = licence.state_at(datetime.combine(day, hour, tzinfo=UTC))
    if licence.state in IN_FORCE and offset > 0:
        assert state is LicenceState.EXPIRED
    else:
        assert state is licence.state


# --- exclusivity -----------------------------------------------------------------------------------------------------

ours = licences(terms(), states=st.sampled_from(IN_FORCE), studio_id="org_a").map(lambda x: replace(x, id="lic_ours"))
theirs = licences(terms(), states=st.sampled_from(IN_FORCE), studio_id="org_b").map(
    lambda x: replace(x, id="lic_theirs")
)


@given(ours, theirs)
def test_two_licences_that_are_not_exclusive_never_conflict(left: Licence, right: Licence) -> None:
    left, right = (replace(x, terms=replace(x.terms, exclusivity=Exclusivity.NON_EXCLUSIVE)) for x in (left, right))
    assert conflicting_exclusives(left, [right], NOW) == []


@given(ours, any_licences)
def test_a_licence_never_conflicts_with_itself_its_own_studio_or_another_performer(
    licence: Licence, other: Licence
) -> None:
    exclusive = replace(licence, terms=replace(licence.terms, exclusivity=Exclusivity.EXCLUSIVE))
    other_performer = replace(exclusive, id="lic_x", studio_id="org_c", performer_id="perf_b")
    assert other.studio_id == exclusive.studio_id
    assert conflicting_exclusives(exclusive, [exclusive, other, other_performer], NOW) == []


@given(ours, theirs, st.sampled_from([state for state in LicenceState if state not in IN_FORCE]))
def test_a_licence_that_is_not_in_force_stands_in_nobodys_way(
    licence: Licence, other: Licence, state: LicenceState
) -> None:
    assert conflicting_exclusives(licence, [replace(other, state=state)], NOW) == []


@given(ours, theirs)
def test_conflict_is_mutual(left: Licence, right: Licence) -> None:
    lasting = [replace(x, terms=replace(x.terms, ends_on=TODAY + timedelta(days=30))) for x in (left, right)]
    one = conflicting_exclusives(lasting[0], [lasting[1]], NOW)
    other = conflicting_exclusives(lasting[1], [lasting[0]], NOW)
    assert bool(one) is bool(other)


@given(uses, ours, theirs, st.sampled_from(Exclusivity), st.data())
def test_licences_that_permit_one_and_the_same_use_conflict_when_either_is_exclusive(
    use: DeclaredUse, left: Licence, right: Licence, exclusivity: Exclusivity, data: st.DataObject
) -> None:
    left = replace(left, terms=replace(data.draw(covering_terms(use, ended=False)), exclusivity=Exclusivity.EXCLUSIVE))
    right = replace(right, terms=replace(data.draw(covering_terms(use, ended=False)), exclusivity=exclusivity))
    assert conflicting_exclusives(left, [right], NOW) == [right]
    assert conflicting_exclusives(right, [left], NOW) == [left]


def _shared_use(left: LicenceTerms, right: LicenceTerms) -> DeclaredUse:
    """One use within both terms; an error where there is none."""

    def narrower(a: frozenset[str], b: frozenset[str], everything: str) -> str:
        def within(one: str, other: str) -> bool:
            return other in {everything, one} or one.startswith(f"{other}-")

        return next(x for x, y in [*product(a, b), *product(b, a)] if within(x, y))

    language = narrower(left.languages, right.languages, "*")
    return DeclaredUse(
        kind=UseKind.REFERENCE,
        purpose=min(left.purposes & right.purposes),
        project="aurora",
        medium=min(left.media & right.media),
        territory=narrower(left.territories, right.territories, "WORLD"),
        language=None if language == "*" else language,
    )


@given(ours, theirs)
def test_where_two_conflict_there_is_a_use_that_both_permit(left: Licence, right: Licence) -> None:
    if conflicting_exclusives(left, [right], NOW):
        use = _shared_use(left.terms, right.terms)
        day = max(left.terms.starts_on, right.terms.starts_on)
        for of in (left.terms, right.terms):
            assert list(refusals(replace(of, projects=None), use, day)) == []
            assert day <= of.ends_on
