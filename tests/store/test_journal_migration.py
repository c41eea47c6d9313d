"""Leaves from before the tree get numbers without gaps, and the tree that they would have grown."""

from __future__ import annotations

from hashlib import sha256

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from registry.journal.merkle import Tree
from registry.store.database import Database

BEFORE = "0009"
LEAVES = {1: "first", 2: "second", 5: "third", 6: "fourth", 17: "fifth"}
"""By number: PostgreSQL has left some out."""


def hash_of(name: str) -> str:
    return sha256(b"\x00" + name.encode()).hexdigest()


@pytest.fixture
def grown(bare_database: Database) -> Database:
    bare_database.upgrade(BEFORE)
    with bare_database.write() as session:
        for seq, name in LEAVES.items():
            row = {"seq": seq, "leaf": name.encode(), "hash": hash_of(name)}
            session.execute(
                text(
                    "INSERT INTO journal_entries (seq, type, subject_id, at, leaf, leaf_sha256)"
                    " VALUES (:seq, 't', 's', '2026-01-01 00:00:00+00:00', :leaf, :hash)"
                ),
                row,
            )
            if name != "second":  # its opening was erased
                session.execute(
                    text("INSERT INTO journal_openings (seq, salt, details) VALUES (:seq, :salt, '{}')"),
                    {"seq": seq, "salt": name.encode()},
                )
        session.commit()
    bare_database.upgrade()
    return bare_database


def test_leaves_and_openings_are_numbered_without_gaps_in_their_order(grown: Database) -> None:
    with grown.read() as session:
        leaves = session.execute(text("SELECT seq, leaf FROM journal_entries ORDER BY seq")).all()
        openings = session.execute(text("SELECT seq, salt FROM journal_openings ORDER BY seq")).all()
    assert [(seq, bytes(leaf).decode()) for seq, leaf in leaves] == list(enumerate(LEAVES.values(), 1))
    assert [(seq, bytes(salt).decode()) for seq, salt in openings] == [
        (number, name) for number, name in enumerate(LEAVES.values(), 1) if name != "second"
    ]


def test_the_tree_is_the_one_that_they_would_have_grown(grown: Database) -> None:
    tree, expected = Tree(), list[tuple[int, str]]()
    for name in LEAVES.values():
        expected += [(node.position, digest.hex()) for node, digest in tree.add(bytes.fromhex(hash_of(name)))]
    with grown.read() as session:
        nodes = session.execute(text("SELECT position, sha256 FROM journal_nodes ORDER BY position")).all()
    assert [tuple(node) for node in nodes] == expected


def test_an_opening_still_needs_its_leaf(grown: Database) -> None:
    with grown.write() as session, pytest.raises(SQLAlchemyError):
        session.execute(
            text("INSERT INTO journal_openings (seq, salt, details) VALUES (77, :salt, '{}')"), {"salt": b"x"}
        )


def test_what_was_kept_before_can_be_taken_back_to(grown: Database) -> None:
    grown.downgrade(BEFORE)
    insert = text(
        "INSERT INTO journal_entries (type, subject_id, at, leaf, leaf_sha256)"
        " VALUES ('t', 's', '2026-01-01 00:00:00+00:00', :leaf, 'x')"
    )
    with grown.write() as session:
        session.execute(insert, {"leaf": b"sixth"})
        session.execute(text("UPDATE journal_entries SET type = 'u'"))
        numbers = session.scalars(text("SELECT seq FROM journal_entries ORDER BY seq")).all()
    assert len(numbers) == len(set(numbers)) == 6
