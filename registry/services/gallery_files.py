"""Gallery files: issued to an organisation that searches its recordings where they are, and asked about afterwards.

Who may be in one: whoever consents to monitoring, by a yes that rests on a text of the operator's own which tells that
a studio may get the voiceprint, sealed. The texts that come with the registry say the opposite.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from joserfc.jwk import OKPKey
from sqlalchemy.orm import Session

from registry.domain.accounts import OrganisationKind, Principal, Scope
from registry.domain.consents import Consent, ConsentPurpose, Modality, consent_in_force
from registry.domain.events import EventType
from registry.domain.gallery_files import (
    Entry,
    FileState,
    SearchPurpose,
    require_term,
    require_told_elsewhere,
    was_told,
)
from registry.domain.ids import IdPrefix
from registry.errors import (
    ConflictError,
    DuplicateError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    RegistryError,
)
from registry.interchange.gallery_files import FORM, MANIFEST_TYPE, GalleryManifest
from registry.services.context import Context
from registry.services.gallery import SearchedIn, shelves_of
from registry.services.gallery_delivery import Whole, deliver
from registry.services.unit import unit_of_work
from registry.store import enrolments, gallery_files, performers
from registry.store.accounts import Organisation
from registry.store.gallery_files import GalleryFile
from registry.store.parts import in_parts
from registry.vault.gallery_seal import GallerySealer, Rows
from registry.vault.signing import registry_id, sign

_ATTEMPTS = 5
"""How often a file is made anew when somebody in it decides otherwise meanwhile."""


@dataclass(frozen=True, slots=True)
class FileAsked:
    """The file that is wanted.

    Attributes:
        organisation_id: who will search with it: a studio or an auditor.
        purpose: for what.
        expires_at: until when at the latest.
        status_interval: for how long a word about it counts.
        told: ids of the operator's own texts that tell a performer that a studio may get their voiceprint, sealed.
        recipient: the organisation's public key.
        offer: whether the registry keeps a copy, sealed as it is, for the organisation to fetch.
    """

    organisation_id: str
    purpose: SearchPurpose
    expires_at: datetime
    status_interval: timedelta
    told: frozenset[str]
    recipient: OKPKey
    offer: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was issued.

    Attributes:
        manifest: what it says of itself.
        not_told: performers who consent to be searched, but not by a text that tells of such files.
        left_out: who should be in it and cannot be, with the reason.
        offered: whether its organisation can fetch it.
    """

    manifest: GalleryManifest
    not_told: int
    left_out: Mapping[str, RegistryError]
    offered: bool


# --- issuing ---------------------------------------------------------------------------------------------------------


def export_gallery(
    ctx: Context, principal: Principal, asked: FileAsked, out: Path | None, *, where: SearchedIn, calibration: str
) -> Exported:
    """Issue a gallery file.

    1. Who may be in it is read, and sealed in a file without a name (beside ``out``, if it is to be there), in one
       snapshot of the database.
    2. Everybody in it is locked and looked at again; where somebody has decided otherwise meanwhile, all of it begins
       anew.
    3. The file, and who is in it under which id, is written down as prepared: the commit point. From here on its
       organisation is told of as a holder.
    4. The file gets its manifest. A copy goes where its organisation can fetch it, if it is on offer; the file gets its
       name, if it is wanted at a place.
    5. It is written down as delivered. What a crash leaves between 3 and 5 is void as soon as a word about it does not
       count any more, and swept by `registry.services.gallery_delivery.void_undelivered`.

    Args:
        asked: what is wanted.
        out: where the file is to be; there must be none. None where it is only on offer.
        where: the spaces that are searched in, and what projects vectors in each.
        calibration: id of the calibration that these belong to.

    Raises:
        ForbiddenError: the caller does not run the registry.
        NotFoundError: there is no such organisation.
        InvalidInputError: it cannot have such a file; nobody may be in it; ``out`` cannot be written; it is neither to
            be at a place nor on offer.
        DuplicateError: there is a file at ``out``.
        ConflictError: the key is another organisation's, or consents change faster than they can be read.
    """
    _require_operator(principal)
    require_told_elsewhere(asked.told)
    if out is None and not asked.offer:
        raise InvalidInputError("say where the file is to be, or offer it to its organisation, or both")
    if out is not None and out.exists():
        raise DuplicateError(f"there is a file at {out} already; it is never overwritten")
    for _ in range(_ATTEMPTS):
        with _told_of(out), TemporaryFile(dir=out and out.parent) as part:
            draft = _seal(ctx, asked, where, part)
            manifest = _manifest(ctx, asked, draft, where, calibration)
            head = FORM + sign(ctx.keys, manifest.claims(), typ=MANIFEST_TYPE).encode() + b"\n"
            whole = Whole(manifest.file_id, head, part, draft.sealed_bytes)
            if _write_down(ctx, principal, asked, draft, manifest, offered_bytes=whole.size if asked.offer else None):
                offered = deliver(ctx, principal.account_id, whole, out, offer=asked.offer)
                return Exported(manifest, draft.not_told, draft.left_out, offered)
    raise ConflictError("consents were changed each time while the file was made; try again")


