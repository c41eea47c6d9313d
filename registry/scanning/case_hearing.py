"""The voices of a case, heard and compared: recordings as they were filed, and what the registry holds under seal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from registry.domain.comparison import Role
from registry.domain.salting import salted_digest
from registry.domain.told_cohorts import LEAST_RANKED, UNRANKED, Telling
from registry.engine.analyser import REQUIRED_SPEECH_S
from registry.engine.identify import Engine
from registry.engine.pipeline import Bounds, Heard, Item, Pipeline, batch_seconds
from registry.engine.threeway import Population, ThreeWay, samples_of
from registry.interchange.cohort_archives import CohortArchive
from registry.media.acoustics import Acoustics, describe
from registry.media.decode import Decoder
from registry.media.process import Room
from registry.media.speech import SpeechDetector
from registry.scanning.compared_inputs import require_apart
from registry.scanning.comparing import (
    HeardCohort,
    HeardFile,
    HeardParty,
    Outcome,
    cohort_of,
    concluded,
    heard_file,
)
from registry.services.case_analysis_work import Filed, Members, Voices, Wanted

Content = Callable[[], bytes]
"""Answers the bytes of a recording when they are wanted, so that not all are held at once."""


@dataclass(frozen=True, slots=True)
class HeardCase:
    """Everything that was heard for an analysis.

    Attributes:
        files: recordings of each voice.
        cohorts: those that are archives, by name.
    """

    files: Mapping[Role, Sequence[HeardFile]]
    cohorts: Mapping[str, HeardCohort]


class CaseHearing:
    """Hears cases with one engine.

    Args:
        engine: loaded.
        decoder: of media, which lets no stranger's file near this process.
        detector: of speech.
        calibration_sha256: of a calibration in place of the shipped one.
    """

    def __init__(
        self, engine: Engine, decoder: Decoder, detector: SpeechDetector, calibration_sha256: str | None = None
    ) -> None:
        self._engine = engine
        self._decoder = decoder
        self._detector = detector
        self._calibration_sha256 = calibration_sha256
        self._bounds = Bounds(batch_s=batch_seconds(engine.identity.device))

    def hear(
        self, wanted: Wanted, content_of: Callable[[str], bytes], archives: Mapping[str, CohortArchive]
    ) -> HeardCase:
        """Hear every recording of an analysis.

        Args:
            wanted: the analysis.
            content_of: answers the bytes of a paper.
            archives: of cohorts, by name.

        Raises:
            InvalidInputError: a recording stands for two voices, or what the recordings are said to hold is nothing
                that the calibration names.
        """
        ThreeWay(self._engine).require_known(list(wanted.asked.cohorts), wanted.asked.said_to_hold)
        _require_apart(wanted, archives)
        files = {role: self._party(wanted, role, content_of) for role in wanted.files}
        cohorts = {
            name: self._archive(name, wanted.asked.cohorts[name].criteria, archive)
            for name, archive in archives.items()
        }
        return HeardCase(files, cohorts)

    def compare(self, wanted: Wanted, heard: HeardCase, voices: Voices) -> Outcome:
        """Compare what was heard with what the registry holds, and conclude.

        Raises:
            InvalidInputError: as `registry.scanning.comparing.concluded`.
        """
        hidden = {Role.SOURCE} if wanted.sealed else set()
        held = {role: samples_of(voices.held.get(role, ()), self._engine) for role in heard.files}
        parties = {
            role: HeardParty(
                files, held[role], sealed=role in hidden, described=role not in hidden, coarse=role in hidden
            )
            for role, files in heard.files.items()
        }
        cohorts = [
            heard.cohorts[name] if name in heard.cohorts else self._enrolled(name, asked.criteria, voices.members[name])
            for name, asked in wanted.asked.cohorts.items()
        ]
        return concluded(
            self._engine,
            parties,
            cohorts,
            wanted.asked.said_to_hold,
            self._calibration_sha256,
            stated=wanted.asked.stated,
        )

    def _party(self, wanted: Wanted, role: Role, content_of: Callable[[str], bytes]) -> list[HeardFile]:
        filed = wanted.files[role]
        heard = self._heard([partial(content_of, each.paper_id) for each in filed])
        return [
            heard_file(each.name, each.sha256, one, acoustics, each.custody, salted=each.salt is not None)
            for each, (one, acoustics) in zip(filed, heard, strict=True)
        ]

    def _archive(self, name: str, criteria: str, archive: CohortArchive) -> HeardCohort:
        recordings = archive.recordings
        heard = self._heard([partial(archive.read, each) for each in recordings])
        counted: dict[str, int] = {}
        files = []
        for each, (one, _) in zip(recordings, heard, strict=True):
            counted[each.member] = counted.get(each.member, 0) + 1
            files.append((each.member, HeardFile(f"recording {counted[each.member]}", each.sha256, one)))
        found = cohort_of(self._engine, name, criteria, files)
        return found if len(found.population.gallery) >= LEAST_RANKED else replace(found, telling=UNRANKED)

    def _enrolled(self, name: str, criteria: str, members: Members) -> HeardCohort:
        gallery = self._engine.new_gallery()
        gallery.add_many(members.pseudonyms, members.means)
        telling = Telling(offset=members.offset)
        return HeardCohort(name, criteria, (), Population(name, gallery), members.sha256, telling)

    def _heard(self, contents: Sequence[Content]) -> list[tuple[Heard, Acoustics | None]]:
        pipeline = Pipeline(self._read, self._engine.analyse_many, self._bounds)
        return [(answer.heard, answer.measured) for answer in pipeline.run(contents, describe)]

    def _read(self, content: Content, room: Room) -> Item:
        recording = self._decoder.decode_bytes(content(), room)
        return recording, self._detector.require_speech(recording, required_s=REQUIRED_SPEECH_S)


def _require_apart(wanted: Wanted, archives: Mapping[str, CohortArchive]) -> None:
    """Refuse a recording of a cohort that is one of the three voices too, also where its digest is salted."""
    every = {each.sha256 for archive in archives.values() for each in archive.recordings}
    owners = [
        (_plain(each, every), each.name, f"the {role.value}") for role, files in wanted.files.items() for each in files
    ]
    for name, archive in archives.items():
        members = [(each.sha256, each.member, f"{each.member} of the cohort {name}") for each in archive.recordings]
        require_apart([*owners, *members])


def _plain(filed: Filed, others: Collection[str]) -> str:
    """Answer the digest of a recording as it is among others, where it is: of what is salted nobody else knows it."""
    if filed.salt is None:
        return filed.sha256
    return next((each for each in others if salted_digest(filed.salt, each) == filed.sha256), filed.sha256)
