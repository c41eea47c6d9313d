"""Checking a report offline: the signature, the proof that it was issued, and that it agrees with itself.

Nothing is asked of anybody, and nothing is repaired. What does not hold is named (`FlawKind`), with where it stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from registry.domain.events import EventType
from registry.domain.reading import parse_json
from registry.errors import InvalidInputError, OpeningMismatchError, ProofInvalidError, SignatureInvalidError
from registry.journal.checkpoint import Checkpoint, open_checkpoint
from registry.journal.leaf import Opening, leaf_hash, verify_opening
from registry.journal.merkle import verify_inclusion
from registry.journal.note import KeyKind, VerifierKey, read_note
from registry.reports.consistency import contradictions
from registry.reports.envelope import Envelope, Proof, read_envelope, read_proof
from registry.reports.model import REPORT_TYPE, CaseReport, Report, read_report
from registry.vault.signing import PublicKeys, canonical, raw_public_key, read_jwks, verify

ISSUED: Final = {"case": EventType.CASE_REPORT_ISSUED, "check": EventType.CHECK_REPORT_ISSUED}
"""The leaf that says that a report was issued, by its kind."""


class FlawKind(StrEnum):
    """What does not hold. The list only grows."""

    SIGNATURE = "signature"  # the signature does not hold over what is signed
    KEY = "key"  # it is signed with none of the keys that were given
    SHOWN = "shown"  # what stands beside the signature is not what is signed
    DOCUMENT = "document"  # what is signed is no report that is read here
    PROOF = "proof"  # there is no proof of the form that is read here
    LEAF = "leaf"  # the leaf does not say that this report was issued
    INCLUSION = "inclusion"  # the leaf is not shown to be in the journal of the checkpoint
    CHECKPOINT = "checkpoint"  # the checkpoint is not the registry's
    INCONSISTENT = "inconsistent"  # parts of the report contradict each other


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that does not hold: what, where as a JSON pointer or a name, and a sentence."""

    kind: FlawKind
    where: str
    detail: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What checking a report came to.

    Attributes:
        flaws: everything that does not hold; none in a report that does.
        report: what it says; None where no signature holds over one.
        sha256: of the canonical document; empty where no signature holds.
        key_id: of the key that signed; empty as well.
        trusted: whether that is one of the keys that were given, rather than of those in the file itself.
        checkpoint: under which the issue is shown to be; None where it is not.
        issued_at: the moment of the leaf; empty where there is none that fits.
    """

    flaws: tuple[Flaw, ...]
    report: Report | None = None
    sha256: str = ""
    key_id: str = ""
    trusted: bool = False
    checkpoint: Checkpoint | None = None
    issued_at: str = ""

    @property
    def holds(self) -> bool:
        """Whether everything does."""
        return not self.flaws


def check_report(content: bytes, keys: PublicKeys | None = None) -> Checked:
    """Check a file that holds a report.

    1. The signature holds, by one of the keys that were given, or without any by one of those in the file; the type is
       that of a report.
    2. What the file shows is what is signed.
    3. What is signed is a report of the version that is known here.
    4. The proof's leaf is opened by its salt and details, and says that this very report was issued, of this subject.
    5. The leaf is in the tree of the checkpoint.
    6. The checkpoint is signed by one of the same keys, under the name of the journal that the report names.
    7. The report agrees with itself: `registry.reports.consistency` says in what.

    Without a signature that holds nothing else is looked at.

    Args:
        content: of the file.
        keys: that somebody vouches for; None to take those in the file, which shows that nothing was changed and leaves
            open whose keys they are.

    Raises:
        InvalidInputError: it is no file of the two forms.
    """
    envelope = read_envelope(content)
    try:
        used = keys if keys is not None else _own_keys(envelope)
        signed = verify(envelope.jws, used, typ=REPORT_TYPE)
    except SignatureInvalidError as error:
        kind = FlawKind.KEY if error.figures.get("step") == "key" else FlawKind.SIGNATURE
        return Checked((Flaw(kind, "jws", error.detail),))
    return _Check(envelope, signed, used, trusted=keys is not None).made()


def _own_keys(envelope: Envelope) -> PublicKeys:
    try:
        return read_jwks(canonical(envelope.jwks))
    except InvalidInputError as error:
        raise SignatureInvalidError(f"the file holds no key of the registry: {error.detail}", step="key") from error


class _Check:
    """One look at a report whose signature holds."""

    def __init__(self, envelope: Envelope, signed: Mapping[str, Any], keys: PublicKeys, *, trusted: bool) -> None:
        self._envelope, self._signed, self._keys, self._trusted = envelope, signed, keys, trusted
        self._flaws: list[Flaw] = []
        self._sha256 = hashlib.sha256(canonical(signed)).hexdigest()

    def made(self) -> Checked:
        if self._envelope.shown != self._signed:
            where = next(_differing(self._envelope.shown, self._signed, "#"), "#")
            self._flaw(FlawKind.SHOWN, where, f"what the file shows at {where} is not what is signed")
        report, checkpoint, issued_at = self._read(), None, ""
        if report is not None:
            checkpoint, issued_at = self._proven(report)
            self._flaws += [Flaw(FlawKind.INCONSISTENT, *each) for each in contradictions(report)]
        return Checked(
            flaws=tuple(self._flaws),
            report=report,
            sha256=self._sha256,
            key_id=_key_id(self._envelope.jws),
            trusted=self._trusted,
            checkpoint=checkpoint,
            issued_at=issued_at,
        )

    def _flaw(self, kind: FlawKind, where: str, detail: str) -> None:
        self._flaws.append(Flaw(kind, where, detail))

    def _read(self) -> Report | None:
        try:
            return read_report(self._signed)
        except InvalidInputError as error:
            self._flaw(FlawKind.DOCUMENT, str(error.figures.get("pointer", "#")), error.detail)
            return None

    # --- the proof ---------------------------------------------------------------------------------------------------

    def _proven(self, report: Report) -> tuple[Checkpoint | None, str]:
        """Look at every part of the proof; answer the checkpoint where all of it holds, and the moment of the leaf."""
        try:
            proof = read_proof(self._envelope.proof)
        except InvalidInputError as error:
            self._flaw(FlawKind.PROOF, "proof", error.detail)
            return None, ""
        before = len(self._flaws)
        issued_at = self._leaf(proof, report)
        checkpoint = self._checkpoint(proof, report)
        if checkpoint is not None:
            self._inclusion(proof, checkpoint)
        return (checkpoint if len(self._flaws) == before else None), issued_at

    def _leaf(self, proof: Proof, report: Report) -> str:
        for where, detail in _leaf_flaws(proof, report, self._sha256):
            self._flaw(FlawKind.LEAF, f"proof/{where}", detail)
        try:
            return str(parse_json(proof.leaf)["at"])
        except (ValueError, KeyError, TypeError):
            return ""

    def _checkpoint(self, proof: Proof, report: Report) -> Checkpoint | None:
        name = report.registry.journal
        named = [VerifierKey(name, KeyKind.NOTE, raw_public_key(key)) for key in self._keys.values()]
        try:
            return open_checkpoint(read_note(proof.checkpoint), named)
        except (SignatureInvalidError, ValueError) as error:
            self._flaw(FlawKind.CHECKPOINT, "proof/checkpoint", f"the checkpoint is not the registry's: {error}")
            return None

    def _inclusion(self, proof: Proof, checkpoint: Checkpoint) -> None:
        try:
            path = [bytes.fromhex(each) for each in proof.path]
            leaf = leaf_hash(proof.leaf.encode())
            verify_inclusion(leaf, proof.seq - 1, checkpoint.size, path, checkpoint.root)
        except (ProofInvalidError, ValueError) as error:
            self._flaw(FlawKind.INCLUSION, "proof/path", f"the leaf is not shown to be in the journal: {error}")


def _leaf_flaws(proof: Proof, report: Report, sha256: str) -> Iterator[tuple[str, str]]:
    try:
        verify_opening(proof.leaf.encode(), Opening(bytes.fromhex(proof.salt), proof.details))
    except (OpeningMismatchError, InvalidInputError, ValueError, TypeError) as error:
        yield "leaf", f"salt and details do not open the leaf: {error}"
        return
    leaf = parse_json(proof.leaf)
    expected = {"type": ISSUED[report.kind].value, "subject": proof.report_id}
    for name, value in expected.items():
        if leaf.get(name) != value:
            yield f"leaf/{name}", f"the leaf has the {name} {leaf.get(name)}, not {value}"
    subject = "case_id" if isinstance(report, CaseReport) else "check_id"
    committed = {"report_sha256": sha256, subject: report.subject_id}
    for name, value in committed.items():
        if proof.details.get(name) != value:
            yield f"details/{name}", f"the leaf is of another {name}: {proof.details.get(name)}, not {value}"


def _key_id(token: str) -> str:
    from joserfc import jws

    return str(jws.extract_compact(token.encode()).headers().get("kid"))


def _differing(one: object, other: object, pointer: str) -> Iterator[str]:
    """Answer where two JSON values differ, first place first."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in sorted({*one, *other}):
            yield from _differing(one.get(name), other.get(name), f"{pointer}/{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _differing(left, right, f"{pointer}/{number}")
    elif one != other or isinstance(one, bool) is not isinstance(other, bool):
        yield pointer
