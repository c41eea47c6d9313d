"""Every detail that a leaf of the journal may have is called in words on its page: keys are read out of the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from api.pages.operator.detail_words import DETAILS

REGISTRY = Path(__file__).resolve().parents[2] / "registry"
SOURCES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(REGISTRY.rglob("*.py"))}

ELSEWHERE = {
    "services/clearances.py": {"permitted", "refused", "ask"},
    "services/issued_reports.py": {"case_id", "check_id"},
    "services/case_analysis_work.py": {"content_sha256", "conclusion"},
    "services/case_papers.py": {"kind", "side", "sha256", "voice"},
    "services/cases.py": {"proposal_id", "rests_on", "analysis_id", "analysis_sha256"},
    "services/licences.py": {"number", "terms_sha256"},
    "services/notice_access.py": {
        *("step", "before", "side", "ground", "document_sha256", "sent_sha256", "served_at", "served_by"),
        *("paper_id", "new_paper_id", "proposal_id", "first_reviewer", "filed_on"),
    },
    "services/proposals.py": {"attestation_id", "performer_id"},
    "services/journal_append.py": {"by_s", "leaves_before"},
}
"""Details that are handed over in a mapping, by the module that does so: these are written down here."""


def called(call: ast.Call) -> str | None:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else None


def functions() -> Iterator[tuple[Path, ast.FunctionDef]]:
    for path, module in SOURCES.items():
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef):
                yield path, node


def handed_on(keyword: ast.keyword, function: ast.FunctionDef) -> bool:
    """Answer whether an argument is all further ones that a function was called with."""
    rest = function.args.kwarg
    return (
        keyword.arg is None
        and isinstance(keyword.value, ast.Name)
        and rest is not None
        and (keyword.value.id == rest.arg)
    )


def recorders() -> set[str]:
    """Answer the names of functions that journal what they are called with, directly or through others."""
    found = {"record"}
    while True:
        more = {
            function.name
            for _, function in functions()
            for call in ast.walk(function)
            if isinstance(call, ast.Call)
            and called(call) in found
            and any(handed_on(keyword, function) for keyword in call.keywords)
        }
        if more <= found:
            return found
        found |= more


def test_every_detail_of_the_journal_has_words() -> None:
    known, keys, mappings = recorders(), set(), set()
    for path, function in functions():
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and called(call) in known:
                keys |= {keyword.arg for keyword in call.keywords if keyword.arg is not None}
                if any(keyword.arg is None and not handed_on(keyword, function) for keyword in call.keywords):
                    mappings.add(path.relative_to(REGISTRY).as_posix())
    assert len(keys) > 100
    assert mappings | {"services/journal_append.py"} == set(ELSEWHERE), "a mapping of details is read by nobody"
    keys |= set().union(*ELSEWHERE.values())
    assert keys - set(DETAILS) == set()
    assert set(DETAILS) - keys == set(), "nothing writes these any more"
