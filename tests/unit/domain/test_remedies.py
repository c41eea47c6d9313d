"""What is said to make a use permitted does: once it has come about, the same rules permit the use, or name another."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from agreements import CONSENT, LICENCE, NOW, TERMS, USE

from registry.domain.consents import Consent, ConsentState
from registry.domain.licence_facts import LicenceFacts
from registry.domain.licences import Hold, Licence, LicenceState, SuspensionReason
from registry.domain.policy import PerformerRecord, decide_match
from registry.domain.remedies import _MENDS, Remedy, ways_of
from registry.domain.scores import Reason
from registry.domain.terms import ApprovalTerms, Disclosure, Marking, VolumeCap
from registry.domain.uses import DeclaredUse, Medium, Quantity, UsageUnit, UsePurpose
from registry.domain.verdicts import PERMITTED, Ruling, Verdict

DOMAIN = Path(__file__).resolve().parents[3] / "registry" / "domain"
COPY = "a" * 64


def decided(
    use: DeclaredUse = USE,
    licence: Licence | None = LICENCE,
    consents: tuple[Consent, ...] = (CONSENT,),
    facts: LicenceFacts | None = None,
    now: datetime = NOW,
) -> Ruling:
    held = () if licence is None else (licence,)
    known = {} if facts is None or licence is None else {licence.id: facts}
    return decide_match(use, PerformerRecord("perf_1", consents, held, known), now=now)


def with_terms(**changes: Any) -> Licence:
    return replace(LICENCE, terms=replace(TERMS, **changes))


def remedies(ruling: Ruling) -> list[Remedy]:
    return [way.remedy for way in ways_of(ruling.reasons)]


def test_what_is_permitted_needs_nothing() -> None:
    assert decided().verdict in PERMITTED
    assert ways_of(decided().reasons) == ()


def test_of_a_reason_that_is_not_known_a_person_has_to_look() -> None:
    (way,) = ways_of([Reason("something_new", "Something new stands against it.")])
    assert (way.remedy, way.because) == (Remedy.PERSON_LOOKS, "something_new")


@pytest.mark.parametrize(
    "consents",
    [
        (replace(CONSENT, state=ConsentState.WITHDRAWN, withdrawn_at=NOW - timedelta(days=1)),),
        (replace(CONSENT, choices=replace(CONSENT.choices, allowed=frozenset())),),
        (),
    ],
    ids=["withdrawn", "never", "none"],
)
def test_what_the_performer_has_said_nobody_is_told_a_way_around(consents: tuple[Consent, ...]) -> None:
    ruling = decided(consents=consents)
    assert ruling.verdict is Verdict.CONSENT_WITHDRAWN
    assert remedies(ruling) == [Remedy.PERFORMER_ALONE]


def test_the_same_thing_is_said_once() -> None:
    twice = [Reason("no_licence", "one"), Reason("no_licence", "two")]
    assert [way.remedy for way in ways_of(twice)] == [Remedy.NEW_LICENCE]


TERM_WANTED: dict[str, tuple[DeclaredUse, dict[str, Any]]] = {
    "purposes": (replace(USE, purpose=UsePurpose.ADVERTISING), {"purposes": TERMS.purposes | {UsePurpose.ADVERTISING}}),
    "media": (replace(USE, medium=Medium.RADIO), {"media": frozenset({Medium.RADIO})}),
    "territories": (replace(USE, territory="GB"), {"territories": frozenset({"GB"})}),
    "languages": (replace(USE, language="en"), {"languages": frozenset({"en"})}),
    "projects": (replace(USE, project="Borealis"), {"projects": frozenset({"Borealis"})}),
}


@pytest.mark.parametrize("term", TERM_WANTED)
def test_terms_that_permit_what_is_wanted_make_it_permitted(term: str) -> None:
    use, terms = TERM_WANTED[term]
    before = LICENCE if term != "projects" else with_terms(projects=frozenset({"Aurora"}))
    refused = decided(use, before)
    (way,) = ways_of(refused.reasons)
    assert (way.remedy, way.figures["term"]) == (Remedy.OTHER_TERMS, term)
    assert str(way.figures["wanted"]) in {use.purpose, use.medium, use.territory, use.language, use.project}
    assert decided(use, with_terms(**terms)).verdict in PERMITTED


def test_every_term_that_stands_against_a_use_is_named_and_all_of_them_together_permit_it() -> None:
    use = replace(USE, medium=Medium.RADIO, territory="GB")
    assert remedies(decided(use)) == [Remedy.OTHER_TERMS, Remedy.OTHER_TERMS]
    amended = with_terms(media=frozenset({Medium.RADIO}), territories=frozenset({"GB"}))
    assert decided(use, amended).verdict in PERMITTED


def test_a_language_that_was_not_said_is_to_be_said() -> None:
    (way,) = ways_of(decided(replace(USE, language=None)).reasons)
    assert (way.remedy, way.figures) == (Remedy.DECLARE, {"what": "language", "permitted": "ko"})
    assert decided(replace(USE, language="ko")).verdict in PERMITTED


def test_a_volume_is_declared_and_once_it_is_used_up_other_terms_are_needed() -> None:
    capped, facts = with_terms(volume_caps=(VolumeCap(UsageUnit.LINE, 10),)), LicenceFacts(used={UsageUnit.LINE: 4})
    (way,) = ways_of(decided(licence=capped, facts=facts).reasons)
    assert (way.remedy, way.figures["what"], way.figures["unit"]) == (Remedy.DECLARE, "quantity", "line")
    said = replace(USE, quantities=(Quantity(UsageUnit.LINE, 6),))
    assert decided(said, capped, facts=facts).verdict in PERMITTED
    beyond = replace(USE, quantities=(Quantity(UsageUnit.LINE, 7),))
    assert remedies(decided(beyond, capped, facts=facts)) == [Remedy.OTHER_TERMS]
    assert remedies(decided(said, capped, facts=LicenceFacts(used=None))) == [Remedy.USE_REPORT]


def test_the_exact_copy_is_declared_first_and_then_approved() -> None:
    asked = with_terms(approval=ApprovalTerms(frozenset({UsePurpose.DUBBING}), 0, None))
    (declare,) = ways_of(decided(licence=asked).reasons)
    assert (declare.remedy, declare.figures) == (Remedy.DECLARE, {"what": "copy"})
    named = replace(USE, copy_sha256=COPY)
    assert remedies(decided(named, asked)) == [Remedy.APPROVAL]
    assert named.copy_use is not None
    approved = LicenceFacts(approved_copies=frozenset({named.copy_use}))
    assert decided(named, asked, facts=approved).verdict in PERMITTED


def test_what_a_machine_made_is_marked_and_that_is_declared() -> None:
    owed = with_terms(disclosure=Disclosure(markings=frozenset({Marking.WATERMARK})))
    for said in (None, False):
        (way,) = ways_of(decided(replace(USE, ai_disclosed=said), owed).reasons)
        assert (way.remedy, way.figures) == (Remedy.MARKING, {"owed": "watermark"})
    assert decided(replace(USE, ai_disclosed=True), owed).verdict in PERMITTED


def test_a_term_that_has_not_begun_begins() -> None:
    later = with_terms(starts_on=date(2026, 7, 1))
    (way,) = ways_of(decided(licence=later).reasons)
    assert (way.remedy, way.figures) == (Remedy.TERM_BEGINS, {"starts_on": "2026-07-01"})
    assert decided(licence=later, now=datetime(2026, 7, 1, 9, tzinfo=UTC)).verdict in PERMITTED


def test_a_licence_that_rests_has_to_be_lifted_and_what_was_made_meanwhile_is_made_anew() -> None:
    hold = Hold(SuspensionReason.STRIKE, None, NOW - timedelta(days=9))
    resting = replace(LICENCE, state=LicenceState.SUSPENDED, holds=(hold,))
    (way,) = ways_of(decided(licence=resting).reasons)
    assert (way.remedy, way.figures["cause"]) == (Remedy.HOLD_LIFTED, "strike")
    lifted = replace(LICENCE, lifted=(replace(hold, until=NOW - timedelta(days=2)),))
    assert remedies(decided(replace(USE, fixed_on=date(2026, 6, 10)), lifted)) == [Remedy.MADE_ANEW]
    assert decided(replace(USE, fixed_on=date(2026, 6, 15)), lifted).verdict in PERMITTED


def test_what_is_owed_is_paid_and_what_has_ended_needs_a_new_licence() -> None:
    assert remedies(decided(licence=replace(LICENCE, paid_at=None))) == [Remedy.PAYMENT]
    for ended in (
        None,
        replace(LICENCE, state=LicenceState.REVOKED, ended_at=NOW),
        with_terms(ends_on=date(2026, 6, 1)),
    ):
        assert remedies(decided(licence=ended)) == [Remedy.NEW_LICENCE]


def test_every_reason_of_policy_and_of_clearances_has_its_answer() -> None:
    given: set[str] = set()
    for name in ("policy", "judging", "scope", "clearances"):
        for node in ast.walk(ast.parse((DOMAIN / f"{name}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and ast.unparse(node.func) in {"Reason", "_ruling", "_of"}:
                given |= {
                    str(each.value) for each in node.args if isinstance(each, ast.Constant) and "_" in str(each.value)
                }
    assert {"no_licence", "licence_suspended", "payment_overdue", "copy_needs_approval"} <= given
    assert sorted(code for code in given if " " not in code and code not in _MENDS) == []
