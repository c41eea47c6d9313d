"""The commands that need no database, as a shell would call them."""

from __future__ import annotations

from pathlib import Path

import typer
from typer.testing import CliRunner, Result

from registry.cli.calibrate import calibrate
from registry.cli.compare import compare
from registry.cli.evaluate import evaluate
from registry.cli.identify import identify


class Commands:
    """Call as ``commands("identify", "--gallery", …)``."""

    def __init__(self) -> None:
        self._app = typer.Typer()
        self._app.command("identify")(identify)
        self._app.command("evaluate")(evaluate)
        self._app.command("calibrate")(calibrate)
        self._app.command("compare")(compare)

    def __call__(self, *arguments: str | Path) -> Result:
        return CliRunner().invoke(self._app, [str(argument) for argument in arguments])
