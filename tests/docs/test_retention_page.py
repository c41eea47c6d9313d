"""The page on retention: the schedule and the tables are those of the code, and its commands answer what it shows."""

from __future__ import annotations

from pathlib import Path

from on_a_registry import followed, furnished
from pages import ROOT, between

from registry.domain.retention import SCHEDULE
from registry.interchange.performer_export import TABLES

PAGE = (ROOT / "docs" / "retention.md").read_text(encoding="utf-8")
DAY_S = 86_400


def schedule_rows() -> list[str]:
    rows = ["| rule | what | kept for | after | who | basis |", "|---|---|---|---|---|---|"]
    for rule in SCHEDULE:
        time = "–" if rule.kept_for is None else _time(rule.kept_for.total_seconds())
        after = rule.counted_from.en.rstrip(".")
        rows.append(
            f"| `{rule.id.value}` | {rule.what.en} | {time} | {after} | `{rule.destroyed_by.value}` | {rule.basis} |"
        )
    return rows


def _time(seconds: float) -> str:
    if seconds >= DAY_S and seconds % DAY_S == 0:
        days = seconds / DAY_S
        return f"{days:g} {'day' if days == 1 else 'days'}"
    return f"{seconds / 60:g} minutes"


def table_rows() -> list[str]:
    rows = ["| table | what | columns |", "|---|---|---|"]
    return rows + [f"| `{name}` | {table.what} | {', '.join(table.columns)} |" for name, table in TABLES.items()]


def test_the_schedule_of_the_page_is_the_one_that_is_served() -> None:
    assert between(PAGE, "schedule").splitlines() == schedule_rows()


def test_the_tables_of_the_page_are_those_of_the_export() -> None:
    assert between(PAGE, "tables").splitlines() == table_rows()


def test_every_command_of_the_page_answers_what_it_shows(tmp_path: Path) -> None:
    variables = furnished(tmp_path / "home")
    ran, pairs = followed(PAGE, tmp_path, variables)
    assert ran.code == 0, ran
    for said, shown in pairs:
        assert said == shown, ran
