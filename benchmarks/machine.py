"""On what a figure was measured: processor, cores, memory, versions and day, to be printed and kept beside it."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil


def described(packages: Sequence[str] = ("torch", "numpy")) -> dict[str, Any]:
    """Answer this machine and the versions of some installed packages, as JSON takes them."""
    return {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "python": platform.python_version(),
        "versions": {package: _version(package) for package in packages},
        "load_before": round(os.getloadavg()[0], 2),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
    }


def processor() -> str:
    """Answer the name of the processor, as the kernel has it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def in_words(machine: dict[str, Any]) -> str:
    """Answer a description in one line."""
    versions = ", ".join(f"{package} {number}" for package, number in machine["versions"].items())
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB; {versions}; "
        f"{machine['date']}; load before: {machine['load_before']}"
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
