"""Scans: an organisation files the report of one, or has the registry's workers make one."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response
from werkzeug.datastructures import FileStorage

from api.answers import answer
from api.headers import entity_tag
from api.idempotency import idempotent
from api.paging import PageQuery, page
from api.rate_limits import spends
from api.rates import Budget
from api.schemas.scans import (
    EstimateOut,
    EstimateQuery,
    NewScan,
    ScanOut,
    ScanPage,
    ScanPath,
    ScanRootOut,
    ScanRootPage,
)
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.errors import NotFoundError
from registry.scanning import foreseen, receiving, serving
from registry.scanning.reported import LARGEST_REPORT
from registry.services import scans
from registry.store.scans import Scan

resource = new_resource("scans", "Batches of recordings that were searched: a training set, a catalogue.")


def _replay(_arguments: Mapping[str, Any], kept: Mapping[str, Any]) -> Response | None:
    """Answer how the scan that the first request made stands now; None when nothing was made, or it is gone."""
    if "id" not in kept:
        return None
    try:
        return _answer(scans.get_scan(context(), principal(), str(kept["id"])), HTTPStatus.OK)
    except NotFoundError:
        return None


@resource.post("/scans", responses={200: ScanOut, 201: ScanOut, 202: ScanOut})
@spends(Budget.SCANS)
@idempotent(_replay)
def submit_scan(form: NewScan) -> Response:
    """File the report of a scan that was made with a gallery file, or ask for a scan that the registry's workers run.

    With `report` and `findings` the answer is 201, or 200 where the same report was filed before, and the findings are
    there. With `root` it is 202: the scan is queued, and `Location` says where to look.
    """
    if form.report is None or form.findings is None:
        return _answer(serving.request_scan(context(), principal(), form.request()), HTTPStatus.ACCEPTED)
    received = receiving.receive_scan(
        context(),
        principal(),
        report=_content(form.report, LARGEST_REPORT),
        findings=_content(form.findings, receiving.LARGEST_FINDINGS),
    )
    return _answer(received.scan, HTTPStatus.OK if received.again else HTTPStatus.CREATED)


@resource.get("/scan-roots", responses={200: ScanRootPage})
def list_scan_roots() -> Response:
    """List the roots that may be named in a request for a scan."""
    found = [ScanRootOut(name=root.name) for root in serving.roots_for(context(), principal())]
    return answer(ScanRootPage(items=found, next_cursor=None))


@resource.get("/scan-estimate", responses={200: EstimateOut})
@spends(Budget.SCANS)
def estimate_scan(query: EstimateQuery) -> Response:
    """Say what a scan would come to before it is asked for: files, hours, and how many matches chance alone may bring.

    The source is listed and the headers of some files are read; nothing is heard, and nothing is kept.
    """
    return answer(EstimateOut.of(foreseen.foresee(context(), principal(), query.request())))


@resource.get("/scans", responses={200: ScanPage})
def list_scans(query: PageQuery) -> Response:
    """List scans, newest first: those of one's own organisation, or all of them for an operator."""
    found = scans.list_scans(context(), principal(), after=query.after(IdPrefix.SCAN), limit=query.limit + 1)
    return page(found, query, ScanPage, ScanOut.of)


@resource.get("/scans/<id:scan_id>", responses={200: ScanOut})
def get_scan(path: ScanPath) -> Response:
    """Answer one scan."""
    return _answer(scans.get_scan(context(), principal(), path.scan_id), HTTPStatus.OK)


def _content(file: FileStorage, most: int) -> bytes:
    """Read a file as far as it is looked at: one byte more than is taken tells that it is too large."""
    return file.stream.read(most + 1)


def _answer(scan: Scan, status: HTTPStatus) -> Response:
    return answer(ScanOut.of(scan), status, tag=entity_tag(scan.version), location=f"/v1/scans/{scan.id}")
