"""Policy on who is heard in a scan, by the registry's own records. It needs no engine.

Nothing here writes: no check is made of a row, no use is counted, nothing is posted and nothing journalled.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from registry.domain.policy import PerformerRecord
from registry.domain.scores import EvidenceOutcome, PerformerEvidence, Reason
from registry.domain.uses import UseKind
from registry.domain.verdicts import Ruling, Verdict, gravest
from registry.errors import InvalidInputError, NotFoundError
from registry.scanning.declared import Declared, declared_use
from registry.scanning.evidence_lines import candidate_of, columns_of
from registry.scanning.judging import joined, without_verdicts
from registry.scanning.results import ResultRow
from registry.services import assessments
from registry.services.assessments import Ruled
from registry.services.context import Context
from registry.services.coverage import training_coverage
from registry.services.records import records_between
from registry.store.accounts import Organisation

# --- the moment ------------------------------------------------------------------------------------------------------


def moment_of(day: date | None, now: datetime) -> datetime:
    """Answer the moment at which a day is over; now for none, and for today.

    Raises:
        InvalidInputError: the day is still to come.
    """
    if day is None or day == now.date():
        return now
    if day > now.date():
        raise InvalidInputError(f"{day} is still to come: nobody knows who consents then", as_of=day.isoformat())
    return datetime.combine(day, time.min, UTC) + timedelta(days=1) - timedelta.resolution


def require_known(ctx: Context, organisation_id: str, moment: datetime) -> None:
    """Refuse an organisation that the registry did not know at a moment: of then its records have no answer.

    Raises:
        NotFoundError: the organisation does not exist.
        InvalidInputError: it did not yet.
    """
    with ctx.database.read() as session:
        organisation = session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotFoundError(
            f"there is no organisation {organisation_id} in this registry", organisation=organisation_id
        )
    if organisation.created_at > moment:
        since = organisation.created_at.date().isoformat()
        raise InvalidInputError(
            f"the registry knows {organisation_id} since {since}, and cannot say what it was permitted on "
            f"{moment.date()}",
            organisation=organisation_id,
            since=since,
        )


# --- verdicts --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RegisteredLicences:
    """Judges by policy, for one organisation, as of one moment: consents, licences and pay as they stood then.

    Reads only, in one transaction for each call: nothing is counted, posted or journalled, and rows know nothing of one
    another, so that use which only together exceeds what a licence permits is not seen. Evidence is kept only on whom
    policy rules on: nearest names are nobody's to read, and who does not consent to be looked for any more, at the
    moment of the call, is left out, whatever the gallery still has.

    Attributes:
        ctx: what verbs work with; its clock answers who may be looked for.
        organisation_id: who uses the recordings.
        kind: what the recordings are, where a row does not say.
        as_of: the moment of judgement.
    """

    ctx: Context
    organisation_id: str
    kind: UseKind
    as_of: datetime

    def judge(self, rows: Sequence[ResultRow]) -> list[ResultRow]:
        """Answer the rows with their verdicts; see `registry.scanning.judging.Judge`.

        Raises:
            DeclaredUseUnknownError: of a row that should never have been heard.
        """
        with self.ctx.database.read() as session:
            return [self._judged(session, row) if row.evidence else row for row in rows]

    def _judged(self, session: Session, row: ResultRow) -> ResultRow:
        line = without_verdicts(json.loads(row.evidence))
        said = {candidate["performer"]: candidate for candidate in line["candidates"]}
        ruled = self._ruled(session, row, [candidate_of(candidate) for candidate in said.values()])
        line["candidates"] = [said[one.evidence.performer_id] | _as_json(one.ruling) for one in ruled]
        verdict, reasons = _verdict(line["outcome"], ruled)
        line["outcome"] = (assessments.strongest(ruled) if ruled else EvidenceOutcome(verdict.value)).value
        columns = columns_of(line)
        codes = joined(columns.pop("reasons"), [reason.code for reason in reasons])
        return replace(row, **columns, verdict=verdict.value, reasons=codes)

    def _ruled(self, session: Session, row: ResultRow, candidates: Sequence[PerformerEvidence]) -> list[Ruled]:
        """Rule on everybody who is heard, resembled or cannot be told, and consents to be looked for."""
        heard = assessments.worth_a_finding(candidates)
        return self.rule(session, row, assessments.monitored(session, heard, self.ctx.clock())) if heard else []

    def rule(
        self,
        session: Session,
        row: ResultRow,
        heard: Sequence[PerformerEvidence],
        records: Mapping[str, PerformerRecord] | None = None,
    ) -> list[Ruled]:
        """Rule on performers who are heard in a row, in their order, for the gravest of all uses that it may be of.

        Args:
            session: to read in.
            row: of which its evidence as text is not read.
            heard: in it.
            records: of all of them, where `records_for` was asked before.

        Raises:
            DeclaredUseUnknownError: what the row declares cannot be read.
        """
        if not heard:
            return []
        if records is None:
            named = [candidate.performer_id for candidate in heard]
            records = self.records_for(session, named, row.project, apart_from=row.sha256)
        declared = declared_use(row.declared_use, self.kind)
        by_use = [assessments.rule(use, heard, records, self.as_of) for use in declared.uses(row)]
        return [_gravest_of(rulings, declared) for rulings in zip(*by_use, strict=True)]

    def records_for(
        self, session: Session, performer_ids: Collection[str], project: str, *, apart_from: str | None = None
    ) -> Mapping[str, PerformerRecord]:
        """Answer what policy needs of some performers, as it stood at the moment of judgement.

        Args:
            session: to read in.
            performer_ids: of whom.
            project: of the rows that are ruled on.
            apart_from: SHA-256 of a recording whose own use is not held against it.
        """
        return records_between(
            session,
            self.organisation_id,
            performer_ids,
            now=self.as_of,
            projects=[project] if project else [],
            apart_from=apart_from,
            as_of=self.as_of,
        )


def _gravest_of(rulings: Sequence[Ruled], declared: Declared) -> Ruled:
    """Answer the gravest of the rulings on one performer, one for each use that a row may be of."""
    verdict = gravest(one.ruling.verdict for one in rulings)
    found = next(one for one in rulings if one.ruling.verdict is verdict)
    if all(one.ruling.verdict is verdict for one in rulings):
        return found
    left_open = " and ".join(declared.left_open)
    reason = Reason(
        "use_not_declared",
        f"the {left_open} of the use is not declared; of all that it may be, this is the gravest",
        {"left_open": left_open},
    )
    ruling = Ruling(verdict, (reason, *found.ruling.reasons), found.ruling.licence_id)
    return Ruled(found.evidence, ruling, found.priority)


def _verdict(outcome: str, ruled: Sequence[Ruled]) -> tuple[Verdict, Sequence[Reason]]:
    """Answer what a recording comes to, as a check does."""
    if ruled:
        verdict = gravest(one.ruling.verdict for one in ruled)
        return verdict, next(one.ruling.reasons for one in ruled if one.ruling.verdict is verdict)
    return (Verdict.INCONCLUSIVE if outcome == EvidenceOutcome.INCONCLUSIVE else Verdict.NO_MATCH), ()


def _as_json(ruling: Ruling) -> dict[str, Any]:
    return {
        "verdict": ruling.verdict.value,
        "verdict_reasons": [reason.as_json() for reason in ruling.reasons],
        "licence_id": ruling.licence_id,
    }


# --- training data ---------------------------------------------------------------------------------------------------


def coverage_json(
    ctx: Context, organisation_id: str, performer_ids: Collection[str], moments: Sequence[datetime]
) -> Mapping[str, list[dict[str, Any]]]:
    """Answer how performers stood to training by an organisation at each of some moments, as a summary shows it."""
    found = training_coverage(ctx, organisation_id, performer_ids, moments)
    return {performer_id: [standing.as_json() for standing in found[performer_id]] for performer_id in found}
