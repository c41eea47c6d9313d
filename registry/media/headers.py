"""Reading no more of a stranger's file than its headers, in the same kind of child that decodes."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import BinaryIO

import av.logging
import numpy as np
from numpy.typing import NDArray

from registry.media.child import serve
from registry.media.limits import MediaLimits
from registry.media.opening import open_source
from registry.media.recording import SourceFacts


def main(arguments: list[str]) -> None:
    """Run as the process that ``arguments`` describe: the limits as JSON, and how many files to read."""
    av.logging.set_level(av.logging.ERROR)
    serve(socket.socket(fileno=0), MediaLimits(**json.loads(arguments[0])), int(arguments[1]), read_headers)


def read_headers(file: BinaryIO, limits: MediaLimits) -> Iterator[SourceFacts | NDArray[np.int16]]:
    """Yield what the headers say the file is, and no samples.

    Raises:
        MediaError: the headers say that the file cannot be used.
        MemoryError: the process has no more address space.
    """
    source = open_source(file, limits)
    try:
        codec = source.stream.codec_context
        yield SourceFacts(
            source.container_name,
            source.codec_name,
            codec.sample_rate,
            codec.channels,
            source.size_bytes,
            source.declared_s,
        )
    finally:
        source.container.close()
