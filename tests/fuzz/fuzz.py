"""Fuzz one reader, guided by coverage, for some seconds.

    pip install atheris
    python tests/fuzz/fuzz.py TARGET|all [--seconds 600] [--corpus FOLDER]

It ends with the first crash, and leaves the bytes that made it. ``all`` runs every target in a process of its own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["registry"]):
    from targets import targets

from mutating import mutated


def main() -> int:
    """Fuzz, and answer the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=["all", *targets()])
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--corpus", type=Path, help="where what was found goes, to go on from")
    arguments = parser.parse_args()
    if arguments.target == "all":
        each = [sys.executable, __file__, "--seconds", str(arguments.seconds)]
        corpus = ["--corpus", str(arguments.corpus)] if arguments.corpus else []
        return max(subprocess.call([*each, *corpus, name]) for name in targets())  # noqa: S603  (ourselves)
    with tempfile.TemporaryDirectory() as made:
        folder = (arguments.corpus or Path(made)) / arguments.target
        folder.mkdir(parents=True, exist_ok=True)
        target = targets()[arguments.target]
        for number, seed in enumerate(target.seeds):
            (folder / f"seed-{number}").write_bytes(seed)
        options = [f"-max_total_time={arguments.seconds}", "-max_len=65536", "-timeout=20", "-rss_limit_mb=2048"]
        atheris.Setup([sys.argv[0], *options, str(folder)], target.read, custom_mutator=_mutated)
        atheris.Fuzz()
    return 0


def _mutated(data: bytes, most: int, seed: int) -> bytes:
    """Change members of JSON, or leave it to the fuzzer, in turn."""
    if seed % 2:
        return bytes(atheris.Mutate(data, most))
    return mutated(data, Random(seed))[:most]  # noqa: S311  (it must be repeatable)


if __name__ == "__main__":
    sys.exit(main())
