"""Scans as the registry knows them: where each came from, where it is in its life, and what its findings rest on."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class ScanOrigin(StrEnum):
    """Who has heard the recordings."""

    REPORTED = "reported"  # an organisation, where its recordings are; it filed a signed report
    SERVER = "server"  # the registry's own workers


class ScanState(StrEnum):
    """Where a scan is in its life. One that is reported is done from the beginning."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"  # it could not go on; the problem says why
    CANCELLED = "cancelled"


ENDED: Final = frozenset({ScanState.DONE, ScanState.FAILED, ScanState.CANCELLED})
"""States that nothing leads out of."""


class FindingBasis(StrEnum):
    """What a finding rests on."""

    HEARD = "heard"  # the registry heard the recording
    REPORTED = "reported"  # the organisation that had it heard says so, over its signature
