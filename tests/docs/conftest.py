"""What the tests of the pages share: one real server, and a port that is free."""

from __future__ import annotations

import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "examples"))

if TYPE_CHECKING:
    from server import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A registry with an operator and nobody else."""
    from server import running_server

    with running_server(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture
def curl() -> str:
    """The curl that pages use; a machine without it cannot follow them."""
    found = shutil.which("curl")
    if found is None:
        pytest.skip("curl is not installed")
    return found
