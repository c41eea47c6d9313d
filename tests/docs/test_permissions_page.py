"""The table of roles and scopes in the permissions page is `PERMISSIONS`."""

from __future__ import annotations

from pages import between
from permissions_table import COMMAND, PAGE, table


def test_the_permissions_page_has_every_scope_of_every_role() -> None:
    assert between(PAGE.read_text(encoding="utf-8"), "scopes") == table(), f"the table is stale: run {COMMAND}"
