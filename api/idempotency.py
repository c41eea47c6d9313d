"""Idempotency keys: a request sent twice under one key is done once, and answered the same both times.

The key belongs to the account that sends it. What must be the same is the method, the address, the body as canonical
JSON (RFC 8785), or the form's fields and each file's SHA-256. An answer of 500 or above is not kept.

That it was done is noted in the deed's own commit. A process that dies after that, or a database that goes away, loses
the answer and not the deed: whoever asks again gets how things stand now where the operation has a replay, and
otherwise the ids of what was made. It is never done again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any, ParamSpec

import rfc8785
from flask import Response, g, request
from werkzeug.datastructures import FileStorage

from api.errors import RequestError
from api.problems import MEDIA_TYPE, from_error
from api.state import context, principal
from registry.errors import RegistryError
from registry.services import idempotency
from registry.services.idempotency import Done, KeptAnswer
from registry.store.idempotency import Deed

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS = ("Location", "ETag", "Preference-Applied")

Arguments = ParamSpec("Arguments")
View = Callable[Arguments, Response]
Replay = Callable[[Mapping[str, Any], Mapping[str, Any]], Response | None]
"""Makes an answer from the operation's arguments and the kept body, for things that go on after they were answered."""


def idempotent(replay: Replay | None = None) -> Callable[[View[Arguments]], View[Arguments]]:
    """Honour idempotency keys on an operation.

    Args:
        replay: answers the *current* state of what the first request created, in place of the answer as it was given
            then; when it answers None, the kept answer stands.
    """

    def decorate(view: View[Arguments]) -> View[Arguments]:
        @wraps(view)
        def once(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Response:
            key = _key()
            if key is None:
                return view(*args, **kwargs)
            account_id = principal().account_id
            begun = idempotency.begin(context(), account_id, key, _fingerprint())
            if isinstance(begun, Deed):
                return _first(begun, lambda: view(*args, **kwargs))
            if isinstance(begun, Done):
                return _current(begun, None if replay is None else replay(kwargs, {"id": begun.records[0]}))
            return _replayed(begun, None if replay is None else replay(kwargs, begun.body))

        once.idempotent = True  # type: ignore[attr-defined]  # read by the description of the API
        return once

    return decorate


def _key() -> str | None:
    sent = request.headers.get(HEADER)
    if sent is not None and not _KEY.fullmatch(sent):
        raise RequestError(f"{HEADER} has 1 to 255 visible ASCII characters", idempotency_key=sent[:300])
    return sent


def _first(deed: Deed, do: Callable[[], Response]) -> Response:
    """Do a request for the first time, and keep its answer; set its key free where it failed before it did anything."""
    g.deed = deed
    try:
        response = _with_refusals(do)
    except BaseException:
        idempotency.abandon(context(), deed)
        raise
    finally:
        del g.deed
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        idempotency.abandon(context(), deed)
    else:
        idempotency.finish(context(), deed, _to_keep(response))
    return response


def _current(done: Done, current: Response | None) -> Response:
    """Answer how it stands with what was done and not answered; where nothing shows that, say what was done."""
    if current is None:
        raise done.refusal(context().clock())
    current.headers[REPLAYED] = "true"
    return current


def _with_refusals(do: Callable[[], Response]) -> Response:
    """Answer a refusal as a problem here, so that it can be kept as any other answer."""
    try:
        return do()
    except RegistryError as error:
        return from_error(error)


def _to_keep(response: Response) -> KeptAnswer:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return KeptAnswer(response.status_code, headers, json.loads(response.get_data(as_text=True)))


def _replayed(kept: KeptAnswer, current: Response | None) -> Response:
    response = current
    if response is None:
        mimetype = MEDIA_TYPE if kept.status >= HTTPStatus.BAD_REQUEST else "application/json"
        response = Response(json.dumps(dict(kept.body)), kept.status, mimetype=mimetype)
        response.headers.update(kept.headers)
    response.headers[REPLAYED] = "true"
    return response


def _fingerprint() -> str:
    """Answer the digest of all that makes this request what it is."""
    address = request.full_path if request.query_string else request.path
    parts: list[Any] = [request.method, address]
    if request.mimetype == "multipart/form-data":
        parts.append(sorted([name, sorted(values)] for name, values in request.form.lists()))
        parts.append(
            [[name, [digest_of_file(each) for each in files]] for name, files in sorted(request.files.lists())]
        )
    else:
        parts.append(json.loads(request.get_data(cache=True) or b"{}"))
    return hashlib.sha256(_canonical(parts)).hexdigest()


def _canonical(parts: list[Any]) -> bytes:
    """Answer the same bytes for the same request; what RFC 8785 cannot write (huge integers) is written sorted."""
    try:
        return rfc8785.dumps(parts)
    except rfc8785.CanonicalizationError:
        return json.dumps(parts, sort_keys=True).encode("ascii")


def digest_of_file(upload: FileStorage) -> list[str]:
    """Answer what makes a sent file the same as another: its name, and the SHA-256 of its bytes in hex."""
    digest = hashlib.file_digest(upload.stream, "sha256").hexdigest()  # type: ignore[arg-type]  # a binary file
    upload.stream.seek(0)
    return [upload.filename or "", digest]