def _require_operator(principal: Principal) -> None:
    principal.require(Scope.PERFORMERS_READ)
    if not principal.is_operator:
        raise ForbiddenError("only an operator issues gallery files", role=principal.role.value)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A sealed part that was written, and what it rests on."""

    file_id: str
    issued_at: datetime
    entries: Sequence[Entry]
    sealed_sha256: str
    sealed_bytes: int
    not_told: int
    left_out: Mapping[str, RegistryError]


def _seal(ctx: Context, asked: FileAsked, where: SearchedIn, part: IO[bytes]) -> _Draft:
    """Write the sealed part.

    The ids are drawn at random, and the file is in their order: neither they nor their places say who somebody is.
    """
    now = ctx.clock().replace(microsecond=0)
    require_term(now, asked.expires_at.replace(microsecond=0), asked.status_interval)
    file_id = ctx.ids.new(IdPrefix.GALLERY_FILE, now)
    dimensions = _dimensions(where)
    sealer = GallerySealer(file_id, dimensions, asked.recipient, ctx.random_bytes)
    digest = hashlib.sha256()

    def write(content: bytes) -> None:
        digest.update(content)
        part.write(content)

    with ctx.database.read() as session:
        _require_recipient(session, asked)
        may_be, not_told = _who_may_be_in_it(session, asked.told, now)
        drawn = sorted(
            (Entry(ctx.ids.new(IdPrefix.GALLERY_ENTRY, now), name, consent) for name, consent in may_be.items()),
            key=lambda entry: entry.id,
        )
        by_performer = {entry.performer_id: entry for entry in drawn}
        entries, left_out = list[Entry](), dict[str, RegistryError]()
        held_back: Rows | None = None
        write(sealer.head)
        for shelves in shelves_of(ctx, session, list(by_performer), where):
            left_out |= shelves.left_out
            inside = [by_performer[performer_id] for performer_id in shelves.performer_ids]
            order = sorted(range(len(inside)), key=lambda number: inside[number].id)
            if not order:
                continue
            if held_back is not None:
                write(sealer.chunk(held_back, last=False))
            means = {where.spaces[encoder].id: rows[order] for encoder, rows in shelves.means.items()}
            held_back = Rows([inside[number].id for number in order], means)
            entries += [inside[number] for number in order]
        if held_back is None:
            raise InvalidInputError(
                f"nobody may be in this file: {not_told} consent to be searched, but not by one of "
                f"{', '.join(sorted(asked.told))}",
                not_told=not_told,
            )
        write(sealer.chunk(held_back, last=True))
    part.flush()
    return _Draft(file_id, now, entries, digest.hexdigest(), part.tell(), not_told, left_out)


def _dimensions(where: SearchedIn) -> dict[str, int]:
    return {space.id: space.dimension for space in where.spaces.values()}


def _require_recipient(session: Session, asked: FileAsked) -> None:
    """Refuse an organisation that does not search recordings of its own, and a key that is another's."""
    organisation = session.get(Organisation, asked.organisation_id)
    if organisation is None:
        raise NotFoundError("there is no such organisation")
    if organisation.kind is OrganisationKind.OPERATOR:
        raise InvalidInputError("a gallery file is for a studio or an auditor", kind=organisation.kind.value)
    others = gallery_files.organisations_with_key(session, asked.recipient.thumbprint()) - {organisation.id}
    if others:
        raise ConflictError(f"files were issued for this key to {', '.join(sorted(others))}; each has a key of its own")


