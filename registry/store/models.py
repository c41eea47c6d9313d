"""Every table, imported, so that the metadata is whole: for migrations and for the first connection."""

from __future__ import annotations

from registry.store import (
    accounts,
    approaches,
    approvals,
    attestations,
    checks,
    clearances,
    consents,
    enrolments,
    gallery_files,
    idempotency,
    journal,
    ledger,
    licence_versions,
    licences,
    payments,
    performers,
    retention,
    signing_keys,
    spoken_statements,
    strikes,
    usage,
    work,
    workers,
)
from registry.store.base import Base

metadata = Base.metadata

__all__ = [
    "accounts",
    "approaches",
    "approvals",
    "attestations",
    "checks",
    "clearances",
    "consents",
    "enrolments",
    "gallery_files",
    "idempotency",
    "journal",
    "ledger",
    "licence_versions",
    "licences",
    "metadata",
    "payments",
    "performers",
    "retention",
    "signing_keys",
    "spoken_statements",
    "strikes",
    "usage",
    "work",
    "workers",
]
