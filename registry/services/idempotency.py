"""Answers kept under an idempotency key, so that a request sent twice is done once.

The life of a key, for one account::

    free ──begin──▶ in progress ──a commit of the deed──▶ done ──finish──▶ answered ──24 hours──▶ free
                        └──abandon, or nothing of it was committed in ten minutes──▶ free

That it is done is noted in the deed's own commit (`Unit.commit`), so there is no moment at which a process could die
and leave it unknown. What is lost then is the answer alone: whoever asks again is told what was made. A deed that is so
slow that its key was given to another cannot commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from registry.errors import AnswerLostError, IdempotencyKeyReusedError, RequestInProgressError
from registry.services.context import Context
from registry.store.idempotency import KEPT_FOR, Deed, IdempotentAnswer, forget_expired, noted

GIVEN_UP_AFTER = timedelta(minutes=10)
"""How long a key stays taken when nothing of its request was committed: longer than any request lives."""

ANSWERED_WITHIN = timedelta(seconds=90)
"""How long after its last commit a request may still be answered: longer than anybody waits for a worker."""

_RETRY_AFTER_S = 5


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it was given."""

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Done:
    """What was done under a key, and not answered yet, or never.

    Attributes:
        records: ids of what was made or changed.
        at: of the last commit.
    """

    records: Sequence[str]
    at: datetime

    def refusal(self, now: datetime) -> RequestInProgressError | AnswerLostError:
        """Answer what to say: while an answer may still come, to wait for it; then, what was done."""
        if now < self.at + ANSWERED_WITHIN:
            return _in_progress()
        return AnswerLostError(
            f"this request was carried out at {self.at:%Y-%m-%dT%H:%M:%SZ}, and its answer was lost; it is not done "
            f"again: look at what it made or changed, {', '.join(self.records)}",
            records=list(self.records),
        )


def begin(ctx: Context, account_id: str, key: str, request_sha256: str) -> Deed | KeptAnswer | Done:
    """Take a key for a request, or answer what became of the same request before.

    Durable on return: whoever else comes with this key finds it taken, until `finish` or `abandon`.

    Args:
        account_id: whose key it is; keys of different accounts have nothing to do with each other.
        key: as sent.
        request_sha256: hex digest of all that makes the request what it is.

    Returns:
        A deed when the request is to be done now, to be given to its verbs; the kept answer when it was answered
        before; what was done when it was done and has no answer.

    Raises:
        IdempotencyKeyReusedError: the key was used for another request.
        RequestInProgressError: nothing of the first request under this key is done yet.
    """
    now = ctx.clock()
    with ctx.database.write() as session:
        forget_expired(session, now)
        taken = session.get(IdempotentAnswer, (account_id, key))
        if taken is not None:
            return _known(taken, request_sha256)
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
    return Deed(account_id, key, now)


def _known(taken: IdempotentAnswer, request_sha256: str) -> KeptAnswer | Done:
    if taken.request_sha256 != request_sha256:
        raise IdempotencyKeyReusedError(
            "this idempotency key was used for another request; use a new key for each request",
            idempotency_key=taken.key,
        )
    if taken.status is not None:
        return KeptAnswer(taken.status, taken.headers or {}, taken.body or {})
    if taken.body is None:
        raise _in_progress()
    return Done(noted(taken), taken.expires_at - KEPT_FOR)


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


def finish(ctx: Context, deed: Deed, answer: KeptAnswer) -> None:
    """Keep the answer of a request that `begin` said was to be done, for `KEPT_FOR` from now."""
    now = ctx.clock()
    with ctx.database.write() as session:
        taken = _own(session, deed)
        if taken is not None:
            taken.status = answer.status
            taken.headers = dict(answer.headers)
            taken.body = dict(answer.body)
            taken.expires_at = now + KEPT_FOR
            session.commit()


def abandon(ctx: Context, deed: Deed) -> None:
    """Set a key free again: the request failed in a way that trying again may mend, and nothing of it is done."""
    with ctx.database.write() as session:
        taken = _own(session, deed)
        if taken is not None and taken.body is None:
            session.delete(taken)
            session.commit()


def _own(session: Session, deed: Deed) -> IdempotentAnswer | None:
    """Answer the row of a deed that has no answer yet; None when its key was given to another."""
    taken = session.get(IdempotentAnswer, (deed.account_id, deed.key), with_for_update=True)
    own = taken is not None and taken.created_at == deed.began_at and taken.status is None
    return taken if own else None
