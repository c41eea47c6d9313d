"""The page on licences: its commands answer what it shows, and its lists are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

from on_a_registry import followed, furnished
from pages import ROOT
from shell import workplace

from registry.domain.licences import SuspensionReason
from registry.domain.signatures import SignatureMethod

PAGE = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")


def test_every_command_of_the_page_answers_what_it_shows(tmp_path: Path) -> None:
    here = workplace(tmp_path / "here")
    ran, pairs = followed(PAGE, here, furnished(tmp_path / "home"))
    assert ran.code == 0, ran
    for said, shown in pairs:
        assert said == shown, ran


def test_every_cause_of_a_suspension_is_told_and_no_other() -> None:
    (rows,) = re.findall(r"^\| cause \|.*\n\|---\|---\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    named = re.findall(r"`(\w+)`", "".join(row.split("|")[1] for row in rows.splitlines()))
    assert set(named) == {cause.value for cause in SuspensionReason}


def test_every_way_to_sign_that_is_open_is_told() -> None:
    before_signatures_were_made = SignatureMethod.SIGNED_IN
    told = set(re.findall(r"\(`(\w+)`\) \|$", PAGE, re.MULTILINE))
    assert told == {method.value for method in SignatureMethod} - {before_signatures_were_made.value}
