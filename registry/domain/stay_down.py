"""Stay-down: the recordings that a served notice was about, told again by hashes of their content.

An exact hash tells the very file. A fingerprint (`registry.media.fingerprints`) tells the same recording after it was
encoded again, or cut. Neither tells a voice: whoever says the same words again, or another's words in the same voice,
is not found. What is found is an answer of its own in a check; it is no finding about anybody, and changes no verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from registry.domain.scores import Reason

MOST_BIT_ERRORS: Final = 0.20
"""Share of differing bits up to which two blocks of fingerprints are of the same recording: docs/notices.md has how
many of the same, and of different, recordings are under it."""


class HashKind(StrEnum):
    """By what a recording was told again. The list only grows."""

    EXACT = "exact"
    PERCEPTUAL = "perceptual"


class EntryEnding(StrEnum):
    """Why an entry is looked for no more. The list only grows."""

    PUT_BACK = "put_back"
    CASE_REOPENED = "case_reopened"
    WITHDRAWN = "withdrawn"
    BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class Hit:
    """That a recording is one that a served notice was about.

    Attributes:
        entry_id: of the entry.
        notice_id: that it rests on; shown to whoever may know of it.
        kind: by what it was told.
        bit_error_rate: of the nearest block; 0 for the very file.
        at_s, entry_at_s, compared_s: where that block begins, in what was submitted and in the entry, and how long it
            is; None for the very file.
    """

    entry_id: str
    notice_id: str
    kind: HashKind
    bit_error_rate: float
    at_s: float | None = None
    entry_at_s: float | None = None
    compared_s: float | None = None

    def as_json(self) -> dict[str, object]:
        """Answer it as it is stored."""
        return {
            "entry_id": self.entry_id,
            "notice_id": self.notice_id,
            "kind": self.kind.value,
            "bit_error_rate": self.bit_error_rate,
            "at_s": self.at_s,
            "entry_at_s": self.entry_at_s,
            "compared_s": self.compared_s,
        }

    @classmethod
    def of_json(cls, stored: dict[str, Any]) -> Hit:
        """Read what `as_json` wrote."""
        return cls(**stored | {"kind": HashKind(stored["kind"])})


def reason_of(hits: int) -> Reason:
    """Answer the reason that a check carries for what was told again in it."""
    return Reason(
        "stay_down",
        f"the recording is one that {hits} served {'notice is' if hits == 1 else 'notices are'} about, by its content; "
        "that says nothing of whose voice it is",
        {"entries": hits},
    )
