"""Where in a request something is wrong: a JSON pointer into its body, or the name of a parameter."""

from __future__ import annotations

from urllib.parse import quote

from pydantic import ValidationError

from api.schemas.base import Headers, Query


def located(error: ValidationError) -> list[dict[str, str]]:
    """Answer one entry for each thing that a model refused.

    Each has ``in`` (``body``, ``query`` or ``header``), ``code`` and ``detail``, and either ``pointer``, a JSON pointer
    in its URI fragment form (RFC 6901 section 6, as in RFC 9457 section 3), or ``parameter``, a name.
    """
    place = _place(error.title)
    return [
        {"in": place, **_name(place, item["loc"]), "code": item["type"], "detail": item["msg"]}
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _place(model: str) -> str:
    """Tell from the name of a model what part of the request it describes."""
    if model in {cls.__name__ for cls in _below(Query)}:
        return "query"
    return "header" if model in {cls.__name__ for cls in _below(Headers)} else "body"


def _below(root: type[object]) -> set[type[object]]:
    """Answer a class and all that descend from it."""
    return {root}.union(*(_below(child) for child in root.__subclasses__()))


def _name(place: str, loc: tuple[int | str, ...]) -> dict[str, str]:
    if place == "body":
        return {"pointer": "#" + "".join(f"/{_escape(str(part))}" for part in loc)}
    return {"parameter": ".".join(str(part) for part in loc)}


def _escape(part: str) -> str:
    return quote(part.replace("~", "~0").replace("/", "~1"), safe="~")
