"""Samples of a scan: rows for persons to hear, what they say of them, and how often the engine is wrong by that."""

from __future__ import annotations

from flask import Response

from api.answers import answer
from api.document import depends_on_state
from api.idempotency import idempotent
from api.paging import PageQuery, page
from api.schemas.scan_samples import (
    MarksOut,
    NewMarks,
    SamplePage,
    SampleQuery,
    ScanSampleOut,
    ScanSamplePage,
    SignedMarksOut,
)
from api.schemas.scans import ScanPath
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.scanning.served_marks import (
    LARGEST,
    TYPE,
    document_of,
    mark_list,
    samples_of,
    standing_of,
)
from registry.scanning.served_sample import sample_of
from registry.vault.signing import public_jwks, sign

resource = new_resource("scan-samples", "Rows of a scan for persons to hear, and what they say of them.")


@resource.get("/scans/<id:scan_id>/sample", responses={200: SamplePage})
@depends_on_state
def draw_scan_sample(path: ScanPath, query: SampleQuery) -> Response:
    """Draw rows to be heard by a person: from each stratum its share. The same seed draws the same rows again."""
    drawn = sample_of(context(), principal(), path.scan_id, query.wanted())
    return answer(SamplePage.of(drawn, standing_of(context(), principal(), path.scan_id, query.wanted()).own))


@resource.get("/scans/<id:scan_id>/samples", responses={200: ScanSamplePage})
def list_scan_samples(path: ScanPath, query: PageQuery) -> Response:
    """List the samples of which somebody has marked a row, newest first."""
    after = query.after(IdPrefix.SCAN_SAMPLE)
    found = samples_of(context(), principal(), path.scan_id, after=after, limit=query.limit + 1)
    return page(found, query, ScanSamplePage, ScanSampleOut.of)


@resource.get("/scans/<id:scan_id>/marks", responses={200: MarksOut})
@depends_on_state
def get_scan_marks(path: ScanPath, query: SampleQuery) -> Response:
    """Say how a sample stands: how often what was found is wrong, and how far those who marked it agree."""
    return answer(MarksOut.of(standing_of(context(), principal(), path.scan_id, query.wanted())))


@resource.get("/scans/<id:scan_id>/marks/signed", responses={200: SignedMarksOut})
@depends_on_state
def get_signed_scan_marks(path: ScanPath, query: SampleQuery) -> Response:
    """Answer all that is on record of a sample, signed: to be shown to somebody who has no access here."""
    document = document_of(context(), principal(), path.scan_id, query.wanted())
    keys = context().keys
    signed = {"jws": sign(keys, document, typ=TYPE), "document": document, "jwks": public_jwks(keys)}
    return answer(SignedMarksOut.model_validate(signed))


@resource.post("/scans/<id:scan_id>/marks", responses={200: MarksOut})
@idempotent()
def mark_scan_rows(path: ScanPath, form: NewMarks) -> Response:
    """Keep what a person says of rows of a sample. A later mark takes the place of an earlier one; both are kept."""
    content = form.marks.stream.read(LARGEST + 1)
    return answer(MarksOut.of(mark_list(context(), principal(), path.scan_id, form.wanted(), content)))
