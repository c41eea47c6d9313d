"""What a worker does with an analysis that waits: recordings opened, voices opened, and what was found, in one commit.

What is heard is read from the case; whose voiceprints are taken follows from it. Vectors are in memory while they are
compared, and nowhere else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session, undefer

from registry.domain.case_analyses import AnalysisAsked, AnalysisState
from registry.domain.cohorts import TENS, Criteria, in_tens, require_enough
from registry.domain.comparison import Role
from registry.domain.conclusions import Conclusion
from registry.domain.consents import ConsentPurpose, Modality
from registry.domain.events import EventType
from registry.engine.voiceprint import Space, Voiceprint
from registry.errors import ConsentMissingError, EngineNotInForceError, NotFoundError, RegistryError
from registry.interchange.cohort_archives import CohortArchive
from registry.services import gallery
from registry.services.case_analysis_endings import end_as_failed, failure_of, record, voice_gone
from registry.services.case_cohorts import opened_archive, people_for
from registry.services.case_papers import opened_content
from registry.services.case_recordings import content_apart, opened_salt
from registry.services.consents import in_force
from registry.services.context import Context
from registry.services.unit import Unit, unit_of_work
from registry.store import case_analyses, engine_settings, enrolments, performers, work
from registry.store.case_analyses import CaseAnalysis, CaseRecording
from registry.store.cases import Case, CasePaper
from registry.store.work import Lease
from registry.vault.commitments import cohort_key, cohort_list_digest, cohort_offset, cohort_order
from registry.vault.keys import WrappedKey
from registry.vault.voiceprints import SealedVoiceprint as Sealed


@dataclass(frozen=True, slots=True)
class Filed:
    """One recording of a voice, as it was filed.

    Attributes:
        paper_id: of the paper.
        name: what it is called in the result: the paper's id, or of a source under seal its number.
        sha256: of its bytes; of one under seal, with its salt.
        custody: who filed it, and when.
        salt: of the digest of one under seal; for telling whether two are one, and for nobody to read.
    """

    paper_id: str
    name: str
    sha256: str
    custody: Mapping[str, str]
    salt: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An analysis that a worker is to make.

    Attributes:
        analysis_id, case_id: of it.
        asked: what is compared.
        files: recordings by role.
        sealed: whether it is under seal who the source is.
        engine_settings: number of those in force when it was begun.
    """

    analysis_id: str
    case_id: str
    asked: AnalysisAsked
    files: Mapping[Role, Sequence[Filed]]
    sealed: bool
    engine_settings: int

    def archives(self) -> Iterator[tuple[str, str]]:
        """Yield name and paper of each cohort that is an archive."""
        for name, cohort in self.asked.cohorts.items():
            if cohort.paper_id is not None:
                yield name, cohort.paper_id


@dataclass(frozen=True, slots=True, repr=False)
class Members:
    """People of the registry in one cohort, as a gallery takes them.

    Attributes:
        performer_ids: who they are; for `complete_analysis` alone.
        pseudonyms: what they are called in the result, in the same order.
        means: by encoder id ``(n, d) float32``.
        sha256: of the list of their voiceprints' ids, sorted, under the key of the case.
        offset: by how much counts of them are moved before they are told in tens.
    """

    performer_ids: Sequence[str]
    pseudonyms: Sequence[str]
    means: Mapping[str, NDArray[np.float32]]
    sha256: str
    offset: int


@dataclass(frozen=True, slots=True, repr=False)
class Voices:
    """What the registry holds of the voices of an analysis.

    Attributes:
        held: voiceprints by role, labelled by number and not by what their recordings were called.
        members: by name of the cohort.
    """

    held: Mapping[Role, Sequence[Voiceprint]]
    members: Mapping[str, Members]


