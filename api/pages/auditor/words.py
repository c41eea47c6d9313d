"""Words of scans: states, how rows ended, what differs between two scans, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from api.pages.language import N_
from api.pages.verdicts import wording_of_verdicts
from registry.domain.gallery_files import SearchPurpose
from registry.domain.scan_samples import Mark, NoKappa, SampledBy
from registry.domain.scans import ScanOrigin, ScanState
from registry.scanning.changes import Cause, Change
from registry.scanning.results import Status
from registry.scanning.served_rows import RowOrder
from registry.scanning.served_sample import DURATIONS

STATES: Final[Mapping[ScanState, str]] = {
    ScanState.QUEUED: N_("waits for a worker"),
    ScanState.RUNNING: N_("is running"),
    ScanState.DONE: N_("done"),
    ScanState.FAILED: N_("could not go on"),
    ScanState.CANCELLED: N_("called off"),
}

ORIGINS: Final[Mapping[ScanOrigin, str]] = {
    ScanOrigin.REPORTED: N_("made where the recordings are, and filed as a signed report"),
    ScanOrigin.SERVER: N_("run by the registry's workers"),
}

KINDS: Final[Mapping[SearchPurpose, str]] = {
    SearchPurpose.CATALOGUE: N_("A catalogue: what is published"),
    SearchPurpose.TRAINING: N_("A training set: what models are trained on"),
}

STATUSES: Final[Mapping[Status, str]] = {
    Status.ASSESSED: N_("heard"),
    Status.DUPLICATE: N_("the same bytes as an earlier one"),
    Status.FAILED: N_("could not be used"),
    Status.NOT_SCANNED: N_("left out"),
}

ORDERS: Final[Mapping[RowOrder, str]] = {
    RowOrder.SOURCE: N_("as the source has them"),
    RowOrder.STRONGEST: N_("strongest evidence first"),
    RowOrder.LONGEST: N_("longest first"),
}

CHANGES: Final[Mapping[Change, str]] = {
    Change.NEW: N_("new"),
    Change.RESOLVED: N_("resolved"),
    Change.CHANGED: N_("decided otherwise"),
}

CAUSES: Final[Mapping[Cause, str]] = {
    Cause.INPUT_ADDED: N_("only the later scan has the recording"),
    Cause.INPUT_REMOVED: N_("only the earlier scan has the recording"),
    Cause.CONTENT_CHANGED: N_("other bytes under the same name"),
    Cause.NOT_READ_BEFORE: N_("it was left out before, or failed"),
    Cause.NOT_READ_NOW: N_("it was left out now, or failed"),
    Cause.GALLERY: N_("other performers are searched for"),
    Cause.ENGINE: N_("another engine"),
    Cause.CALIBRATION: N_("another calibration"),
    Cause.TARGET_RATE: N_("another operating point"),
    Cause.DECLARED: N_("another declared use"),
    Cause.LICENCES: N_("the evidence is the same; licences or consents are not"),
    Cause.UNEXPLAINED: N_("nothing that is known differs"),
}

SETTINGS: Final[Mapping[str, str]] = {
    "gallery": N_("The gallery that was searched"),
    "engine": N_("The engine"),
    "spaces": N_("The spaces of the engine"),
    "calibration": N_("The calibration"),
    "target_fpir": N_("The wanted rate of chance matches"),
}

SAMPLED_BY: Final[Mapping[SampledBy, str]] = {
    SampledBy.OUTCOME: N_("what was found"),
    SampledBy.DURATION: N_("length of the recording"),
    SampledBy.OUTCOME_AND_DURATION: N_("what was found, and length"),
    SampledBy.PROJECT: N_("project"),
}

LENGTHS: Final[Mapping[str, str]] = dict(
    zip(DURATIONS, (N_("under 5 s"), N_("5 to 15 s"), N_("15 to 60 s"), N_("over 60 s")), strict=True)
)

MARKS: Final[Mapping[Mark, str]] = {
    Mark.AGREE: N_("right"),
    Mark.DISAGREE: N_("wrong"),
    Mark.UNSURE: N_("cannot tell"),
}

KEYS: Final[Mapping[Mark, str]] = {Mark.AGREE: "1", Mark.DISAGREE: "2", Mark.UNSURE: "3"}
"""Which key presses which button of a row."""

NO_KAPPA: Final[Mapping[NoKappa, str]] = {
    NoKappa.TOO_FEW: N_("fewer than 20 rows in common: kappa is not said"),
    NoKappa.ALL_THE_SAME: N_("both say the same of every row: kappa says nothing"),
}

ERRORS: Final[Mapping[str, str]] = {
    "archive_damaged": N_("the archive is cut or damaged"),
    "archive_too_large": N_("the archive unpacks to too much"),
    "declared_use_unknown": N_("a word of its declared use is not known"),
    "input_outside": N_("it lies outside of the root"),
    "input_unreadable": N_("it could not be opened"),
    "media_empty": N_("it is empty"),
    "media_too_large": N_("it is longer or larger than is taken"),
    "media_truncated": N_("it is cut off"),
    "media_unreadable": N_("it cannot be read as sound"),
    "no_speech": N_("nobody speaks in it"),
    "recording_silent": N_("it is silent"),
    "speech_too_short": N_("too little speech in it"),
}
"""Of the errors that are met most; any other is shown by its code."""


def wording_of_scans() -> dict[str, Any]:
    """Answer what a template says scans with."""
    return {
        "scan_states": STATES,
        "scan_origins": ORIGINS,
        "scan_kinds": KINDS,
        "statuses": STATUSES,
        "orders": ORDERS,
        "change_words": CHANGES,
        "cause_words": CAUSES,
        "setting_words": SETTINGS,
        "error_words": ERRORS,
        "length_words": LENGTHS,
        "sampled_by": SAMPLED_BY,
        "mark_words": MARKS,
        "mark_keys": KEYS,
        "no_kappa_words": NO_KAPPA,
        **wording_of_verdicts(),
    }
