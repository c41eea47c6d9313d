"""Linting: what dated rule packs find in an contract, on a day.

A rule is asked when its pack applies to the contract. Broken, it makes a finding; where a fact is unknown on which
that rests, it makes one that says so: nothing passes in silence. What a rule weighs depends on its standing and the
day::

    in force on the day, or agreed to     as severe as the rule says
    takes effect later, within the term   a warning at most, with the day
    a bill, advice                        a warning at most
    no longer, or only after the term     not asked

The report says nothing of what no pack has a rule for, and is no lawyer's opinion.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from registry.domain.rules.catalogue import Contract, facts_of
from registry.domain.rules.facts import Facts, shown
from registry.domain.rules.packs import Dates, Pack, Rule, Severity, Standing
from registry.domain.rules.texts import Text
from registry.domain.rules.truth import Judgement, Truth, all_of
from registry.domain.terms_document import document_sha256, terms_sha256

Shown = bool | int | str | list[str] | None

_GRAVEST_FIRST = {severity: place for place, severity in enumerate(Severity)}


class Outcome(StrEnum):
    """What a finding says of its rule."""

    BROKEN = "broken"
    CANNOT_TELL = "cannot_tell"  # a fact is unknown on which it rests


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that is broken, or of which that cannot be told.

    Attributes:
        pack, rule: ids.
        outcome: which of the two.
        severity: as it weighs on that day, not as the rule alone says.
        standing: of the rule on that day: law that takes effect later is pending.
        citation, source: where the rule is to be found, and what it was taken from.
        checked_on: the day somebody last read the source; None: verify it before relying on this.
        applies_from: the day on which the rule takes effect, where that is still to come; otherwise None.
        why, fix: what is wrong, and what to do.
        facts: what it rests on, as the terms say it; null is not stated.
        missing: facts without which it cannot be told; empty unless that is the outcome.
    """

    pack: str
    rule: str
    outcome: Outcome
    severity: Severity
    standing: Standing
    citation: str
    source: str
    checked_on: date | None
    applies_from: date | None
    why: Text
    fix: Text
    facts: Mapping[str, Shown]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Considered:
    """A pack that was asked: its id, the digest of what it said, and whether it applies to the contract."""

    pack: str
    sha256: str
    applies: Truth


@dataclass(frozen=True, slots=True)
class LintReport:
    """What was found.

    Attributes:
        on: the day that the question was asked for.
        terms_sha256: of the terms that it is about.
        findings: the gravest first, then by pack and rule.
        considered: every pack with a rule that had weight on the day, or will have within the term.
    """

    on: date
    terms_sha256: str
    findings: tuple[Finding, ...]
    considered: tuple[Considered, ...]

    @property
    def blocks(self) -> bool:
        """Whether an contract with these findings is not put in force."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)

    def count(self, severity: Severity) -> int:
        """Answer how many findings are of a severity."""
        return sum(finding.severity is severity for finding in self.findings)

    def sha256(self) -> str:
        """Answer the SHA-256, in hex, of what was found: the same for the same terms, day and packs."""
        return document_sha256(_document(self))


def lint(contract: Contract, *, on: date, packs: Sequence[Pack]) -> LintReport:
    """Ask every rule of every pack about an contract.

    Args:
        contract: its terms, and what is known of its parties.
        on: the day asked for, past or future: rules count that have weight on it.
        packs: in any order.
    """
    facts = facts_of(contract)
    considered: list[Considered] = []
    findings: list[Finding] = []
    for pack in sorted(packs, key=lambda each: each.id):
        asked = [(rule, _applies_from(rule.dates, on)) for rule in pack.rules if _has_weight(rule, contract, on)]
        if not asked:
            continue
        applies = Judgement(Truth.YES) if pack.applies_when is None else pack.applies_when.judge(facts)
        considered.append(Considered(pack.id, pack.sha256, applies.truth))
        findings.extend(_findings(pack, asked, applies, facts))
    findings.sort(key=lambda each: (_GRAVEST_FIRST[each.severity], each.pack, each.rule))
    return LintReport(on, terms_sha256(contract.terms), tuple(findings), tuple(considered))


def _has_weight(rule: Rule, contract: Contract, on: date) -> bool:
    """Whether a rule applies on the day, or takes effect after it and within the term."""
    return rule.dates.cover(on) or (rule.dates.first is not None and on < rule.dates.first <= contract.terms.ends_on)


def _applies_from(dates: Dates, on: date) -> date | None:
    return dates.first if dates.first is not None and on < dates.first else None


def _findings(
    pack: Pack, asked: Sequence[tuple[Rule, date | None]], applies: Judgement, facts: Facts
) -> Iterator[Finding]:
    for rule, applies_from in asked:
        judged = all_of([applies, rule.broken_when.judge(facts)])
        if judged.truth is not Truth.NO:
            yield _finding(pack, rule, applies_from, judged, facts)


def _finding(pack: Pack, rule: Rule, applies_from: date | None, judged: Judgement, facts: Facts) -> Finding:
    standing = Standing.PENDING if applies_from is not None else rule.standing
    certain = judged.truth is Truth.YES
    binds = certain and standing in {Standing.IN_FORCE, Standing.CONTRACT}
    return Finding(
        pack=pack.id,
        rule=rule.id,
        outcome=Outcome.BROKEN if certain else Outcome.CANNOT_TELL,
        severity=rule.severity if binds else _at_most_a_warning(rule.severity),
        standing=standing,
        citation=rule.citation,
        source=rule.source,
        checked_on=rule.checked_on,
        applies_from=applies_from,
        why=rule.why,
        fix=rule.fix,
        facts={name: shown(facts[name]) for name in sorted(judged.rests_on)},
        missing=tuple(sorted(judged.missing)),
    )


def _at_most_a_warning(severity: Severity) -> Severity:
    return Severity.WARNING if severity is Severity.ERROR else severity


def _document(report: LintReport) -> Mapping[str, object]:
    """Write a report without its texts: those are fixed by the digests of the packs."""
    return {
        "type": "lint_report",
        "version": 1,
        "on": report.on.isoformat(),
        "terms_sha256": report.terms_sha256,
        "findings": [
            {
                "pack": finding.pack,
                "rule": finding.rule,
                "outcome": finding.outcome.value,
                "severity": finding.severity.value,
                "facts": dict(finding.facts),
                "missing": list(finding.missing),
            }
            for finding in report.findings
        ],
        "considered": [
            {"pack": each.pack, "sha256": each.sha256, "applies": each.applies.value} for each in report.considered
        ],
    }
