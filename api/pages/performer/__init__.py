"""A performer's own pages, and those of whoever acts for them."""

from __future__ import annotations

from api.pages.performer import (  # noqa: F401  (each puts its pages onto its blueprint)
    acting,
    approaches,
    approvals,
    cohorts,
    consents,
    earnings,
    enrolments,
    explanations,
    exports,
    findings,
    holders,
    licence_signing,
    licences,
    performers,
    spoken,
    withdrawal,
)
