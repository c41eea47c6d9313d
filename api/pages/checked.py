"""Fields of a form, held to the very models that bodies of the API are held to."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from api.locations import located
from registry.errors import InvalidInputError

Model = TypeVar("Model", bound=BaseModel)


def checked(model: type[Model], **fields: Any) -> Model:
    """Answer a body of the API, made of what a form has sent.

    Raises:
        InvalidInputError: the model refuses it; figure ``errors`` says where and why, as the API's problem does.
    """
    try:
        return model(**fields)
    except ValidationError as error:
        wrong: list[dict[str, object]] = [dict(each) for each in located(error)]
        raise InvalidInputError("a field is not filled in as it is taken", errors=wrong) from error
