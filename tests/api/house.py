"""A registry with people in it, asked over HTTP as they would ask it."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse, encode_multipart

from api import ApiSettings, create_app
from api.document import DescribedAPI
from registry.domain.choices import Disposition, LicensingChoices
from registry.domain.consents import ConsentPurpose
from registry.domain.controllers import Controller
from registry.domain.explanations.shipped import shipped_texts
from registry.domain.explanations.topics import required_topics
from registry.domain.ids import IdFactory, RandomBytes
from registry.domain.scan_requests import ScanPlaces
from registry.domain.sign_in import Origin, SignInRules
from registry.domain.uses import UsePurpose
from registry.media.decode import Decoder
from registry.media.speech import SpeechDetector
from registry.services import accounts, sign_in_links, tokens
from registry.services.context import Context, Thresholds
from registry.services.provider import Client, Provider
from registry.services.provider_http import ProviderHttp
from registry.services.sessions import OpenedSession
from registry.store import models
from registry.store.accounts import Account
from registry.store.blobs import BlobStore
from registry.store.database import Database
from registry.vault.keys import FileKeyring
from registry.vault.voiceprints import VoiceprintVault

VOICES = Path(__file__).parents[2] / "examples" / "voices"

TERMS: dict[str, Any] = {
    "purposes": ["advertising", "voice_clone"],
    "media": ["radio"],
    "territories": ["GB"],
    "languages": ["en"],
    "projects": None,
    "starts_on": "2026-01-01",
    "ends_on": "2026-12-31",
    "exclusivity": "non_exclusive",
    "pay": {"basis": "none"},
}

USE = {
    "kind": "generated",
    "purpose": "advertising",
    "project": "Spring",
    "medium": "radio",
    "territory": "GB",
    "language": "en",
}

CONTROLLER = Controller("Registry of the Test", "1 Test Street, London", "desk@registry.example", "GB", "London, GB")


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def move(self, **how: float) -> None:
        self.now += timedelta(**how)


@dataclass
class Caller:
    """Somebody with a token."""

    client: FlaskClient
    account_id: str
    token: str
    organisation_id: str | None = None

    def get(self, path: str, *, headers: dict[str, str] | None = None, **arguments: Any) -> TestResponse:
        return self.client.get(path, headers=self._headers(headers), **arguments)

    def post(self, path: str, body: Any = None, *, headers: dict[str, str] | None = None) -> TestResponse:
        return self.client.post(path, json=body, headers=self._headers(headers))

    def patch(self, path: str, body: Any, *, headers: dict[str, str] | None = None) -> TestResponse:
        return self.client.patch(path, json=body, headers=self._headers(headers))

    def send(self, path: str, form: dict[str, Any], *, headers: dict[str, str] | None = None) -> TestResponse:
        fields = MultiDict(
            (name, _field(each))
            for name, value in form.items()
            for each in (value if isinstance(value, list) else [value])
        )
        boundary, data = encode_multipart(fields)
        sent = f"multipart/form-data; boundary={boundary}"
        return self.client.post(path, data=data, content_type=sent, headers=self._headers(headers))

    def made(self, path: str, body: Any) -> dict[str, Any]:
        """Post, and insist that it worked."""
        response = self.post(path, body)
        assert response.status_code in {200, 201}, response.text
        answer: dict[str, Any] = response.get_json()
        return answer

    def _headers(self, more: dict[str, str] | None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", **(more or {})}


@dataclass
class House:
    """One registry: its application, its clock, and whoever was let in."""

    ctx: Context
    app: DescribedAPI
    clock: Clock
    client: FlaskClient = field(init=False)
    operator: Caller = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()
        account = accounts.create_first_operator(self.ctx, name="Trust office")
        issued = tokens.issue_token(
            self.ctx,
            accounts.operator_principal(account),
            account_id=account.id,
            name="test",
            scopes=None,
            ttl=timedelta(days=300),
        )
        self.operator = Caller(self.client, account.id, issued.text, account.organisation_id)

    def admit(self, role: str, name: str, organisation: str | None = None) -> Caller:
        """Let somebody in: an account, and a token for it."""
        wanted = {"role": role, "name": name} | ({"organisation_name": organisation} if organisation else {})
        account = self.operator.made("/v1/accounts", wanted)
        body = {"account_id": account["id"], "name": "test", "expires_in_days": 300}
        token = self.operator.made("/v1/tokens", body)["token"]
        belongs = account["organisation"]
        return Caller(self.client, account["id"], token, belongs["id"] if belongs else None)

    def studio(self, name: str = "Northlight Games") -> Caller:
        return self.admit("studio_admin", f"{name}, administrator", name)

    def performer(self, name: str = "Marta Calder") -> tuple[Caller, str]:
        """Let a performer in, with an account of their own; answer them and the performer's id."""
        caller = self.admit("performer", name)
        body = {"name": name, "identity_assurance": "self_declared", "account_id": caller.account_id}
        return caller, self.operator.made("/v1/performers", body)["id"]

    def opened(self, caller: Caller) -> OpenedSession:
        """Let somebody sign in by a link that they ask for themselves."""
        url = caller.made(f"/v1/accounts/{caller.account_id}/sign-in-links", None)["url"]
        return sign_in_links.use_link(self.ctx, url.partition("?t=")[2])

    def explain(self, performer_id: str, topic: str = "monitoring", **changes: Any) -> dict[str, Any]:
        """Write down that a topic was explained to a performer, elsewhere, and understood."""
        text = shipped_texts()[f"{topic}.en.v1"]
        body = {
            "text_id": text.id,
            "modality": "voice",
            "explained_by": "Jo Arden",
            "channel": "video_call",
            "duration_s": 600,
            "answers": [question.right for question in text.questions],
            "copy_delivered_at": self.clock.now.isoformat(),
            "copy_method": "email",
        }
        return self.operator.made(f"/v1/performers/{performer_id}/explanations/import", body | changes)

    def signature(
        self, performer_id: str, purpose: str = "monitoring", modality: str = "voice", **changes: Any
    ) -> dict[str, Any]:
        """Explain all that a purpose needs, and answer what a performer sends to sign a yes to it.

        A yes to licensing allows every use, unless told otherwise.
        """
        wanted = {use.value: "allow" for use in UsePurpose} if purpose == "licensing" else {}
        choices = changes.pop("choices", wanted if changes.get("decision") != "refused" else {})
        topics = required_topics(
            ConsentPurpose(purpose),
            LicensingChoices.of({UsePurpose(use): Disposition(said) for use, said in choices.items()}),
        )
        return {
            "purpose": purpose,
            "modality": modality,
            "decision": "given",
            "explanation_ids": [self.explain(performer_id, each, modality=modality)["id"] for each in sorted(topics)],
            "choices": choices,
            "signed_by": "Marta Calder",
            "signature_method": "electronic",
        } | changes

    def consent(self, caller: Caller, performer_id: str, purpose: str = "monitoring", **changes: Any) -> dict[str, Any]:
        """Explain all that a purpose needs to a performer, and let them sign."""
        body = self.signature(performer_id, purpose, **changes)
        return caller.made(f"/v1/performers/{performer_id}/consents", body)

    def licence(self, studio: Caller, performer_id: str, **terms: Any) -> dict[str, Any]:
        """Let a studio draft a licence."""
        body = {
            "performer_id": performer_id,
            "title": "Spring campaign",
            "intended_use": "One radio spot.",
            "terms": TERMS | terms,
        }
        return studio.made("/v1/licences", body)

    def rows(self) -> dict[str, int]:
        """Count the rows of every table but those that every request may touch."""
        quiet = {"tokens", "idempotent_answers"}
        with self.ctx.database.read() as session:
            return {
                name: session.scalar(select(func.count()).select_from(table)) or 0
                for name, table in models.metadata.tables.items()
                if name not in quiet
            }

    def spooled(self) -> list[str]:
        return sorted(self.ctx.spool.keys())


