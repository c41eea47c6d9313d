"""Issuing a gallery file, for a process that dies at every write of it, in the database and beside it: see `dying`.

``python dying_at_filing.py HOME SUBJECTS``: prints the table, as JSON. The folder of each death holds the registry, and
``out.gallery`` where the file came to be.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from dying import Death, Subjects, Writes, copied, in_a_child

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "services"))

from filing import CALIBRATION, INTERVAL, TOLD, WHERE

from registry.bootstrap import build_context
from registry.cli.operator import choose_operator
from registry.domain.gallery_files import SearchPurpose
from registry.services.context import Context
from registry.services.gallery_files import FileAsked, export_gallery
from registry.settings import Settings
from registry.vault.gallery_seal import read_public_key

PUT = "PUT"
LINK = "LINK"
FILE = "out.gallery"


def issue(ctx: Context, subjects: Subjects, out: Path) -> None:
    """Issue a file with everybody in it who may be."""
    asked = FileAsked(
        organisation_id=subjects["studio"],
        purpose=SearchPurpose.CATALOGUE,
        expires_at=ctx.clock() + timedelta(days=7),
        status_interval=INTERVAL,
        told=frozenset({TOLD}),
        recipient=read_public_key(subjects["key"].encode()),
        offer=True,
    )
    export_gallery(ctx, choose_operator(ctx, None), asked, out, where=WHERE, calibration=CALIBRATION)


def attempt(home: Path, subjects: Subjects, die_at: tuple[int, str] | None) -> list[str]:
    """Issue a file from the registry in a folder; answer the writes and the namings of the file, or die at one."""
    with build_context(Settings(home=home)) as ctx:
        writes = Writes(ctx, die_at)
        link = os.link

        def counted(what: str, done: Callable[..., None]) -> Callable[..., None]:
            def do(*arguments: Any, **how: Any) -> None:
                writes.seen.append(what)
                writes._maybe_die("before")
                done(*arguments, **how)
                writes._maybe_die("after")

            return do

        os.link = counted(LINK, link)
        ctx.spool.put_file = counted(PUT, ctx.spool.put_file)  # type: ignore[method-assign]
        try:
            issue(ctx, subjects, home / FILE)
        finally:
            os.link = link
        return writes.seen


def main() -> None:
    """Print the table."""
    home, subjects = Path(sys.argv[1]), json.loads(sys.argv[2])
    seen = attempt(copied(home, "counted"), subjects, None)
    deaths = []
    for number, what in enumerate(seen, 1):
        for when in ("before", "after"):
            own = copied(home, f"{number}-{when}")
            code = in_a_child(lambda own=own, at=(number, when): attempt(own, subjects, at))  # type: ignore[misc]
            deaths.append(Death(number, when, what, str(own), code))
    sys.stdout.write(json.dumps([asdict(death) for death in deaths]))


if __name__ == "__main__":
    main()
