"""Identifiers: a prefix that says what a thing is, and 26 characters that sort by the time it was made.

The body is a ULID (https://github.com/ulid/spec): 48 bits of milliseconds and 80 random bits in Crockford's base 32,
so that ids made later sort after ids made earlier, and nobody guesses one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_BODY_LENGTH = 26
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
RandomBytes = Callable[[int], bytes]


class IdPrefix(StrEnum):
    """What an id names."""

    ORGANISATION = "org"
    ACCOUNT = "acc"
    TOKEN = "tok"  # noqa: S105  (a prefix, not a secret)
    SIGN_IN_LINK = "slnk"
    SESSION = "ses"
    IDENTITY = "idt"
    PERFORMER = "perf"
    REPRESENTATIVE = "rep"
    EXPLANATION = "expl"
    CONSENT = "cons"
    SPOKEN_STATEMENT = "spok"
    TOMBSTONE = "tomb"
    ENROLMENT = "enr"
    VOICEPRINT = "vp"
    GALLERY_FILE = "gal"
    GALLERY_ENTRY = "gent"
    LICENCE = "lic"
    LICENCE_HOLD = "hold"
    SIGNING_KEY = "skey"
    STRIKE = "strk"
    CLEARANCE = "clr"
    APPROVAL = "appr"
    APPROACH = "apch"
    ATTESTATION = "att"
    UNSEALING = "uns"
    PROPOSAL = "prop"
    LEDGER_ENTRY = "ent"
    USAGE_LINE = "use"
    USAGE_REPORT = "rpt"
    PAYMENT = "pay"
    CHECK = "chk"
    FINDING = "find"
    SHARED_SOUND = "snd"
    SCAN = "scan"
    SCAN_ROW = "srow"
    SCAN_SAMPLE = "ssmp"
    SCAN_MARK = "smrk"
    REVIEW = "rev"
    CASE = "case"
    CASE_PAPER = "cpap"
    CASE_PROPOSAL = "cprp"
    CASE_PAUSE = "cpau"
    NOTICE = "ntc"
    PUBLIC_FIGURE = "pubf"
    STAY_DOWN_ENTRY = "sdn"
    MISUSE_STRIKE = "mstr"
    MISUSE_LIMIT = "mlim"
    CASE_ANALYSIS = "anl"
    CASE_COHORT = "ccoh"
    COHORT_AGREEMENT = "coha"
    ISSUED_REPORT = "isr"
    WEBHOOK = "hook"
    WEBHOOK_MESSAGE = "msg"
    KEY_DESTRUCTION = "dest"
    DESTRUCTION_CERTIFICATE = "cert"
    PURGE = "purg"
    COSIGNATURE = "csig"
    BACKUP = "bak"
    RESTORATION = "rst"
    WORK = "work"
    WORKER = "wkr"


@dataclass(frozen=True, slots=True)
class IdFactory:
    """Makes ids from a moment and randomness that are passed in.

    Args:
        random_bytes: answers that many random bytes (`os.urandom` in production).
    """

    random_bytes: RandomBytes

    def new(self, prefix: IdPrefix, now: datetime) -> str:
        """Answer a new id such as ``perf_01jd…`` for the moment ``now`` (aware)."""
        value = ((now - _EPOCH) // _MILLISECOND << 80) | int.from_bytes(self.random_bytes(10), "big")
        body = "".join(_ALPHABET[(value >> shift) & 31] for shift in range(5 * (_BODY_LENGTH - 1), -1, -5))
        return f"{prefix.value}_{body}"


def is_id(text: str, prefix: IdPrefix) -> bool:
    """Whether ``text`` has the form of an id of this kind (it says nothing of whether the thing exists)."""
    head, _, body = text.partition("_")
    return head == prefix.value and len(body) == _BODY_LENGTH and all(c in _ALPHABET for c in body)


def made_at(text: str) -> datetime | None:
    """Answer the moment, to the millisecond, at which an id was made; None when ``text`` is not the form of an id."""
    head, _, body = text.rpartition("_")
    if not head or len(body) != _BODY_LENGTH or any(c not in _ALPHABET for c in body):
        return None
    value = 0
    for character in body:
        value = value << 5 | _ALPHABET.index(character)
    return datetime.fromtimestamp((value >> 80) / 1000, tz=UTC)
