"""What only an HTTP request can get wrong. What the registry itself refuses is in `registry.errors`."""

from __future__ import annotations

from registry.errors import ForbiddenError, InvalidInputError


class RequestError(InvalidInputError):
    """The request cannot be understood; the subclasses say why."""

    slug = "bad_request"


class MalformedJsonError(RequestError):
    """The body says it is JSON, and is not."""

    slug = "malformed_json"


class UnexpectedBodyError(RequestError):
    """A body was sent to an operation that takes none, or a JSON body is not an object."""

    slug = "unexpected_body"


class WrongContentTypeError(RequestError):
    """The body is of a type that the operation does not take; figures ``content_type`` and ``expected``."""

    slug = "unsupported_content_type"


class BodyTooLargeError(RequestError):
    """The body has more bytes than are taken; figures ``size_bytes`` (where it was said) and ``max_bytes``."""

    slug = "body_too_large"


class TooManyFilesError(RequestError):
    """More files than the operation takes; figures ``files`` and ``max_files``."""

    slug = "too_many_files"


class RepeatedFieldError(RequestError):
    """A form field that may be given once was given several times; figures ``field`` and ``times``."""

    slug = "repeated_field"


class CursorError(RequestError):
    """The cursor was not made by this API for this list."""

    slug = "invalid_cursor"


class PreconditionHeaderError(RequestError):
    """An ``If-Match`` header is not an entity tag that this API has given."""

    slug = "invalid_if_match"


class CrossSiteError(ForbiddenError):
    """A request that came with a session, and not from a page of this registry; figure ``step`` says by what."""

    slug = "cross_site_request"
