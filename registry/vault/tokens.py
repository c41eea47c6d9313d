"""Secrets that are shown once: API tokens ``lrt_<26: id>_<43: secret>_<6: checksum>``, sessions and sign-in links.

The prefix says what one is, so that none passes for another kind, and lets a secret scanner find one that leaked; the
checksum lets it, and us, throw out what is none without asking the database. Only the SHA-256 of the secret is stored:
the secret has 256 random bits, so that a slow password hash would add nothing.
"""

from __future__ import annotations

import hmac
import re
import string
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Final
from zlib import crc32

from registry.domain.ids import IdPrefix, RandomBytes, is_id
from registry.errors import InvalidInputError, UnauthenticatedError


@dataclass(frozen=True, slots=True)
class TokenForm:
    """One kind of secret.

    Attributes:
        prefix: that its text begins with.
        record: what its record's id begins with.
        called: what it is called.
    """

    prefix: str
    record: IdPrefix
    called: str


API_TOKEN: Final = TokenForm("lrt", IdPrefix.TOKEN, "token")
SESSION: Final = TokenForm("lrs", IdPrefix.SESSION, "session")
SIGN_IN_LINK: Final = TokenForm("lrl", IdPrefix.SIGN_IN_LINK, "sign-in link")

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SECRET_BYTES = 32
_SECRET_LENGTH = 43  # 62**43 > 2**256
_CHECKSUM_LENGTH = 6  # 62**6 > 2**32
_REST = re.compile(rf"_([0-9a-z]{{26}})_([0-9A-Za-z]{{{_SECRET_LENGTH}}})_([0-9A-Za-z]{{{_CHECKSUM_LENGTH}}})")
_CSRF = b"likeness csrf 1"


def new_token(token_id: str, random_bytes: RandomBytes, form: TokenForm = API_TOKEN) -> tuple[str, str]:
    """Make a token.

    Args:
        token_id: id of its record, ``tok_…``.
        random_bytes: makes the secret.
        form: what kind it is.

    Returns:
        The text, which is shown once and never stored, and the digest that is stored.

    Raises:
        InvalidInputError: ``token_id`` is not the id of such a token.
    """
    if not is_id(token_id, form.record):
        raise InvalidInputError(f"{token_id} is not the id of a {form.called}")
    secret = _base62(int.from_bytes(random_bytes(_SECRET_BYTES), "big"), _SECRET_LENGTH)
    head = f"{form.prefix}_{token_id.removeprefix(f'{form.record.value}_')}_{secret}"
    return f"{head}_{_checksum(head)}", _digest(secret)


def parse(text: str, form: TokenForm = API_TOKEN) -> tuple[str, str]:
    """Take a token of one kind apart, without asking anybody whether it exists.

    Returns:
        The id of its record, and the digest to compare with the stored one (see `same_digest`).

    Raises:
        UnauthenticatedError: it does not have the form of a token, or was mistyped. The text is not repeated.
    """
    match = _REST.fullmatch(text.removeprefix(form.prefix)) if text.startswith(form.prefix) else None
    if match is None:
        raise UnauthenticatedError(f"this is not a {form.called}; one looks like {form.prefix}_…")
    body, secret, checksum = match.groups()
    token_id = f"{form.record.value}_{body}"
    if not is_id(token_id, form.record) or checksum != _checksum(f"{form.prefix}_{body}_{secret}"):
        raise UnauthenticatedError(f"this {form.called} was mistyped or cut: its checksum does not fit")
    return token_id, _digest(secret)


def csrf_token(session_text: str) -> str:
    """Answer what a page of this session sends along, to show that it is one: nothing else can know it.

    It is made of the session's secret, which no script and no other site can read, so that nothing needs to be kept.
    """
    made = hmac.new(session_text.encode(), _CSRF, sha256).digest()
    return urlsafe_b64encode(made).decode().rstrip("=")


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
