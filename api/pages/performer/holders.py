"""Who holds what of a performer: licences, permissions and gallery files, by whom, and until when they must stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Response

from api.pages.performer.addressing import words_of_choices
from api.pages.performer.held import wording_of_holders
from api.pages.personal import page_about, performer_of, personal, stands_for
from api.state import context, principal
from registry.services import consents
from registry.services.holders import Holder


@personal.get("/performers/<id:performer_id>/holders")
@stands_for("GET /v1/performers/{performer_id}/holders")
def show_holders(performer_id: str) -> Response:
    """Show everybody who may use or look for the voice at this moment, or had to stop; by organisation."""
    performer = performer_of(performer_id)
    use = consents.who_may_use(context(), principal(), performer_id)
    return page_about(
        performer,
        "performer/holders",
        use=use,
        by_organisation=_by_organisation(use.holders),
        held_words=words_of_choices()["held_words"],
        now=context().clock(),
        **wording_of_holders(use.holders),
    )


def _by_organisation(holders: Sequence[Holder]) -> Mapping[tuple[str, str], list[Holder]]:
    """Answer what each organisation holds, by its id and name, in the order in which the first has to stop."""
    found: dict[tuple[str, str], list[Holder]] = {}
    for holder in holders:
        found.setdefault((holder.organisation_id, holder.organisation_name), []).append(holder)
    return found
