"""A resource: a blueprint under ``/v1`` whose operations are named after their functions and need a token."""

from __future__ import annotations

from flask_openapi.models.tag import Tag

from api.document import Resource

SECURITY_SCHEME = "token"


def new_resource(name: str, description: str, *, public: bool = False) -> Resource:
    """Answer an empty blueprint.

    Args:
        name: of the resource, plural, as in its address.
        description: one sentence for the document.
        public: whether its operations need no token; each must be among `api.auth.PUBLIC` as well.
    """
    return Resource(
        name,
        __name__,
        url_prefix="/v1",
        abp_tags=[Tag(name=name, description=description)],
        abp_security=[] if public else [{SECURITY_SCHEME: []}],
        operation_id_callback=_function_name,
        validate_response=True,
    )


def _function_name(*, name: str, path: str, method: str) -> str:  # noqa: ARG001  (flask-openapi's signature)
    return name
