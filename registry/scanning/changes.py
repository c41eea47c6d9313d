"""How two scans may differ, and why: the words of a comparison."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Change(StrEnum):
    """How a later scan differs about one performer in one recording, or about a recording."""

    NEW = "new"  # flagged now, and not before
    RESOLVED = "resolved"  # flagged before, and not now
    CHANGED = "changed"  # another outcome, verdict or error, flagged both times or neither


class Cause(StrEnum):
    """Why it may differ. Several may hold; nothing tells which of them alone would have done it."""

    INPUT_ADDED = "input_added"
    INPUT_REMOVED = "input_removed"
    CONTENT_CHANGED = "content_changed"  # other bytes under the same name
    NOT_READ_BEFORE = "not_read_before"  # left out, or it failed
    NOT_READ_NOW = "not_read_now"
    GALLERY = "gallery"
    ENGINE = "engine"
    CALIBRATION = "calibration"
    TARGET_RATE = "target_rate"
    DECLARED = "declared"  # another declared use, project or licence claim
    LICENCES = "licences"  # the evidence is the same, what policy says of it is not
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Said:
    """What a scan says of one performer in one recording, or of the recording as a whole.

    Attributes:
        outcome: of the evidence, or the slug of an error, or ``not_scanned``.
        verdict: on it, or empty.
        log10_lr: of the performer, or None.
        flagged: whether it is a match that nothing covers.
    """

    outcome: str
    verdict: str
    log10_lr: float | None = None
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that changed.

    Attributes:
        change: of what kind.
        name: of the input, as the later scan has it where both do.
        sha256: of its bytes, or empty.
        performer: whom it is about, or empty for the recording as a whole.
        before, now: what was said; None where nothing was.
        causes: why it may be so; never empty.
    """

    change: Change
    name: str
    sha256: str
    performer: str
    before: Said | None
    now: Said | None
    causes: tuple[Cause, ...]
