"""Rule packs: one source of law, agreement or advice, as a dated file of rules.

A file is TOML, tagged ``type = "rule_pack"`` and ``version = 1``. What it says is fixed by its SHA-256: a report names
the packs it considered by it, so that anybody can tell later what was asked.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256

from registry.domain.reading import Node
from registry.domain.rules.conditions import Condition, condition_of
from registry.domain.rules.facts import FactDefinition
from registry.domain.rules.texts import Text
from registry.errors import InvalidInputError, RulePackError

TYPE, VERSION = "rule_pack", 1


class Standing(StrEnum):
    """What weight a rule has."""

    IN_FORCE = "in_force"  # law
    PENDING = "pending"  # a bill, or law that has not taken effect
    CONTRACT = "contract"  # binds those who agreed to it
    GUIDANCE = "guidance"  # advice


class Severity(StrEnum):
    """How much a finding matters, the gravest first."""

    ERROR = "error"  # the licence, or the term, would not stand: it is not put in force
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Dates:
    """The days on which something applies, both included; None where there is no such day.

    Attributes:
        first: the day it took effect; of a bill, the day it was introduced.
        last: its last day.
    """

    first: date | None = None
    last: date | None = None

    def cover(self, day: date) -> bool:
        """Whether it applies on that day."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        id: within its pack.
        severity: of a finding.
        citation: where the rule is to be found, as lawyers write it.
        standing, dates: its own, or those of its pack.
        source: what the rule was taken from.
        checked_on: the day somebody last read the source, or None: then it is to be verified before relied upon.
        broken_when: the condition under which it is broken.
        why: what is wrong, and what follows.
        fix: what to do about it.
    """

    id: str
    severity: Severity
    citation: str
    standing: Standing
    dates: Dates
    source: str
    checked_on: date | None
    broken_when: Condition
    why: Text
    fix: Text


@dataclass(frozen=True, slots=True)
class Pack:
    """A source of rules.

    Attributes:
        id: stable; a pack never changes its meaning, a new text of a law is a new pack or new rules.
        title: for people.
        jurisdiction: code of a country or a region, or what else decides whom it binds, in words.
        standing, dates, source, checked_on: see `Rule`; rules say where theirs differ.
        applies_when: the condition under which its rules are asked at all; None: always.
        rules: at least one.
        sha256: hex digest of the file.
    """

    id: str
    title: Text
    jurisdiction: str
    standing: Standing
    dates: Dates
    source: str
    checked_on: date | None
    applies_when: Condition | None
    rules: tuple[Rule, ...]
    sha256: str


def pack_of(content: str, known: Mapping[str, FactDefinition], *, name: str) -> Pack:
    """Read a rule pack.

    Args:
        content: of the file.
        known: every fact that conditions may be about.
        name: of the file, for the message of an error.

    Raises:
        RulePackError: it cannot be read, or not all of it; figure ``where``.
    """
    try:
        return _pack_of(Node(tomllib.loads(content)), known, sha256(content.encode()).hexdigest())
    except tomllib.TOMLDecodeError as error:
        raise RulePackError(f"{name} is not TOML: {error}", where=name) from error
    except InvalidInputError as error:
        raise RulePackError(f"{name}: {error.detail}", where=f"{name}{error.figures['pointer']}") from error


_OF_BOTH = ("status", "effective_from", "effective_to", "source", "checked_on")


def _pack_of(node: Node, known: Mapping[str, FactDefinition], digest: str) -> Pack:
    node.tagged(TYPE, {VERSION})
    node.only("type", "version", "id", "title", "jurisdiction", *_OF_BOTH, "applies_when", "rules")
    head = _head_of(node)
    applies = node.maybe("applies_when")
    return Pack(
        id=node.member("id").text(),
        title=Text.of(node.member("title")),
        jurisdiction=node.member("jurisdiction").text(),
        standing=head.standing,
        dates=head.dates,
        source=head.source,
        checked_on=head.checked_on,
        applies_when=None if applies is None else condition_of(applies, known),
        rules=_rules_of(node.member("rules"), head, known),
        sha256=digest,
    )


@dataclass(frozen=True, slots=True)
class _Head:
    """What a pack says once and a rule may say otherwise."""

    standing: Standing
    dates: Dates
    source: str
    checked_on: date | None


def _head_of(node: Node) -> _Head:
    return _Head(
        node.member("status").one_of(Standing),
        Dates(_day(node, "effective_from"), _day(node, "effective_to")),
        node.member("source").text(),
        _day(node, "checked_on"),
    )


def _rules_of(node: Node, head: _Head, known: Mapping[str, FactDefinition]) -> tuple[Rule, ...]:
    rules = node.each(lambda each: _rule_of(each, head, known))
    if not rules or len({rule.id for rule in rules}) < len(rules):
        raise node.refuse("a pack has at least one rule, and each has an id of its own")
    return rules


def _rule_of(node: Node, head: _Head, known: Mapping[str, FactDefinition]) -> Rule:
    node.only("id", "severity", "citation", *_OF_BOTH, "broken_when", "why", "fix")
    standing, source = node.maybe("status"), node.maybe("source")
    return Rule(
        id=node.member("id").text(),
        severity=node.member("severity").one_of(Severity),
        citation=node.member("citation").text(),
        standing=head.standing if standing is None else standing.one_of(Standing),
        dates=Dates(
            _day(node, "effective_from") or head.dates.first,
            _day(node, "effective_to") or head.dates.last,
        ),
        source=head.source if source is None else source.text(),
        # a source of its own was not read when that of the pack was
        checked_on=_day(node, "checked_on") or (head.checked_on if source is None else None),
        broken_when=condition_of(node.member("broken_when"), known),
        why=Text.of(node.member("why")),
        fix=Text.of(node.member("fix")),
    )


def _day(node: Node, name: str) -> date | None:
    found = node.maybe(name)
    return None if found is None else found.day()
