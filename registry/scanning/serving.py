"""Scans that the registry's workers run: asking for one, and calling it off. It needs no engine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.checks import WorkKind
from registry.domain.events import EventType
from registry.domain.gallery_files import SearchPurpose
from registry.domain.ids import IdPrefix
from registry.domain.scan_requests import ScanRequest, ScanRoot, path_below
from registry.domain.scans import ENDED, ScanOrigin, ScanState
from registry.domain.uses import UseKind
from registry.errors import ConflictError, InvalidInputError, NotFoundError, SourceError
from registry.scanning.declared import declared_use
from registry.scanning.licensed import moment_of, require_known
from registry.scanning.lists import FIELDS
from registry.services.context import Context
from registry.services.engine_settings import settings_in_force
from registry.services.unit import require_version, unit_of_work
from registry.store import scans, work
from registry.store.accounts import Organisation
from registry.store.scans import LONGEST_TEXT, Scan
from registry.vault.signing import canonical

MOST_OPEN: Final = 20
"""Scans that an organisation may have waiting or running."""
MAX_ATTEMPTS: Final = 5
"""So often in a row may a worker end without a shard that is done, until the scan is given up: it may take days, in
which machines are restarted."""


def request_scan(ctx: Context, principal: Principal, asked: ScanRequest) -> Scan:
    """Have the registry's workers scan what lies below a root; the scan and its work are there on return.

    Whether anything is at the path is for a worker to see: the scan then fails, and says so.

    Args:
        ctx: what verbs work with.
        principal: whose organisation uses the recordings; an operator names one.
        asked: what is to be scanned, and how.

    Raises:
        ForbiddenError: the caller may not ask for scans.
        NotFoundError: there is no such root or path that the caller may name.
        InvalidInputError: an option cannot be used; the sentence says which, and why.
        ConflictError: as many scans as are allowed are open; figures ``open`` and ``most``.
    """
    organisation_id, path = require_askable(ctx, principal, asked)
    with unit_of_work(ctx) as unit:
        _require_room(unit.session, organisation_id)
        scan = Scan(
            id=unit.new_id(IdPrefix.SCAN),
            organisation_id=organisation_id,
            submitted_by=principal.account_id,
            origin=ScanOrigin.SERVER,
            state=ScanState.QUEUED,
            kind=asked.kind,
            request=asked.as_json() | {"path": path},
            created_at=unit.now,
        )
        unit.session.add(scan)
        work.enqueue(
            unit.session,
            work_id=unit.new_id(IdPrefix.WORK),
            kind=WorkKind.SCAN,
            subject_id=scan.id,
            now=unit.now,
            max_attempts=MAX_ATTEMPTS,
        )
        unit.record(
            EventType.SCAN_REQUESTED,
            scan.id,
            principal.account_id,
            organisation_id=organisation_id,
            kind=asked.kind.value,
            request_sha256=hashlib.sha256(canonical(scan.request)).hexdigest(),
        )
        unit.commit()
    return scan


def require_askable(ctx: Context, principal: Principal, asked: ScanRequest) -> tuple[str, str]:
    """Answer who uses the recordings, and the path below the root, once both and every option may be asked for.

    Raises:
        ForbiddenError, NotFoundError, InvalidInputError: see `request_scan`.
    """
    principal.require(Scope.SCANS_WRITE)
    organisation_id = _organisation_of(ctx, principal, asked)
    if principal.is_operator:
        _require_root(ctx, asked.root)
    else:
        ctx.scan_places.root_for(asked.root, organisation_id)
    path = path_below(asked.path)
    _require_usable(ctx, asked, organisation_id)
    return organisation_id, path


def roots_for(ctx: Context, principal: Principal) -> Sequence[ScanRoot]:
    """Answer the roots that somebody may have scanned, by name: an operator every one.

    Raises:
        ForbiddenError: the caller may not ask for scans.
    """
    principal.require(Scope.SCANS_WRITE)
    own = principal.organisation_id
    roots = sorted(ctx.scan_places.roots.values(), key=lambda root: root.name)
    return [root for root in roots if principal.is_operator or own in root.organisations]


def cancel_scan(ctx: Context, principal: Principal, scan_id: str, *, if_version: int | None = None) -> Scan:
    """Call a scan off. A worker that is at it stops with the rows in hand; what is there is kept for its time.

    Raises:
        ForbiddenError: the caller may not ask for scans.
        NotFoundError: there is no such scan that the caller may see.
        ConflictError: it has ended, or no worker runs it; figure ``state``.
        StaleVersionError: it has changed since.
    """
    principal.require(Scope.SCANS_WRITE)
    with unit_of_work(ctx) as unit:
        scan = unit.session.get(Scan, scan_id, with_for_update=True)
        if scan is None or not principal.may_see_organisation(scan.organisation_id):
            raise NotFoundError("there is no such scan", scan_id=scan_id)
        require_version(scan.version, if_version)
        if scan.state in ENDED:
            raise ConflictError(f"the scan is {scan.state.value}: it cannot be cancelled", state=scan.state.value)
        scan.state = ScanState.CANCELLED
        scan.finished_at = unit.now
        scan.version += 1
        work.cancel(unit.session, subject_id=scan.id, now=unit.now)
        unit.record(
            EventType.SCAN_CANCELLED,
            scan.id,
            principal.account_id,
            organisation_id=scan.organisation_id,
            rows=scan.rows,
            rows_done=scan.rows_done,
        )
        unit.commit()
    return scan


# --- what may be asked for -------------------------------------------------------------------------------------------


def use_kind(kind: SearchPurpose) -> UseKind:
    """Answer what recordings of a kind of scan are, where a row does not say."""
    return UseKind.TRAINING if kind is SearchPurpose.TRAINING else UseKind.GENERATED


def _organisation_of(ctx: Context, principal: Principal, asked: ScanRequest) -> str:
    """Answer who uses the recordings.

    Raises:
        InvalidInputError: an operator has to name somebody.
        NotFoundError: the caller may speak for nobody of that id.
    """
    wanted = asked.organisation_id or (None if principal.is_operator else principal.organisation_id)
    if wanted is None:
        raise InvalidInputError("name the organisation that uses the recordings: organisation_id")
    with ctx.database.read() as session:
        known = session.get(Organisation, wanted)
    if known is None or not principal.may_see_organisation(wanted):
        raise NotFoundError("there is no such organisation", organisation_id=wanted)
    return wanted


def _require_root(ctx: Context, name: str) -> None:
    if name not in ctx.scan_places.roots:
        raise NotFoundError(f"there is no root {name} to scan", root=name)


def _require_usable(ctx: Context, asked: ScanRequest, organisation_id: str) -> None:
    """Refuse options that would spoil every row.

    Raises:
        InvalidInputError: it says which.
    """
    columns = [("column", column) for column in asked.columns.values()]
    texts = [("declared_use", asked.declared_use), ("project", asked.project), ("stratify", asked.stratify), *columns]
    for name, said in texts:
        if len(said) > LONGEST_TEXT or not said.isprintable():
            raise InvalidInputError(
                f"{name} is one line of {LONGEST_TEXT} characters at most", field=name, longest=LONGEST_TEXT
            )
    declared_use(asked.declared_use, use_kind(asked.kind))
    require_rate(ctx, asked.target_fpir)
    unknown = sorted(set(asked.columns) - set(FIELDS))
    if unknown:
        raise SourceError(f"no column stands for {', '.join(unknown)}: {', '.join(FIELDS)} do", fields=unknown)
    require_known(ctx, organisation_id, _moment(ctx, asked))


def require_rate(ctx: Context, target_fpir: float | None) -> float:
    """Answer the rate of chance matches that a scan works at: the one in force, or a lower one that was asked for.

    A higher one would put findings on record that two operators have not agreed to.

    Raises:
        InvalidInputError: it is no rate, or a higher one; figures ``target_fpir`` and ``in_force``.
    """
    in_force = settings_in_force(ctx)[1].target_fpir
    if target_fpir is None:
        return in_force
    if not 0 < target_fpir <= in_force:
        raise InvalidInputError(
            f"the rate of chance matches is above 0, and at most {in_force:g}, which is in force",
            field="target_fpir",
            target_fpir=target_fpir,
            in_force=in_force,
        )
    return target_fpir


def _moment(ctx: Context, asked: ScanRequest) -> datetime:
    return moment_of(asked.as_of, ctx.clock())


def _require_room(session: Session, organisation_id: str) -> None:
    """Refuse one scan more than may be open.

    Raises:
        ConflictError: figures ``open`` and ``most``.
    """
    opened = scans.count_open(session, organisation_id)
    if opened >= MOST_OPEN:
        raise ConflictError(
            f"{opened} scans of this organisation wait or run already, {MOST_OPEN} may: let some end, or cancel them",
            open=opened,
            most=MOST_OPEN,
        )
