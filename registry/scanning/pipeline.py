"""The way through a scan: inputs in, one row for each out. The same wherever it runs.

Each input is opened, hashed and decoded from one descriptor; the same bytes are decoded once. Whatever is wrong with
one input is its row's error; what is wrong with the machine ends the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from typing import Any, Final

from registry.engine.analyser import REQUIRED_SPEECH_S
from registry.engine.analysis import Analysis
from registry.engine.gallery import Gallery
from registry.engine.pipeline import Heard, Item, Pipeline
from registry.errors import AnalysisFailedError, InputChangedError, InvalidInputError, RegistryError
from registry.media.process import Room
from registry.scanning.evidence_lines import columns_of, evidence_line
from registry.scanning.fences import UNFENCED, Fence
from registry.scanning.listening import Listener
from registry.scanning.places import Patience, shown
from registry.scanning.reading import Fingerprint, fingerprint, held_still, opened_input
from registry.scanning.results import InputRow, ResultRow, Status

Owner = Callable[[str], int | None]
"""Answers the number of an earlier row with bytes of this SHA-256, or None."""

_UNREAD: Final = Fingerprint("", 0)


def nobody_before(_sha256: str) -> None:
    """Know of no earlier row."""


class Scanner:
    """Turns inputs into rows; verdicts are not its business.

    Args:
        listener: decodes, finds speech, and has the engine.
        gallery: that is searched.
        patience: with stores.
        fence: around what may be opened.
    """

    def __init__(
        self, listener: Listener, gallery: Gallery, patience: Patience | None = None, fence: Fence = UNFENCED
    ) -> None:
        self.listener = listener
        self.gallery = gallery
        self.patience = patience or Patience()
        self.fence = fence

    def scan(self, inputs: Sequence[InputRow], owner: Owner = nobody_before) -> Iterator[ResultRow]:
        """Yield a row for each input, in order.

        A row whose bytes an earlier one had is ``duplicate`` and says of which; the answer is not in it.

        Args:
            inputs: in the order of the manifest, none with a problem.
            owner: of bytes that were scanned before.

        Raises:
            RegistryError: nothing that is about one input: the engine, the decoder or the disk gives out.
        """
        return _Run(self, inputs, owner).rows()


class _SameBytesError(InvalidInputError):
    """An earlier input has the same bytes, and is decoded for both."""

    slug = "same_bytes"


class _Run:
    """One run over some inputs."""

    def __init__(self, scanner: Scanner, inputs: Sequence[InputRow], owner: Owner) -> None:
        self._listener = scanner.listener
        self._engine = scanner.listener.engine
        self._gallery = scanner.gallery
        self._patience = scanner.patience
        self._fence = scanner.fence
        self._inputs = inputs
        self._owner = owner
        self._lock = Lock()
        self._read: dict[int, Fingerprint] = {}
        self._claims: dict[str, int] = {}
        """The lowest number that has begun to decode bytes of this hash."""
        self._settled: dict[str, int] = {}
        """The number of the row that has the answer for them."""

    def rows(self) -> Iterator[ResultRow]:
        pipeline = Pipeline(self._item, self._analysed, self._listener.bounds)
        for answer in pipeline.run(self._inputs, lambda *_: None):
            row = self._inputs[answer.number]
            heard = self._alone(row) if self._is_orphan(row, answer.heard) else answer.heard
            yield self._result(row, heard, self._read.pop(row.number, _UNREAD))

    # --- one input, in a reader's thread ------------------------------------------------------------------------------

    def _item(self, row: InputRow, room: Room) -> Item:
        """Read one input.

        1. Open it. 2. Hash its bytes. 3. Leave it, where an earlier input has the same. 4. Decode the same descriptor.
        5. Refuse what changed meanwhile. 6. Find speech.
        """
        max_bytes = self._listener.decoder.limits.max_bytes
        opened = opened_input(row, max_bytes, self._patience, self._fence, self._listener.streams)
        with opened as descriptor, held_still(descriptor):
            found = fingerprint(descriptor, max_bytes)
            self._note(row, found)
            recording = self._listener.decoder.decode_open(descriptor, room)
            if recording.content_sha256 != found.sha256:
                raise InputChangedError("the file changed while it was read")
        return recording, self._listener.detector.require_speech(recording, required_s=REQUIRED_SPEECH_S)

    def _note(self, row: InputRow, found: Fingerprint) -> None:
        """Keep what was read.

        Raises:
            _SameBytesError: an earlier input has the same bytes.
        """
        with self._lock:
            self._read[row.number] = found
            if not found.sha256:
                return
            first = min(self._claims.get(found.sha256, row.number), row.number)
            self._claims[found.sha256] = first
        if first < row.number or self._owner(found.sha256) is not None:
            raise _SameBytesError("the same bytes as an earlier input")

    # --- batches, in an encoder's thread -----------------------------------------------------------------------------

    def _analysed(self, items: Sequence[Item]) -> Sequence[Analysis]:
        try:
            return self._engine.analyse_many(items)
        except (RegistryError, MemoryError):
            raise
        except Exception as error:
            raise _failed(error) from error

    # --- rows, in the caller's thread --------------------------------------------------------------------------------

    def _is_orphan(self, row: InputRow, heard: Heard) -> bool:
        """Whether an input was left to an earlier one which then came to nothing, such as by changing meanwhile."""
        return isinstance(heard, _SameBytesError) and self._owner_of(self._read[row.number].sha256) is None

    def _alone(self, row: InputRow) -> Heard:
        with self._lock:
            self._claims.pop(self._read[row.number].sha256, None)
        try:
            return self._analysed([self._item(row, lambda _: None)])[0]
        except InvalidInputError as error:
            return error

    def _owner_of(self, sha256: str) -> int | None:
        return self._settled.get(sha256, self._owner(sha256)) if sha256 else None

    def _result(self, row: InputRow, heard: Heard, found: Fingerprint) -> ResultRow:
        earlier = None if isinstance(heard, InputChangedError) else self._owner_of(found.sha256)
        if earlier is not None:
            return _row(row, Status.DUPLICATE, found, duplicate_of=earlier)
        result = self._answered(row, heard, found)
        if found.sha256 and result.error != InputChangedError.slug:
            self._settled[found.sha256] = row.number
        return result

    def _answered(self, row: InputRow, heard: Heard, found: Fingerprint) -> ResultRow:
        try:
            if isinstance(heard, InvalidInputError):
                raise heard
            return _row(row, Status.ASSESSED, found, **columns_of(self._evidence(heard)))
        except InvalidInputError as error:
            return _row(row, Status.FAILED, found, error=error.slug, error_detail=shown(error.detail))

    def _evidence(self, analysis: Analysis) -> dict[str, Any]:
        try:
            return evidence_line(self._engine.evidence(analysis, self._gallery))
        except (RegistryError, MemoryError):
            raise
        except Exception as error:
            raise _failed(error) from error


def _row(row: InputRow, status: Status, found: Fingerprint, **more: Any) -> ResultRow:
    return ResultRow(
        number=row.number,
        name=row.name,
        locator=row.locator,
        status=status,
        sha256=found.sha256,
        size=found.size,
        declared_use=row.declared_use,
        project=row.project,
        licence=row.licence,
        **more,
    )


def _failed(error: Exception) -> AnalysisFailedError:
    kind = type(error).__name__
    return AnalysisFailedError(f"the engine broke off on this recording ({kind})", kind=kind)
