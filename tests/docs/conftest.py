"""What the tests of the pages share: one real server, and a port that is free."""

from __future__ import annotations

import json
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from pages import ROOT
from ready import ready

sys.path.append(str(Path(__file__).resolve().parents[2] / "examples"))

if TYPE_CHECKING:
    from server import Server

CONTROLLER = {
    "LIKENESS_CONTROLLER_NAME": "House of Voices",
    "LIKENESS_CONTROLLER_ADDRESS": "1 Main Street, Seoul",
    "LIKENESS_CONTROLLER_CONTACT": "desk@voices.example",
    "LIKENESS_CONTROLLER_JURISDICTION": "KR",
    "LIKENESS_CONTROLLER_STORAGE_LOCATION": "Seoul, KR",
}
"""Who answers for the registry of the pages."""

NOBODY_LISTENS = {"LIKENESS_WEBHOOK_SENDING": "false"}
"""The receivers that pages name are not there, and no name is looked up outside of this machine."""


SIGN_IN = {"LIKENESS_PUBLIC_URL": "http://127.0.0.1:8080"}
"""Where the pages say that the registry is, at whatever port it listens."""

SCANS = {"LIKENESS_SCAN_ROOTS": json.dumps({"voices": {"url": str(ROOT / "examples" / "voices"), "organisations": []}})}
"""What the workers of the pages may scan."""


@pytest.fixture(scope="session", autouse=True)
def commands_at_once() -> Iterator[None]:
    """Commands that set a registry up run without each loading all modules first."""
    import server

    with mock.patch.object(server, "LIKENESS", [str(ready() / "likeness")]):
        yield


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the server, for commands on the registry's own machine."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Server]:
    """A registry with an operator and nobody else."""
    from server import running_server

    with running_server(home, CONTROLLER | NOBODY_LISTENS | SIGN_IN | SCANS) as running:
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
