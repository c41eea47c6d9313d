"""Asking a registry over HTTP, for commands that run where the recordings are.

A token goes to the address that was given and to no other: no redirect is followed, and no proxy of the environment is
used. Over plain HTTP only this machine is asked.
"""

from __future__ import annotations

import os
import random
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import IO, Any, Final, Self

import httpx

from registry import __version__, errors
from registry.clock import utc_now
from registry.domain.reading import parse_json
from registry.errors import InvalidInputError, KeyringError, RegistryError, RegistryUnreachableError, SettingsError
from registry.vault.keyfile import read_private_file

TOKEN_VARIABLE: Final = "LIKENESS_TOKEN"  # noqa: S105  (the name of a variable)
ATTEMPTS: Final = 5
_TIMEOUT: Final = httpx.Timeout(60.0, connect=10.0)
_LONGEST_WAIT_S: Final = 60.0
_FIRST_WAIT_S: Final = 0.5
_LARGEST_ANSWER: Final = 64_000_000
_LONGEST_TOKEN: Final = 500
_LONGEST_DETAIL: Final = 2_000
_AGAIN: Final = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_OWN_MEMBERS: Final = frozenset({"type", "title", "status", "detail", "instance", "code", "request_id", "self"})
_BY_STATUS: Final[Mapping[int, type[RegistryError]]] = {
    HTTPStatus.UNAUTHORIZED: errors.UnauthenticatedError,
    HTTPStatus.FORBIDDEN: errors.ForbiddenError,
    HTTPStatus.NOT_FOUND: errors.NotFoundError,
    HTTPStatus.CONFLICT: errors.ConflictError,
    HTTPStatus.UNPROCESSABLE_ENTITY: errors.InvalidInputError,
}
"""What a problem is whose code is not known here."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where a registry is, and who asks.

    Attributes:
        url: of it, without a slash at the end.
        token: of the caller.
        ca_file: certificates of the authorities to trust, in place of the usual ones; None for those.
    """

    url: str
    token: str = field(repr=False)
    ca_file: Path | None = None


def read_access(url: str, token_file: Path | None, ca_file: Path | None) -> Access:
    """Answer how a registry is asked, with the token in a file, or else in ``LIKENESS_TOKEN``.

    Raises:
        InvalidInputError: the address is none that a token may be sent to.
        KeyringError: the file cannot be read, or is open to others.
        SettingsError: there is no token, or it is none.
    """
    return Access(_checked(url), _token(token_file), ca_file)


def _checked(url: str) -> str:
    """Refuse an address that is not HTTPS, unless it is this machine, or that holds more than a place."""
    try:
        parsed = httpx.URL(url.strip())
    except httpx.InvalidURL as error:
        raise InvalidInputError(f"{url!r} is no address of a registry: {error}", url=url) from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise InvalidInputError(f"{url!r} is no address of a registry, such as https://registry.example", url=url)
    if parsed.userinfo or parsed.query or parsed.fragment:
        raise InvalidInputError("the address of a registry has neither a name nor a password, nor ? nor #")
    if parsed.scheme == "http" and not _is_here(parsed.host):
        raise InvalidInputError(f"{url} is not asked: a token goes over https alone, or to this machine", url=url)
    return str(parsed).rstrip("/")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _token(file: Path | None) -> str:
    if file is not None:
        token = read_private_file(file, "token").decode("utf-8", errors="replace").strip()
    else:
        token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not token:
        raise SettingsError(f"give the token that the registry issued you: --token-file FILE, or {TOKEN_VARIABLE}")
    if len(token) > _LONGEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise SettingsError("that is no token: it is one word of printable ASCII characters")
    return token


