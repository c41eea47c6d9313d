"""Pages: an opaque cursor, a limit, and a link to the next page."""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol, TypeVar
from urllib.parse import urlencode

from flask import Response, request
from pydantic import BaseModel, Field

from api.answers import answer
from api.errors import CursorError
from api.schemas.base import Page, Query, omissible
from registry.domain.ids import IdPrefix, is_id

_TAG = "1:"
"""Version of what is inside a cursor."""
_NUMBER_TAG = "n1:"
_NUMBER = re.compile(r"n1:[0-9]{1,9}")


class HasId(Protocol):
    """A record that can be where a page ends."""

    @property
    def id(self) -> str:
        """The record's id."""
        ...


Record = TypeVar("Record", bound=HasId)
Item = TypeVar("Item", bound=BaseModel)
Counted = TypeVar("Counted")


class PageQuery(Query):
    """Which page."""

    limit: int = Field(default=50, ge=1, le=200, description="How many items a page has at most.")
    cursor: str | None = omissible(max_length=200, description="`next_cursor` of the page before.")

    def after(self, *prefixes: IdPrefix) -> str | None:
        """Answer the id, of one of these kinds, that the page begins after, or None for the first page.

        Raises:
            CursorError: the cursor was not made by this API for this list.
        """
        if self.cursor is None:
            return None
        text = _opened(self.cursor)
        if not text.startswith(_TAG) or not any(is_id(text.removeprefix(_TAG), prefix) for prefix in prefixes):
            raise CursorError("the cursor was not made for this list", cursor=self.cursor)
        return text.removeprefix(_TAG)


class NumberedQuery(Query):
    """Which page of a list whose items are counted."""

    limit: int = Field(default=50, ge=1, le=1000, description="How many items a page has at most.")
    cursor: str | None = omissible(max_length=200, description="`next_cursor` of the page before.")

    def after(self, *, first: int) -> int:
        """Answer the number that the page begins after; of the first page, the one before ``first``.

        Raises:
            CursorError: the cursor was not made by this API for such a list.
        """
        if self.cursor is None:
            return first - 1
        text = _opened(self.cursor)
        if not _NUMBER.fullmatch(text):
            raise CursorError("the cursor was not made for this list", cursor=self.cursor)
        return int(text.removeprefix(_NUMBER_TAG))


def cursor_after(record_id: str) -> str:
    """Answer the cursor of the page that begins after a record."""
    return urlsafe_b64encode(f"{_TAG}{record_id}".encode("ascii")).decode("ascii")


def cursor_after_number(number: int) -> str:
    """Answer the cursor of the page that begins after an item of a list whose items are counted."""
    return urlsafe_b64encode(f"{_NUMBER_TAG}{number}".encode("ascii")).decode("ascii")


def page(found: Sequence[Record], query: PageQuery, shape: type[Page], item: Callable[[Record], BaseModel]) -> Response:
    """Answer one page of up to ``query.limit`` items.

    Args:
        found: what was found for ``query.limit + 1``: one more tells that there is a next page.
        query: as asked.
        shape: model of the page, with ``items``.
        item: makes an item of a record.
    """
    shown = found[: query.limit]
    cursor = cursor_after(shown[-1].id) if len(found) > query.limit else None
    model = shape.model_validate({"items": [item(record) for record in shown], "next_cursor": cursor})
    return answer(model, headers=_links(cursor))


def numbered_page(
    found: Sequence[Counted],
    query: NumberedQuery,
    shape: type[Page],
    item: Callable[[Counted], BaseModel],
    *,
    last: int,
    beside: Mapping[str, object] = MappingProxyType({}),
) -> Response:
    """Answer one page of a list whose items are counted.

    Args:
        found: what was found for ``query.limit + 1``: one more tells that there is a next page.
        query: as asked.
        shape: model of the page, with ``items``.
        item: makes an item of what was found.
        last: number of the last item that the page shows.
        beside: what each page of the list has besides.
    """
    more = len(found) > query.limit
    cursor = cursor_after_number(last) if more else None
    items = [item(each) for each in found[: query.limit]]
    model = shape.model_validate({**beside, "items": items, "next_cursor": cursor})
    return answer(model, headers=_links(cursor))


def whole(found: Sequence[Record], shape: type[Page], item: Callable[[Record], BaseModel]) -> Response:
    """Answer a list that is short by its nature, as its only page."""
    return answer(shape.model_validate({"items": [item(record) for record in found], "next_cursor": None}))


def _opened(cursor: str) -> str:
    try:
        return urlsafe_b64decode(cursor.encode("ascii")).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise CursorError("the cursor was not made by this API", cursor=cursor) from error


def _links(cursor: str | None) -> dict[str, str]:
    """Answer the header of RFC 8288 that leads to the next page."""
    if cursor is None:
        return {}
    arguments = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
    return {"Link": f'<{request.path}?{urlencode([*arguments, ("cursor", cursor)])}>; rel="next"'}
