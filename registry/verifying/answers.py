"""What is said of a file that somebody brought: what it is, whether its signature holds, and what it does not say."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum


class FileKind(StrEnum):
    """What a file is."""

    RECEIPT = "receipt"
    CLEARANCE = "clearance"
    CLEARANCE_STATUS = "clearance_status"
    LICENCE = "licence"
    GALLERY_FILE = "gallery_file"
    GALLERY_STATUS = "gallery_status"
    REPORT = "report"
    SCAN_REPORT = "scan_report"
    SCAN_MARKS = "scan_marks"
    CHECKPOINT = "checkpoint"
    INCLUSION = "inclusion"
    CERTIFICATE = "certificate"
    UNKNOWN = "unknown"


class SignatureStanding(StrEnum):
    """What was found of its signature."""

    HOLDS = "holds"  # by a key of this registry
    HOLDS_BY_ITS_OWN_KEY = "holds_by_its_own_key"  # nothing was changed; whose key it is, the file does not prove
    OTHER_KEY = "other_key"  # signed by a key that is not of this registry
    DOES_NOT_HOLD = "does_not_hold"  # something is not as it was signed
    ON_RECORD = "on_record"  # it carries no signature; this registry has the very same on record
    UNREADABLE = "unreadable"  # nothing that a registry signs, or not whole


class InJournal(StrEnum):
    """What the journal has to do with it."""

    SHOWN = "shown"  # a proof in the file holds, and this registry's journal goes on from there
    NOT_SHOWN = "not_shown"  # the file names a place in a journal, and it is not in this one
    ELSEWHERE = "elsewhere"  # the file names the journal of another registry
    NOT_NAMED = "not_named"  # the file names no place in a journal


class Fact(StrEnum):
    """What a file says, by name."""

    ABOUT = "about"
    FOR = "for"
    GIVEN_AT = "given_at"
    ENDS_AT = "ends_at"
    STATE = "state"
    DECISION = "decision"
    LICENCE = "licence"
    PERFORMERS = "performers"
    ROWS = "rows"
    FLAGGED = "flagged"
    LEAVES = "leaves"
    WITNESSES = "witnesses"
    RECORDS = "records"
    SIGNED_WITH_KEY = "signed_with_key"
    SIGNED_BY_WORD = "signed_by_word"
    NOT_SIGNED = "not_signed"
    SHA256 = "sha256"
    REGISTRY = "registry"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The key that signed.

    Attributes:
        id: as the file names it.
        since, until: when it was the one that signed here; None where that is not known, or it still is.
    """

    id: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """What is said of a file.

    Attributes:
        kind: what it is.
        standing: of its signature.
        journal: what the journal has to do with it.
        sha256: of the bytes that were looked at.
        key: that signed; None where none is known.
        facts: what the file says, which counts only where the signature holds.
        flaws: what is wrong, in sentences.
    """

    kind: FileKind
    standing: SignatureStanding
    sha256: str = ""
    journal: InJournal = InJournal.NOT_NAMED
    key: SigningKey | None = None
    facts: tuple[tuple[Fact, str], ...] = ()
    flaws: tuple[str, ...] = field(default=())

    def of(self, sha256: str) -> Looked:
        """Answer the same with the digest of the file; what is no Unicode in it, as JSON may have, is escaped."""
        key = None if self.key is None else replace(self.key, id=_shown(self.key.id))
        facts = tuple((name, _shown(value)) for name, value in self.facts)
        return replace(self, sha256=sha256, key=key, facts=facts, flaws=tuple(map(_shown, self.flaws)))


def _shown(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
