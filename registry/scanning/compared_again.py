"""Making a comparison again from its document: the same inputs by their bytes, the same engine, the same numbers?

Of a voice that a registry keeps as voiceprints there is no recording that anybody could hear again. What does not rest
on it is measured all the same (`part_at_hand`), and what does is named: nothing passes for checked that was not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from registry.domain.comparison import Role
from registry.domain.salting import salted_digest
from registry.engine.calibration import CALIBRATION_SHA256
from registry.engine.under_seal import STEPS
from registry.engine.validation_curves import shipped_curves
from registry.errors import InvalidInputError, ScanMismatchError
from registry.scanning.compared_inputs import CohortFiles, InputFile, Inputs, sha256_of
from registry.scanning.comparing import FROM, REGISTRY, UNDESCRIBED
from registry.scanning.recompute import TOLERANCE

_MEASURED: Final = ("marks", "materials", "cohorts", "recordings", "said_to_hold", "reading")
_CAME_LATER: Final = frozenset({"distribution", "validation_curves"})
"""Members that older files lack: what a file does not say is not compared."""
_ACOUSTICS_SHARE: Final = 0.02
_ACOUSTICS_LEAST: Final = 0.11
"""Of a quartile that is measured again: by so much of it, or by one in its last digit, it may differ."""
_WORDS: Final = frozenset({"detail", "sentence", "verbal"})
"""Members that say in words what figures beside them say; a figure in the last digit may move a word."""
_IS: Final = {True: "yes", False: "no"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which inputs a document names, and which of them are at hand.

    Attributes:
        inputs: everything, where nothing is missing, and a registry keeps none of it.
        missing: names of recordings that are not at hand.
        total: how many recordings it names.
        kept: what is in a registry as voiceprints: roles, and cohorts by name.
        at_hand: everything else, where no recording of it is missing.
    """

    inputs: Inputs | None
    missing: tuple[str, ...]
    total: int
    kept: tuple[str, ...] = ()
    at_hand: Inputs | None = None


def wanted_by(document: Mapping[str, Any], files: Sequence[Path], salts: Sequence[bytes] = ()) -> Wanted:
    """Find a document's inputs among files, by their bytes, whatever they are called and wherever they lie.

    Args:
        document: of a comparison.
        files: that are at hand.
        salts: of digests that are salted, as the side that filed the recordings has them.

    Raises:
        InvalidInputError: the document does not say what its inputs were, or a file cannot be read.
    """
    at_hand = _found_by(files, salts)
    try:
        given = document["inputs"]
        kept = [role for role, files in given["parties"].items() if any(map(_is_kept, files))]
        kept += [cohort["name"] for cohort in given["cohorts"] if _is_kept(cohort)]
        named = list(_named(given))
        missing = tuple(name for name, sha256 in named if sha256 not in at_hand)
        found = None if missing else _inputs(document, at_hand)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInputError(f"the comparison does not say what its inputs were: {error!r}") from error
    return Wanted(None if kept else found, missing, len(named), tuple(kept), found)


@dataclass(frozen=True, slots=True)
class _AtHand:
    """A file that is at hand, with the plain digest of its bytes."""

    path: Path
    sha256: str


def _found_by(files: Sequence[Path], salts: Sequence[bytes]) -> Mapping[str, _AtHand]:
    """Answer files by the digests that a document may know them by, plain and salted."""
    plain = {(found := _AtHand(path, sha256_of(path))).sha256: found for path in files}
    salted = {salted_digest(salt, found.sha256): found for salt in salts for found in plain.values()}
    return {**salted, **plain}


def _is_kept(entry: Mapping[str, Any]) -> bool:
    return entry.get(FROM) == REGISTRY


