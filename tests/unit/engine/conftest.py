"""One engine for all tests of it: loading takes a second."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from registry.engine.encoders.protocol import Encoder
from registry.engine.identify import Engine, load_encoders


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def encoders() -> dict[str, Encoder]:
    return load_encoders("cpu")


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine.load(device="cpu")
