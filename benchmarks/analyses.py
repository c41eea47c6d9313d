"""Analyses of recordings by the real engine, kept by content: listening is dear, and figures are computed often.

What is kept depends on the recording's bytes, on the encoders and on the engine's version, not on the calibration. Who
changes how recordings are cut into voices without a new version must delete the folder.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from registry.errors import InvalidInputError
from registry.scanning.listening import Heard, Listener

_TOLD_EVERY = 100


@dataclass(frozen=True, slots=True)
class Analyses:
    """Answers analyses of files: kept ones, or fresh ones that it then keeps.

    Attributes:
        listener: decodes and analyses.
        folder: where analyses are kept; None keeps none.
        tell: is told of progress, in sentences.
    """

    listener: Listener
    folder: Path | None
    tell: Callable[[str], None]

    def of(self, paths: Sequence[Path]) -> Iterator[tuple[Path, Heard]]:
        """Yield each path, in order, with its analysis or with the error that says why there is none."""
        kept_before = [self._kept(path) for path in paths]
        fresh = self.listener.listen([path for path, kept in zip(paths, kept_before, strict=True) if not kept])
        for number, (path, kept) in enumerate(zip(paths, kept_before, strict=True), start=1):
            found: Heard = pickle.loads(kept.read_bytes()) if kept else next(fresh)[1]  # noqa: S301  (our own files)
            if not kept and not isinstance(found, InvalidInputError):
                self._keep(path, found)
            if number % _TOLD_EVERY == 0:
                self.tell(f"{number} of {len(paths)} recordings analysed")
            yield path, found

    def _kept(self, path: Path) -> Path | None:
        place = self._place(path)
        return place if place and place.exists() else None

    def _keep(self, path: Path, found: Heard) -> None:
        place = self._place(path)
        if place:
            place.parent.mkdir(parents=True, exist_ok=True)
            partial = place.with_suffix(f".{os.getpid()}")
            partial.write_bytes(pickle.dumps(found))
            partial.replace(place)

    def _place(self, path: Path) -> Path | None:
        if self.folder is None:
            return None
        identity = self.listener.engine.identity
        maker = hashlib.sha256(" ".join((identity.version, *identity.spaces)).encode()).hexdigest()[:12]
        return self.folder / maker / f"{hashlib.sha256(path.read_bytes()).hexdigest()}.pickle"
