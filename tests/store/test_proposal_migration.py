"""Requests to unseal become proposals under the ids that the journal knows, as far on as they were, and go back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import text

from registry.domain.proposals import ProposalState, Unsealing
from registry.services.proposals import digest_of
from registry.store.database import Database
from registry.store.proposals import Proposal

ASKED, AGREED = "2026-01-05 10:00:00.123000+00:00", "2026-01-05 11:00:00+00:00"
ATTESTATION = {
    "id": "att_1",
    "studio_id": "org_1",
    "performer_id": "perf_1",
    "product": "Voice 2",
    "made_on": "2026-01-01",
    "recordings": "[]",
    "casting_sha256": "[]",
    "sealed": False,
    "content_sha256": "a" * 64,
    "recorded_by": "acc_1",
    "recorded_at": ASKED,
}
REQUEST = {"attestation_id": "att_1", "requested_by": "acc_1", "requested_at": ASKED, "reason": "a dispute"}
ROWS: list[tuple[str, Mapping[str, Any]]] = [
    ("organisations", {"id": "org_1", "kind": "studio", "name": "Northlight", "created_at": ASKED}),
    *(
        ("accounts", {"id": each, "role": "performer", "name": each, "created_at": ASKED, "version": 1})
        for each in ("acc_1", "acc_2")
    ),
    (
        "performers",
        {
            "id": "perf_1",
            "name": "Ada",
            "identity_assurance": "self_declared",
            "created_by": "acc_1",
            "created_at": ASKED,
            "version": 1,
        },
    ),
    ("source_attestations", ATTESTATION),
    ("unsealing_requests", REQUEST | {"id": "uns_1"}),
    (
        "unsealing_requests",
        REQUEST | {"id": "uns_2", "approved_by": "acc_2", "approved_at": AGREED, "approval_reason": "the court asks"},
    ),
]


@pytest.fixture
def grown(bare_database: Database) -> Database:
    """A database in which there were two requests before there were proposals."""
    bare_database.upgrade("0012")
    with bare_database.engine.execution_options(likeness_mode="write").begin() as connection:
        for table, row in ROWS:
            names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)  # noqa: S608  (our own words)
    bare_database.upgrade()
    return bare_database


def test_a_request_is_the_proposal_that_it_always_was(grown: Database) -> None:
    with grown.read() as session:
        waiting, agreed = (session.get_one(Proposal, each) for each in ("uns_1", "uns_2"))
    assert [each.proposed() for each in (waiting, agreed)] == [Unsealing("att_1")] * 2
    assert (
        waiting.content_sha256 == digest_of(Unsealing("att_1")) == hashlib.sha256(waiting.content.encode()).hexdigest()
    )
    assert (waiting.state, waiting.answered_by, waiting.version) == (ProposalState.PROPOSED, None, 1)
    assert (waiting.expires_at - waiting.proposed_at).total_seconds() == 72 * 3600
    assert (agreed.state, agreed.answered_by, agreed.answer_reason) == (
        ProposalState.APPROVED,
        "acc_2",
        "the court asks",
    )
    assert (agreed.reason, agreed.version) == ("a dispute", 2)


def test_going_back_keeps_what_was_asked_and_agreed(grown: Database) -> None:
    grown.downgrade("0012")
    with grown.engine.connect() as connection:
        found = connection.execute(
            text("SELECT id, requested_by, approved_by, approval_reason FROM unsealing_requests ORDER BY id")
        ).all()
    assert [tuple(row) for row in found] == [
        ("uns_1", "acc_1", None, None),
        ("uns_2", "acc_1", "acc_2", "the court asks"),
    ]
