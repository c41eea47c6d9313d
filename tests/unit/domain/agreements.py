"""One ordinary use, licence, consent and piece of evidence, to change a single thing about."""

from __future__ import annotations

from datetime import UTC, date, datetime

from registry.domain.choices import LicensingChoices
from registry.domain.consents import Consent, ConsentDecision, ConsentPurpose, ConsentState, Modality
from registry.domain.licences import Licence, LicenceState
from registry.domain.scores import EvidenceOutcome, Log10LR, PerformerEvidence, SegmentEvidence, Span
from registry.domain.terms import Exclusivity, LicenceTerms, PayBasis, PayTerms, Rate
from registry.domain.uses import DeclaredUse, Medium, UseKind, UsePurpose

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)

USE = DeclaredUse(
    kind=UseKind.GENERATED,
    purpose=UsePurpose.DUBBING,
    project="Aurora",
    medium=Medium.STREAMING,
    territory="KR",
    language="ko",
)

TERMS = LicenceTerms(
    purposes=frozenset({UsePurpose.DUBBING, UsePurpose.VOICE_CLONE}),
    media=frozenset({Medium.STREAMING}),
    territories=frozenset({"KR", "JP"}),
    languages=frozenset({"ko"}),
    starts_on=date(2026, 1, 1),
    ends_on=date(2026, 12, 31),
    exclusivity=Exclusivity.NON_EXCLUSIVE,
    pay=PayTerms((Rate(PayBasis.FLAT, 100_000),), "EUR", due_within_days=30),
    projects=None,
)

LICENCE = Licence(
    id="lic_1",
    performer_id="perf_1",
    studio_id="org_1",
    terms=TERMS,
    state=LicenceState.ACTIVE,
    activated_at=datetime(2026, 1, 1, 9, 0, tzinfo=UTC),
    ended_at=None,
    paid_at=datetime(2026, 1, 20, 9, 0, tzinfo=UTC),
    suspension_reason=None,
)

CONSENT = Consent(
    id="cons_1",
    performer_id="perf_1",
    purpose=ConsentPurpose.LICENSING,
    modality=Modality.VOICE,
    decision=ConsentDecision.GIVEN,
    state=ConsentState.ACTIVE,
    signed_at=datetime(2025, 12, 1, 9, 0, tzinfo=UTC),
    expires_at=None,
    withdrawn_at=None,
    choices=LicensingChoices(allowed=frozenset(UsePurpose)),
)

MATCH = PerformerEvidence(
    performer_id="perf_1",
    outcome=EvidenceOutcome.MATCH,
    log10_lr=Log10LR(4.2),
    engines={"ge2e": Log10LR(2.1), "campplus": Log10LR(4.8)},
    cohort_percentile=99.9,
    segments=(SegmentEvidence(Span(0.0, 9.5), Log10LR(4.2)),),
    reasons=(),
)
