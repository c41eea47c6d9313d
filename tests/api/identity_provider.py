"""An identity provider in a process of its own: `oidc-provider-mock`, made strict, and able to misbehave when told to.

Of itself the provider takes any client and looks at no verifier. Here the client has a secret, the verifier must fit
the challenge that its code was asked for with, and a code works once. What it is told at ``/orders`` it does to the
answers that follow: other claims in the token, another signature, an error, nothing at all.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

CLIENT_ID, CLIENT_SECRET = "likeness", "a secret of the test"

Environ = dict[str, Any]
Answer = tuple[int, list[tuple[str, str]], bytes]


# --- the process -----------------------------------------------------------------------------------------------------


class Strict:
    """Stands before the provider, and looks at what it does not look at."""

    def __init__(self, inner: Callable[..., Iterable[bytes]]) -> None:
        from joserfc.jwk import RSAKey

        self._inner = inner
        self._challenges: dict[str, str] = {}
        self._orders: dict[str, Any] = {}
        self._make_key = lambda: RSAKey.generate_key(2048, {"kid": f"own-{time.monotonic_ns()}"})
        self._own = self._make_key()

    def __call__(self, environ: Environ, start: Callable[..., object]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        status, headers, content = self._answer(path, environ, body)
        start(f"{status} .", [*headers, ("Content-Length", str(len(content)))])
        return [content]

    def _answer(self, path: str, environ: Environ, body: bytes) -> Answer:
        if path == "/orders":
            self._orders = json.loads(body)
            return _json(200, {})
        order = self._orders if self._orders.get("path") == path else {}
        if "status" in order:
            return int(order["status"]), [("Location", "http://127.0.0.1:9/elsewhere")], b"x" * order.get("bytes", 10)
        if "trickle" in order:
            time.sleep(order["trickle"])
        if path == "/oauth2/token" and (refusal := self._refusal(environ, body)) is not None:
            return refusal
        status, headers, content = self._of_provider(environ, body)
        if path == "/oauth2/authorize" and (location := dict(headers).get("Location")) is not None:
            (code,) = parse_qs(urlsplit(location).query)["code"]
            self._challenges[code] = parse_qs(environ["QUERY_STRING"])["code_challenge"][0]
        return self._changed(path, order, status, headers, content)

    def _refusal(self, environ: Environ, body: bytes) -> Answer | None:
        """Look at the client's secret, the code and its verifier."""
        sent = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        known = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if environ.get("HTTP_AUTHORIZATION") != f"Basic {known}":
            return _json(401, {"error": "invalid_client"})
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        if self._challenges.pop(sent["code"], None) != base64.urlsafe_b64encode(digest).decode().rstrip("="):
            return _json(400, {"error": "invalid_grant"})
        return None

    def _of_provider(self, environ: Environ, body: bytes) -> Answer:
        import io

        found: list[Any] = []
        environ["wsgi.input"] = io.BytesIO(body)
        content = b"".join(self._inner(environ, lambda status, headers, *_: found.extend((status, headers))))
        kept = [(name, value) for name, value in found[1] if name.lower() != "content-length"]
        return int(found[0].split(" ")[0]), kept, content

    def _changed(self, path: str, order: Mapping[str, Any], *answer: Any) -> Answer:
        status, headers, content = answer
        if path == "/jwks" and self._orders.get("path") == "/oauth2/token":
            return _json(200, {"keys": [self._own.as_dict(private=False)]})
        if "described" in order:
            return _json(status, json.loads(content) | order["described"])
        if path == "/oauth2/token" and order:
            tokens = json.loads(content)
            if "id_token" in order:
                return _json(status, tokens | {"id_token": order["id_token"]})
            return _json(status, tokens | {"id_token": self._signed(tokens["id_token"], order)})
        return status, headers, content

    def _signed(self, token: str, order: Mapping[str, Any]) -> str:
        """Write another token: with other claims, or another signature."""
        from joserfc import jwt
        from joserfc.jwk import OctKey
        from joserfc.jws import JWSRegistry

        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        claims |= {name: value for name, value in order.get("claims", {}).items() if value is not None}
        for name in [name for name, value in order.get("claims", {}).items() if value is None]:
            claims.pop(name, None)
        claims |= {name: claims[name] + seconds for name, seconds in order.get("later", {}).items()}
        signed_by = order.get("signed_by", "own")
        if signed_by == "nobody":
            head = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
            return f"{head}.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}."
        if signed_by == "secret":
            header = {"alg": "HS256", "kid": self._own.kid}
            return jwt.encode(
                header, claims, OctKey.import_key(CLIENT_SECRET), registry=JWSRegistry(algorithms=["HS256"])
            )
        if signed_by == "new key":
            self._own = self._make_key()
        key = self._make_key() if signed_by == "stranger" else self._own
        kid = self._own.kid if signed_by == "stranger" else key.kid
        return jwt.encode({"alg": "RS256", "kid": kid}, claims, key)


def _json(status: int, body: Mapping[str, Any]) -> Answer:
    return status, [("Content-Type", "application/json")], json.dumps(body).encode()


def serve() -> None:
    """Serve on a free port of this machine, and print where."""
    import oidc_provider_mock
    from werkzeug.serving import make_server

    inner = oidc_provider_mock.app(require_nonce=True, issue_refresh_token=False)
    server = make_server("127.0.0.1", 0, Strict(inner.wsgi_app), threaded=True)
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


# --- for tests -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class IdentityProvider:
    """The process, as tests see it."""

    issuer: str
    client: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False))

    def order(self, path: str = "/oauth2/token", **order: Any) -> None:
        """Tell it what to do to the answers of one address from now on."""
        self.client.post(f"{self.issuer}/orders", json=order | {"path": path})

    def behave(self) -> None:
        """Let it do as it should."""
        self.order("")

    def let_in(self, url: str, subject: str) -> str:
        """Sign somebody in there, as their browser does, and answer where it is sent back to."""
        assert url.startswith(f"{self.issuer}/oauth2/authorize?")
        assert self.client.get(url).status_code == 200
        back = self.client.post(url, data={"sub": subject})
        assert back.status_code == 302, back.text
        return back.headers["Location"]


@contextmanager
def running() -> Iterator[IdentityProvider]:
    """Run the process."""
    environment = {**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"}
    command = [sys.executable, "-W", "ignore", __file__]
    with subprocess.Popen(  # noqa: S603  (our own program)
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            found = re.fullmatch(r"http://127\.0\.0\.1:\d+", process.stdout.readline().strip())
            assert found is not None
            yield IdentityProvider(found[0])
        finally:
            process.terminate()
            process.wait()


def with_query(url: str, **changes: str | None) -> str:
    """Change parameters of an address; None takes one away."""
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | changes
    return parts._replace(query=urlencode({name: value for name, value in query.items() if value is not None})).geturl()


if __name__ == "__main__":
    serve()
