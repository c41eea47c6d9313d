"""The page on notices: its forms are those of the packs, and its figures are the measured ones."""

from __future__ import annotations

import json

from pages import ROOT, between

from benchmarks.tables import markdown
from registry.domain.misuse import GROUNDS_OF, MisuseGround
from registry.domain.notices import NoticeState
from registry.domain.rules.notice_packs import NoticePack, Term, notice_packs
from registry.domain.stay_down import MOST_BIT_ERRORS

PAGE = (ROOT / "docs" / "notices.md").read_text(encoding="utf-8")
MEASURED = json.loads((ROOT / "benchmarks" / "stay_down.json").read_text(encoding="utf-8"))["tables"]


def row(pack: NoticePack) -> str:
    term = pack.term(Term.PUT_BACK)
    back = "–" if term is None else f"{term.days} days"
    keys = ", ".join(element.key for element in pack.elements)
    return f"| `{pack.id}` | {pack.title.en} | `{pack.standing.value}` | {keys} | {back} |"


def test_the_forms_of_the_page_are_those_of_the_packs() -> None:
    rows = ["| pack | form | standing | elements | put back after |", "|---|---|---|---|---|"]
    assert between(PAGE, "packs").splitlines() == rows + [row(pack) for pack in notice_packs()]


def test_the_page_has_every_state_and_every_ground() -> None:
    for state in NoticeState:
        assert f"`{state.value}`" in PAGE, state
    for ground in MisuseGround:
        side = "claimant" if GROUNDS_OF[ground].value == "complainant" else "respondent"
        assert f"| {side} | `{ground.value}` |" in PAGE, ground


def test_the_figures_of_the_page_are_the_measured_ones_at_the_threshold_that_is_used() -> None:
    for name, table in MEASURED.items():
        assert between(PAGE, name).strip() == markdown(table).strip(), name
    assert f"at most {MOST_BIT_ERRORS:.2f}" in MEASURED["stay_down_same"]["note"]
    assert f"at most {MOST_BIT_ERRORS:.2f}" in MEASURED["stay_down_other"]["note"]
