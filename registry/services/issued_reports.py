"""Handing reports out: each first reading is on record and journalled, and every report carries the proof of that.

1. The report is built from the records, in the caller's unit. The same records make the same bytes.
2. That this account is given this very report is written down, unless it was before, and committed with its leaf: the
   commit point. Nothing is answered that is not on record.
3. The journal is signed as far as that leaf, where it is not yet, and the leaf is proven to be in it.

A crash between 2 and 3 leaves a report on record that nobody has got: asking again gives the same, and its proof.
"""

from __future__ import annotations

import hashlib

from registry.domain.accounts import Principal
from registry.domain.cases import CaseSide
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.reports.envelope import Proof, SignedReport
from registry.reports.model import FORMAT, REPORT_TYPE, VERSION, CaseReport, Report, document_of
from registry.services.context import Context
from registry.services.journal import current_checkpoint, sign_current
from registry.services.journal_proofs import prove_inclusion
from registry.services.unit import Unit
from registry.store import issued_reports, journal
from registry.store.cases import Case
from registry.store.checks import Check
from registry.store.issued_reports import IssuedReport
from registry.vault.signing import canonical, public_jwks, sign


def write_issue(
    unit: Unit, principal: Principal, report: Report, subject: Case | Check, side: CaseSide | None
) -> tuple[IssuedReport, bool]:
    """Answer under what a report was given to the caller, and whether that was written just now, in their unit.

    Args:
        unit: whose transaction it is; whoever calls commits.
        principal: who reads it.
        report: as it was built.
        subject: what it is about; locked where something is written, so that two at once write it once.
        side: of a case, for which the caller speaks; None of a check.
    """
    sha256 = hashlib.sha256(canonical(document_of(report))).hexdigest()
    found = issued_reports.issued_to(unit.session, principal.account_id, subject.id, sha256)
    if found is not None:
        return found, False
    unit.session.refresh(subject, with_for_update=True)
    found = issued_reports.issued_to(unit.session, principal.account_id, subject.id, sha256)
    if found is not None:
        return found, False
    of_case = isinstance(report, CaseReport)
    issued = IssuedReport(
        id=unit.new_id(IdPrefix.ISSUED_REPORT),
        case_id=subject.id if of_case else None,
        check_id=None if of_case else subject.id,
        sha256=sha256,
        side=side,
        account_id=principal.account_id,
        issued_at=unit.now,
    )
    unit.session.add(issued)
    unit.record(
        EventType.CASE_REPORT_ISSUED if of_case else EventType.CHECK_REPORT_ISSUED,
        issued.id,
        principal.account_id,
        report_sha256=sha256,
        format=FORMAT,
        version=VERSION,
        **{"case_id" if of_case else "check_id": subject.id},
    )
    return issued, True


def signed_report(ctx: Context, report: Report, issued_id: str) -> SignedReport:
    """Sign a report that is on record as issued, and prove that it is.

    Raises:
        JournalDamagedError: the journal does not continue what was signed before; nothing is answered.
    """
    document = document_of(report)
    return SignedReport(
        document=document,
        jws=sign(ctx.keys, document, typ=REPORT_TYPE),
        jwks=public_jwks(ctx.keys),
        proof=_proof(ctx, issued_id),
    )


def _proof(ctx: Context, issued_id: str) -> Proof:
    with ctx.database.read() as session:
        (leaf,) = journal.opened_leaves(session, [issued_id])
    if leaf.salt is None or leaf.details is None:
        raise AssertionError("a report is on record as long as what opens its leaf")
    if current_checkpoint(ctx).size < leaf.seq:
        sign_current(ctx)  # a report is worth a checkpoint of its own, however young the last one is
    proven = prove_inclusion(ctx, seq=leaf.seq)
    return Proof(
        report_id=issued_id,
        seq=leaf.seq,
        leaf=leaf.leaf,
        salt=leaf.salt.hex(),
        details=leaf.details,
        path=tuple(proven.path),
        checkpoint=proven.checkpoint.note,
    )
