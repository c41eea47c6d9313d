"""``likeness doctor``: of every part, whether it is there, which version, whether it works, and what to do if not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict

from rich.console import Console
from typer import Exit, echo

from registry.cli import parts, parts_around
from registry.cli.options import AsJson
from registry.cli.output import print_json, print_table
from registry.cli.parts import Part

SOMETHING_BROKEN = 4


def doctor(*, as_json: AsJson = False) -> None:
    """Look at every part of the registry on this machine, and say what to do about any that do not work.

    Exit code 0: every required part works; 4: one of them does not.
    """
    with Console(stderr=True).status("looking at every part; the engine takes some seconds"):
        found = list(look_at_all())
    healthy = all(part.ok for part in found if part.required)
    if as_json:
        print_json({"ok": healthy, "parts": [asdict(part) for part in found]})
    else:
        _print(found)
    if not healthy:
        raise Exit(SOMETHING_BROKEN)


def look_at_all() -> Iterator[Part]:
    """Look at every part; those that the settings lead to only when the settings can be used."""
    yield parts.python()
    yield parts.package()
    settings_part, settings = parts.settings_part()
    yield settings_part
    if settings is not None:
        yield parts.keyring(settings)
        yield parts.database(settings)
        yield parts.keys(settings)
        yield parts.journal(settings)
        yield parts.endings(settings)
        yield parts.spool(settings, os.urandom)
        yield parts_around.room(settings)
        yield parts_around.clocks(settings)
        yield parts.decoder(settings)
    yield parts.core_dumps()
    yield parts.voice_activity()
    yield parts.spoken_digits()
    yield parts.ge2e()
    yield parts.campplus()
    yield parts.calibration(settings)
    if settings is not None:
        yield parts.engine_settings(settings)
        yield parts.engine(settings)
        yield parts.workers(settings)
        yield parts.port(settings)
        yield parts_around.webhooks(settings)
        yield parts_around.backups(settings)
    yield parts.gunicorn()
    yield parts.postgresql_driver(settings)


def _print(found: list[Part]) -> None:
    rows = [(_mark(part), part.name, part.version, part.detail) for part in found]
    print_table(("", "part", "version", "found"), rows, prose="found")
    for part in found:
        if not part.ok:
            echo(f"{part.name}{'' if part.required else ' (not required)'}: {part.remedy}")


def _mark(part: Part) -> str:
    if part.ok:
        return "works"
    return "BROKEN" if part.required else "off"
