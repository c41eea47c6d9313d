"""Scenes of several voices, made by code from recordings of one voice each, in memory, the same for the same seed.

A scene is people talking in turns of 2 to 10 s in one room: pauses, here and there one who begins before the other has
ended, nobody equally loud. A registered voice says its few seconds somewhere in the middle, or does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from registry.domain.scores import Span
from registry.media.recording import SAMPLE_RATE_HZ, Recording, SourceFacts

Samples = NDArray[np.float32]

TURN_S = (2.0, 10.0)
PAUSE_S = (0.1, 1.2)
OVERLAP_S = (0.3, 1.5)
OVERLAP_SHARE = 0.15
"""Of the turns, how many begin before the one before them has ended."""

LEVEL_DB = 6.0
"""Nobody is more than this louder or softer than the middle."""

SPEECH_DBFS = -26.0
SNR_DB = (20.0, 35.0)
REVERBERATION_S = (0.15, 0.5)
_BREATH_S = 0.2
_GRID_S = 0.01
_SHORTEST_PIECE_S = 0.3


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody's speech, ready to be cut.

    Attributes:
        label: of the person.
        enrolled: recordings, by path, to register them with; may be empty.
        speech: what they say in scenes: stretches of speech ``(n,) float32``, none of them registered.
        style: ``read``, ``spontaneous``, ``telephone``, ``acted``, …: whatever the caller groups by.
    """

    label: str
    enrolled: tuple[str, ...]
    speech: tuple[Samples, ...]
    style: str

    @property
    def speech_s(self) -> float:
        """Seconds that they can say without repeating themselves."""
        return sum(piece.size for piece in self.speech) / SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class Spoken:
    """One turn of a scene: who, and from when to when."""

    person: str
    span: Span


@dataclass(frozen=True, slots=True)
class Scene:
    """A scene and what is true of it.

    Attributes:
        name: says its kind and number.
        samples: ``(n,) float32``.
        turns: in order of their beginning.
        targets: registered people who speak; empty in a scene that nobody registered speaks in.
        others: labels of everybody else who speaks.
        style: of the targets, or of whom the scene was made for.
        alone: the targets' turns by themselves, before room, noise and neighbours: what a cut by hand would give.
    """

    name: str
    samples: Samples
    turns: tuple[Spoken, ...]
    targets: tuple[str, ...]
    others: tuple[str, ...]
    style: str
    alone: Mapping[str, Samples]

    @property
    def recording(self) -> Recording:
        """The scene as the engine takes it."""
        return recording_of(self.samples)

    def spans_of(self, person: str) -> list[Span]:
        """When somebody speaks."""
        return [turn.span for turn in self.turns if turn.person == person]

    def sound_of(self, person: str) -> Samples:
        """What is heard while somebody speaks, ``(n,) float32``: their turns as they are in the scene, end to end."""
        rate = SAMPLE_RATE_HZ
        own = self.spans_of(person)
        return np.concatenate([self.samples[round(s.start_s * rate) : round(s.end_s * rate)] for s in own])

    def alone_span(self, person: str) -> Span:
        """From where somebody first speaks with nobody else to where they last do; their whole turn, if never."""
        own = self.spans_of(person)
        points = np.arange(own[0].start_s, own[-1].end_s, _GRID_S)
        talking = [[turn.person for turn in self.turns if turn.span.start_s <= p < turn.span.end_s] for p in points]
        alone = [point for point, who in zip(points.tolist(), talking, strict=True) if who == [person]]
        return Span(alone[0], alone[-1] + _GRID_S) if alone else Span(own[0].start_s, own[-1].end_s)


def recording_of(samples: Samples) -> Recording:
    """Answer samples as a recording, on the 16-bit grid."""
    grid = (np.clip(np.round(samples * 32768), -32768, 32767) / 32768).astype(np.float32)
    return Recording(grid, "", SourceFacts("scene", "pcm_s16le", SAMPLE_RATE_HZ, 1, 2 * grid.size))


def stretches(samples: Samples, spans: Sequence[Span]) -> list[Samples]:
    """Answer the stretches of speech in a recording, levelled to `SPEECH_DBFS` as a whole."""
    pieces = [samples[round(s.start_s * SAMPLE_RATE_HZ) : round(s.end_s * SAMPLE_RATE_HZ)] for s in spans]
    pieces = [piece for piece in pieces if piece.size >= _SHORTEST_PIECE_S * SAMPLE_RATE_HZ]
    if not pieces:
        return []
    rms = float(np.sqrt(np.mean(np.square(np.concatenate(pieces), dtype=np.float64))))
    gain = np.float32(10 ** (SPEECH_DBFS / 20) / max(rms, 1e-6))
    return [piece * gain for piece in pieces]


class Mouth:
    """Says a person's speech piece by piece, from a random beginning, round and round."""

    def __init__(self, person: Person, random: np.random.Generator) -> None:
        self._pieces = person.speech
        self._next = int(random.integers(len(self._pieces)))
        self._said = 0

    def say(self, seconds: float) -> Samples:
        """Answer exactly this much, with a breath between pieces."""
        wanted, parts = round(seconds * SAMPLE_RATE_HZ), []
        breath = np.zeros(round(_BREATH_S * SAMPLE_RATE_HZ), dtype=np.float32)
        while wanted > 0:
            piece = self._pieces[self._next][self._said :][:wanted]
            self._said += piece.size
            if self._said >= self._pieces[self._next].size:
                self._next, self._said = (self._next + 1) % len(self._pieces), 0
            parts.append(piece)
            wanted -= piece.size
            if wanted > breath.size + _SHORTEST_PIECE_S * SAMPLE_RATE_HZ:
                parts.append(breath)
                wanted -= breath.size
        return np.concatenate(parts)


