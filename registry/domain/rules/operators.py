"""Tests of one fact: which kinds of fact each fits, how what stands beside it is read, and when it holds.

Every test is total: it answers for any value of a kind that it fits, for none, and for an unknown one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from registry.domain.reading import Node
from registry.domain.rules.durations import Duration, Period, duration_of
from registry.domain.rules.facts import UNKNOWN, FactKind, Value
from registry.domain.rules.places import countries_of, lies_in, place_of
from registry.domain.rules.truth import Truth, truth_of
from registry.domain.rules.wording import lacks_specifics
from registry.domain.terms import WORLD

_EVERY_KIND = frozenset(FactKind)
_CHOICES = frozenset({FactKind.CHOICES})


@dataclass(frozen=True, slots=True)
class Operator:
    """One kind of test.

    Attributes:
        kinds: of fact that it fits.
        read: reads the operand as the data file holds it; raises InvalidInputError for one that it cannot be.
        holds: answers for a fact that has a value; the value is of one of the kinds.
        asks_of_nothing: whether `holds` is asked of a fact that is known to be nothing; no other test holds of that.
    """

    kinds: frozenset[FactKind]
    read: Callable[[Node], Any]
    holds: Callable[[Any, Any], Truth]
    asks_of_nothing: bool = False

    def judge(self, value: Value, operand: object) -> Truth:
        """Answer whether the test holds for a value; unknown for an unknown one."""
        if value is UNKNOWN:
            return Truth.UNKNOWN
        if value is None and not self.asks_of_nothing:
            return Truth.NO
        return self.holds(value, operand)


# --- reading what stands beside a test -------------------------------------------------------------------------------


def _number(node: Node) -> Decimal:
    value = node.value
    return node.decimal() if isinstance(value, str) else Decimal(node.integer())


def _words(node: Node) -> frozenset[str]:
    words = node.set_of(Node.text)
    if not words:
        raise node.refuse("at least one word is needed")
    return words


def _place(node: Node) -> str:
    try:
        return place_of(node.text())
    except ValueError as error:
        raise node.refuse(str(error)) from error


def _places(node: Node) -> frozenset[str]:
    places = node.set_of(_place)
    if not places:
        raise node.refuse("at least one place is needed")
    return places


def _duration(node: Node) -> Duration:
    try:
        return duration_of(node.text())
    except ValueError as error:
        raise node.refuse(str(error)) from error


# --- when each holds -------------------------------------------------------------------------------------------------


def _is_stated(value: Value, wanted: bool) -> Truth:  # noqa: FBT001  (the operand that the file holds)
    empty = value is None or (isinstance(value, frozenset | tuple | str) and not value)
    return truth_of(empty is not wanted)


def _reaches(territories: frozenset[str], places: frozenset[str]) -> Truth:
    return truth_of(WORLD in territories or bool(territories & countries_of(places)))


def _longer_than(period: Period, duration: Duration) -> Truth:
    return truth_of(period.is_longer_than(duration))


def _lacks_specifics(texts: tuple[str, ...], wanted: bool) -> Truth:  # noqa: FBT001  (the operand that the file holds)
    return truth_of(lacks_specifics(texts) is wanted)


OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {
        "is": Operator(frozenset({FactKind.FLAG}), Node.truth, lambda value, wanted: truth_of(value is wanted)),
        "one_of": Operator(frozenset({FactKind.CHOICE}), _words, lambda value, wanted: truth_of(value in wanted)),
        "above": Operator(frozenset({FactKind.NUMBER}), _number, lambda value, bound: truth_of(value > bound)),
        "below": Operator(frozenset({FactKind.NUMBER}), _number, lambda value, bound: truth_of(value < bound)),
        "includes_any": Operator(_CHOICES, _words, lambda value, wanted: truth_of(bool(value & wanted))),
        "includes_all": Operator(_CHOICES, _words, lambda value, wanted: truth_of(value >= wanted)),
        "mentions": Operator(
            frozenset({FactKind.TEXT}),
            _words,
            lambda value, wanted: truth_of(any(word.casefold() in value.casefold() for word in wanted)),
        ),
        "lacks_specifics": Operator(frozenset({FactKind.TEXTS}), Node.truth, _lacks_specifics),
        "longer_than": Operator(frozenset({FactKind.PERIOD}), _duration, _longer_than),
        "reaches": Operator(frozenset({FactKind.TERRITORIES}), _places, _reaches),
        "reaches_everywhere": Operator(
            frozenset({FactKind.TERRITORIES}), Node.truth, lambda value, wanted: truth_of((WORLD in value) is wanted)
        ),
        "lies_in": Operator(frozenset({FactKind.PLACE}), _place, lies_in),
        "stated": Operator(_EVERY_KIND, Node.truth, _is_stated, asks_of_nothing=True),
    }
)
"""Every test that there is, by the name it has in a pack."""