class RemoteRegistry:
    """A registry that is asked over HTTP.

    What may be asked twice without harm is asked again when the registry does not answer, or says that it cannot at
    the moment, up to `ATTEMPTS` times; it is waited for as long as it asks for, a minute at most.

    Args:
        access: to it.
        attempts: how often something is asked at most.
        sleep: waits.
        jitter: answers a number from 0 to below 1, so that not everybody comes back at once.
    """

    def __init__(
        self,
        access: Access,
        *,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._access = access
        self._attempts, self._sleep, self._jitter = attempts, sleep, jitter
        self._client = httpx.Client(
            base_url=access.url,
            headers={"Authorization": f"Bearer {access.token}", "User-Agent": f"likeness/{__version__}"},
            verify=_trusted(access.ca_file),
            timeout=_TIMEOUT,
            follow_redirects=False,
            trust_env=False,
        )

    @property
    def url(self) -> str:
        """Address of the registry."""
        return self._access.url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections; nothing can be asked any more."""
        self._client.close()

    def get(self, path: str, **query: str | int) -> Any:
        """Answer what is at an address, as JSON.

        Raises:
            RegistryError: the registry says no; it is the error that it names, with its words and figures.
            RegistryUnreachableError: it does not answer, or what answers is no registry.
        """
        return self._json(lambda: self._client.stream("GET", path, params=query), self._attempts)

    def content(self, path: str, *, wait_s: float | None = None) -> bytes:
        """Answer what is at an address, byte for byte; raises as `get`.

        Args:
            path: where it is.
            wait_s: for how long it may be made before the first byte of it comes; None for as long as anything.
        """
        timeout = _TIMEOUT if wait_s is None else httpx.Timeout(wait_s, connect=_TIMEOUT.connect)
        return bytes(self._asked(lambda: self._client.stream("GET", path, timeout=timeout), self._body, self._attempts))

    def ask(self, path: str, body: Any, *, attempts: int | None = None) -> Any:
        """Post a question, which changes nothing and may be asked again; answers and raises as `get`."""
        return self._json(lambda: self._client.stream("POST", path, json=body), attempts or self._attempts)

    def change(self, path: str, body: Any, *, key: str, version: int | None = None) -> Any:
        """Post what changes something, under an idempotency key: sent again, it is done once. Raises as `get`.

        Args:
            path: of the operation.
            body: that is sent as JSON.
            key: of this one change.
            version: that the caller has seen; if it has changed since, nothing is done.
        """
        headers = {"Idempotency-Key": key} | ({} if version is None else {"If-Match": f'"v{version}"'})
        return self._json(lambda: self._client.stream("POST", path, json=body, headers=headers), self._attempts)

    def rewrite(self, path: str, body: Any, *, version: int | None = None) -> Any:
        """Change members of what is there: sent again, it says the same. Raises as `get`.

        Args:
            path: of what is changed.
            body: its members that change, sent as JSON.
            version: that the caller has seen; if it has changed since, nothing is done.
        """
        headers = {} if version is None else {"If-Match": f'"v{version}"'}
        return self._json(lambda: self._client.stream("PATCH", path, json=body, headers=headers), self._attempts)

    def send(
        self, path: str, files: Mapping[str, Path], *, key: str, fields: Mapping[str, str] = MappingProxyType({})
    ) -> Any:
        """Post files as a form, under an idempotency key: sent again, they are taken in once. Raises as `get`.

        Args:
            path: of the operation.
            files: by the name of their field.
            key: of this one change.
            fields: further ones, by name.

        Raises:
            InvalidInputError: a file cannot be read.
        """

        @contextmanager
        def sent() -> Iterator[httpx.Response]:
            with ExitStack() as opened:
                parts = {name: (path.name, opened.enter_context(_reading(path))) for name, path in files.items()}
                headers = {"Idempotency-Key": key}
                form: dict[str, Any] = {name: (None, value) for name, value in fields.items()}
                yield opened.enter_context(self._client.stream("POST", path, files={**form, **parts}, headers=headers))

        return self._json(sent, self._attempts)

    def download(self, path: str, out: IO[bytes], size: int) -> None:
        """Write what is at an address into a file, from its beginning; raises as `get`.

        Raises:
            RegistryUnreachableError: it is not of that size, too.
        """

        def written(response: httpx.Response) -> None:
            out.seek(0)
            out.truncate()
            for content in response.iter_bytes():
                out.write(content)
                if out.tell() > size:
                    break
            if out.tell() != size:
                raise self.unreachable(f"sent {out.tell()} bytes or more of a file that has {size}")

        self._asked(lambda: self._client.stream("GET", path), written, self._attempts)

    # --- asking ------------------------------------------------------------------------------------------------------

    def _json(self, send: Callable[[], Any], attempts: int) -> Any:
        def read(response: httpx.Response) -> Any:
            try:
                return parse_json(self._body(response))
            except ValueError as error:
                raise self.unreachable("answered something that is not JSON") from error

        return self._asked(send, read, attempts)

    def _asked(self, send: Callable[[], Any], read: Callable[[httpx.Response], Any], attempts: int) -> Any:
        """Ask until there is an answer, or no more attempt."""
        for attempt in range(1, attempts + 1):
            try:
                with send() as response:
                    if response.is_success:
                        return read(response)
                    refusal, wait_s = self._refusal(response), _retry_after_s(response)
                    again = response.status_code in _AGAIN or isinstance(refusal, errors.RequestInProgressError)
            except httpx.HTTPError as error:
                refusal, wait_s, again = self.unreachable(f"does not answer: {_words(str(error))}"), 0.0, True
                refusal.__cause__ = error
            if not again or attempt == attempts:
                raise refusal
            self._sleep(
                min(max(wait_s, _FIRST_WAIT_S * 2 ** (attempt - 1)), _LONGEST_WAIT_S) * (1 + self._jitter() / 4)
            )
        raise AssertionError("there is at least one attempt")

    def _body(self, response: httpx.Response) -> bytes:
        content = bytearray()
        for part in response.iter_bytes():
            content += part
            if len(content) > _LARGEST_ANSWER:
                raise self.unreachable(f"answered with more than {_LARGEST_ANSWER} bytes")
        return bytes(content)

    def _refusal(self, response: httpx.Response) -> RegistryError:
        if response.is_redirect:
            where = _words(response.headers.get("Location", "nowhere"))
            return self.unreachable(f"sends elsewhere, to {where}: give that address, if you trust it")
        try:
            body = parse_json(self._body(response))
            return _error_of(response.status_code, str(body["code"]), _words(str(body["detail"])), body)
        except (ValueError, KeyError, TypeError):
            return self.unreachable(f"answered {response.status_code}, and nothing that a registry would say")

    def unreachable(self, what: str) -> RegistryUnreachableError:
        """Answer the error that this registry is none, or not to be reached; ``what`` goes on after its address."""
        return RegistryUnreachableError(f"the registry at {self.url} {what}", url=self.url)


def _trusted(ca_file: Path | None) -> ssl.SSLContext | bool:
    if ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except OSError as error:
        raise KeyringError(f"{ca_file} holds no certificates: {error.strerror or error}", file=str(ca_file)) from error


def _reading(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}", path=str(path)) from error


def _retry_after_s(response: httpx.Response) -> float:
    """Answer how long the registry asks to wait (RFC 9110 section 10.2.3); 0 where it does not say."""
    said = response.headers.get("Retry-After", "")
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return 0.0
    return (moment - utc_now()).total_seconds() if moment.tzinfo is not None else 0.0


def _error_of(status: int, code: str, detail: str, body: Mapping[str, Any]) -> RegistryError:
    """Answer the error that a problem tells of: of its own class where the code is known here."""
    kinds = {kind.slug: kind for kind in _kinds(RegistryError)}
    kind = kinds.get(code) or _BY_STATUS.get(status, RegistryError)
    return kind(detail, **{str(name): said for name, said in body.items() if name not in _OWN_MEMBERS})


def _kinds(root: type[RegistryError]) -> Iterator[type[RegistryError]]:
    yield root
    for kind in root.__subclasses__():
        yield from _kinds(kind)


def _words(text: str) -> str:
    """Answer what somebody else says so that it can be shown: it moves no cursor, and has an end."""
    return "".join(each if each.isprintable() else "�" for each in text[:_LONGEST_DETAIL])
