"""A registry on a keyring file, with something under seal in every place there is, for tests of its keys."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from steps import Registry, drawn_voiceprints

from registry.domain.accounts import Principal
from registry.domain.attestations import Attested, SealedIdentity, SourceRecording
from registry.domain.consents import ConsentPurpose, Modality
from registry.domain.house_keys import Purpose
from registry.services import attestations, intake, key_rotation, signing_keys
from registry.services.attestations import opened_identity
from registry.services.context import Context
from registry.services.key_rotation import Rotated
from registry.store import enrolments as stored
from registry.store import epochs, performers, wrapped_keys
from registry.store.attestations import SourceAttestation
from registry.store.checks import Check
from registry.store.signing_keys import key_in_use
from registry.vault.house import FileHouse
from registry.vault.keyring_file import KeyringFile, WatchedKeyring
from registry.vault.keys import WrappedKey
from registry.vault.voiceprints import SealedVoiceprint, VoiceprintVault

WHO = SealedIdentity("Rosa Keel", "through Ivo Lang, agent", "contract 2026-117")


@dataclass
class Keyed:
    """One registry and its keyring.

    Attributes:
        registry: whose context has a keyring that is watched.
        path: of the keyring.
    """

    registry: Registry
    path: Path
    studio: Principal = field(init=False)
    people: list[str] = field(default_factory=list)
    attestation_id: str = ""
    check_id: str = ""

    def __post_init__(self) -> None:
        self.registry.ctx = self.process()
        self.studio = self.registry.studio()

    @property
    def ctx(self) -> Context:
        return self.registry.ctx

    @property
    def house(self) -> FileHouse:
        return FileHouse(KeyringFile(self.path))

    def process(self) -> Context:
        """Answer what another process of this registry works with: keys that it has read by itself."""
        keys = WatchedKeyring(KeyringFile(self.path))
        ctx = self.registry.ctx
        return replace(ctx, keys=keys, vault=VoiceprintVault(keys, ctx.random_bytes))

    def furnish(self) -> None:
        """Put something under seal wherever something can be: two performers, a source, a key, and three uploads."""
        self.people = [self.registry.enrolled("Ada Lind"), self.registry.enrolled("Bo Berg")]
        today = self.registry.clock().date()
        said = Attested(
            product="Voice 2",
            made_on=today,
            recordings=[SourceRecording("a" * 64, today - timedelta(days=20))],
            casting_sha256=["b" * 64],
            direction_sha256="c" * 64,
            mentions=[],
        )
        self.attestation_id = attestations.attest_source(self.ctx, self.studio, said, WHO).id
        self.registry.sign(self.people[0], ConsentPurpose.LICENSING)
        self.registry.licence(self.people[0], self.studio)
        self.registry.offer_recordings(self.people[1])
        self.check_id = self.registry.submit(self.studio).id

    def rotate(self, purpose: Purpose, **more: bool) -> Rotated:
        return key_rotation.rotate_key(self.ctx, self.registry.operator, self.house, purpose, **more)

    # --- looking -----------------------------------------------------------------------------------------------------

    def under(self) -> dict[str, dict[str, int]]:
        """Answer what lies under which wrapping key, by table."""
        with self.ctx.database.read() as session:
            counted = {
                where.table: dict(wrapped_keys.count_by_master(session, where)) for where in wrapped_keys.EVERYWHERE
            }
        return {table: counts for table, counts in counted.items() if counts}

    def epochs(self) -> dict[int, int]:
        with self.ctx.database.read() as session:
            return dict(epochs.count_by_epoch(session))

    def voices(self, performer_id: str, ctx: Context | None = None) -> dict[str, NDArray[np.float32]]:
        """Open the voiceprints of a performer, by encoder."""
        ctx = ctx or self.ctx
        with ctx.database.read() as session:
            keys = performers.keys_of(session, [performer_id], Modality.VOICE)
            rows = list(stored.stored_voiceprints(session, [performer_id]))
        opened = {}
        for _, voiceprint_id, encoder, weights, preprocessing, dimension, epoch, sealed in rows:
            space_id = f"{encoder}:{weights[:12]}:{preprocessing}:{dimension}"
            held = SealedVoiceprint(voiceprint_id, space_id, epoch, dimension, sealed)
            opened[encoder] = ctx.vault.open(held, WrappedKey(*keys[performer_id]))
        return opened

    def require_everything_opens(self, ctx: Context | None = None) -> None:
        """Open all that `furnish` has sealed, as another process of this registry does, and compare."""
        ctx = ctx or self.process()
        for performer_id in self.people:
            found = self.voices(performer_id, ctx)
            for drawn in drawn_voiceprints(performer_id):
                np.testing.assert_allclose(found[drawn.space.encoder], drawn.vector, atol=1e-6, rtol=0)
        with ctx.database.read() as session:
            assert opened_identity(ctx, session.get_one(SourceAttestation, self.attestation_id)) == WHO
            check = session.get_one(Check, self.check_id)
            kept = key_in_use(session, self.studio.account_id)
        assert check.spool_key is not None
        assert check.spool_master_key_id is not None
        assert intake.unspool(ctx, check.id, WrappedKey(check.spool_master_key_id, check.spool_key))
        assert kept is not None
        assert len(signing_keys.sign_with(ctx, kept, b"an agreement")) == 64
