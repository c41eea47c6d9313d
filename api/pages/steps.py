"""Steps on pages: a form that changes something as it was seen, and what is said where it could not be changed.

A form carries the version of what its page has shown. Where somebody has changed it since, nothing is done: the page
comes back as things stand now, with who did what and when, and with what was typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from flask import request

from api import problems
from api.pages.language import _
from api.pages.refusals import Advice, said_of
from registry.errors import ForbiddenError, NotFoundError, RegistryError

VERSION: Final = "version"
"""The field of a form that says what was seen."""

_DIGITS: Final = 9
_NEVER: Final = 0
"""A version that nothing has: who has seen something else than a version changes nothing."""


def seen_version() -> int:
    """Answer the version that the page showed, so that nothing is done to what somebody else has changed since.

    A form that came without one, or with none that there can be, is of no version that there ever was.
    """
    given = request.form.get(VERSION, "")
    return int(given) if given.isdecimal() and len(given) <= _DIGITS else _NEVER


def named_wrong(error: RegistryError | None, labels: Mapping[str, str]) -> list[str]:
    """Answer what the parts of a form are called that an error is about, in the order of the labels, each once.

    Args:
        error: whose figure ``errors`` says where, or whose figures are called as the parts are.
        labels: what each part is called, by the name of the API's member.
    """
    if error is None:
        return []
    found = error.figures.get("errors")
    listed = found if isinstance(found, list) else []
    pointers = [str(each.get("pointer", "")) for each in listed if isinstance(each, dict)]
    named = {part for pointer in pointers for part in pointer.removeprefix("#").split("/")} | set(error.figures)
    return list(dict.fromkeys(_(words) for name, words in labels.items() if name in named))


def told(error: RegistryError, words: Mapping[str, tuple[str, str]]) -> tuple[HTTPStatus, Advice]:
    """Answer with which status a form comes back, and what its page says of why; a page of its own tells all else.

    Args:
        error: why it was not done.
        words: of a room, by the slug of the error: what is wrong, and what to do.

    Raises:
        RegistryError: ``error``, where there is nothing to show, or it is not for the caller to see.
    """
    status = HTTPStatus(problems.from_error(error).status_code)
    if isinstance(error, ForbiddenError | NotFoundError) or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise error
    if error.slug in words:
        wrong, to_do = words[error.slug]
        return status, (_(wrong), _(to_do))
    said = said_of(error, status)
    return status, (said.text, said.to_do)
