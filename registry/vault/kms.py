"""A keyring file that AWS KMS seals: each key in it is a ciphertext of a KMS key, opened when a process reads the file.

KMS has no batches. To wrap each performer's key there would be 100,000 requests at the start of every worker, so it
wraps the keyring: a handful of requests at a start, and none afterwards. The keys of the house are then in the memory
of a process that KMS let in; on disk, and in whatever copies the disk, they are sealed. Each ciphertext is bound to its
use here by an encryption context, which KMS authenticates and writes into its audit log.

By the API of 2014-11-01 (``Encrypt``, ``Decrypt``), through botocore.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from registry.errors import KeyringError, KeysUnavailableError, SealBrokenError
from registry.vault.keyring_file import KeyringFile
from registry.vault.keyring_text import plain_secret

CONTEXT: Final[Mapping[str, str]] = {"application": "likeness-registry", "what": "keyring"}
"""What a ciphertext is bound to; a policy of the KMS key can ask for it."""

TRIES: Final = 3
TIMEOUT_S: Final = 5.0
_SEALED = "aws-kms:"
_BROKEN: Final = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})
_AWAY: Final = frozenset(
    {
        "DependencyTimeoutException",
        "KMSInternalException",
        "KeyUnavailableException",
        "LimitExceededException",
        "RequestTimeout",
        "ServiceUnavailable",
        "ThrottlingException",
    }
)


@dataclass(frozen=True, slots=True)
class KmsPlace:
    """Which KMS key seals, and where it is asked for.

    Attributes:
        key: its ARN, id, or alias such as ``alias/likeness``.
        region: of AWS.
        url: of an endpoint of its own, such as that of a private link; None for the region's.
    """

    key: str
    region: str
    url: str | None = None


class Kms:
    """One KMS key. Who asks is said by the usual places of AWS: environment, shared files, the machine's role.

    Args:
        place: of the key.

    Raises:
        KeyringError: botocore is not installed.
    """

    def __init__(self, place: KmsPlace) -> None:
        try:
            from botocore.config import Config
            from botocore.session import Session
        except ImportError as error:
            raise KeyringError(
                "LIKENESS_KEY_PROVIDER=kms needs botocore: pip install 'likeness-registry[kms]'"
            ) from error
        config = Config(
            connect_timeout=TIMEOUT_S, read_timeout=TIMEOUT_S, retries={"mode": "standard", "total_max_attempts": TRIES}
        )
        self._key = place.key
        self._client: Any = Session().create_client(
            "kms", region_name=place.region, endpoint_url=place.url, config=config
        )

    def encrypt(self, secret: bytes) -> bytes:
        """Seal up to 4,096 bytes.

        Raises:
            KeysUnavailableError: KMS does not answer, or throttles.
            KeyringError: it refuses; figure ``code`` is its own.
        """
        return bytes(self._ask("encrypt", Plaintext=secret)["CiphertextBlob"])

    def decrypt(self, ciphertext: bytes) -> bytes:
        """Open what `encrypt` sealed; raises as that, and SealBrokenError where the bytes do not authenticate."""
        return bytes(self._ask("decrypt", CiphertextBlob=ciphertext)["Plaintext"])

    def _ask(self, verb: str, **what: bytes) -> Mapping[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

        try:
            found: Mapping[str, Any] = getattr(self._client, verb)(
                KeyId=self._key, EncryptionContext=dict(CONTEXT), **what
            )
        except ParamValidationError as error:
            raise SealBrokenError("a sealed key has not the form of a ciphertext of KMS") from error
        except ClientError as error:
            raise _refusal(verb, error.response) from error
        except BotoCoreError as error:  # no connection, no credentials
            raise KeysUnavailableError(
                f"KMS cannot be asked to {verb} ({type(error).__name__}, {TRIES} times)", tries=TRIES
            ) from error
        return found


def _refusal(verb: str, said: Mapping[str, Any]) -> KeyringError | KeysUnavailableError | SealBrokenError:
    code = str(said.get("Error", {}).get("Code", ""))
    status = int(said.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _BROKEN:
        return SealBrokenError("a key of the keyring does not open in KMS: it was changed, or sealed by another key")
    if code in _AWAY or status >= 500:  # noqa: PLR2004  (what a server says of itself)
        return KeysUnavailableError(f"KMS does not answer {verb} ({code or status}, {TRIES} times)", tries=TRIES)
    words = str(said.get("Error", {}).get("Message", ""))[:200]
    return KeyringError(f"KMS refuses to {verb}: {code}: {words}", code=code)


def sealed_by(path: Path, kms: Kms) -> KeyringFile:
    """Answer the keyring file whose secrets KMS seals. One that was written before KMS was is read as well."""

    def opened(text: str) -> bytes:
        if not text.startswith(_SEALED):
            return plain_secret(text)
        try:
            ciphertext = b64decode(text.removeprefix(_SEALED), validate=True)
        except ValueError as error:
            raise SealBrokenError("a sealed key has not the form of a ciphertext of KMS") from error
        return kms.decrypt(ciphertext)

    def written(secret: bytes) -> str:
        return _SEALED + b64encode(kms.encrypt(secret)).decode()

    return KeyringFile(path, open_secret=opened, write_secret=written)
