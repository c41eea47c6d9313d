"""The house: its keys, what it destroys and has destroyed, and figures of misuse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import Response, request

from api.pages.checked import checked
from api.pages.language import language
from api.pages.lists import asked, cut
from api.pages.operator.words import BUDGETS, KEY_PURPOSES, KEY_STATES
from api.pages.personal import page_of, personal, stands_for
from api.schemas.house import FiguresSide, MisuseFiguresQuery
from api.schemas.retention import CertificateQuery
from api.state import context, principal, settings
from registry.domain.accounts import Scope
from registry.domain.cases import CaseSide
from registry.domain.ids import IdPrefix
from registry.domain.retention import RULES, SCHEDULE_VERSION, rule_facts, schedule_sha256
from registry.services import house_keys, misuse_figures, people, purge
from registry.services.misuse_figures import PartyFigures

HOUSE: Final = "/house"


@personal.get(f"{HOUSE}/keys")
@stands_for("GET /v1/house-keys")
def show_house_keys() -> Response:
    """Show which keys the house has, what each is for, and which are in use."""
    return page_of(
        "operator/house_keys",
        keys=house_keys.list_registered(context(), principal()),
        now=context().clock(),
        purpose_words=KEY_PURPOSES,
        state_words=KEY_STATES,
    )


@personal.get(f"{HOUSE}/retention")
@stands_for("GET /v1/retention-due", "GET /v1/destruction-certificates", "GET /v1/retention-schedule")
def show_destroyed() -> Response:
    """Show what was destroyed last, and by which schedule. What is due is counted where it is asked for."""
    principal().require(Scope.RETENTION_WRITE)
    query = asked(CertificateQuery, newest_first=True)
    found = purge.list_certificates(
        context(),
        rule=query.rule,
        newest_first=True,
        after=query.after(IdPrefix.DESTRUCTION_CERTIFICATE),
        limit=query.limit + 1,
    )
    items, cursor = cut(found, query)
    return page_of(
        "operator/retention",
        items=items,
        cursor=cursor,
        rules=[(rule, rule_facts(RULES[rule], language())["what"]) for rule in purge.PURGED],
        called={rule: rule_facts(RULES[rule], language())["what"] for rule in RULES},
        chosen=query.rule,
        version=SCHEDULE_VERSION,
        sha256=schedule_sha256(),
    )


@personal.get(f"{HOUSE}/misuse")
@stands_for("GET /v1/misuse-figures")
def show_misuse_figures() -> Response:
    """Show of whom there is something to look at, of one side or the other, counted the same way."""
    side = checked(MisuseFiguresQuery, side=request.args.get("side") or FiguresSide.COMPLAINANT).side
    found = misuse_figures.misuse_figures_of(context(), principal(), CaseSide(side.value))
    return page_of(
        "operator/misuse",
        found=found,
        claims=side is FiguresSide.COMPLAINANT,
        names=_names(found, claims=side is FiguresSide.COMPLAINANT),
        rates=[(BUDGETS[budget], rate) for budget, rate in settings().rates.items()],
    )


def _names(found: Sequence[PartyFigures], *, claims: bool) -> dict[str, str]:
    ids = [each.party_id for each in found]
    named = people.performers_named if claims else people.organisations_named
    return dict(named(context(), ids))
