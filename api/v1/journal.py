"""The journal: what anybody may check."""

from __future__ import annotations

from flask import Response, request

from api.answers import answer
from api.document import also_answers
from api.paging import NumberedQuery, numbered_page
from api.schemas.journal import (
    CheckpointOut,
    CheckpointPage,
    ConsistencyOut,
    ConsistencyQuery,
    InclusionOut,
    InclusionQuery,
    JournalOut,
    LeafHashOut,
    LeafHashPage,
    NewCosignatures,
)
from api.state import context
from api.v1.resource import new_resource
from registry.services import journal, journal_proofs, journal_witnesses

TEXT = "text/plain"

resource = new_resource("journal", "The log of what happened here, and proofs that nobody rewrote it.", public=True)


@resource.get("/journal", responses={200: JournalOut})
def get_journal() -> Response:
    """Say which journal this is, and by which keys it is checked; no token is needed."""
    return answer(JournalOut.of(journal.describe_journal(context())))


@resource.get("/journal/checkpoint", responses={200: CheckpointOut})
@also_answers(TEXT)
def get_checkpoint() -> Response:
    """Answer the newest checkpoint: as a signed note, or as JSON to whoever asks for that; no token is needed.

    One is signed when the journal has grown, at most once in `LIKENESS_JOURNAL_INTERVAL_S`.
    """
    checkpoint = journal.current_checkpoint(context())
    if request.accept_mimetypes.best_match([TEXT, "application/json"]) == "application/json":
        return answer(CheckpointOut.of(checkpoint))
    return Response(checkpoint.note, mimetype=TEXT)


@resource.get("/journal/checkpoints", responses={200: CheckpointPage})
def list_checkpoints(query: NumberedQuery) -> Response:
    """List every checkpoint that was signed, by size; no token is needed."""
    found = journal.list_checkpoints(context(), after=query.after(first=0), limit=query.limit + 1)
    last = found[: query.limit][-1].size if found else 0
    return numbered_page(found, query, CheckpointPage, CheckpointOut.of, last=last)


@resource.get("/journal/leaf-hashes", responses={200: LeafHashPage})
def list_leaf_hashes(query: NumberedQuery) -> Response:
    """List the hashes of all leaves, in their order: the whole tree grows from them; no token is needed."""
    found = journal.list_leaf_hashes(context(), after=query.after(first=1), limit=query.limit + 1)
    last = found[: query.limit][-1][0] if found else 0
    return numbered_page(found, query, LeafHashPage, _hash_out, last=last)


def _hash_out(found: tuple[int, str]) -> LeafHashOut:
    return LeafHashOut(seq=found[0], leaf_sha256=found[1])


@resource.get("/journal/proofs/inclusion", responses={200: InclusionOut})
def prove_inclusion(query: InclusionQuery) -> Response:
    """Prove that a leaf is under the newest checkpoint; no token is needed."""
    proof = journal_proofs.prove_inclusion(context(), leaf_sha256=query.leaf_sha256, seq=query.seq)
    return answer(InclusionOut.of(proof))


@resource.get("/journal/proofs/consistency", responses={200: ConsistencyOut})
def prove_consistency(query: ConsistencyQuery) -> Response:
    """Prove that one checkpoint continues another; no token is needed."""
    return answer(
        ConsistencyOut.of(journal_proofs.prove_consistency(context(), first=query.first, second=query.second))
    )


@resource.post("/journal/cosignatures", responses={200: CheckpointOut})
def add_cosignatures(body: NewCosignatures) -> Response:
    """Hand in what witnesses signed below a checkpoint; their signatures are all that it takes.

    Of each witness that `LIKENESS_JOURNAL_WITNESSES` names, the first that comes for a checkpoint is kept.
    """
    return answer(CheckpointOut.of(journal_witnesses.add_cosignatures(context(), body.note)))
