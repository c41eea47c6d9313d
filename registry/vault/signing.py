"""What the house signs, and what anybody with its public keys can check: compact JWS over canonical JSON, Ed25519.

A signed document has a type (``typ``, such as ``likeness-receipt+jwt``) that is part of what is signed, so that a
receipt can never be passed off as a clearance. The algorithm is fixed (``Ed25519``, RFC 9864); what a token says of its
own algorithm chooses nothing. Signatures follow RFC 7515, keys RFC 8037, canonical JSON RFC 8785.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from registry.domain.reading import parse_json
from registry.errors import InvalidInputError, SignatureInvalidError
from registry.vault.keys import KeyProvider, Validity

ALGORITHM = "Ed25519"
_MOST_CHARACTERS = 32_000_000
"""Of a token that is read: a status of 10,000 clearances has some two million, more where each says at length why."""
_COMPACT = re.compile(r"[\w-]+\.[\w-]*\.[\w-]+", re.ASCII)


class _Rules(jws.JWSRegistry):
    """What the library reads a token by: as large as ours are, where its own limit is 128,000 bytes."""

    max_payload_length = _MOST_CHARACTERS


_RULES = _Rules(algorithms=[ALGORITHM])

PublicKeys = Mapping[str, Ed25519PublicKey]
"""Keys by their id, the ``kid`` of a header."""


def canonical(value: object) -> bytes:
    """Answer the one way of writing a JSON value, by RFC 8785.

    Raises:
        InvalidInputError: it holds something JSON has no canonical form for (NaN, an integer beyond 2**53, half a
            character, also in the name of a member).
    """
    try:
        return rfc8785.dumps(value)  # type: ignore[arg-type]  # anything else is refused below
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise InvalidInputError(f"this cannot be written as canonical JSON: {error}") from error


def plain(value: object) -> bytes:
    """Answer what `canonical` does, several times faster, of values that are plain.

    Plain is: text without lone surrogates, whole numbers within 2**53, booleans, null, lists, and objects whose names
    are ASCII. Of anything else the bytes are not those of RFC 8785: whoever calls this knows what is in the value.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True).encode()


def sign(keys: KeyProvider, claims: Mapping[str, Any], *, typ: str) -> str:
    """Sign claims with the current signing key.

    Args:
        keys: of the house.
        claims: what is said; written as canonical JSON.
        typ: of the document; whoever verifies must expect the same.

    Returns:
        A compact JWS: three parts in base64url, joined by dots.

    Raises:
        InvalidInputError: the claims have no canonical form.
        KeyringError: the provider has no signing key.
    """
    return signer(keys, typ=typ)(claims)


