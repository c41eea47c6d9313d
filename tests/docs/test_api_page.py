"""The examples of the API page work, in order, with the statuses that it shows, and leave no operation out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from pages import ROOT, Block, blocks
from shell import Noted, Ran, note_requests, noted, run_bash, workplace

if TYPE_CHECKING:
    from server import Server

SHOWN = re.compile(r"# (\d{3})(?: (\w+))?$", re.MULTILINE)
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
SAID = frozenset({"type", "title", "status", "code", "verdict", "state", "outcome", "decision", "keys_destroyed"})
"""Members whose values a reader may count on; of the others, that they are there and of that type."""

pytestmark = pytest.mark.usefixtures("curl")


@dataclass(frozen=True)
class Followed:
    """The page as it was followed: each block with the requests that it made."""

    ran: Ran
    steps: list[tuple[Block, list[Noted]]]


@pytest.fixture(scope="module")
def followed(server: Server, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Followed:
    folder = tmp_path_factory.mktemp("api-page")
    requests = note_requests(folder / "bin")
    examples = [block for block in blocks(PAGE) if block.language == "bash"]
    counts = folder / "counts"
    script = "".join(f"{block.text}\nwc -l < {requests} >> {counts}\n" for block in examples)
    ran = run_bash(
        script.replace("http://127.0.0.1:8080", server.url),
        cwd=workplace(folder / "here"),
        settings={"OPERATOR_TOKEN": server.operator_token, "LIKENESS_HOME": str(home)},
        first_on_path=folder / "bin",
    )
    notes, ends = noted(requests), [int(line) for line in counts.read_text(encoding="utf-8").split()]
    starts = [0, *ends]
    # the block at which the script stopped, if it did, has what is left
    ends += [len(notes)] * (len(examples) - len(ends))
    starts += [len(notes)] * (len(examples) - len(starts))
    steps = [(block, notes[a:b]) for block, a, b in zip(examples, starts, ends, strict=False)]
    return Followed(ran, steps)


def test_every_request_is_answered_with_the_status_and_the_word_that_the_page_shows(followed: Followed) -> None:
    for block, made in followed.steps:
        shown = SHOWN.findall(block.text)
        assert [note.status for note in made] == [int(status) for status, _ in shown], told(block, made, followed)
        for note, (_, word) in zip(made, shown, strict=True):
            assert not word or word in words(note), told(block, made, followed)
    assert followed.ran.code == 0, followed.ran


def words(note: Noted) -> set[str]:
    """Answer the words that a page may put behind a status."""
    body = note.body()
    return {str(body[name]) for name in ("verdict", "state", "code") if name in body}


def told(block: Block, made: list[Noted], followed: Followed) -> str:
    answers = "\n".join(f"{note.method} {note.status} {note.url}\n{note.body_path.read_text()[:500]}" for note in made)
    return f"docs/api.md:{block.line}\n{answers}\n{followed.ran}"


def test_every_answer_that_the_page_shows_has_the_members_of_the_real_one(followed: Followed) -> None:
    made_before = {block.line: made for block, made in followed.steps}
    shown = 0
    last: list[Noted] = []
    for block in blocks(PAGE):
        last = made_before.get(block.line, last)
        if block.language == "json":
            compare(json.loads(block.text), last[-1].body(), f"docs/api.md:{block.line}")
            shown += 1
    assert shown >= 3


def compare(shown: Any, real: Any, where: str) -> None:
    """Hold an example against an answer: the same members of the same types; of lists, the first items."""
    if isinstance(shown, Mapping):
        assert isinstance(real, Mapping), where
        assert shown.keys() == real.keys(), where
        for name, value in shown.items():
            if name in SAID and isinstance(value, str | int):
                assert value == real[name], f"{where} {name}"
            compare(value, real[name], f"{where} {name}")
    elif isinstance(shown, list):
        assert isinstance(real, list), where
        for one, other in zip(shown[:1], real[:1], strict=True):
            compare(one, other, where)
    else:
        assert isinstance(real, int | float if isinstance(shown, int | float) else type(shown)), where


def test_every_operation_of_the_api_is_named_and_has_an_example(followed: Followed) -> None:
    document = json.loads((ROOT / "api" / "openapi.json").read_text(encoding="utf-8"))
    operations = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    asked = [(note.method, urlsplit(note.url).path) for _, made in followed.steps for note in made]

    unnamed = {f"{method} {path}" for method, path in operations if f"`{method} {path}`" not in PAGE}
    untried = {f"{method} {path}" for method, path in operations if not any(_is(method, path, ask) for ask in asked)}

    assert unnamed == set()
    assert untried == set()


def _is(method: str, template: str, asked: tuple[str, str]) -> bool:
    pattern = re.sub(r"\\\{(\w+)\\\}", _part, re.escape(template))
    return asked[0] == method and re.fullmatch(pattern, asked[1]) is not None


def _part(parameter: re.Match[str]) -> str:
    """Answer the pattern of a part of an address: an id, but for what is counted or is named by words."""
    return {"number": "[0-9]+", "text_id": r"[a-z_]+\.[a-z]+\.[a-z0-9-]+"}.get(parameter[1], "[a-z]+_[0-9a-z]{26}")