def _named(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield every recording that is named, with its hash."""
    for role, files in inputs["parties"].items():
        yield from ((f"{role}: {_called(file)}", file["sha256"]) for file in files if not _is_kept(file))
    for cohort in inputs["cohorts"]:
        for member in () if _is_kept(cohort) else cohort["members"]:
            yield from (
                (f"{cohort['name']}, {member['name']}: {file['name']}", file["sha256"]) for file in member["files"]
            )


def _called(file: Mapping[str, Any]) -> str:
    return f"{file['name']}, whose digest is salted" if file.get("salted") else str(file["name"])


def _ranked(document: Mapping[str, Any], name: str) -> bool:
    """Whether a document tells ranks among a cohort; of small ones it does not."""
    told = [each["performer"].get("rank", {}) for each in document["cohorts"] if each["name"] == name]
    return all(rank is not None for rank in told)


def _inputs(document: Mapping[str, Any], at_hand: Mapping[str, _AtHand]) -> Inputs:
    """Answer the voices and cohorts of which there are recordings, and nothing else."""

    def found(files: Sequence[Mapping[str, Any]]) -> list[InputFile]:
        here = [(at_hand[file["sha256"]], file["name"]) for file in files]
        return [InputFile(one.path, name, one.sha256) for one, name in here]

    given = document["inputs"]
    source = document["materials"].get(Role.SOURCE.value)
    parties = {Role(role): files for role, files in given["parties"].items() if not any(map(_is_kept, files))}
    stated = document.get("stated_conditions", {})
    return Inputs(
        parties={role: found(files) for role, files in parties.items()},
        cohorts=[
            CohortFiles(
                cohort["name"],
                cohort["criteria"],
                {member["name"]: found(member["files"]) for member in cohort["members"]},
                _ranked(document, cohort["name"]),
            )
            for cohort in given["cohorts"]
            if not _is_kept(cohort)
        ],
        sealed=bool(source and source["sealed"]),
        said_to_hold=tuple(document["said_to_hold"]),
        stated={Role(role): said for role, said in stated.items()},
        undescribed=frozenset(map(Role, document.get("acoustics", {}).get(UNDESCRIBED, ()))),
        coarse=frozenset(Role(role) for role, held in document["materials"].items() if held.get("coarse")),
    )


@dataclass(frozen=True, slots=True)
class Part:
    """What of a comparison can be measured without what a registry keeps.

    Attributes:
        inputs: as a comparison is made of them: the voice that is asked about is the performer there, whoever it is.
        roles: who each role there is in the document.
    """

    inputs: Inputs
    roles: Mapping[Role, Role]


def part_at_hand(wanted: Inputs | None) -> Part | None:
    """Answer what can be measured of those inputs; None without the questioned voice, or with it alone.

    Performer and source are no rivals of each other, so that what is said of one can be measured without the other.
    """
    if wanted is None:
        return None
    asked_about = [role for role in (Role.PERFORMER, Role.SOURCE) if role in wanted.parties]
    if Role.QUESTIONED not in wanted.parties or not asked_about:
        return None
    roles = dict(zip((Role.QUESTIONED, Role.PERFORMER, Role.SOURCE), (Role.QUESTIONED, *asked_about), strict=False))
    parties = {place: wanted.parties[role] for place, role in roles.items()}
    coarse = frozenset(place for place, role in roles.items() if role in wanted.coarse)
    return Part(replace(wanted, parties=parties, stated={}, coarse=coarse), roles)


def differences_in_part(before: Mapping[str, Any], now: Mapping[str, Any], part: Part) -> tuple[list[str], list[str]]:
    """Say where what could be measured again differs, and what of it could not be compared after all.

    Args:
        before: the document.
        now: what was measured of the part.
        part: which.
    """
    named = {cohort["name"]: cohort for cohort in before["cohorts"]}
    pairs = [(cohort["name"], named[cohort["name"]], cohort) for cohort in now["cohorts"]]
    others = [name for name, then, here in pairs if then["set_aside"] != here["set_aside"]]
    found = list(_differing(before["marks"], now["marks"], "#/marks"))
    for place, role in part.roles.items():
        one, other = (dict(written["materials"][which]) for written, which in ((before, role), (now, place)))
        one["sealed"] = other["sealed"] = None  # whoever is asked about stands in the performer's place
        found += _differing(one, _as_near(one, other), f"#/materials/{role}")
    for name, then, here in pairs:
        if name not in others:
            found += _standing_otherwise(then, here, part, f"#/cohorts/{name}")
    if pairs and pairs[0][0] == before["cohorts"][0]["name"] and pairs[0][0] not in others:
        for number, (then, here) in enumerate(zip(before["recordings"], now["recordings"], strict=False)):
            found += _standing_otherwise(then, here, part, f"#/recordings/{number}")
    whose = "other members of this cohort were left aside, who may be whom the registry keeps"
    return found, [f"{name}: not compared, for {whose}" for name in others]


def _standing_otherwise(then: Mapping[str, Any], here: Mapping[str, Any], part: Part, pointer: str) -> Iterator[str]:
    """Yield where somebody stands otherwise, of those who are asked about."""
    for place, role in part.roles.items():
        if place is not Role.QUESTIONED:
            yield from _differing(then[role], here[place], f"{pointer}/{role}")
    together = ("performer_and_source",) if Role.SOURCE in part.roles else ()
    for name in (*together, *("distribution",) * (then.get("distribution") is not None)):
        yield from _differing(then.get(name), here.get(name), f"{pointer}/{name}")


def curves_again(document: Mapping[str, Any]) -> list[str]:
    """Say where the curves of a document are not those that ship with the calibration that it names.

    Of another calibration nothing is known here, and that is said.
    """
    claimed = document.get("validation_curves")
    if claimed is None:
        return []
    engine = document.get("engine")
    if isinstance(engine, Mapping) and engine.get("calibration_sha256") == CALIBRATION_SHA256:
        return list(_differing(claimed, shipped_curves(), "#/validation_curves"))
    if isinstance(claimed, Mapping) and not claimed.get("same_speaker") and not claimed.get("different_speakers"):
        return []
    return ["#/validation_curves: they are of another calibration than the one that is known here"]


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
    now = {**now, "materials": _materials_as_near(before.get("materials"), now.get("materials"))}
    found = [said for name in _MEASURED for said in _differing(before.get(name), now.get(name), f"#/{name}")]
    for name in _CAME_LATER & before.keys() - {"distribution"}:
        found += _differing(before[name], now.get(name), f"#/{name}")
    then, here = (_voices(document) for document in (before, now))
    then = {
        role: voice for role, voice in then.items() if voice.get("recordings") != 0
    }  # of a voice under seal: left out
    return found + [
        said for role in then for said in _sounding(then[role], here.get(role, {}), f"#/acoustics/voices/{role}")
    ]


def _materials_as_near(before: object, now: object) -> object:
    if not isinstance(before, Mapping) or not isinstance(now, Mapping):
        return now
    return {role: _as_near(before.get(role), material) for role, material in now.items()}


def _as_near(before: object, now: object) -> object:
    """Answer a voice as it is measured now; a figure told in steps that is one step away is the same.

    The last digits of another processor may carry it over the end of a step.
    """
    if not isinstance(before, Mapping) or not before.get("coarse"):
        return now
    return _within_a_step(before, now)


def _within_a_step(before: object, now: object, step: float = 0.0) -> object:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        return {name: _within_a_step(before.get(name), value, STEPS.get(name, 0.0)) for name, value in now.items()}
    if isinstance(before, list | tuple) and isinstance(now, list | tuple) and len(before) == len(now):
        return [_within_a_step(one, other) for one, other in zip(before, now, strict=True)]
    if isinstance(before, int | float) and isinstance(now, int | float) and abs(before - now) <= step + TOLERANCE:
        return before
    return now


def _voices(document: Mapping[str, Any]) -> Mapping[str, Any]:
    acoustics = document.get("acoustics")
    voices = acoustics.get("voices") if isinstance(acoustics, Mapping) else None
    return voices if isinstance(voices, Mapping) else {}


def _sounding(before: Mapping[str, Any], now: Mapping[str, Any], pointer: str) -> Iterator[str]:
    """Yield where figures for information differ by more than another processor makes them differ."""
    for name, then in before.items():
        here = now.get(name)
        if not _sounds_alike(then, here):
            yield f"{pointer}/{name}: it was {_quartiles(then)}, and now is {_quartiles(here)}"


def _sounds_alike(then: object, here: object) -> bool:
    if isinstance(then, Mapping) and isinstance(here, Mapping):
        return then.get("why") == here.get("why") and _sounds_alike(_quartiles(then), _quartiles(here))
    if isinstance(then, list) and isinstance(here, list):
        return len(then) == len(here) and all(map(_sounds_alike, then, here))
    if isinstance(then, int | float) and isinstance(here, int | float):
        return abs(then - here) <= max(_ACOUSTICS_SHARE * abs(then), _ACOUSTICS_LEAST)
    return then == here


def _quartiles(figure: object) -> object:
    return figure.get("quartiles") if isinstance(figure, Mapping) else figure


def _differing(before: object, now: object, pointer: str) -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for name in sorted({*before, *now} - _WORDS - (_CAME_LATER - before.keys())):
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
