"""The table of roles and scopes in ``docs/permissions.md``, made from `PERMISSIONS`.

``python tests/docs/permissions_table.py`` writes it into the page. The other table there is the walk's own, which
``tests/api/test_permission_walk.py`` compares with every route and every answer.
"""

from __future__ import annotations

import sys

from pages import ROOT, between

from registry.domain.accounts import PERMISSIONS, Role, Scope

PAGE = ROOT / "docs" / "permissions.md"
COMMAND = "python tests/docs/permissions_table.py"


def table() -> str:
    """Answer the table: a line for each scope, a column for each role."""
    roles = [role.value.replace("_", " ") for role in Role]
    lines = [f"| scope | {' | '.join(roles)} |", "|---" * (len(roles) + 1) + "|"]
    for scope in Scope:
        ticks = ["✓" if scope in PERMISSIONS[role] else " " for role in Role]
        lines.append(f"| `{scope.value}` | {' | '.join(ticks)} |")
    return "\n".join(lines) + "\n"


def write() -> None:
    """Put the table between its marks."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(text.replace(_marked(between(text, "scopes")), _marked(table())), encoding="utf-8")


def _marked(inner: str) -> str:
    return f"<!-- scopes:begin -->\n{inner}<!-- scopes:end -->"


if __name__ == "__main__":
    write()
    sys.stdout.write(f"wrote {PAGE.relative_to(ROOT)}\n")
