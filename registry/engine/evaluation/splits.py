"""A development split and a reporting split of people, by a rule that needs no list.

Who tunes on somebody's recordings must not report figures on them. The rule: the first four bytes of the SHA-256 of
``likeness-evaluate:`` and the person's label, as a big-endian number; even is development, odd is reporting. The prefix
keeps this split independent of any other that hashes the same labels.

Only the searches are split. Everybody enrolled stays in the gallery, so that both splits are searches of the same one.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum

RULE = "sha256('likeness-evaluate:' + label)[:4], big-endian: even is development, odd is reporting"


class Split(StrEnum):
    """Whose searches count."""

    DEVELOPMENT = "development"
    REPORTING = "reporting"
    ALL = "all"

    def has(self, label: str) -> bool:
        """Whether a person's searches count."""
        return self is Split.ALL or split_of(label) is self


def split_of(label: str) -> Split:
    """Answer the split that a person belongs to."""
    digest = hashlib.sha256(f"likeness-evaluate:{label}".encode()).digest()
    return Split.REPORTING if int.from_bytes(digest[:4], "big") % 2 else Split.DEVELOPMENT