@dataclass(frozen=True, slots=True)
class Found:
    """What an analysis came to.

    Attributes:
        content: canonical JSON of the comparison.
        conclusion: what it concludes.
        members: performers in each cohort of the registry.
    """

    content: bytes
    conclusion: Conclusion
    members: Mapping[str, Sequence[str]] = field(default_factory=dict)


# --- opening ---------------------------------------------------------------------------------------------------------


def begin_analysis(ctx: Context, held: Lease) -> Wanted:
    """Write down that an analysis is begun, and answer what it compares, for a worker that holds the lease on it.

    Whoever takes it over from a worker that died writes so again.

    Raises:
        NotFoundError: it is not waiting any more.
        LeaseLostError: another worker has taken over.
    """
    with unit_of_work(ctx) as unit:
        analysis, case = _locked(unit, held.subject_id)
        work.require_held(unit.session, held)
        analysis.state = AnalysisState.RUNNING
        record(unit, EventType.CASE_ANALYSIS_BEGUN, analysis, case, held.worker_id, attempt=held.attempt)
        number = engine_settings.in_force(unit.session)[0]
        asked = analysis.value()
        sealed = _is_sealed(unit.session, case, asked)
        files = {role: list(_filed(ctx, unit.session, case, role, asked, sealed=sealed)) for role in asked.voices}
        unit.commit()
    return Wanted(analysis.id, case.id, asked, files, sealed, number)


def _locked(unit: Unit, analysis_id: str) -> tuple[CaseAnalysis, Case]:
    """Answer an analysis that is not over, with its case, locked."""
    analysis = unit.session.get(CaseAnalysis, analysis_id, with_for_update=True)
    if analysis is None or analysis.state in {AnalysisState.DONE, AnalysisState.FAILED}:
        raise NotFoundError("the analysis is not waiting any more")
    return analysis, unit.session.get_one(Case, analysis.case_id)


def _is_sealed(session: Session, case: Case, asked: AnalysisAsked) -> bool:
    """Whether anything that is heard of the source is under seal: then all of it is."""
    if Role.SOURCE not in asked.voices:
        return False
    marks = case_analyses.recordings_of(session, case.id)
    of_source = asked.voices[Role.SOURCE].paper_ids
    named_under_seal = case.source is not None and case.source.sealed
    return named_under_seal or any(mark.under_seal for paper_id, mark in marks.items() if paper_id in of_source)


def _filed(
    ctx: Context, session: Session, case: Case, role: Role, asked: AnalysisAsked, *, sealed: bool
) -> Iterator[Filed]:
    paper_ids = asked.voices[role].paper_ids
    papers = case_analyses.papers_named(session, case.id, paper_ids)
    marks = case_analyses.recordings_of(session, case.id)
    for number, paper_id in enumerate(paper_ids, start=1):
        paper = papers[paper_id]
        name = f"source {number}" if sealed and role is Role.SOURCE else paper.id
        custody = {
            "paper_id": paper.id,
            "filed_by": paper.side.value,
            "filed_at": paper.filed_at.isoformat().replace("+00:00", "Z"),
        }
        mark = marks.get(paper.id)
        salt = opened_salt(ctx, mark) if mark is not None and mark.under_seal else None
        yield Filed(paper.id, name, paper.sha256, custody, salt)


def read_recording(ctx: Context, paper_id: str) -> bytes:
    """Answer the bytes of a recording of a case, also of one under seal: to be heard, and for nobody to read.

    Raises:
        NotFoundError: it is gone.
        SealBrokenError: what was sealed was changed.
    """
    with ctx.database.read() as session:
        mark = session.get(CaseRecording, paper_id)
        if mark is not None and mark.under_seal:
            return content_apart(ctx, session, mark)
        paper = session.get(CasePaper, paper_id, options=[undefer(CasePaper.content)])
        if paper is None:
            raise NotFoundError("there is no such paper")
        return opened_content(ctx, paper)


