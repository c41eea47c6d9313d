"""A case with voices in it: a performer and a source under seal who are enrolled by real recordings, and a worker."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from steps import VOICES, Registry

from registry.domain.accounts import Principal, Role
from registry.domain.attestations import Attested, SealedIdentity, SourceRecording
from registry.domain.case_analyses import CohortAsked
from registry.domain.cases import CaseStep, PaperKind
from registry.domain.checks import EnrolmentState, WorkKind
from registry.domain.cohorts import LEAST_TO_HIDE, Description, Sex
from registry.domain.cohorts.texts import cohort_texts
from registry.domain.comparison import Role as Voice
from registry.domain.consents import ConsentPurpose, Modality
from registry.domain.ids import IdPrefix
from registry.engine.identify import Engine
from registry.engine.voiceprint import Voiceprint
from registry.services import (
    attestations,
    case_analyses,
    case_papers,
    cases,
    cohort_agreements,
    enrolment_work,
)
from registry.services.case_analyses import Wish
from registry.store import consents, work
from registry.store.attestations import SourceAttestation
from registry.store.case_analyses import CaseAnalysis
from registry.store.cases import Case, CasePaper
from registry.store.enrolments import Enrolment
from registry.worker import Worker

SECRET = "Rosa Keel"
QUESTIONED = "submissions/slt-game.flac"


def zipped(**people: str) -> bytes:
    """Answer an archive with one recording of each person."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for person, recording in people.items():
            archive.writestr(f"{person}/{Path(recording).name}", (VOICES / recording).read_bytes())
    return made.getvalue()


COHORT = zipped(awb="enrolment/awb-1.flac", kal="submissions/kal16-stranger.flac")


