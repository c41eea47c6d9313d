"""Every table, imported, so that the metadata is whole: for migrations and for the first connection."""

from __future__ import annotations

from registry.store import accounts, checks, consents, enrolments, idempotency, journal, licences, performers, work
from registry.store.base import Base

metadata = Base.metadata

__all__ = [
    "accounts",
    "checks",
    "consents",
    "enrolments",
    "idempotency",
    "journal",
    "licences",
    "metadata",
    "performers",
    "work",
]
