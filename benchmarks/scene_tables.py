"""What every way said about the scenes of `benchmarks.scenes`, in tables: for a terminal, and for the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rich.table import Table

from benchmarks import tables
from registry.engine.metrics import wilson_interval

ENGINE, WINDOWS, MEAN = "engine", "windows alone", "one mean of the file"
IN_ROOM, BY_HAND = "(turn cut out of the scene)", "(turn by itself, dry)"
CUT_OUT = (IN_ROOM, BY_HAND)
WAYS = (ENGINE, *CUT_OUT)
PLAIN_WAYS = (WINDOWS, MEAN)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one way said about one scene.

    Attributes:
        way: one of `WAYS`, or of `PLAIN_WAYS`.
        scene: its name.
        style: of the scene.
        targets: how many registered people speak in it.
        found: how many of them were called a match.
        false: how many others were.
        start_error_s, end_error_s: of the span from the first to the last segment, where the one target was found,
            against where they speak alone; overlapped speech is marked as such and belongs to nobody.
        whole_error_s: the larger of both against the whole turn, overlapped or not.
    """

    way: str
    scene: str
    style: str
    targets: int
    found: int
    false: int
    start_error_s: float | None = None
    end_error_s: float | None = None
    whole_error_s: float | None = None


_SHOWN = {
    ENGINE: "found by the engine",
    IN_ROOM: "the same turn, cut out of the scene by hand",
    BY_HAND: "the same turn by itself, without room and noise",
}
_NEAR = "found, and its span within 1 s"
_FALSE = "somebody matched in the same scenes without the voice"
_FIRST = "wide band"


def page_table(present: Sequence[Answer], absent: Sequence[Answer]) -> tables.Table:
    """Answer what the page shows: found by way and style, and false hits.

    Args:
        present: what was said of scenes with a registered voice.
        absent: of the same without it.
    """
    styles = sorted({answer.style for answer in present}, key=lambda style: (style != _FIRST, style))
    flags = {name: [(a.style, a.found > 0) for a in present if a.way == way] for way, name in _SHOWN.items()}
    flags[_NEAR] = [(a.style, _within(a)) for a in present if a.way == ENGINE]
    flags[_FALSE] = [(a.style, a.false > 0) for a in absent if a.way == ENGINE]
    rows = [[name, *_cells(found, styles)] for name, found in flags.items() if found]
    return {"headings": ["", "all (95 % interval)", *styles], "rows": rows, "note": ""}


def _within(answer: Answer, seconds: float = 1.0) -> bool:
    """Whether a voice was found from where it speaks alone to where it last does, give or take."""
    if answer.start_error_s is None or answer.end_error_s is None:
        return False
    return max(abs(answer.start_error_s), abs(answer.end_error_s)) <= seconds


def _cells(found: Sequence[tuple[str, bool]], styles: Sequence[str]) -> list[str]:
    """Answer so many of so many, of all and of each style, given the style of each and whether it counts."""
    low, high = wilson_interval(sum(flag for _, flag in found), len(found))
    parts = [[flag for own, flag in found if style in {"", own}] for style in ("", *styles)]
    every, *rest = (f"{sum(part)} of {len(part)}" for part in parts)
    return [f"{every} ({100 * low:.0f} – {100 * high:.0f} %)", *rest]


def scene_table(present: Sequence[Answer], absent: Sequence[Answer]) -> Table:
    """Found, false hits and errors of the span, by way."""
    table = Table(title="one registered voice of 5, 8 or 12 s within 3, 5 or 10 min of others")
    for heading in (
        "",
        "found",
        "false hits, same scenes without",
        "somebody else beside",
        "span error s: median, 95 %",
        "≤ 1 s",
        "≤ 1 s of the whole turn",
    ):
        table.add_column(heading, justify="left" if not heading else "right")
    for way in (ENGINE, *PLAIN_WAYS, IN_ROOM, BY_HAND):
        own = [answer for answer in present if answer.way == way]
        none = [answer for answer in absent if answer.way == way]
        table.add_row(
            way,
            _share(sum(answer.found for answer in own), len(own)),
            _share(sum(answer.false > 0 for answer in none), len(none)),
            _share(sum(answer.false > 0 for answer in own), len(own)),
            *_errors(own),
        )
    return table


def style_table(present: Sequence[Answer]) -> Table:
    """Found by the style of the registered voice, and by its seconds."""
    table = Table(title="the same by style and by seconds of the voice")
    for heading in ("", *WAYS):
        table.add_column(heading, justify="left" if not heading else "right")
    keys = [(style, "", style) for style in sorted({answer.style for answer in present})]
    seconds = sorted({answer.scene.split(" min ")[1].split(" s ")[0] for answer in present}, key=float)
    keys += [(f"{length} s", f" {length} s ", "") for length in seconds]
    for name, part_of_name, style in keys:
        cells = []
        for way in WAYS:
            own = [a for a in present if a.way == way and part_of_name in a.scene and style in {"", a.style}]
            cells.append(_share(sum(answer.found for answer in own), len(own)))
        table.add_row(name, *cells)
    return table


def dialogue_table(told: Mapping[str, Sequence[Answer]]) -> Table:
    """How many of both registered people were found."""
    table = Table(title="two registered voices in dialogue, 20 to 60 s")
    for heading in ("", "", "people found", "both found", "somebody else"):
        table.add_column(heading, justify="left" if not heading else "right")
    for kind in ("in turn", "overlapping"):
        for way in (ENGINE, *PLAIN_WAYS, IN_ROOM, BY_HAND):
            own = [answer for answer in told.get(kind, ()) if answer.way == way]
            table.add_row(
                kind,
                way,
                _share(sum(answer.found for answer in own), sum(answer.targets for answer in own)),
                _share(sum(answer.found == answer.targets for answer in own), len(own)) if way not in CUT_OUT else "—",
                _share(sum(answer.false > 0 for answer in own), len(own)),
            )
    return table


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} % ({part} of {whole})" if whole else "—"


def _errors(answers: Sequence[Answer]) -> tuple[str, str, str]:
    located = [
        (max(abs(answer.start_error_s), abs(answer.end_error_s)), answer.whole_error_s)
        for answer in answers
        if answer.start_error_s is not None and answer.end_error_s is not None and answer.whole_error_s is not None
    ]
    if not located:
        return "—", "—", "—"
    alone, whole = np.array(located).T
    median, most = np.quantile(alone, [0.5, 0.95])
    near = [_share(int((error <= 1).sum()), len(error)) for error in (alone, whole)]
    return f"{median:.2f}, {most:.2f}", near[0], near[1]
