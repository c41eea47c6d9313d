"""Lists on pages: filters and cursor of the address, held to the model of the API's list, and one page of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from flask import request

from api.pages.checked import checked
from api.paging import HasId, PageQuery, cursor_after

Asked = TypeVar("Asked", bound=PageQuery)
Record = TypeVar("Record", bound=HasId)


def asked(model: type[Asked], **fixed: Any) -> Asked:
    """Read what a list is asked for out of the address. A filter that is left empty is none; other words are not read.

    Args:
        model: of the query of the operation that the page stands for.
        fixed: what the page itself says, whatever stands in the address.

    Raises:
        InvalidInputError: the address says something that the operation would not take.
    """
    sent = {name: value for name in model.model_fields if (value := request.args.get(name, "").strip())}
    return checked(model, **(sent | fixed))


def cut(found: Sequence[Record], query: PageQuery) -> tuple[Sequence[Record], str | None]:
    """Answer the records of one page, and the cursor of the next; None on the last.

    Args:
        found: what was found for ``query.limit + 1``: one more tells that there is a next page.
        query: as asked.
    """
    items = found[: query.limit]
    return items, cursor_after(items[-1].id) if len(found) > query.limit else None
