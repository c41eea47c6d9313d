"""Conditions: what has to hold of a licence and its parties, as a rule pack writes it.

The language is small and total. A condition is a table with one of these forms, and nothing else::

    { all = [CONDITION, …] }            each of them holds
    { any = [CONDITION, …] }            at least one holds
    { not = CONDITION }                 it does not hold
    { fact = NAME, TEST = OPERAND }     one test of one fact: see `registry.domain.rules.operators`
    { fact = NAME, known = true }       whether the fact is known at all: the only test that an unknown one can answer

An unknown form, fact or test, and a test that does not fit the fact, are errors when the pack is read, never later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from registry.domain.reading import Node
from registry.domain.rules.facts import UNKNOWN, FactDefinition, Facts
from registry.domain.rules.operators import OPERATORS
from registry.domain.rules.truth import Judgement, Truth, all_of, any_of, negated, truth_of

KNOWN = "known"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Holds when each of its parts does."""

    parts: tuple[Condition, ...]

    def judge(self, facts: Facts) -> Judgement:
        """Answer whether it holds, and what that rests on."""
        return all_of([part.judge(facts) for part in self.parts])


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds when one of its parts does."""

    parts: tuple[Condition, ...]

    def judge(self, facts: Facts) -> Judgement:
        """Answer whether it holds, and what that rests on."""
        return any_of([part.judge(facts) for part in self.parts])


@dataclass(frozen=True, slots=True)
class Not:
    """Holds when its part does not."""

    part: Condition

    def judge(self, facts: Facts) -> Judgement:
        """Answer whether it holds, and what that rests on."""
        return negated(self.part.judge(facts))


@dataclass(frozen=True, slots=True)
class Comparison:
    """One test of one fact.

    Attributes:
        fact: its name.
        operator: name of the test in `OPERATORS`.
        operand: what the test compares with, as its operator has read it.
    """

    fact: str
    operator: str
    operand: Any

    def judge(self, facts: Facts) -> Judgement:
        """Answer whether it holds; where the fact is unknown, that it cannot be told without it."""
        truth = OPERATORS[self.operator].judge(facts[self.fact], self.operand)
        missing = frozenset({self.fact}) if truth is Truth.UNKNOWN else frozenset[str]()
        return Judgement(truth, frozenset({self.fact}), missing)


@dataclass(frozen=True, slots=True)
class Known:
    """Holds when a fact is known (or, with ``wanted`` false, when it is not)."""

    fact: str
    wanted: bool

    def judge(self, facts: Facts) -> Judgement:
        """Answer whether it holds. It always can."""
        return Judgement(truth_of((facts[self.fact] is not UNKNOWN) is self.wanted), frozenset({self.fact}))


Condition = AllOf | AnyOf | Not | Comparison | Known


def condition_of(node: Node, known: Mapping[str, FactDefinition]) -> Condition:
    """Read a condition.

    Args:
        node: as the data file holds it.
        known: every fact that there is, by its name.

    Raises:
        InvalidInputError: it has no known form; figure ``pointer`` says where.
    """
    if node.maybe("fact") is not None:
        return _test_of(node, known)
    form = next((name for name in _FORMS if node.maybe(name) is not None), None)
    if form is None:
        raise node.refuse(f"a condition is one of {', '.join(_FORMS)}, or a fact with a test")
    return _FORMS[form](node.only(form).member(form), known)


def _all_of(node: Node, known: Mapping[str, FactDefinition]) -> Condition:
    return AllOf(_parts_of(node, known))


def _any_of(node: Node, known: Mapping[str, FactDefinition]) -> Condition:
    return AnyOf(_parts_of(node, known))


def _not(node: Node, known: Mapping[str, FactDefinition]) -> Condition:
    return Not(condition_of(node, known))


_FORMS: Mapping[str, Callable[[Node, Mapping[str, FactDefinition]], Condition]] = {
    "all": _all_of,
    "any": _any_of,
    "not": _not,
}


def _parts_of(node: Node, known: Mapping[str, FactDefinition]) -> tuple[Condition, ...]:
    parts = node.each(lambda part: condition_of(part, known))
    if not parts:
        raise node.refuse("at least one condition is needed: nothing is not a condition that always holds")
    return parts


def _test_of(node: Node, known: Mapping[str, FactDefinition]) -> Comparison | Known:
    fact = node.member("fact").text()
    if fact not in known:
        raise node.refuse(f"there is no fact {fact}")
    name = next((each for each in (KNOWN, *OPERATORS) if node.maybe(each) is not None), None)
    if name is None:
        raise node.refuse(f"the fact {fact} needs one of the tests {KNOWN}, {', '.join(OPERATORS)}")
    operand = node.only("fact", name).member(name)
    return Known(fact, operand.truth()) if name == KNOWN else _comparison_of(fact, known[fact], name, operand)


def _comparison_of(fact: str, definition: FactDefinition, name: str, operand: Node) -> Comparison:
    operator = OPERATORS[name]
    if definition.kind not in operator.kinds:
        raise operand.refuse(f"{name} is no test of {fact}, which is {definition.kind.value}")
    read = operator.read(operand)
    if definition.vocabulary and isinstance(read, frozenset) and not read <= definition.vocabulary:
        raise operand.refuse(f"{fact} is never {', '.join(sorted(read - definition.vocabulary))}")
    return Comparison(fact, name, read)