@dataclass(frozen=True)
class Sound:
    """A file to send, as often as wanted."""

    data: bytes
    name: str = "sound.wav"


def recording(name: str) -> Sound:
    """An example recording."""
    path = VOICES / name
    return Sound(path.read_bytes(), path.name)


def _field(value: Any) -> Any:
    return FileStorage(io.BytesIO(value.data), value.name) if isinstance(value, Sound) else value


def assert_problem(response: TestResponse, status: int, code: str, **figures: Any) -> dict[str, Any]:
    """Insist on a problem, its whole shape, and some of its figures."""
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    body: dict[str, Any] = response.get_json()
    assert body["code"] == code, body
    assert body["type"] == f"urn:likeness-registry:problem:{code}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["instance"] == response.request.path
    assert body["request_id"] == response.headers["X-Request-Id"]
    for name, value in figures.items():
        assert body[name] == value, body
    return body


# --- building one ----------------------------------------------------------------------------------------------------


@dataclass
class SlowParts:
    """What takes long to make and keeps nothing of a test."""

    decoder: Decoder
    detector: SpeechDetector
    keys: FileKeyring


NOBODY_IS_ASKED = ProviderHttp(frozenset())
SIGN_IN = SignInRules(origin=Origin("https", "registry.example", 443))


def build_house(
    database: Database,
    slow_parts: SlowParts,
    clock: Clock,
    random_bytes: RandomBytes,
    folder: Path,
    *,
    provider: Provider | None = None,
) -> House:
    ctx = Context(
        database=database,
        clock=clock,
        ids=IdFactory(random_bytes),
        random_bytes=random_bytes,
        keys=slow_parts.keys,
        vault=VoiceprintVault(slow_parts.keys, random_bytes),
        spool=BlobStore(str(folder / "spool")),
        decoder=slow_parts.decoder,
        detector=slow_parts.detector,
        thresholds=Thresholds(withdrawal_confirmation_s=0.1),
        controller=CONTROLLER,
        scan_places=ScanPlaces(folder / "scans", {}),
        sign_in=SIGN_IN,
        provider=provider or Provider(Client("https://login.example", "likeness", None), NOBODY_IS_ASKED, clock),
    )
    app = create_app(ctx, settings=ApiSettings(max_body_bytes=4 * 2**20, max_json_bytes=2**16, max_wait_s=5.0))
    return House(ctx, app, clock)


def second_operator(house: House) -> Caller:
    """Let another operator in, who gets their token on the registry's own machine."""
    wanted = {"role": "operator", "name": "Second desk", "organisation_id": house.operator.organisation_id}
    account = house.operator.made("/v1/accounts", wanted)
    with house.ctx.database.read() as session:
        own = accounts.operator_principal(session.get_one(Account, account["id"]))
    issued = tokens.issue_token(
        house.ctx, own, account_id=own.account_id, name="test", scopes=None, ttl=timedelta(days=300)
    )
    return Caller(house.client, own.account_id, issued.text, own.organisation_id)


def seeded_bytes() -> RandomBytes:
    """Answer randomness that is the same in every run."""
    return random.Random(2026).randbytes  # noqa: S311  (for tests)
