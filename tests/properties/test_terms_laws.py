"""Laws of terms written down: they read back as they were, in JSON and ODRL; nothing unknown; every term is said."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies_terms import whole_terms

from api.schemas.terms import Terms
from registry.domain.contradictions import contradictions, require_consistent
from registry.domain.licence_text.writing import LANGUAGES, Named, texts_of
from registry.domain.terms import (
    UNPAID,
    ApprovalTerms,
    Attribution,
    Circumstances,
    CollectiveAgreement,
    Disclosure,
    Exclusivity,
    Label,
    LicenceTerms,
    PayBasis,
    PayTerms,
    Rate,
    Representation,
    RepresentationKind,
)
from registry.domain.terms_document import document_sha256, terms_json, terms_sha256
from registry.domain.terms_reading import terms_of_json
from registry.domain.uses import Medium, UseMode, UsePurpose
from registry.errors import InvalidInputError, TermsContradictError
from registry.interchange.odrl import PolicyParties, odrl_of, terms_of_odrl

PARTIES = PolicyParties("lic_1", 2, "perf_1", "org_1", agreed=True)
NAMED = Named("lic_1", 2, "perf_1", "Ada Lind", "org_1", "Northlight", "Spring", "One radio spot.")
PLAIN = LicenceTerms(
    purposes=frozenset({UsePurpose.DUBBING}),
    media=frozenset({Medium.FILM}),
    territories=frozenset({"KR"}),
    languages=frozenset({"ko"}),
    starts_on=date(2026, 1, 1),
    ends_on=date(2026, 12, 31),
    exclusivity=Exclusivity.NON_EXCLUSIVE,
    pay=UNPAID,
    projects=None,
)


def through_json(document: object) -> Any:
    return json.loads(json.dumps(document))


# --- the document ----------------------------------------------------------------------------------------------------


@given(whole_terms())
def test_terms_are_read_back_as_they_were_written(of: LicenceTerms) -> None:
    document = through_json(terms_json(of))
    assert terms_of_json(document) == of
    assert document_sha256(document) == terms_sha256(of)
    assert through_json(rfc8785.dumps(document).decode()) is not None


@given(whole_terms(), whole_terms())
def test_two_terms_have_one_digest_only_when_they_are_the_same(left: LicenceTerms, right: LicenceTerms) -> None:
    assert (terms_sha256(left) == terms_sha256(right)) is (left == right)


def members(document: Any, pointer: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Name every member of every object in a document."""
    found: list[tuple[str, ...]] = []
    if isinstance(document, dict):
        for name, value in document.items():
            found += [(*pointer, name), *members(value, (*pointer, name))]
    return found


def holder(document: Any, pointer: tuple[str, ...]) -> Any:
    for name in pointer[:-1]:
        document = document[name]
    return document


@pytest.mark.parametrize("pointer", members(terms_json(PLAIN)), ids="/".join)
def test_a_member_that_is_misspelt_is_never_taken_for_one_that_was_left_out(pointer: tuple[str, ...]) -> None:
    document = through_json(terms_json(PLAIN))
    inside = holder(document, pointer)
    inside[f"{pointer[-1]}s"] = inside.pop(pointer[-1])
    with pytest.raises(InvalidInputError):
        terms_of_json(document)


@pytest.mark.parametrize("change", [{"version": 3}, {"version": "2"}, {"version": 0}, {"type": "licence"}])
def test_an_unknown_tag_or_version_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        terms_of_json(terms_json(PLAIN) | change)


def test_terms_of_the_first_version_still_read_and_permit_no_more_than_they_did() -> None:
    document = {
        "type": "licence_terms",
        "version": 1,
        "purposes": ["assistant", "dubbing"],
        "media": ["film"],
        "territories": ["KR"],
        "languages": ["ko"],
        "projects": None,
        "starts_on": "2026-01-01",
        "ends_on": "2026-12-31",
        "exclusivity": "non_exclusive",
        "pay": {"basis": "flat", "amount_minor": 5, "currency": "KRW", "due_within_days": 30},
    }
    read = terms_of_json(document)
    assert read.use_modes == {UseMode.FIXED, UseMode.REAL_TIME}
    assert (read.sublicensing.value, read.derived_voices.value, read.improves_models) == ("refused", "refused", False)
    with pytest.raises(InvalidInputError):
        terms_of_json(document | {"use_modes": ["fixed"]})


# --- limits ----------------------------------------------------------------------------------------------------------

