"""Voiceprints at rest: turned by the epoch's secret matrix, then sealed under the performer's own key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from registry.domain.ids import RandomBytes
from registry.errors import KeyDestroyedError, SealBrokenError
from registry.vault.keys import KeyProvider, WrappedKey, new_data_key
from registry.vault.protection import Protection
from registry.vault.sealing import bind, open_sealed, seal

_LITTLE_ENDIAN = np.dtype("<f4")


@dataclass(frozen=True, slots=True, repr=False)
class SealedVoiceprint:
    """A voiceprint as it is stored.

    Attributes:
        voiceprint_id: of the record; the seal opens for no other.
        space_id: of the embedding space.
        epoch: protection epoch it was made in.
        dimension: length of the vector.
        data: the envelope of `registry.vault.sealing`.
    """

    voiceprint_id: str
    space_id: str
    epoch: int
    dimension: int
    data: bytes


class VoiceprintVault:
    """Seals voiceprints and opens them again. One for each process: it keeps the turns that it derived.

    Args:
        keys: where the keys of the house are.
        random_bytes: makes keys and nonces.
    """

    def __init__(self, keys: KeyProvider, random_bytes: RandomBytes) -> None:
        self._keys = keys
        self._random_bytes = random_bytes
        self._protections: dict[tuple[int, str, int], Protection] = {}

    def new_performer_key(self) -> WrappedKey:
        """Make the key of one performer, as it is stored. Deleting it makes what it sealed unreadable for good."""
        return new_data_key(self._keys, self._random_bytes)[1]

    def protection(self, epoch: int, space_id: str, dimension: int) -> Protection:
        """Answer the turn of an epoch and space.

        Raises:
            KeyringError: there is no such epoch.
        """
        wanted = (epoch, space_id, dimension)
        if wanted not in self._protections:
            self._protections[wanted] = Protection.derive(self._keys.epoch_seed(epoch), *wanted)
        return self._protections[wanted]

    def seal(
        self, vector: NDArray[np.float32], *, voiceprint_id: str, space_id: str, performer_key: WrappedKey | None
    ) -> SealedVoiceprint:
        """Protect and seal one vector in the current epoch.

        Args:
            vector: ``(dimension,) float32``, plain.
            voiceprint_id: of the record it will be stored in.
            space_id: of its embedding space.
            performer_key: of the performer, or None when it was destroyed.

        Raises:
            KeyDestroyedError: ``performer_key`` is None.
            KeyringError: the wrapping key is not there.
        """
        key = self._unwrap(performer_key, voiceprint_id)
        epoch = self._keys.current_epoch()
        protected = self.protection(epoch, space_id, len(vector)).protect(vector)
        binding = bind(voiceprint_id, space_id, str(epoch))
        data = seal(protected.astype(_LITTLE_ENDIAN).tobytes(), key, binding, self._random_bytes)
        return SealedVoiceprint(voiceprint_id, space_id, epoch, len(vector), data)

    def open(self, sealed: SealedVoiceprint, performer_key: WrappedKey | None) -> NDArray[np.float32]:
        """Answer the plain vector, ``(dimension,) float32``.

        Args:
            sealed: the stored voiceprint.
            performer_key: of the performer, or None when it was destroyed.

        Raises:
            KeyDestroyedError: ``performer_key`` is None.
            KeyringError: the wrapping key or the epoch is not in the keyring.
            SealBrokenError: the seal does not open with this key for this record, space and epoch.
        """
        return self.open_all([sealed], performer_key)[0]

    def open_all(
        self, sealed: Sequence[SealedVoiceprint], performer_key: WrappedKey | None
    ) -> Sequence[NDArray[np.float32]]:
        """Answer the plain vectors of one performer, whose key is unwrapped once; raises as `open` does."""
        if not sealed:
            return []
        key = self._unwrap(performer_key, sealed[0].voiceprint_id)
        return [self._open(each, key) for each in sealed]

    def _open(self, sealed: SealedVoiceprint, key: bytes) -> NDArray[np.float32]:
        data = open_sealed(sealed.data, key, bind(sealed.voiceprint_id, sealed.space_id, str(sealed.epoch)))
        protected = np.frombuffer(data, dtype=_LITTLE_ENDIAN).astype(np.float32)
        if len(protected) != sealed.dimension:
            raise SealBrokenError(
                f"{sealed.voiceprint_id} holds {len(protected)} dimensions, its record says {sealed.dimension}",
                voiceprint_id=sealed.voiceprint_id,
            )
        return self.protection(sealed.epoch, sealed.space_id, sealed.dimension).expose(protected)

    def _unwrap(self, performer_key: WrappedKey | None, voiceprint_id: str) -> bytes:
        if performer_key is None:
            raise KeyDestroyedError(
                f"the key that seals {voiceprint_id} was destroyed; the voiceprint cannot be read by anybody",
                voiceprint_id=voiceprint_id,
            )
        return self._keys.unwrap(performer_key)
