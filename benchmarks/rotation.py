"""How long rotating the wrapping key and the protection epoch takes, and how long others wait for it meanwhile.

    python -m benchmarks.rotation [--performers 100000] [--prototypes 1] [--database-url postgresql://…]

Beside it somebody registers a performer every 50 ms: what such a commit takes, alone and while keys rotate, is in the
table. At the end every record has to be under the new key, or the program ends with an error.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.gallery import fill_gallery, make_registry
from benchmarks.machine import described, in_words
from registry.bootstrap import build_context, build_key_house
from registry.cli.operator import choose_operator
from registry.domain.house_keys import KeyState, Purpose
from registry.domain.performers import IdentityAssurance
from registry.services import house_keys, key_rotation, performers
from registry.services.context import Context
from registry.settings import Settings

_PURPOSES = (Purpose.WRAPPING, Purpose.PROTECTION)
_EVERY_S = 0.05
_ALONE_S = 5.0


@dataclass(slots=True)
class Waits:
    """Seconds that each commit beside something took."""

    took: list[float] = field(default_factory=list)

    def in_words(self) -> str:
        """Answer the median and the longest."""
        return f"{statistics.median(self.took) * 1000:.0f} ms, longest {max(self.took) * 1000:.0f} ms"


@dataclass(frozen=True, slots=True)
class Turn:
    """One rotation."""

    purpose: Purpose
    moved: int
    seconds: float
    cpu_s: float
    waits: Waits


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--performers", type=int, default=100_000)
    parser.add_argument("--prototypes", type=int, default=1, help="of each performer, in each of the two spaces")
    parser.add_argument("--database-url", help="of an empty PostgreSQL database; SQLite by default")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="likeness-bench-") as folder:
        home = Path(folder)
        make_registry(home, given.database_url)
        fill_gallery(home, given.performers, prototypes=given.prototypes, database_url=given.database_url)
        with build_context(Settings(home=home, database_url=given.database_url)) as ctx:
            with committing(ctx) as alone:
                time.sleep(_ALONE_S)
            turns = [turn(ctx, Settings(home=home), purpose) for purpose in _PURPOSES]
            _require_moved(ctx, Settings(home=home))
    print_table(turns, alone, given.performers)


def turn(ctx: Context, settings: Settings, purpose: Purpose) -> Turn:
    """Rotate one kind of key while others commit."""
    started, cpu_s = time.monotonic(), time.process_time()
    with committing(ctx) as waits:
        done = key_rotation.rotate_key(ctx, choose_operator(ctx, None), build_key_house(settings), purpose)
        seconds = time.monotonic() - started
    if done.left:
        raise SystemExit(f"{len(done.left)} records could not be moved")
    return Turn(purpose, sum(done.moved.values()), seconds, time.process_time() - cpu_s, waits)


@contextmanager
def committing(ctx: Context) -> Iterator[Waits]:
    """Register a performer now and then, for as long as the block lasts."""
    waits, ended = Waits(), threading.Event()
    operator = choose_operator(ctx, None)

    def commit() -> None:
        while not ended.wait(_EVERY_S):
            started = time.monotonic()
            performers.register_performer(
                ctx, operator, name="Somebody new", identity_assurance=IdentityAssurance.SELF_DECLARED
            )
            waits.took.append(time.monotonic() - started)

    thread = threading.Thread(target=commit)
    thread.start()
    try:
        yield waits
    finally:
        ended.set()
        thread.join()


def _require_moved(ctx: Context, settings: Settings) -> None:
    left = [key for key in house_keys.standings(ctx, build_key_house(settings)) if key.state is not KeyState.IN_USE]
    if any(key.records for key in left):
        raise SystemExit("records are left under an old key")


def print_table(turns: list[Turn], alone: Waits, performers_there: int) -> None:
    """Print a row for each rotation."""
    console = Console(width=120)
    console.print(in_words(described(("numpy",))), highlight=False)
    table = Table(title=f"{performers_there:,} performers; a commit beside it alone: {alone.in_words()}")
    for heading in ("rotated", "records", "seconds", "CPU s", "a second", "a commit meanwhile"):
        table.add_column(heading, justify="left" if heading == "rotated" else "right")
    for each in turns:
        table.add_row(
            each.purpose.value,
            f"{each.moved:,}",
            f"{each.seconds:.1f}",
            f"{each.cpu_s:.1f}",
            f"{each.moved / each.seconds:,.0f}",
            each.waits.in_words(),
        )
    console.print(table)


if __name__ == "__main__":
    main()
