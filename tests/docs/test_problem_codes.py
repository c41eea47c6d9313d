"""The API page lists every problem that can be met over HTTP, with its status, and no other.

What can be met is read from the code itself: a class of errors that is made somewhere and told with a status of its
own, and the codes that are written out where a problem is made without a class.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from http import HTTPStatus

from pages import ROOT, between

from api import errors as http_errors
from api import problems
from registry import errors
from registry.domain.scores import Reason

PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| ([\d or]+) \|", re.MULTILINE)
TWO_STATUSES = {"media_too_large": 413, "bad_request": 400}
"""Told with a second status: too many bytes, and HTTP that Werkzeug refuses by itself."""
WRITTEN_BY_WORKERS = {"seal_broken": 500, "worker_failed": 500}
"""Problems of the registry's own that are told by name, when a worker has written them down."""


def listed() -> dict[str, set[int]]:
    rows = ROW.findall(between(PAGE, "problems"))
    assert len(rows) == len(dict(rows))
    return {code: {int(status) for status in statuses.split(" or ")} for code, statuses in rows}


def trees() -> Iterator[ast.AST]:
    for folder in ("registry", "api"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if folder != "registry" or "cli" not in path.parts:
                yield ast.parse(path.read_text(encoding="utf-8"))


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Answer every call with the name of what is called."""
    for tree in trees():
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
    expected = told_by_name() | told_by_class()
    for code, status in (TWO_STATUSES | WRITTEN_BY_WORKERS).items():
        expected[code] = expected.get(code, set()) | {status}
    assert listed() == expected


def test_no_two_kinds_of_problem_share_a_code() -> None:
    slugs = [cls.slug for cls in every_class()]
    assert len(slugs) == len(set(slugs))


def test_the_page_explains_every_reason_of_a_verdict_and_of_evidence() -> None:
    codes = {code for name, call in calls() if name in REASON_MAKERS for code in _codes(call)}
    terms = {f"{term}_not_permitted" for term in ("purposes", "media", "territories", "languages", "projects")}
    unexplained = sorted(code for code in codes | terms if f"`{code}`" not in PAGE)
    assert len(codes) > len(terms)
    assert unexplained == []


REASON_MAKERS = {Reason.__name__, "_ruling", "_of"}
_CODE = re.compile(r"[a-z]+(_[a-z]+)*")


def _codes(call: ast.Call) -> Iterator[str]:
    """Answer the code in a call that makes a reason: its first argument that is a word in snake case."""
    words = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    return (word for word in words[:1] if _CODE.fullmatch(word))
