"""What a language brings to the human text: a word for every value of every term, and the sentences around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from registry.domain.terms import (
    Exclusivity,
    Marking,
    PayBasis,
    Permission,
    ReplicaClass,
    RepresentationKind,
)
from registry.domain.uses import Medium, UsageUnit, UseMode, UsePurpose


@dataclass(frozen=True, slots=True)
class Words:
    """One language.

    Attributes:
        purposes, modes, media, replica_classes, permissions, markings, bases, units, representations, exclusivities:
            a phrase for each value.
        sentences: by key, with named places to fill in.
        labels: by the name of the line that they stand before.
        comma: between the items of a list.
    """

    purposes: Mapping[UsePurpose, str]
    modes: Mapping[UseMode, str]
    media: Mapping[Medium, str]
    replica_classes: Mapping[ReplicaClass, str]
    permissions: Mapping[Permission, str]
    markings: Mapping[Marking, str]
    bases: Mapping[PayBasis, str]
    units: Mapping[UsageUnit, str]
    representations: Mapping[RepresentationKind, str]
    exclusivities: Mapping[Exclusivity, str]
    sentences: Mapping[str, str]
    labels: Mapping[str, str]
    comma: str = ", "

    def say(self, key: str, **fill: object) -> str:
        """Answer a sentence with its places filled in."""
        return self.sentences[key].format(**fill)

    def listed(self, items: list[str]) -> str:
        """Answer a list, or the word for nothing."""
        return self.comma.join(items) if items else self.sentences["nothing"]
