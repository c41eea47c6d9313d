"""Gallery files on record, as if they had been issued: sealing one takes an engine, which HTTP has not."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from house import Caller, House
from joserfc.jwk import OKPKey

from registry.domain.gallery_files import FileState, SearchPurpose
from registry.domain.ids import IdPrefix
from registry.store.consents import consents_of
from registry.store.gallery_files import GalleryEntry, GalleryFile


def issued(house: House, studio: Caller, performer_id: str, content: bytes | None = None) -> tuple[str, str]:
    """Put a file on record, and who is in it; with content, on offer as well. Answer both ids."""
    now = house.ctx.clock().replace(microsecond=0)
    file_id = house.ctx.ids.new(IdPrefix.GALLERY_FILE, now)
    entry_id = house.ctx.ids.new(IdPrefix.GALLERY_ENTRY, now)
    with house.ctx.database.write() as session:
        signed = consents_of(session, [performer_id])
        consent = [c for c in signed if c.purpose.value == "monitoring" and c.state.value == "active"][-1]
        session.add(
            GalleryFile(
                id=file_id,
                organisation_id=studio.organisation_id,
                purpose=SearchPurpose.CATALOGUE,
                state=FileState.DELIVERED,
                key_thumbprint=OKPKey.generate_key("X25519").thumbprint(),
                told=["monitoring.en.studios-1"],
                spaces=["s"],
                calibration="c",
                performers=1,
                sealed_sha256=hashlib.sha256(file_id.encode()).hexdigest(),
                status_interval_s=3600,
                issued_by=house.operator.account_id,
                issued_at=now,
                expires_at=now + timedelta(days=1),
                offered_bytes=None if content is None else len(content),
            )
        )
        session.flush()
        session.add(GalleryEntry(id=entry_id, file_id=file_id, performer_id=performer_id, consent_id=consent.id))
        session.commit()
    if content is not None:
        house.ctx.spool.put(file_id, content)
    return file_id, entry_id
