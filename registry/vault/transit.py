"""HashiCorp Vault's transit engine, as far as keys are wrapped by it: they go in and come out, the master key never.

Written to the API as it is documented for version 1 (``/v1/transit/encrypt|decrypt|rewrap|keys``, ``auth/approle``);
a ciphertext is ``vault:v<version>:<base64>``. What is asked for many keys is asked in one request.
"""

from __future__ import annotations

import re
import ssl
import threading
import time
import weakref
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx

from registry.errors import KeyringError, KeysUnavailableError, SealBrokenError
from registry.vault.keyfile import read_private_file

TIMEOUT: Final = httpx.Timeout(5.0, connect=2.0)
TRIES: Final = 3
PAUSE_S: Final = 0.2
MOST_AT_ONCE: Final = 500
_CIPHERTEXT = re.compile(r"vault:v(?P<version>[1-9][0-9]{0,8}):[A-Za-z0-9+/]+={0,2}", re.ASCII)
_AWAY: Final = frozenset(
    {
        HTTPStatus.PRECONDITION_FAILED,  # a replica that has not yet seen what the leader has
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,  # sealed, or down for maintenance
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_VERSION_GONE = ("too old", "too new")

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class VaultPlace:
    """Where a transit key is, and who asks for it.

    Attributes:
        url: of the server, such as ``https://vault.example:8200``.
        mount: of the transit engine.
        key: name of the key.
        token_file: holds a token that somebody renews, such as Vault's agent; or None.
        role_id: of an AppRole, in place of that.
        secret_id_file: holds its secret id, mode 0600.
        ca_file: certificates that the server's is checked against; None for the system's.
        namespace: of Vault Enterprise, or None.
    """

    url: str
    mount: str
    key: str
    token_file: Path | None = None
    role_id: str | None = None
    secret_id_file: Path | None = None
    ca_file: Path | None = None
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class TransitKey:
    """What Vault says of the key.

    Attributes:
        versions: when each version was made that may still decrypt, by its number.
        latest: the version that encrypts.
    """

    versions: Mapping[int, datetime]
    latest: int


class Transit:
    """One transit key of a Vault server. One for each process; threads may share it.

    Args:
        place: of the key.
        sleep: waits before a request is tried again.
        timeout: of each try.
    """

    def __init__(
        self, place: VaultPlace, sleep: Callable[[float], None] = time.sleep, timeout: httpx.Timeout = TIMEOUT
    ) -> None:
        self.place = place
        self._sleep = sleep
        headers = {"X-Vault-Request": "true"}
        if place.namespace:
            headers["X-Vault-Namespace"] = place.namespace
        verify = ssl.create_default_context(cafile=None if place.ca_file is None else str(place.ca_file))
        self._http = httpx.Client(
            base_url=f"{place.url.rstrip('/')}/v1/", timeout=timeout, headers=headers, verify=verify, trust_env=False
        )
        weakref.finalize(self, self._http.close)
        self._lock = threading.Lock()
        self._token: str | None = None

    def encrypt(self, plain: Sequence[bytes]) -> list[str]:
        """Answer the ciphertext of each, by the latest version.

        Raises:
            KeysUnavailableError: the server does not answer, or is sealed.
            KeyringError: it refuses.
        """
        items = [{"plaintext": b64encode(each).decode()} for each in plain]
        return [_required(each, "ciphertext") for each in self._batch("encrypt", items)]

    def decrypt(self, ciphertexts: Sequence[str]) -> list[bytes | KeyringError | SealBrokenError]:
        """Answer what each holds, or why it does not open; raises as `encrypt`."""
        found = self._batch("decrypt", [{"ciphertext": each} for each in ciphertexts])
        return [
            _error(each["error"]) if each.get("error") else b64decode(_required(each, "plaintext")) for each in found
        ]

    def rewrap(self, ciphertexts: Sequence[str]) -> list[str | KeyringError | SealBrokenError]:
        """Answer each under the latest version, without what it holds; raises as `encrypt`."""
        found = self._batch("rewrap", [{"ciphertext": each} for each in ciphertexts])
        return [_error(each["error"]) if each.get("error") else _required(each, "ciphertext") for each in found]

    def describe(self) -> TransitKey:
        """Answer which versions there are; raises as `encrypt`."""
        data = self._data(self._ask("GET", f"keys/{self.place.key}"))
        lowest = int(data["min_decryption_version"])
        versions = {
            int(number): datetime.fromtimestamp(int(made), tz=UTC) for number, made in dict(data["keys"]).items()
        }
        kept = {number: versions[number] for number in sorted(versions) if number >= lowest}
        return TransitKey(kept, int(data["latest_version"]))

    def rotate(self) -> None:
        """Make a new version, which encrypts from now on; raises as `encrypt`."""
        self._ask("POST", f"keys/{self.place.key}/rotate")

    def forbid_below(self, version: int) -> None:
        """Let no version below this one decrypt any more; raises as `encrypt`."""
        self._ask("POST", f"keys/{self.place.key}/config", {"min_decryption_version": version})

    def _batch(self, verb: str, items: Sequence[Mapping[str, str]]) -> list[Answer]:
        found: list[Answer] = []
        for start in range(0, len(items), MOST_AT_ONCE):
            part = items[start : start + MOST_AT_ONCE]
            # 200 where some fail: each result says of itself what went wrong
            body = {"batch_input": part, "partial_failure_response_code": HTTPStatus.OK.value}
            results = self._data(self._ask("POST", f"{verb}/{self.place.key}", body)).get("batch_results")
            if not isinstance(results, list) or len(results) != len(part):
                raise KeysUnavailableError(
                    f"Vault answered {verb} with another number of results than it was asked for"
                )
            found += results
        return found

    @staticmethod
    def _data(answer: Answer) -> Answer:
        data = answer.get("data")
        if not isinstance(data, dict):
            raise KeysUnavailableError("Vault answered without data")
        return data

    def _ask(self, method: str, path: str, body: object = None) -> Answer:
        """Ask the transit engine, logged in; once more with a new token where the old one is not taken any more."""
        whole = f"{self.place.mount}/{path}"
        response = self._send(method, whole, body, self._logged_in())
        if response.status_code == HTTPStatus.FORBIDDEN:
            response = self._send(method, whole, body, self._logged_in(anew=True))
        return _answered(response)

    def _logged_in(self, *, anew: bool = False) -> str:
        with self._lock:
            if self._token is None or anew:
                self._token = self._log_in()
            return self._token

    def _log_in(self) -> str:
        """Answer a token: the one that lies in a file, or one that the AppRole gets."""
        place = self.place
        if place.token_file is not None:
            return read_private_file(place.token_file, "Vault token").decode("ascii", errors="replace").strip()
        if place.role_id is None or place.secret_id_file is None:
            raise KeyringError("Vault is asked with a token file, or with a role id and a secret id file")
        secret_id = read_private_file(place.secret_id_file, "Vault secret id").decode("ascii", errors="replace").strip()
        body = {"role_id": place.role_id, "secret_id": secret_id}
        auth = _answered(self._send("POST", "auth/approle/login", body, None)).get("auth")
        if not isinstance(auth, dict) or not isinstance(auth.get("client_token"), str):
            raise KeysUnavailableError("Vault answered a login without a token")
        return str(auth["client_token"])

    def _send(self, method: str, path: str, body: object, token: str | None) -> httpx.Response:
        """Send a request, some times where the server is away.

        Raises:
            KeysUnavailableError: it stays away.
        """
        why = ""
        for attempt in range(TRIES):
            if attempt:
                self._sleep(PAUSE_S * attempt)
            try:
                headers = {} if token is None else {"X-Vault-Token": token}
                response = self._http.request(method, path, json=body, headers=headers)
            except httpx.HTTPError as error:
                why = type(error).__name__
                continue
            if response.status_code not in _AWAY:
                return response
            why = f"status {response.status_code}"
        raise KeysUnavailableError(f"Vault at {self.place.url} does not answer ({why}, {TRIES} times)", tries=TRIES)


def version_of(ciphertext: str) -> int:
    """Answer which version of a key made a ciphertext.

    Raises:
        SealBrokenError: it has not the form of one.
    """
    found = _CIPHERTEXT.fullmatch(ciphertext)
    if found is None:
        raise SealBrokenError("a wrapped key has not the form of a ciphertext of Vault")
    return int(found["version"])


def _answered(response: httpx.Response) -> Answer:
    """Answer the body of a response; one that refuses some of a batch says so item by item."""
    try:
        body = response.json() if response.content else {}
    except ValueError as error:
        raise KeysUnavailableError("Vault answered something that is not JSON", status=response.status_code) from error
    if not isinstance(body, dict):
        raise KeysUnavailableError("Vault answered something that is no object", status=response.status_code)
    in_part = isinstance(body.get("data"), dict) and "batch_results" in body["data"]
    if response.is_success or (response.status_code == HTTPStatus.BAD_REQUEST and in_part):
        return body
    said = "; ".join(str(each)[:200] for each in body.get("errors") or ())
    raise KeyringError(
        f"Vault refuses {response.request.method} {response.request.url.path} with {response.status_code}: "
        f"{said or 'no reason given'}",
        status=response.status_code,
    )


def _required(result: Answer, member: str) -> str:
    if result.get("error"):
        raise KeyringError(f"Vault refuses: {str(result['error'])[:200]}")
    if not isinstance(result.get(member), str):
        raise KeysUnavailableError(f"Vault answered without {member}")
    return str(result[member])


def _error(said: object) -> KeyringError | SealBrokenError:
    """Answer what is wrong with one of a batch: a version that may not decrypt any more, or bytes that do not open."""
    words = str(said)[:200]
    if any(gone in words for gone in _VERSION_GONE):
        return KeyringError(f"Vault does not decrypt by that version of the key: {words}")
    return SealBrokenError(f"a wrapped key does not open in Vault: {words}")
