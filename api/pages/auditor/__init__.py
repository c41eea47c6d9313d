"""An auditor's pages: scans, what came of them, and what changed from one to another."""

from __future__ import annotations

from api.pages.auditor import (  # noqa: F401  (each puts its pages onto its blueprint)
    results,
    samples,
    scan_requests,
    scan_rows,
    scans,
)
