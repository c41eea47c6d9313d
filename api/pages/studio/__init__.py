"""A studio's pages."""

from __future__ import annotations

from api.pages.studio import (  # noqa: F401  (each puts its pages onto its blueprint)
    approvals,
    checks,
    clearances,
    drafting,
    gallery_files,
    licence_steps,
    licence_versions,
    licences,
    money,
    payments,
    sending,
    sharing,
    sources,
    usage_reports,
)
