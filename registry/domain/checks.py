"""Checks, enrolments and the work they wait for: states only."""

from __future__ import annotations

from enum import StrEnum


class CheckState(StrEnum):
    """Where a check is in its life."""

    QUEUED = "queued"
    DONE = "done"
    REFUSED = "refused"  # the recording cannot be assessed; the problem says why
    FAILED = "failed"  # the registry could not assess it, however often it tried


class EnrolmentState(StrEnum):
    """Where an enrolment is in its life."""

    QUEUED = "queued"
    ACTIVE = "active"
    REFUSED = "refused"  # the recordings did not pass the quality gate; the problem says what to fix
    FAILED = "failed"
    ERASED = "erased"  # consent was withdrawn; the voiceprints are gone


class WorkKind(StrEnum):
    """What a worker is asked to do."""

    CHECK = "check"
    ENROLMENT = "enrolment"
    SPOKEN_STATEMENT = "spoken_statement"
    SCAN = "scan"
    CASE_ANALYSIS = "case_analysis"
    PURGE = "purge"
