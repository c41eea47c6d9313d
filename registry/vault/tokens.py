"""API tokens: ``lrt_<26: id>_<43: secret>_<6: checksum>``.

The prefix lets a secret scanner find one that leaked; the checksum lets it, and us, throw out what is not a token
without asking the database. Only the SHA-256 of the secret is stored: the secret has 256 random bits, so that a slow
password hash would add nothing.
"""

from __future__ import annotations

import re
import string
from hashlib import sha256
from hmac import compare_digest
from zlib import crc32

from registry.domain.ids import IdPrefix, RandomBytes, is_id
from registry.errors import InvalidInputError, UnauthenticatedError

PREFIX = "lrt"

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SECRET_BYTES = 32
_SECRET_LENGTH = 43  # 62**43 > 2**256
_CHECKSUM_LENGTH = 6  # 62**6 > 2**32
_FORM = re.compile(rf"{PREFIX}_([0-9a-z]{{26}})_([0-9A-Za-z]{{{_SECRET_LENGTH}}})_([0-9A-Za-z]{{{_CHECKSUM_LENGTH}}})")


def new_token(token_id: str, random_bytes: RandomBytes) -> tuple[str, str]:
    """Make a token.

    Args:
        token_id: id of its record, ``tok_…``.
        random_bytes: makes the secret.

    Returns:
        The text, which is shown once and never stored, and the digest that is stored.

    Raises:
        InvalidInputError: ``token_id`` is not the id of a token.
    """
    if not is_id(token_id, IdPrefix.TOKEN):
        raise InvalidInputError(f"{token_id} is not the id of a token")
    secret = _base62(int.from_bytes(random_bytes(_SECRET_BYTES), "big"), _SECRET_LENGTH)
    head = f"{PREFIX}_{token_id.removeprefix(f'{IdPrefix.TOKEN.value}_')}_{secret}"
    return f"{head}_{_checksum(head)}", _digest(secret)


def parse(text: str) -> tuple[str, str]:
    """Take a token apart, without asking anybody whether it exists.

    Returns:
        The id of its record, and the digest to compare with the stored one (see `same_digest`).

    Raises:
        UnauthenticatedError: it does not have the form of a token, or was mistyped. The text is not repeated.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise UnauthenticatedError(f"this is not a token; one looks like {PREFIX}_…")
    body, secret, checksum = match.groups()
    token_id = f"{IdPrefix.TOKEN.value}_{body}"
    if not is_id(token_id, IdPrefix.TOKEN) or checksum != _checksum(f"{PREFIX}_{body}_{secret}"):
        raise UnauthenticatedError("this token was mistyped or cut: its checksum does not fit")
    return token_id, _digest(secret)


def same_digest(left: str, right: str) -> bool:
    """Whether two digests are the same, in a time that does not tell how much of them is."""
    return compare_digest(left.encode(), right.encode())


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _checksum(head: str) -> str:
    return _base62(crc32(head.encode()), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_BASE62))
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))
