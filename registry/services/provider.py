"""An identity provider, by OpenID Connect: where to send a browser, and who it is that comes back.

The authorization code flow of OpenID Connect Core 1.0 with PKCE (RFC 7636) and, where the provider says who it is in
its answer, that too (RFC 9207). Nothing but the subject is asked for: no name, no e-mail address.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from registry.clock import Clock
from registry.domain.sign_in import ProviderAnswer, SignInFlow
from registry.errors import ProviderUnavailableError, SignInRefusedError
from registry.services.provider_http import ProviderHttp, json_object

DISCOVERY = "/.well-known/openid-configuration"
CLOCKS_DIFFER_S = 60
"""By how much the provider's clock may be off."""

_KEPT = timedelta(hours=1)
_LOOKED_AGAIN_AFTER = timedelta(seconds=30)
"""Keys are looked up again for a token of an unknown one, but not more often than this."""

_LEFT_ALONE = timedelta(seconds=5)
_WAITED_FOR_S = 1.0
"""So a provider that hangs does not hang whoever answers HTTP."""

_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""Signatures by a key of the provider alone: none, and those by a shared secret, are not among them."""

_LONGEST_TOKEN = 16 * 1024
_LONGEST_SUBJECT = 255  # OpenID Connect Core 1.0, section 2


@dataclass(frozen=True, slots=True, repr=False)
class Client:
    """What the registry is at the provider.

    Attributes:
        issuer: of the provider, exactly as it writes it.
        client_id: of the registry there.
        secret: of the registry there; None for a client without one.
    """

    issuer: str
    client_id: str
    secret: str | None


class Provider:
    """One identity provider. What it says of itself is kept for an hour; threads share it.

    Args:
        client: what the registry is there.
        http: asks it.
        clock: answers now.
    """

    def __init__(self, client: Client, http: ProviderHttp, clock: Clock) -> None:
        self.client = client
        self._http, self._clock = http, clock
        self._lock, self._asking = threading.Lock(), threading.Lock()
        self._silent_at: datetime | None = None
        self._described: tuple[datetime, Mapping[str, Any]] | None = None
        self._keys: tuple[datetime, Mapping[str, Any]] | None = None

    @property
    def issuer(self) -> str:
        """Whose word it is."""
        return self.client.issuer

    # --- where to go -------------------------------------------------------------------------------------------------

    def authorization_url(self, flow: SignInFlow, redirect_uri: str) -> str:
        """Answer where to send a browser that begins a flow.

        Raises:
            ProviderUnavailableError: the provider does not answer, or is not what was configured.
        """
        described = self._description()
        address = str(described["authorization_endpoint"])
        url, _ = self._oauth(described, redirect_uri).create_authorization_url(
            address, state=flow.state, nonce=flow.nonce, code_verifier=flow.verifier
        )
        return str(url)

    def _description(self) -> Mapping[str, Any]:
        """Answer what the provider says of itself (OpenID Connect Discovery 1.0).

        1. It is read at the issuer's own address.
        2. It is about that very issuer.
        3. Every address in it that is used is at a host that was configured.
        """
        kept = self._described
        if kept is not None and timedelta(0) <= self._clock() - kept[0] < _KEPT:
            return kept[1]
        if not self._asking.acquire(timeout=_WAITED_FOR_S):
            raise ProviderUnavailableError("the identity provider is being asked, and has not answered yet")
        try:
            return self._described_anew()
        finally:
            self._asking.release()

    def _described_anew(self) -> Mapping[str, Any]:
        """Ask the provider about itself; one that did not answer is left alone for a moment."""
        now = self._clock()
        if self._described is not None and timedelta(0) <= now - self._described[0] < _KEPT:
            return self._described[1]  # another thread was asking
        if self._silent_at is not None and timedelta(0) <= now - self._silent_at < _LEFT_ALONE:
            raise ProviderUnavailableError("the identity provider did not answer a moment ago")
        try:
            described = self._read_description()
        except ProviderUnavailableError:
            self._silent_at = now
            raise
        self._described, self._silent_at = (now, described), None
        return described

    def _read_description(self) -> Mapping[str, Any]:
        described = self._http.get(self.client.issuer.rstrip("/") + DISCOVERY)
        if described.get("issuer") != self.client.issuer:
            raise ProviderUnavailableError(
                f"the description at {self.client.issuer} is of another issuer", issuer=str(described.get("issuer"))
            )
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            self._http.require_allowed(str(described.get(name)))
        return described

    def _oauth(self, described: Mapping[str, Any], redirect_uri: str) -> Any:
        from authlib.oauth2.client import OAuth2Client

        return OAuth2Client(
            session=_TokenEndpoint(self._http),
            client_id=self.client.client_id,
            client_secret=self.client.secret,
            token_endpoint_auth_method=self._authentication(described),
            scope="openid",
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )

    def _authentication(self, described: Mapping[str, Any]) -> str:
        """Answer how the registry shows the provider who it is: as RFC 6749 prefers it, if the provider knows that."""
        if self.client.secret is None:
            return "none"
        known = described.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return "client_secret_basic" if "client_secret_basic" in known else "client_secret_post"

    # --- who came back -----------------------------------------------------------------------------------------------

    def subject(self, flow: SignInFlow, answer: ProviderAnswer, redirect_uri: str) -> str:
        """Answer who came back from the provider: its subject, which means something only with the issuer.

        1. The provider did not refuse, and is the one that was asked (RFC 9207).
        2. The code is handed in with the verifier of this flow: what it was made for, and only once.
        3. The identity token is signed by a key of the provider, by an algorithm that takes one.
        4. It is from this issuer, for this client, of now, and made for this flow (OpenID Connect Core, 3.1.3.7).
        5. It names a subject, as the specification has it.

        That the answer belongs to the browser that began the flow is for whoever calls this to have seen.

        Raises:
            SignInRefusedError: any of these does not hold; figure ``reason``.
            ProviderUnavailableError: the provider does not answer.
        """
        described = self._description()
        self._require_consent(described, answer)
        tokens = self._tokens(described, flow, answer, redirect_uri)
        subject = self._verified(described, flow, tokens).get("sub")
        if not isinstance(subject, str) or not subject or len(subject) > _LONGEST_SUBJECT or not subject.isascii():
            raise _invalid("it names no subject")
        return subject

    def _require_consent(self, described: Mapping[str, Any], answer: ProviderAnswer) -> None:
        tells = described.get("authorization_response_iss_parameter_supported") is True
        if answer.issuer != self.client.issuer and (tells or answer.issuer is not None):
            raise SignInRefusedError("the answer is of another identity provider", reason="other_provider")
        if answer.error is not None or answer.code is None:
            raise SignInRefusedError("the identity provider did not let you in", reason="refused_there")

    def _tokens(
        self, described: Mapping[str, Any], flow: SignInFlow, answer: ProviderAnswer, redirect_uri: str
    ) -> Mapping[str, Any]:
        from authlib.common.errors import AuthlibBaseError

        try:
            tokens: Mapping[str, Any] = self._oauth(described, redirect_uri).fetch_token(
                str(described["token_endpoint"]),
                grant_type="authorization_code",
                code=answer.code,
                code_verifier=flow.verifier,
            )
        except AuthlibBaseError as error:
            raise SignInRefusedError("the identity provider does not take this code", reason="code") from error
        return tokens

    def _verified(self, described: Mapping[str, Any], flow: SignInFlow, tokens: Mapping[str, Any]) -> Mapping[str, Any]:
        from authlib.oidc.core import CodeIDToken
        from joserfc.errors import JoseError

        text = tokens.get("id_token")
        if not isinstance(text, str) or len(text) > _LONGEST_TOKEN:
            raise _invalid("there is none, or one too long")
        try:
            signed = self._signed(described, text)
            claims = CodeIDToken(
                signed.claims,
                signed.header,
                {
                    "iss": {"essential": True, "value": self.client.issuer},
                    "aud": {"essential": True, "value": self.client.client_id},
                },
                {
                    "nonce": flow.nonce,
                    "client_id": self.client.client_id,
                    "access_token": tokens.get("access_token"),
                },
            )
            claims.validate(now=int(self._clock().timestamp()), leeway=CLOCKS_DIFFER_S)
        except (JoseError, ValueError, TypeError) as error:
            raise _invalid(f"{type(error).__name__} {getattr(error, 'claim', '')}".strip()) from error
        return claims  # type: ignore[no-any-return]  # a dict

    def _signed(self, described: Mapping[str, Any], text: str) -> Any:
        from joserfc import jwt
        from joserfc.errors import InvalidKeyIdError
        from joserfc.jwk import KeySet
        from joserfc.jws import JWSRegistry

        offered = described.get("id_token_signing_alg_values_supported", ["RS256"])
        registry = JWSRegistry(algorithms=sorted(_ALGORITHMS.intersection(offered)), strict_check_header=False)
        try:
            keys = KeySet.import_key_set(self._key_set(described))  # type: ignore[arg-type]  # as the provider wrote it
            return jwt.decode(text, key=keys, registry=registry)
        except InvalidKeyIdError:
            keys = KeySet.import_key_set(self._key_set(described, anew=True))  # type: ignore[arg-type]
            return jwt.decode(text, key=keys, registry=registry)

    def _key_set(self, described: Mapping[str, Any], *, anew: bool = False) -> Mapping[str, Any]:
        """Answer the provider's keys, looked up anew where one is not among those that are kept."""
        with self._lock:
            kept, now = self._keys, self._clock()
            age = None if kept is None else now - kept[0]
            fresh = _LOOKED_AGAIN_AFTER if anew else _KEPT
            if kept is None or age is None or not timedelta(0) <= age < fresh:
                kept = (now, self._http.get(str(described["jwks_uri"])))
                self._keys = kept
            return kept[1]


def _invalid(why: str) -> SignInRefusedError:
    return SignInRefusedError(f"the identity provider's token does not hold: {why}", reason="token")


class _TokenEndpoint:
    """What Authlib sends its one request with."""

    def __init__(self, http: ProviderHttp) -> None:
        self._http = http

    def post(self, url: str, data: Mapping[str, str], headers: Mapping[str, str], auth: Any) -> _TokenAnswer:
        """Send a form, and answer what is said."""
        address, sent, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        status, content = self._http.ask("POST", address, sent, body.encode())
        return _TokenAnswer(status, content)


@dataclass(frozen=True, slots=True)
class _TokenAnswer:
    """An answer in the form in which Authlib reads it."""

    status_code: int
    content: bytes

    def raise_for_status(self) -> None:
        """Refuse an answer that is no answer."""
        raise ProviderUnavailableError(f"the identity provider answers {self.status_code}", answered=self.status_code)

    def json(self) -> Mapping[str, Any]:
        """Read it."""
        return json_object(self.content)
