"""Time stamps of checkpoints (RFC 3161): somebody else's word that a checkpoint was there at a moment.

What is stamped is the text of a checkpoint, which is what its signature covers: name, size and root.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from registry.errors import SettingsError, SignatureInvalidError

if TYPE_CHECKING:
    from types import ModuleType

MEDIA_TYPE: Final = "application/timestamp-query"
ANSWER_TYPE: Final = "application/timestamp-reply"
MOST_BYTES: Final = 64 * 1024


def timestamp_request(content: bytes) -> bytes:
    """Answer the request for a time stamp of some bytes, in DER: their SHA-256, a nonce, and the wish for certificates.

    Raises:
        SettingsError: the package for time stamps is not installed.
    """
    client = _client()
    built = client.TimestampRequestBuilder().data(content).hash_algorithm(client.HashAlgorithm.SHA256).build()
    return bytes(built.as_bytes())


def verify_timestamp(response: bytes, content: bytes, roots: bytes, *, request: bytes | None = None) -> datetime:
    """Answer the moment of a time stamp, once it is known that it holds.

    1. It is a granted response, in DER.
    2. It is signed with a certificate for time stamping, which leads to one that is trusted; each was valid at that
       moment.
    3. It is of these bytes.
    4. Where the request is at hand, it answers that one, by its nonce.

    Args:
        response: of the authority.
        content: that was stamped.
        roots: PEM certificates that are trusted.
        request: as `timestamp_request` made it.

    Raises:
        SignatureInvalidError: one of these does not hold; figure ``step`` is ``timestamp``.
        SettingsError: the package for time stamps is not installed, or the certificates cannot be read.
    """
    client = _client()
    builder = client.VerifierBuilder()
    for root in _certificates(roots):
        builder = builder.add_root_certificate(root)
    if len(response) > MOST_BYTES:
        raise _invalid(f"it has {len(response)} bytes; at most {MOST_BYTES} are read")
    try:
        answer = client.decode_timestamp_response(response)
        if request is not None:
            builder = builder.nonce(_nonce(request, answer))
        builder.build().verify_message(answer, content)
        moment: datetime = answer.tst_info.gen_time
    except (ValueError, client.VerificationError) as error:
        raise _invalid(str(error)) from error
    return moment


def _nonce(request: bytes, answer: Any) -> int:
    """Answer the nonce of a request, by what an answer must repeat of it."""
    said = answer.tst_info.nonce
    encoded = b"" if said is None else said.to_bytes((said.bit_length() + 8) // 8, "big")
    if said is None or bytes([0x02, len(encoded)]) + encoded not in request:
        raise ValueError("it answers another request: its nonce is not the one that was sent")
    return int(said)


def _certificates(pem: bytes) -> list[Any]:
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return list(dict.fromkeys(load_pem_x509_certificates(pem)))
    except ValueError as error:
        raise SettingsError("the certificates for time stamps are not PEM, or there are none") from error


def _client() -> ModuleType:
    try:
        import rfc3161_client
    except ImportError as error:
        raise SettingsError("time stamps need rfc3161-client: pip install 'likeness-registry[timestamps]'") from error
    return rfc3161_client


def _invalid(why: str) -> SignatureInvalidError:
    return SignatureInvalidError(f"the time stamp does not hold: {why}", step="timestamp")
