"""The page on cases: its commands go from a finding to a decision at a real registry, and answer what it shows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from on_a_registry import followed
from pages import ROOT, blocks
from shell import workplace

if TYPE_CHECKING:
    from server import Server

PAGE = (ROOT / "docs" / "cases.md").read_text(encoding="utf-8")
WALK = PAGE[PAGE.index("## By command") : PAGE.index("## Who sees what")]


@pytest.fixture(scope="module")
def variables(server: Server) -> dict[str, str]:
    """A performer, a studio, and a finding of the one in a recording of the other."""
    arguments = [server.url, server.operator_id, server.operator_token]
    made = subprocess.run(  # noqa: S603  (our own script)
        [sys.executable, str(Path(__file__).with_name("found.py")), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    answered: dict[str, str] = json.loads(made.stdout.splitlines()[-1])
    return answered | {"COLUMNS": "150"}


def test_followed_as_it_stands_a_finding_comes_to_a_decision(
    server: Server, variables: dict[str, str], tmp_path: Path
) -> None:
    page = WALK.replace("http://127.0.0.1:8080", server.url)
    assert len(blocks(page)) == 6
    ran, pairs = followed(page, workplace(tmp_path / "here"), variables)
    assert ran.code == 0, ran
    for said, shown in pairs:
        assert said == shown, ran
