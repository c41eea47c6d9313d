"""Having checkpoints of the journal time-stamped by somebody else, where the settings name an authority."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog

from registry import __version__
from registry.errors import RegistryUnreachableError, SettingsError, SignatureInvalidError
from registry.journal.note import read_note
from registry.journal.timestamps import ANSWER_TYPE, MEDIA_TYPE, MOST_BYTES, timestamp_request, verify_timestamp
from registry.services.context import Context, TimestampRules
from registry.store import journal_restorations
from registry.store.journal_restorations import JournalTimestamp

WITHIN_S: Final = 5.0
"""For the whole answer: whoever keeps house has other things to do."""

_TRIED_FOR: Final = timedelta(hours=1)
"""A checkpoint that nobody has stamped by then is left without; the next one covers it."""

log = structlog.get_logger()


def stamp_newest(ctx: Context) -> JournalTimestamp | None:
    """Have the newest checkpoint stamped, unless it is, and keep the answer; None where there is nothing to do.

    1. The authority is asked, outside of any transaction.
    2. Its answer holds, by the certificates of the settings, and is of this checkpoint.
    3. It is kept, and committed. Two that ask at once keep the first answer that comes.

    Raises:
        RegistryUnreachableError: the authority does not answer in time, or with an error; figure ``url``.
        SignatureInvalidError: what it answers does not hold.
        SettingsError: the package for time stamps is not installed.
    """
    if ctx.timestamps is None:
        return None
    with ctx.database.read() as session:
        checkpoint = journal_restorations.checkpoint_to_stamp(session)
    if checkpoint is None:
        return None
    text = read_note(checkpoint.note).text.encode()
    request = timestamp_request(text)
    response = _ask(ctx.timestamps, request)
    at = verify_timestamp(response, text, ctx.timestamps.roots, request=request)
    kept = JournalTimestamp(size=checkpoint.size, response=response, at=at, received_at=ctx.clock())
    with ctx.database.write() as session:
        if session.get(JournalTimestamp, kept.size) is None:
            session.add(kept)
            session.commit()
    return kept


def try_to_stamp(ctx: Context) -> None:
    """Do as `stamp_newest`, while a checkpoint is new; what fails is logged, and the checkpoint goes on without."""
    if ctx.timestamps is None:
        return
    with ctx.database.read() as session:
        checkpoint = journal_restorations.checkpoint_to_stamp(session)
    if checkpoint is None or ctx.clock() - checkpoint.signed_at > _TRIED_FOR:
        return
    try:
        stamp_newest(ctx)
    except (RegistryUnreachableError, SignatureInvalidError, SettingsError) as error:
        log.warning("checkpoint without a time stamp", slug=error.slug, detail=error.detail)


def _ask(rules: TimestampRules, request: bytes) -> bytes:
    """Post a request to the authority; no proxy is used, and nothing followed."""
    import httpx

    headers = {"content-type": MEDIA_TYPE, "accept": ANSWER_TYPE, "user-agent": f"likeness-registry/{__version__}"}
    try:
        with (
            httpx.Client(timeout=WITHIN_S, trust_env=False, follow_redirects=False) as client,
            client.stream("POST", rules.url, content=request, headers=headers) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise RegistryUnreachableError(
                    f"the time-stamping authority answered with status {answer.status_code}", url=rules.url
                )
            content = b""
            for part in answer.iter_bytes():
                content += part
                if len(content) > MOST_BYTES:
                    raise SignatureInvalidError(f"the time stamp has more than {MOST_BYTES} bytes", step="timestamp")
    except httpx.HTTPError as error:
        raise RegistryUnreachableError(
            f"the time-stamping authority does not answer: {type(error).__name__}", url=rules.url
        ) from error
    return content
