"""What somebody knows about the recordings of an evaluation, in small files of their own: labels, doubts, groups."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from typer import BadParameter

from registry.domain.reading import parse_json
from registry.engine.evaluation import Band, DoubtfulPair, Labels
from registry.engine.evaluation.groups import FIELDS, Group

GROUPS_FORMAT = "likeness-groups-1"
_COLUMNS = {
    "corpus": "corpus",
    "lang": "language",
    "language": "language",
    "gender": "sex",
    "sex": "sex",
    "condition": "condition",
}


def read_labels(file: Path) -> dict[str, Labels]:
    """Read labels by path, relative to the folder that holds ``probes`` (or ``clones``, ``decoys``).

    Columns: ``path``, and any of ``corpus``, ``language`` (or ``lang``), ``sex`` (or ``gender``) and ``condition``;
    others are passed over.

    Raises:
        BadParameter: it is no such file.
    """
    found = {}
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines)
        if "path" not in (rows.fieldnames or ()):
            raise BadParameter(f"{file.name} has no column named path in its first line")
        for row in rows:
            known = {_COLUMNS[name]: value.strip() for name, value in row.items() if name in _COLUMNS and value}
            found[PurePosixPath(row["path"]).as_posix()] = Labels(**known)
    return found


def labels_of(labels: Mapping[str, Labels], path: str, bandwidth_hz: float | None) -> Labels:
    """Answer what is known about one recording: what somebody labelled, and the band that was measured.

    Args:
        labels: by path.
        path: of the recording, as `read_labels` has it.
        bandwidth_hz: as measured, or None.
    """
    known = labels.get(path, Labels())
    return known if bandwidth_hz is None else replace(known, band=Band.of(bandwidth_hz).value)


def read_doubtful(file: Path) -> list[DoubtfulPair]:
    """Read pairs of labels that may be one person: two shell patterns a line, with a comma; ``#`` begins a remark.

    Raises:
        BadParameter: a line has not two columns.
    """
    pairs = []
    with file.open(encoding="utf-8-sig", newline="") as lines:
        for number, row in enumerate(csv.reader(lines), start=1):
            cells = [cell.strip() for cell in row]
            if not any(cells) or cells[0].startswith("#"):
                continue
            if len(cells) != 2 or not all(cells):  # noqa: PLR2004  (a pair)
                raise BadParameter(f"line {number} of {file.name} must have two patterns, with a comma between them")
            pairs.append(DoubtfulPair(*cells))
    return pairs


def read_groups(file: Path) -> list[Group]:
    """Read named groups: ``{"format": "likeness-groups-1", "groups": {NAME: {FIELD: [PATTERN, …], …}, …}}``.

    A recording is in a group when each field matches one of its shell patterns. Fields: ``corpus``, ``language``,
    ``sex``, ``condition``, ``band`` (``narrow`` or ``wide``), ``system`` (of clones), and ``speech_s``, which is
    ``[LEAST, LESS_THAN]``, each a number or null.

    Raises:
        BadParameter: it is no such file.
    """
    try:
        content = parse_json(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadParameter(f"{file.name} is not JSON: {error}") from error
    if not isinstance(content, dict) or content.get("format") != GROUPS_FORMAT:
        raise BadParameter(f'{file.name} must be an object whose "format" is "{GROUPS_FORMAT}"')
    groups = content.get("groups")
    if not isinstance(groups, dict):
        raise BadParameter(f'{file.name} must have an object of "groups"')
    return [_group(str(name), asked) for name, asked in groups.items()]


def _group(name: str, asked: Any) -> Group:
    if not isinstance(asked, dict):
        raise BadParameter(f"the group {name!r} must be an object")
    unknown = sorted(set(asked) - {*FIELDS, "speech_s"})
    if unknown:
        raise BadParameter(f"the group {name!r} asks for {', '.join(unknown)}; it may ask for {', '.join(FIELDS)}")
    where = {key: _patterns(name, key, value) for key, value in asked.items() if key != "speech_s"}
    return Group(name, where, _range(name, asked.get("speech_s", [None, None])))


def _patterns(name: str, key: str, value: Any) -> Sequence[str]:
    patterns = [value] if isinstance(value, str) else value
    if not isinstance(patterns, list) or not patterns or not all(isinstance(one, str) for one in patterns):
        raise BadParameter(f"{key} of the group {name!r} must be a list of patterns")
    return tuple(patterns)


def _range(name: str, value: Any) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2 or not all(_is_end(end) for end in value):  # noqa: PLR2004
        raise BadParameter(f"speech_s of the group {name!r} must be two seconds, each a number or null")
    low, high = value
    return (0.0 if low is None else float(low), float("inf") if high is None else float(high))


def _is_end(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def default_labels(probes: Path) -> Path | None:
    """Answer the ``trials.csv`` that lies beside the folder of probes, if there is one."""
    file = probes.parent / "trials.csv"
    return file if file.is_file() else None
