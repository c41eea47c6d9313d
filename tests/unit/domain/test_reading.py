"""A stranger's JSON: what a reader promises, it refuses everything else, and says where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from registry.domain.reading import MAX_INTEGER, Node, parse_json
from registry.errors import InvalidInputError

REFUSED: list[tuple[Callable[[Node], Any], object, str]] = [
    (lambda node: node.storable_text(3), "four", "0 to 3"),
    (lambda node: node.storable_text(3, shortest=1), "", "1 to 3"),
    (lambda node: node.storable_text(3), "a\x00", "zero bytes"),
    (lambda node: node.storable_text(3), "a\ud800", "lone surrogates"),
    (lambda node: node.storable_text(3), 12, "text is needed"),
    (lambda node: node.matching(re.compile("[a-z]+")), "ab\n", "[a-z]+"),
    (lambda node: node.sha256(), "A" * 64, "[0-9a-f]{64}"),
    (lambda node: node.sha256(), "a" * 63, "[0-9a-f]{64}"),
    (lambda node: node.moment(), "2026-03-01T12:00:00", "no time zone"),
    (lambda node: node.moment(), "0001-01-01T00:00:00+14:00", "a moment"),
    (lambda node: node.moment(), "yesterday", "a moment"),
    (lambda node: node.count(3), 4, "from 0 to 3"),
    (lambda node: node.count(3, least=1), 0, "from 1 to 3"),
    (lambda node: node.count(), MAX_INTEGER + 1, "at most"),
    (lambda node: node.count(3), True, "a whole number"),
    (lambda node: node.count(3), 2.0, "a whole number"),
    (lambda node: node.figure(0, 1), float("nan"), "a number"),
    (lambda node: node.figure(0, 1), float("inf"), "a number"),
    (lambda node: node.figure(0, 1), 1.5, "from 0 to 1"),
    (lambda node: node.figure(0, 1), False, "a number"),
    (lambda node: node.exactly("a", "b"), {"a": 1}, "missing: b"),
    (lambda node: node.exactly("a"), {"a": 1, "b": 2}, "not known here: b"),
    (lambda node: node.exactly("a"), [], "an object"),
    (lambda node: list(node.members(1)), {"a": 1, "b": 2}, "2 members, at most 1"),
    (lambda node: node.each(Node.text, 1), ["a", "b"], "2 in it, at most 1"),
]


@pytest.mark.parametrize(("read", "value", "why"), REFUSED, ids=[f"{why}-{value!r:.30}" for _, value, why in REFUSED])
def test_what_is_not_promised_is_refused_with_its_place(read: Callable[[Node], Any], value: object, why: str) -> None:
    with pytest.raises(InvalidInputError, match=re.escape(why)) as refused:
        read(Node(value, "#/here"))
    assert refused.value.figures["pointer"] == "#/here"


def test_what_is_promised_is_read() -> None:
    assert Node("ab").storable_text(2) == Node("ab").matching(re.compile("[a-z]+")) == "ab"
    assert Node("2026-03-01T12:00:00+09:00").moment() == datetime(2026, 3, 1, 3, tzinfo=UTC)
    assert (Node(3).count(3), Node(1).figure(0, 1), Node("a" * 64).sha256()) == (3, 1.0, "a" * 64)


def test_what_stands_inside_is_named_by_its_pointer() -> None:
    with pytest.raises(InvalidInputError) as refused:
        Node({"rows": [{"n": 1}, {"n": "x"}]}).member("rows").each(lambda row: row.member("n").integer())
    assert refused.value.figures["pointer"] == "#/rows/1/n"


def test_json_that_is_nested_without_end_is_not_json() -> None:
    with pytest.raises(ValueError, match="too deep"):
        parse_json("[" * 100_000)
