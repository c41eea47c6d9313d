"""The journal for whoever runs the registry: leaves, checkpoints and their witnesses, and the course of one record."""

from __future__ import annotations

import json
from typing import Final

from flask import Response, request

from api.pages.checked import checked
from api.pages.operator.detail_words import detail_called
from api.pages.operator.event_words import happened
from api.pages.operator.value_words import value_called
from api.pages.personal import page_of, personal, stands_for, went_on
from api.schemas.journal import ConsistencyQuery
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.ids import made_at
from registry.errors import RegistryError
from registry.services import journal, journal_openings, journal_proofs, people

AT: Final = "/house/journal"
_AT_ONCE: Final = 50


@personal.get(AT)
@stands_for("GET /v1/journal/entries", "GET /v1/journal", "GET /v1/journal/checkpoint")
def show_leaves() -> Response:
    """Show the newest leaves, the last first; and the checkpoint, who cosigned it, and the keys of the journal."""
    facts, checkpoint = journal.describe_journal(context()), journal.current_checkpoint(context())
    last = _number(request.args.get("to"), facts.size)
    leaves = journal.list_entries(context(), principal(), after=max(0, last - _AT_ONCE), limit=min(last, _AT_ONCE))
    return page_of(
        "operator/journal",
        facts=facts,
        checkpoint=checkpoint,
        leaves=list(reversed(leaves)),
        last=last,
        older=last - _AT_ONCE if last > _AT_ONCE else None,
        happened=happened,
    )


def _number(sent: str | None, most: int) -> int:
    """Answer a number that somebody has put into an address, if it is one that there is a leaf of."""
    wanted = int(sent) if sent and sent.isdecimal() and len(sent) <= len(str(most)) else most
    return min(max(wanted, 1), most)


@personal.get(f"{AT}/consistency")
@stands_for("GET /v1/journal/entries", "GET /v1/journal/proofs/consistency")
def show_consistency() -> Response:
    """Prove that the newest checkpoint continues one that somebody has kept, by its size."""
    principal().require(Scope.JOURNAL_READ)
    proof, unknown = None, False
    if request.args.get("first"):
        try:
            asked = checked(ConsistencyQuery, first=request.args["first"])
            proof = journal_proofs.prove_consistency(context(), first=asked.first)
        except RegistryError:
            unknown = True
    return page_of("operator/consistency", proof=proof, unknown=unknown, first=request.args.get("first", ""))


@personal.get(f"{AT}/records")
@stands_for("GET /v1/journal/entries")
def find_record() -> Response:
    """Lead to what the journal says of a record, whose id somebody has typed in; or ask for one that is an id."""
    principal().require(Scope.JOURNAL_READ)
    wanted = request.args.get("id", "").strip()
    if made_at(wanted) is not None:
        return went_on(f"{AT}/records/{wanted}")
    return page_of("operator/record", leaves=None, wanted=wanted, people={})


@personal.get(f"{AT}/records/<id:subject_id>")
@stands_for("GET /v1/journal/records/{subject_id}")
def show_record(subject_id: str) -> Response:
    """Show what the journal says of one record, in order, with what opens each leaf where it is still there."""
    leaves = journal_openings.opened_leaves(context(), principal(), subject_id)
    actors = {_actor(each.leaf) for each in leaves}
    return page_of(
        "operator/record",
        leaves=[(each, _actor(each.leaf)) for each in leaves],
        wanted=subject_id,
        people=people.accounts_named(context(), actors) if principal().is_operator else {},
        happened=happened,
        detail_called=detail_called,
        value_called=value_called,
    )


def _actor(leaf: str) -> str:
    """Answer who acted, as a leaf says it."""
    return str(json.loads(leaf)["actor"])
