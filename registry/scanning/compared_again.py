"""Making a comparison again from its document: the same inputs by their bytes, the same engine, the same numbers?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from registry.domain.comparison import Role
from registry.errors import InvalidInputError, ScanMismatchError
from registry.scanning.comparing import CohortFiles, InputFile, Inputs, sha256_of
from registry.scanning.recompute import TOLERANCE

_MEASURED: Final = ("marks", "materials", "cohorts", "recordings", "said_to_hold", "reading")
_WORDS: Final = frozenset({"detail", "sentence", "verbal"})
"""Members that say in words what figures beside them say; a figure in the last digit may move a word."""
_IS: Final = {True: "yes", False: "no"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which inputs a document names, and which of them are at hand.

    Attributes:
        inputs: everything, where nothing is missing.
        missing: names of those that are not at hand.
        total: how many it names.
    """

    inputs: Inputs | None
    missing: tuple[str, ...]
    total: int


def wanted_by(document: Mapping[str, Any], files: Sequence[Path]) -> Wanted:
    """Find a document's inputs among files, by their bytes, whatever they are called and wherever they lie.

    Raises:
        InvalidInputError: the document does not say what its inputs were, or a file cannot be read.
    """
    at_hand = {sha256_of(path): path for path in files}
    try:
        named = list(_named(document["inputs"]))
        missing = tuple(name for name, sha256 in named if sha256 not in at_hand)
        inputs = None if missing else _inputs(document, at_hand)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInputError(f"the comparison does not say what its inputs were: {error!r}") from error
    return Wanted(inputs, missing, len(named))


def _named(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for role, files in inputs["parties"].items():
        yield from ((f"{role}: {file['name']}", file["sha256"]) for file in files)
    for cohort in inputs["cohorts"]:
        for member in cohort["members"]:
            yield from (
                (f"{cohort['name']}, {member['name']}: {file['name']}", file["sha256"]) for file in member["files"]
            )


def _inputs(document: Mapping[str, Any], at_hand: Mapping[str, Path]) -> Inputs:
    def found(files: Sequence[Mapping[str, Any]]) -> list[InputFile]:
        return [InputFile(at_hand[file["sha256"]], file["name"], file["sha256"]) for file in files]

    given = document["inputs"]
    source = document["materials"].get(Role.SOURCE.value)
    return Inputs(
        parties={Role(role): found(files) for role, files in given["parties"].items()},
        cohorts=[
            CohortFiles(
                cohort["name"],
                cohort["criteria"],
                {member["name"]: found(member["files"]) for member in cohort["members"]},
            )
            for cohort in given["cohorts"]
        ],
        sealed=bool(source and source["sealed"]),
        said_to_hold=tuple(document["said_to_hold"]),
    )


def require_engine(document: Mapping[str, Any], installed: Mapping[str, Any]) -> None:
    """Refuse to compare numbers of two engines; the device may differ.

    Args:
        document: that was written.
        installed: what `registry.scanning.plan.engine_json` says of the engine here.

    Raises:
        ScanMismatchError: figure ``differs`` names what is other.
    """
    then = document.get("engine")
    before = then if isinstance(then, Mapping) else {}
    differs = [name for name, said in installed.items() if name != "device" and before.get(name) != said]
    if differs:
        raise ScanMismatchError(
            f"the engine that is installed is not the one of the comparison: {', '.join(differs)}", differs=differs
        )


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Say where two documents differ in what was measured or concluded, each with its JSON pointer (RFC 6901).

    Figures may differ by `registry.scanning.recompute.TOLERANCE`.
    """
    return [said for name in _MEASURED for said in _differing(before.get(name), now.get(name), f"#/{name}")]


def _differing(before: object, now: object, pointer: str) -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for name in sorted({*before, *now} - _WORDS):
            yield from _differing(before.get(name), now.get(name), f"{pointer}/{name}")
    elif isinstance(before, list | tuple) and isinstance(now, list | tuple) and len(before) == len(now):
        for number, (one, other) in enumerate(zip(before, now, strict=True)):
            yield from _differing(one, other, f"{pointer}/{number}")
    elif not _is_same(before, now):
        yield f"{pointer}: it was {_shown(before)}, and now is {_shown(now)}"


def _is_same(before: object, now: object) -> bool:
    if isinstance(before, bool) or isinstance(now, bool):
        return before is now
    if isinstance(before, int | float) and isinstance(now, int | float):
        return abs(before - now) <= TOLERANCE
    return before == now


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return _IS[value]
    return f"{len(value)} entries" if isinstance(value, list | tuple | Mapping) else str(value)
