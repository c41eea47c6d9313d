"""Vault's transit engine over HTTP on the loopback address, as its documentation describes it: no more is answered.

Keys are AES-256-GCM with 96-bit nonces; a ciphertext is ``vault:v<version>:`` and the base64 of nonce, bytes and tag.
https://developer.hashicorp.com/vault/api-docs/secret/transit and …/auth/approle
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ROLE_ID, SECRET_ID = "role-1", "secret-1"
_NONCE = 12
_PATH = re.compile(r"/v1/transit/(?P<verb>encrypt|decrypt|rewrap|keys)/(?P<key>\w+)(?P<more>/rotate|/config)?")


class RefusedError(Exception):
    """A request that is answered with a status and Vault's list of errors."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


@dataclass
class Transit:
    """One key and its versions."""

    versions: dict[int, tuple[bytes, int]] = field(default_factory=dict)
    lowest: int = 1

    def rotate(self) -> None:
        self.versions[len(self.versions) + 1] = (os.urandom(32), int(time.time()))

    @property
    def latest(self) -> int:
        return max(self.versions)

    def encrypt(self, plain: bytes) -> str:
        nonce = os.urandom(_NONCE)
        sealed = AESGCM(self.versions[self.latest][0]).encrypt(nonce, plain, None)
        return f"vault:v{self.latest}:{b64encode(nonce + sealed).decode()}"

    def decrypt(self, ciphertext: str) -> bytes:
        _, version, sealed = ciphertext.split(":")
        number = int(version.removeprefix("v"))
        if number < self.lowest:
            raise RefusedError(400, "ciphertext or signature version is disallowed by policy (too old)")
        if number > self.latest:
            raise RefusedError(400, "invalid ciphertext: version is too new")
        try:
            raw = b64decode(sealed, validate=True)
            return AESGCM(self.versions[number][0]).decrypt(raw[:_NONCE], raw[_NONCE:], None)
        except (NoBase64, ValueError, InvalidTag) as error:
            raise RefusedError(400, "cipher: message authentication failed") from error


@dataclass
class VaultServer:
    """The server, what it holds, and how it behaves.

    Attributes:
        url: of it.
        keys: by name.
        tokens: that are good.
        status: answered to everything in place of an answer, so many times: a sealed server, or a throttled one.
        hang_s: how long it waits before it answers.
        seen: path and body of every request.
    """

    url: str = ""
    keys: dict[str, Transit] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=lambda: {"good"})
    status: int = 0
    times: int = 0
    hang_s: float = 0.0
    seen: list[tuple[str, str]] = field(default_factory=list)
    logins: int = 0

    def away(self, status: int, times: int = 1_000_000) -> None:
        self.status, self.times = status, times

    def answer(self, method: str, path: str, token: str | None, body: dict[str, Any]) -> dict[str, Any]:
        if self.times:
            self.times -= 1
            raise RefusedError(self.status, "Vault is sealed" if self.status == 503 else "rate limit exceeded")
        if path == "/v1/auth/approle/login":
            return self._log_in(body)
        if token not in self.tokens:
            raise RefusedError(403, "permission denied")
        found = _PATH.fullmatch(path)
        if found is None or found["key"] not in self.keys:
            raise RefusedError(404, "no handler for route" if found is None else "encryption key not found")
        key = self.keys[found["key"]]
        if found["verb"] == "keys":
            return self._of_key(method, found["more"], key, body)
        return {"data": {"batch_results": [self._one(key, found["verb"], item) for item in body["batch_input"]]}}

    def _log_in(self, body: dict[str, Any]) -> dict[str, Any]:
        if body != {"role_id": ROLE_ID, "secret_id": SECRET_ID}:
            raise RefusedError(400, "invalid role or secret ID")
        self.logins += 1
        token = f"token-{self.logins}"
        self.tokens.add(token)
        return {"auth": {"client_token": token, "lease_duration": 1200, "renewable": True}}

    def _of_key(self, method: str, more: str | None, key: Transit, body: dict[str, Any]) -> dict[str, Any]:
        if (method, more) == ("POST", "/rotate"):
            key.rotate()
            return {}
        if (method, more) == ("POST", "/config"):
            key.lowest = int(body["min_decryption_version"])
            return {}
        if (method, more) != ("GET", None):
            raise RefusedError(405, "unsupported operation")
        made = {str(number): made for number, (_, made) in key.versions.items() if number >= key.lowest}
        facts = {"type": "aes256-gcm96", "latest_version": key.latest, "min_decryption_version": key.lowest}
        return {"data": {**facts, "keys": made, "exportable": False}}

    def _one(self, key: Transit, verb: str, item: dict[str, str]) -> dict[str, Any]:
        try:
            if verb == "encrypt":
                return {"ciphertext": key.encrypt(b64decode(item["plaintext"])), "key_version": key.latest}
            plain = key.decrypt(item["ciphertext"])
        except RefusedError as error:
            return {"error": str(error)}
        if verb == "rewrap":
            return {"ciphertext": key.encrypt(plain), "key_version": key.latest}
        return {"plaintext": b64encode(plain).decode()}


@contextmanager
def vault_server() -> Iterator[VaultServer]:
    """Serve one, with a key ``likeness`` of one version."""
    vault = VaultServer()
    vault.keys["likeness"] = Transit()
    vault.keys["likeness"].rotate()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # an answer goes out as one

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            time.sleep(vault.hang_s)
            vault.seen.append((self.path, content.decode()))
            try:
                body = json.loads(content) if content else {}
                said = vault.answer(self.command, self.path, self.headers.get("X-Vault-Token"), body)
                results = said.get("data", {}).get("batch_results", [])
                failed = any("error" in each for each in results)
                status = body.get("partial_failure_response_code", 400) if failed else 200 if said else 204
            except RefusedError as error:
                status, said = error.status, {"errors": [str(error)]}
            payload = json.dumps(said).encode() if status != 204 else b""
            self.send_response(status)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    vault.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield vault
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
