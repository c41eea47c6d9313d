"""Appending to the journal: leaves, what opens them, and the nodes of the tree that they make complete."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from registry.domain.events import Event, EventType
from registry.domain.ids import RandomBytes
from registry.errors import JournalDamagedError
from registry.journal.leaf import SALT_BYTES, encode, leaf_hash
from registry.journal.merkle import Node, Tree, complete
from registry.store import journal
from registry.store.journal import NewLeaf

CLOCKS_APART = timedelta(seconds=60)
"""How far a leaf may be older than the one before without a word: two hosts' clocks are never quite the same, and on
PostgreSQL a transaction that began earlier may commit later."""

_SYSTEM = "system"

log = structlog.get_logger()


def append_events(session: Session, events: Sequence[Event], random_bytes: RandomBytes) -> None:
    """Write a leaf for each event, in the caller's transaction, whose turn it is: nobody else is appending.

    It takes as many statements for many events as for one, and reads O(log n) nodes of the tree. Nothing of it is left
    for later: whoever appends next begins at what the last commit left, after a crash as at any other time.

    Where the clock has gone back by more than `CLOCKS_APART` since the last leaf, one that says so comes first.

    Raises:
        JournalDamagedError: the tree is not that of the leaves which are there.
    """
    size, last_at = journal.end_of_journal(session)
    tree = tree_at(session, size)
    leaves: list[NewLeaf] = []
    nodes: dict[int, bytes] = {}
    for event in [*_stepped_back(events, size, last_at), *events]:
        leaf, opening = encode(event, random_bytes(SALT_BYTES))
        digest = leaf_hash(leaf)
        nodes |= {node.position: made for node, made in tree.add(digest)}
        leaves.append(
            NewLeaf(
                type=event.type.value,
                subject_id=event.subject_id,
                at=event.at,
                leaf=leaf,
                leaf_sha256=digest.hex(),
                salt=opening.salt,
                details=dict(opening.details),
            )
        )
    journal.append(session, size, leaves, nodes)


def _stepped_back(events: Sequence[Event], size: int, last_at: datetime | None) -> list[Event]:
    """Say it in the journal itself where moments run backwards, so that nobody has to wonder later.

    The moments are left as the clock has them: what happened cannot be dated better afterwards.
    """
    first = events[0]
    if last_at is None or first.at >= last_at - CLOCKS_APART:
        return []
    by_s = round((last_at - first.at).total_seconds(), 3)
    log.warning("the clock has gone back", by_s=by_s, leaves=size)
    said = {"by_s": by_s, "leaves_before": size}
    return [Event(EventType.JOURNAL_CLOCK_STEPPED_BACK, "journal", _SYSTEM, first.at, said)]


def tree_at(session: Session, size: int) -> Tree:
    """Answer the tree over the first leaves, as it is kept.

    Raises:
        JournalDamagedError: nodes of it are missing; figure ``size``.
    """
    nodes = complete(0, size)
    hashes = hashes_of(session, nodes)
    return Tree(size, [hashes[node] for node in nodes])


def hashes_of(session: Session, nodes: Sequence[Node]) -> dict[Node, bytes]:
    """Answer the hashes of nodes, by node.

    Raises:
        JournalDamagedError: one of them is not there; figures ``missing`` and ``position`` of the first.
    """
    found = journal.node_hashes(session, sorted({node.position for node in nodes}))
    missing = [node.position for node in nodes if node.position not in found]
    if missing:
        raise JournalDamagedError(
            f"{len(missing)} nodes of the journal's tree are missing, the first at {missing[0]}",
            missing=len(missing),
            position=missing[0],
        )
    return {node: found[node.position] for node in nodes}
