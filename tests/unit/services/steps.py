"""What people do in a registry, step by step, for tests of what follows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from registry.domain.accounts import Principal, Role
from registry.domain.checks import WorkKind
from registry.domain.choices import NOTHING, Disposition, LicensingChoices
from registry.domain.consents import ConsentDecision, ConsentPurpose, Modality
from registry.domain.explanations.course import Channel, CopyMethod
from registry.domain.explanations.shipped import shipped_texts
from registry.domain.explanations.topics import Topic, required_topics
from registry.domain.licences import Side
from registry.domain.performers import IdentityAssurance
from registry.domain.scores import (
    EngineIdentity,
    EvidenceOutcome,
    FalsePositiveRate,
    Log10LR,
    OperatingPoint,
    PerformerEvidence,
    Reason,
    RecordingEvidence,
    SegmentEvidence,
    Span,
)
from registry.domain.terms import UNPAID, Exclusivity, LicenceTerms
from registry.domain.uses import DeclaredUse, Medium, UseKind, UsePurpose
from registry.engine.voiceprint import Space, Voiceprint
from registry.services import (
    accounts,
    assessments,
    checks,
    consents,
    enrolment_work,
    enrolments,
    explanations,
    licence_signing,
    licences,
    performers,
    tokens,
)
from registry.services.context import Context
from registry.services.intake import Upload
from registry.store import work
from registry.store.checks import Check
from registry.store.consents import Consent
from registry.store.enrolments import Enrolment
from registry.store.journal import JournalEntry
from registry.store.licences import Licence
from registry.store.work import Lease

VOICES = Path(__file__).parents[3] / "examples" / "voices"
SPACES = (Space("ge2e", "a" * 64, "mel40-1", 8), Space("campplus", "b" * 64, "fbank80-1", 6))
USE = DeclaredUse(UseKind.GENERATED, UsePurpose.ADVERTISING, "Spring", Medium.RADIO, "GB", "en")
TERMS = LicenceTerms(
    purposes=frozenset({UsePurpose.ADVERTISING, UsePurpose.VOICE_CLONE}),
    media=frozenset({Medium.RADIO}),
    territories=frozenset({"GB"}),
    languages=frozenset({"en"}),
    starts_on=date(2026, 1, 1),
    ends_on=date(2026, 12, 31),
    exclusivity=Exclusivity.NON_EXCLUSIVE,
    pay=UNPAID,
    projects=None,
)

ALL_ALLOWED = LicensingChoices.of(dict.fromkeys(UsePurpose, Disposition.ALLOW))


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: Any

    def __call__(self) -> datetime:
        moment: datetime = self.now
        return moment

    def move(self, **how: float) -> None:
        self.now += timedelta(**how)


@dataclass
class Registry:
    """One registry with an operator in it, and whoever was let in since."""

    ctx: Context
    clock: Clock
    operator: Principal = field(init=False)

    def __post_init__(self) -> None:
        account = accounts.create_first_operator(self.ctx, name="Trust office")
        self.operator = accounts.operator_principal(account)

    # --- people ------------------------------------------------------------------------------------------------------

    def principal(
        self, role: Role, name: str, organisation: str | None = None, *, performer_id: str | None = None
    ) -> Principal:
        """Let somebody in; with a performer's id, as that performer."""
        account = accounts.create_account(self.ctx, self.operator, role=role, name=name, organisation_name=organisation)
        issued = tokens.issue_token(
            self.ctx, self.operator, account_id=account.id, name="test", scopes=None, ttl=timedelta(days=300)
        )
        if performer_id is not None:
            performers.change_performer(self.ctx, self.operator, performer_id, account_id=account.id)
        return tokens.authenticate(self.ctx, issued.text)

    def studio(self, name: str = "Northlight") -> Principal:
        return self.principal(Role.STUDIO_ADMIN, f"{name}, clearances", name)

    def performer(self, name: str = "Ada Lind") -> str:
        return performers.register_performer(
            self.ctx, self.operator, name=name, identity_assurance=IdentityAssurance.DOCUMENT_CHECKED
        ).id

    def explain(self, performer_id: str, topic: Topic, modality: Modality = Modality.VOICE) -> str:
        """Explain a topic, in person, in English, understood; answer the record's id."""
        text = shipped_texts()[f"{topic.value}.en.v1"]
        return explanations.import_explanation(
            self.ctx,
            self.operator,
            performer_id,
            text_id=text.id,
            modality=modality,
            explained_by="the trust officer",
            channel=Channel.IN_PERSON,
            duration_s=300,
            answers=[question.right for question in text.questions],
            copy_delivered_at=self.clock(),
            copy_method=CopyMethod.BY_HAND,
        ).id

    def sign(
        self,
        performer_id: str,
        purpose: ConsentPurpose = ConsentPurpose.MONITORING,
        decision: ConsentDecision = ConsentDecision.GIVEN,
        *,
        expires_at: datetime | None = None,
        modality: Modality = Modality.VOICE,
        choices: LicensingChoices | None = None,
        signed_by: str = "Ada Lind",
    ) -> Consent:
        """Explain whatever a decision needs, and sign it; a yes to licensing allows every use, unless told other."""
        if choices is None:
            licensing = purpose is ConsentPurpose.LICENSING and decision is ConsentDecision.GIVEN
            choices = ALL_ALLOWED if licensing else NOTHING
        topics = required_topics(purpose, choices) if decision is ConsentDecision.GIVEN else []
        return consents.sign_consent(
            self.ctx,
            self.operator,
            performer_id,
            purpose=purpose,
            modality=modality,
            decision=decision,
            explanation_ids=[self.explain(performer_id, topic, modality) for topic in sorted(topics)],
            choices=choices,
            signed_by=signed_by,
            signature_method="handwritten",
            signature_evidence_sha256="c" * 64,
            expires_at=expires_at,
        )

    def draft(self, performer_id: str, studio: Principal, terms: LicenceTerms = TERMS) -> Licence:
        return licences.draft_licence(
            self.ctx,
            studio,
            performer_id=performer_id,
            studio_id=None,
            title="Spring",
            intended_use="One radio spot.",
            terms=terms,
        )

    def offer(self, performer_id: str, studio: Principal, terms: LicenceTerms = TERMS) -> Licence:
        return licences.offer_licence(self.ctx, studio, self.draft(performer_id, studio, terms).id)

    def licence(self, performer_id: str, studio: Principal, terms: LicenceTerms = TERMS) -> Licence:
        drafted = self.offer(performer_id, studio, terms)
        licence_signing.sign_licence(self.ctx, studio, drafted.id)
        return licence_signing.sign_licence(
            self.ctx, self.operator, drafted.id, side=Side.PERFORMER, evidence_sha256="c" * 64
        )

    # --- enrolments and checks ---------------------------------------------------------------------------------------

    def offer_recordings(self, performer_id: str, voice: str = "slt") -> Enrolment:
        uploads = [Upload(path, path.name) for path in sorted((VOICES / "enrolment").glob(f"{voice}-*.flac"))]
        return enrolments.submit_enrolment(
            self.ctx, self.operator, performer_id, modality=Modality.VOICE, uploads=uploads
        )

    def enrolled(self, name: str = "Ada Lind") -> str:
        """Let a performer in who consents to monitoring and is enrolled, with voiceprints drawn at random."""
        performer_id = self.performer(name)
        self.sign(performer_id)
        enrolment = self.offer_recordings(performer_id)
        held = self.lease()
        assert held.subject_id == enrolment.id
        enrolment_work.complete_enrolment(self.ctx, held, drawn_voiceprints(performer_id))
        return performer_id

    def submit(self, studio: Principal, use: DeclaredUse = USE) -> Check:
        path = VOICES / "submissions" / "slt-advert.flac"
        return checks.submit_check(self.ctx, studio, upload=Upload(path, path.name), use=use)

    def lease(self, worker_id: str = "wkr_one") -> Lease:
        with self.ctx.database.write() as session:
            held = work.lease(
                session,
                worker_id=worker_id,
                now=self.clock(),
                lease_s=30,
                kinds=list(WorkKind),
            )
            session.commit()
        assert held is not None, "nothing waits"
        return held

    def checked(self, studio: Principal, *candidates: PerformerEvidence, use: DeclaredUse = USE) -> Check:
        """Submit a recording, and let the engine say of it what the test wants it to say."""
        check = self.submit(studio, use)
        assessments.complete_check(self.ctx, self.lease(), evidence_on(*candidates))
        return checks.get_check(self.ctx, studio, check.id)

    # --- looking -----------------------------------------------------------------------------------------------------

    def journal(self) -> list[str]:
        with self.ctx.database.read() as session:
            return list(session.scalars(select(JournalEntry.type).order_by(JournalEntry.seq)))


