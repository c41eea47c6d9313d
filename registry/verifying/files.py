"""Looking at a file that anybody brings: nothing of it is kept, and nothing in it is believed before it is checked.

1. It is no larger than what is looked at, so that nobody makes this machine read for long.
2. What it is follows from its form alone: a gallery file, a token, a signed note, or JSON that holds one of these.
3. It is held to the keys of this registry; a report of a scan to the key that it carries, as there is no other.
4. What it says of a journal is held to the journal of this registry.

Nothing is unpacked, fetched, or run.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from threading import BoundedSemaphore
from typing import Any, Final

from registry.domain.ids import IdPrefix, is_id
from registry.domain.reading import parse_json
from registry.errors import InvalidInputError, SignatureInvalidError
from registry.interchange.gallery_files import FORM
from registry.reports.verify import Checked, FlawKind, check_report
from registry.scanning.signing import REPORT_TYPE as SCAN_REPORT_TYPE
from registry.scanning.signing import open_claims
from registry.services.context import Context
from registry.store.retention import DestructionCertificate
from registry.verifying.answers import Fact, FileKind, InJournal, Looked, SignatureStanding, SigningKey
from registry.verifying.journals import is_ours, look_at_checkpoint, look_at_inclusion
from registry.verifying.tokens import KINDS, key_of, look_at_token

LARGEST: Final = 8_000_000
"""Bytes of a file that is looked at. A larger one is checked with the command line, on a machine of one's own."""

_AT_ONCE: Final = BoundedSemaphore(2)
"""Files that one process looks at together: of one that is made to, what is read takes some thirty times its size."""

_COMPACT: Final = re.compile(r"[\w-]{10,}\.[\w-]+\.[\w-]+", re.ASCII)
_TOKENS: Final = ("jws", "token", "signed", "receipt", "licence", "signed_licence", "status")
"""Members of answers over HTTP in which a signed text stands."""
_LONGEST_LINE: Final = 1_000_000
_UNREADABLE: Final = Looked(FileKind.UNKNOWN, SignatureStanding.UNREADABLE)


def look_at(ctx: Context, content: bytes) -> Looked:
    """Say what a file is, and whether it holds. Nothing of it is kept.

    Raises:
        InvalidInputError: it is too large to be looked at; figure ``most``.
    """
    if len(content) > LARGEST:
        raise InvalidInputError(f"of a file, {LARGEST} bytes are looked at at most", most=LARGEST)
    try:
        with _AT_ONCE:
            found = _gallery_file(ctx, content) if content.startswith(FORM) else _text(ctx, content)
    except RecursionError:  # JSON may be nested deeper than what writes and compares it follows
        found = _UNREADABLE
    return found.of(hashlib.sha256(content).hexdigest())


def _gallery_file(ctx: Context, content: bytes) -> Looked:
    """Look at the manifest in front of a gallery file, and whether what is sealed behind it is what it says."""
    line, _, sealed = content.removeprefix(FORM)[:_LONGEST_LINE].partition(b"\n")
    found = _token(ctx, line.decode("ascii", errors="replace"))
    if found is None or found.kind is not FileKind.GALLERY_FILE:
        return Looked(FileKind.GALLERY_FILE, SignatureStanding.UNREADABLE)
    said = dict(found.facts).get(Fact.SHA256)
    behind = content[len(FORM) + len(line) + 1 :] if sealed or said else b""
    if found.standing is SignatureStanding.HOLDS and hashlib.sha256(behind).hexdigest() != said:
        flaw = "what is sealed behind the manifest is not what the manifest names: the file is cut off, or was changed"
        return Looked(
            FileKind.GALLERY_FILE, SignatureStanding.DOES_NOT_HOLD, key=found.key, facts=found.facts, flaws=(flaw,)
        )
    return found


def _text(ctx: Context, content: bytes) -> Looked:
    try:
        text = content.decode("utf-8").strip()
    except UnicodeDecodeError:
        return _UNREADABLE
    if text.startswith("{"):
        return _json(ctx, content)
    if _COMPACT.fullmatch(text):
        return _token(ctx, text) or _UNREADABLE
    if "\n\n\N{EM DASH} " in text:
        return look_at_checkpoint(ctx, f"{text}\n")
    return _UNREADABLE


def _json(ctx: Context, content: bytes) -> Looked:
    try:
        held: Mapping[str, Any] = parse_json(content)
    except ValueError:
        return _UNREADABLE
    for members, look in _FORMS:
        if members <= held.keys():
            return look(ctx, content, held)
    return _token_within(ctx, held)


