"""The operations: one module per resource. Each translates a request to one verb, and what the verb answers back."""

from __future__ import annotations

from collections.abc import Iterator

from flask_openapi.blueprint import APIBlueprint

from api.v1 import (
    accounts,
    approaches,
    approvals,
    attestations,
    checks,
    clearances,
    consents,
    enrolments,
    explanation_texts,
    explanations,
    exports,
    findings,
    forgetting,
    gallery_files,
    journal,
    journal_entries,
    keys,
    ledger,
    licence_versions,
    licences,
    linting,
    me,
    pay_statements,
    payments,
    performers,
    representatives,
    retention,
    scan_results,
    scans,
    signing_keys,
    spoken_statements,
    strikes,
    tokens,
    usage_reports,
    webhooks,
)


def blueprints() -> Iterator[APIBlueprint]:
    """Answer every resource, in the order in which somebody who is new meets them."""
    for module in (
        me,
        accounts,
        tokens,
        performers,
        representatives,
        explanation_texts,
        explanations,
        consents,
        forgetting,
        enrolments,
        spoken_statements,
        licences,
        licence_versions,
        signing_keys,
        strikes,
        linting,
        clearances,
        approvals,
        approaches,
        attestations,
        checks,
        findings,
        gallery_files,
        scans,
        scan_results,
        usage_reports,
        ledger,
        payments,
        pay_statements,
        exports,
        webhooks,
        retention,
        journal,
        journal_entries,
        keys,
    ):
        yield module.resource
