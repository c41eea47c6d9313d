"""The file that a report is handed out as: the document, its signature, and the proof that it was issued.

Two forms hold the same. ``application/json`` shows the document beside the compact JWS that signs it;
``application/jose+json`` is a JWS in the flattened JSON form (RFC 7515, section 7.2.2), whose unprotected header has
the proof. Neither says by itself whose keys they are: the public halves go along so that a change is noticed without
asking anybody, and whoever wants to know more has the registry's keys from elsewhere.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from registry.domain.reading import parse_json
from registry.errors import InvalidInputError

JSON, JOSE_JSON = "application/json", "application/jose+json"
LARGEST: Final = 32_000_000
"""Bytes of a file that is read."""

_PROOF = "likeness_proof"
_KEYS = "jwks"


@dataclass(frozen=True, slots=True)
class Proof:
    """That a report was issued: a leaf of the journal which says so, and a signed checkpoint that the leaf is under.

    Attributes:
        report_id: of the issue, the subject of the leaf.
        seq: number of the leaf; its index in the tree is one less.
        leaf: its bytes, as text.
        salt: that opens its commitment, in hex.
        details: that it commits to: the report's digest among them.
        path: hashes from the leaf to the root (RFC 9162, section 2.1.3), in hex.
        checkpoint: the whole signed note.
    """

    report_id: str
    seq: int
    leaf: str
    salt: str
    details: Mapping[str, Any]
    path: tuple[str, ...]
    checkpoint: str

    def as_json(self) -> dict[str, Any]:
        """Answer the proof as a file has it."""
        return {
            "report_id": self.report_id,
            "seq": self.seq,
            "leaf": self.leaf,
            "salt": self.salt,
            "details": dict(self.details),
            "path": list(self.path),
            "checkpoint": self.checkpoint,
        }


@dataclass(frozen=True, slots=True)
class SignedReport:
    """A report as it is handed out.

    Attributes:
        document: what is signed.
        jws: compact, over the canonical form of it.
        jwks: the public keys of the registry (RFC 7517), old ones too.
        proof: that it was issued.
    """

    document: Mapping[str, Any]
    jws: str
    jwks: Mapping[str, Any]
    proof: Proof

    def as_json(self) -> dict[str, Any]:
        """Answer the file that shows the document."""
        return {"report": self.document, "jws": self.jws, _KEYS: dict(self.jwks), "proof": self.proof.as_json()}

    def as_jose_json(self) -> dict[str, Any]:
        """Answer the file that is a JWS of RFC 7515, section 7.2.2."""
        protected, payload, signature = self.jws.split(".")
        header = {_KEYS: dict(self.jwks), _PROOF: self.proof.as_json()}
        return {"payload": payload, "protected": protected, "header": header, "signature": signature}


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a file holds, before any of it is believed.

    Attributes:
        shown: the document that stands beside the signature; that of the payload where the file is a JWS alone.
        jws: compact.
        jwks, proof: as they stand in the file.
    """

    shown: object
    jws: str
    jwks: object
    proof: object


def read_envelope(content: bytes) -> Envelope:
    """Take a file apart. Nothing of it is checked by that.

    Raises:
        InvalidInputError: it is too large, no JSON, or none of the two forms.
    """
    if len(content) > LARGEST:
        raise InvalidInputError(f"the file has {len(content)} bytes; {LARGEST} are read at most", most=LARGEST)
    try:
        held = parse_json(content)
        return _flattened(held) if "payload" in held else _beside(held)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InvalidInputError("this is no report: neither JSON with jws and proof, nor a flattened JWS") from error


def _beside(held: Mapping[str, Any]) -> Envelope:
    if not isinstance(held["jws"], str):
        raise TypeError("jws is no text")
    return Envelope(held["report"], held["jws"], held.get(_KEYS), held.get("proof"))


def _flattened(held: Mapping[str, Any]) -> Envelope:
    parts = [held["protected"], held["payload"], held["signature"]]
    if not all(isinstance(each, str) for each in parts):
        raise TypeError("a part of the JWS is no text")
    payload = held["payload"]
    shown = parse_json(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    header = held.get("header") or {}
    return Envelope(shown, ".".join(parts), header.get(_KEYS), header.get(_PROOF))


def read_proof(proof: object) -> Proof:
    """Read the proof of a file, strictly as to its form.

    Raises:
        InvalidInputError: it is missing, or something in it is of another form.
    """
    try:
        held: Any = proof
        path, details = held["path"], held["details"]
        found = Proof(
            report_id=held["report_id"],
            seq=held["seq"],
            leaf=held["leaf"],
            salt=held["salt"],
            details=dict(details),
            path=tuple(path),
            checkpoint=held["checkpoint"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInputError("the proof lacks something, or there is none") from error
    texts = (found.report_id, found.leaf, found.salt, found.checkpoint, *found.path)
    if not all(isinstance(each, str) for each in texts) or type(found.seq) is not int:
        raise InvalidInputError("something in the proof is of another form")
    return found
