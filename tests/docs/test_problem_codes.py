"""The API page lists every problem that can be met over HTTP, with its status, and no other.

What can be met is read from the code itself: a class of errors that is made somewhere and told with a status of its
own, and the codes that are written out where a problem is made without a class.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from http import HTTPStatus

import pytest
from pages import ROOT, between
from reason_codes import Source, UnreadableCodeError

from api import errors as http_errors
from api import problems
from api.serving import refusals
from registry import errors
from registry.engine.validity import NOT_VALIDATED_FOR

PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
CODE = re.compile(r"[a-z]+(_[a-z]+)*")
ROW = re.compile(r"^\| `(\w+)` \| ([\d or]+) \|", re.MULTILINE)
TWO_STATUSES = {"media_too_large": 413, "bad_request": 400}
"""Told with a second status: too many bytes, and HTTP that Werkzeug refuses by itself."""
WRITTEN_BY_WORKERS = {"seal_broken": 500, "worker_failed": 500}
"""Problems of the registry's own that are told by name, when a worker has written them down."""


def listed() -> dict[str, set[int]]:
    rows = ROW.findall(between(PAGE, "problems"))
    assert len(rows) == len(dict(rows))
    return {code: {int(status) for status in statuses.split(" or ")} for code, statuses in rows}


SCANS_OVER_HTTP = {"finding_lines", "licensed", "receiving", "recording", "reported", "resolving", "serving"}
SCANS_OVER_HTTP |= {"receiving_rows", "reported_rows", "row_lines", "served_marks"}
"""Of what scans, the modules that the HTTP process works with."""


def modules() -> dict[str, ast.Module]:
    """Answer every module that can tell somebody something over HTTP, by dotted name."""
    paths = (path for folder in ("registry", "api") for path in sorted((ROOT / folder).rglob("*.py")))
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): ast.parse(path.read_text(encoding="utf-8"))
        for path in paths
        if path.relative_to(ROOT).parts[:2] not in {("registry", "cli"), ("registry", "scanning")}
        or (path.parent.name == "scanning" and path.stem in SCANS_OVER_HTTP)
    }


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Answer every call with the name of what is called."""
    for tree in modules().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield getattr(node.func, "id", getattr(node.func, "attr", "")), node


def every_class(root: type[errors.RegistryError] = errors.RegistryError) -> Iterator[type[errors.RegistryError]]:
    yield root
    for child in root.__subclasses__():
        if child.__module__ in {errors.__name__, http_errors.__name__}:
            yield from every_class(child)


def told_by_class() -> dict[str, set[int]]:
    made = {name for name, _ in calls()}
    told = {cls.slug: problems.status_of(cls) for cls in every_class() if cls.__name__ in made}
    return {slug: {status.value} for slug, status in told.items() if status is not HTTPStatus.INTERNAL_SERVER_ERROR}


def told_by_name() -> dict[str, set[int]]:
    """Answer the codes that are written out in calls such as ``problem(HTTPStatus.NOT_FOUND, "not_found", …)``."""
    found = {code: {status.value} for status, code in problems._SLUGS_BY_STATUS.items()}
    for name, call in calls():
        match call.args:
            case [ast.Attribute(attr=status), ast.Constant(value=str(code)), *_] if name == "problem":
                found[code] = {HTTPStatus[status].value}
    return found


def test_the_page_lists_every_problem_with_its_status_and_no_other() -> None:
    expected = {code: {status.value} for code, status in refusals.codes().items()}
    expected |= told_by_name() | told_by_class()
    for code, status in (TWO_STATUSES | WRITTEN_BY_WORKERS).items():
        expected[code] = expected.get(code, set()) | {status}
    assert listed() == expected


def test_no_two_kinds_of_problem_share_a_code() -> None:
    slugs = [cls.slug for cls in every_class()]
    assert len(slugs) == len(set(slugs))


def test_the_page_explains_every_reason_of_a_verdict_and_of_evidence() -> None:
    codes = Source(modules()).reason_codes()
    assert all(CODE.fullmatch(code) for code in codes)
    assert {NOT_VALIDATED_FOR, "languages_not_permitted", "licensing_refused"} <= codes
    assert sorted(code for code in codes if f"`{code}`" not in PAGE) == []


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ('Reason("plain", "…")', {"plain"}),
        ('Reason(code="named", detail="…")', {"named"}),
        ('CODE: Final = "kept"\nReason(CODE, "…")', {"kept"}),
        ('from other import THERE\nReason(THERE, "…")', {"elsewhere"}),
        ('def _made(x, code):\n    Reason(f"no_{code}", "…")\n_made(1, "a")\n_made(1, code="b")', {"no_a", "no_b"}),
    ],
)
def test_a_code_is_found_however_it_is_written(text: str, codes: set[str]) -> None:
    other = ast.parse('THERE = "elsewhere"')
    assert Source({"one": ast.parse(text), "other": other}).reason_codes() == codes


@pytest.mark.parametrize(
    "text", ['Reason(made(), "…")', 'Reason(UNKNOWN, "…")', "Reason()", 'def made(code):\n    Reason(code, "…")']
)
def test_a_code_that_cannot_be_read_is_an_error(text: str) -> None:
    with pytest.raises(UnreadableCodeError):
        Source({"one": ast.parse(text)}).reason_codes()
