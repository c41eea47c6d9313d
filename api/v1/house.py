"""The house: keys, what is due to be destroyed, and figures of misuse, for whoever runs the registry."""

from __future__ import annotations

from flask import Response

from api.answers import answer
from api.schemas.house import (
    DueOut,
    DuePage,
    HouseKeyOut,
    HouseKeyPage,
    MisuseFiguresOut,
    MisuseFiguresPage,
    MisuseFiguresQuery,
)
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.cases import CaseSide
from registry.services import house_keys, misuse_figures, purge

resource = new_resource("house", "What whoever runs the registry looks at.")


@resource.get("/house-keys", responses={200: HouseKeyPage})
def list_house_keys() -> Response:
    """List the keys of the house that the registry was told of, and which are in use. No key is in it."""
    keys = house_keys.list_registered(context(), principal())
    return answer(HouseKeyPage(items=[HouseKeyOut.of(each) for each in keys], next_cursor=None))


@resource.get("/retention-due", responses={200: DuePage})
def list_retention_due() -> Response:
    """Count what is past its time by each rule, up to a bound. The next purge destroys it."""
    due = purge.what_is_due(context(), principal(), most=purge.COUNTED_AT_MOST)
    return answer(DuePage(items=[DueOut.of(each) for each in due], next_cursor=None))


@resource.get("/misuse-figures", responses={200: MisuseFiguresPage})
def list_misuse_figures(query: MisuseFiguresQuery) -> Response:
    """Count what parties did with cases and notices, those with most to look at first; a person decides."""
    found = misuse_figures.misuse_figures_of(context(), principal(), CaseSide(query.side.value))
    return answer(MisuseFiguresPage(items=[MisuseFiguresOut.of(each) for each in found], next_cursor=None))
