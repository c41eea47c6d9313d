"""What a gallery file takes: a text of the operator's own, performers who said yes to it, and a studio's key."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
from joserfc.jwk import OKPKey
from steps import SPACES, Registry, drawn_voiceprints

from registry.domain.consents import ConsentDecision, ConsentPurpose, Modality
from registry.domain.explanations.course import Channel, CopyMethod
from registry.domain.explanations.shipped import shipped_texts
from registry.domain.explanations.topics import Topic
from registry.domain.gallery_files import SearchPurpose
from registry.engine.cohort import Cohort, fit_projection, fit_spread
from registry.services import consents, enrolment_work, explanation_texts, explanations, gallery_files
from registry.services.gallery import SearchedIn
from registry.services.gallery_files import Exported, FileAsked
from registry.store.consents import Consent
from registry.vault.gallery_seal import make_studio_key, public_jwk, read_public_key

CALIBRATION = "cal-1"
INTERVAL = timedelta(hours=6)
TOLD = "monitoring.en.studios-1"


def _cohort(dimension: int) -> Cohort:
    drawn = np.random.default_rng(dimension).normal(size=(60, dimension)) + 0.3
    vectors = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    project = fit_projection(vectors, [str(number // 3) for number in range(60)], ridge=0.5)
    spread = fit_spread(project(vectors), 0.1)
    return Cohort(project, spread, (spread,))


WHERE = SearchedIn(
    {space.encoder: space for space in SPACES}, {space.encoder: _cohort(space.dimension) for space in SPACES}
)


def own_text(registry: Registry) -> str:
    """Register a text that tells that a studio may get the voiceprint, sealed."""
    told = replace(
        shipped_texts()["monitoring.en.v1"],
        version="studios-1",
        text="# Looking for your voice\n\nA studio may get your voiceprint, sealed, to look for it at its own place.\n",
    )
    assert explanation_texts.register_text(registry.ctx, registry.operator, told).id == TOLD
    return TOLD


def explain(registry: Registry, performer_id: str, text_id: str) -> str:
    text = shipped_texts().get(text_id) or explanation_texts.get_text(registry.ctx, registry.operator, text_id)
    return explanations.import_explanation(
        registry.ctx,
        registry.operator,
        performer_id,
        text_id=text_id,
        modality=Modality.VOICE,
        explained_by="the trust officer",
        channel=Channel.IN_PERSON,
        duration_s=300,
        answers=[question.right for question in text.questions],
        copy_delivered_at=registry.clock(),
        copy_method=CopyMethod.BY_HAND,
    ).id


def consenting(registry: Registry, performer_id: str, *text_ids: str) -> Consent:
    """Let a performer say yes to monitoring after these texts, and the one on withdrawal."""
    told = [explain(registry, performer_id, each) for each in (*text_ids, f"{Topic.WITHDRAWAL}.en.v1")]
    return consents.sign_consent(
        registry.ctx,
        registry.operator,
        performer_id,
        purpose=ConsentPurpose.MONITORING,
        modality=Modality.VOICE,
        decision=ConsentDecision.GIVEN,
        explanation_ids=told,
        signed_by="Ada Lind",
        signature_method="handwritten",
        signature_evidence_sha256="c" * 64,
    )


def enrolled(registry: Registry, name: str, *text_ids: str) -> str:
    """Let in a performer who said yes after these texts, with voiceprints drawn at random."""
    performer_id = registry.performer(name)
    consenting(registry, performer_id, *(text_ids or (TOLD,)))
    registry.offer_recordings(performer_id)
    enrolment_work.complete_enrolment(registry.ctx, registry.lease(), drawn_voiceprints(performer_id))
    return performer_id


@dataclass
class Filing:
    """A registry with a text of its own, and a studio that has a key."""

    registry: Registry
    folder: Path

    def __post_init__(self) -> None:
        own_text(self.registry)
        self.studio = self.registry.studio()
        self.organisation_id = str(self.studio.organisation_id)
        self.key: OKPKey = make_studio_key(self.folder / "studio-key.json")

    def asked(self, **changes: object) -> FileAsked:
        said = FileAsked(
            organisation_id=self.organisation_id,
            purpose=SearchPurpose.CATALOGUE,
            expires_at=self.registry.clock() + timedelta(days=7),
            status_interval=INTERVAL,
            told=frozenset({TOLD}),
            recipient=read_public_key(json.dumps(public_jwk(self.key)).encode()),
        )
        return replace(said, **changes)  # type: ignore[arg-type]  # fields of it

    def export(self, name: str = "one.gallery", **changes: object) -> Exported:
        return gallery_files.export_gallery(
            self.registry.ctx,
            self.registry.operator,
            self.asked(**changes),
            self.folder / name,
            where=WHERE,
            calibration=CALIBRATION,
        )
