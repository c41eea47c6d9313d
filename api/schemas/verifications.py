"""What is said of a file that anybody brings."""

from __future__ import annotations

from typing import Self

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Form, Moment, Sha256
from api.schemas.examples import Example
from api.uploads import File
from registry.verifying.answers import Fact, FileKind, InJournal, Looked, SignatureStanding

_EXAMPLE: Example = {
    "kind": "clearance",
    "standing": "holds",
    "journal": "not_named",
    "sha256": examples.DIGEST,
    "key": {"id": "sig-1", "since": examples.NOW, "until": None},
    "facts": [{"name": "about", "value": examples.PERFORMER}],
    "flaws": [],
}


class NewVerification(Form):
    """A file to be looked at. It is not kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"file": "(any file)"}]})

    file: File = Field(description="At most 8,000,000 bytes.")


class VerifiedKeyOut(Answer):
    """The key that signed."""

    id: str
    since: Moment | None = Field(description="From when it was the one that signs here; null where it is not known.")
    until: Moment | None = Field(description="Until when; null where it still is, or it is not known.")


class VerifiedFactOut(Answer):
    """Something that the file says. It counts only where the signature holds."""

    name: Fact
    value: str


class VerificationOut(Answer):
    """What a file is, and whether it holds. Whether what it says is still so, it does not say."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    kind: FileKind
    standing: SignatureStanding = Field(
        description="`holds`: by a key of this registry; `holds_by_its_own_key`: unchanged, and whose key it is, is "
        "not proven; `other_key`: of another registry, or nobody's; `on_record`: no signature, and the very same is "
        "known here."
    )
    journal: InJournal
    sha256: Sha256 = Field(description="Of the bytes that were looked at.")
    key: VerifiedKeyOut | None
    facts: list[VerifiedFactOut]
    flaws: list[str] = Field(description="What is wrong, in sentences.")

    @classmethod
    def of(cls, looked: Looked) -> Self:
        """Describe what was found."""
        key = looked.key
        return cls(
            kind=looked.kind,
            standing=looked.standing,
            journal=looked.journal,
            sha256=looked.sha256,
            key=None if key is None else VerifiedKeyOut(id=key.id, since=key.since, until=key.until),
            facts=[VerifiedFactOut(name=name, value=value) for name, value in looked.facts],
            flaws=list(looked.flaws),
        )
