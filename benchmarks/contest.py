"""What the benchmarks that time several ways over the same files share: what may be asked of them, and their report."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.machine import in_words


def parser_of(description: str) -> argparse.ArgumentParser:
    """Answer what reads the arguments that all of them take."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", type=Path, help="folder of recordings; the demo's voices by default")
    parser.add_argument("--seconds", type=float, default=600.0, help="of audio")
    parser.add_argument("--longest", type=float, default=60.0, help="recording, in seconds; longer ones are cut")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--out", type=Path, help="where to write the figures, as JSON")
    return parser


def head_of(
    benchmark: str, machine: Mapping[str, Any], arguments: argparse.Namespace, files: int, seconds: float
) -> dict[str, Any]:
    """Answer what a report begins with.

    Args:
        benchmark: its name.
        machine: as `benchmarks.machine.described` has it.
        arguments: that were given.
        files: how many were heard.
        seconds: of audio in them.
    """
    return {
        "benchmark": benchmark,
        "machine": machine,
        "device": arguments.device,
        "files": files,
        "audio_s": round(seconds, 1),
        "longest_s": arguments.longest,
        "repeats": arguments.repeats,
    }


def tell(report: Mapping[str, Any], tables: Sequence[Table], out: Path | None) -> None:
    """Print a report, and write it where asked."""
    console = Console(width=120)
    console.print(in_words(report["machine"]), highlight=False)
    for table in tables:
        console.print(table)
    if out:
        out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
