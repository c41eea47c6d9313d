"""What it takes until a process of the registry can begin: seconds of one processor, of the fastest of some rounds.

    python -m benchmarks.starts [--rounds 5]

Each is a process of its own that loads what the real one loads, and ends: with Python's usual collector, and as the
registry starts it (`registry.starting`). The description of the API is made when somebody asks for it; what it would
add is the last line.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.machine import described, in_words

PROCESSES = {
    "Python alone": "pass",
    "torch alone": "import torch",
    "a command on the database": "import registry.bootstrap",
    "the HTTP process": "import api.wsgi",
    "a worker, before its engine": "import registry.worker",
    "the HTTP process, with its description": "import api.wsgi; from api.openapi import described; described()",
}
_SELDOM = "import gc; from registry.starting import SELDOM; gc.set_threshold(*SELDOM); "


def main() -> None:
    """Start, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    table = Table(
        "process", "usual collector, s", "as it starts, s", title=in_words(described(("sqlalchemy", "torch")))
    )
    for name, program in PROCESSES.items():
        usual, seldom = measured([program, _SELDOM + program], rounds)
        table.add_row(name, f"{usual:.2f}", f"{seldom:.2f}")
    Console().print(table)


def measured(programs: Sequence[str], rounds: int) -> list[float]:
    """Answer for each program the least that a process which runs it has taken, in rounds of all."""
    taken = [[processor_s(program) for program in programs] for _ in range(rounds + 1)]
    return [min(each) for each in zip(*taken[1:], strict=True)]  # the first round compiles modules


def processor_s(program: str) -> float:
    """Run a program in a process of its own; answer what it took of a processor, in seconds."""
    process = subprocess.Popen([sys.executable, "-c", program])
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"failed: {program}")
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
