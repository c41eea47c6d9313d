from __future__ import annotations

import numpy as np
import pytest
import torch
from structlog.testing import capture_logs

from registry.engine.devices import BatchRunner, choose_device
from registry.errors import SettingsError

CPU = torch.device("cpu")


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(SettingsError, match="auto, cpu or cuda"):
        choose_device("tpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="only where there is no CUDA")
def test_cuda_is_refused_where_there_is_none() -> None:
    with pytest.raises(SettingsError, match="no CUDA"):
        choose_device("cuda")
    assert choose_device("auto").type == "cpu"


def test_a_batch_holds_at_least_one() -> None:
    with pytest.raises(ValueError, match="at least one"):
        BatchRunner(CPU, 0)


def test_batches_are_halved_until_they_fit_and_nothing_is_lost_or_reordered() -> None:
    sizes: list[int] = []

    def network(batch: torch.Tensor) -> torch.Tensor:
        sizes.append(len(batch))
        if len(batch) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return 2 * batch

    runner = BatchRunner(CPU, 16)
    windows = np.arange(20, dtype=np.float32).reshape(10, 2)
    with capture_logs() as told:
        assert np.array_equal(runner.run(network, windows), 2 * windows)
    assert runner.batch_size == 2
    assert [(line["event"], line["windows_at_a_time"]) for line in told] == [
        ("batch_halved", 8),
        ("batch_halved", 4),
        ("batch_halved", 2),
    ]
    assert sizes[:4] == [10, 8, 4, 2]


def test_a_single_window_that_does_not_fit_is_an_error() -> None:
    def network(batch: torch.Tensor) -> torch.Tensor:
        raise torch.OutOfMemoryError(f"CUDA out of memory for {len(batch)}")

    with pytest.raises(torch.OutOfMemoryError):
        BatchRunner(CPU, 4).run(network, np.zeros((2, 2), dtype=np.float32))


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_workers_change_nothing_but_time(workers: int) -> None:
    windows = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    assert np.array_equal(BatchRunner(CPU, 2, workers).run(lambda batch: batch * 2, windows), windows * 2)


def test_gradients_are_never_recorded() -> None:
    weight = torch.ones(2, requires_grad=True)

    def network(batch: torch.Tensor) -> torch.Tensor:
        product = batch * weight
        assert not product.requires_grad
        return product

    BatchRunner(CPU, 4).run(network, np.ones((2, 2), dtype=np.float32))
