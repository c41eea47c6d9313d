"""The README's commands, run word for word, lead from no account to a verdict."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages import ROOT, blocks
from shell import run_bash, workplace

ACTIVATE = "source .venv/bin/activate"
END_SERVER = """trap 'kill "$!" && wait "$!"' EXIT\n"""
"""The reader ends the server with ctrl-c. ``$!`` is what was last started behind an ampersand."""


def commands() -> list[str]:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    return [block.text for block in blocks(page) if block.mark == "test: readme" and block.language == "bash"]


def test_the_first_block_enters_the_environment_and_starts_the_only_server() -> None:
    first, *others = commands()
    assert first.startswith(ACTIVATE)
    assert first.count("likeness serve &") == 1
    assert not any("serve" in block for block in others)


@pytest.mark.usefixtures("curl")
def test_following_the_readme_leads_to_an_active_enrolment_and_an_unlicensed_match(
    tmp_path: Path, free_port: int
) -> None:
    script = "".join(commands())
    script = script.replace(ACTIVATE, ":").replace("127.0.0.1:8080", f"127.0.0.1:{free_port}")

    ran = run_bash(END_SERVER + script, cwd=workplace(tmp_path / "here"), settings={"LIKENESS_PORT": str(free_port)})

    consent, enrolment, verdict = ran.out.splitlines()[-3:]
    assert (consent, enrolment, verdict) == ("active", "active", "unlicensed_match"), ran
    assert ran.code == 0, ran
