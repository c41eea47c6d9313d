"""Signing, write by write: one that fails leaves the offer as it was, one that failed but persisted is found done.

| what fails | what is found | what the next attempt does |
|---|---|---|
| any write before the commit | the offer, with the signatures that it had; no key, entry, fee or hold more | signs |
| the commit itself | the same | signs |
| the answer, after the commit | the licence in force, whole | is refused: the side has signed already |
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "services"))

from steps import TERMS, Clock, Registry

from registry.domain.accounts import Role
from registry.domain.consents import ConsentPurpose
from registry.domain.ids import IdFactory, RandomBytes
from registry.domain.licences import LicenceState
from registry.domain.terms import PayBasis, PayTerms, Rate
from registry.errors import ConflictError
from registry.media.decode import Decoder
from registry.media.speech import SpeechDetector
from registry.services import licence_signing, licences
from registry.services.context import Context, Thresholds
from registry.store import models
from registry.store.blobs import BlobStore
from registry.store.database import Database
from registry.vault.keys import FileKeyring
from registry.vault.voiceprints import VoiceprintVault

PAID = replace(TERMS, pay=PayTerms((Rate(PayBasis.FLAT, 90_000),), "GBP", minimum_guarantee_minor=10_000))


class PowerCutError(Exception):
    """The process is gone."""


@pytest.fixture
def registry(sqlite_database: Database, random_bytes: RandomBytes, tmp_path: Path, now: Any) -> Iterator[Registry]:
    clock = Clock(now)
    keys = FileKeyring.create(tmp_path / "keyring.json", now, random_bytes)
    with Decoder() as decoder:
        yield Registry(
            Context(
                database=sqlite_database,
                clock=clock,
                ids=IdFactory(random_bytes),
                random_bytes=random_bytes,
                keys=keys,
                vault=VoiceprintVault(keys, random_bytes),
                spool=BlobStore(str(tmp_path / "spool")),
                decoder=decoder,
                detector=SpeechDetector(),
                thresholds=Thresholds(),
            ),
            clock,
        )


@pytest.fixture
def last_signature(registry: Registry) -> Callable[[], Any]:
    """Answer what signs for the performer, the studio having signed: the signature that puts the licence in force."""
    performer_id = registry.performer()
    registry.sign(performer_id, ConsentPurpose.LICENSING)
    performer = registry.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    studio = registry.studio()
    drafted = licences.draft_licence(
        registry.ctx,
        studio,
        performer_id=performer_id,
        studio_id=None,
        title="Spring",
        intended_use="One radio spot.",
        terms=PAID,
    )
    licences.offer_licence(registry.ctx, studio, drafted.id)
    licence_signing.sign_licence(registry.ctx, studio, drafted.id)
    return lambda: licence_signing.sign_licence(registry.ctx, performer, drafted.id)


def rows(registry: Registry) -> dict[str, int]:
    with registry.ctx.database.read() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in models.metadata.tables.items()
        }


def only_licence(registry: Registry) -> Any:
    (licence,) = licences.list_licences(registry.ctx, registry.operator, state=None, after=None, limit=5)
    return licence


@contextmanager
def failing_write(registry: Registry, number: int) -> Iterator[list[str]]:
    """Let the write of that number, counted from 1, fail; name those that were reached."""
    reached: list[str] = []

    def before(*arguments: Any) -> None:
        statement = str(arguments[2])
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            reached.append(statement)
            if len(reached) == number:
                raise PowerCutError(statement)

    engine = registry.ctx.database.engine
    event.listen(engine, "before_cursor_execute", before)
    try:
        yield reached
    finally:
        event.remove(engine, "before_cursor_execute", before)


def test_whichever_write_fails_the_offer_is_as_it_was(registry: Registry, last_signature: Callable[[], Any]) -> None:
    before, number = rows(registry), 1
    while True:
        with failing_write(registry, number) as reached:
            try:
                last_signature()
            except PowerCutError:
                assert rows(registry) == before, reached[-1]
                licence = only_licence(registry)
                assert (licence.state, licence.activated_at) == (LicenceState.OFFERED, None)
                assert len(licence.newest.signatures) == 1
                number += 1
                continue
        break
    assert number > 8, "a signature, a key, the licence, its version, two entries and the journal are written"
    assert only_licence(registry).state is LicenceState.ACTIVE
    assert rows(registry)["ledger_entries"] == before["ledger_entries"] + 2


def test_a_commit_that_fails_leaves_the_offer(registry: Registry, last_signature: Callable[[], Any]) -> None:
    before = rows(registry)

    def at_commit(_: Any) -> None:
        raise PowerCutError("commit")

    event.listen(Session, "before_commit", at_commit)
    try:
        with pytest.raises(PowerCutError):
            last_signature()
    finally:
        event.remove(Session, "before_commit", at_commit)
    assert rows(registry) == before
    assert last_signature().state is LicenceState.ACTIVE


def test_an_answer_that_is_lost_leaves_the_licence_in_force_and_a_second_attempt_is_refused(
    registry: Registry, last_signature: Callable[[], Any]
) -> None:
    last_signature()  # and the answer never arrives
    after = rows(registry)
    licence = only_licence(registry)
    assert licence.state is LicenceState.ACTIVE
    assert licence.current.in_force_at is not None
    assert len(licence.current.signatures) == 2
    with pytest.raises(ConflictError):
        last_signature()
    assert rows(registry) == after
