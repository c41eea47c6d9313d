"""The journal: checkpoints, proofs, leaves, and what opens them."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Body, Moment, Page, Path, Query, Sha256, omissible
from api.schemas.examples import Example
from registry.domain.events import Detail
from registry.journal.note import MOST_BYTES
from registry.services.journal import JournalFacts, SignedCheckpoint
from registry.services.journal_proofs import ConsistencyProof, InclusionProof
from registry.store.journal import JournalEntry, OpenedLeaf

_ORIGIN = "likeness-registry/kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
_NOTE = (
    f"{_ORIGIN}\n2\n+sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU=\n\n"
    f"— {_ORIGIN} x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
_CHECKPOINT: Example = {
    "size": 2,
    "root_sha256": "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "signed_at": examples.NOW,
    "note": _NOTE,
    "witnesses": [],
}
_HASH: Example = {"seq": 1, "leaf_sha256": examples.DIGEST}
_LEAF = (
    f'{{"actor":"{examples.ACCOUNT}","at":"2026-03-02T09:30:00.000000Z","details_sha256":"{examples.DIGEST}",'
    f'"subject":"{examples.PERFORMER}","type":"performer.registered","version":1}}'
)
_ENTRY: Example = {
    "seq": 1,
    "type": "performer.registered",
    "subject_id": examples.PERFORMER,
    "at": examples.NOW,
    "leaf": _LEAF,
    "leaf_sha256": examples.DIGEST,
}
_SEQ = "Number of the leaf, from 1; its index in the tree is one less."


class JournalOut(Answer):
    """Which journal this is, and by which keys it is checked."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "origin": _ORIGIN,
                    "size": 2,
                    "restored_after": [],
                    "verifier_keys": [f"{_ORIGIN}+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"],
                    "witnesses": ["witness.example/w1+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"],
                }
            ]
        }
    )

    origin: str = Field(description="Its name, the first line of every checkpoint; the same unless it was restored.")
    size: int = Field(description="How many leaves it has at this moment.")
    restored_after: list[int] = Field(
        description="How many leaves it had each time that it was restored from a backup; one of the next says so."
    )
    verifier_keys: list[str] = Field(description="Keys of checkpoints (`name+id+base64`), the current one last.")
    witnesses: list[str] = Field(description="Keys of those whose cosignatures are kept.")

    @classmethod
    def of(cls, facts: JournalFacts) -> JournalOut:
        """Describe the journal."""
        return cls(
            origin=facts.origin,
            size=facts.size,
            restored_after=list(facts.restored_after),
            verifier_keys=[str(key) for key in facts.keys],
            witnesses=[str(key) for key in facts.witnesses],
        )


class CheckpointOut(Answer):
    """The journal at one size, signed."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CHECKPOINT]})

    size: int = Field(description="How many leaves.")
    root_sha256: Sha256
    signed_at: Moment
    note: str = Field(description="The signed note (c2sp.org/tlog-checkpoint), cosignatures included.")
    witnesses: list[str] = Field(description="Names of witnesses who cosigned it.")

    @classmethod
    def of(cls, checkpoint: SignedCheckpoint) -> CheckpointOut:
        """Describe a checkpoint."""
        return cls.model_validate(checkpoint)


class CheckpointPage(Page):
    """Checkpoints by size."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_CHECKPOINT], "next_cursor": None}]})

    items: list[CheckpointOut]


class LeafHashOut(Answer):
    """The hash of a leaf."""

    seq: int = Field(description=_SEQ)
    leaf_sha256: Sha256


class LeafHashPage(Page):
    """Hashes of leaves, in their order."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_HASH], "next_cursor": None}]})

    items: list[LeafHashOut]


class LeafOut(Answer):
    """A leaf."""

    seq: int = Field(description=_SEQ)
    type: str
    subject_id: str
    at: Moment
    leaf: str = Field(description="Its bytes: canonical JSON, with a commitment in place of the details.")
    leaf_sha256: Sha256

    @classmethod
    def of(cls, entry: JournalEntry) -> LeafOut:
        """Describe a leaf."""
        return cls(
            seq=entry.seq,
            type=entry.type,
            subject_id=entry.subject_id,
            at=entry.at,
            leaf=entry.leaf.decode(),
            leaf_sha256=entry.leaf_sha256,
        )


class LeafPage(Page):
    """Leaves, in their order."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_ENTRY], "next_cursor": None}]})

    items: list[LeafOut]


