"""Verifying a file, for anybody: what it is, whether it holds, by which key, and what it does not say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request

from api.cross_site import require_made_here
from api.limits import MULTIPART, Takes
from api.pages.anybody import here, pages
from api.pages.language import N_, _, language, moment
from api.pages.personal import takes
from api.pages.rendering import page
from api.pages.wording import CONSENT_STATES, called_of_them
from api.state import context
from registry.domain.consents import ConsentDecision, ConsentPurpose, Modality
from registry.domain.retention import RULES, RuleId
from registry.errors import InvalidInputError
from registry.verifying.answers import Fact, FileKind, InJournal, SignatureStanding
from registry.verifying.files import LARGEST, look_at

_VERIFY: Final = "/verify"
_MB: Final = 1_000_000

KINDS: Final[Mapping[FileKind, str]] = {
    FileKind.RECEIPT: N_("The receipt of a decision about consent"),
    FileKind.CLEARANCE: N_("A clearance: that a use was permitted"),
    FileKind.CLEARANCE_STATUS: N_("How clearances stood at a moment"),
    FileKind.LICENCE: N_("A signed licence"),
    FileKind.GALLERY_FILE: N_("A gallery file: sealed voiceprints"),
    FileKind.GALLERY_STATUS: N_("How gallery files stood at a moment"),
    FileKind.REPORT: N_("A report about a case or a check"),
    FileKind.SCAN_REPORT: N_("The report of a scan"),
    FileKind.SCAN_MARKS: N_("What persons say of rows of a scan"),
    FileKind.CHECKPOINT: N_("A checkpoint of a journal"),
    FileKind.INCLUSION: N_("A proof that something is in a journal"),
    FileKind.CERTIFICATE: N_("A certificate that records were destroyed"),
    FileKind.UNKNOWN: N_("Nothing that a registry signs"),
}

STANDINGS: Final[Mapping[SignatureStanding, tuple[str, str, str]]] = {
    SignatureStanding.HOLDS: (
        "good",
        N_("The signature holds"),
        N_("This registry signed it, and nothing was changed since."),
    ),
    SignatureStanding.HOLDS_BY_ITS_OWN_KEY: (
        "warn",
        N_("Unchanged, by a key of its own"),
        N_(
            "Nothing was changed since it was signed. It is signed by the machine that scanned; whose that is, the "
            "file does not prove: compare the key with what you were told another way."
        ),
    ),
    SignatureStanding.OTHER_KEY: (
        "warn",
        N_("Signed by a key that is not of this registry"),
        N_("Another registry may have signed it, or anybody. Only who knows that key can say."),
    ),
    SignatureStanding.DOES_NOT_HOLD: (
        "grave",
        N_("It does not hold"),
        N_("Something in it is not as it was signed. Do not rely on it."),
    ),
    SignatureStanding.ON_RECORD: (
        "good",
        N_("It is on record here"),
        N_("It carries no signature; this registry has the very same on record."),
    ),
    SignatureStanding.UNREADABLE: (
        "grave",
        N_("It cannot be read"),
        N_(
            "It is no file that a registry signs, or not all of it is there. Archives are not unpacked, and pages made "
            "of a report are not signed: bring the file as it was downloaded."
        ),
    ),
}
"""How each is marked, what it is called, and what it means."""

JOURNALS: Final[Mapping[InJournal, str]] = {
    InJournal.SHOWN: N_("What it shows of the journal holds, and this registry's journal goes on from there."),
    InJournal.NOT_SHOWN: N_("It is not shown to be in this registry's journal."),
    InJournal.ELSEWHERE: N_("It names the journal of another registry, which cannot be looked at from here."),
    InJournal.NOT_NAMED: N_("It names no place in a journal."),
}

FACTS: Final[Mapping[Fact, str]] = {
    Fact.ABOUT: N_("About"),
    Fact.FOR: N_("For"),
    Fact.GIVEN_AT: N_("Given"),
    Fact.ENDS_AT: N_("Ends"),
    Fact.STATE: N_("State then"),
    Fact.DECISION: N_("Decision"),
    Fact.LICENCE: N_("Licence"),
    Fact.PERFORMERS: N_("Performers in it"),
    Fact.ROWS: N_("Files"),
    Fact.FLAGGED: N_("Flagged"),
    Fact.LEAVES: N_("Entries"),
    Fact.WITNESSES: N_("Witnesses"),
    Fact.RECORDS: N_("Records"),
    Fact.SIGNED_WITH_KEY: N_("Signed with a key"),
    Fact.SIGNED_BY_WORD: N_("Signed by word"),
    Fact.NOT_SIGNED: N_("Not signed"),
    Fact.SHA256: N_("Digest"),
    Fact.REGISTRY: N_("Registry"),
}

SIDES: Final[Mapping[str, str]] = {"performer": N_("performer"), "studio": N_("studio")}
"""Who signs a licence."""
_OF_SIDES: Final = frozenset({Fact.SIGNED_WITH_KEY, Fact.SIGNED_BY_WORD, Fact.NOT_SIGNED})

SUBJECTS: Final[Mapping[str, str]] = {"check": N_("the check"), "case": N_("the case")}
"""What a report is about."""

LIMITS: Final[Mapping[FileKind, str]] = {
    FileKind.RECEIPT: N_("How the decision stands now: it may have been withdrawn since."),
    FileKind.CLEARANCE: N_("Whether the permission still holds: ask this registry for its status."),
    FileKind.CLEARANCE_STATUS: N_("How the clearances stand now: an answer goes stale."),
    FileKind.LICENCE: N_("Whether the licence is still in force: it may rest, or have been revoked."),
    FileKind.GALLERY_FILE: N_("Whether it may still be searched: somebody in it may have withdrawn."),
    FileKind.GALLERY_STATUS: N_("How the files stand now: an answer goes stale."),
    FileKind.REPORT: N_("That anything infringes, or whose voice it is beyond doubt: that is for a court."),
    FileKind.SCAN_REPORT: N_(
        "Whether the other files of the folder are as they were: likeness scan verify looks at each."
    ),
    FileKind.SCAN_MARKS: N_("Whether those persons are right, and what was marked since."),
    FileKind.CHECKPOINT: N_("What the entries are."),
    FileKind.INCLUSION: N_("What the entry says: it is a digest."),
    FileKind.CERTIFICATE: N_("Which records they were: that is known to whoever holds the salt."),
}
"""What a file does not say, however well its signature holds."""


@pages.get(_VERIFY)
def show_verify() -> Response:
    """Show the form by which a file is looked at."""
    return _page()


@pages.post(_VERIFY)
@takes(Takes(MULTIPART, frozenset({"file"}), 1))
def verify_file() -> Response:
    """Say what a file is and whether it holds: `POST /v1/verifications` in words. It is not kept."""
    require_made_here()
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _page(HTTPStatus.UNPROCESSABLE_ENTITY, nothing=True)
    try:
        looked = look_at(context(), sent.stream.read(LARGEST + 1))
    except InvalidInputError:
        return _page(HTTPStatus.UNPROCESSABLE_ENTITY, too_large=True)
    kind, called, means = STANDINGS[looked.standing]
    said = [(FACTS[fact], _said(looked.kind, fact, value)) for fact, value in looked.facts if value]
    return _page(looked=looked, said=said, name=sent.filename[:200], marked=kind, called=called, means=means)


def _said(kind: FileKind, fact: Fact, value: str) -> str:
    """Write what pages have words of their own for as pages do; what is none of these stays as the file has it."""
    if fact in {Fact.GIVEN_AT, Fact.ENDS_AT}:
        return _moment(value)
    if fact is Fact.DECISION:
        return _decided(value)
    if fact is Fact.ABOUT:
        return _about(kind, value)
    if fact in _OF_SIDES:
        return ", ".join(_(SIDES[side]) if side in SIDES else side for side in value.split(", "))
    return _of_its_kind(kind, fact, value)


def _of_its_kind(kind: FileKind, fact: Fact, value: str) -> str:
    if kind is FileKind.RECEIPT and fact is Fact.STATE:
        return next((_(words) for state, words in CONSENT_STATES.items() if state.value == value), value)
    if kind is FileKind.CLEARANCE and fact is Fact.LICENCE:
        licence, _comma, version = value.partition(", ")
        return ", ".join((licence, _("version %(number)s") % {"number": version}))
    return value


def _moment(value: str) -> str:
    try:
        at = datetime.fromisoformat(value)
        return value if at.tzinfo is None else moment(at)
    except (ValueError, OverflowError):  # no moment, or one that no calendar has in UTC
        return value


def _about(kind: FileKind, value: str) -> str:
    """Say what a report is about, and which kind of records was destroyed; all else is an id, or as the file has it."""
    if kind is FileKind.REPORT:
        subject, _space, id_ = value.partition(" ")
        return f"{_(SUBJECTS[subject])} {id_}" if subject in SUBJECTS else value
    if kind is FileKind.CERTIFICATE and value in set(RuleId):
        return RULES[RuleId(value)].what.in_language(language())
    return value


def _decided(value: str) -> str:
    """Say in words what was decided, about what; another registry's may be of a kind that is not known here."""
    decision, _colon, about = value.partition(": ")
    purpose, _comma, modality = about.partition(", ")
    try:
        said = _("yes") if ConsentDecision(decision) is ConsentDecision.GIVEN else _("no")
        return f"{called_of_them(ConsentPurpose(purpose), Modality(modality))}: {said}"
    except ValueError:
        return value


def _page(status: HTTPStatus = HTTPStatus.OK, **shown: Any) -> Response:
    return page(
        "pages/verify",
        status,
        keep={},
        signed_in=here() is not None,
        largest_mb=LARGEST // _MB,
        kinds=KINDS,
        journals=JOURNALS,
        limits=LIMITS,
        **shown,
    )