def _who_may_be_in_it(session: Session, told: frozenset[str], now: datetime) -> tuple[dict[str, str], int]:
    """Answer the consent that each performer who may be in it gave, and how many others consent to be searched."""
    may_be: dict[str, str] = {}
    not_told = 0
    for some in in_parts(performers.key_holders(session, Modality.VOICE)):
        in_force = _in_force(enrolments.monitoring_decisions(session, some), now)
        explained = gallery_files.explained_for(session, list(in_force.values()))
        allowed = {name: each for name, each in in_force.items() if was_told(explained.get(each, ()), told)}
        may_be |= allowed
        not_told += len(in_force) - len(allowed)
    return may_be, not_told


def _in_force(signed: Mapping[str, Sequence[Consent]], now: datetime) -> dict[str, str]:
    found = {
        performer_id: consent_in_force(own, ConsentPurpose.MONITORING, Modality.VOICE, now)
        for performer_id, own in signed.items()
    }
    return {performer_id: consent.id for performer_id, consent in found.items() if consent is not None}


def _manifest(ctx: Context, asked: FileAsked, draft: _Draft, where: SearchedIn, calibration: str) -> GalleryManifest:
    return GalleryManifest(
        file_id=draft.file_id,
        registry_id=registry_id(ctx.keys),
        organisation_id=asked.organisation_id,
        purpose=asked.purpose,
        key_thumbprint=asked.recipient.thumbprint(),
        issued_at=draft.issued_at,
        expires_at=asked.expires_at.replace(microsecond=0),
        status_interval=asked.status_interval,
        dimensions=_dimensions(where),
        calibration=calibration,
        performers=len(draft.entries),
        sealed_sha256=draft.sealed_sha256,
    )


def _write_down(
    ctx: Context,
    principal: Principal,
    asked: FileAsked,
    draft: _Draft,
    manifest: GalleryManifest,
    *,
    offered_bytes: int | None,
) -> bool:
    """Put a file on record as prepared; answer False, and write nothing, where it does not hold any more."""
    rests_on = {entry.performer_id: entry.consent_id for entry in draft.entries}
    with unit_of_work(ctx) as unit:
        performers.lock_performers(unit.session, list(rests_on))
        if _decided(unit.session, list(rests_on), unit.now) != rests_on:
            return False
        unit.session.add(
            GalleryFile(
                id=manifest.file_id,
                organisation_id=manifest.organisation_id,
                purpose=manifest.purpose,
                state=FileState.PREPARED,
                key_thumbprint=manifest.key_thumbprint,
                told=sorted(asked.told),
                spaces=list(manifest.dimensions),
                calibration=manifest.calibration,
                performers=manifest.performers,
                sealed_sha256=manifest.sealed_sha256,
                status_interval_s=int(manifest.status_interval.total_seconds()),
                issued_by=principal.account_id,
                issued_at=manifest.issued_at,
                expires_at=manifest.expires_at,
                offered_bytes=offered_bytes,
            )
        )
        unit.session.flush()
        gallery_files.add_entries(
            unit.session,
            [
                {"id": e.id, "file_id": draft.file_id, "performer_id": e.performer_id, "consent_id": e.consent_id}
                for e in draft.entries
            ],
        )
        unit.record(
            EventType.GALLERY_FILE_ISSUED,
            manifest.file_id,
            principal.account_id,
            organisation_id=manifest.organisation_id,
            purpose=manifest.purpose.value,
            performers=manifest.performers,
            told=" ".join(sorted(asked.told)),
            key_thumbprint=manifest.key_thumbprint,
            sealed_sha256=manifest.sealed_sha256,
            offered=asked.offer,
        )
        unit.commit()
    return True


def _decided(session: Session, performer_ids: Sequence[str], now: datetime) -> dict[str, str]:
    """Answer the consent to monitoring that is in force of each of some performers."""
    found: dict[str, str] = {}
    for some in in_parts(performer_ids):
        found |= _in_force(enrolments.monitoring_decisions(session, some), now)
    return found


@contextmanager
def _told_of(out: Path | None) -> Iterator[None]:
    """Say of what cannot be written which file it would have been.

    Raises:
        InvalidInputError: figure ``path``.
    """
    try:
        yield
    except OSError as error:
        where = "the file" if out is None else str(out)
        raise InvalidInputError(f"{where} cannot be written: {error.strerror}", path=where) from error
