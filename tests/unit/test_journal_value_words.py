"""Values of a leaf's details are called in the words that pages have for them, each member of what it is one of."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from enum import StrEnum

import pytest
from flask import Flask, g
from test_journal_detail_words import called, functions, recorders

from api.pages.account.scopes import SCOPES
from api.pages.operator.value_words import SAID, value_called
from api.pages.performer.acting import MANDATED
from registry.domain.accounts import RepresentativeKind, Role
from registry.domain.approaches import ApproachOutcome
from registry.domain.case_analyses import RestsOn
from registry.domain.cases import CaseEnding, CaseSide, CaseState, CaseStep, PaperKind
from registry.domain.comparison import Role as Voice
from registry.domain.conclusions import Conclusion
from registry.domain.consents import ConsentDecision, ConsentPurpose, Modality
from registry.domain.events import EventType
from registry.domain.gallery_files import SearchPurpose
from registry.domain.house_keys import Purpose
from registry.domain.ledger import EntryKind
from registry.domain.licences import Side, SuspensionReason
from registry.domain.misuse import ContestAnswer, MisuseGround
from registry.domain.notices import NoticeState, NoticeStep, PutBackGround, SendBackGround, ServedBy, WithdrawalGround
from registry.domain.proposals import DeletionGround, ProposalKind
from registry.domain.retention import RuleId
from registry.domain.reviews import ReviewAction
from registry.domain.shared_sounds import SoundEnding
from registry.domain.stay_down import EntryEnding
from registry.domain.strikes import StrikeScope
from registry.domain.uses import UseKind, UsePurpose
from registry.domain.verdicts import Verdict
from registry.domain.webhooks import DisabledReason

ONE_OF: dict[tuple[str, str], Iterable[StrEnum]] = {
    ("approach", "outcome"): ApproachOutcome,
    ("case", "before"): CaseState,
    ("case", "conclusion"): Conclusion,
    ("case", "ending"): CaseEnding,
    ("case", "kind"): PaperKind,
    ("case", "rests_on"): RestsOn,
    ("case", "side"): CaseSide,
    ("case", "state"): CaseState,
    ("case", "step"): CaseStep,
    ("case", "voice"): Voice,
    ("check", "kind"): UseKind,
    ("check", "purpose"): UsePurpose,
    ("consent", "decision"): ConsentDecision,
    ("consent", "purpose"): ConsentPurpose,
    ("finding", "action"): ReviewAction,
    ("gallery", "purpose"): SearchPurpose,
    ("gallery_file", "purpose"): SearchPurpose,
    ("house_key", "purpose"): Purpose,
    ("ledger", "kind"): EntryKind,
    ("licence", "cause"): SuspensionReason,
    ("licence", "side"): Side,
    ("misuse", "answer"): ContestAnswer,
    ("misuse", "ground"): MisuseGround,
    ("misuse", "side"): (CaseSide.COMPLAINANT, CaseSide.RESPONDENT),
    ("notice", "before"): NoticeState,
    ("notice", "ground"): (*WithdrawalGround, *PutBackGround, *SendBackGround),
    ("notice", "served_by"): ServedBy,
    ("notice", "side"): CaseSide,
    ("notice", "state"): NoticeState,
    ("notice", "step"): NoticeStep,
    ("performer", "ground"): DeletionGround,
    ("proposal", "kind"): ProposalKind,
    ("records", "rule"): RuleId,
    ("representative", "kind"): RepresentativeKind,
    ("representative", "scopes"): MANDATED,
    ("scan", "kind"): SearchPurpose,
    ("sound", "ending"): SoundEnding,
    ("stay_down", "ending"): EntryEnding,
    ("strike", "scope"): StrikeScope,
    ("token", "scopes"): SCOPES,
    ("unsealing", "kind"): (ProposalKind.UNSEALING,),
    ("webhook", "reason"): DisabledReason,
    ("", "modality"): Modality,
    ("", "role"): Role,
    ("", "signed_as"): (*RepresentativeKind, Role.PERFORMER, Role.OPERATOR),
    ("", "verdict"): Verdict,
}
STAY_CODES = {
    *("credit", "custody", "debit", "identity_assurance", "method"),
}
"""Keys of which some values have no words on any page."""


@pytest.fixture(params=["en", "ko"])
def language(request: pytest.FixtureRequest) -> Iterable[str]:
    with Flask(__name__).app_context():
        g.language = request.param
        yield request.param


def test_every_value_that_a_detail_may_have_is_said_in_words(language: str) -> None:
    families = {each.value.partition(".")[0] for each in EventType}
    assert set(ONE_OF) | {("consent", "choices")} == set(SAID)
    for (family, key), values in ONE_OF.items():
        assert family in families | {""}
        for value in values:
            words = value_called(f"{family}.of", key, value.value)
            assert words, (family, key, value)
            assert "_" not in words
            assert language == "en" or not words.isascii() or words == "–", (family, key, words)


def test_one_key_is_said_by_what_happened(language: str) -> None:
    said = [value_called(each, "state", "withdrawn") for each in ("notice.moved", "case.moved", "licence.signed")]
    assert said == [{"en": "withdrawn", "ko": "거두어짐"}[language], None, None]
    assert value_called("check.submitted", "purpose", "dubbing") == {"en": "Dubbing", "ko": "더빙"}[language]


def test_choices_and_rights_are_said_one_by_one_and_as_codes_where_one_is_not_known(language: str) -> None:
    said = value_called("consent.signed", "choices", "dubbing=ask narration=never")
    assert (
        said
        == {"en": "Dubbing: Ask each time · Narration: Never", "ko": "더빙: 그때마다 묻기 · 낭독·해설: 절대 안 됨"}[
            language
        ]
    )
    assert value_called("consent.signed", "choices", "dubbing=ask singing=never") is None
    assert value_called("consent.signed", "choices", "") is None
    assert value_called("token.issued", "scopes", "checks:read moons:read") is None
    assert "·" in str(value_called("token.issued", "scopes", "checks:read checks:write"))


@pytest.mark.parametrize("value", ["flying", "", 3, True, None])
def test_what_is_no_code_or_not_known_stays_as_it_is(language: str, value: object) -> None:
    for family, key in SAID:
        assert value_called(f"{family}.of", key, value) is None
    assert value_called("check.submitted", "content_sha256", "dubbing") is None
    assert language


def test_every_detail_that_is_one_of_a_list_was_thought_of() -> None:
    known = recorders()
    keys = {
        str(keyword.arg)
        for _path, function in functions()
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and called(call) in known
        for keyword in call.keywords
        if isinstance(keyword.value, ast.Attribute) and keyword.value.attr == "value"
    }
    assert len(keys) > 20
    assert keys - {key for _family, key in SAID} - STAY_CODES == set()
