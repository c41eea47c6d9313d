"""What schemathesis needs to know of this API beside its description; named in ``schemathesis.toml``."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import schemathesis
from schemathesis.core.failures import Failure

_numbers = count(1)


class CalledMalformedError(Failure):
    """Data of the described form was refused for its form."""


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:  # noqa: ARG001  (signature of the hook)
    """Give each request an idempotency key of its own: under one key, two that differ are refused."""
    headers = case.headers or {}
    sent = headers.get("Idempotency-Key")
    if isinstance(sent, str) and sent:
        headers["Idempotency-Key"] = f"{sent[:200]}-{next(_numbers)}"


@schemathesis.check
def understands_valid_data(ctx: Any, response: Any, case: Any) -> bool | None:  # noqa: ARG001  (signature of the check)
    """Refuse an answer that calls data malformed which the description allows.

    What several members say together is not described by JSON Schema here, and has a code of its own, or no pointer
    below the object that they are in.
    """
    positive = case.meta is not None and case.meta.generation.mode.is_positive
    if not positive or response.status_code not in {400, 422}:
        return None
    problem = json.loads(response.content)
    if problem["code"] == "validation_failed" and any(each["code"] != "value_error" for each in problem["errors"]):
        raise CalledMalformedError(
            operation=case.operation.label, title="Valid data called malformed", message=json.dumps(problem["errors"])
        )
    return None