FULL = replace(
    PLAIN,
    projects=frozenset({"Aurora"}),
    intended_uses=("One film.",),
    attribution=Attribution("Ada Lind"),
    approval=ApprovalTerms(frozenset({UsePurpose.DUBBING}), 500, "EUR"),
    pay=PayTerms((Rate(PayBasis.FLAT, 125),), "EUR", minimum_guarantee_minor=10),
    disclosure=Disclosure(labels=(Label("en", "A machine made this."),)),
    circumstances=Circumstances(
        representation=Representation(RepresentationKind.UNION, "Voice Guild"),
        cba=CollectiveAgreement("Interactive Agreement", "4", "2025"),
        minor_court_approval_ref="12/2026",
        security_controls="Encrypted.\nAccess is logged.",
        raw_audio_retention_days=30,
        governing_law="KR",
    ),
)
BEYOND: dict[str, LicenceTerms] = {
    **{
        f"{name} empty": replace(FULL, **{name: frozenset()})  # type: ignore[arg-type]
        for name in ("purposes", "media", "territories", "languages", "use_modes")
    },
    "projects many": replace(FULL, projects=frozenset(f"p{number}" for number in range(201))),
    "projects line": replace(FULL, projects=frozenset({"two\nlines"})),
    "projects long": replace(FULL, projects=frozenset({"x" * 201})),
    "intended_uses many": replace(FULL, intended_uses=("One film.",) * 101),
    "intended_uses long": replace(FULL, intended_uses=("x" * 501,)),
    "intended_uses blank": replace(FULL, intended_uses=("",)),
    "intended_uses control": replace(FULL, intended_uses=("a\x00b",)),
    "intended_uses surrogate": replace(FULL, intended_uses=("a\ud800b",)),
    "attribution padded": replace(FULL, attribution=Attribution("Ada Lind ")),
    "languages private": replace(FULL, languages=frozenset({"x-ours"})),
    "languages long": replace(FULL, languages=frozenset({"en-" + "-".join(["x", *["abcdefgh"] * 5])})),
    "pay rate": replace(FULL, pay=replace(FULL.pay, rates=(Rate(PayBasis.FLAT, 2**31),))),
    "pay guarantee": replace(FULL, pay=replace(FULL.pay, minimum_guarantee_minor=2**31)),
    "pay days": replace(FULL, pay=replace(FULL.pay, due_within_days=3_651)),
    "approval floor": replace(FULL, approval=ApprovalTerms(frozenset({UsePurpose.DUBBING}), 2**31, "EUR")),
    "disclosure many": replace(FULL, disclosure=Disclosure(labels=(Label("en", "A machine made this."),) * 51)),
    "circumstances kept": replace(FULL, circumstances=replace(FULL.circumstances, raw_audio_retention_days=100_001)),
    "circumstances line": replace(
        FULL, circumstances=replace(FULL.circumstances, cba=CollectiveAgreement("Interactive\tAgreement"))
    ),
    "circumstances long": replace(FULL, circumstances=replace(FULL.circumstances, security_controls="x" * 20_001)),
}


def test_terms_with_something_in_every_member_are_within_the_limits() -> None:
    require_consistent(FULL)
    assert Terms.of(FULL).value() == FULL


def _named(error: TermsContradictError) -> set[str]:
    listed: Any = error.figures["contradictions"]
    return {str(found["term"]) for found in listed}


@pytest.mark.parametrize("what", BEYOND)
def test_what_cannot_be_shown_over_http_is_drafted_no_other_way(what: str) -> None:
    with pytest.raises(TermsContradictError) as caught:
        require_consistent(BEYOND[what])
    assert what.partition(" ")[0] in _named(caught.value)


SAID_TWICE_OR_PADDED = {"projects", "intended_uses", "attribution", "disclosure", "circumstances"}
"""Terms with texts in them, drawn at random, and so now and then with a space at their end, or two for one language."""


@settings(max_examples=200)
@given(whole_terms())
def test_whatever_is_drafted_is_shown_over_http_as_it_was(of: LicenceTerms) -> None:
    drafted = replace(of, purposes=of.purposes | {UsePurpose.TRAINING}, media=of.media | {Medium.FILM}, pay=UNPAID)
    drafted = replace(drafted, use_modes=frozenset(UseMode), territories=frozenset({"KR"}), languages=frozenset({"ko"}))
    drafted = replace(
        drafted,
        approval=None,
        volume_caps=(),
        improves_models=False,
        circumstances=replace(drafted.circumstances, of_age_on=None),
    )
    found = {each.term for each in contradictions(drafted)}
    assert found <= SAID_TWICE_OR_PADDED
    if not found:
        assert Terms.of(drafted).value() == drafted


# --- ODRL ------------------------------------------------------------------------------------------------------------


@given(whole_terms())
def test_nothing_is_lost_on_the_way_through_odrl(of: LicenceTerms) -> None:
    assert terms_of_odrl(through_json(odrl_of(of, PARTIES))) == of


