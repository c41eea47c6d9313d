"""Signed documents of one token: receipts, clearances and their status, licences, gallery files and theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from registry.domain.reading import Node
from registry.errors import InvalidInputError, SignatureInvalidError
from registry.interchange import clearances, gallery_files, receipts, signed_licences
from registry.interchange.clearances import ClearanceStatus, ClearanceToken
from registry.interchange.gallery_files import GalleryManifest, GalleryStatus
from registry.interchange.receipts import read_receipt
from registry.reports.model import REPORT_TYPE
from registry.scanning.served_marks import TYPE as SCAN_MARKS_TYPE
from registry.scanning.signing import REPORT_TYPE as SCAN_REPORT_TYPE
from registry.services.context import Context
from registry.services.licence_versions import verify_signed_licence
from registry.vault.signing import PublicKeys, verify
from registry.verifying.answers import Fact, FileKind, Looked, SignatureStanding, SigningKey

Facts = tuple[tuple[Fact, str], ...]

KINDS: Final[Mapping[str, FileKind]] = {
    receipts.RECEIPT_TYPE: FileKind.RECEIPT,
    clearances.TOKEN_TYPE: FileKind.CLEARANCE,
    clearances.STATUS_TYPE: FileKind.CLEARANCE_STATUS,
    signed_licences.TOKEN_TYPE: FileKind.LICENCE,
    gallery_files.MANIFEST_TYPE: FileKind.GALLERY_FILE,
    gallery_files.STATUS_TYPE: FileKind.GALLERY_STATUS,
    REPORT_TYPE: FileKind.REPORT,
    SCAN_REPORT_TYPE: FileKind.SCAN_REPORT,
    SCAN_MARKS_TYPE: FileKind.SCAN_MARKS,
}
"""What a token is, by the type in its header."""


def look_at_token(ctx: Context, token: str, header: Mapping[str, Any]) -> Looked:
    """Say what a token is, and whether a key of this registry signed it.

    Args:
        ctx: what verbs work with.
        token: compact JWS.
        header: of it; nothing of it is believed, but for which kind of document to hold it to.
    """
    typ = str(header.get("typ"))
    kind = KINDS[typ]
    keys = dict(ctx.keys.signing_keys())
    key = key_of(ctx, str(header.get("kid")))
    try:
        facts = _READ[kind](token, keys, typ)
    except SignatureInvalidError as error:
        is_other = error.figures.get("step") == "key"
        return Looked(
            kind,
            SignatureStanding.OTHER_KEY if is_other else SignatureStanding.DOES_NOT_HOLD,
            key=key,
            flaws=(error.detail,),
        )
    except InvalidInputError as error:
        return Looked(kind, SignatureStanding.DOES_NOT_HOLD, key=key, flaws=(error.detail,))
    return Looked(kind, SignatureStanding.HOLDS, key=key, facts=facts)


def key_of(ctx: Context, key_id: str) -> SigningKey:
    """Answer a key by its id, with the time in which it signed here, where it is one of this registry's."""
    period = ctx.keys.validity().get(key_id)
    shown = key_id[:100]
    return SigningKey(shown) if period is None else SigningKey(shown, period.since, period.until)


# --- what each says --------------------------------------------------------------------------------------------------


def _receipt(token: str, keys: PublicKeys, typ: str) -> Facts:
    read = read_receipt(verify(token, keys, typ=typ))
    purpose = read.purpose
    return (
        (Fact.ABOUT, read.principal_id),
        (Fact.DECISION, f"{purpose['decision']}: {purpose['purpose']}, {purpose['modality']}"),
        (Fact.STATE, read.state),
        (Fact.GIVEN_AT, read.issued_at),
        (Fact.REGISTRY, str(read.controller.get("party_name", ""))),
    )


def _clearance(token: str, keys: PublicKeys, typ: str) -> Facts:
    read = ClearanceToken.of_claims(verify(token, keys, typ=typ))
    return (
        (Fact.ABOUT, read.wanted.performer_id),
        (Fact.FOR, read.studio_id),
        (Fact.LICENCE, f"{read.licence_id}, {read.licence_version}"),
        (Fact.GIVEN_AT, _moment(read.given_at)),
        (Fact.ENDS_AT, _moment(read.expires_at)),
    )


def _clearance_status(token: str, keys: PublicKeys, typ: str) -> Facts:
    read = ClearanceStatus.of_claims(verify(token, keys, typ=typ))
    said = (f"{name}: {standing.value}" for name, (standing, _reason) in read.standings.items())
    return ((Fact.FOR, read.studio_id), (Fact.GIVEN_AT, _moment(read.given_at)), (Fact.STATE, _some(said)))


def _licence(token: str, keys: PublicKeys, typ: str) -> Facts:
    del typ
    read = verify_signed_licence(token, keys)
    agreement = read.licence.agreement
    return (
        (Fact.LICENCE, str(agreement.get("licence_id", ""))),
        (Fact.ABOUT, str(agreement.get("performer_id", ""))),
        (Fact.FOR, str(agreement.get("studio_id", ""))),
        (Fact.SIGNED_WITH_KEY, _some(side.value for side in read.by_key)),
        (Fact.SIGNED_BY_WORD, _some(side.value for side in read.by_word)),
        (Fact.NOT_SIGNED, _some(side.value for side in read.missing)),
        (Fact.GIVEN_AT, _moment(read.licence.issued_at)),
    )


def _gallery_file(token: str, keys: PublicKeys, typ: str) -> Facts:
    read = GalleryManifest.of_claims(verify(token, keys, typ=typ))
    return (
        (Fact.FOR, read.organisation_id),
        (Fact.PERFORMERS, str(read.performers)),
        (Fact.GIVEN_AT, _moment(read.issued_at)),
        (Fact.ENDS_AT, _moment(read.expires_at)),
        (Fact.SHA256, read.sealed_sha256),
    )


def _gallery_status(token: str, keys: PublicKeys, typ: str) -> Facts:
    read = GalleryStatus.of_claims(verify(token, keys, typ=typ))
    said = (f"{name}: {stands.standing.value}" for name, stands in read.files.items())
    return ((Fact.FOR, read.organisation_id), (Fact.GIVEN_AT, _moment(read.given_at)), (Fact.STATE, _some(said)))


def _scan_marks(token: str, keys: PublicKeys, typ: str) -> Facts:
    read = Node(verify(token, keys, typ=typ))
    scan, sample = read.member("scan"), read.member("sample")
    return (
        (Fact.ABOUT, f"{scan.member('id').text()}, {sample.member('id').text()}"),
        (Fact.FOR, scan.member("organisation_id").text()),
        (Fact.ROWS, str(len(list(read.member("rows").items())))),
        (Fact.GIVEN_AT, read.member("as_of").text()),
    )


_READ: Final[Mapping[FileKind, Callable[[str, PublicKeys, str], Facts]]] = {
    FileKind.RECEIPT: _receipt,
    FileKind.CLEARANCE: _clearance,
    FileKind.CLEARANCE_STATUS: _clearance_status,
    FileKind.LICENCE: _licence,
    FileKind.GALLERY_FILE: _gallery_file,
    FileKind.GALLERY_STATUS: _gallery_status,
    FileKind.SCAN_MARKS: _scan_marks,
}

_MOST_SAID: Final = 20


def _some(said: Iterable[str]) -> str:
    """Join words; of very many the first, and that there are more."""
    held = list(said)
    return ", ".join(held[:_MOST_SAID]) + (", …" if len(held) > _MOST_SAID else "")


def _moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
