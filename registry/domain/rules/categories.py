"""Use categories in plain words: what each word of the terms means, with something one would hear.

They are data, in Korean and in English, for people who read or fill in terms. Every word of every vocabulary has one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from registry.domain.reading import Node
from registry.domain.rules.shipped import CATEGORIES, read_file
from registry.domain.rules.texts import Text
from registry.domain.terms import Exclusivity, Marking, PayBasis, Permission, ReplicaClass
from registry.domain.uses import Medium, UseMode, UsePurpose
from registry.errors import InvalidInputError, RulePackError

TYPE, VERSION = "use_categories", 1

VOCABULARIES: Mapping[str, type[StrEnum]] = MappingProxyType(
    {
        "purposes": UsePurpose,
        "media": Medium,
        "use_modes": UseMode,
        "replica_class": ReplicaClass,
        "exclusivity": Exclusivity,
        "sublicensing": Permission,
        "derived_voices": Permission,
        "markings": Marking,
        "pay": PayBasis,
    }
)
"""The terms that choose from a list, and what they choose from."""


@dataclass(frozen=True, slots=True)
class Category:
    """One word of the terms.

    Attributes:
        term: the member of the terms that it belongs to.
        word: as the terms write it.
        name: for people.
        meaning: what is permitted, owed or refused by it.
        example: something that one would hear or see.
        meaning_of_them, example_of_them: the same, said of the performer to whoever acts for them.
    """

    term: str
    word: str
    name: Text
    meaning: Text
    example: Text
    meaning_of_them: Text
    example_of_them: Text


def categories_of(content: str, *, name: str) -> tuple[Category, ...]:
    """Read the categories.

    Raises:
        RulePackError: they cannot be read, a word is missing, or there is one that no terms have; figure ``where``.
    """
    try:
        return tuple(_categories(Node(tomllib.loads(content))))
    except tomllib.TOMLDecodeError as error:
        raise RulePackError(f"{name} is not TOML: {error}", where=name) from error
    except InvalidInputError as error:
        raise RulePackError(f"{name}: {error.detail}", where=f"{name}{error.figures['pointer']}") from error


def _categories(node: Node) -> list[Category]:
    node.tagged(TYPE, {VERSION})
    node.only("type", "version", *VOCABULARIES)
    return [
        _category(node.member(term).only(*vocabulary).member(word.value), term, word.value)
        for term, vocabulary in VOCABULARIES.items()
        for word in vocabulary
    ]


def _category(node: Node, term: str, word: str) -> Category:
    node.only("name", "meaning", "example", "meaning_of_them", "example_of_them")
    name, meaning, example = (Text.of(node.member(each)) for each in ("name", "meaning", "example"))
    return Category(
        term,
        word,
        name,
        meaning,
        example,
        Text.of(each) if (each := node.maybe("meaning_of_them")) else meaning,
        Text.of(each) if (each := node.maybe("example_of_them")) else example,
    )


@cache
def shipped_categories() -> tuple[Category, ...]:
    """Answer the categories that come with the registry, in the order of the vocabularies.

    Raises:
        RulePackError: they cannot be read.
    """
    return categories_of(read_file(CATEGORIES), name=CATEGORIES)
