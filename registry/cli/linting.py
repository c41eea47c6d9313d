"""``likeness licence lint``: what the dated rule packs find in a contract, or in a licence of the registry."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

from typer import Argument, Exit, Option, echo

from registry.cli.operator import acting_operator
from registry.cli.options import Acting, AsJson
from registry.cli.output import print_facts, print_json
from registry.cli.reading import json_of
from registry.clock import utc_now
from registry.domain.ids import IdPrefix, is_id
from registry.domain.lint_wording import why_in_words
from registry.domain.linting import Finding, LintReport
from registry.domain.linting import lint as lint_contract
from registry.domain.rules.contract_document import contract_of_json
from registry.domain.rules.packs import Severity
from registry.domain.rules.shipped import shipped_packs
from registry.domain.rules.truth import Truth
from registry.services.linting import lint_licence

_FLAGGED = 1


def lint(
    subject: Annotated[str, Argument(metavar="FILE.json|LICENCE_ID", help="A contract as a file, or a licence.")],
    *,
    on: Annotated[
        datetime | None,
        Option(metavar="DATE", formats=["%Y-%m-%d"], help="Was it valid on that day? By default today."),
    ] = None,
    lang: Annotated[str, Option(metavar="TAG", help="Language of the texts: en or ko.")] = "en",
    as_json: AsJson = False,
    acting: Acting = None,
) -> None:
    """Say which rules of law, agreement or advice a contract breaks. Exit code 1: one is an error, and would block it.

    A file needs no registry. Of a licence, the terms in force on the day are looked at.
    """
    report = _report(subject, None if on is None else on.date(), acting)
    if as_json:
        print_json(report_facts(report, lang))
    else:
        _print(report, lang)
    if report.blocks:
        raise Exit(_FLAGGED)


def _report(subject: str, on: date | None, acting: str | None) -> LintReport:
    if not is_id(subject, IdPrefix.LICENCE):
        return lint_contract(contract_of_json(json_of(Path(subject))), on=on or utc_now().date(), packs=shipped_packs())
    with acting_operator(acting) as (ctx, principal):
        return lint_licence(ctx, principal, subject, on=on)


def report_facts(report: LintReport, language: str) -> dict[str, object]:
    """Answer a report as JSON shows it, here and over HTTP."""
    return {
        "on": report.on,
        "blocks": report.blocks,
        "errors": report.count(Severity.ERROR),
        "warnings": report.count(Severity.WARNING),
        "notes": report.count(Severity.NOTE),
        "findings": [finding_facts(finding, language) for finding in report.findings],
        "packs": [
            {"pack": each.pack, "sha256": each.sha256, "applies": each.applies.value} for each in report.considered
        ],
        "terms_sha256": report.terms_sha256,
        "report_sha256": report.sha256(),
    }


def finding_facts(finding: Finding, language: str) -> dict[str, object]:
    """Answer a finding as JSON shows it, here and over HTTP."""
    return {
        "pack": finding.pack,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "outcome": finding.outcome.value,
        "status": finding.standing.value,
        "citation": finding.citation,
        "source": finding.source,
        "checked_on": finding.checked_on,
        "applies_from": finding.applies_from,
        "why": why_in_words(finding, language),
        "fix": finding.fix.in_language(language),
        "facts": dict(finding.facts),
        "missing": list(finding.missing),
    }


def _print(report: LintReport, language: str) -> None:
    print_facts(
        {
            "on": report.on,
            "errors": report.count(Severity.ERROR),
            "warnings": report.count(Severity.WARNING),
            "notes": report.count(Severity.NOTE),
            "packs that apply": [each.pack for each in report.considered if each.applies is not Truth.NO],
            "report": report.sha256(),
        }
    )
    for finding in report.findings:
        echo(f"\n{finding.severity.value}  {finding.pack}/{finding.rule}  {finding.citation}")
        echo(f"    {why_in_words(finding, language)}")
        echo(f"    → {finding.fix.in_language(language)}")
