"""A gallery of any size for benchmarks: voiceprints of nobody, drawn from the cohort distribution that ships."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from registry.bootstrap import build_context
from registry.domain.accounts import Role
from registry.domain.checks import EnrolmentState
from registry.domain.consents import ConsentDecision, ConsentPurpose, ConsentState, Modality
from registry.domain.ids import IdPrefix
from registry.domain.performers import IdentityAssurance
from registry.engine.calibration import load_calibration
from registry.engine.cohort import Cohort
from registry.engine.identify import load_encoders
from registry.engine.voiceprint import Space
from registry.services.context import Context
from registry.services.unit import Unit, unit_of_work
from registry.settings import Settings
from registry.store.accounts import Account
from registry.store.consents import Consent, Explanation
from registry.store.enrolments import Enrolment, GalleryChangeKind, SealedVoiceprint
from registry.store.performers import Performer, PerformerKey

PROTOTYPES = 3
_SPREAD = 0.25
"""Length of what sets one prototype of a voice apart from another, beside the voice itself at length 1."""


def fill_gallery(home: Path, performers: int, seed: int = 0) -> None:
    """Write performers with consent and sealed voiceprints into the registry that lives in a folder.

    Args:
        home: a folder with keyring and migrated database, and one operator.
        performers: how many.
        seed: of the draws.
    """
    random = np.random.default_rng(seed)
    spaces = {name: encoder.space for name, encoder in load_encoders("cpu").items()}
    cohorts = load_calibration().cohorts
    voices = {name: draw(cohorts[name], performers, random) for name in spaces}
    with build_context(Settings(home=home)) as ctx, unit_of_work(ctx) as unit:
        operator = unit.session.query(Account).filter(Account.role == Role.OPERATOR).first()
        if operator is None:
            raise SystemExit("the registry has no operator yet")
        for number in range(performers):
            _write(ctx, unit, operator.id, number, {n: (spaces[n], voices[n][number]) for n in spaces})
        unit.commit()


def draw(cohort: Cohort, performers: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Answer ``(performers, PROTOTYPES, d)`` unit vectors that are spread as the cohort's voices are."""
    dimension, spread = len(cohort.everybody.mean), cohort.everybody
    root = np.linalg.cholesky(spread.covariance.astype(np.float64) + 1e-6 * np.eye(dimension))
    voices = spread.mean + random.normal(size=(performers, 1, dimension)) @ root.T
    voices = voices + _SPREAD * random.normal(size=(performers, PROTOTYPES, dimension)) @ root.T
    voices = voices @ np.linalg.inv(cohort.project.whitening.astype(np.float64))
    voices /= np.linalg.norm(voices, axis=-1, keepdims=True)
    centre = cohort.project.centre.astype(np.float64)
    along = voices @ centre  # a unit vector that the projection would bring to where each of these lies
    reach = -along + np.sqrt(along**2 + 1 - float(centre @ centre))
    placed: NDArray[np.float32] = (centre + reach[..., None] * voices).astype(np.float32)
    return placed


def _write(
    ctx: Context, unit: Unit, operator_id: str, number: int, prototypes: dict[str, tuple[Space, NDArray[np.float32]]]
) -> None:
    performer = Performer(
        id=unit.new_id(IdPrefix.PERFORMER),
        name=f"Nobody {number}",
        identity_assurance=IdentityAssurance.SELF_DECLARED,
        account_id=None,
        created_by=operator_id,
        created_at=unit.now,
        version=1,
    )
    explanation = Explanation(
        id=unit.new_id(IdPrefix.EXPLANATION),
        performer_id=performer.id,
        purpose=ConsentPurpose.MONITORING,
        modality=Modality.VOICE,
        language="en",
        text="benchmark",
        text_sha256="0" * 64,
        explained_by="benchmark",
        channel="self_service",
        duration_s=1.0,
        answers=[],
        copy_delivered_at=unit.now,
        recorded_by=operator_id,
        recorded_at=unit.now,
    )
    consent = Consent(
        id=unit.new_id(IdPrefix.CONSENT),
        performer_id=performer.id,
        explanation_id=explanation.id,
        purpose=ConsentPurpose.MONITORING,
        modality=Modality.VOICE,
        decision=ConsentDecision.GIVEN,
        state=ConsentState.ACTIVE,
        signed_by="benchmark",
        signature_method="electronic",
        signed_at=unit.now,
        recorded_by=operator_id,
        recorded_at=unit.now,
        version=1,
    )
    enrolment = Enrolment(
        id=unit.new_id(IdPrefix.ENROLMENT),
        performer_id=performer.id,
        consent_id=consent.id,
        modality=Modality.VOICE,
        state=EnrolmentState.ACTIVE,
        recordings=[],
        created_by=operator_id,
        created_at=unit.now,
        finished_at=unit.now,
        version=1,
    )
    wrapped = ctx.vault.new_performer_key()
    key = PerformerKey(
        performer_id=performer.id,
        modality=Modality.VOICE.value,
        master_key_id=wrapped.master_key_id,
        wrapped_key=wrapped.wrapped,
        created_at=unit.now,
    )
    for record in (performer, explanation, consent, enrolment, key):
        unit.session.add(record)
        unit.session.flush()
    for space, vectors in prototypes.values():
        for vector in vectors:
            voiceprint_id = unit.new_id(IdPrefix.VOICEPRINT)
            sealed = ctx.vault.seal(vector, voiceprint_id=voiceprint_id, space_id=space.id, performer_key=wrapped)
            unit.session.add(
                SealedVoiceprint(
                    id=voiceprint_id,
                    performer_id=performer.id,
                    enrolment_id=enrolment.id,
                    encoder=space.encoder,
                    weights_sha256=space.weights_sha256,
                    preprocessing=space.preprocessing,
                    dimension=space.dimension,
                    epoch=sealed.epoch,
                    label="drawn",
                    speech_s=20.0,
                    sealed=sealed.data,
                    created_at=unit.now,
                )
            )
    unit.gallery_changed(performer.id, GalleryChangeKind.ADDED)
