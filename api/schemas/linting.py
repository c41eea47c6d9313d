"""Linting: what rule packs find in a licence or in terms, and what the words of the terms mean."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from api.schemas import examples
from api.schemas.base import Answer, Body, Language, Page, Query, Sha256, omissible
from api.schemas.examples import Example
from api.schemas.terms import Terms
from registry.domain.lint_wording import why_in_words
from registry.domain.linting import Finding, LintReport, Outcome
from registry.domain.rules.catalogue import Contract, Parties
from registry.domain.rules.categories import Category
from registry.domain.rules.packs import Severity, Standing
from registry.domain.rules.truth import Truth

_TERMS: Example = {
    "purposes": ["advertising", "voice_clone"],
    "media": ["radio"],
    "territories": ["IE"],
    "languages": ["en"],
    "projects": ["Spring"],
    "starts_on": "2026-09-01",
    "ends_on": "2027-02-28",
    "exclusivity": "non_exclusive",
    "pay": {"basis": "flat", "amount_minor": 450_000, "currency": "EUR"},
}
_PARTIES: Example = {"minor": False, "deceased": False}
_FINDING: Example = {
    "pack": "eu_ai_act",
    "rule": "deep_fake_not_disclosed",
    "severity": "error",
    "outcome": "broken",
    "status": "in_force",
    "citation": "AI Act art. 50(4)",
    "source": "Regulation (EU) 2024/1689 as amended in 2026, as law firms' notes report it",
    "checked_on": None,
    "applies_from": None,
    "why": "Whoever publishes the replica of a person discloses that it is one. The terms have no label.",
    "fix": "Agree on the words of the label, in each language of the audience.",
    "facts": {"disclosure.labels.language": [], "purposes": ["voice_clone"], "territories": ["IE"]},
    "missing": [],
}
_REPORT: Example = {
    "on": "2026-09-01",
    "blocks": True,
    "errors": 1,
    "warnings": 0,
    "notes": 0,
    "findings": [_FINDING],
    "packs": [{"pack": "eu_ai_act", "sha256": examples.DIGEST, "applies": "yes"}],
    "terms_sha256": examples.DIGEST,
    "report_sha256": examples.DIGEST,
}
_CATEGORY: Example = {
    "term": "purposes",
    "word": "restoration",
    "name": "Restoration",
    "meaning": "Lines you have spoken are mended or replaced. Nothing new is said.",
    "example": "A door slams over one of your words; the word is made again.",
}


class LanguageQuery(Query):
    """In which language."""

    language: Language = Field(default="en", description="`en` or `ko`; English where a text is in no other.")


class LintQuery(LanguageQuery):
    """On which day, and in which language."""

    on: date | None = omissible(description="The day asked for: rules and terms are those of that day.")


class KnownParties(Body):
    """What is known of the performer beside what the terms say; what is left out is unknown."""

    minor: bool | None = Field(default=None, description="Whether the performer is a minor.")
    adult_on: date | None = Field(default=None, description="The day on which a minor comes of age.")
    deceased: bool | None = Field(default=None, description="Whether an estate licenses.")


class ContractBody(Body):
    """A contract that is no licence yet."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"description": "Two radio spots for a spring sale.", "terms": _TERMS, "parties": _PARTIES}]
        }
    )

    description: Annotated[str, StringConstraints(strip_whitespace=True, max_length=20_000)] = Field(
        default="", description="What the voice will be used for, in words, where the terms do not say it."
    )
    terms: Terms
    parties: KnownParties = Field(default_factory=KnownParties)

    def value(self) -> Contract:
        """Answer it as the rules take it.

        Raises:
            InvalidInputError: the terms make no sense.
        """
        known = self.parties
        return Contract(self.terms.value(), Parties(known.minor, known.adult_on, known.deceased), self.description)


class LintFindingOut(Answer):
    """One rule that is broken, or of which that cannot be told."""

    pack: str
    rule: str
    severity: Severity = Field(description="As it weighs on that day. An `error` keeps terms from coming into force.")
    outcome: Outcome = Field(description="`cannot_tell`: a fact is not stated on which it rests; see `missing`.")
    status: Standing = Field(description="Of the rule on that day; law that takes effect later is `pending`.")
    citation: str
    source: str = Field(description="What the rule was taken from.")
    checked_on: date | None = Field(description="When the source was last read; null: verify before relying on it.")
    applies_from: date | None = Field(description="The day on which the rule takes effect, where that is to come.")
    why: str
    fix: str
    facts: dict[str, bool | int | str | list[str] | None] = Field(description="What it rests on; null is not stated.")
    missing: list[str] = Field(description="Facts without which it cannot be told.")

    @classmethod
    def of(cls, finding: Finding, language: str) -> LintFindingOut:
        """Describe a finding in a language."""
        return cls(
            pack=finding.pack,
            rule=finding.rule,
            severity=finding.severity,
            outcome=finding.outcome,
            status=finding.standing,
            citation=finding.citation,
            source=finding.source,
            checked_on=finding.checked_on,
            applies_from=finding.applies_from,
            why=why_in_words(finding, language),
            fix=finding.fix.in_language(language),
            facts=dict(finding.facts),
            missing=list(finding.missing),
        )


class ConsideredOut(Answer):
    """A pack that was asked."""

    pack: str
    sha256: Sha256 = Field(description="Of the pack's file: what it said.")
    applies: Truth = Field(description="Whether its rules are for this contract at all.")


class LintOut(Answer):
    """What was found."""

    model_config = ConfigDict(json_schema_extra={"examples": [_REPORT]})

    on: date
    blocks: bool = Field(description="Whether these terms would be kept from coming into force.")
    errors: int
    warnings: int
    notes: int
    findings: list[LintFindingOut] = Field(description="The gravest first.")
    packs: list[ConsideredOut]
    terms_sha256: Sha256
    report_sha256: Sha256 = Field(description="The same for the same terms, day and packs.")

    @classmethod
    def of(cls, report: LintReport, language: str) -> LintOut:
        """Describe a report in a language."""
        return cls(
            on=report.on,
            blocks=report.blocks,
            errors=report.count(Severity.ERROR),
            warnings=report.count(Severity.WARNING),
            notes=report.count(Severity.NOTE),
            findings=[LintFindingOut.of(finding, language) for finding in report.findings],
            packs=[ConsideredOut.model_validate(each) for each in report.considered],
            terms_sha256=report.terms_sha256,
            report_sha256=report.sha256(),
        )


class CategoryOut(Answer):
    """One word of the terms, in plain words."""

    term: str = Field(description="The member of the terms that it belongs to.")
    word: str = Field(description="As the terms write it.")
    name: str
    meaning: str
    example: str = Field(description="Something that one would hear or see.")

    @classmethod
    def of(cls, category: Category, language: str) -> CategoryOut:
        """Describe a category in a language."""
        return cls(
            term=category.term,
            word=category.word,
            name=category.name.in_language(language),
            meaning=category.meaning.in_language(language),
            example=category.example.in_language(language),
        )


class CategoryPage(Page):
    """Every word of the terms, as its only page."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_CATEGORY], "next_cursor": None}]})

    items: list[CategoryOut]
