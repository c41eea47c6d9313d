"""Answers kept under an idempotency key, so that a request sent twice is done once.

The life of a key, for one account::

    free ──begin──▶ in progress ──finish──▶ answered ──24 hours──▶ free
                        └──abandon, or nobody finished it in time──▶ free
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from registry.errors import IdempotencyKeyReusedError, RequestInProgressError
from registry.services.context import Context
from registry.store.idempotency import IdempotentAnswer, forget_expired

KEPT_FOR = timedelta(hours=24)
"""How long an answer is kept."""

GIVEN_UP_AFTER = timedelta(minutes=10)
"""How long a key stays taken when whoever began the request never finished it: longer than any request lives."""

_RETRY_AFTER_S = 5


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it was given."""

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, object]


def begin(ctx: Context, account_id: str, key: str, request_sha256: str) -> KeptAnswer | None:
    """Take a key for a request, or answer what the same request was answered before.

    Durable on return: whoever else comes with this key finds it taken, until `finish` or `abandon`.

    Args:
        account_id: whose key it is; keys of different accounts have nothing to do with each other.
        key: as sent.
        request_sha256: hex digest of all that makes the request what it is.

    Returns:
        None when the request is to be done now; the kept answer when it was done before.

    Raises:
        IdempotencyKeyReusedError: the key was used for another request.
        RequestInProgressError: the first request under this key is not answered yet.
    """
    now = ctx.clock()
    with ctx.database.write() as session:
        forget_expired(session, now)
        taken = session.get(IdempotentAnswer, (account_id, key))
        if taken is not None:
            return _kept(taken, request_sha256)
        session.add(
            IdempotentAnswer(
                account_id=account_id,
                key=key,
                request_sha256=request_sha256,
                created_at=now,
                expires_at=now + GIVEN_UP_AFTER,
            )
        )
        _commit_or_give_way(session)
    return None


def _kept(taken: IdempotentAnswer, request_sha256: str) -> KeptAnswer:
    if taken.request_sha256 != request_sha256:
        raise IdempotencyKeyReusedError(
            "this idempotency key was used for another request; use a new key for each request",
            idempotency_key=taken.key,
        )
    if taken.status is None:
        raise _in_progress()
    return KeptAnswer(taken.status, taken.headers or {}, taken.body or {})


def _commit_or_give_way(session: Session) -> None:
    """Commit, unless somebody took the key between our look and now (PostgreSQL; SQLite's writers take turns)."""
    try:
        session.commit()
    except IntegrityError as error:
        raise _in_progress() from error


def _in_progress() -> RequestInProgressError:
    return RequestInProgressError(
        f"the first request under this idempotency key is still being answered; try again in {_RETRY_AFTER_S} s",
        retry_after_s=_RETRY_AFTER_S,
    )


def finish(ctx: Context, account_id: str, key: str, answer: KeptAnswer) -> None:
    """Keep the answer of a request that `begin` said was to be done, for `KEPT_FOR` from now."""
    now = ctx.clock()
    with ctx.database.write() as session:
        taken = session.get(IdempotentAnswer, (account_id, key))
        if taken is not None:
            taken.status = answer.status
            taken.headers = dict(answer.headers)
            taken.body = dict(answer.body)
            taken.expires_at = now + KEPT_FOR
            session.commit()


def abandon(ctx: Context, account_id: str, key: str) -> None:
    """Set a key free again: the request failed in a way that trying again may mend."""
    with ctx.database.write() as session:
        taken = session.get(IdempotentAnswer, (account_id, key))
        if taken is not None and taken.status is None:
            session.delete(taken)
            session.commit()
