"""A gallery of any size for benchmarks: voiceprints of nobody, drawn from the cohort distribution that ships."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert

from registry.bootstrap import build_context
from registry.domain.accounts import Role
from registry.domain.checks import EnrolmentState
from registry.domain.consents import ConsentDecision, ConsentPurpose, ConsentState, Modality, SignedAs
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
from registry.store.base import Base
from registry.store.consents import Consent
from registry.store.enrolments import Enrolment, GalleryChange, GalleryChangeKind, SealedVoiceprint
from registry.store.performers import Performer, PerformerKey
from registry.vault.keys import WrappedKey

PROTOTYPES = 3
_SPREAD = 0.25
"""Length of what sets one prototype of a voice apart from another, beside the voice itself at length 1."""
_AT_ONCE = 2_000
"""Performers written with one statement for each table."""

Row = dict[str, Any]


def fill_gallery(home: Path, performers: int, seed: int = 0, prototypes: int = PROTOTYPES) -> None:
    """Write performers with consent and sealed voiceprints into the registry that lives in a folder.

    Args:
        home: a folder with keyring and migrated database, and one operator.
        performers: how many.
        seed: of the draws.
        prototypes: of each performer, in each space.
    """
    random = np.random.default_rng(seed)
    spaces = {name: encoder.space for name, encoder in load_encoders("cpu").items()}
    cohorts = load_calibration().cohorts
    with build_context(Settings(home=home)) as ctx, unit_of_work(ctx) as unit:
        operator = unit.session.query(Account).filter(Account.role == Role.OPERATOR).first()
        if operator is None:
            raise SystemExit("the registry has no operator yet")
        for first in range(0, performers, _AT_ONCE):
            count = min(_AT_ONCE, performers - first)
            voices = {name: draw(cohorts[name], count, random, prototypes) for name in spaces}
            rows: dict[type[Base], list[Row]] = {}
            for number in range(count):
                own = {name: (space, voices[name][number]) for name, space in spaces.items()}
                for table, written in _rows(ctx, unit, operator.id, first + number, own):
                    rows.setdefault(table, []).extend(written)
            for table, written in rows.items():
                unit.session.execute(insert(table), written)
        unit.commit()


def draw(
    cohort: Cohort, performers: int, random: np.random.Generator, prototypes: int = PROTOTYPES
) -> NDArray[np.float32]:
    """Answer ``(performers, prototypes, d)`` unit vectors that are spread as the cohort's voices are."""
    dimension, spread = len(cohort.everybody.mean), cohort.everybody
    root = np.linalg.cholesky(spread.covariance.astype(np.float64) + 1e-6 * np.eye(dimension))
    voices = spread.mean + random.normal(size=(performers, 1, dimension)) @ root.T
    voices = voices + _SPREAD * random.normal(size=(performers, prototypes, dimension)) @ root.T
    voices = voices @ np.linalg.inv(cohort.project.whitening.astype(np.float64))
    voices /= np.linalg.norm(voices, axis=-1, keepdims=True)
    centre = cohort.project.centre.astype(np.float64)
    along = voices @ centre  # a unit vector that the projection would bring to where each of these lies
    reach = -along + np.sqrt(along**2 + 1 - float(centre @ centre))
    placed: NDArray[np.float32] = (centre + reach[..., None] * voices).astype(np.float32)
    return placed


def _rows(
    ctx: Context, unit: Unit, operator_id: str, number: int, voices: dict[str, tuple[Space, NDArray[np.float32]]]
) -> Iterator[tuple[type[Base], list[Row]]]:
    """Answer what is to be written of one performer: tables in the order in which they refer to each other."""
    performer_id, consent_id, enrolment_id = (
        unit.new_id(prefix) for prefix in (IdPrefix.PERFORMER, IdPrefix.CONSENT, IdPrefix.ENROLMENT)
    )
    made: Row = {"created_by": operator_id, "created_at": unit.now}
    recorded: Row = {"recorded_by": operator_id, "recorded_at": unit.now}
    signed: Row = {"signed_by": "benchmark", "signature_method": "electronic", "signed_at": unit.now}
    yield (
        Performer,
        [
            {
                "id": performer_id,
                "name": f"Nobody {number}",
                "identity_assurance": IdentityAssurance.SELF_DECLARED,
                **made,
            }
        ],
    )
    yield (
        Consent,
        [
            {
                "id": consent_id,
                "performer_id": performer_id,
                "purpose": ConsentPurpose.MONITORING,
                "modality": Modality.VOICE,
                "decision": ConsentDecision.GIVEN,
                "state": ConsentState.ACTIVE,
                "explanation_ids": [],
                "signed_as": SignedAs.PERFORMER,
                **signed,
                **recorded,
            }
        ],
    )
    yield (
        Enrolment,
        [
            {
                "id": enrolment_id,
                "performer_id": performer_id,
                "consent_id": consent_id,
                "modality": Modality.VOICE,
                "state": EnrolmentState.ACTIVE,
                "recordings": [],
                "finished_at": unit.now,
                **made,
            }
        ],
    )
    wrapped = ctx.vault.new_performer_key()
    key = {"master_key_id": wrapped.master_key_id, "wrapped_key": wrapped.wrapped, "created_at": unit.now}
    yield PerformerKey, [{"performer_id": performer_id, "modality": Modality.VOICE.value, **key}]
    owner: Row = {"performer_id": performer_id, "enrolment_id": enrolment_id}
    yield (
        SealedVoiceprint,
        [
            owner | _sealed(ctx, unit, space, vector, wrapped)
            for space, vectors in voices.values()
            for vector in vectors
        ],
    )
    yield GalleryChange, [{"performer_id": performer_id, "kind": GalleryChangeKind.ADDED, "at": unit.now}]


def _sealed(ctx: Context, unit: Unit, space: Space, vector: NDArray[np.float32], key: WrappedKey) -> Row:
    voiceprint_id = unit.new_id(IdPrefix.VOICEPRINT)
    sealed = ctx.vault.seal(vector, voiceprint_id=voiceprint_id, space_id=space.id, performer_key=key)
    return {
        "id": voiceprint_id,
        "encoder": space.encoder,
        "weights_sha256": space.weights_sha256,
        "preprocessing": space.preprocessing,
        "dimension": space.dimension,
        "epoch": sealed.epoch,
        "label": "drawn",
        "speech_s": 20.0,
        "sealed": sealed.data,
        "created_at": unit.now,
    }