def open_archive(ctx: Context, wanted: Wanted, paper_id: str) -> CohortArchive:
    """Answer an archive of a cohort, to be heard.

    Raises:
        NotFoundError: it is gone.
        InvalidInputError: it cannot be read.
    """
    with ctx.database.read() as session:
        return opened_archive(ctx, session, wanted.case_id, paper_id)


def open_voices(ctx: Context, wanted: Wanted, where: gallery.SearchedIn) -> Voices:
    """Answer the voiceprints that an analysis takes from the registry, of those who consent to it at this moment.

    Raises:
        ConsentMissingError: performer or source consent no longer, or nothing of theirs can be used; in words that tell
            neither from the other.
        InvalidInputError: too few people are left whom the criteria of a cohort select.
    """
    with ctx.database.read() as session:
        case = session.get_one(Case, wanted.case_id)
        whose = _whose(case, wanted.asked)
        held = {role: _voiceprints(ctx, session, role, performer_id, where) for role, performer_id in whose.items()}
        members = {
            name: _members(ctx, session, case, cohort.among, where)
            for name, cohort in wanted.asked.cohorts.items()
            if cohort.among is not None
        }
    return Voices(held, members)


def _whose(case: Case, asked: AnalysisAsked) -> Mapping[Role, str]:
    """Answer whose voiceprints are taken, by role."""
    known = {Role.PERFORMER: case.performer_id}
    known |= {} if case.source is None else {Role.SOURCE: case.source.performer_id}
    return {
        role: performer_id
        for role, performer_id in known.items()
        if role in asked.voices and asked.voices[role].enrolled
    }


def _voiceprints(
    ctx: Context, session: Session, role: Role, performer_id: str, where: gallery.SearchedIn
) -> Sequence[Voiceprint]:
    _require_consenting(ctx, session, {role: performer_id})
    keys = performers.keys_of(session, [performer_id], Modality.VOICE)
    spaces = {(s.encoder, s.weights_sha256, s.preprocessing, s.dimension): s for s in where.spaces.values()}
    labels: dict[tuple[str, str], list[tuple[Sealed, Space, float]]] = {}
    for row in enrolments.voiceprints_of(session, performer_id):
        space = spaces.get((row.encoder, row.weights_sha256, row.preprocessing, row.dimension))
        if space is not None:
            sealed = Sealed(row.id, space.id, row.epoch, row.dimension, row.sealed)
            labels.setdefault((row.enrolment_id, row.label), []).append((sealed, space, row.speech_s))
    whole = [prints for prints in labels.values() if {space for _, space, _ in prints} == set(spaces.values())]
    if not whole or performer_id not in keys:
        raise voice_gone(role)
    key = WrappedKey(*keys[performer_id])
    return [
        Voiceprint(space, ctx.vault.open(sealed, key), f"enrolled {number}", speech_s)
        for number, prints in enumerate(whole, start=1)
        for sealed, space, speech_s in prints
    ]


def _require_consenting(ctx: Context, session: Session, whose: Mapping[Role, str]) -> None:
    consenting = in_force(session, sorted(whose.values()), ConsentPurpose.MONITORING, Modality.VOICE, ctx.clock())
    for role, performer_id in whose.items():
        if performer_id not in consenting:
            raise voice_gone(role)


def _members(ctx: Context, session: Session, case: Case, criteria: Criteria, where: gallery.SearchedIn) -> Members:
    """Open the people of a cohort: as many tens as there are, drawn and put in order by a key that nobody knows.

    So neither how many there are tells whether somebody is among them, nor that somebody agreed that they are in it.
    """
    people = people_for(session, case, criteria, ctx.clock())
    shelves = list(gallery.shelves_of(ctx, session, people, where))
    ids = [performer_id for part in shelves for performer_id in part.performer_ids]
    require_enough(len(ids))
    order = np.argsort([cohort_order(ctx.keys, case.id, performer_id) for performer_id in ids])[: in_tens(len(ids))]
    means = {encoder: np.concatenate([part.means[encoder] for part in shelves])[order] for encoder in where.spaces}
    held = {performer_id: found for part in shelves for performer_id, found in part.voiceprint_ids.items()}
    chosen = [ids[number] for number in order]
    width = len(str(len(chosen)))
    pseudonyms = [f"voice {number:0{width}}" for number in range(1, len(chosen) + 1)]
    key = cohort_key(ctx.keys, case.id)
    digest = cohort_list_digest(key, [each for performer_id in chosen for each in held[performer_id]])
    return Members(chosen, pseudonyms, means, digest, cohort_offset(key, "ranks", TENS))


