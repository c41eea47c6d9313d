"""Protected voiceprints: turned by a secret orthogonal matrix, one for each epoch and embedding space.

A turn keeps every angle, so protected vectors of one epoch and space are compared with each other exactly as plain ones
are (this is the "BioHashing" family without its lossy quantisation). In the words of ISO/IEC 24745:2022:

- *renewability*: a new epoch has a new seed, hence new vectors from the same voice; the old ones are worth nothing.
- *unlinkability*: the same voice in two epochs, or in two registries, gives vectors as unlike as two random ones
  (cosine of mean 0 and standard deviation ``1/sqrt(dimension)``).
- *irreversibility* holds against whoever lacks the seed. A turn is undone by the seed, and can be solved for by whoever
  has as many pairs of plain and protected vectors as there are dimensions; the seal around it is what hides the rest.

The matrix is derived, not stored: HKDF-SHA-256 (RFC 5869) of the seed, epoch, space and dimension gives a ChaCha20
key; its key stream gives uniform numbers; Box and Muller (1958) make them Gaussian; the Q of their QR decomposition,
with the diagonal of R made positive, is then uniform among the orthogonal matrices (Mezzadri 2007, "How to generate
random matrices from the classical compact groups"). NumPy's own generators are not used, as their streams may change
between versions; and the steps here move a result by rounding alone (1e-12) between processors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray

from registry.errors import SpaceMismatchError
from registry.vault.sealing import bind

_DERIVATION = "likeness protection 1"
_UNIFORM_BITS = 53
"""A float64 holds that many bits exactly."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Protection:
    """The secret turn of one epoch and one space. Deriving it takes milliseconds: derive it once and keep it.

    Attributes:
        epoch: number of the protection epoch.
        space_id: of the embedding space.
        matrix: ``(dimension, dimension) float64``, orthogonal.
    """

    epoch: int
    space_id: str
    matrix: NDArray[np.float64]

    @classmethod
    def derive(cls, seed: bytes, epoch: int, space_id: str, dimension: int) -> Protection:
        """Derive the turn from the epoch's seed; the same arguments always give the same one.

        Args:
            seed: the 32 secret bytes of the epoch.
            epoch: its number.
            space_id: of the embedding space.
            dimension: length of its vectors.
        """
        info = bind(_DERIVATION, str(epoch), space_id, str(dimension))
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(seed)
        orthogonal, triangular = np.linalg.qr(_gaussian(key, dimension * dimension).reshape(dimension, dimension))
        return cls(epoch, space_id, orthogonal * np.sign(np.diagonal(triangular)))

    def protect(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn plain vectors into protected ones.

        Args:
            vectors: ``(..., dimension) float32``.

        Returns:
            The same shape; every cosine between two of them is kept to about 1e-7.

        Raises:
            SpaceMismatchError: the vectors have another length; figures ``dimension`` and ``required_dimension``.
        """
        self._require_dimension(vectors)
        return (vectors.astype(np.float64) @ self.matrix.T).astype(np.float32)

    def expose(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn protected vectors back into plain ones: the inverse of `protect`, to float32 rounding.

        Args:
            vectors: ``(..., dimension) float32``.

        Raises:
            SpaceMismatchError: the vectors have another length; figures ``dimension`` and ``required_dimension``.
        """
        self._require_dimension(vectors)
        return (vectors.astype(np.float64) @ self.matrix).astype(np.float32)

    def _require_dimension(self, vectors: NDArray[np.float32]) -> None:
        dimension, required = vectors.shape[-1], len(self.matrix)
        if dimension != required:
            raise SpaceMismatchError(
                f"vectors of {dimension} dimensions do not belong to {self.space_id}, which has {required}",
                dimension=dimension,
                required_dimension=required,
            )


def _gaussian(key: bytes, count: int) -> NDArray[np.float64]:
    """Answer ``count`` standard normal numbers, ``(count,) float64``, from a 32-byte key."""
    pairs = (count + 1) // 2
    stream = Cipher(ChaCha20(key, bytes(16)), mode=None).encryptor().update(bytes(16 * pairs))
    integers = np.frombuffer(stream, dtype="<u8") >> np.uint64(64 - _UNIFORM_BITS)
    uniform = (integers.astype(np.float64) + 0.5) * 2.0**-_UNIFORM_BITS  # never 0, whose logarithm is infinite
    radius, angle = np.sqrt(-2.0 * np.log(uniform[:pairs])), 2.0 * np.pi * uniform[pairs:]
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:count]
