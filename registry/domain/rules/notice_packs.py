"""Notice packs: what a notice under one law has to contain, element by element, as dated data.

A file is TOML, tagged ``type = "notice_pack"`` and ``version = 1``. Each element and each term says where it is from,
and how that is known: read in a primary text, in a secondary one, from memory, or our own practice. What is from memory
is to be verified with counsel before anybody relies on it, and every notice says so.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from hashlib import sha256
from importlib.resources import files

from registry.domain.reading import Node
from registry.domain.rules.packs import Standing
from registry.domain.rules.texts import Text
from registry.errors import NotFoundError

_FOLDER = files("registry.domain.rules") / "notices"
_PRACTICE = "practice.toml"
_LONGEST_TEXT = 1000
_MOST_DAYS = 3660
_MOST = 50


class KnownFrom(StrEnum):
    """How it is known what a law asks. The list only grows."""

    PRIMARY_TEXT = "primary_text"
    SECONDARY_TEXT = "secondary_text"
    MEMORY = "memory"
    PRACTICE = "practice"  # no law's: this registry's own


class ElementKind(StrEnum):
    """How an element is given. The list only grows."""

    TEXT = "text"
    STATEMENT = "statement"  # the pack has the words, the claimant says whether they state that
    MATERIALS = "materials"  # the list of what the notice is about
    SIGNATURE = "signature"  # a named person


class TakenFrom(StrEnum):
    """What of a case an element is first filled in from. The list only grows."""

    PERFORMER = "performer"
    WORK = "work"
    CONCLUSION = "conclusion"


class Term(StrEnum):
    """What there may be a time for. The list only grows."""

    ANSWER = "answer"
    PUT_BACK = "put_back"
    STAY_DOWN = "stay_down"
    STRIKE = "strike"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Source:
    """Where something of a pack is from.

    Attributes:
        citation: as lawyers write it.
        known_from: how it is known that it says so.
    """

    citation: str
    known_from: KnownFrom


@dataclass(frozen=True, slots=True)
class Element:
    """One thing that a notice has to contain.

    Attributes:
        key: within its pack.
        kind: how it is given.
        label: its heading in the notice.
        asked: what whoever drafts is asked for.
        words: the statement itself, for one.
        taken_from: what it is first filled in from, or None.
        source: who asks for it.
    """

    key: str
    kind: ElementKind
    label: Text
    asked: Text
    words: Text | None
    taken_from: TakenFrom | None
    source: Source


@dataclass(frozen=True, slots=True)
class NoticeTerm:
    """A time that begins with a step.

    Attributes:
        id: what it is for.
        days: of 24 hours each.
        meaning: what happens within it.
        source: who sets it.
    """

    id: Term
    days: int
    meaning: Text
    source: Source

    def after(self, moment: datetime) -> datetime:
        """Answer when it is over, for one that begins at a moment."""
        return moment + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class NoticePack:
    """What a notice under one law contains.

    Attributes:
        id: stable.
        edition: goes up when the file changes in what it asks; a notice keeps the edition it was made by.
        title: of the notice.
        jurisdiction: of the law.
        standing: whether it is law at all.
        effective_from: the day it took effect; of a bill, the day it was introduced.
        source: what the pack was taken from.
        remark: what every notice says of it, to whoever reads it.
        counter_notarised: how it is known that a counter-statement has to be notarised; None where nothing says so.
        terms: those that the law sets.
        elements: every one is needed.
        sha256: hex digest of the file.
    """

    id: str
    edition: int
    title: Text
    jurisdiction: str
    standing: Standing
    effective_from: date
    source: str
    remark: Text
    counter_notarised: KnownFrom | None
    terms: tuple[NoticeTerm, ...]
    elements: tuple[Element, ...]
    sha256: str

    def term(self, name: Term) -> NoticeTerm | None:
        """Answer a term that this law sets, or None."""
        return next((each for each in self.terms if each.id is name), None)


@dataclass(frozen=True, slots=True)
class NoticePractice:
    """What the registry adds to every pack.

    Attributes:
        limit_after_strikes: strikes in force from which a person may limit somebody.
        terms: that no law sets.
    """

    limit_after_strikes: int
    terms: tuple[NoticeTerm, ...]

    def term(self, name: Term) -> NoticeTerm:
        """Answer a term of the registry's own.

        Raises:
            NotFoundError: there is none; figure ``term``.
        """
        found = next((each for each in self.terms if each.id is name), None)
        if found is None:
            raise NotFoundError(f"this registry sets no term for {name.value}", term=name.value)
        return found


@cache
def notice_packs() -> tuple[NoticePack, ...]:
    """Answer every notice pack that comes with the registry, by id.

    Raises:
        InvalidInputError: one is not of its form.
    """
    names = sorted(entry.name for entry in _FOLDER.iterdir() if entry.name.endswith(".toml"))
    return tuple(notice_pack_of(_read(name)) for name in names if name != _PRACTICE)


def notice_pack(pack_id: str) -> NoticePack:
    """Answer one notice pack.

    Raises:
        NotFoundError: there is none of this id; figure ``known``.
    """
    known = {pack.id: pack for pack in notice_packs()}
    if pack_id not in known:
        raise NotFoundError(f"there is no notice pack {pack_id}: there are {', '.join(known)}", known=list(known))
    return known[pack_id]


@cache
def notice_practice() -> NoticePractice:
    """Answer what the registry adds to every pack.

    Raises:
        InvalidInputError: the file is not of its form.
    """
    node = Node(tomllib.loads(_read(_PRACTICE)))
    node.exactly("type", "version", "source", "effective_from", "limit_after_strikes", "terms")
    node.tagged("notice_practice", (1,))
    return NoticePractice(node.member("limit_after_strikes").count(_MOST, least=1), node.member("terms").each(_term))


def notice_pack_of(content: str) -> NoticePack:
    """Read a notice pack.

    Raises:
        InvalidInputError: it is not of its form; figure ``pointer``.
    """
    node = Node(tomllib.loads(content))
    node.tagged("notice_pack", (1,))
    node.only(
        *("type", "version", "id", "edition", "title", "jurisdiction", "status", "effective_from", "source"),
        *("remark", "counter_notarised", "terms", "elements"),
    )
    elements = node.member("elements").each(_element, _MOST)
    if len({each.key for each in elements}) < len(elements):
        raise node.member("elements").refuse("an element stands in it twice")
    terms, notarised = node.maybe("terms"), node.maybe("counter_notarised")
    return NoticePack(
        id=node.member("id").storable_text(_MOST, shortest=1),
        edition=node.member("edition").count(_LONGEST_TEXT, least=1),
        title=Text.of(node.member("title")),
        jurisdiction=node.member("jurisdiction").storable_text(_MOST, shortest=1),
        standing=node.member("status").one_of(Standing),
        effective_from=node.member("effective_from").day(),
        source=node.member("source").storable_text(_LONGEST_TEXT, shortest=1),
        remark=Text.of(node.member("remark")),
        counter_notarised=notarised.one_of(KnownFrom) if notarised else None,
        terms=terms.each(_term, _MOST) if terms else (),
        elements=elements,
        sha256=sha256(content.encode()).hexdigest(),
    )


def _element(node: Node) -> Element:
    node.only("key", "kind", "taken_from", "citation", "known_from", "label", "asked", "words")
    kind = node.member("kind").one_of(ElementKind)
    words, taken_from = node.maybe("words"), node.maybe("taken_from")
    if (kind is ElementKind.STATEMENT) != (words is not None):
        raise node.refuse("a statement has its words, and nothing else has")
    return Element(
        key=node.member("key").storable_text(_MOST, shortest=1),
        kind=kind,
        label=Text.of(node.member("label")),
        asked=Text.of(node.member("asked")),
        words=Text.of(words) if words else None,
        taken_from=taken_from.one_of(TakenFrom) if taken_from else None,
        source=_source(node),
    )


def _term(node: Node) -> NoticeTerm:
    node.exactly("id", "days", "citation", "known_from", "meaning")
    return NoticeTerm(
        id=node.member("id").one_of(Term),
        days=node.member("days").count(_MOST_DAYS, least=1),
        meaning=Text.of(node.member("meaning")),
        source=_source(node),
    )


def _source(node: Node) -> Source:
    return Source(
        citation=node.member("citation").storable_text(_LONGEST_TEXT, shortest=1),
        known_from=node.member("known_from").one_of(KnownFrom),
    )


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
