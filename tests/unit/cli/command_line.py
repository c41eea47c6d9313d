"""The command line as the tests of its commands use it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner, Result

from registry.cli.main import app
from registry.errors import RegistryError


@dataclass(frozen=True)
class CommandLine:
    """Runs commands as the console script does."""

    runner: CliRunner

    def run(self, *arguments: str) -> Result:
        return self.runner.invoke(app, list(arguments))

    def out(self, *arguments: str) -> str:
        """Run a command that must succeed, and answer its standard output without the last line end."""
        result = self.run(*arguments)
        assert result.exit_code == 0, (result.stdout, result.stderr, result.exception)
        return result.stdout.removesuffix("\n")

    def json(self, *arguments: str) -> Any:
        return json.loads(self.out(*arguments, "--json"))

    def error(self, *arguments: str) -> RegistryError:
        """Run a command that must fail, and answer the error that the console script would print."""
        result = self.run(*arguments)
        assert isinstance(result.exception, RegistryError), (result.stdout, result.stderr, result.exception)
        assert result.stdout == ""
        return result.exception

    def usage(self, *arguments: str) -> str:
        """Run a command that is used wrongly, and answer what it says."""
        result = self.run(*arguments)
        assert result.exit_code == 2, (result.stdout, result.stderr, result.exception)
        assert result.stdout == ""
        return result.stderr
