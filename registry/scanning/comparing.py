"""Three-way comparisons of files: hears them, measures, and writes what an opposing expert needs to do it again.

The document (`document_of`) is the same bytes for the same inputs, engine and options: it holds no time and no path.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from registry.domain.comparison import Comparison, Role
from registry.domain.conclusions import Reading, read
from registry.engine.analysis import Analysis
from registry.engine.gallery import Gallery
from registry.engine.identify import Engine
from registry.engine.threeway import Party, Population, Sample, ThreeWay
from registry.engine.voiceprint import Voiceprint
from registry.errors import InvalidInputError
from registry.interchange.comparisons import FORMAT, VERSION, comparison_json
from registry.media.acoustics import Acoustics, describe
from registry.scanning.listening import Heard, Listener
from registry.scanning.page_parts import visible
from registry.scanning.plan import engine_json, versions
from registry.vault.signing import canonical

STATED: Final = "stated"
_BLOCK: Final = 2**20


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file of a party or of a cohort.

    Attributes:
        path: where it lies; never written anywhere.
        name: what it is called in the document.
        sha256: of its bytes.
    """

    path: Path
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class CohortFiles:
    """One cohort.

    Attributes:
        name: of it.
        criteria: by which its members were chosen, in words.
        members: their recordings, by what they are called.
    """

    name: str
    criteria: str
    members: Mapping[str, Sequence[InputFile]]


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that is compared.

    Attributes:
        parties: files by role; no `Role.SOURCE` where nobody is declared.
        cohorts: the stated one first, then alternatives.
        sealed: whether the source is under seal: their files are not called by their names.
        said_to_hold: see `registry.domain.comparison.Comparison`.
    """

    parties: Mapping[Role, Sequence[InputFile]]
    cohorts: Sequence[CohortFiles]
    sealed: bool = False
    said_to_hold: tuple[str, ...] = ()

    def require_apart(self) -> None:
        """Refuse a recording that stands for two voices: it would be compared with itself.

        Raises:
            InvalidInputError: naming both.
        """
        owners: dict[str, str] = {}
        for role, files in self.parties.items():
            for file in files:
                _claim(owners, file, f"the {role.value}")
        for cohort in self.cohorts:
            claimed = dict(owners)
            for member, files in cohort.members.items():
                for file in files:
                    _claim(claimed, file, f"{member} of the cohort {cohort.name}")


def _claim(owners: dict[str, str], file: InputFile, owner: str) -> None:
    before = owners.setdefault(file.sha256, owner)
    if before != owner:
        raise InvalidInputError(
            f"{file.name} is given for {owner} and, the same bytes, for {before}: no recording is compared with itself",
            file=file.name,
            sha256=file.sha256,
        )


def files_of(paths: Sequence[Path], *, called: str | None = None) -> list[InputFile]:
    """Answer files with their hashes; of two with the same bytes the first.

    Args:
        paths: of files.
        called: what they are called, with a number, in place of their names.

    Raises:
        InvalidInputError: one cannot be read.
    """
    found: dict[str, InputFile] = {}
    for path in paths:
        sha256 = sha256_of(path)
        name = visible(path.name) if called is None else f"{called} {len(found) + 1}"
        found.setdefault(sha256, InputFile(path, name, sha256))
    return list(found.values())


def sha256_of(path: Path) -> str:
    """Answer the hash of a file's bytes.

    Raises:
        InvalidInputError: it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as content:
            while block := content.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}", path=str(path)) from error
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class HeardFile:
    """One file, heard.

    Attributes:
        file: that was.
        heard: its analysis, or why there is none.
        acoustics: of it, where one voice speaks.
    """

    file: InputFile
    heard: Heard
    acoustics: Acoustics | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A comparison that was made.

    Attributes:
        comparison: what was measured.
        reading: what it concludes.
        document: all of it, as JSON.
        failed: files that could not be used, with why.
    """

    comparison: Comparison
    reading: Reading
    document: Mapping[str, Any]
    failed: Sequence[tuple[str, str]] = field(default_factory=tuple)


def compare_files(listener: Listener, inputs: Inputs, calibration_sha256: str | None = None) -> Outcome:
    """Hear everything, measure and conclude.

    Args:
        listener: with the engine.
        inputs: what is compared.
        calibration_sha256: of a calibration in place of the shipped one.

    Raises:
        InvalidInputError: a recording stands for two voices; or the calibration does not allow a comparison, or does
            not name what the recordings are said to hold.
    """
    inputs.require_apart()
    three_way = ThreeWay(listener.engine)
    three_way.require_known([cohort.name for cohort in inputs.cohorts], inputs.said_to_hold)
    parties = _hear_parties(listener, inputs)
    cohorts = [_hear_cohort(listener, cohort) for cohort in inputs.cohorts]
    comparison = three_way.compare(
        *_sides(parties, sealed=inputs.sealed),
        [cohort.population for cohort in cohorts],
        inputs.said_to_hold,
    )
    reading = read(comparison)
    document = {
        "format": FORMAT,
        "version": VERSION,
        "engine": engine_json(listener.engine, calibration_sha256),
        "calibration_card": dict(listener.engine.calibration.card),
        "packages": versions(),
        "inputs": {
            "parties": {role.value: [_file(one) for one in files] for role, files in parties.items()},
            "cohorts": [cohort.as_json() for cohort in cohorts],
        },
        **comparison_json(comparison, reading),
        "acoustics": _acoustics(parties),
    }
    return Outcome(comparison, reading, document, _failed(parties, cohorts))


def written(document: Mapping[str, Any]) -> bytes:
    """Answer the one way of writing a document (RFC 8785), with a line feed."""
    return canonical(document) + b"\n"


# Hearing.


def _hear_parties(listener: Listener, inputs: Inputs) -> dict[Role, list[HeardFile]]:
    owners = [(role, file) for role, files in inputs.parties.items() for file in files]
    heard = listener.listen_and_measure([file.path for _, file in owners], describe)
    found: dict[Role, list[HeardFile]] = {role: [] for role in inputs.parties}
    for (role, file), (_, one, acoustics) in zip(owners, heard, strict=True):
        alone = isinstance(one, Analysis) and len(one.voices) == 1
        found[role].append(HeardFile(file, one, acoustics if alone else None))
    return found


def _sides(parties: Mapping[Role, Sequence[HeardFile]], *, sealed: bool) -> tuple[Party, Party, Party | None]:
    sides = {
        role: Party(
            [Sample.of(one.file.name, one.heard) for one in files if isinstance(one.heard, Analysis)],
            sealed=sealed and role is Role.SOURCE,
        )
        for role, files in parties.items()
    }
    return sides[Role.QUESTIONED], sides[Role.PERFORMER], sides.get(Role.SOURCE)


@dataclass(frozen=True, slots=True)
class _HeardCohort:
    """A cohort, heard."""

    files: CohortFiles
    heard: Sequence[tuple[str, HeardFile]]
    population: Population

    def as_json(self) -> dict[str, Any]:
        members: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for member, one in self.heard:
            members[member].append({"name": one.file.name, "sha256": one.file.sha256, "error": _error(one.heard)})
        listed = [{"name": member, "files": files} for member, files in sorted(members.items())]
        hashes = sorted(one.file.sha256 for _, one in self.heard)
        return {
            "name": self.files.name,
            "criteria": self.files.criteria,
            "voices": len(self.population.gallery),
            "sha256": hashlib.sha256(canonical(hashes)).hexdigest(),
            "members": listed,
        }


def _hear_cohort(listener: Listener, cohort: CohortFiles) -> _HeardCohort:
    owners = [(member, file) for member, files in cohort.members.items() for file in files]
    answers = listener.listen([file.path for _, file in owners])
    heard = [(member, HeardFile(file, one)) for (member, file), (_, one) in zip(owners, answers, strict=True)]
    return _HeardCohort(cohort, heard, Population(cohort.name, _gallery(listener.engine, heard)))


def _gallery(engine: Engine, heard: Sequence[tuple[str, HeardFile]]) -> Gallery:
    voiceprints: dict[str, list[Voiceprint]] = defaultdict(list)
    for member, one in heard:
        if isinstance(one.heard, Analysis):
            voiceprints[member] += engine.prototypes(one.heard, one.file.name)
    gallery = engine.new_gallery()
    for member, found in voiceprints.items():
        gallery.add(member, found)
    return gallery


# Writing.


def _file(one: HeardFile) -> dict[str, Any]:
    said: dict[str, Any] = {"name": one.file.name, "sha256": one.file.sha256, "error": _error(one.heard)}
    if not isinstance(one.heard, Analysis):
        return said
    quality = {name: None if value is None else round(value, 4) for name, value in asdict(one.heard.quality).items()}
    return {
        **said,
        "duration_s": round(one.heard.duration_s, 3),
        "speech_s": round(one.heard.speech_s, 3),
        "voices": len(one.heard.voices),
        "quality": quality,
    }


def _error(heard: Heard) -> str | None:
    """Answer the slug alone: a sentence may hold the path."""
    return heard.slug if isinstance(heard, InvalidInputError) else None


def _acoustics(parties: Mapping[Role, Sequence[HeardFile]]) -> dict[str, Any]:
    described = {
        role.value: [{"name": one.file.name, **asdict(one.acoustics)} for one in files if one.acoustics is not None]
        for role, files in parties.items()
    }
    return {"use": "for information only: no log10 LR rests on it", **described}


def _failed(
    parties: Mapping[Role, Sequence[HeardFile]], cohorts: Sequence[_HeardCohort]
) -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"{owner}: {one.file.name}", one.heard.detail)
        for owner, one in _everything(parties, cohorts)
        if isinstance(one.heard, InvalidInputError)
    )


def _everything(
    parties: Mapping[Role, Sequence[HeardFile]], cohorts: Sequence[_HeardCohort]
) -> Iterator[tuple[str, HeardFile]]:
    for role, files in parties.items():
        yield from ((role.value, one) for one in files)
    for cohort in cohorts:
        yield from ((f"{cohort.files.name}, {member}", one) for member, one in cohort.heard)
