"""``likeness`` run within the test's own process: a process of its own takes seconds until it can begin."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO

import pytest

from registry.cli.main import run


@dataclass(frozen=True)
class Done:
    """What came of a command, as of one that ran in a process."""

    returncode: int
    stdout: str
    stderr: str


def likeness_here(settings: Mapping[str, object], *arguments: object) -> Done:
    """Run a command as the console script does, under these variables and none of the caller's ``LIKENESS_…``."""
    out, err = StringIO(), StringIO()
    with (
        _environment({**settings, "COLUMNS": 200}),
        redirect_stdout(out),
        redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        run([str(each) for each in arguments])
    code = ended.value.code
    assert isinstance(code, int), code
    return Done(code, out.getvalue(), err.getvalue())


@contextmanager
def _environment(settings: Mapping[str, object]) -> Iterator[None]:
    before = dict(os.environ)
    kept = {name: value for name, value in before.items() if not name.startswith("LIKENESS_")}
    try:
        _replace(kept | {name: str(value) for name, value in settings.items()})
        yield
    finally:
        _replace(before)


def _replace(variables: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(variables)
