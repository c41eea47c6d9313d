"""Taking recordings in: read, judged before anything is stored, and spooled sealed until a worker has had them.

What is spooled is the decoded recording, not the file as it came: mono, 16 kHz, 16 bit, under a key of its own whose
wrapped form sits in the record. When the record is finished the key is dropped with it, so that a blob that a crash
left behind can be opened by nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import rfc8785

from registry.errors import DatabaseNotReadyError, RegistryError, SealBrokenError
from registry.media.recording import SAMPLE_RATE_HZ, Recording, SourceFacts
from registry.services.context import Context
from registry.vault.keys import WrappedKey, new_data_key
from registry.vault.sealing import bind, open_sealed, seal

_FULL_SCALE = 32768.0
_HEADER_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was received.

    Attributes:
        path: where it lies, for the time of the call only.
        filename: what its sender called it; never used as a path.
    """

    path: Path
    filename: str


def read(ctx: Context, upload: Upload) -> Recording:
    """Decode an upload in a limited child process.

    Raises:
        MediaError: it cannot be used; the subclass says why.
    """
    return ctx.decoder.decode(upload.path)


@contextmanager
def spooled(ctx: Context, record_id: str, recordings: Sequence[Recording]) -> Iterator[WrappedKey]:
    """Seal recordings into the spool under the id of the record they belong to, for the block that writes the record.

    1. The blob is whole and durable before the block begins, so that a record never waits for an upload that is not
       there. Sealing takes as long as the upload is large, so it is done before any transaction is open.
    2. When the block raises, the blob is deleted: its record was not written.
    3. Unless the database did not answer: then the commit may have been reached all the same, and the sweep, which asks
       the database, decides.

    Yields:
        The wrapped key, to be stored in the record.
    """
    key, wrapped = new_data_key(ctx.keys, ctx.random_bytes)
    ctx.spool.put(record_id, seal(_pack(recordings), key, bind("spool", record_id), ctx.random_bytes))
    try:
        yield wrapped
    except DatabaseNotReadyError:
        raise
    except BaseException:
        ctx.spool.delete(record_id)
        raise


def unspool(ctx: Context, record_id: str, wrapped: WrappedKey) -> list[Recording]:
    """Open what was spooled for a record.

    Raises:
        NotFoundError: there is nothing in the spool.
        SealBrokenError: it was tampered with, or belongs to another record.
    """
    sealed = ctx.spool.get(record_id)
    return _unpack(open_sealed(sealed, ctx.keys.unwrap(wrapped), bind("spool", record_id)))


def _pack(recordings: Sequence[Recording]) -> bytes:
    header = rfc8785.dumps(
        [
            {"content_sha256": r.content_sha256, "samples": int(r.samples.size), "source": asdict(r.source)}
            for r in recordings
        ]
    )
    audio = [(r.samples * _FULL_SCALE).round().astype("<i2").tobytes() for r in recordings]
    return b"".join([len(header).to_bytes(_HEADER_LENGTH_BYTES, "big"), header, *audio])


def _unpack(data: bytes) -> list[Recording]:
    start = _HEADER_LENGTH_BYTES + int.from_bytes(data[:_HEADER_LENGTH_BYTES], "big")
    recordings = []
    for entry in json.loads(data[_HEADER_LENGTH_BYTES:start]):
        end = start + 2 * int(entry["samples"])
        if end > len(data):
            raise SealBrokenError("a spooled upload is shorter than its own header says")
        samples = np.frombuffer(data[start:end], dtype="<i2").astype(np.float32) / np.float32(_FULL_SCALE)
        recordings.append(Recording(samples, str(entry["content_sha256"]), SourceFacts(**entry["source"])))
        start = end
    return recordings


def facts(upload: Upload, recording: Recording) -> dict[str, object]:
    """Answer what is kept of a recording: name, hash, length and format, no audio."""
    return {
        "filename": upload.filename,
        "content_sha256": recording.content_sha256,
        "size_bytes": recording.source.size_bytes,
        "duration_s": round(recording.samples.size / SAMPLE_RATE_HZ, 3),
        "container": recording.source.container,
        "codec": recording.source.codec,
    }


def problem_of(error: RegistryError) -> dict[str, object]:
    """Answer an error as it is kept with a record that was refused."""
    return {"slug": error.slug, "detail": error.detail, "figures": dict(error.figures)}
