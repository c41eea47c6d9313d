"""An environment in which the libraries below are to give the same bits on every x86-64 processor that has AVX2.

Each library chooses by processor how to sum, and sums in another order round otherwise. Here each is told to choose as
on a processor of 2013, and MKL not to look at the maker. What is
left is chosen by code, `load_encoders` with ``reproducible``; voice activity (onnxruntime) and FFmpeg cannot be told.
"""

from __future__ import annotations

import os
import sys
from typing import Final

ENVIRONMENT: Final = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_CBWR": "COMPATIBLE",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def begin_again(module: str) -> None:
    """Start this process anew in `ENVIRONMENT`, unless it runs in it: libraries read it when they are loaded."""
    if ENVIRONMENT.items() <= os.environ.items():
        return
    os.execve(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]], {**os.environ, **ENVIRONMENT})  # noqa: S606
