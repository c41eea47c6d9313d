"""Gallery files: what the manifest in front of one says, and what a status says of it. Both are signed JSON claims.

The names are those of RFC 7519 where it has one: ``jti`` (the file), ``iss`` (the registry), ``aud`` (whom it was
issued to), ``iat`` and ``exp`` in whole seconds. A file begins with two lines, the form and the manifest; the rest is
sealed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from registry.domain.clearance_status import freshness
from registry.domain.gallery_files import FileStanding, FileStands, SearchPurpose
from registry.domain.scores import Reason
from registry.errors import InvalidInputError
from registry.interchange.claims import moment, require_version, seconds

FORM: Final = b"likeness-gallery 1\n"
MANIFEST_TYPE: Final = "likeness-gallery+jwt"
STATUS_TYPE: Final = "likeness-gallery-status+jwt"
VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class GalleryManifest:
    """What is known of a file without opening it.

    Attributes:
        file_id: of it.
        registry_id: RFC 7638 thumbprint of the first key that the registry ever signed with.
        organisation_id: whom it was issued to.
        purpose: what they may search for with it.
        key_thumbprint: RFC 7638, of the key that opens it.
        issued_at, expires_at: from when, and until when at the latest. Whole seconds.
        status_interval: for how long a word about it counts; the issue is the first one.
        dimensions: of the vectors of each space, by its id.
        calibration: id of the calibration that the vectors were projected by, and are to be searched with.
        performers: how many are in it.
        sealed_sha256: of the sealed part.
    """

    file_id: str
    registry_id: str
    organisation_id: str
    purpose: SearchPurpose
    key_thumbprint: str
    issued_at: datetime
    expires_at: datetime
    status_interval: timedelta
    dimensions: Mapping[str, int]
    calibration: str
    performers: int
    sealed_sha256: str

    def claims(self) -> dict[str, Any]:
        """Answer the claims that are signed."""
        return {
            "ver": VERSION,
            "jti": self.file_id,
            "iss": self.registry_id,
            "aud": self.organisation_id,
            "purpose": self.purpose.value,
            "key": self.key_thumbprint,
            "iat": seconds(self.issued_at),
            "exp": seconds(self.expires_at),
            "status_interval": int(self.status_interval.total_seconds()),
            "spaces": [{"id": space, "dimension": dimension} for space, dimension in self.dimensions.items()],
            "calibration": self.calibration,
            "performers": self.performers,
            "sealed_sha256": self.sealed_sha256,
        }

    @classmethod
    def of_claims(cls, claims: Mapping[str, Any]) -> GalleryManifest:
        """Read claims whose signature was checked.

        Raises:
            InvalidInputError: of a newer version, or something is missing.
        """
        require_version(claims, VERSION)
        try:
            return cls(
                file_id=str(claims["jti"]),
                registry_id=str(claims["iss"]),
                organisation_id=str(claims["aud"]),
                purpose=SearchPurpose(claims["purpose"]),
                key_thumbprint=str(claims["key"]),
                issued_at=moment(claims["iat"]),
                expires_at=moment(claims["exp"]),
                status_interval=timedelta(seconds=int(claims["status_interval"])),
                dimensions={str(each["id"]): int(each["dimension"]) for each in claims["spaces"]},
                calibration=str(claims["calibration"]),
                performers=int(claims["performers"]),
                sealed_sha256=str(claims["sealed_sha256"]),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise InvalidInputError(f"this manifest cannot be read: {error}") from error


@dataclass(frozen=True, slots=True)
class GalleryStatus:
    """What an answer about some files says.

    Attributes:
        organisation_id: of whom they were issued to.
        given_at: when. Whole seconds.
        files: by id, how each stands.
    """

    organisation_id: str
    given_at: datetime
    files: Mapping[str, FileStands]

    def claims(self) -> dict[str, Any]:
        """Answer the claims that are signed."""
        return {
            "ver": VERSION,
            "aud": self.organisation_id,
            "iat": seconds(self.given_at),
            "files": {
                file_id: {
                    "standing": stands.standing.value,
                    "code": stands.reason.code,
                    "detail": stands.reason.detail,
                    "drop": list(stands.dropped),
                }
                for file_id, stands in self.files.items()
            },
        }

    @classmethod
    def of_claims(cls, claims: Mapping[str, Any]) -> GalleryStatus:
        """Read claims whose signature was checked.

        Raises:
            InvalidInputError: of a newer version, or something is missing.
        """
        require_version(claims, VERSION)
        try:
            files = {
                str(file_id): FileStands(
                    FileStanding(said["standing"]), Reason.of_json(said), tuple(str(each) for each in said["drop"])
                )
                for file_id, said in claims["files"].items()
            }
            return cls(str(claims["aud"]), moment(claims["iat"]), files)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise InvalidInputError(f"this status cannot be read: {error}") from error


@dataclass(frozen=True, slots=True)
class LastWord:
    """The last that the registry has said of a file.

    Attributes:
        heard_at: when.
        stands: how it stood; None where nothing was heard since the issue.
        fresh: whether that still counts.
        reason: why.
    """

    heard_at: datetime
    stands: FileStands | None
    fresh: bool
    reason: Reason


def last_word(
    manifest: GalleryManifest, statuses: Iterable[GalleryStatus], *, now: datetime, skew: timedelta = timedelta(0)
) -> LastWord:
    """Answer the last that the registry has said of a file: the issue, or the newest status that names it.

    Args:
        manifest: whose signature was checked.
        statuses: whose signatures were checked; those for others, or about other files, are left aside.
        now: the moment of the question.
        skew: how far the clock may be off; see `registry.domain.clearance_status.freshness`.
    """
    about = [s for s in statuses if s.organisation_id == manifest.organisation_id and manifest.file_id in s.files]
    # Of two of the same second, the one that does not let it hold.
    newest = max(about, key=lambda s: (s.given_at, not _holds(s.files[manifest.file_id])), default=None)
    heard_at = manifest.issued_at if newest is None else newest.given_at
    fresh = freshness(heard_at, manifest.status_interval, now=now, skew=skew)
    return LastWord(heard_at, None if newest is None else newest.files[manifest.file_id], fresh.fresh, fresh.reason)


def _holds(stands: FileStands) -> bool:
    return stands.standing is FileStanding.HOLDS