# --- ending ----------------------------------------------------------------------------------------------------------


def complete_analysis(ctx: Context, held: Lease, wanted: Wanted, found: Found) -> bool:
    """Write what an analysis came to: analysis, work and journal in one commit.

    1. Performer and source are locked, where voiceprints of theirs were taken, so that a withdrawal comes wholly before
       or wholly after; then the analysis.
    2. The lease is finished, which fails if another worker took over: before anything is written twice.
    3. The engine's settings are those under which it was begun.
    4. Consent is asked for again: without it the analysis fails, and nothing of what was found is stored.
    5. Of each cohort everybody is asked again: where they are others by now, nothing is written.
    6. The one commit.

    Returns:
        Whether it was written; otherwise it has to be compared again, with the cohorts as they are now.

    Raises:
        NotFoundError: it is over.
        LeaseLostError: another worker has taken over, or it has ended.
        EngineNotInForceError: other settings are in force by now.
    """
    with unit_of_work(ctx) as unit:
        whose = _whose(unit.session.get_one(Case, wanted.case_id), wanted.asked)
        performers.lock_performers(unit.session, sorted(set(whose.values())))
        analysis, case = _locked(unit, wanted.analysis_id)
        work.finish(unit.session, held, now=unit.now)
        _require_same_settings(unit.session, wanted)
        try:
            _require_consenting(ctx, unit.session, whose)
        except ConsentMissingError as error:
            end_as_failed(unit, analysis, case, failure_of(error), held.worker_id)
            unit.commit()
            return True
        if not _same_people(unit, case, wanted, found):
            return False
        analysis.state, analysis.ended_at = AnalysisState.DONE, unit.now
        analysis.content, analysis.conclusion = found.content, found.conclusion
        analysis.content_sha256 = hashlib.sha256(found.content).hexdigest()
        said = {"content_sha256": analysis.content_sha256, "conclusion": found.conclusion.value}
        record(unit, EventType.CASE_ANALYSIS_FINISHED, analysis, case, held.worker_id, **said)
        unit.commit()
    return True


def _require_same_settings(session: Session, wanted: Wanted) -> None:
    number, settings = engine_settings.in_force(session)
    if number != wanted.engine_settings:
        raise EngineNotInForceError(
            f"the analysis was begun under engine settings number {wanted.engine_settings}, and {settings.in_words()} "
            "are in force by now: it is begun anew",
            number=number,
        )


def _same_people(unit: Unit, case: Case, wanted: Wanted, found: Found) -> bool:
    """Whether everybody in a cohort still agrees to it. Who has come since is not missed."""
    for name, members in found.members.items():
        criteria = wanted.asked.cohorts[name].among
        if criteria is None or not set(members) <= set(people_for(unit.session, case, criteria, unit.now)):
            return False
    return True


def refuse_analysis(ctx: Context, held: Lease, error: RegistryError) -> None:
    """End an analysis that cannot be made; why is kept.

    Raises:
        NotFoundError: it is over.
        LeaseLostError: another worker has taken over.
    """
    with unit_of_work(ctx) as unit:
        analysis, case = _locked(unit, held.subject_id)
        work.finish(unit.session, held, now=unit.now)
        end_as_failed(unit, analysis, case, failure_of(error), held.worker_id)
        unit.commit()
