"""Linting, and the plain words of the terms."""

from __future__ import annotations

from flask import Response

from api.answers import answer
from api.idempotency import idempotent
from api.schemas.licences import LicencePath
from api.schemas.linting import (
    CategoryOut,
    CategoryPage,
    ContractBody,
    LanguageQuery,
    LintOut,
    LintQuery,
)
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.rules.categories import shipped_categories
from registry.services import linting

resource = new_resource("linting", "What dated rules of law, agreements and advice find in a licence, and plain words.")


@resource.post("/licences/<id:licence_id>/lint", responses={200: LintOut})
@idempotent()
def lint_licence(path: LicencePath, query: LintQuery) -> Response:
    """Say which rules a licence breaks, today or on any day. Nothing is changed by it."""
    report = linting.lint_licence(context(), principal(), path.licence_id, on=query.on)
    return answer(LintOut.of(report, query.language))


@resource.post("/lint", responses={200: LintOut})
@idempotent()
def lint_contract(query: LintQuery, body: ContractBody) -> Response:
    """Say which rules a contract would break, before there is any licence."""
    report = linting.lint_contract(context(), principal(), body.value(), on=query.on)
    return answer(LintOut.of(report, query.language))


@resource.get("/use-categories", responses={200: CategoryPage})
def list_use_categories(query: LanguageQuery) -> Response:
    """Say what each word of the terms means, with an example of what one would hear."""
    items = [CategoryOut.of(category, query.language) for category in shipped_categories()]
    return answer(CategoryPage(items=items, next_cursor=None))