def drawn_voiceprints(seed: str) -> list[Voiceprint]:
    """Answer one voiceprint in each space, the same for the same seed."""
    random = np.random.default_rng(list(seed.encode()))
    vectors = [random.normal(size=space.dimension).astype(np.float32) for space in SPACES]
    return [
        Voiceprint(space, vector / np.float32(np.linalg.norm(vector)), "one", 12.0)
        for space, vector in zip(SPACES, vectors, strict=True)
    ]


def candidate(
    performer_id: str,
    outcome: EvidenceOutcome = EvidenceOutcome.MATCH,
    log10_lr: float = 3.0,
    spans: tuple[tuple[float, float], ...] = ((0.0, 10.0),),
) -> PerformerEvidence:
    """Answer evidence on one performer."""
    return PerformerEvidence(
        performer_id=performer_id,
        outcome=outcome,
        log10_lr=Log10LR(log10_lr),
        engines={"ge2e": Log10LR(log10_lr), "campplus": Log10LR(log10_lr)},
        cohort_percentile=99.0,
        segments=tuple(SegmentEvidence(Span(*span), Log10LR(log10_lr)) for span in spans),
        reasons=(Reason("as_the_test_says", "the test says so"),),
    )


def evidence_on(*candidates: PerformerEvidence) -> RecordingEvidence:
    """Answer evidence on a recording with these candidates, the best first."""
    order = list(EvidenceOutcome)
    outcome = min((c.outcome for c in candidates), key=order.index, default=EvidenceOutcome.NO_MATCH)
    return RecordingEvidence(
        duration_s=12.0,
        speech_s=11.0,
        outcome=outcome,
        reasons=(Reason("as_the_test_says", "the test says so"),),
        candidates=candidates,
        operating_point=OperatingPoint(FalsePositiveRate(0.01), max(1, len(candidates)), Log10LR(2.0)),
        engine=EngineIdentity("1", tuple(space.id for space in SPACES), "cal", "cpu"),
    )