def signer(
    keys: KeyProvider, *, typ: str, write: Callable[[object], bytes] = canonical
) -> Callable[[Mapping[str, Any]], str]:
    """Answer what signs many documents of one type with the key that is current now; `sign` says how.

    Args:
        keys: of the house.
        typ: of the documents.
        write: writes claims as canonical JSON; `plain`, where they are known to be plain.

    Raises:
        KeyringError: the provider has no signing key.
    """
    key_id, private = keys.signer()
    key = OKPKey.import_key(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def signed(claims: Mapping[str, Any]) -> str:
        header = {"alg": ALGORITHM, "kid": key_id, "typ": typ}
        return jws.serialize_compact(header, write(dict(claims)), key, algorithms=[ALGORITHM])

    return signed


def verify(token: str, public_keys: PublicKeys, *, typ: str) -> Mapping[str, Any]:
    """Answer the claims of a token, once its signature holds. Whether what it claims is still true is another question.

    1. It has the form of a compact JWS and is not unreasonably long.
    2. Its header names a key that is among ``public_keys``, and the type that is expected.
    3. The signature over header and claims holds, by the fixed algorithm.
    4. The claims are a JSON object.

    Args:
        token: as `sign` made it.
        public_keys: those that are trusted.
        typ: that the token must have.

    Raises:
        SignatureInvalidError: any of these does not hold; figure ``step``, and what was found.
    """
    header = _header(token)
    key_id = header.get("kid")
    if not isinstance(key_id, str) or key_id not in public_keys:
        raise SignatureInvalidError(
            f"it is signed with a key that is not among those given: {key_id}", step="key", key_id=str(key_id)
        )
    if header.get("typ") != typ:
        raise SignatureInvalidError(f"it is of type {header.get('typ')}, not {typ}", step="type", expected=typ)
    try:
        opened = jws.deserialize_compact(token, _public(public_keys[key_id]), registry=_RULES)
        claims = parse_json(opened.payload)
    except (JoseError, ValueError, TypeError) as error:
        raise SignatureInvalidError(
            f"the signature by {key_id} does not hold", step="signature", key_id=key_id
        ) from error
    if not isinstance(claims, dict):
        raise SignatureInvalidError("what is signed is not a JSON object", step="claims")
    return claims


def _header(token: str) -> Mapping[str, Any]:
    if len(token) > _MOST_CHARACTERS or not _COMPACT.fullmatch(token):
        raise SignatureInvalidError("it has not the form of a signed token: three parts joined by dots", step="form")
    try:
        header = jws.extract_compact(token.encode(), registry=_RULES).headers()
    except (JoseError, ValueError, TypeError, RecursionError) as error:  # a header may hold anything, a `crit` of 5 too
        raise SignatureInvalidError("it has not the form of a signed token", step="form") from error
    return header


def public_jwks(keys: KeyProvider) -> dict[str, list[dict[str, str]]]:
    """Answer the public half of every signing key of the house, oldest first, as a JWK set (RFC 7517).

    Beside what the standard has, each says from when, and until when, it was the one that signs.
    """
    periods = keys.validity()
    return {"keys": [_jwk(key_id, key) | _period(periods.get(key_id)) for key_id, key in keys.signing_keys()]}


def _period(of: Validity | None) -> dict[str, str]:
    moments = {} if of is None else {"in_use_from": of.since, "in_use_until": of.until}
    return {name: moment.isoformat() for name, moment in moments.items() if moment is not None}


def registry_id(keys: KeyProvider) -> str:
    """Answer by what a registry is known for good: the thumbprint (RFC 7638) of the first key it ever signed with."""
    _, first = keys.signing_keys()[0]
    return _public(first).thumbprint()


def read_jwks(content: bytes | str) -> PublicKeys:
    """Read a JWK set that `public_jwks` made. Keys of another kind are left out.

    Raises:
        InvalidInputError: it is not a JWK set, or holds no Ed25519 key with an id.
    """
    try:
        listed: Sequence[Any] = parse_json(content)["keys"]
        found = {str(jwk["kid"]): _key_of(jwk) for jwk in listed if jwk.get("crv") == "Ed25519" and "kid" in jwk}
    except (ValueError, KeyError, TypeError, AttributeError, JoseError) as error:
        raise InvalidInputError("this is not a JWK set (RFC 7517)") from error
    if not found:
        raise InvalidInputError("the JWK set holds no Ed25519 key with a kid")
    return found


def raw_public_key(key: Ed25519PrivateKey | Ed25519PublicKey) -> bytes:
    """Answer the 32 bytes of a public key."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def require_signed_bytes(public_key: bytes, signature: bytes, content: bytes) -> None:
    """Refuse a bare Ed25519 signature (RFC 8032) that does not hold over these very bytes.

    Args:
        public_key: 32 bytes.
        signature: 64 bytes.
        content: what was signed.

    Raises:
        SignatureInvalidError: it does not hold, or the key is none; figure ``step``.
    """
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
    except ValueError as error:
        raise SignatureInvalidError(
            "a public key of Ed25519 has 32 bytes", step="key", bytes=len(public_key)
        ) from error
    try:
        key.verify(signature, content)
    except InvalidSignature as error:
        raise SignatureInvalidError("the signature does not hold over these bytes", step="signature") from error


def _public(key: Ed25519PublicKey) -> OKPKey:
    return OKPKey.import_key(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def _jwk(key_id: str, key: Ed25519PublicKey) -> dict[str, str]:
    described = {name: str(value) for name, value in _public(key).as_dict(private=False).items()}
    return {**described, "kid": key_id, "alg": ALGORITHM, "use": "sig"}


def _key_of(jwk: Mapping[str, str]) -> Ed25519PublicKey:
    key = OKPKey.import_key({"kty": jwk["kty"], "crv": jwk["crv"], "x": jwk["x"]}).public_key
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidInputError("a key of the set is not an Ed25519 key")
    return key
