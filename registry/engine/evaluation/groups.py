"""Groups of recordings: by one label each, and by name with conditions of one's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import pairwise

from registry.engine.evaluation.searches import SearchResult

SPEECH_BUCKETS_S = (0.0, 3.0, 6.0, 12.0, float("inf"))
DIMENSIONS = ("corpus", "language", "sex", "condition", "band")
"""Labels that recordings are grouped by, each by itself."""
FIELDS = (*DIMENSIONS, "system")
"""What a named group may ask for. Only clones have a system."""


@dataclass(frozen=True, slots=True)
class Group:
    """Recordings that have something in common.

    Attributes:
        name: for people; empty for recordings that lack the label.
        where: by field of `FIELDS`: shell patterns, one of which it must match. No field asks for nothing.
        speech_s: net speech: at least the one, less than the other.
    """

    name: str
    where: Mapping[str, Sequence[str]] = field(default_factory=dict)
    speech_s: tuple[float, float] = (0.0, float("inf"))

    def has(self, search: SearchResult) -> bool:
        """Whether a search is of a recording in this group."""
        low, high = self.speech_s
        return low <= search.speech_s < high and all(
            any(fnmatchcase(_value(search, name), pattern) for pattern in patterns)
            for name, patterns in self.where.items()
        )

    def of(self, searches: Sequence[SearchResult]) -> list[SearchResult]:
        """Answer the searches of recordings in this group."""
        return [search for search in searches if self.has(search)]


def _value(search: SearchResult, name: str) -> str:
    value: str = search.system if name == "system" else getattr(search.labels, name)
    return value


def speech_buckets() -> list[Group]:
    """Answer the groups by net speech; every recording is in one of them."""
    return [Group(f"{low:g} to {high:g} s", speech_s=(low, high)) for low, high in pairwise(SPEECH_BUCKETS_S)]


def by_label(searches: Sequence[SearchResult]) -> Iterator[tuple[str, list[Group]]]:
    """Yield each label that any recording has, with its groups: every recording is in one, unlabelled ones last."""
    for name in DIMENSIONS:
        values = {_value(search, name) for search in searches}
        if values - {""}:
            yield name, [_exactly(name, value) for value in sorted(values, key=lambda value: (not value, value))]


def _exactly(name: str, value: str) -> Group:
    escaped = "".join(f"[{character}]" if character in "*?[" else character for character in value)
    return Group(value, {name: (escaped,)})
