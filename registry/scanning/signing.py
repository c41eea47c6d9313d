"""Who signs a scan's report: a key of the scan's own machine, and reading what it signed without asking anybody.

The public half of the key goes with every signature. So a signature alone proves that nothing changed since it was
made, and that whoever made it had that key; whose key it is, only somebody who knows its thumbprint (RFC 7638) can say.
"""

from __future__ import annotations

import json
import os
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from registry.domain.ids import RandomBytes
from registry.domain.reading import parse_json
from registry.errors import KeyringError, SignatureInvalidError
from registry.vault.keyfile import create_private_file, read_private_file
from registry.vault.signing import ALGORITHM, canonical, verify

REPORT_TYPE: Final = "likeness-scan-report+jwt"
_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True, repr=False)
class ScanKey:
    """A key that signs reports.

    Attributes:
        key: private.
        thumbprint: of its public half, by RFC 7638 with SHA-256.
    """

    key: OKPKey
    thumbprint: str


@dataclass(frozen=True, slots=True)
class SignedClaims:
    """What was signed, once the signature holds.

    Attributes:
        claims: as they were signed.
        thumbprint: of the key that signed them.
    """

    claims: Mapping[str, Any]
    thumbprint: str


def scan_key(file: Path, random_bytes: RandomBytes = os.urandom) -> ScanKey:
    """Read the key of this machine, which is made at the first use, with mode 0600.

    Raises:
        KeyringError: the file cannot be read or written, is open to others, or holds no such key.
    """
    if not file.exists():
        private = Ed25519PrivateKey.from_private_bytes(random_bytes(_KEY_BYTES))
        create_private_file(file, json.dumps(_of(private).key.as_dict(private=True), indent=2).encode() + b"\n")
    return read_scan_key(file)


def read_scan_key(file: Path) -> ScanKey:
    """Read a private key: a JWK (RFC 8037) of Ed25519.

    Raises:
        KeyringError: the file cannot be read, is open to others, or holds no such key.
    """
    if not file.is_file():
        raise KeyringError(f"there is no signing key at {file}", file=str(file))
    try:
        held = OKPKey.import_key(parse_json(read_private_file(file)))
        private = held.private_key
    except (ValueError, KeyError, TypeError, AttributeError, JoseError) as error:
        raise KeyringError(f"{file} is no private key of Ed25519 as JWK (RFC 8037)", file=str(file)) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyringError(f"{file} is no private key of Ed25519 as JWK (RFC 8037)", file=str(file))
    return _of(private)


def _of(private: Ed25519PrivateKey) -> ScanKey:
    key = OKPKey.import_key(private)
    return ScanKey(key, key.thumbprint())


def sign_claims(key: ScanKey, claims: Mapping[str, Any], *, typ: str) -> str:
    """Answer claims as a compact JWS whose header carries the public key.

    Raises:
        InvalidInputError: the claims have no canonical form.
    """
    header = {"alg": ALGORITHM, "typ": typ, "kid": key.thumbprint, "jwk": key.key.as_dict(private=False)}
    return jws.serialize_compact(header, canonical(dict(claims)), key.key, algorithms=[ALGORITHM])


def open_claims(token: str, *, typ: str) -> SignedClaims:
    """Answer what was signed, once the signature holds by the key that the token itself carries.

    1. The header carries a public key of Ed25519, and no private one.
    2. The thumbprint of that key is the ``kid``.
    3. `registry.vault.signing.verify` accepts it by that key: form, type, signature, claims.

    Raises:
        SignatureInvalidError: any of these does not hold; figure ``step``.
    """
    key = _carried(token)
    public = key.public_key
    if not isinstance(public, Ed25519PublicKey):
        raise SignatureInvalidError("it carries no key of Ed25519", step="key")
    thumbprint = key.thumbprint()
    return SignedClaims(verify(token, {thumbprint: public}, typ=typ), thumbprint)


def _carried(token: str) -> OKPKey:
    try:
        header = token.partition(".")[0]
        carried = parse_json(urlsafe_b64decode(header + "=" * (-len(header) % 4)))["jwk"]
        return OKPKey.import_key({name: carried[name] for name in ("kty", "crv", "x")})
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise SignatureInvalidError("it carries no public key of Ed25519 in its header", step="key") from error
