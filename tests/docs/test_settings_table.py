"""The table of settings in the operating page is the settings."""

from __future__ import annotations

from pages import between
from settings_table import COMMAND, PAGE, table

from registry.settings import Settings


def test_the_operating_page_has_every_setting_with_its_default() -> None:
    shown = between(PAGE.read_text(encoding="utf-8"), "settings")
    assert shown == table(), f"the table is stale: run {COMMAND}"


def test_every_setting_says_what_it_is_for() -> None:
    unexplained = [name for name, field in Settings.model_fields.items() if not field.description]
    assert unexplained == []