@dataclass(frozen=True, slots=True)
class Line:
    """What somebody is to say, and how long before it there is silence; less than zero: they begin too early."""

    person: str
    sound: Samples
    pause_s: float


def talk(
    others: Sequence[Person], seconds: float, random: np.random.Generator, *, overlap_share: float = OVERLAP_SHARE
) -> list[Line]:
    """Answer lines of people who take turns, nobody twice in a row, for this long."""
    mouths = {person.label: Mouth(person, random) for person in others}
    gains = {person.label: 10 ** (random.uniform(-LEVEL_DB, LEVEL_DB) / 20) for person in others}
    lines: list[Line] = []
    spoken, last = 0.0, ""
    while spoken < seconds:
        label = str(random.choice([name for name in mouths if name != last]))
        length = float(random.uniform(*TURN_S))
        lines.append(Line(label, mouths[label].say(length) * np.float32(gains[label]), pause(random, overlap_share)))
        spoken, last = spoken + length + lines[-1].pause_s, label
    return lines


def pause(random: np.random.Generator, overlap_share: float = OVERLAP_SHARE) -> float:
    """Draw what lies between two turns, in seconds."""
    early = random.random() < overlap_share
    return -float(random.uniform(*OVERLAP_S)) if early else float(random.uniform(*PAUSE_S))


def staged(
    lines: Sequence[Line], random: np.random.Generator, *, dry: bool = False
) -> tuple[Samples, tuple[Spoken, ...]]:
    """Put lines on the time line, in one room with one noise unless dry; answer the sound, and who speaks when."""
    starts, end = [], 0
    for line in lines:
        start = max(0, end + round(line.pause_s * SAMPLE_RATE_HZ))
        starts.append(start)
        end = max(end, start + line.sound.size)
    sound = np.zeros(end + SAMPLE_RATE_HZ // 2, dtype=np.float32)
    for line, start in zip(lines, starts, strict=True):
        sound[start : start + line.sound.size] += line.sound
    turns = tuple(
        Spoken(line.person, Span(start / SAMPLE_RATE_HZ, (start + line.sound.size) / SAMPLE_RATE_HZ))
        for line, start in zip(lines, starts, strict=True)
    )
    if dry:
        return np.clip(sound, -1, 1), turns
    wet = in_room(sound, random)
    noise = random.standard_normal(wet.size, dtype=np.float32)
    noise *= np.float32(10 ** ((SPEECH_DBFS - random.uniform(*SNR_DB)) / 20))
    return np.clip(wet + noise, -1, 1).astype(np.float32), turns


def in_room(dry: Samples, random: np.random.Generator) -> Samples:
    """Let sound ring in a small room: the direct sound, and noise that decays behind it."""
    decay_s = random.uniform(*REVERBERATION_S)
    time = np.arange(1, round(decay_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tail = random.normal(size=time.size) * 10 ** (-3 * time / decay_s)
    tail *= 0.5 / np.linalg.norm(tail)
    response = np.concatenate([[1.0], tail]).astype(np.float32)
    size = 1 << (dry.size + response.size).bit_length()
    wet = np.fft.irfft(np.fft.rfft(dry, size) * np.fft.rfft(response, size), size)[: dry.size]
    return wet.astype(np.float32)


def hidden_voice(
    number: int,
    target: Person,
    others: Sequence[Person],
    *,
    minutes: float,
    seconds: float,
    seed: int,
    dry: bool = False,
) -> tuple[Scene, Scene]:
    """Answer a scene in which somebody registered speaks once, and the same scene without them.

    Args:
        number: of the scene.
        target: who is registered.
        others: who speak besides.
        minutes: of the scene.
        seconds: that the target speaks for.
        seed: of everything drawn.
        dry: recordings put together, without room and noise.
    """
    random = np.random.default_rng([seed, number])
    lines = talk(others, 60 * minutes - seconds, random)
    gain = np.float32(10 ** (random.uniform(-LEVEL_DB, LEVEL_DB) / 20))
    said = Mouth(target, random).say(seconds)
    place = int(random.integers(1, len(lines)))
    own = Line(target.label, said * gain, pause(random))
    labels = tuple(person.label for person in others)
    room_seed = int(random.integers(2**31))
    scenes = []
    for name, spoken, targets in (
        ("with", [*lines[:place], own, *lines[place:]], (target.label,)),
        ("without", lines, ()),
    ):
        sound, turns = staged(spoken, np.random.default_rng(room_seed), dry=dry)
        alone = {target.label: said} if targets else {}
        scenes.append(
            Scene(f"{minutes:g} min {seconds:g} s {name} #{number}", sound, turns, targets, labels, target.style, alone)
        )
    return scenes[0], scenes[1]


def dialogue(number: int, pair: tuple[Person, Person], *, seconds: float, overlap_share: float, seed: int) -> Scene:
    """Answer two registered people talking with each other."""
    random = np.random.default_rng([seed, number, 1])
    lines = talk(pair, seconds, random, overlap_share=overlap_share)
    sound, turns = staged(lines, random)
    alone = {
        person.label: np.concatenate([line.sound for line in lines if line.person == person.label]) for person in pair
    }
    labels = tuple(person.label for person in pair)
    style = pair[0].style if pair[0].style == pair[1].style else "mixed"
    return Scene(f"dialogue #{number}", sound, turns, labels, (), style, alone)
