"""Performers: who is protected, and how sure the registry is that they are who they say."""

from __future__ import annotations

from enum import StrEnum


class IdentityAssurance(StrEnum):
    """How a performer's identity was established. It is shown wherever the performer's claims are."""

    SELF_DECLARED = "self_declared"
    REPRESENTATIVE_VOUCHED = "representative_vouched"
    UNION_VOUCHED = "union_vouched"
    DOCUMENT_CHECKED = "document_checked"
