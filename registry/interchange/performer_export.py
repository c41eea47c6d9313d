"""Everything about one performer, to take along: one JSON document, or a zip of it with a table of CSV for each kind.

The format carries a tag and a version and only grows: tables and columns are added, none is taken away or changed. What
is in it is written out below, column by column, so that nothing gets in that nobody has thought about. What is not in
it, and why: voiceprints themselves (nobody gets a template that finds a person), recordings (none are kept), names of
accounts, whatever belongs to another performer, and whom the direction notes behind a synthetic voice mention.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from types import MappingProxyType

from registry.domain.ids import IdPrefix
from registry.interchange.pay_statements import plain_cell

FORMAT = "likeness-performer-export"
VERSION = 1
_ID = re.compile(rf"\b({IdPrefix.PERFORMER.value}|{IdPrefix.LICENCE.value})_[0-9a-hjkmnp-tv-z]{{26}}\b")
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest that a zip can say: the same export is the same bytes


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of record.

    Attributes:
        what: is in it, in one sentence.
        columns: in their order; one that holds a list or an object is JSON within the CSV.
    """

    what: str
    columns: tuple[str, ...]


TABLES: Mapping[str, Table] = MappingProxyType(
    {
        "performer": Table(
            "The performer, as registered.",
            ("id", "name", "identity_assurance", "adult_on", "died_on", "forgotten_at", "deleted_at", "created_at"),
        ),
        "representatives": Table(
            "Who acted for the performer, in what capacity, for what, and until when.",
            ("id", "kind", "scopes", "evidence_sha256", "created_at", "expires_at", "dismissed_at"),
        ),
        "explanations": Table(
            "What was explained: the exact text, the questions, the answers, and the copy delivered.",
            (
                *("id", "topic", "purpose", "modality", "language", "text_id", "text", "text_sha256", "questions"),
                *("answers", "explained_by", "channel", "duration_s", "read_at", "copy_method", "copy_delivered_at"),
                *("completed_at", "recorded_at"),
            ),
        ),
        "consents": Table(
            "What was decided, on which explanations, and what became of it.",
            (
                *("id", "purpose", "modality", "decision", "state", "explanation_ids", "choices", "signed_by"),
                *("signed_as", "signature_method", "signature_evidence_sha256", "signed_at", "expires_at"),
                *("withdrawn_at", "superseded_by", "recorded_at"),
            ),
        ),
        "spoken_statements": Table(
            "What was to be said aloud about a consent, and what was heard in the recording that answered it.",
            (
                *("id", "consent_id", "attempt", "state", "language", "text", "text_sha256", "scope_sha256", "number"),
                *("issued_at", "expires_at", "received_at", "content_sha256", "recording", "outcome", "log10_lr"),
                *("number_log10_lr", "digits", "engine", "reasons", "finished_at"),
            ),
        ),
        "tombstones": Table(
            "That the performer asked to be forgotten, and what had been told before.",
            ("id", "text_id", "text_sha256", "names", "asked_at", "lifted_at"),
        ),
        "cohort_agreements": Table(
            "That the performer agreed to be one of many that a voice in dispute is compared with.",
            (
                *("id", "text_id", "text_sha256", "answers", "description", "signed_as"),
                *("signature_evidence_sha256", "agreed_at", "expires_at", "ended_at"),
            ),
        ),
        "enrolments": Table(
            "Recordings that were offered, by their digests, and what became of them.",
            ("id", "consent_id", "modality", "state", "recordings", "quality", "problem", "created_at", "finished_at"),
        ),
        "voiceprints": Table(
            "Which voiceprints are kept, and by which model; not the voiceprints.",
            (
                *("id", "enrolment_id", "encoder", "weights_sha256", "preprocessing", "dimension", "epoch", "label"),
                *("speech_s", "created_at"),
            ),
        ),
        "key_destructions": Table(
            "Proofs that keys to voiceprints were destroyed.",
            ("id", "modality", "destroyed_at", "voiceprints", "commitment", "salt"),
        ),
        "licences": Table(
            "Agreements with studios.",
            (
                *("id", "studio_id", "state", "number", "title", "intended_use", "starts_on", "ends_on"),
                *("exclusivity", "created_at", "offered_at", "performer_signed_at", "studio_signed_at"),
                *("activated_at", "suspended_at", "suspended_by", "suspension_reason", "ended_at", "paid_at"),
            ),
        ),
        "licence_versions": Table(
            "The terms of each agreement, version by version, and their text in words.",
            (
                *("licence_id", "number", "title", "intended_use", "terms_document", "terms_sha256", "texts"),
                *("created_at", "offered_at", "in_force_at", "withdrawn_at", "declined_by", "declined_reason"),
            ),
        ),
        "licence_signatures": Table(
            "The signature of each side on each version: what was signed, how, and by which key.",
            (
                *("licence_id", "number", "side", "method", "signed_at", "agreement_sha256", "public_key"),
                *("signature", "evidence_sha256"),
            ),
        ),
        "licence_holds": Table(
            "Why agreements rested: from when, on whose side's word, and until when.",
            ("id", "licence_id", "reason", "note", "placed_by", "placed_at", "strike_id", "lifted_at"),
        ),
        "clearances": Table(
            "What studios asked before a use, and what they were answered.",
            (
                *("id", "studio_id", "project", "use", "decision", "reasons", "licence_id", "licence_version"),
                *("expires_at", "decided_at"),
            ),
        ),
        "approvals": Table(
            "Exact copy that studios asked to have approved, and the answers.",
            (
                *("id", "licence_id", "studio_id", "use", "purpose", "copy_sha256", "copy_text", "note", "fee_minor"),
                *("currency", "state", "requested_at", "expires_at", "answered_at", "refusal_reason"),
            ),
        ),
        "approaches": Table(
            "Who asked the performer, for what, and what was answered.",
            (
                *("id", "studio_id", "studio_name", "asked_on", "purposes", "scope", "outcome", "evidence_sha256"),
                *("amends_id", "recorded_at"),
            ),
        ),
        "source_attestations": Table(
            "What studios have attested of a synthetic voice that was made from the performer.",
            (
                *("id", "studio_id", "product", "made_on", "recordings", "casting_sha256", "direction_sha256"),
                *("sealed", "content_sha256", "recorded_at"),
            ),
        ),
        "unsealings": Table(
            "When two operators asked, and agreed, to read who the source of such a voice is.",
            ("id", "attestation_id", "requested_at", "approved_at"),
        ),
        "proposals": Table(
            "When operators proposed to read who the source of such a voice is, or to delete the performer; what "
            "another answered, and when.",
            ("id", "kind", "attestation_id", "content_sha256", "proposed_at", "state", "answered_at"),
        ),
        "gallery_entries": Table(
            "Under which id the performer's voiceprint is in which gallery file, and by which consent.",
            ("id", "file_id", "consent_id"),
        ),
        "gallery_files": Table(
            "These files: sealed voiceprints that were given to whom, for what, until when, and when they fetched it.",
            ("id", "organisation_id", "purpose", "state", "issued_at", "expires_at", "fetched_at"),
        ),
        "findings": Table(
            "Where the performer was heard, how strong the evidence is, and whether the use was covered.",
            (
                *("id", "check_id", "organisation_id", "outcome", "log10_lr", "engines", "cohort_percentile"),
                *("segments", "evidence_reasons", "verdict", "reasons", "licence_id", "created_at"),
                *("scan_row_id", "basis"),
            ),
        ),
        "scan_rows": Table(
            "In which recordings of which scans that was, by the number of the row and the hash of the bytes.",
            ("id", "scan_id", "number", "content_sha256"),
        ),
        "shared_sounds": Table(
            "That organisations let the performer hear these findings: which seconds, until when, and how it ended.",
            ("id", "finding_id", "organisation_id", "stretches", "shared_at", "ends_at", "ended_at", "ending"),
        ),
        "sound_listenings": Table(
            "On which days which of these seconds were listened to, and on whose side.",
            ("sound_id", "number", "side", "heard_at"),
        ),
        "reviews": Table(
            "What people decided about these findings, and why.",
            (
                "id",
                "finding_id",
                "action",
                "reason",
                "considered",
                "licence_id",
                "case_id",
                "notice_id",
                "replaces_id",
                "decided_at",
            ),
        ),
        "cases": Table(
            "Disputes about whose voice a product has.",
            (
                *("id", "studio_id", "product", "claim", "finding_ids", "state", "state_since", "due_at", "ending"),
                *("opened_for", "opened_at"),
            ),
        ),
        "case_steps": Table(
            "The steps of these cases, and why each was taken.",
            ("case_id", "number", "step", "state", "side", "reason", "paper_id", "proposal_id", "taken_at"),
        ),
        "case_papers": Table(
            "What either side filed in these cases; a document by its digest.",
            (
                *("id", "case_id", "kind", "side", "title", "dated_on", "text", "sha256", "size_bytes"),
                *("filed_at",),
            ),
        ),
        "case_proposals": Table(
            "What was proposed to conclude.",
            (
                *("id", "case_id", "conclusion", "grounds", "would_change", "dissent", "analysis_id"),
                *("analysis_sha256", "rests_on", "proposed_at"),
            ),
        ),
        "case_recordings": Table(
            "Which of these papers are recordings, and of whose voice, as their side says.",
            ("paper_id", "case_id", "voice", "under_seal"),
        ),
        "notices": Table(
            "Notices drafted in these cases: what they say, and what became of them.",
            (
                *("id", "case_id", "studio_id", "pack_id", "pack_edition", "language", "state", "state_since"),
                *("due_at", "elements", "affirmed", "materials", "considered", "document_sha256", "drafted_for"),
                *("drafted_at", "served_at", "put_back_at", "court_action_on", "ground"),
            ),
        ),
        "notice_steps": Table(
            "The steps of these notices, and why each was taken.",
            ("notice_id", "number", "step", "state", "side", "reason", "taken_at"),
        ),
        "public_figures": Table(
            "Whether the performer is a public figure, as operators have said, and why.",
            ("id", "is_public_figure", "reason", "said_at"),
        ),
        "misuse_strikes": Table(
            "What was counted against the performer's side for misuse of notices.",
            (
                *("id", "ground", "case_id", "notice_id", "reason", "recorded_at", "expires_at", "contested_at"),
                *("contest_reason", "answer", "answered_at", "answer_reason"),
            ),
        ),
        "misuse_limits": Table(
            "That what the performer's side asked for took two operators, and why.",
            ("id", "strikes", "reason", "decided_at", "ends_at", "lifted_at", "lift_reason"),
        ),
        "case_cohorts": Table(
            "Whom a side proposed to compare with.",
            ("id", "case_id", "side", "criteria", "proposed_at"),
        ),
        "case_analyses": Table(
            "What recordings were found to support, with the whole comparison.",
            (
                *("id", "case_id", "number", "state", "reason", "cohort_criteria", "conclusion", "content_sha256"),
                *("comparison", "failure", "asked_at", "ended_at"),
            ),
        ),
        "case_pauses": Table(
            "What rested while a case lasted.",
            ("id", "case_id", "licence_id", "reason", "review_at", "placed_at", "ended_at", "end_reason"),
        ),
        "case_reports": Table(
            "Which reports about these cases were read, by which side; each is known again by its digest.",
            ("id", "case_id", "sha256", "side", "issued_at"),
        ),
        "usage_lines": Table(
            "Use that was counted, and its exact price.",
            (
                *("id", "licence_id", "studio_id", "unit", "medium", "use_mode", "thousandths", "measured"),
                *("used_from", "used_to", "finding_id", "report_id", "exact_minor", "currency", "entry_id"),
                *("recorded_at", "voided_at"),
            ),
        ),
        "ledger_entries": Table(
            "What became due and was settled.",
            (
                *("id", "kind", "debit", "credit", "amount_minor", "currency", "licence_id", "studio_id", "due_on"),
                *("reverses_id", "reason", "recorded_at"),
            ),
        ),
        "payments": Table(
            "What studios said they have paid, and what was answered.",
            (
                *("id", "licence_id", "studio_id", "amount_minor", "currency", "paid_on", "reference"),
                *("evidence_sha256", "state", "reported_at", "decided_at", "reason", "entry_id"),
            ),
        ),
        "organisations": Table("Names of the studios named above.", ("id", "name")),
        "journal": Table(
            "The leaves of the journal about these records, with what opens them: proof that stays when they are gone.",
            ("seq", "type", "subject_id", "at", "leaf", "leaf_sha256", "salt", "details"),
        ),
    }
)

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class PerformerExport:
    """Everything about one performer.

    Attributes:
        performer_id: of whom.
        made_at: when.
        tables: rows by the name of their table, each with the table's columns in their order; values as JSON has them.
    """

    performer_id: str
    made_at: datetime
    tables: Mapping[str, Sequence[Row]]


