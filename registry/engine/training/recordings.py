"""Labelled recordings of one's own, made into what a calibration is fitted to and what it is reported on."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from registry.domain.scores import Span
from registry.engine.analyser import REQUIRED_SPEECH_S
from registry.engine.analysis import Analysis
from registry.engine.evaluation import Band
from registry.engine.identify import Engine
from registry.engine.training.examples import Example, Part, digest_number
from registry.engine.training.people import Role, roles_of
from registry.engine.training.portions import cut_speech, halved, parts_of
from registry.engine.training.simulation import CLEAN
from registry.media.recording import Recording

SHORT_S = (1.0, 2.0, 3.0)
"""Net speech that what is searched for is also cut to, so that the calibration learns what short speech is worth."""
NARROW = "narrow band"


@dataclass(frozen=True, slots=True)
class Take:
    """One recording, before anybody has listened to it.

    Attributes:
        person: who speaks.
        name: of the recording among the person's.
        role: of the person.
        part: of the recording.
    """

    person: str
    name: str
    role: Role
    part: Part


@dataclass(frozen=True, slots=True)
class Kept:
    """A recording of somebody held out.

    Attributes:
        take: which one.
        analysis: of it.
        band: as measured.
    """

    take: Take
    analysis: Analysis
    band: Band


@dataclass(slots=True)
class Material:
    """What came of the recordings.

    Attributes:
        examples: to fit to, of people who are fitted on.
        kept: of people who are held out.
        used: recordings by person.
        several_voices: recordings left out because more than one voice speaks in them.
        conditions: recordings to fit to, by measured band.
        lines: one for each recording: SHA-256 of its bytes, and its label.
    """

    examples: list[Example] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    used: Counter[str] = field(default_factory=Counter)
    several_voices: list[Take] = field(default_factory=list)
    conditions: Counter[str] = field(default_factory=Counter)
    lines: list[tuple[str, str]] = field(default_factory=list)

    def add(self, take: Take, recording: Recording, spans: Sequence[Span], analysis: Analysis, engine: Engine) -> bool:
        """Take in one recording that was listened to; answer whether it is used: not if several voices speak in it.

        Args:
            take: which one.
            recording: decoded.
            spans: where speech is.
            analysis: of it.
            engine: to listen to parts of it with.
        """
        if len(analysis.voices) > 1:
            self.several_voices.append(take)
            return False
        band = Band.of(analysis.quality.bandwidth_hz)
        self.used[take.person] += 1
        self.lines.append((recording.content_sha256, take.person))
        if take.role is not Role.FITTED:
            self.kept.append(Kept(take, analysis, band))
            return True
        self.conditions[band.value] += 1
        self.examples += _examples(take, recording, spans, analysis, engine)
        return True

    def digests(self) -> dict[str, str]:
        """Answer the SHA-256 of all recordings' bytes, and of all of them with their labels; the order is no matter."""
        heard = sorted(self.lines)
        return {
            "recordings_sha256": _digest(content for content, _ in heard),
            "labels_sha256": _digest(f"{content} {person}" for content, person in heard),
        }


def _digest(lines: Iterator[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def plan(recordings: Mapping[str, Sequence[str]], held_out: float) -> list[Take]:
    """Answer what every recording is for; nothing but labels and names decides.

    Args:
        recordings: by person, the names of the recordings.
        held_out: see `roles_of`.
    """
    roles = roles_of({person: len(names) for person, names in recordings.items()}, held_out)
    takes = []
    for person in sorted(roles):
        names = sorted(recordings[person], key=lambda name: (digest_number(name), name))
        takes += [
            Take(person, name, roles[person], part) for name, part in zip(names, parts_of(len(names)), strict=True)
        ]
    return takes


def _examples(
    take: Take, recording: Recording, spans: Sequence[Span], whole: Analysis, engine: Engine
) -> Iterator[Example]:
    """Yield a recording, and what is cut from it, as examples. The quality of all is that of the whole."""
    condition = CLEAN if Band.of(whole.quality.bandwidth_hz) is Band.WIDE else NARROW
    (first, _), *others = _pieces(take.part, spans)
    cuts = [(part, cut) for part, cut in others if sum(span.duration_s for span in cut) > REQUIRED_SPEECH_S]
    analyses = engine.analyse_many([(recording, cut) for _, cut in cuts]) if cuts else []
    for part, analysis in [(first, whole), *zip((part for part, _ in cuts), analyses, strict=True)]:
        yield Example(
            person=take.person,
            part=part,
            session=take.name,
            same_session=take.part is Part.STRANGER,
            condition=condition,
            group="",
            speech_s=analysis.voices[0].speech_s,
            vectors=analysis.voices[0].vectors,
            quality=whole.quality,
        )


def _pieces(part: Part, spans: Sequence[Span]) -> Iterator[tuple[Part, Sequence[Span]]]:
    """Yield what is made of a recording: the whole first, then halves where it is a person's only one, then cuts."""
    portions = halved(spans) if part is Part.STRANGER else {part: list(spans)}
    for own, portion in portions.items():
        yield own, portion
        if own is not Part.ENROL:
            speech_s = sum(span.duration_s for span in portion)
            yield from ((own, cut_speech(portion, 0, seconds)) for seconds in SHORT_S if seconds < speech_s)