@dataclass
class Disputed:
    """A performer who complains, a studio that named its source, and the case, which is analysed."""

    registry: Registry
    engine: Engine
    complainant: Principal = field(init=False)
    studio: Principal = field(init=False)
    performer_id: str = field(init=False)
    source_id: str = field(init=False)
    source_attestation_id: str = field(init=False)
    case_id: str = field(init=False)
    papers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        registry = self.registry
        self.performer_id = registry.performer("Ada Lind")
        self.complainant = registry.principal(Role.PERFORMER, "Ada", performer_id=self.performer_id)
        self.studio = registry.studio()
        attestation = self.attested()
        self.source_id, self.source_attestation_id = attestation.performer_id, attestation.id
        case = cases.open_case(
            registry.ctx,
            self.complainant,
            performer_id=self.performer_id,
            studio_id=str(self.studio.organisation_id),
            product="Sky",
            claim="It is my voice.",
        )
        self.case_id = case.id
        cases.name_source(registry.ctx, self.studio, case.id, attestation.id)
        self.step(CaseStep.TAKE_UP)
        self.papers["questioned"] = self.files(self.complainant, QUESTIONED, Voice.QUESTIONED).id
        case_papers.file_statement(registry.ctx, self.studio, case.id, title="Ours", text="It is another's.")
        self.papers["cohort"] = self.archive(registry.operator, COHORT).id
        self.step(CaseStep.ANALYSE)

    @cached_property
    def worker(self) -> Worker:
        return Worker(self.registry.ctx, self.engine, lease_s=30.0)

    def attested(self) -> SourceAttestation:
        attested = Attested("Sky", date(2026, 3, 1), [SourceRecording("a" * 64, date(2026, 2, 1))])
        identity = SealedIdentity(SECRET, "through her agent")
        return attestations.attest_source(self.registry.ctx, self.studio, attested, identity)

    # --- what people do ----------------------------------------------------------------------------------------------

    def step(self, step: CaseStep, who: Principal | None = None) -> Case:
        return cases.take_step(
            self.registry.ctx, who or self.registry.operator, self.case_id, step, reason="It is time."
        )

    def files(self, who: Principal, recording: str, voice: Voice | None, *, under_seal: bool = False) -> CasePaper:
        return case_papers.file_document(
            self.registry.ctx,
            who,
            self.case_id,
            kind=PaperKind.RECORDING,
            title="A recording",
            dated_on=None,
            content=(VOICES / recording).read_bytes(),
            voice=voice,
            under_seal=under_seal,
        )

    def archive(self, who: Principal, content: bytes) -> CasePaper:
        return case_papers.file_document(
            self.registry.ctx,
            who,
            self.case_id,
            kind=PaperKind.TECHNICAL,
            title="A cohort",
            dated_on=None,
            content=content,
        )

    def enrol(self, performer_id: str, *recordings: str) -> None:
        """Enrol somebody by recordings that ship; their labels hold a name that nobody is to read in a case."""
        self.registry.sign(performer_id)
        self.put_in(performer_id, [each for name in recordings for each in self.prints_of(name)])

    def put_in(self, performer_id: str, prints: Sequence[Voiceprint]) -> None:
        """Write an enrolment as a worker does, of recordings that nobody has sent."""
        ctx = self.registry.ctx
        with ctx.database.write() as session:
            now = self.registry.clock()
            consent = consents.active_consent(session, performer_id, ConsentPurpose.MONITORING, Modality.VOICE)
            assert consent is not None
            enrolment = Enrolment(
                id=ctx.ids.new(IdPrefix.ENROLMENT, now),
                performer_id=performer_id,
                consent_id=consent.id,
                modality=Modality.VOICE,
                state=EnrolmentState.QUEUED,
                recordings=[],
                created_by=self.registry.operator.account_id,
                created_at=now,
            )
            session.add(enrolment)
            session.flush()
            work_id = ctx.ids.new(IdPrefix.WORK, now)
            work.enqueue(session, work_id=work_id, kind=WorkKind.ENROLMENT, subject_id=enrolment.id, now=now)
            session.commit()
        enrolment_work.complete_enrolment(ctx, self.registry.lease(), prints)

    def prints_of(self, recording: str) -> list[Voiceprint]:
        """Answer the voiceprints of a recording that ships, which is heard once in each process of tests."""
        if recording not in _HEARD:
            heard = self.registry.ctx.decoder.decode(VOICES / recording)
            analysis = self.engine.analyse(heard, self.registry.ctx.detector.spans(heard))
            _HEARD[recording] = self.engine.prototypes(analysis, f"{SECRET}, {Path(recording).name}")
        return _HEARD[recording]

    def enrol_both(self, *, performer: str = "rms", source: str = "slt") -> None:
        """Enrol performer and source; what is questioned is of slt."""
        self.enrol(self.performer_id, f"enrolment/{performer}-1.flac", f"enrolment/{performer}-2.flac")
        self.enrol(self.source_id, f"enrolment/{source}-1.flac", f"enrolment/{source}-2.flac")

    def wish(self, **more: Any) -> Wish:
        cohort = CohortAsked(paper_id=self.papers["cohort"], said="English, made by code")
        return Wish(**{"cohort": cohort} | more)

    def ask(self, **more: Any) -> CaseAnalysis:
        wish = self.wish(**more)
        return case_analyses.ask_analysis(
            self.registry.ctx, self.registry.operator, self.case_id, wish, reason="Both have filed."
        )

    def work(self) -> None:
        """Let the worker do all that waits."""
        while self.worker.run_once():
            pass

    def compared(self, **more: Any) -> CaseAnalysis:
        """Ask for an analysis, have it made, and answer it as the complainant reads it."""
        asked = self.ask(**more)
        self.work()
        return self.read(asked.id)

    def read(self, analysis_id: str, who: Principal | None = None) -> CaseAnalysis:
        return case_analyses.read_analysis(self.registry.ctx, who or self.complainant, self.case_id, analysis_id)[0]

    # --- people of the registry --------------------------------------------------------------------------------------

    def agree(self, performer_id: str, **said: Any) -> None:
        text = cohort_texts()["cohort.en.v1"]
        cohort_agreements.agree_to_cohorts(
            self.registry.ctx,
            self.registry.operator,
            performer_id,
            text_id=text.id,
            text_sha256=text.text_sha256,
            answers=[question.right for question in text.questions],
            description=Description(**said),
            signature_evidence_sha256="c" * 64,
        )

    def enrolled_by_chance(self, name: str) -> str:
        """Let somebody in whose voiceprints are drawn, in the engine's own spaces."""
        performer_id = self.registry.performer(name)
        self.registry.sign(performer_id)
        random = np.random.default_rng(list(performer_id.encode()))
        drawn = []
        for space in self.engine.spaces.values():
            vector = random.normal(size=space.dimension).astype(np.float32)
            drawn.append(Voiceprint(space, vector / np.float32(np.linalg.norm(vector)), name, 12.0))
        self.put_in(performer_id, drawn)
        return performer_id

    def crowd(self, people: int = LEAST_TO_HIDE) -> list[str]:
        """Let in so many people who agreed to be in a cohort; half of them say that they are women."""
        found = [self.enrolled_by_chance(f"Nobody {number}") for number in range(people)]
        for number, performer_id in enumerate(found):
            self.agree(performer_id, sex=Sex.FEMALE if number % 2 else None)
        return found


_HEARD: dict[str, list[Voiceprint]] = {}