def row_of(table: str, record: object) -> Row:
    """Answer a record as a row of a table: the table's columns, and nothing else of it."""
    return {column: plain(getattr(record, column)) for column in TABLES[table].columns}


def plain(value: object) -> object:
    """Answer a value as JSON has it: moments in UTC with a Z, bytes in hex."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, date):
        return value.isoformat().replace("+00:00", "Z")
    return value


def without_others(value: object, own: Collection[str]) -> object:
    """Answer a value in which ids of performers and licences that are not one's own stand as ``perf_(another)``.

    A reason may name the performer who explains a voice, or a licence that a studio claimed: those are other people's.
    """
    if isinstance(value, str):
        return _ID.sub(lambda found: found[0] if found[0] in own else f"{found[1]}_(another)", value)
    if isinstance(value, list):
        return [without_others(each, own) for each in value]
    if isinstance(value, dict):
        return {name: without_others(each, own) for name, each in value.items()}
    return value


def as_json(export: PerformerExport) -> dict[str, object]:
    """Answer an export as one document."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "performer_id": export.performer_id,
        "made_at": plain(export.made_at),
        "tables": {name: [dict(row) for row in export.tables.get(name, ())] for name in TABLES},
    }


def as_zip(export: PerformerExport) -> bytes:
    """Answer an export as a zip: ``export.json``, ``tables/*.csv``, ``README.txt``, and ``SHA256SUMS`` of all."""
    files = {"export.json": json.dumps(as_json(export), ensure_ascii=False, indent=1).encode(), "README.txt": _readme()}
    for name in TABLES:
        files[f"tables/{name}.csv"] = _as_csv(name, export.tables.get(name, ()))
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**files, "SHA256SUMS": sums.encode()}.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_EPOCH), content, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def _as_csv(name: str, rows: Sequence[Row]) -> bytes:
    written = io.StringIO()
    cells = csv.DictWriter(written, TABLES[name].columns)
    cells.writeheader()
    cells.writerows({column: _cell(value) for column, value in row.items()} for row in rows)
    return written.getvalue().encode()


def _cell(value: object) -> object:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    if isinstance(value, str):
        return plain_cell(value)
    return "" if value is None else value


def _readme() -> bytes:
    lines = [
        f"{FORMAT}, version {VERSION}",
        "",
        "export.json holds everything; tables/ holds the same as CSV (UTF-8).",
        "",
    ]
    for name, table in TABLES.items():
        lines += [f"{name}: {table.what}", f"    {', '.join(table.columns)}", ""]
    return "\n".join(lines).encode()
