"""What anybody may read: what this is, what a voiceprint is, what is kept, and where the journal stands."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from flask import Response, request

from api.pages.anybody import here, pages
from api.pages.language import PARAMETER, language, locale
from api.pages.rendering import BACK, DONE, ZONES, page
from api.pages.wording import CONCLUSIONS, DESTROYED_BY, MEASURES
from api.pages.zones import ZONE, places, time_zone
from api.state import context
from registry.domain.retention import SCHEDULE, SCHEDULE_VERSION, rule_facts, schedule_sha256
from registry.domain.time_zones import DEFAULT
from registry.domain.transparency import LEAST
from registry.engine.error_rates import ErrorRates
from registry.services import journal
from registry.services.transparency import published_figures

_OF_OURS: Final = re.compile(r"/(?![/\\])[^\\\x00-\x20]{0,2000}")
"""An address of a page of this registry: a path, and never another host (``//host``)."""

_DAY_S = 86_400
_YEAR_DAYS = 365


@pages.get("/")
def show_front() -> Response:
    """Say what the registry is."""
    return page("pages/front", keep={}, signed_in=here() is not None, controller=context().controller)


@pages.get("/voiceprints")
def show_voiceprints() -> Response:
    """Say what a voiceprint is, and what it is not."""
    return page("pages/voiceprints", keep={})


@pages.get("/retention")
def show_retention() -> Response:
    """Say what is kept, for how long, and who destroys it: `GET /v1/retention-schedule` in words."""
    rules = [(rule, rule_facts(rule, language())) for rule in SCHEDULE]
    days = {rule.id: int(rule.kept_for.total_seconds()) // _DAY_S for rule in SCHEDULE if rule.kept_for is not None}
    return page(
        "pages/retention",
        keep={},
        rules=rules,
        days=days,
        years={each: count // _YEAR_DAYS for each, count in days.items() if count and count % _YEAR_DAYS == 0},
        destroyed_by=DESTROYED_BY,
        version=SCHEDULE_VERSION,
        sha256=schedule_sha256(),
    )


@pages.get("/journal")
def show_journal() -> Response:
    """Show the newest checkpoint: `GET /v1/journal/checkpoint`."""
    return page("pages/journal", keep={}, checkpoint=journal.current_checkpoint(context()))


@pages.get("/transparency")
def show_transparency() -> Response:
    """Show how disputes went, and how often the engine is wrong: `GET /v1/transparency` in words."""
    published = published_figures(context())
    return page(
        "pages/transparency",
        keep={},
        published=published,
        measures=MEASURES,
        conclusions=CONCLUSIONS,
        least=LEAST,
        everybody=_of_everybody(published.error_rates),
    )


def _of_everybody(rates: ErrorRates | None) -> list[tuple[str, float, tuple[float, float] | None]]:
    """Answer what was measured on people who taught the engine nothing, whoever they are; nothing where that is old."""
    of_all = [each for each in rates.rates if (each.by, each.people) == ("everybody", "reporting")] if rates else []
    return [
        (name, share.share, share.ci95)
        for each in of_all
        for name, share in (("missed", each.missed), ("accused", each.accused), ("clones", each.clones_found))
        if share is not None
    ]


@pages.get(ZONES)
def show_time_zones() -> Response:
    """Let a reader choose the time zone in which pages tell them of moments; it is kept in their browser alone.

    The form leads to the page that they came from, which takes the choice as it takes that of a language.
    """
    back = request.args.get(BACK, "")
    to = urlsplit(back if _OF_OURS.fullmatch(back) else "/")
    left = {PARAMETER, ZONE, DONE}
    here_, offered = time_zone().key, places(locale())
    return page(
        "pages/time_zone",
        keep={BACK: back} if back else {},
        scripts=True,
        now=context().clock(),
        to=to.path,
        carried=[(name, value) for name, value in parse_qsl(to.query) if name not in left],
        places=offered,
        is_offered=here_ == DEFAULT or any(here_ == name for _part, zones in offered for name, _words in zones),
    )
