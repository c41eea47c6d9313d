"""What a scan will cost, said before anything is heard: from the headers of some files, and measured speeds."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

from registry.errors import InvalidInputError
from registry.media.decode import Decoder, MediaLimits
from registry.media.process import HEADER_COMMAND
from registry.scanning.fences import UNFENCED, Fence
from registry.scanning.manifest import Choice, Manifest
from registry.scanning.places import Patience, is_url
from registry.scanning.reading import opened_input
from registry.scanning.results import InputRow
from registry.scanning.unpacking import Streams

TIMES_REAL_TIME_A_CORE: Final = (25.0, 64.0)
"""How fast a processor's core hears: from a busy machine to the quiet one of docs/performance.md."""

_MOST_SAMPLED: Final = 32
_MOST_BYTES: Final = 64 * 2**20
"""Of one sampled file that would have to be copied from a store."""
_MOST_COPIED: Final = 8
_HOUR_S: Final = 3600


def expected_false_hits(target_fpir: float, files: int) -> float:
    """Answer how many recordings of nobody in the gallery should bring up a match, were all of them such."""
    return round(target_fpir * files, 2)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is to come.

    Attributes:
        files: to be read: chosen, and nothing wrong with their rows.
        bytes: of those whose size is known.
        sized: how many these are.
        hours: of audio; None where no header said anything.
        from_headers_of: how many files were opened to say so.
        device: ``cpu`` or ``cuda``.
        cores: of this machine's processors that may be used.
    """

    files: int
    bytes: int
    sized: int
    hours: float | None
    from_headers_of: int
    device: str
    cores: int

    @property
    def seconds(self) -> tuple[float, float] | None:
        """Between which times the scan should take; None where nothing is known, as of a GPU."""
        if self.hours is None or self.device != "cpu":
            return None
        slow, fast = TIMES_REAL_TIME_A_CORE
        return self.hours * _HOUR_S / (fast * self.cores), self.hours * _HOUR_S / (slow * self.cores)

    def as_json(self) -> dict[str, Any]:
        """Answer what a plan says of it."""
        seconds = self.seconds
        return {
            "files": self.files,
            "bytes": self.bytes,
            "sized": self.sized,
            "hours": None if self.hours is None else round(self.hours, 3),
            "from_headers_of": self.from_headers_of,
            "device": self.device,
            "cores": self.cores,
            "times_real_time_a_core": list(TIMES_REAL_TIME_A_CORE),
            "seconds": None if seconds is None else [round(each, 1) for each in seconds],
        }


def estimate(
    manifest: Manifest,
    choice: Choice,
    device: str,
    patience: Patience,
    threads: int | None,
    *,
    fence: Fence = UNFENCED,
) -> Estimate:
    """Estimate a scan by the headers of some of its files, which are spread over the manifest evenly."""
    wanted = choice.count(manifest.counts.rows)
    step = max(1, wanted // _MOST_SAMPLED)
    files = bytes_ = sized = 0
    sample: list[InputRow] = []
    for row in manifest.rows():
        if row.problem or choice.reason_against(row):
            continue
        if files % step == 0 and len(sample) < _MOST_SAMPLED:
            sample.append(row)
        files += 1
        sized += row.size >= 0
        bytes_ += max(row.size, 0)
    lengths = _lengths(sample, patience, fence)
    return Estimate(
        files=files,
        bytes=bytes_,
        sized=sized,
        hours=_hours(lengths, files, bytes_ if sized == files else None),
        from_headers_of=len(lengths),
        device=device,
        cores=threads or _processors(),
    )


def _processors() -> int:
    return len(os.sched_getaffinity(0))


def _hours(lengths: list[tuple[InputRow, float]], files: int, bytes_: int | None) -> float | None:
    """Answer the hours: in proportion to bytes where every size is known, else to files."""
    if not lengths:
        return None
    seconds, read = sum(length for _, length in lengths), sum(row.size for row, _ in lengths)
    share = seconds / len(lengths) * files if not bytes_ or read <= 0 else seconds / read * bytes_
    return share / _HOUR_S


def _lengths(rows: Iterable[InputRow], patience: Patience, fence: Fence) -> list[tuple[InputRow, float]]:
    """Answer the rows whose headers were read, with the seconds that they declare; 0 for what is no recording."""
    copied = [row for row in rows if row.offset >= 0 or is_url(row.locator)]
    too_many = {row.number for row in copied if not 0 <= row.size <= _MOST_BYTES}
    too_many |= {row.number for row in copied[_MOST_COPIED:]}
    asked = [row for row in rows if row.number not in too_many]
    at_once = max(2, _processors())
    with (
        Decoder(command=HEADER_COMMAND, files_per_child=_MOST_SAMPLED, at_once=at_once) as decoder,
        ThreadPoolExecutor(at_once) as pool,
        closing(Streams()) as streams,
    ):
        lengths = pool.map(lambda row: _length(row, decoder, patience, fence, streams), asked)
        return list(zip(asked, lengths, strict=True))


def _length(row: InputRow, decoder: Decoder, patience: Patience, fence: Fence, streams: Streams) -> float:
    try:
        with opened_input(row, MediaLimits().max_bytes, patience, fence, streams) as descriptor:
            return decoder.decode_open(descriptor, lambda _: None).source.declared_s or 0.0
    except InvalidInputError:
        return 0.0
