"""Which part of somebody's recordings is enrolled, and which is searched for; how speech is cut."""

from __future__ import annotations

from collections.abc import Sequence

from registry.domain.scores import Span
from registry.engine.training.examples import Part

MOST_ENROLLED = 3
"""Recordings of one person that are enrolled at most; the others are searched for."""


def cut_speech(spans: Sequence[Span], start_s: float, end_s: float) -> list[Span]:
    """Answer the spans between two amounts of net speech."""
    found, passed = [], 0.0
    for span in spans:
        low, high = max(start_s - passed, 0.0), min(end_s - passed, span.duration_s)
        if high > low:
            found.append(Span(span.start_s + low, span.start_s + high))
        passed += span.duration_s
    return found


def halved(spans: Sequence[Span]) -> dict[Part, list[Span]]:
    """Answer what a person's only recording serves: the whole a stranger, one half enrolment, the other searches."""
    whole = sum(span.duration_s for span in spans)
    return {
        Part.STRANGER: list(spans),
        Part.ENROL: cut_speech(spans, 0, whole / 2),
        Part.PROBE: cut_speech(spans, whole / 2, whole),
    }


def parts_of(recordings: int) -> list[Part]:
    """Answer what each of somebody's recordings serves, in their order: half of them are enrolled, three at most.

    Args:
        recordings: how many; a single one is a stranger's, to be `halved`.
    """
    if recordings == 1:
        return [Part.STRANGER]
    enrolled = min((recordings + 1) // 2, MOST_ENROLLED)
    return [Part.ENROL] * enrolled + [Part.PROBE] * (recordings - enrolled)
