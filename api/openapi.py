"""Write the description of the API to ``api/openapi.json``: ``python -m api.openapi``, and ``--check`` for a test."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

from api import create_app
from registry.services.context import Context

DOCUMENT = Path(__file__).with_name("openapi.json")


def described() -> dict[str, Any]:
    """Answer the description. It needs no registry: no operation is run to make it."""
    app = create_app(cast("Context", None))
    description: dict[str, Any] = app.api_doc
    return description


def text() -> str:
    """Answer the description as it is committed."""
    return json.dumps(described(), indent=2, ensure_ascii=False) + "\n"


def run(arguments: list[str]) -> int:
    """Write the file, or with ``--check`` say whether it is current."""
    if arguments == ["--check"]:
        current = DOCUMENT.exists() and DOCUMENT.read_text(encoding="utf-8") == text()
        if not current:
            sys.stderr.write(f"{DOCUMENT.name} is stale: run python -m api.openapi\n")
        return 0 if current else 1
    DOCUMENT.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
