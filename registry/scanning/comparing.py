"""Three-way comparisons of files: hears them, measures, and writes what an opposing expert needs to do it again.

The document (`document_of`) is the same bytes for the same inputs, engine and options: it holds no time and no path.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from registry.domain.comparison import Comparison, Material, Role
from registry.domain.conclusions import Reading, read
from registry.domain.told_cohorts import EVERYTHING, UNRANKED, Telling, told
from registry.engine.analysis import Analysis
from registry.engine.gallery import Gallery
from registry.engine.identify import Engine
from registry.engine.threeway import Party, Population, Sample, ThreeWay
from registry.engine.under_seal import told_in_steps
from registry.engine.validation_curves import curves_of
from registry.engine.voiceprint import Voiceprint
from registry.errors import InvalidInputError
from registry.interchange.comparisons import FORMAT, VERSION, comparison_json
from registry.media.acoustics import Acoustics, describe, described
from registry.scanning.compared_inputs import CohortFiles, Inputs
from registry.scanning.listening import Heard, Listener
from registry.scanning.plan import engine_json, versions
from registry.vault.signing import canonical

FROM: Final = "from"
REGISTRY: Final = "registry"
"""In an input: where it lies, if it is no recording but a voiceprint that nobody takes out of there."""
UNDESCRIBED: Final = "under_seal"
"""In the acoustics: voices of which it is not said what they are like, for that could tell who they are."""
ACOUSTICS_USE: Final = "for information only: no log10 LR rests on it"


@dataclass(frozen=True, slots=True)
class HeardFile:
    """One recording, heard.

    Attributes:
        name: what it is called in the document.
        sha256: of its bytes.
        heard: its analysis, or why there is none.
        acoustics: of it, where one voice speaks.
        custody: how it came to be here, as the document says it; empty where nobody has kept that.
        salted: whether the hash is salted: `registry.domain.salting`.
    """

    name: str
    sha256: str
    heard: Heard
    acoustics: Acoustics | None = None
    custody: Mapping[str, str] = field(default_factory=dict)
    salted: bool = False


@dataclass(frozen=True, slots=True)
class HeardParty:
    """One of the three voices, heard.

    Attributes:
        files: its recordings.
        held: what a registry holds of it, under seal: voiceprints, of which there is no recording any more.
        sealed: whether it is under seal who it is.
        described: whether the document says what the voice is like.
        coarse: whether figures of its recordings are told in steps.
    """

    files: Sequence[HeardFile]
    held: Sequence[Sample] = ()
    sealed: bool = False
    described: bool = True
    coarse: bool = False

    def party(self) -> Party:
        """Answer it as it is compared."""
        heard = [Sample.of(one.name, one.heard) for one in self.files if isinstance(one.heard, Analysis)]
        return Party([*self.held, *heard], self.sealed)

    def as_json(self) -> list[dict[str, Any]]:
        """Answer what the document says of its inputs."""
        return [*(_held(sample.name) for sample in self.held), *map(_file, self.files)]


@dataclass(frozen=True, slots=True)
class HeardCohort:
    """A cohort, heard.

    Attributes:
        name: of it.
        criteria: by which its members were chosen, in words.
        heard: recordings, each with the member that it is of; of a cohort chosen in a registry there are none.
        population: to be searched.
        list_sha256: of the list of members, where they were chosen in a registry; None where there are recordings.
        telling: how much is told of how voices stand to it.
    """

    name: str
    criteria: str
    heard: Sequence[tuple[str, HeardFile]]
    population: Population
    list_sha256: str | None = None
    telling: Telling = EVERYTHING

    def as_json(self) -> dict[str, Any]:
        """Answer what the document says of it."""
        said = {"name": self.name, "criteria": self.criteria, "voices": len(self.population.gallery)}
        if self.list_sha256 is not None:
            members = sorted(self.population.gallery.performers())
            listed = [{"name": member, "files": [_held("enrolled")]} for member in members]
            return {**said, FROM: REGISTRY, "sha256": self.list_sha256, "members": listed}
        return {**said, "sha256": self._digest(), "members": self._members()}

    def _digest(self) -> str:
        return hashlib.sha256(canonical(sorted(one.sha256 for _, one in self.heard))).hexdigest()

    def _members(self) -> list[dict[str, Any]]:
        members: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for member, one in self.heard:
            members[member].append({"name": one.name, "sha256": one.sha256, "error": _error(one.heard)})
        return [{"name": member, "files": files} for member, files in sorted(members.items())]


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
    ThreeWay(listener.engine).require_known([cohort.name for cohort in inputs.cohorts], inputs.said_to_hold)
    parties = _hear_parties(listener, inputs)
    cohorts = [_hear_cohort(listener, cohort) for cohort in inputs.cohorts]
    return concluded(listener.engine, parties, cohorts, inputs.said_to_hold, calibration_sha256, stated=inputs.stated)


def concluded(
    engine: Engine,
    parties: Mapping[Role, HeardParty],
    cohorts: Sequence[HeardCohort],
    said_to_hold: Sequence[str],
    calibration_sha256: str | None = None,
    *,
    stated: Mapping[Role, Mapping[str, str]] = MappingProxyType({}),
) -> Outcome:
    """Measure what was heard, conclude, and answer the document.

    Args:
        engine: that heard it.
        parties: by role; no `Role.SOURCE` where nobody is declared.
        cohorts: the stated one first, then alternatives.
        said_to_hold: see `registry.domain.comparison.Comparison`.
        calibration_sha256: of a calibration in place of the shipped one.
        stated: of each voice, what somebody states of its recordings; no number rests on it.

    Raises:
        InvalidInputError: the calibration does not allow a comparison, or does not name what the recordings are said to
            hold.
    """
    source = parties.get(Role.SOURCE)
    measured = ThreeWay(engine).compare(
        parties[Role.QUESTIONED].party(),
        parties[Role.PERFORMER].party(),
        None if source is None else source.party(),
        [cohort.population for cohort in cohorts],
        said_to_hold,
    )
    comparison = told(
        replace(measured, materials=_materials(measured, parties)), {cohort.name: cohort.telling for cohort in cohorts}
    )
    reading = read(comparison)
    document = {
        "format": FORMAT,
        "version": VERSION,
        "engine": engine_json(engine, calibration_sha256),
        "calibration_card": dict(engine.calibration.card),
        "packages": versions(),
        "inputs": {
            "parties": {role.value: party.as_json() for role, party in parties.items()},
            "cohorts": [cohort.as_json() for cohort in cohorts],
        },
        **comparison_json(comparison, reading),
        "stated_conditions": {role.value: dict(said) for role, said in stated.items()},
        "validation_curves": curves_of(engine.calibration),
        "acoustics": _acoustics(parties, comparison),
    }
    return Outcome(comparison, reading, document, _failed(parties, cohorts))


def _materials(measured: Comparison, parties: Mapping[Role, HeardParty]) -> Mapping[Role, Material]:
    """Answer what there is of each voice as it is told: what is concluded rests on that."""
    return {
        role: told_in_steps(material) if parties[role].coarse else material
        for role, material in measured.materials.items()
    }


def written(document: Mapping[str, Any]) -> bytes:
    """Answer the one way of writing a document (RFC 8785), with a line feed."""
    return canonical(document) + b"\n"


# Hearing.


def _hear_parties(listener: Listener, inputs: Inputs) -> dict[Role, HeardParty]:
    owners = [(role, file) for role, files in inputs.parties.items() for file in files]
    heard = listener.listen_and_measure([file.path for _, file in owners], describe)
    found: dict[Role, list[HeardFile]] = {role: [] for role in inputs.parties}
    for (role, file), (_, one, acoustics) in zip(owners, heard, strict=True):
        found[role].append(heard_file(file.name, file.sha256, one, acoustics))
    return {
        role: HeardParty(
            files,
            sealed=inputs.sealed and role is Role.SOURCE,
            described=role not in inputs.undescribed,
            coarse=role in inputs.coarse,
        )
        for role, files in found.items()
    }


def heard_file(
    name: str,
    sha256: str,
    heard: Heard,
    acoustics: Acoustics | None,
    custody: Mapping[str, str] | None = None,
    *,
    salted: bool = False,
) -> HeardFile:
    """Answer a recording of a party; what its speech is like is said only where one voice speaks."""
    alone = isinstance(heard, Analysis) and len(heard.voices) == 1
    if acoustics is not None and isinstance(heard, Analysis):
        acoustics = replace(acoustics, band_hz=heard.quality.bandwidth_hz)
    return HeardFile(name, sha256, heard, acoustics if alone else None, custody or {}, salted)


def _hear_cohort(listener: Listener, cohort: CohortFiles) -> HeardCohort:
    owners = [(member, file) for member, files in cohort.members.items() for file in files]
    answers = listener.listen([file.path for _, file in owners])
    heard = [
        (member, HeardFile(file.name, file.sha256, one))
        for (member, file), (_, one) in zip(owners, answers, strict=True)
    ]
    found = cohort_of(listener.engine, cohort.name, cohort.criteria, heard)
    return found if cohort.ranked else replace(found, telling=UNRANKED)


def cohort_of(engine: Engine, name: str, criteria: str, heard: Sequence[tuple[str, HeardFile]]) -> HeardCohort:
    """Answer a cohort of recordings that were heard, each with the member that it is of."""
    return HeardCohort(name, criteria, heard, Population(name, _gallery(engine, heard)))


def _gallery(engine: Engine, heard: Sequence[tuple[str, HeardFile]]) -> Gallery:
    voiceprints: dict[str, list[Voiceprint]] = defaultdict(list)
    for member, one in heard:
        if isinstance(one.heard, Analysis):
            voiceprints[member] += engine.prototypes(one.heard, one.name)
    gallery = engine.new_gallery()
    for member, found in voiceprints.items():
        gallery.add(member, found)
    return gallery


# Writing.


def _held(name: str) -> dict[str, Any]:
    """Answer what is said of a voiceprint: there is no recording of it that anybody could hear again."""
    return {FROM: REGISTRY, "name": name, "sha256": None, "error": None}


def _file(one: HeardFile) -> dict[str, Any]:
    """Answer what is said of a file: of one under seal whole seconds, and no quality by which it would be known."""
    said: dict[str, Any] = {"name": one.name, "sha256": one.sha256, "error": _error(one.heard)}
    if one.salted:
        said["salted"] = True
    if one.custody:
        said["custody"] = dict(one.custody)
    if not isinstance(one.heard, Analysis):
        return said
    if one.salted:
        told = {"duration_s": float(int(one.heard.duration_s)), "speech_s": float(int(one.heard.speech_s))}
        return {**said, **told, "voices": len(one.heard.voices), "quality": None}
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


def _acoustics(parties: Mapping[Role, HeardParty], comparison: Comparison) -> dict[str, Any]:
    """Say what each voice is like, over its recordings that count, and each of them by itself."""
    alone = {
        role: {one.name: one.acoustics for one in party.files if one.acoustics is not None and party.described}
        for role, party in parties.items()
    }
    voices = {}
    for role, recordings in alone.items():
        left_out = {reason.figures.get("recording") for reason in comparison.materials[role].left_out}
        counted = [acoustics for name, acoustics in recordings.items() if name not in left_out]
        figures = {name: figure.as_json() for name, figure in described(counted).items()}
        voiced_s = round(sum(acoustics.voiced_s for acoustics in counted), 2)
        voices[role.value] = {"recordings": len(counted), "voiced_s": voiced_s, **figures}
    hidden = sorted(role.value for role, party in parties.items() if not party.described)
    said = {UNDESCRIBED: hidden} if hidden else {}
    return {"use": ACOUSTICS_USE, "voices": voices, **said, **{role.value: _one_by_one(alone[role]) for role in alone}}


def _one_by_one(recordings: Mapping[str, Acoustics]) -> list[dict[str, Any]]:
    """Answer the figures of every recording that has a pitch."""
    found = []
    for name, acoustics in recordings.items():
        figures = {figure: one.quartiles and list(one.quartiles) for figure, one in described([acoustics]).items()}
        if figures["f0_hz"] is not None:
            found.append({"name": name, "voiced_s": acoustics.voiced_s, **figures})
    return found


def _failed(parties: Mapping[Role, HeardParty], cohorts: Sequence[HeardCohort]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"{owner}: {one.name}", one.heard.detail)
        for owner, one in _everything(parties, cohorts)
        if isinstance(one.heard, InvalidInputError)
    )


def _everything(parties: Mapping[Role, HeardParty], cohorts: Sequence[HeardCohort]) -> Iterator[tuple[str, HeardFile]]:
    for role, party in parties.items():
        yield from ((role.value, one) for one in party.files)
    for cohort in cohorts:
        yield from ((f"{cohort.name}, {member}", one) for member, one in cohort.heard)
