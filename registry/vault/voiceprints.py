"""Voiceprints at rest: turned by the epoch's secret matrix, then sealed under the performer's own key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from registry.domain.ids import RandomBytes
from registry.errors import KeyDestroyedError, KeyringError, RegistryError, SealBrokenError
from registry.vault.keys import KeyProvider, WrappedKey, new_data_key
from registry.vault.protection import Protection
from registry.vault.sealing import Opener, bind, seal

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


@dataclass(frozen=True, slots=True, repr=False)
class Holding:
    """What is stored of one performer.

    Attributes:
        key: of the performer, as it is wrapped.
        voiceprints: sealed under it.
    """

    key: WrappedKey
    voiceprints: Sequence[SealedVoiceprint]


@dataclass(frozen=True, slots=True, repr=False)
class OpenedSpace:
    """The plain vectors of many holdings in one space.

    Attributes:
        vectors: ``(n, dimension) float32``.
        holdings: ``(n,) intp``, ascending: the number of the holding that each vector is of.
    """

    vectors: NDArray[np.float32]
    holdings: NDArray[np.intp]


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """Many holdings, opened.

    Attributes:
        spaces: by space id; of a holding all vectors are there, or none.
        broken: by number of a holding that does not open, why.
    """

    spaces: Mapping[str, OpenedSpace]
    broken: Mapping[int, RegistryError]


@dataclass(frozen=True, slots=True, repr=False)
class _Turned:
    """What was sealed in one space and epoch, still protected, and of which holding each is."""

    epoch: int
    protected: list[bytes] = field(default_factory=list)
    holdings: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, repr=False)
class Turned:
    """Voiceprints in the current epoch.

    Attributes:
        pairs: what was sealed before, and what takes its place.
        broken: by number of a holding that does not open, why.
    """

    pairs: Sequence[tuple[SealedVoiceprint, SealedVoiceprint]]
    broken: Mapping[int, RegistryError]


@dataclass(frozen=True, slots=True, repr=False)
class _Group:
    """What was sealed in one space and epoch, opened and still protected, with the key that it is sealed under."""

    sealed: list[SealedVoiceprint] = field(default_factory=list)
    protected: list[bytes] = field(default_factory=list)
    keys: list[bytes] = field(default_factory=list)

    def add(self, sealed: SealedVoiceprint, protected: bytes, key: bytes) -> None:
        """Take one in."""
        self.sealed.append(sealed)
        self.protected.append(protected)
        self.keys.append(key)


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
        self._bindings: dict[tuple[str, int], bytes] = {}

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
            KeysUnavailableError: the key service does not answer.
        """
        opened = self.open_many([Holding(self._required(performer_key, sealed.voiceprint_id), [sealed])])
        if opened.broken:
            raise opened.broken[0]
        vector: NDArray[np.float32] = opened.spaces[sealed.space_id].vectors[0]
        return vector

    def open_many(self, holdings: Iterable[Holding]) -> Opened:
        """Open the voiceprints of many performers; who cannot be opened keeps nobody else from it.

        Each key is unwrapped once, each epoch and space is turned back at once. That gives the vectors that `open`
        gives, to float32 rounding.
        """
        turned: dict[str, dict[int, _Turned]] = {}
        held = list(holdings)
        keys = self._keys.unwrap_many([holding.key for holding in held])
        broken: dict[int, RegistryError] = {}
        for number, (holding, key) in enumerate(zip(held, keys, strict=True)):
            opened = self._unsealed(holding.voiceprints, key)
            if isinstance(opened, RegistryError):
                broken[number] = opened
                continue
            for sealed, protected in zip(holding.voiceprints, opened, strict=True):
                epochs = turned.setdefault(sealed.space_id, {})
                found = epochs.get(sealed.epoch) or epochs.setdefault(sealed.epoch, _Turned(sealed.epoch))
                found.protected.append(protected)
                found.holdings.append(number)
        return Opened(
            {space_id: self._expose(space_id, [*epochs.values()]) for space_id, epochs in turned.items()}, broken
        )

    def turn_many(self, holdings: Sequence[Holding]) -> Turned:
        """Bring voiceprints of other epochs into the current one: opened, turned, and sealed under the same key.

        Nothing is stored. What is in the current epoch is left as it is, and who cannot be opened keeps nobody else
        from it. A turn there and back keeps a vector to float32 rounding (about 1e-7).
        """
        epoch, keys = self._keys.current_epoch(), self._keys.unwrap_many([each.key for each in holdings])
        groups: dict[tuple[str, int, int], _Group] = defaultdict(_Group)
        broken: dict[int, RegistryError] = {}
        for number, (holding, key) in enumerate(zip(holdings, keys, strict=True)):
            old = [each for each in holding.voiceprints if each.epoch != epoch]
            opened = self._unsealed(old, key)
            if isinstance(key, RegistryError):
                broken[number] = key
            elif isinstance(opened, RegistryError):
                broken[number] = opened
            else:
                for sealed, protected in zip(old, opened, strict=True):
                    groups[sealed.space_id, sealed.epoch, sealed.dimension].add(sealed, protected, key)
        return Turned([each for group in groups.items() for each in self._sealed_again(*group, epoch)], broken)

    def _sealed_again(
        self, whose: tuple[str, int, int], group: _Group, epoch: int
    ) -> Iterable[tuple[SealedVoiceprint, SealedVoiceprint]]:
        """Yield voiceprints of one space and epoch, each with what takes its place."""
        space_id, old, dimension = whose
        rows = np.frombuffer(b"".join(group.protected), dtype=_LITTLE_ENDIAN).astype(np.float32)
        plain = self.protection(old, space_id, dimension).expose(rows.reshape(len(group.sealed), dimension))
        again = self.protection(epoch, space_id, dimension).protect(plain).astype(_LITTLE_ENDIAN)
        bound_to = self._bound_to(space_id, epoch)
        for sealed, key, row in zip(group.sealed, group.keys, again, strict=True):
            data = seal(row.tobytes(), key, bind(sealed.voiceprint_id) + bound_to, self._random_bytes)
            yield sealed, SealedVoiceprint(sealed.voiceprint_id, space_id, epoch, dimension, data)

    def _unsealed(
        self, voiceprints: Sequence[SealedVoiceprint], key: bytes | RegistryError
    ) -> list[bytes] | RegistryError:
        """Answer what `_unseal` answers, or why that cannot be."""
        if isinstance(key, RegistryError):
            return key
        try:
            return self._unseal(voiceprints, key)
        except (KeyringError, SealBrokenError) as error:
            return type(error)(error.detail, **error.figures)  # without the frames that hold the key

    def _unseal(self, voiceprints: Sequence[SealedVoiceprint], key: bytes) -> list[bytes]:
        """Answer the protected vectors of a holding, little endian, once it is known that all of them can be exposed.

        Raises:
            KeyringError: an epoch is not in the keyring.
            SealBrokenError: a seal does not open.
        """
        opener = Opener(key)
        opened = []
        for sealed in voiceprints:
            binding = bind(sealed.voiceprint_id) + self._bound_to(sealed.space_id, sealed.epoch)
            protected = opener.open(sealed.data, binding)
            if len(protected) != sealed.dimension * _LITTLE_ENDIAN.itemsize:
                raise SealBrokenError(
                    f"{sealed.voiceprint_id} holds {len(protected)} bytes, which are not the {sealed.dimension} "
                    "dimensions of its record",
                    voiceprint_id=sealed.voiceprint_id,
                )
            self.protection(sealed.epoch, sealed.space_id, sealed.dimension)
            opened.append(protected)
        return opened

    def _bound_to(self, space_id: str, epoch: int) -> bytes:
        """Answer the end of a binding, which thousands of voiceprints share."""
        wanted = (space_id, epoch)
        if wanted not in self._bindings:
            self._bindings[wanted] = bind(space_id, str(epoch))
        return self._bindings[wanted]

    def _expose(self, space_id: str, turned: Sequence[_Turned]) -> OpenedSpace:
        vectors, holdings = [], []
        for each in turned:
            protected = np.frombuffer(b"".join(each.protected), dtype=_LITTLE_ENDIAN).astype(np.float32)
            rows = protected.reshape(len(each.protected), -1)
            vectors.append(self.protection(each.epoch, space_id, rows.shape[1]).expose(rows))
            holdings.append(np.array(each.holdings, dtype=np.intp))
        if len(turned) == 1:
            return OpenedSpace(vectors[0], holdings[0])
        together = np.concatenate(holdings)
        order = np.argsort(together, kind="stable")
        return OpenedSpace(np.concatenate(vectors)[order], together[order])

    def _unwrap(self, performer_key: WrappedKey | None, voiceprint_id: str) -> bytes:
        return self._keys.unwrap(self._required(performer_key, voiceprint_id))

    @staticmethod
    def _required(performer_key: WrappedKey | None, voiceprint_id: str) -> WrappedKey:
        if performer_key is None:
            raise KeyDestroyedError(
                f"the key that seals {voiceprint_id} was destroyed; the voiceprint cannot be read by anybody",
                voiceprint_id=voiceprint_id,
            )
        return performer_key
