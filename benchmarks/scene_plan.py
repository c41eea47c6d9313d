"""Who speaks in which scene: drawn by seed, from one half of people only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.scene_making import Person, Scene, dialogue, hidden_voice
from registry.engine.evaluation.splits import Split

MINUTES = (3.0, 5.0, 10.0)
SECONDS = (5.0, 8.0, 12.0)
COMPANY = (3, 6)
"""How many others speak in a scene, at least and at most."""

TALKATIVE_S = 12.0
"""Most of the others are people with this much speech, so that they need not repeat themselves all the time."""

_SAME_STYLE_SHARE = 0.5
_TALKATIVE_SHARE = 0.75
_DIALOGUE_S = (20.0, 60.0)
_DIALOGUE_NEEDS_S = 10.0


def hidden_voices(
    people: Sequence[Person],
    split: Split,
    count: int,
    seed: int,
    minutes: Sequence[float] = MINUTES,
    *,
    dry: bool = False,
) -> Iterator[tuple[Scene, Scene]]:
    """Yield scenes with a registered voice and the same without, ``count`` pairs; lengths and people take turns."""
    half = [person for person in people if split.has(person.label)]
    random = np.random.default_rng([seed, 77])
    cast = {
        seconds: _shuffled([p for p in half if p.enrolled and p.speech_s >= seconds], random) for seconds in SECONDS
    }
    for number in range(count):
        seconds = SECONDS[number % len(SECONDS)]
        length = minutes[number // len(SECONDS) % len(minutes)]
        targets = cast[seconds]
        target = targets[number // len(SECONDS) % len(targets)]
        others = company(half, target, random)
        yield hidden_voice(number, target, others, minutes=length, seconds=seconds, seed=seed, dry=dry)


def company(half: Sequence[Person], target: Person, random: np.random.Generator) -> list[Person]:
    """Draw the others: half of them of the target's style, where the channel is most alike."""
    chosen: list[Person] = []
    for _ in range(int(random.integers(COMPANY[0], COMPANY[1] + 1))):
        pool = [person for person in half if person.label != target.label and person not in chosen and person.speech]
        if random.random() < _TALKATIVE_SHARE:
            pool = [person for person in pool if person.speech_s >= TALKATIVE_S] or pool
        if random.random() < _SAME_STYLE_SHARE:
            pool = [person for person in pool if person.style == target.style] or pool
        chosen.append(pool[int(random.integers(len(pool)))])
    return chosen


def dialogues(people: Sequence[Person], split: Split, count: int, seed: int) -> Iterator[Scene]:
    """Yield dialogues of two registered people; in every other one they interrupt each other all the time."""
    half = [p for p in people if split.has(p.label) and p.enrolled and p.speech_s >= _DIALOGUE_NEEDS_S]
    random = np.random.default_rng([seed, 78])
    for number in range(count):
        first, second = random.choice(len(half), 2, replace=False).tolist()
        yield dialogue(
            number,
            (half[first], half[second]),
            seconds=float(random.uniform(*_DIALOGUE_S)),
            overlap_share=0.5 * (number % 2),
            seed=seed,
        )


def _shuffled(people: Sequence[Person], random: np.random.Generator) -> list[Person]:
    return [people[index] for index in random.permutation(len(people)).tolist()]
