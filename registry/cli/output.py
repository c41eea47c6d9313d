"""How commands answer: tables for people, JSON for machines, both on standard output; remarks on standard error."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:  # imported where a table is printed: most commands print none
    from rich.table import Table
    from rich.text import Text

_UNBOUNDED = 100_000
_LEAST_PROSE = 40  # characters on a line, where there are as many


def print_json(value: object) -> None:
    """Print one JSON document; moments in ISO 8601."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=_plain))


def print_table(
    headings: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None, prose: str | None = None
) -> None:
    """Print a table that is as wide as it needs to be: an id is never cut or broken.

    Args:
        headings: of the columns.
        rows: a value for each column.
        title: above the table.
        prose: heading of the one column whose text may run over several lines.
    """
    from rich.table import Table

    cells = [[_cell(value) for value in row] for row in rows]
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, heading in enumerate(headings):
        widest = max([len(heading), *(row[number].cell_len for row in cells)])
        if heading == prose:
            table.add_column(heading, overflow="fold", min_width=min(widest, _LEAST_PROSE))
        else:
            table.add_column(heading, no_wrap=True, min_width=widest)
    for row in cells:
        table.add_row(*row)
    _print_whole(table)


def print_facts(facts: Mapping[str, object]) -> None:
    """Print one record, a line for each of its facts."""
    from rich.table import Table
    from rich.text import Text

    widest = max(map(len, facts), default=0)
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True, min_width=widest)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        table.add_row(Text(name.replace("_", " ")), _cell(value))
    _print_whole(table)


def remark(text: str) -> None:
    """Tell a person something that is no part of the answer."""
    typer.echo(text, err=True)


def words(value: object) -> str:
    """Answer a value as a person reads it: moments to the second, lists with commas, nothing as a dash."""
    if value is None or value == []:
        return "-"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S UTC")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(words(one) for one in value)
    return str(value)


def _cell(value: object) -> Text:
    """Answer text that is shown as it is: a name is no markup, and moves no cursor."""
    from rich.text import Text

    shown = words(value)
    return Text("".join(character if character.isprintable() or character == "\n" else "�" for character in shown))


def _print_whole(table: Table) -> None:
    """Print at the width of the terminal, or at the least that breaks no word where that is more."""
    from rich.console import Console
    from rich.measure import Measurement

    console = Console()
    needed = Measurement.get(console, console.options.update(max_width=_UNBOUNDED), table).minimum
    console.width = max(console.width, needed)
    console.print(table)


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat().replace("+00:00", "Z")  # as the HTTP interface writes it
    raise TypeError(f"{type(value).__name__} has no form in JSON")
