"""Laws of linting: what is learned never overturns what was known, and what does not bind never blocks."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from strategies_domain import TODAY, terms

from registry.domain.linting import Outcome, lint
from registry.domain.reading import Node
from registry.domain.rules.catalogue import FACTS, Contract, Parties
from registry.domain.rules.conditions import condition_of
from registry.domain.rules.durations import Period, duration_of
from registry.domain.rules.facts import UNKNOWN, Facts, Value
from registry.domain.rules.packs import Severity, Standing
from registry.domain.rules.shipped import shipped_packs
from registry.domain.rules.truth import Truth
from registry.domain.rules.wording import is_specific
from registry.domain.terms import Circumstances, LicenceTerms, Representation, RepresentationKind
from registry.domain.uses import UsePurpose

FLAGS = ("improves_models", "performer.minor", "performer.deceased", "pay.is_unpaid")
STANDING = {(pack.id, rule.id): rule.standing for pack in shipped_packs() for rule in pack.rules}

tests = st.one_of(
    st.builds(lambda fact, wanted: {"fact": fact, "is": wanted}, st.sampled_from(FLAGS), st.booleans()),
    st.builds(lambda fact, wanted: {"fact": fact, "stated": wanted}, st.sampled_from(FLAGS), st.booleans()),
)
conditions: st.SearchStrategy[dict[str, Any]] = st.recursive(
    tests,
    lambda parts: st.one_of(
        st.lists(parts, min_size=1, max_size=3).map(lambda some: {"all": some}),
        st.lists(parts, min_size=1, max_size=3).map(lambda some: {"any": some}),
        parts.map(lambda part: {"not": part}),
    ),
    max_leaves=8,
)
knowledge: st.SearchStrategy[dict[str, Value]] = st.fixed_dictionaries(
    {flag: st.sampled_from((True, False, None, UNKNOWN)) for flag in FLAGS}
)

circumstances = st.builds(
    Circumstances,
    replaces_in_person_work=st.booleans(),
    representation=st.sampled_from((Representation(), Representation(RepresentationKind.COUNSEL, "Ada Lind"))),
    of_age_on=st.none() | st.dates(TODAY, TODAY + timedelta(days=4000)),
    clear_and_conspicuous=st.booleans(),
    separately_signed=st.booleans(),
    raw_audio_retention_days=st.none() | st.integers(0, 3000),
    purpose_represented_at_recording=st.none() | st.frozensets(st.sampled_from(UsePurpose)),
    governing_law=st.sampled_from((None, "KR", "US", "US-CA", "US-IL", "US-NY", "DE", "GB")),
)
parties = st.builds(Parties, minor=st.none() | st.booleans(), adult_on=st.none(), deceased=st.none() | st.booleans())
contracts = st.builds(
    lambda of, how, who: Contract(replace(of, circumstances=how), who), terms(), circumstances, parties
)
days = st.dates(date(2005, 1, 1), date(2040, 1, 1))


def holds(raw: dict[str, Any], facts: dict[str, Value]) -> bool:
    """Decide a condition of which everything is known, as anybody would."""
    if "fact" in raw:
        value = facts[raw["fact"]]
        return (value is not None) is raw["stated"] if "stated" in raw else value is raw["is"]
    if "not" in raw:
        return not holds(raw["not"], facts)
    return all(holds(part, facts) for part in raw["all"]) if "all" in raw else any(holds(p, facts) for p in raw["any"])


@given(conditions, knowledge)
def test_what_is_told_holds_whatever_the_unknown_turns_out_to_be(raw: dict[str, Any], known: dict[str, Value]) -> None:
    judgement = condition_of(Node(raw), FACTS).judge(Facts(known))
    unknown = [name for name, value in known.items() if value is UNKNOWN]
    answers = {holds(raw, known | dict(zip(unknown, values, strict=True))) for values in _all(len(unknown))}
    if judgement.truth is Truth.UNKNOWN:
        assert judgement.missing <= set(unknown)
        assert judgement.missing
    else:
        assert answers == {judgement.truth is Truth.YES}
        assert judgement.missing == frozenset()


def _all(count: int) -> list[tuple[Value, ...]]:
    found: list[tuple[Value, ...]] = [()]
    for _ in range(count):
        found = [(*each, value) for each in found for value in (True, False, None)]
    return found


@given(contracts, days)
def test_only_what_binds_and_is_certain_blocks(contract: Contract, on: date) -> None:
    for finding in lint(contract, on=on, packs=shipped_packs()).findings:
        if finding.severity is Severity.ERROR:
            assert STANDING[finding.pack, finding.rule] in {Standing.IN_FORCE, Standing.CONTRACT}
            assert finding.applies_from is None
            assert finding.outcome is Outcome.BROKEN
        assert bool(finding.missing) is (finding.outcome is Outcome.CANNOT_TELL)
        assert finding.facts


@given(contracts, days, st.randoms())
def test_the_order_of_the_packs_changes_nothing(contract: Contract, on: date, shuffled: random.Random) -> None:
    packs = list(shipped_packs())
    shuffled.shuffle(packs)
    assert lint(contract, on=on, packs=packs) == lint(contract, on=on, packs=shipped_packs())


@given(contracts)
def test_stating_what_was_missing_leaves_nothing_that_cannot_be_told(contract: Contract) -> None:
    told = replace(
        contract.terms,
        circumstances=replace(
            contract.terms.circumstances,
            governing_law="US-CA",
            purpose_represented_at_recording=contract.terms.purposes,
            of_age_on=None,
        ),
    )
    report = lint(Contract(told, Parties(minor=False, deceased=False)), on=TODAY, packs=shipped_packs())
    assert all(finding.outcome is Outcome.BROKEN for finding in report.findings)


@given(terms(), days)
def test_a_pack_is_considered_on_every_day_of_its_law_and_on_none_after_it(of: LicenceTerms, on: date) -> None:
    considered = {each.pack for each in lint(Contract(of), on=on, packs=shipped_packs()).considered}
    for pack in shipped_packs():
        in_force = any(rule.dates.cover(on) for rule in pack.rules)
        to_come = any(rule.dates.first and on < rule.dates.first <= of.ends_on for rule in pack.rules)
        assert (pack.id in considered) is bool(in_force or to_come)


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.integers(1, 40), st.integers(0, 16_000))
def test_a_term_is_longer_than_some_years_exactly_when_it_goes_past_their_last_day(
    first: date, years: int, length: int
) -> None:
    last = first + timedelta(days=length)
    try:
        anniversary = first.replace(year=first.year + years)
    except ValueError:  # 29 February, in a year that has none
        anniversary = date(first.year + years, 3, 1)
    assert Period(first, last).is_longer_than(duration_of(f"{years} years")) is (last >= anniversary)


@given(st.text(), st.text())
def test_saying_more_never_makes_a_description_less_specific(text: str, more: str) -> None:
    if is_specific(text):
        assert is_specific(f"{text} {more}")
