"""Forms of pages: sent twice, they are done once, by the same keys as requests of the API.

Each form has a key of its own from when it was shown. A second press of its button, or a reload, leads to where the
first led. What was refused is not kept: the form comes back with what was typed, and a new key.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Final, ParamSpec

import rfc8785
from flask import Response, g, request

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
        key = request.form.get(KEY, "")
        if not _FORM.fullmatch(key):
            raise RequestError("this form came without its key: load the page anew", field=KEY)
        begun = idempotency.begin(context(), principal().account_id, f"form:{key}", _fingerprint())
        if isinstance(begun, KeptAnswer):
            return Response(status=begun.status, headers=dict(begun.headers))
        if isinstance(begun, Done):
            raise begun.refusal(context().clock())
        return _first(begun, lambda: view(*args, **kwargs))

    return done_once


def _first(deed: Deed, do: Callable[[], Response]) -> Response:
    g.deed = deed
    try:
        response = do()
    except BaseException:
        idempotency.abandon(context(), deed)
        raise
    finally:
        del g.deed
    if response.status_code == HTTPStatus.SEE_OTHER:
        idempotency.finish(context(), deed, KeptAnswer(response.status_code, _led_to(response), {}))
    else:
        idempotency.abandon(context(), deed)
    return response


def _led_to(response: Response) -> dict[str, str]:
    return {"Location": response.headers["Location"]}


def _fingerprint() -> str:
    """Answer the digest of all that makes this form what it is, but for the session that it was sent in."""
    fields = sorted([name, values] for name, values in request.form.lists() if name != FIELD)
    files = [[name, [digest_of_file(each) for each in sent]] for name, sent in sorted(request.files.lists())]
    return hashlib.sha256(rfc8785.dumps([request.method, request.full_path, fields, files])).hexdigest()