@given(whole_terms(), st.data())
def test_a_policy_with_anything_unknown_in_it_is_refused(of: LicenceTerms, data: st.DataObject) -> None:
    policy = through_json(odrl_of(of, PARTIES))
    places = [policy, policy["permission"][0], policy["permission"][0]["lk:pay"], policy["lk:terms"]]
    places += [*policy["permission"][0]["constraint"], *policy["permission"][0]["duty"], *policy["prohibition"]]
    data.draw(st.sampled_from(places))["odrl:more"] = True
    with pytest.raises(InvalidInputError):
        terms_of_odrl(policy)


@settings(max_examples=30)
@given(whole_terms(), st.data())
def test_a_constraint_that_is_taken_out_never_permits_more(of: LicenceTerms, data: st.DataObject) -> None:
    """Silence is not permission: only caps and the list of projects may be missing."""
    policy = through_json(odrl_of(of, PARTIES))
    constraints = policy["permission"][0]["constraint"]
    taken = data.draw(st.sampled_from([c for c in constraints if c["leftOperand"] not in {"count", "lk:project"}]))
    constraints.remove(taken)
    with pytest.raises(InvalidInputError):
        terms_of_odrl(policy)


@pytest.mark.parametrize(
    "change",
    [
        {"profile": "urn:example:other"},
        {"conflict": "perm"},
        {"@type": "Set"},
        {"permission": []},
        {"prohibition": []},
        {"prohibition": "none"},
        {"@context": "http://www.w3.org/ns/odrl.jsonld"},
        {"@context": ["http://www.w3.org/ns/odrl.jsonld", {"lk": "urn:example:other#"}]},
    ],
)
def test_a_policy_of_another_kind_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        terms_of_odrl(through_json(odrl_of(PLAIN, PARTIES)) | change)


@settings(max_examples=30)
@given(whole_terms(), st.data())
def test_a_rule_about_another_voice_is_refused_and_not_taken_for_one_about_this(
    of: LicenceTerms, data: st.DataObject
) -> None:
    policy = through_json(odrl_of(of, PARTIES))
    data.draw(st.sampled_from([*policy["permission"], *policy["prohibition"]]))["target"] = "urn:example:voice"
    with pytest.raises(InvalidInputError):
        terms_of_odrl(policy)


@pytest.mark.parametrize(
    "written", ["1e3", "1e999999999", "-1", "+1", " 1", "NaN", "Infinity", "1.005", "9" * 17, "", "\uff11"]
)
def test_an_amount_that_is_not_plainly_one_is_refused(written: str) -> None:
    paid = replace(PLAIN, pay=PayTerms((Rate(PayBasis.FLAT, 125),), "EUR"))
    policy = through_json(odrl_of(paid, PARTIES))
    (owed,) = next(duty for duty in policy["permission"][0]["duty"] if duty["action"] == "compensate")["constraint"]
    assert owed["rightOperand"]["@value"] == "1.25"
    owed["rightOperand"]["@value"] = written
    with pytest.raises(InvalidInputError):
        terms_of_odrl(policy)


def test_what_is_permitted_and_prohibited_at_once_is_refused() -> None:
    policy = through_json(odrl_of(PLAIN, PARTIES))
    policy["permission"].append(deepcopy(policy["prohibition"][0]))
    with pytest.raises(InvalidInputError, match="twice"):
        terms_of_odrl(policy)


# --- the text --------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(whole_terms(), whole_terms())
def test_terms_that_differ_never_read_the_same_in_any_language(left: LicenceTerms, right: LicenceTerms) -> None:
    for name in (field.name for field in fields(LicenceTerms)):
        if name in {"starts_on", "ends_on"}:
            continue
        mixed = replace(left, **{name: getattr(right, name)})
        if _as_read(mixed) == _as_read(left):
            continue
        one, other = texts_of(NAMED, left), texts_of(NAMED, mixed)
        for language in LANGUAGES:
            assert one[language] != other[language], (name, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_on_the_use_never_pass_for_a_heading_or_a_term(language: str) -> None:
    told = "## Limits\n- Exclusivity: exclusive, for ever"
    lines = texts_of(replace(NAMED, intended_use=told), PLAIN)[language].splitlines()
    plain = texts_of(NAMED, PLAIN)[language].splitlines()
    assert f"> {' '.join(told.split())}" in lines
    for marks in ("#", "- "):
        assert sum(line.startswith(marks) for line in lines) == sum(line.startswith(marks) for line in plain)


def _as_read(of: LicenceTerms) -> Any:
    """Write terms as a reader meets them: runs of spaces are one, and the order of lists of sets does not matter."""

    def plain(value: Any) -> Any:
        if isinstance(value, str):
            return " ".join(value.split())
        if isinstance(value, list):
            return [plain(each) for each in value]
        return {name: plain(each) for name, each in value.items()} if isinstance(value, dict) else value

    return plain(terms_json(of))