def _token_within(ctx: Context, held: Mapping[str, Any]) -> Looked:
    """Look at the signed text in an answer over HTTP. What else the answer shows is not looked at."""
    for name in _TOKENS:
        if isinstance(held.get(name), str) and (found := _token(ctx, held[name].strip(), held)) is not None:
            return found
    return _UNREADABLE


def _token(ctx: Context, token: str, beside: Mapping[str, Any] | None = None) -> Looked | None:
    """Look at a token by the type that it says it has; None where that is none of a registry's."""
    header = _header(token)
    kind = KINDS.get(str(header.get("typ")))
    if kind is None or kind is FileKind.REPORT:
        return None if kind is None else _without_proof(ctx, token)
    if kind is FileKind.SCAN_REPORT:
        return _scan_report(token, (beside or {}).get("report"))
    looked = look_at_token(ctx, token, header)
    shown = (beside or {}).get("document") if kind is FileKind.SCAN_MARKS else None
    if shown is not None and looked.standing is SignatureStanding.HOLDS and shown != _signed(token):
        flaw = "what the file shows beside the signature is not what is signed"
        return Looked(kind, SignatureStanding.DOES_NOT_HOLD, key=looked.key, flaws=(flaw,))
    return looked


def _signed(token: str) -> object:
    """Answer what a token says whose signature holds."""
    part = token.partition(".")[2].partition(".")[0]
    return parse_json(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def _header(token: str) -> Mapping[str, Any]:
    if not _COMPACT.fullmatch(token):
        return {}
    head = token.partition(".")[0][:_LONGEST_LINE]
    try:
        held = parse_json(urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except ValueError:
        return {}
    return held if isinstance(held, dict) else {}


# --- reports ---------------------------------------------------------------------------------------------------------


def _without_proof(ctx: Context, token: str) -> Looked:
    """Look at the bare token of a report: what is signed is known, and that it was issued is not shown."""
    part = token.partition(".")[2].partition(".")[0]
    try:
        shown = parse_json(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return Looked(FileKind.REPORT, SignatureStanding.UNREADABLE)
    return _report(ctx, json.dumps({"report": shown, "jws": token, "proof": None}).encode())


def _report(ctx: Context, content: bytes) -> Looked:
    """Hold a report to the keys of this registry; where none of them signed it, say whether it is as it was signed."""
    try:
        found = check_report(content, dict(ctx.keys.signing_keys()))
        if any(flaw.kind is FlawKind.KEY for flaw in found.flaws):
            return _of_another(check_report(content))
    except InvalidInputError as error:
        return Looked(FileKind.REPORT, SignatureStanding.UNREADABLE, flaws=(error.detail,))
    if found.report is None and not found.key_id:
        return Looked(FileKind.REPORT, SignatureStanding.DOES_NOT_HOLD, flaws=_flaws(found))
    where = InJournal.NOT_SHOWN if found.checkpoint is None else is_ours(ctx, found.checkpoint)
    standing = SignatureStanding.HOLDS if found.holds else SignatureStanding.DOES_NOT_HOLD
    key = key_of(ctx, found.key_id)
    return Looked(FileKind.REPORT, standing, journal=where, key=key, facts=_said(found), flaws=_flaws(found))


def _of_another(found: Checked) -> Looked:
    key = SigningKey(found.key_id[:100]) if found.key_id else None
    standing = SignatureStanding.OTHER_KEY if found.holds else SignatureStanding.DOES_NOT_HOLD
    where = InJournal.NOT_SHOWN if found.checkpoint is None else InJournal.ELSEWHERE
    return Looked(FileKind.REPORT, standing, journal=where, key=key, facts=_said(found), flaws=_flaws(found))


def _said(found: Checked) -> tuple[tuple[Fact, str], ...]:
    report = found.report
    if report is None:
        return ()
    return (
        (Fact.ABOUT, f"{report.kind} {report.subject_id}"),
        (Fact.GIVEN_AT, found.issued_at or report.as_of),
        (Fact.REGISTRY, report.registry.name or report.registry.id),
        (Fact.SHA256, found.sha256),
    )


def _flaws(found: Checked) -> tuple[str, ...]:
    return tuple(f"{flaw.where}: {flaw.detail}"[:500] for flaw in found.flaws[:20])


def _scan_report(token: str, shown: object) -> Looked:
    """Hold the report of a scan to the key that it carries. The rows and files of its folder are not here."""
    kind = FileKind.SCAN_REPORT
    try:
        opened = open_claims(token, typ=SCAN_REPORT_TYPE)
    except SignatureInvalidError as error:
        return Looked(kind, SignatureStanding.DOES_NOT_HOLD, flaws=(error.detail,))
    key = SigningKey(opened.thumbprint)
    if shown is not None and shown != opened.claims:
        flaw = "what the report shows beside the signature is not what is signed"
        return Looked(kind, SignatureStanding.DOES_NOT_HOLD, key=key, flaws=(flaw,))
    try:
        summary, plan = opened.claims["summary"], opened.claims["plan"]
        facts = (
            (Fact.ABOUT, str(plan["source"])),
            (Fact.ROWS, str(int(opened.claims["manifest"]["rows"]))),
            (Fact.FLAGGED, str(int(summary["flagged"]))),
            (Fact.PERFORMERS, str(int(plan["gallery"]["performers"]))),
            (Fact.GIVEN_AT, str(opened.claims["finished_at"])),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:  # an infinite number has no whole one
        return Looked(kind, SignatureStanding.DOES_NOT_HOLD, key=key, flaws=(f"the report lacks {error}",))
    return Looked(kind, SignatureStanding.HOLDS_BY_ITS_OWN_KEY, key=key, facts=facts)


# --- the journal -----------------------------------------------------------------------------------------------------


def _inclusion(ctx: Context, held: Mapping[str, Any]) -> Looked:
    note = held["checkpoint"].get("note") if isinstance(held["checkpoint"], dict) else held["checkpoint"]
    leaf, index, path = held["leaf_sha256"], held["leaf_index"], held["path"]
    texts = [leaf, *(path if isinstance(path, list) else [None])]
    if not isinstance(note, str) or not all(isinstance(each, str) for each in texts) or type(index) is not int:
        return Looked(FileKind.INCLUSION, SignatureStanding.UNREADABLE)
    return look_at_inclusion(ctx, leaf, index, path, note)


def _certificate(ctx: Context, held: Mapping[str, Any]) -> Looked:
    """Compare a certificate of destruction with what is on record: it carries no signature."""
    kind, named = FileKind.CERTIFICATE, str(held.get("id", ""))
    known = None
    if is_id(named, IdPrefix.DESTRUCTION_CERTIFICATE):
        with ctx.database.read() as session:
            known = session.get(DestructionCertificate, named)
    if known is None:
        flaw = "this registry has no certificate of that number"
        return Looked(kind, SignatureStanding.DOES_NOT_HOLD, flaws=(flaw,))
    members = ("rule", "schedule_sha256", "records", "commitment")
    differing = [name for name in members if held.get(name) != getattr(known, name)]
    differing += [name for name in ("cutoff", "destroyed_at") if _moment(held.get(name)) != getattr(known, name)]
    if differing:
        flaw = f"it differs from what is on record in {', '.join(differing)}"
        return Looked(kind, SignatureStanding.DOES_NOT_HOLD, flaws=(flaw,))
    facts = ((Fact.ABOUT, known.rule), (Fact.RECORDS, str(known.records)), (Fact.GIVEN_AT, str(held["destroyed_at"])))
    return Looked(kind, SignatureStanding.ON_RECORD, facts=facts)


def _moment(written: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(written))
    except ValueError:
        return None


# --- forms -----------------------------------------------------------------------------------------------------------


def _noted(ctx: Context, held: Mapping[str, Any]) -> Looked:
    note = held["note"]
    return look_at_checkpoint(ctx, note) if isinstance(note, str) else _UNREADABLE


_FORMS: Final[Sequence[tuple[frozenset[str], Callable[[Context, bytes, Mapping[str, Any]], Looked]]]] = (
    (frozenset({"payload", "protected", "signature"}), lambda ctx, content, _held: _report(ctx, content)),
    (frozenset({"report", "proof"}), lambda ctx, content, _held: _report(ctx, content)),
    (frozenset({"leaf_sha256", "leaf_index", "path", "checkpoint"}), lambda ctx, _content, held: _inclusion(ctx, held)),
    (frozenset({"note"}), lambda ctx, _content, held: _noted(ctx, held)),
    (frozenset({"rule", "commitment", "destroyed_at"}), lambda ctx, _content, held: _certificate(ctx, held)),
)
"""What JSON is told by, and who looks at it."""
