"""Soundness: the gate through which terms come into force. What a dated rule would not let stand does not."""

from __future__ import annotations

from datetime import date

from registry.domain.linting import Finding, LintReport, lint
from registry.domain.performers import is_minor
from registry.domain.rules.catalogue import Contract, Parties
from registry.domain.rules.packs import Severity
from registry.domain.rules.shipped import shipped_packs
from registry.errors import LicenceUnsoundError
from registry.store.licence_versions import LicenceVersion
from registry.store.performers import Performer


def require_sound(version: LicenceVersion, performer: Performer, on: date) -> LintReport:
    """Answer what the rule packs find in a version that is to come into force, unless it is an error.

    Raises:
        LicenceUnsoundError: figures ``findings`` (pack, rule and citation of each error) and ``report_sha256``.
    """
    report = report_on(version, performer, on)
    errors = [finding for finding in report.findings if finding.severity is Severity.ERROR]
    if errors:
        named = "; ".join(f"{each.pack}: {each.rule} ({each.citation})" for each in errors)
        raise LicenceUnsoundError(
            f"these terms would not stand by {len(errors)} rules: {named}",
            findings=[_named(finding) for finding in errors],
            report_sha256=report.sha256(),
        )
    return report


def report_on(version: LicenceVersion, performer: Performer, on: date) -> LintReport:
    """Answer what the rule packs find in a version on a day."""
    made_on = on if version.in_force_at is None else min(on, version.in_force_at.date())
    contract = Contract(version.terms(), _parties(performer, made_on), version.intended_use)
    return lint(contract, on=on, packs=shipped_packs())


def _parties(performer: Performer, made_on: date) -> Parties:
    """Answer what the record says of the performer on the day the licence was made, or would be."""
    born = performer.birth_date_commitment is not None
    return Parties(
        minor=is_minor(performer.adult_on, made_on) if born else None,
        adult_on=performer.adult_on,
        deceased=performer.died_on is not None and performer.died_on <= made_on,
    )


def _named(finding: Finding) -> dict[str, object]:
    return {"pack": finding.pack, "rule": finding.rule, "citation": finding.citation}
