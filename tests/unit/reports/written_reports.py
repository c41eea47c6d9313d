"""Reports to be looked at, checked and damaged: whole, signed, with the journal that they are in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.jwk import OKPKey

from registry.domain.cases import CaseSide, CaseState, CaseStep, PaperKind
from registry.domain.checks import CheckState
from registry.domain.comparison import (
    REFERENCE,
    Alikeness,
    Comparison,
    Distribution,
    Likeness,
    Marks,
    Material,
    Rank,
    RecordingScore,
    Role,
    Strength,
    TurnScore,
    UnderCohort,
)
from registry.domain.conclusions import Conclusion, read
from registry.domain.events import Event
from registry.domain.notices import BEFORE_SERVICE, NoticeState
from registry.domain.reviews import Exclusion, ReviewAction
from registry.domain.scores import EvidenceOutcome, Log10LR, Span
from registry.domain.verdicts import Verdict
from registry.interchange.comparisons import FORMAT as COMPARISON
from registry.interchange.comparisons import comparison_json
from registry.journal.checkpoint import Checkpoint, sign_checkpoint
from registry.journal.leaf import encode, leaf_hash
from registry.journal.merkle import Tree
from registry.reports.consistency import newest_moment
from registry.reports.envelope import Proof, SignedReport
from registry.reports.model import (
    FORMAT,
    NOT_SAID,
    REPORT_TYPE,
    AnalysisPart,
    CasePart,
    CaseReport,
    CheckPart,
    CheckReport,
    ConsideredPart,
    FindingPart,
    LicencePart,
    MaterialPart,
    NoticePart,
    PaperPart,
    PausePart,
    PersonPart,
    ProposalPart,
    ReasonPart,
    RegistryPart,
    Report,
    ReviewPart,
    SegmentPart,
    SourcePart,
    StepPart,
    UsePart,
    document_of,
)
from registry.reports.verify import ISSUED
from registry.vault.signing import ALGORITHM, canonical

ORIGIN = "likeness-registry/test"
KEY_ID = "key-1"
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
MARKS = Marks(supported=1.98, resembles=1.02, opposed=-1.0, stranger_rate=0.001, lower=-1.61, upper=3.49)
SAID = "We cast five actors in May, and hired one of them."


def at(day: int) -> str:
    return f"2026-03-{day:02d}T09:30:00.000000Z"


def jwks() -> dict[str, Any]:
    key = OKPKey.import_key(PRIVATE).as_dict(private=False)
    return {"keys": [{**key, "kid": KEY_ID, "alg": ALGORITHM, "use": "sig"}]}


# --- a comparison ----------------------------------------------------------------------------------------------------


def strength(log10_lr: float) -> Strength:
    capped = MARKS.capped(log10_lr)
    return Strength(capped, {"ge2e": MARKS.capped(log10_lr - 0.5), "campplus": capped})


def under(name: str, performer: float, source: float) -> UnderCohort:
    rank = Rank(12, 2, (0.5, 5.0), {"ge2e": 3, "campplus": 2})
    return UnderCohort(
        name,
        Likeness(strength(performer), rank),
        Likeness(strength(source), rank),
        Alikeness(strength(-1.2), strength(-1.3)),
        distribution=Distribution((-2.0, -1.0, 0.0, 1.0), (7, 4, 1)),
    )


def comparison_document(performer: float = -1.3, source: float = 3.2) -> dict[str, Any]:
    """A comparison as `likeness compare` writes it: explained by the source, unless other strengths are asked for."""
    material = Material(3, 90.0, consistency=Log10LR(3.0))
    turns = (TurnScore(Span(0.5, 4.0), Log10LR(-1.0), Log10LR(2.5)), TurnScore(Span(5.0, 9.0), Log10LR(-1.4), None))
    comparison = Comparison(
        MARKS,
        dict.fromkeys(Role, material),
        (under("stated", performer, source), under(REFERENCE, performer, source)),
        (RecordingScore("spot.wav", 8.0, strength(performer), strength(source), turns),),
    )
    file = {"name": "spot.wav", "sha256": "ab" * 32, "error": None, "speech_s": 8.0}
    held = {
        "format": COMPARISON,
        "version": 1,
        "engine": {"version": "3", "weights": {"ge2e": "cd" * 32}, "device": "cpu"},
        "calibration_card": {},
        "packages": {"torch": "2.13.0"},
        "inputs": {
            "parties": {role.value: [file | {"name": f"{role.value}.wav"}] for role in Role},
            "cohorts": [
                {
                    "name": "stated",
                    "criteria": "English",
                    "voices": 12,
                    "sha256": "ef" * 32,
                    "members": [{"name": "one", "files": [file]}],
                }
            ],
        },
        **comparison_json(comparison, read(comparison)),
        "validation_curves": {
            "same_speaker": [[-1.0, 1.0], [0.0, 0.98], [3.0, 0.9]],
            "different_speakers": [[-1.0, 0.4], [0.0, 0.01], [3.0, 0.0]],
            "trials": {"same": 120, "different": 4000},
            "from": "people it was not fitted to",
        },
    }
    plain: dict[str, Any] = json.loads(canonical(held))
    return plain


# --- a report --------------------------------------------------------------------------------------------------------


def person(name: str | None, identifier: str = "acc_1") -> PersonPart:
    return PersonPart(id=identifier, name=name)


def statement(number: int, side: CaseSide, text: str, title: str = "What we say") -> PaperPart:
    said = text.encode()
    return PaperPart(
        id=f"cpap_{number}",
        kind=PaperKind.STATEMENT,
        side=side,
        title=title,
        dated_on=None,
        sha256=hashlib.sha256(said).hexdigest(),
        size_bytes=len(said),
        held=True,
        filed_at=at(3),
        text=text,
        first_read={"complainant": at(4), "respondent": None, "registry": at(5)},
    )


def document(number: int, side: CaseSide = CaseSide.RESPONDENT) -> PaperPart:
    return PaperPart(
        id=f"cpap_{number}",
        kind=PaperKind.CASTING_CALL,
        side=side,
        title=f"Casting call {number}",
        dated_on="2025-05-12",
        sha256=hashlib.sha256(str(number).encode()).hexdigest(),
        size_bytes=4811,
        held=number % 2 == 0,
        filed_at=at(4),
        text=None,
        first_read={"complainant": at(5), "respondent": at(4), "registry": None},
    )


def finding(
    performer: PersonPart, *, check_id: str = "chk_1", verdict: Verdict = Verdict.UNLICENSED_MATCH
) -> FindingPart:
    considered = tuple(ConsideredPart(exclusion=each, applies=False, reason="It is a product.") for each in Exclusion)
    return FindingPart(
        id="find_1",
        check_id=check_id,
        recording_sha256="ab" * 32,
        performer=performer,
        outcome=EvidenceOutcome.MATCH,
        log10_lr=3.1,
        engines={"ge2e": 1.4, "campplus": 3.0},
        cohort_percentile=99.9,
        segments=(SegmentPart(start_s=0.4, end_s=12.1, log10_lr=3.1),),
        evidence_reasons=(
            ReasonPart(
                code="same_speaker_supported",
                detail="log10 LR 3.10 reaches the threshold of 2.20",
                figures={"log10_lr": 3.1, "threshold_log10_lr": 2.2},
            ),
        ),
        verdict=verdict,
        reasons=(ReasonPart(code="no_licence", detail="no licence was ever in force", figures={}),),
        licence_id=None,
        at=at(1),
        reviews=(
            ReviewPart(
                action=ReviewAction.OPEN_CASE, reason="She declined.", considered=considered, licence_id=None, at=at(1)
            ),
        ),
    )


REGISTRY = RegistryPart(id="thumb", journal=ORIGIN, name="Registry of the Test", contact="desk@registry.example")
_COURSE = (
    (CaseStep.TAKE_UP, CaseState.EVIDENCE, 2),
    (CaseStep.ANALYSE, CaseState.ANALYSIS, 6),
    (CaseStep.PROPOSE, CaseState.PROPOSED, 8),
    (CaseStep.DECIDE, CaseState.DECIDED, 20),
)


def case_report(
    *,
    performer: str = "Marta Calder",
    studio: str = "Northlight Games",
    product: str = "Sky",
    steps: int = 4,
    papers: Sequence[PaperPart] | None = None,
    comparison: Mapping[str, Any] | None = None,
    conclusion: Conclusion = Conclusion.EXPLAINED_BY_S,
    notices: Sequence[NoticePart] = (),
) -> CaseReport:
    course = tuple(
        StepPart(
            number=number,
            step=step,
            state=state,
            side=CaseSide.REGISTRY,
            by=person("Jo Arden"),
            at=at(day),
            reason="It is time.",
            paper_id=None,
            proposal_id="cprp_1" if step is CaseStep.PROPOSE else None,
        )
        for number, (step, state, day) in enumerate(_COURSE[:steps], start=1)
    )
    proposal = ProposalPart(
        id="cprp_1",
        conclusion=conclusion,
        grounds="The source was heard, and it is she.",
        would_change="Recordings of the performer among those that it was made from.",
        dissent="The second reviewer would say that they sound alike.",
        by=person("Jo Arden"),
        at=at(8),
    )
    complainant = person(performer, "perf_1")
    report = CaseReport(
        format=FORMAT,
        version=1,
        kind="case",
        as_of=at(1),
        registry=REGISTRY,
        not_said=NOT_SAID,
        case=CasePart(
            id="case_1",
            product=product,
            claim="I declined in September. In May it was there.",
            state=course[-1].state if course else CaseState.OPEN,
            state_since=course[-1].at if course else at(1),
            due_at=at(28),
            ending=None,
            opened_for=CaseSide.COMPLAINANT,
            opened_at=at(1),
            complainant=complainant,
            respondent=person(studio, "org_1"),
            source=SourcePart(
                attestation_id="att_1", sealed=True, made_on="2026-02-27", recorded_at=at(1), content_sha256="cd" * 32
            ),
        ),
        course=course,
        papers=tuple(
            papers
            if papers is not None
            else (statement(1, CaseSide.RESPONDENT, SAID), document(2), document(3, CaseSide.COMPLAINANT))
        ),
        pauses=(
            PausePart(
                id="cpau_1",
                licence_id="lic_1",
                reason="We admit nothing by it.",
                placed_at=at(3),
                review_at=at(30),
                ended_at=None,
                end_reason=None,
            ),
        ),
        notices=tuple(notices),
        findings=(finding(complainant),),
        analyses=() if comparison is None else (analysis(comparison),),
        proposals=(proposal,) if steps > 2 else (),
    )
    return report.model_copy(update={"as_of": newest_moment(document_of(report))})


def notice(state: NoticeState, **changes: Any) -> NoticePart:
    """A notice that was served on the 21st, to be answered by the 30th, unless it is not that far."""
    served = state not in BEFORE_SERVICE
    part = NoticePart(
        id="ntc_1",
        state=state.value,
        drafted_for=CaseSide.COMPLAINANT,
        pack="us_no_fakes_2025, 1",
        pack_sha256="34" * 32,
        made_at=at(20),
        served_at=at(21) if served else None,
        due_at=at(30) if state is NoticeState.SERVED else None,
        document_sha256="56" * 32 if served else None,
        page_sha256="78" * 32 if served else None,
        materials=(
            *(
                MaterialPart(what=f"Voice {number}", location=f"https://northlight.example/{number}", sha256="9a" * 32)
                for number in range(1, 4)
            ),
        )
        if served
        else (),
    )
    return part.model_copy(update=changes)


def analysis(comparison: Mapping[str, Any]) -> AnalysisPart:
    return AnalysisPart(
        id="anl_1",
        number=1,
        state="done",
        reason="Both sides have filed what they have.",
        cohort_criteria="English, women, 25 to 45",
        asked_at=at(6),
        ended_at=at(7),
        conclusion=Conclusion(comparison["reading"]["conclusion"]),
        comparison_sha256=hashlib.sha256(canonical(comparison) + b"\n").hexdigest(),
        comparison=dict(comparison),
        failure=None,
    )


def check_report(verdict: Verdict = Verdict.UNLICENSED_MATCH, *, found: bool = True) -> CheckReport:
    report = CheckReport(
        format=FORMAT,
        version=1,
        kind="check",
        as_of=at(1),
        registry=REGISTRY,
        not_said=NOT_SAID,
        check=CheckPart(
            id="chk_1",
            organisation=person("Northlight Games", "org_1"),
            state=CheckState.DONE,
            filename="scene-14.wav",
            content_sha256="ab" * 32,
            size_bytes=1_152_044,
            duration_s=13.0,
            speech_s=11.6,
            use=UsePart(
                kind="generated",
                purpose="character",
                project="Harbour Lights",
                medium="game",
                territory="GB",
                language="en",
                fixed_on=None,
                claimed_licence_ids=("lic_1",),
            ),
            verdict=verdict,
            outcome=EvidenceOutcome.MATCH,
            reasons=(),
            problem=None,
            engine={"version": "3", "spaces": ["ge2e", "campplus"]},
            submitted_at=at(1),
            finished_at=at(2),
        ),
        findings=(finding(person("Marta Calder", "perf_1"), verdict=verdict),) if found else (),
        licences=(
            LicencePart(
                id="lic_1",
                title="Spring",
                state="active",
                number=1,
                terms_sha256="12" * 32,
                starts_on="2026-01-01",
                ends_on="2026-12-31",
            ),
        ),
    )
    return report.model_copy(update={"as_of": newest_moment(document_of(report))})


# --- signing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Opened:
    """A leaf that is about to be proven."""

    leaf: bytes
    salt: bytes
    details: Mapping[str, Any]


def signed(report: Report | Mapping[str, Any]) -> SignedReport:
    """Sign a document as a registry would, whether it adds up or not, and prove that it was issued."""
    held = document_of(report) if isinstance(report, CaseReport | CheckReport) else dict(report)
    kind = str(held["kind"])
    subject = held[kind]["id"]
    details = {"report_sha256": hashlib.sha256(canonical(held)).hexdigest(), f"{kind}_id": subject}
    event = Event(ISSUED[kind], "isr_1", "acc_1", datetime(2026, 3, 21, 10, tzinfo=UTC), details)
    leaf, opening = encode(event, b"s" * 32)
    others = [leaf_hash(bytes([number])) for number in range(2)]
    tree = Tree()
    for each in (*others, leaf_hash(leaf)):
        tree.add(each)
    path = [_pair(*others)]
    note = sign_checkpoint(Checkpoint(ORIGIN, tree.size, tree.root), PRIVATE)
    header = {"alg": ALGORITHM, "kid": KEY_ID, "typ": REPORT_TYPE}
    token = jws.serialize_compact(header, canonical(held), OKPKey.import_key(PRIVATE), algorithms=[ALGORITHM])
    proof = Proof("isr_1", 3, leaf.decode(), opening.salt.hex(), details, tuple(each.hex() for each in path), str(note))
    return SignedReport(held, token, jwks(), proof)


def _pair(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def file_of(report: Report | Mapping[str, Any]) -> bytes:
    return canonical(signed(report).as_json())
