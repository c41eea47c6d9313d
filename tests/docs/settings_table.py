"""The table of settings in ``docs/operating.md``, made from the settings themselves.

``python tests/docs/settings_table.py`` writes it into the page.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pages import ROOT, between

from registry.settings import Settings

PAGE = ROOT / "docs" / "operating.md"
COMMAND = "python tests/docs/settings_table.py"


def table() -> str:
    """Answer the table: variable, default, meaning; in the order of the settings."""
    lines = ["| variable | default | what |", "|---|---|---|"]
    prefix = Settings.model_config["env_prefix"]
    for name, field in Settings.model_fields.items():
        lines.append(f"| `{prefix}{name.upper()}` | {_shown(field.default)} | {field.description} |")
    return "\n".join(lines) + "\n"


def _shown(default: object) -> str:
    if default is None:
        return "–"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def write(page: Path = PAGE) -> None:
    """Put the table between its marks."""
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace(_marked(between(text, "settings")), _marked(table())), encoding="utf-8")


def _marked(inner: str) -> str:
    return f"<!-- settings:begin -->\n{inner}<!-- settings:end -->"


if __name__ == "__main__":
    write()
    sys.stdout.write(f"wrote {PAGE.relative_to(ROOT)}\n")
