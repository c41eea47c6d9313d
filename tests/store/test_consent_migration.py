"""What was signed before consents rested on texts keeps its meaning, and permits nothing more than it did."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from registry.domain.choices import Disposition, LicensingChoices
from registry.domain.uses import UsePurpose
from registry.store.database import Database

MOMENT = "2026-01-05 10:00:00+00:00"
NEW_SINCE = {UsePurpose.GENERATION, UsePurpose.AUDIO_DESCRIPTION, UsePurpose.RESEARCH}
"""Uses that nobody could have said yes to when they were not there."""

ROWS: list[tuple[str, Mapping[str, Any]]] = [
    ("accounts", {"id": "acc_1", "role": "performer", "name": "Ada", "created_at": MOMENT, "version": 1}),
    (
        "performers",
        {
            "id": "perf_1",
            "name": "Ada",
            "identity_assurance": "self_declared",
            "created_by": "acc_1",
            "created_at": MOMENT,
            "version": 1,
        },
    ),
    (
        "explanations",
        {
            "id": "expl_1",
            "performer_id": "perf_1",
            "purpose": "licensing",
            "modality": "voice",
            "language": "en",
            "text": "What is done with your voice.",
            "text_sha256": "a" * 64,
            "explained_by": "the trust officer",
            "channel": "in_person",
            "duration_s": 300.0,
            "answers": json.dumps([{"question": "Why?", "answer": "So.", "understood": True}]),
            "copy_delivered_at": MOMENT,
            "recorded_by": "acc_1",
            "recorded_at": MOMENT,
        },
    ),
    *(
        (
            "consents",
            {
                "id": consent_id,
                "performer_id": "perf_1",
                "purpose": purpose,
                "modality": "voice",
                "decision": decision,
                "state": "active",
                "explanation_id": "expl_1",
                "signed_by": "Ada",
                "signature_method": "electronic",
                "signed_at": MOMENT,
                "recorded_by": "acc_1",
                "recorded_at": MOMENT,
                "version": 1,
            },
        )
        for consent_id, purpose, decision in (
            ("cons_1", "licensing", "given"),
            ("cons_2", "monitoring", "given"),
            ("cons_3", "engine_improvement", "refused"),
        )
    ),
]


def write(database: Database) -> None:
    with database.engine.execution_options(likeness_mode="write").begin() as connection:
        for table, row in ROWS:
            names = ", ".join(row)
            values = ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)  # noqa: S608  (our own words)


def read(database: Database, query: str) -> list[Any]:
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def as_json(stored: Any) -> Any:
    return json.loads(stored) if isinstance(stored, str) else stored


def test_an_old_yes_is_a_yes_to_be_asked_for_what_there_was_and_for_nothing_newer(bare_database: Database) -> None:
    bare_database.upgrade("0001")
    write(bare_database)
    bare_database.upgrade("0002")
    rows = read(bare_database, "SELECT id, explanation_ids, choices, signed_as FROM consents ORDER BY id")
    assert [(row[0], as_json(row[1]), row[3]) for row in rows] == [
        (f"cons_{number}", ["expl_1"], "unrecorded") for number in (1, 2, 3)
    ]
    choices = LicensingChoices.of_json(as_json(rows[0][2]))
    assert {use for use in UsePurpose if choices.to(use) is Disposition.ASK} == set(UsePurpose) - NEW_SINCE
    assert {choices.to(use) for use in NEW_SINCE} == {Disposition.NEVER}
    assert [row[2] for row in rows[1:]] == [None, None]


def test_an_old_explanation_names_no_text_so_that_no_new_consent_rests_on_it(bare_database: Database) -> None:
    bare_database.upgrade("0001")
    write(bare_database)
    bare_database.upgrade("0002")
    query = "SELECT topic, text_id, text, questions, completed_at IS NULL, version FROM explanations"
    ((topic, text_id, words, questions, is_open, version),) = read(bare_database, query)
    assert (topic, text_id, words) == (None, None, "What is done with your voice.")
    assert (as_json(questions), bool(is_open), version) == ([], False, 1)


def test_going_back_keeps_what_the_older_schema_can_hold(bare_database: Database) -> None:
    bare_database.upgrade("0001")
    write(bare_database)
    bare_database.upgrade("0002")
    bare_database.downgrade("0001")
    assert read(bare_database, "SELECT id, explanation_id, decision FROM consents ORDER BY id") == [
        ("cons_1", "expl_1", "given"),
        ("cons_2", "expl_1", "given"),
        ("cons_3", "expl_1", "refused"),
    ]


# --- what is never changed -------------------------------------------------------------------------------------------


def change(database: Database, table: str, to: str) -> None:
    with database.engine.execution_options(likeness_mode="write").begin() as connection:
        connection.execute(text(f"UPDATE {table} SET {to}"))  # noqa: S608  (our own words)


@pytest.mark.parametrize(
    ("table", "to"),
    [
        ("explanations", "text = 'Other words.'"),
        ("explanations", "answers = '[]'"),
        ("explanations", "completed_at = NULL"),
        ("explanations", "version = version + 1"),
        ("consents", "decision = 'given'"),
        ("consents", "purpose = 'monitoring'"),
        ("consents", "explanation_ids = '[]'"),
        ("consents", "signed_as = 'guardian'"),
        ("consents", "signed_by = 'Somebody Else'"),
        ("consents", "signed_at = '2027-01-05 10:00:00+00:00'"),
        ("consents", "signature_evidence_sha256 = 'x'"),
    ],
)
def test_the_database_refuses_to_change_what_was_told_and_what_was_signed(
    bare_database: Database, table: str, to: str
) -> None:
    bare_database.upgrade("0001")
    write(bare_database)
    bare_database.upgrade("0002")
    with pytest.raises(DBAPIError, match="never changed"):
        change(bare_database, table, to)


def test_a_consent_ends_once_and_its_end_only_comes_nearer(bare_database: Database) -> None:
    bare_database.upgrade("0001")
    write(bare_database)
    bare_database.upgrade("0002")
    change(bare_database, "consents", "expires_at = '2027-06-01 00:00:00+00:00'")
    change(bare_database, "consents", "expires_at = '2027-05-01 00:00:00+00:00'")
    for later in ("'2027-05-02 00:00:00+00:00'", "NULL"):
        with pytest.raises(DBAPIError, match="never changed"):
            change(bare_database, "consents", f"expires_at = {later}")
    change(bare_database, "consents", f"state = 'withdrawn', withdrawn_at = '{MOMENT}', signed_by = '(forgotten)'")
    with pytest.raises(DBAPIError, match="never changed"):
        change(bare_database, "consents", "state = 'active', withdrawn_at = NULL")
