"""The operations: one module per resource. Each translates a request to one verb, and what the verb answers back."""

from __future__ import annotations

from collections.abc import Iterator

from flask_openapi.blueprint import APIBlueprint

from api.v1 import (
    accounts,
    checks,
    consents,
    enrolments,
    explanations,
    findings,
    licences,
    me,
    performers,
    representatives,
    tokens,
)


def blueprints() -> Iterator[APIBlueprint]:
    """Answer every resource, in the order in which somebody who is new meets them."""
    for module in (
        me,
        accounts,
        tokens,
        performers,
        representatives,
        explanations,
        consents,
        enrolments,
        licences,
        checks,
        findings,
    ):
        yield module.resource
