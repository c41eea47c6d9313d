"""Forms of pages: sent twice, they are done once, by the same keys as requests of the API.

Each form has a key of its own from when it was shown. A second press of its button, or a reload, leads to where the
first led. What was refused is not kept: the form comes back with what was typed, and a new key. Of a page that shows a
secret once (201, with where to go on as its ``Location``), that place is kept and the secret is not.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Final, ParamSpec

import rfc8785
from flask import Response, g, request
from werkzeug.datastructures import FileStorage

from api.cross_site import FIELD
from api.errors import RequestError
from api.idempotency import digest_of_file
from api.state import context, principal
from registry.services import idempotency
from registry.services.idempotency import Done, KeptAnswer
from registry.store.idempotency import Deed

KEY: Final = "form_key"
_FORM: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")
_BYTES: Final = 18

Arguments = ParamSpec("Arguments")
View = Callable[Arguments, Response]


def new_key() -> str:
    """Answer the key of a form that is about to be shown."""
    return secrets.token_urlsafe(_BYTES)


def once(view: View[Arguments]) -> View[Arguments]:
    """Do what a form asks for once, however often it is sent.

    Raises:
        RequestError: the form has no key.
        IdempotencyKeyReusedError: something else was sent with the same key.
        RequestInProgressError, AnswerLostError: the first time is not answered yet, or never was.
    """

    @wraps(view)
    def done_once(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Response:
        begun = idempotency.begin(context(), principal().account_id, f"form:{_key()}", _fingerprint())
        if isinstance(begun, KeptAnswer):
            return Response(status=begun.status, headers=dict(begun.headers))
        if isinstance(begun, Done):
            raise begun.refusal(context().clock())
        return _first(begun, lambda: view(*args, **kwargs))

    done_once.is_done_once = True  # type: ignore[attr-defined]  # so that a test finds a form that is not
    return done_once


def once_for(
    file: FileStorage, number: int, do: Callable[[], Response], *, made: Callable[[str], Response]
) -> Response:
    """Do what a form asks for with one of its files once, whatever becomes of the others: each has a key of its own.

    A form that broke off in the middle, and is sent again, goes on with what was not done yet.

    Args:
        file: one of those that were sent.
        number: its place among them.
        do: makes something of it, and leads to that.
        made: leads to what was made before, by its id, where its answer was lost.

    Raises:
        RequestError, IdempotencyKeyReusedError, RequestInProgressError: as `once`.
    """
    fields = sorted([name, values] for name, values in request.form.lists() if name != FIELD)
    digest = _digest([request.method, request.full_path, fields, digest_of_file(file)])
    begun = idempotency.begin(context(), principal().account_id, f"form:{_key()}:{number}", digest)
    if isinstance(begun, KeptAnswer):
        return Response(status=begun.status, headers=dict(begun.headers))
    return made(begun.records[0]) if isinstance(begun, Done) else _first(begun, do)


def _key() -> str:
    key = request.form.get(KEY, "")
    if not _FORM.fullmatch(key):
        raise RequestError("this form came without its key: load the page anew", field=KEY)
    return key


def _first(deed: Deed, do: Callable[[], Response]) -> Response:
    g.deed = deed
    try:
        response = do()
    except BaseException:
        idempotency.abandon(context(), deed)
        raise
    finally:
        del g.deed
    if response.status_code in {HTTPStatus.SEE_OTHER, HTTPStatus.CREATED}:
        idempotency.finish(context(), deed, KeptAnswer(HTTPStatus.SEE_OTHER.value, _led_to(response), {}))
    else:
        idempotency.abandon(context(), deed)
    return response


def _led_to(response: Response) -> dict[str, str]:
    return {"Location": response.headers["Location"]}


def _fingerprint() -> str:
    """Answer the digest of all that makes this form what it is, but for the session that it was sent in."""
    fields = sorted([name, values] for name, values in request.form.lists() if name != FIELD)
    files = [[name, [digest_of_file(each) for each in sent]] for name, sent in sorted(request.files.lists())]
    return _digest([request.method, request.full_path, fields, files])


def _digest(parts: list[Any]) -> str:
    return hashlib.sha256(rfc8785.dumps(parts)).hexdigest()
