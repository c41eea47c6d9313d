"""Keyed digests: a value that can be compared or proven later, and cannot be read or guessed without the keyring.

A plain digest of a name or a birth date hides neither: there are few enough of both to try them all. So it is an HMAC
under a key derived (HKDF, RFC 5869) from the first protection seed, which never changes, with a label for each use:
digests of two uses cannot be compared, and none of them says anything of the seed.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import date
from hashlib import sha256

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from registry.domain.performers import comparable_name
from registry.vault.keys import KEY_BYTES, KeyProvider
from registry.vault.sealing import bind

_FIRST_EPOCH = 1


def name_digest(keys: KeyProvider, name: str) -> str:
    """Answer the digest of a name; ways of writing that part no two names give the same one.

    Raises:
        KeyringError: the provider does not answer.
    """
    return _digest(keys, b"likeness refused name 1", comparable_name(name))


def birth_date_commitment(keys: KeyProvider, performer_id: str, birth_date: date) -> str:
    """Answer the digest of a performer's birth date; the same date of two performers gives two.

    Raises:
        KeyringError: the provider does not answer.
    """
    return _digest(keys, b"likeness birth date 1", performer_id, birth_date.isoformat())


def identity_digest(keys: KeyProvider, issuer: str, subject: str) -> str:
    """Answer the digest of who somebody is at an identity provider; the same subject of two issuers gives two.

    Raises:
        KeyringError: the provider does not answer.
    """
    return _digest(keys, b"likeness identity 1", issuer, subject)


def cohort_order(keys: KeyProvider, case_id: str, performer_id: str) -> str:
    """Answer by what a performer is put in order among a cohort of a case: it tells nobody who they are.

    Raises:
        KeyringError: the provider does not answer.
    """
    return _digest(keys, b"likeness cohort order 1", case_id, performer_id)


def cohort_key(keys: KeyProvider, case_id: str) -> bytes:
    """Answer the key of the lists of cohorts of a case: whoever is given it can tell whether a list is the one.

    Raises:
        KeyringError: the provider does not answer.
    """
    return bytes.fromhex(_digest(keys, b"likeness cohort list 1", case_id))


def cohort_list_digest(key: bytes, voiceprint_ids: Iterable[str]) -> str:
    """Answer what is told of the list of a cohort: HMAC-SHA-256 of the sorted ids, each with its length in front.

    Args:
        key: `cohort_key` of the case.
        voiceprint_ids: of everybody in it.
    """
    return hmac.new(key, bind(*sorted(voiceprint_ids)), sha256).hexdigest()


def cohort_offset(key: bytes, what: str, below: int) -> int:
    """Answer a number from 0 up to ``below`` by which something is counted in a case, and which nobody else knows."""
    return int.from_bytes(hmac.new(key, bind(what), sha256).digest(), "big") % below


def _digest(keys: KeyProvider, label: bytes, *parts: str) -> str:
    derived = HKDF(SHA256(), KEY_BYTES, salt=None, info=label).derive(keys.epoch_seed(_FIRST_EPOCH))
    return hmac.new(derived, bind(*parts), sha256).hexdigest()
