"""What an evaluation is made of: one search of the gallery for each labelled recording, and what is known about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NARROW_BELOW_HZ = 4200.0
"""Speech whose measured bandwidth is less came over a telephone, or might as well have."""


class SearchKind(StrEnum):
    """What a search is of."""

    MATED = "mated"
    """A recording of somebody who is in the gallery."""
    LEFT_OUT = "left_out"
    """The same recording against everybody else: its speaker has been taken out of the gallery."""
    NON_MATED = "non_mated"
    """A recording of a stranger: somebody who is not in the gallery."""
    CLONE = "clone"
    """Generated speech in the voice of somebody in the gallery."""
    DECOY = "decoy"
    """Somebody else, made to sound like somebody in the gallery."""


class Band(StrEnum):
    """How much of the spectrum a recording holds, as measured."""

    NARROW = "narrow"
    WIDE = "wide"

    @classmethod
    def of(cls, bandwidth_hz: float) -> Band:
        """Answer the band of a measured bandwidth."""
        return cls.NARROW if bandwidth_hz < NARROW_BELOW_HZ else cls.WIDE


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known about a recording besides its speaker; empty where it is not known.

    Attributes:
        corpus: where it comes from.
        language: of its speech.
        sex: of its speaker.
        condition: such as ``telephone``.
        band: ``narrow`` or ``wide``.
    """

    corpus: str = ""
    language: str = ""
    sex: str = ""
    condition: str = ""
    band: str = ""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One recording against the gallery.

    Attributes:
        kind: of the search.
        person: who speaks; for clones and decoys, whom it imitates.
        system: what generated it, for clones; else empty.
        speech_s: net speech.
        log10_lr: ``(n_performers,) float64``: with every performer, fused, not capped, best over voices; NaN for a
            performer with whom the score does not count (left out, or doubtful).
        own: the column of ``person`` for mated searches, clones and decoys; else None.
        called: columns, among those that count, that the engine called a match at its default operating point.
        labels: what is known about it.
    """

    kind: SearchKind
    person: str
    system: str
    speech_s: float
    log10_lr: Array
    own: int | None
    called: frozenset[int]
    labels: Labels = field(default_factory=Labels)

    @property
    def best(self) -> float:
        """The highest log10 LR with anybody."""
        return float(np.nanmax(self.log10_lr))

    @property
    def own_lr(self) -> float:
        """The log10 LR with the person."""
        if self.own is None:
            raise ValueError(f"{self.person} is not in the gallery that was searched")
        return float(self.log10_lr[self.own])

    @property
    def accused(self) -> frozenset[int]:
        """Columns of other people than ``person`` that the engine called a match."""
        return self.called - {self.own}


@dataclass(frozen=True, slots=True)
class Searches:
    """The searches of one evaluation, sorted out by kind."""

    by_kind: Mapping[SearchKind, Sequence[SearchResult]]

    @classmethod
    def of(cls, results: Iterable[SearchResult]) -> Searches:
        """Sort searches out."""
        sorted_out: dict[SearchKind, list[SearchResult]] = {kind: [] for kind in SearchKind}
        for result in results:
            sorted_out[result.kind].append(result)
        return cls(sorted_out)

    @property
    def mated(self) -> Sequence[SearchResult]:
        """Searches whose speaker is in the gallery."""
        return self.by_kind[SearchKind.MATED]

    @property
    def without_mate(self) -> Sequence[SearchResult]:
        """Searches whose speaker is not: strangers, and mated recordings whose speaker was left out."""
        return [*self.by_kind[SearchKind.NON_MATED], *self.by_kind[SearchKind.LEFT_OUT]]

    @property
    def all(self) -> Sequence[SearchResult]:
        """Every search."""
        return [result for results in self.by_kind.values() for result in results]


@dataclass(frozen=True, slots=True)
class DoubtfulPair:
    """Two patterns of labels between which nobody can say whether they are two people or one.

    A score between two different labels of which one matches the one pattern and the other the other counts neither as
    a target nor as a non-target.

    Attributes:
        one, other: shell patterns, such as ``studio3_*``.
    """

    one: str
    other: str

    def holds(self, label: str, other: str) -> bool:
        """Whether these two labels are doubtful; a label is never doubtful with itself."""
        return label != other and (self._in_order(label, other) or self._in_order(other, label))

    def _in_order(self, label: str, other: str) -> bool:
        return fnmatchcase(label, self.one) and fnmatchcase(other, self.other)


def doubtful_with(person: str, performers: Iterable[str], pairs: Collection[DoubtfulPair]) -> frozenset[str]:
    """Answer the performers who may be the same person as ``person`` under another label."""
    return frozenset(one for one in performers if any(pair.holds(person, one) for pair in pairs))
