"""Commands of which each is imported when it is run: whoever starts one waits for what it needs, and for no more."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

MARKUP: Final = "markdown"
"""How help is written, in every command."""


class LateGroup(TyperGroup):
    """A group that lists its commands by what they are for, and imports the one that is run.

    The command ``signing-key`` is the function ``signing_key`` in the module ``registry.cli.signing_key``, or its
    ``app`` where it has several commands.
    """

    summaries: ClassVar[Mapping[str, str]]
    """Of every command, in the order in which help lists them, the first sentence of its own help."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: TyperCommand(name, help=summary) for name, summary in self.summaries.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Put the real command in the place of the one that is only listed, and run it."""
        self.load(args[0])
        return super().resolve_command(ctx, args)

    def load(self, name: str) -> None:
        """Import a command; a name that is none is left to be refused as others are."""
        if name in self.summaries:
            self.commands[name] = _imported(name)


def _imported(name: str) -> Any:
    function = name.replace("-", "_")
    module = _module(f"registry.cli.{function}")
    around = typer.Typer(add_completion=False, rich_markup_mode=MARKUP)
    several = getattr(module, "app", None)
    if several is None:
        around.command(name)(getattr(module, function))
        return get_command(around)
    around.add_typer(several, name=name)
    return get_group(around).commands[name]


def _module(name: str) -> Any:
    """Import a module without looking for garbage meanwhile: modules leave none, and looking takes a sixth more."""
    looks = gc.isenabled()
    gc.disable()
    try:
        return import_module(name)
    finally:
        if looks:
            gc.enable()
