"""Tars as tests make them, plain and compressed."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path

import pyarrow as pa

PACKED = {
    ".tar.gz": gzip.compress,
    ".tgz": gzip.compress,
    ".tar.bz2": lambda content: bz2.compress(content, 1),  # in pieces of 100 kB
    ".tar.xz": lzma.compress,
    ".tar.zst": lambda content: pa.Codec("zstd").compress(content, asbytes=True),
}
SUFFIXES = (".tar", *PACKED)


def tar_bytes(members: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> bytes:
    written = BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content in members.items() if isinstance(members, Mapping) else members:
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, BytesIO(content))
    return written.getvalue()


def packed(content: bytes, suffix: str) -> bytes:
    return PACKED[suffix](content) if suffix in PACKED else content


def tar_at(path: Path, members: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> Path:
    suffix = next(suffix for suffix in SUFFIXES if path.name.endswith(suffix))
    path.write_bytes(packed(tar_bytes(members), suffix))
    return path
