"""What a scan would come to, said before it is asked for: how many files, how long, how many chance matches.

It is the arithmetic that a plan and `likeness scan --dry-run` have, on the same source, with what is enrolled now.
Nothing of it is kept: the plan that a worker writes before it hears the first recording says it anew, and stays.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from registry.domain.accounts import Principal
from registry.domain.consents import Modality
from registry.domain.scan_requests import ScanRequest
from registry.scanning.results import InputRow
from registry.scanning.rooted import source_of
from registry.scanning.serving import require_askable, require_rate
from registry.scanning.sources import inputs
from registry.services.context import Context
from registry.store import performers

MOST_COUNTED: Final = 100_000
"""Inputs that are listed while somebody waits: a folder of so many takes some seconds."""
LONGEST_S: Final = 10.0
"""Seconds after which no more is listed: a compressed archive has to be unpacked for it."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a scan would come to.

    Attributes:
        inputs: that the source has, or as many as were counted.
        is_whole: whether these are all of them.
        files: of these, to be heard: chosen, and nothing wrong with their rows.
        bytes: of those whose size is known without reading.
        hours: of audio, by the headers of some; None where no header said anything.
        from_headers_of: how many files were opened to say so.
        enrolled: performers who would be searched, but for those whose consent has ended since.
        target_fpir: wanted chance that a recording of nobody enrolled brings up a match.
        expected_false_hits: recordings of nobody enrolled that should bring up a match by chance, were all such.
    """

    inputs: int
    is_whole: bool
    files: int
    bytes: int
    hours: float | None
    from_headers_of: int
    enrolled: int
    target_fpir: float
    expected_false_hits: float


def foresee(ctx: Context, principal: Principal, asked: ScanRequest) -> Foreseen:
    """Say what a scan would come to, without asking for it.

    Args:
        ctx: what verbs work with.
        principal: who would ask.
        asked: what would be asked for.

    Raises:
        ForbiddenError, NotFoundError, InvalidInputError: it could not be asked for; see
            `registry.scanning.serving.request_scan`.
        SourceError: this machine sees nothing there. Workers may.
    """
    from registry.scanning.estimate import estimate, expected_false_hits
    from registry.scanning.manifest import Choice, draw, freeze

    _, path = require_askable(ctx, principal, asked)
    target_fpir = require_rate(ctx, asked.target_fpir)
    source, fence = source_of(ctx.scan_places, replace(asked, path=path))
    with ctx.database.read() as session:
        enrolled = performers.count_key_holders(session, Modality.VOICE)
    counted = _Counted(inputs(source))
    with tempfile.TemporaryDirectory(prefix="likeness-foreseen-") as folder:
        manifest = freeze(counted, Path(folder))
        choice = Choice(asked.limit) if asked.sample is None else draw(manifest, asked.sample, asked.seed)
        expected = estimate(manifest, choice, "cpu", source.patience, None, fence=fence)
    return Foreseen(
        inputs=manifest.counts.rows,
        is_whole=counted.is_whole,
        files=expected.files,
        bytes=expected.bytes,
        hours=expected.hours,
        from_headers_of=expected.from_headers_of,
        enrolled=enrolled,
        target_fpir=target_fpir,
        expected_false_hits=expected_false_hits(target_fpir, expected.files),
    )


class _Counted:
    """The first so many inputs, and whether there are more."""

    def __init__(self, rows: Iterator[InputRow]) -> None:
        self._rows = rows
        self.is_whole = True

    def __iter__(self) -> Iterator[InputRow]:
        until = time.monotonic() + LONGEST_S
        for number, row in enumerate(self._rows):
            if number >= MOST_COUNTED or time.monotonic() > until:
                self.is_whole = False
                return
            yield row
