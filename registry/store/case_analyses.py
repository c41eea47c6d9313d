"""Analyses of cases, who has read them, recordings that are heard for them, and cohorts that sides propose."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, and_, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.sql.base import ExecutableOption

from registry.domain.case_analyses import UNFINISHED, AnalysisAsked, AnalysisState, CohortAsked
from registry.domain.cases import CaseSide
from registry.domain.comparison import Role
from registry.domain.conclusions import Conclusion
from registry.store.accounts import Account, Organisation
from registry.store.attestations import SourceAttestation
from registry.store.base import Base
from registry.store.cases import Case, CasePaper
from registry.store.parts import in_parts
from registry.store.performers import Performer, Representative
from registry.store.types import Bytes, Id, Json, Sha256, UtcDateTime, text_enum


class CaseAnalysis(Base):
    """One comparison of voices in a case: what was asked, and once it is done the file that says what was found.

    ``content`` is the canonical JSON of a comparison, byte for byte; ``failure`` is a problem with ``code``, ``detail``
    and ``figures``. Whose voiceprints were taken is not in ``asked``: it follows from the case.
    """

    __tablename__ = "case_analyses"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    number: Mapped[int]
    state: Mapped[AnalysisState] = mapped_column(text_enum(AnalysisState))
    asked: Mapped[dict[str, object]] = mapped_column(Json)
    cohort_criteria: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    content: Mapped[bytes | None] = mapped_column(Bytes, deferred=True)
    content_sha256: Mapped[str | None] = mapped_column(Sha256)
    conclusion: Mapped[Conclusion | None] = mapped_column(text_enum(Conclusion))
    failure: Mapped[dict[str, object] | None] = mapped_column(Json)

    __table_args__ = (
        UniqueConstraint("case_id", "number"),
        CheckConstraint("number >= 1", name="number_from_one"),
        CheckConstraint("(state IN ('done', 'failed')) = (ended_at IS NOT NULL)", name="ended_when_over"),
        CheckConstraint("(state = 'done') = (content IS NOT NULL)", name="done_with_content"),
        CheckConstraint("(content IS NULL) = (content_sha256 IS NULL)", name="content_has_a_digest"),
        CheckConstraint("(content IS NULL) = (conclusion IS NULL)", name="content_concludes"),
        CheckConstraint("(state = 'failed') = (failure IS NOT NULL)", name="failed_for_a_reason"),
        Index(None, "case_id", "id"),
    )

    def value(self) -> AnalysisAsked:
        """Answer what is compared, as the rules have it."""
        return AnalysisAsked.of_json(self.asked)

    @property
    def comparison(self) -> str | None:
        """The comparison as text, as it goes with an export; None until it is done."""
        return None if self.content is None else self.content.decode()


class CaseAnalysisReading(Base):
    """The disclosure log: one account has read one analysis, first at this moment."""

    __tablename__ = "case_analysis_readings"

    analysis_id: Mapped[str] = mapped_column(ForeignKey("case_analyses.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    side: Mapped[CaseSide] = mapped_column(text_enum(CaseSide))
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CaseRecording(Base):
    """Whose voice a paper is a recording of, as its side says. Written with the paper, and never changed.

    Of one under seal the content lies here, and not in the paper: nobody but the side that filed it reads it. So does
    the salt of its digest, sealed under the same key; or open where a migration made it, until a worker seals it.
    """

    __tablename__ = "case_recordings"

    paper_id: Mapped[str] = mapped_column(ForeignKey("case_papers.id"), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    voice: Mapped[Role] = mapped_column(text_enum(Role, name="voice"))
    under_seal: Mapped[bool]
    content: Mapped[bytes | None] = mapped_column(Bytes, deferred=True)
    content_key: Mapped[bytes | None] = mapped_column(Bytes)
    content_master_key_id: Mapped[str | None] = mapped_column(String(40))
    salt: Mapped[bytes | None] = mapped_column(Bytes)

    __table_args__ = (
        CheckConstraint("under_seal = (content IS NOT NULL)", name="under_seal_here"),
        CheckConstraint("voice = 'source' OR NOT under_seal", name="only_a_source_is_sealed"),
        CheckConstraint("(content IS NULL) = (content_key IS NULL)", name="content_has_a_key"),
        CheckConstraint("(content IS NULL) = (content_master_key_id IS NULL)", name="content_key_is_wrapped"),
    )


class CaseCohort(Base):
    """The one cohort that a side proposes. Written once and never changed."""

    __tablename__ = "case_cohorts"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    side: Mapped[CaseSide] = mapped_column(text_enum(CaseSide))
    asked: Mapped[dict[str, object]] = mapped_column(Json)
    criteria: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("case_id", "side"),)

    def value(self) -> CohortAsked:
        """Answer it as the rules have it."""
        return CohortAsked.of_json(self.asked)


class CaseCohortRefusal(Base):
    """A cohort of a side that would have had too few people: what was asked for is not kept, only that it was."""

    __tablename__ = "case_cohort_refusals"

    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    side: Mapped[CaseSide] = mapped_column(text_enum(CaseSide), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    refused_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("number >= 1", name="number_from_one"),)


Part = TypeVar("Part", CaseAnalysis, CaseRecording, CaseCohort)


def parts_of_cases(
    session: Session, table: type[Part], case_ids: Collection[str], *options: ExecutableOption
) -> Sequence[Part]:
    """Answer every row of a table that belongs to some cases, case by case, in the order in which they were made."""
    found: list[Part] = []
    for part in in_parts(sorted(case_ids)):
        query = select(table).where(table.case_id.in_(part)).options(*options)
        found += session.scalars(query.order_by(table.case_id, *table.__table__.primary_key)).all()
    return found


def analyses_of(session: Session, case_id: str) -> Sequence[CaseAnalysis]:
    """Answer every analysis of a case, oldest first, without what was found."""
    return session.scalars(
        select(CaseAnalysis).where(CaseAnalysis.case_id == case_id).order_by(CaseAnalysis.number)
    ).all()


def finished_of(session: Session, case_id: str) -> Sequence[str]:
    """Answer the ids of the finished analyses of a case, oldest first."""
    query = select(CaseAnalysis.id).where(CaseAnalysis.case_id == case_id, CaseAnalysis.state == AnalysisState.DONE)
    return session.scalars(query.order_by(CaseAnalysis.number)).all()


def analyses_made(session: Session, case_id: str) -> int:
    """Answer how many analyses of a case were asked for."""
    return session.scalar(select(func.count()).select_from(CaseAnalysis).where(CaseAnalysis.case_id == case_id)) or 0


def unfinished_in(session: Session, case_id: str) -> Sequence[CaseAnalysis]:
    """Answer the analyses of a case that wait or are being made, locked."""
    query = select(CaseAnalysis).where(CaseAnalysis.case_id == case_id, CaseAnalysis.state.in_(UNFINISHED))
    return session.scalars(query.order_by(CaseAnalysis.id).with_for_update()).all()


def unfinished_about(session: Session, performer_id: str) -> Sequence[tuple[CaseAnalysis, bool]]:
    """Answer unfinished analyses in cases of a performer, and whether they are the performer there, or the source."""
    query = (
        select(CaseAnalysis, Case.performer_id)
        .join(Case, CaseAnalysis.case_id == Case.id)
        .outerjoin(SourceAttestation, Case.attestation_id == SourceAttestation.id)
        .where(
            CaseAnalysis.state.in_(UNFINISHED),
            or_(Case.performer_id == performer_id, SourceAttestation.performer_id == performer_id),
        )
        .order_by(CaseAnalysis.id)
        .with_for_update(of=CaseAnalysis)
    )
    return [(analysis, own == performer_id) for analysis, own in session.execute(query)]


def readings_of_analysis(session: Session, analysis_id: str) -> Sequence[CaseAnalysisReading]:
    """Answer who has read an analysis, in the order in which they did."""
    query = select(CaseAnalysisReading).where(CaseAnalysisReading.analysis_id == analysis_id)
    return session.scalars(query.order_by(CaseAnalysisReading.read_at, CaseAnalysisReading.account_id)).all()


def cohorts_of(session: Session, case_id: str) -> Sequence[CaseCohort]:
    """Answer the cohorts that sides have proposed in a case, oldest first."""
    return session.scalars(select(CaseCohort).where(CaseCohort.case_id == case_id).order_by(CaseCohort.id)).all()


def cohorts_refused(session: Session, case_id: str, side: CaseSide) -> int:
    """Answer how many cohorts of a side were refused in a case."""
    query = select(func.count()).select_from(CaseCohortRefusal)
    return session.scalar(query.where(CaseCohortRefusal.case_id == case_id, CaseCohortRefusal.side == side)) or 0


def lock_who_asks(session: Session, case: Case, side: CaseSide, account_id: str) -> None:
    """Let whoever asks for the party of a side, or by an account, wait for one another until the transaction ends.

    The performer of a case is locked with it already. Nobody waits who only writes something that names the two.
    """
    if side is CaseSide.RESPONDENT:
        session.execute(
            select(Organisation.id).where(Organisation.id == case.studio_id).with_for_update(key_share=True)
        )
    session.execute(select(Account.id).where(Account.id == account_id).with_for_update(key_share=True))


def cohorts_refused_since(
    session: Session, case: Case, side: CaseSide, account_id: str, *, since: datetime
) -> Sequence[datetime]:
    """Answer when cohorts of the party of a side were refused in any of its cases, or by an account; oldest first."""
    party = Case.performer_id == case.performer_id if side is CaseSide.COMPLAINANT else Case.studio_id == case.studio_id
    query = (
        select(CaseCohortRefusal.refused_at)
        .join(Case, CaseCohortRefusal.case_id == Case.id)
        .where(CaseCohortRefusal.refused_at > since)
        .where(or_(and_(CaseCohortRefusal.side == side, party), CaseCohortRefusal.account_id == account_id))
    )
    return session.scalars(query.order_by(CaseCohortRefusal.refused_at)).all()


def recordings_of(session: Session, case_id: str) -> Mapping[str, CaseRecording]:
    """Answer the papers of a case that are marked as recordings of a voice, by their ids, without what is in them."""
    query = select(CaseRecording).where(CaseRecording.case_id == case_id)
    return {row.paper_id: row for row in session.scalars(query)}


def salts_to_seal(session: Session, length: int) -> Sequence[CaseRecording]:
    """Answer recordings under seal whose salt lies open, or that have none yet; locked, by id.

    Args:
        session: a writing one.
        length: of an open salt.
    """
    is_open = or_(CaseRecording.salt.is_(None), func.length(CaseRecording.salt) == length)
    query = select(CaseRecording).where(CaseRecording.under_seal, is_open).order_by(CaseRecording.paper_id)
    return session.scalars(query.with_for_update(skip_locked=True)).all()


def papers_named(session: Session, case_id: str, paper_ids: Collection[str]) -> Mapping[str, CasePaper]:
    """Answer some papers of a case by their ids, without what is in them; who is of another case is not among them."""
    query = select(CasePaper).where(CasePaper.case_id == case_id, CasePaper.id.in_(sorted(paper_ids)))
    return {paper.id: paper for paper in session.scalars(query)}


def performers_around(session: Session, case: Case) -> set[str]:
    """Answer every performer who has to do with a case, so that they are in no cohort of it.

    They are its performer, its source, and everybody for whom an account acts that has opened it, filed in it, or acts
    for its performer.
    """
    filed = select(CasePaper.filed_by).where(CasePaper.case_id == case.id)
    acting = select(Representative.account_id).where(Representative.performer_id == case.performer_id)
    accounts = {case.opened_by, *session.scalars(filed), *session.scalars(acting)}
    own = select(Performer.id).where(Performer.account_id.in_(accounts))
    represented = select(Representative.performer_id).where(Representative.account_id.in_(accounts))
    source = set() if case.source is None else {case.source.performer_id}
    return {case.performer_id, *source, *session.scalars(own), *session.scalars(represented)}
