"""Finds the networks' weights inside the packages that carry them, and refuses any other bytes."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

from registry.errors import WeightsError


def package_file(package: str, relative: str) -> Path:
    """Answer the path of a file inside an installed package, without importing the package.

    Raises:
        WeightsError: the package or the file is not there.
    """
    found = find_spec(package)
    if found is None or found.origin is None:
        raise WeightsError(f"the package {package}, which carries weights, is not installed", package=package)
    path = Path(found.origin).parent / relative
    if not path.is_file():
        raise WeightsError(f"{package} is installed, but does not hold {relative}", package=package, file=relative)
    return path


def require_sha256(path: Path, expected: str) -> None:
    """Refuse a file whose bytes are not the ones pinned.

    Raises:
        WeightsError: the digest differs, or the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"{path.name} cannot be read: {error.strerror}", file=path.name) from error
    if actual != expected:
        raise WeightsError(
            f"{path.name} has SHA-256 {actual[:12]}…, but {expected[:12]}… is pinned: reinstall the package",
            file=path.name,
            actual=actual,
            expected=expected,
        )


def load_tensors(path: Path, sha256: str, key: str | None = None) -> Mapping[str, Tensor]:
    """Read pinned weights, without running code from the file; ``key`` picks one entry of a checkpoint.

    Raises:
        WeightsError: not the pinned bytes, or not a file of tensors.
    """
    require_sha256(path, sha256)
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
        tensors: Mapping[str, Tensor] = loaded if key is None else loaded[key]
    except (pickle.UnpicklingError, RuntimeError, KeyError) as error:
        raise WeightsError(f"{path.name} does not hold the tensors expected", file=path.name) from error
    return tensors
