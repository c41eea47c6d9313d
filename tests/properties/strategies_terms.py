"""Licence terms with everything in them that terms can say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st
from strategies_domain import terms

from registry.domain.terms import (
    ApprovalTerms,
    Attribution,
    Circumstances,
    CollectiveAgreement,
    Disclosure,
    Exclusivity,
    Label,
    LicenceTerms,
    Marking,
    Multiplier,
    PayBasis,
    PayTerms,
    Permission,
    Rate,
    ReplicaClass,
    Representation,
    RepresentationKind,
    VolumeCap,
)
from registry.domain.uses import Medium, UsageUnit, UseMode, UsePurpose

CURRENCY = ("EUR", "KRW", "KWD", "USD")
lines = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
purposes = st.frozensets(st.sampled_from(UsePurpose), max_size=4)
dates = st.dates(date(2026, 1, 1), date(2040, 12, 31))
paid_bases = [basis for basis in PayBasis if basis is not PayBasis.NONE]

rates = st.lists(
    st.builds(Rate, st.sampled_from(paid_bases), st.integers(1, 2**40)),
    min_size=1,
    max_size=4,
    unique_by=lambda r: r.basis,
).map(tuple)
factors = st.decimals(Decimal("0.000000001"), Decimal(999_999_999), places=9)
multipliers = st.lists(
    st.builds(Multiplier, st.sampled_from(UseMode) | st.sampled_from(Medium), factors),
    max_size=3,
    unique_by=lambda m: m.applies_to,
).map(tuple)
pay = st.builds(
    PayTerms,
    rates=rates,
    currency=st.sampled_from(CURRENCY),
    minimum_guarantee_minor=st.integers(0, 2**40),
    multipliers=multipliers,
    due_within_days=st.integers(0, 400),
) | st.integers(0, 400).map(lambda days: PayTerms((Rate(PayBasis.NONE),), due_within_days=days))

caps = st.lists(
    st.builds(VolumeCap, st.sampled_from(UsageUnit), st.integers(1, 2**53 - 1)), max_size=3, unique_by=lambda c: c.unit
).map(tuple)
some_purposes = st.frozensets(st.sampled_from(UsePurpose), min_size=1, max_size=3)
approvals = st.builds(ApprovalTerms, some_purposes) | st.builds(
    ApprovalTerms, some_purposes, st.integers(1, 2**40), st.sampled_from(CURRENCY)
)
disclosures = st.builds(
    Disclosure,
    markings=st.frozensets(st.sampled_from(Marking)),
    labels=st.lists(st.builds(Label, st.sampled_from(("en", "ko", "pt-BR")), lines), max_size=2).map(tuple),
    artistic_exception=st.booleans(),
)
representations = st.just(Representation()) | st.builds(
    Representation, st.sampled_from((RepresentationKind.COUNSEL, RepresentationKind.UNION)), lines
)
agreements = st.builds(CollectiveAgreement, lines, st.none() | lines, st.none() | lines, st.booleans())
circumstances = st.builds(
    Circumstances,
    replaces_in_person_work=st.booleans(),
    representation=representations,
    cba=st.none() | agreements,
    of_age_on=st.none() | dates,
    minor_court_approval_ref=st.none() | lines,
    clear_and_conspicuous=st.booleans(),
    separately_signed=st.booleans(),
    security_controls=st.none() | lines,
    raw_audio_retention_days=st.none() | st.integers(0, 9_999),
    training_sublicence_notice=st.booleans(),
    purpose_represented_at_recording=st.none() | purposes,
    governing_law=st.none() | st.sampled_from(("KR", "US-CA")),
)


@st.composite
def whole_terms(draw: st.DrawFn) -> LicenceTerms:
    """Any terms, with everything that they can say."""
    first = draw(dates)
    return replace(
        draw(terms()),
        purposes=draw(purposes),
        media=draw(st.frozensets(st.sampled_from(Medium), max_size=3)),
        starts_on=first,
        ends_on=first + timedelta(days=draw(st.integers(0, 4_000))),
        exclusivity=draw(st.sampled_from(Exclusivity)),
        projects=draw(st.none() | st.frozensets(lines, max_size=2)),
        pay=draw(pay),
        replica_class=draw(st.none() | st.sampled_from(ReplicaClass)),
        use_modes=draw(st.frozensets(st.sampled_from(UseMode))),
        intended_uses=draw(st.lists(lines, max_size=2).map(tuple)),
        volume_caps=draw(caps),
        approval=draw(st.none() | approvals),
        attribution=draw(st.none() | st.builds(Attribution, lines)),
        sublicensing=draw(st.sampled_from(Permission)),
        derived_voices=draw(st.sampled_from(Permission)),
        improves_models=draw(st.booleans()),
        disclosure=draw(disclosures),
        circumstances=draw(circumstances),
    )