class InclusionQuery(Query):
    """Which leaf: by its hash, or by its number."""

    leaf_sha256: Sha256 | None = omissible(description="Hash of the leaf, as RFC 6962 makes it.")
    seq: int | None = omissible(ge=1, le=2**31 - 1, description=_SEQ)


class InclusionOut(Answer):
    """That a leaf is in the journal (RFC 9162, section 2.1.3)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [_HASH | {"leaf_index": 0, "path": [examples.DIGEST], "checkpoint": _CHECKPOINT}]
        }
    )

    seq: int = Field(description=_SEQ)
    leaf_index: int
    leaf_sha256: Sha256
    path: list[Sha256] = Field(description="Hashes from the leaf upwards.")
    checkpoint: CheckpointOut

    @classmethod
    def of(cls, proof: InclusionProof) -> InclusionOut:
        """Describe a proof."""
        return cls(
            seq=proof.seq,
            leaf_index=proof.seq - 1,
            leaf_sha256=proof.leaf_sha256,
            path=list(proof.path),
            checkpoint=CheckpointOut.of(proof.checkpoint),
        )


class ConsistencyQuery(Query):
    """Between which checkpoints."""

    first: int = Field(ge=0, le=2**31 - 1, description="Size of the earlier one.")
    second: int | None = omissible(ge=0, le=2**31 - 1, description="Size of the later one; the newest by default.")


class ConsistencyOut(Answer):
    """That the journal at one size is the beginning of it at another (RFC 9162, section 2.1.4)."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"first": _CHECKPOINT, "second": _CHECKPOINT, "path": []}]}
    )

    first: CheckpointOut
    second: CheckpointOut
    path: list[Sha256]

    @classmethod
    def of(cls, proof: ConsistencyProof) -> ConsistencyOut:
        """Describe a proof."""
        return cls(first=CheckpointOut.of(proof.first), second=CheckpointOut.of(proof.second), path=list(proof.path))


class NewCosignatures(Body):
    """A checkpoint with the signatures of witnesses below it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": _NOTE}]})

    note: str = Field(max_length=MOST_BYTES, description="The signed note, as the witness gave it back.")


class SubjectPath(Path):
    """Which record."""

    subject_id: str = Field(description="Id of a record of any kind.")


class OpenedLeafOut(Answer):
    """A leaf, with what opens it: SHA-256 of the salt and of the details as canonical JSON is its commitment."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [_ENTRY | {"salt": "5a" * 32, "details": {"identity_assurance": "document_checked"}}]
        }
    )

    seq: int = Field(description=_SEQ)
    type: str
    subject_id: str
    at: Moment
    leaf: str
    leaf_sha256: Sha256
    salt: str | None = Field(description="In hex; null when it was erased.")
    details: dict[str, Detail] | None = Field(description="What happened in detail; null when it was erased.")

    @classmethod
    def of(cls, opened: OpenedLeaf) -> OpenedLeafOut:
        """Describe a leaf and its opening."""
        return cls(
            seq=opened.seq,
            type=opened.type,
            subject_id=opened.subject_id,
            at=opened.at,
            leaf=opened.leaf,
            leaf_sha256=opened.leaf_sha256,
            salt=None if opened.salt is None else opened.salt.hex(),
            details=None if opened.details is None else {k: _plain(v) for k, v in opened.details.items()},
        )


def _plain(value: object) -> Detail:
    """Answer a detail as it was kept: they are text, numbers, truth values and nothing else."""
    return value if isinstance(value, str | int | float | bool) else None


class OpenedLeafPage(Page):
    """Leaves about one record, oldest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [_ENTRY | {"salt": "5a" * 32, "details": {"identity_assurance": "document_checked"}}],
                    "next_cursor": None,
                }
            ]
        }
    )

    items: list[OpenedLeafOut]
