"""Clearance tokens and status answers: what is signed, and how somebody without a database reads it.

Both are JSON claims with the names of RFC 7519 where it has one: ``jti`` (the clearance), ``sub`` (the performer),
``aud`` (the studio), ``iat`` and ``exp`` in whole seconds. What is permitted is the use in the token and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from registry.domain.approvals import Beyond
from registry.domain.clearance_status import ClearanceStanding, Freshness, freshness
from registry.domain.clearances import WantedUse
from registry.domain.scores import Reason
from registry.domain.uses_document import use_json, use_of_json
from registry.errors import InvalidInputError
from registry.interchange.claims import moment, require_version, seconds

TOKEN_TYPE = "likeness-clearance+jwt"  # noqa: S105  (the type of a document)
STATUS_TYPE = "likeness-clearance-status+jwt"
VERSION = 1


@dataclass(frozen=True, slots=True)
class ClearanceToken:
    """What a token says.

    Attributes:
        clearance_id, studio_id: of the clearance and of whom it was given to.
        wanted: whose voice, and the use that is permitted.
        licence_id, licence_version, terms_sha256: what it rests on.
        given_at, expires_at: from when, and until when at the latest. Whole seconds.
        status_interval: for how long an answer about it counts.
        approval_id: the approval that it has used up, or None.
    """

    clearance_id: str
    studio_id: str
    wanted: WantedUse
    licence_id: str
    licence_version: int
    terms_sha256: str
    given_at: datetime
    expires_at: datetime
    status_interval: timedelta
    approval_id: str | None = None

    def claims(self) -> dict[str, Any]:
        """Answer the claims that are signed."""
        return {
            "ver": VERSION,
            "jti": self.clearance_id,
            "aud": self.studio_id,
            "sub": self.wanted.performer_id,
            "use": use_json(self.wanted.use),
            "beyond": sorted(self.wanted.beyond),
            "licence": {"id": self.licence_id, "version": self.licence_version, "terms_sha256": self.terms_sha256},
            "approval": self.approval_id,
            "iat": seconds(self.given_at),
            "exp": seconds(self.expires_at),
            "status_interval": int(self.status_interval.total_seconds()),
        }

    @classmethod
    def of_claims(cls, claims: Mapping[str, Any]) -> ClearanceToken:
        """Read claims whose signature was checked.

        Raises:
            InvalidInputError: of a newer version, or something is missing.
        """
        require_version(claims, VERSION)
        try:
            licence = claims["licence"]
            return cls(
                clearance_id=str(claims["jti"]),
                studio_id=str(claims["aud"]),
                wanted=WantedUse(
                    str(claims["sub"]), use_of_json(claims["use"]), frozenset(Beyond(each) for each in claims["beyond"])
                ),
                licence_id=str(licence["id"]),
                licence_version=int(licence["version"]),
                terms_sha256=str(licence["terms_sha256"]),
                given_at=moment(claims["iat"]),
                expires_at=moment(claims["exp"]),
                status_interval=timedelta(seconds=int(claims["status_interval"])),
                approval_id=None if claims["approval"] is None else str(claims["approval"]),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise InvalidInputError(f"this clearance cannot be read: {error}") from error


@dataclass(frozen=True, slots=True)
class ClearanceStatus:
    """What an answer about some clearances says.

    Attributes:
        studio_id: of whom it was given to.
        given_at: when. Whole seconds.
        standings: of each clearance by id: how it stands, and the code and sentence of why.
    """

    studio_id: str
    given_at: datetime
    standings: Mapping[str, tuple[ClearanceStanding, Reason]]

    def claims(self) -> dict[str, Any]:
        """Answer the claims that are signed; the figures of the reasons are left to the unsigned answer."""
        return {
            "ver": VERSION,
            "aud": self.studio_id,
            "iat": seconds(self.given_at),
            "clearances": {
                clearance_id: {"standing": standing.value, "code": reason.code, "detail": reason.detail}
                for clearance_id, (standing, reason) in self.standings.items()
            },
        }

    @classmethod
    def of_claims(cls, claims: Mapping[str, Any]) -> ClearanceStatus:
        """Read claims whose signature was checked.

        Raises:
            InvalidInputError: of a newer version, or something is missing.
        """
        require_version(claims, VERSION)
        try:
            standings = {
                str(clearance_id): (ClearanceStanding(said["standing"]), Reason.of_json(said))
                for clearance_id, said in claims["clearances"].items()
            }
            return cls(str(claims["aud"]), moment(claims["iat"]), standings)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise InvalidInputError(f"this status cannot be read: {error}") from error


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Whether a token may be acted on, and every reason that was looked at, the decisive one last."""

    accepted: bool
    reasons: tuple[Reason, ...]


def accept(
    token: ClearanceToken,
    statuses: Iterable[ClearanceStatus],
    *,
    now: datetime,
    skew: timedelta = timedelta(0),
) -> Acceptance:
    """Say whether a token may be acted on, without asking the registry.

    1. It has begun, and has not ended by itself.
    2. The last word of the registry about it is the token itself, or the newest status that names it for its studio;
       of two of the same second, the one that does not let it hold.
    3. That word is not older than the token's status interval.
    4. That word says that it holds.

    Args:
        token: whose signature was checked.
        statuses: whose signatures were checked; those for others, or about other clearances, are left aside.
        now: the moment of the question.
        skew: how far the clock may be off; see `registry.domain.clearance_status.freshness`.
    """
    if now >= token.expires_at:
        at = token.expires_at.isoformat()
        return _no(Reason("clearance_expired", f"the clearance ended at {at}", {"expired_at": at}))
    about = [s for s in statuses if s.studio_id == token.studio_id and token.clearance_id in s.standings]
    last = max(about, key=lambda status: (status.given_at, not _holds(status, token)), default=None)
    fresh = _freshness(token, last, now, skew)
    if not fresh.fresh:
        return _no(fresh.reason)
    if last is None:
        return Acceptance(accepted=True, reasons=(fresh.reason, _GIVEN))
    standing, reason = last.standings[token.clearance_id]
    return Acceptance(accepted=standing is ClearanceStanding.HOLDS, reasons=(fresh.reason, reason))


def _holds(status: ClearanceStatus, token: ClearanceToken) -> bool:
    return status.standings[token.clearance_id][0] is ClearanceStanding.HOLDS


def _freshness(token: ClearanceToken, last: ClearanceStatus | None, now: datetime, skew: timedelta) -> Freshness:
    heard_at = token.given_at if last is None else last.given_at
    return freshness(heard_at, token.status_interval, now=now, skew=skew)


def _no(reason: Reason) -> Acceptance:
    return Acceptance(accepted=False, reasons=(reason,))


_GIVEN = Reason("clearance_given", "it was given within the status interval, and nothing was heard of it since")
