"""A registry that was backed up, and in which things have ended since; made once, and restored by many tests."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import shake_256
from itertools import count
from pathlib import Path

from sqlalchemy import select
from steps import Clock, Registry, drawn_voiceprints

from registry.domain.accounts import Role
from registry.domain.explanations.shipped import shipped_texts
from registry.domain.explanations.topics import Topic
from registry.domain.ids import IdFactory, RandomBytes
from registry.journal.endings import EndingsList
from registry.media.decode import Decoder
from registry.media.speech import SpeechDetector
from registry.services import accounts, backups, consents, forgetting, tokens, webhooks
from registry.services.context import Context, Thresholds
from registry.services.journal import sign_current
from registry.store import dump
from registry.store.blobs import BlobStore
from registry.store.database import Database
from registry.store.enrolments import SealedVoiceprint
from registry.store.performers import PerformerKey
from registry.vault.keys import FileKeyring, WrappedKey
from registry.vault.voiceprints import SealedVoiceprint as Sealed
from registry.vault.voiceprints import VoiceprintVault


@dataclass(frozen=True)
class BackedUp:
    """What is there.

    Attributes:
        ctx: of the registry as it went on.
        registry: the same, for steps.
        folder: of backups, with the file of keys as it is now.
        backup: the one from before things ended.
        old_keys: a copy of the file of keys from before.
        old_endings: a copy of the list of endings from before.
        ada: withdrew since.
        bo: did not.
        cy: was forgotten since.
        token: of a studio, revoked since.
        before: a checkpoint from before the backup.
        after: one that somebody was given since.
    """

    ctx: Context
    registry: Registry
    folder: Path
    backup: Path
    old_keys: Path
    old_endings: Path
    ada: str
    bo: str
    cy: str
    token: str
    before: str
    after: str

    def target(self, database: Database, endings: Path) -> Context:
        """Answer a context around an empty database, with a copy of the list of endings."""
        if not endings.exists():
            shutil.copytree(self.ctx.endings.folder, endings)  # type: ignore[union-attr]  # it was given one
        return replace(self.ctx, database=database, endings=EndingsList(endings))


def counted_bytes() -> RandomBytes:
    """Answer a source of bytes that gives the same sequence each time, and nothing twice."""
    counter = count()

    def random_bytes(length: int) -> bytes:
        return shake_256(f"backed up {next(counter)}".encode()).digest(length)

    return random_bytes


def a_context(
    home: Path, database: Database, clock: Clock, random_bytes: RandomBytes, media: tuple[Decoder, SpeechDetector]
) -> Context:
    """Answer a context that keeps a list of endings."""
    keys = FileKeyring.create(home / "keyring.json", clock(), random_bytes)
    return Context(
        database=database,
        clock=clock,
        ids=IdFactory(random_bytes),
        random_bytes=random_bytes,
        keys=keys,
        vault=VoiceprintVault(keys, random_bytes),
        spool=BlobStore(str(home / "spool")),
        decoder=media[0],
        detector=media[1],
        thresholds=Thresholds(withdrawal_confirmation_s=0.01),
        endings=EndingsList(home / "endings"),
    )


def backed_up(ctx: Context, clock: Clock, home: Path) -> BackedUp:
    """Live in a registry for a while."""
    registry = Registry(ctx, clock)
    before = sign_current(ctx).note
    ada, bo, cy = (registry.enrolled(name) for name in ("Ada Lind", "Bo Berg", "Cy Dahl"))
    account = accounts.create_account(
        ctx, registry.operator, role=Role.STUDIO_ADMIN, name="Clearances", organisation_name="Northlight"
    )
    issued = tokens.issue_token(
        ctx, registry.operator, account_id=account.id, name="one", scopes=None, ttl=timedelta(days=300)
    )
    studio = tokens.authenticate(ctx, issued.text)
    hook = webhooks.register_webhook(ctx, studio, name="pipeline", url="https://hooks.example/one")
    folder = home / "backups"
    backup, _ = backups.make_backup(ctx, registry.operator, folder)
    shutil.copy(folder / "keys.sealed", home / "old.keys")
    shutil.copytree(home / "endings", home / "old-endings")
    clock.move(minutes=5)
    consents.withdraw_all(ctx, registry.operator, ada)
    text = shipped_texts()[f"{Topic.FORGET_ME.value}.en.v1"]
    forgetting.forget_performer(
        ctx, registry.operator, cy, text_id=text.id, text_sha256=text.text_sha256, signature_evidence_sha256="d" * 64
    )
    webhooks.remove_webhook(ctx, studio, hook.id)
    tokens.revoke_token(ctx, registry.operator, issued.token.id)
    after = sign_current(ctx).note
    clock.move(minutes=5)
    backups.back_keys_up(ctx, registry.operator, folder)
    return BackedUp(
        ctx=ctx,
        registry=registry,
        folder=folder,
        backup=backup,
        old_keys=home / "old.keys",
        old_endings=home / "old-endings",
        ada=ada,
        bo=bo,
        cy=cy,
        token=issued.text,
        before=before,
        after=after,
    )


def everything(database: Database) -> dict[str, list[dump.Row]]:
    """Answer every row of every table that is copied, but for what wraps keys."""
    with database.read() as session:
        connection = session.connection()
        return {each.table: list(dump.rows_of(connection, each)) for each in dump.columns_of_all(connection)}


def sealed_of(database: Database, performer_id: str) -> Sequence[Sealed]:
    """Answer the sealed voiceprints of a performer."""
    with database.read() as session:
        rows = session.scalars(select(SealedVoiceprint).where(SealedVoiceprint.performer_id == performer_id)).all()
    spaces = {each.space.encoder: each.space.id for each in drawn_voiceprints("any")}
    return [Sealed(row.id, spaces[row.encoder], row.epoch, row.dimension, row.sealed) for row in rows]


def key_of(database: Database, performer_id: str) -> WrappedKey | None:
    """Answer the key of a performer, as it is wrapped."""
    with database.read() as session:
        row = session.scalars(select(PerformerKey).where(PerformerKey.performer_id == performer_id)).one_or_none()
    return None if row is None else WrappedKey(row.master_key_id, row.wrapped_key)
