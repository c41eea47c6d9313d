"""Everybody there can be, asking at every address about what is theirs, what is another's, and what is nobody's."""

from __future__ import annotations

import io
import json
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from bench import assess, evidence, heard
from crowded import Crowded, register_key
from house import USE, Caller, Sound, recording
from issued import issued
from werkzeug.test import TestResponse

from api.openapi import DOCUMENT
from registry.domain.accounts import PERMISSIONS, Role, Scope
from registry.domain.scores import EvidenceOutcome
from registry.store.licences import Licence
from registry.vault.tokens import csrf_token

OPERATIONS: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": operation
    for path, item in json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"].items()
    for method, operation in item.items()
}
"""Every operation of the description, by method and address."""

QUERIES = {
    "GET /v1/performers/{performer_id}/pay-statement": "starts_on=2026-01-01&ends_on=2026-12-31",
    "GET /v1/studios/{studio_id}/pay-statement": "starts_on=2026-01-01&ends_on=2026-12-31",
    "GET /v1/journal/proofs/inclusion": "seq=3",
    "GET /v1/journal/proofs/consistency": "first={size}",
    "GET /v1/misuse-figures": "side=complainant",
    "GET /v1/tokens": "account_id={account_id}",
    "GET /v1/sessions": "account_id={account_id}",
    "GET /v1/identities": "account_id={account_id}",
    "GET /v1/webhooks": "organisation_id={studio_id}",
    "GET /v1/ledger-entries": "licence_id={licence_id}",
    "GET /v1/findings": "scan_id={scan_id}",
    "GET /v1/scan-estimate": "root=media&organisation_id={studio_id}",
    "GET /v1/scans/{scan_id}/differences": "earlier={earlier_scan}",
}
"""What is asked in addition."""

FILE_FIELDS = {
    "/documents": "file",
    "/stay-down": "file",
    "/enrolments": "sentence-1",
    "/checks/new": "file",
    "/scans/file": "report",
    "/sample": "marks",
    "/rows": "rows",
    "/recording": "file",
    "/sound": "file",
}
"""The field of a page's form that takes files, by the end of its address."""

JUNK = Sound(b"no recording", "junk")
"""Sent as a file: who may not send one is told so before anybody looks at it."""

BODIES: dict[str, dict[str, Any]] = {
    "POST /v1/performers": {"name": "Ada Brook", "identity_assurance": "self_declared"},
    "PATCH /v1/performers/{performer_id}": {"name": "Marta Calder Ray"},
    "POST /v1/tokens": {"name": "render farm", "account_id": ""},
    "POST /v1/scans": {"report": JUNK, "findings": JUNK},
    "POST /v1/scans/{scan_id}/marks": {"marks": JUNK},
    "POST /v1/cases": {
        "performer_id": "",
        "studio_id": "",
        "product": "Another voice",
        "claim": "It is mine.",
    },
    "POST /v1/cases/{case_id}/documents": {"kind": "contract", "title": "Contract", "file": JUNK},
}
"""What is sent in place of the example, so that more roles may, or more ids are named; the ids are put in."""

_ID = re.compile(r"[a-z]{2,4}_[0-9a-hjkmnp-tv-z]{26}")


@dataclass(frozen=True)
class Told:
    """What somebody was answered, without what differs from one request to the next."""

    status: int
    body: Any

    @property
    def code(self) -> str:
        """The code of the problem, or nothing."""
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""


@dataclass
class Seated(Caller):
    """Somebody with a session in place of a token; ``token`` is its text."""

    def _headers(self, more: dict[str, str] | None) -> dict[str, str]:
        own = {"Cookie": f"__Host-likeness-session={self.token}", "X-CSRF-Token": csrf_token(self.token)}
        return own | (more or {})


@dataclass
class Town:
    """A registry in which each role is there twice: with things of its own, and as a stranger to all of these."""

    crowd: Crowded
    file: Path
    insiders: dict[Role, Caller] = field(init=False)
    strangers: dict[Role, Caller] = field(init=False)
    ids: dict[Role, dict[str, str]] = field(init=False)
    strangers_ids: dict[Role, dict[str, str]] = field(init=False)
    _told: dict[tuple[Any, ...], Told] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        house, crowd = self.crowd.house, self.crowd
        performer, performer_id = house.performer("Ines Duarte")
        studio, auditor = house.studio("Southgate Sound"), house.admit("auditor", "Another auditor", "Keen Ear")
        self.insiders = {
            Role.PERFORMER: crowd.performer,
            Role.REPRESENTATIVE: self._representative("Agent of two", crowd.performer_id, crowd.others[0]),
            Role.STUDIO_MEMBER: self._member(crowd.studio),
            Role.STUDIO_ADMIN: crowd.studio,
            Role.AUDITOR: house.admit("auditor", "Auditor", "Clear Ear"),
            Role.OPERATOR: house.operator,
        }
        self.strangers = {
            Role.PERFORMER: performer,
            Role.REPRESENTATIVE: self._representative("Agent of another", performer_id),
            Role.STUDIO_MEMBER: self._member(studio),
            Role.STUDIO_ADMIN: studio,
            Role.AUDITOR: auditor,
        }
        own = crowd.ids | self._webhook(crowd.studio)
        self.ids = {role: self._personal(caller, own) for role, caller in self.insiders.items()}
        self.ids[Role.STUDIO_ADMIN] |= {"misuse_strike_id": crowd.strike_of_the_studio}
        self.ids[Role.AUDITOR] |= self._audited(self.insiders[Role.AUDITOR])
        theirs = {"studio_id": str(studio.organisation_id), **self._webhook(studio)}
        self.strangers_ids = {
            Role.PERFORMER: {"performer_id": performer_id},
            Role.REPRESENTATIVE: {"performer_id": performer_id},
            Role.STUDIO_MEMBER: theirs,
            Role.STUDIO_ADMIN: theirs,
            Role.AUDITOR: {"studio_id": str(auditor.organisation_id), **self._webhook(auditor)},
        }
        for theirs in self.strangers_ids.values():
            theirs.pop("message_id", None)
        self.ids[Role.REPRESENTATIVE] |= {"representative_id": self._mandate(self.insiders[Role.REPRESENTATIVE])}
        self.second_operator = crowd.second_operator
        self._tokens: dict[tuple[str, frozenset[Scope]], Caller] = {}
        others = [(Role.PERFORMER, crowd.other_performer), (Role.OPERATOR, self.second_operator)]
        for role, caller in [*self.insiders.items(), *others]:
            for scope in PERMISSIONS[role]:
                self._narrowed(caller, frozenset({scope}))
                self._narrowed(caller, PERMISSIONS[role] - {scope})
        without_jar = house.app.test_client(use_cookies=False)  # it sends the cookie that it is told to
        self._seated = {
            caller.account_id: Seated(without_jar, caller.account_id, house.opened(caller).text)
            for caller in (
                *self.insiders.values(),
                *self.strangers.values(),
                crowd.other_performer,
                self.second_operator,
            )
        }
        self._spooled = {key: house.ctx.spool.get(key) for key in house.spooled()}
        self._saved = self.file.with_name("saved.sqlite3")
        _copy(self.file, self._saved)

    def insider(self, role: Role, operation: str) -> Caller:
        """Answer whose of that role the things are that an operation is about."""
        if role is Role.PERFORMER and re.search("/(approvals|findings)/{", operation):
            return self.crowd.other_performer
        if role is Role.OPERATOR and re.search("/(unsealings|proposals)/{[a-z_]+}/(approve|refuse)$", operation):
            return self.second_operator  # the first one has asked for it
        return self.insiders[role]

    def about(self, role: Role, route: str) -> dict[str, str]:
        """Answer the ids of what a page is about: an approval or a finding is of the other performer."""
        whose = {"performer_id": self.crowd.others[0]} if re.search("}/(approvals|findings)/{", route) else {}
        return self.ids[role] | whose

    def with_scopes(self, caller: Caller, scopes: frozenset[Scope]) -> Caller:
        """Answer somebody with a token that carries these scopes alone."""
        return self._tokens[caller.account_id, scopes]

    def _narrowed(self, caller: Caller, scopes: frozenset[Scope]) -> None:
        body = {"name": "narrow", "scopes": sorted(scope.value for scope in scopes)}
        token = caller.made("/v1/tokens", body)["token"]
        self._tokens[caller.account_id, scopes] = Caller(caller.client, caller.account_id, token)

    def seated(self, caller: Caller) -> Seated:
        """Answer somebody with a session."""
        return self._seated[caller.account_id]

    def _version(self, licence_id: str | None) -> int:
        """Answer the version of a licence that a page would show; 1 where there is none."""
        with self.crowd.house.ctx.database.read() as session:
            found = session.get(Licence, licence_id) if licence_id else None
            return found.version if found else 1

    def restore(self) -> None:
        """Make everything as it was when everybody had come."""
        _copy(self._saved, self.file)
        house = self.crowd.house
        for key in self._spooled.keys() - set(house.spooled()):
            house.ctx.spool.put(key, self._spooled[key])

    def _representative(self, name: str, *performer_ids: str) -> Caller:
        """Appoint somebody for performers, for everything."""
        caller = self.crowd.house.admit("representative", name)
        everything = sorted(scope.value for scope in PERMISSIONS[Role.REPRESENTATIVE])
        body = {"account_id": caller.account_id, "kind": "agent", "scopes": everything}
        body |= {"expires_at": "2030-01-01T00:00:00Z", "evidence_sha256": "e" * 64}
        for performer_id in performer_ids:
            self.crowd.house.operator.made(f"/v1/performers/{performer_id}/representatives", body)
        return caller

    def _mandate(self, agent: Caller) -> str:
        path = f"/v1/performers/{self.crowd.performer_id}/representatives"
        mandates = self.crowd.house.operator.get(path).get_json()["items"]
        return next(str(each["id"]) for each in mandates if each["account_id"] == agent.account_id)

    def _member(self, studio: Caller) -> Caller:
        account = studio.made("/v1/accounts", {"role": "studio_member", "name": "Member"})
        token = studio.made("/v1/tokens", {"account_id": account["id"], "name": "test"})["token"]
        return Caller(studio.client, account["id"], token, studio.organisation_id)

    def _webhook(self, caller: Caller) -> dict[str, str]:
        """Register a webhook, and send a message to it."""
        hook = {"name": "pipeline", "url": "https://hooks.northlight.example/likeness"}
        webhook_id = str(caller.made("/v1/webhooks", hook)["id"])
        message = caller.post(f"/v1/webhooks/{webhook_id}/test")
        assert message.status_code == 202, message.text
        return {"webhook_id": webhook_id, "message_id": str(message.get_json()["id"])}

    def _personal(self, caller: Caller, ids: Mapping[str, str]) -> dict[str, str]:
        """Give an account a token, a session, an identity and a key of its own; answer these with all other ids."""
        house, subject = self.crowd.house, {"subject": f"walk {caller.account_id}"}
        identity = house.operator.made(f"/v1/accounts/{caller.account_id}/identities", subject)
        return {
            **ids,
            "account_id": caller.account_id,
            "token_id": str(caller.made("/v1/tokens", {"name": "spare", "scopes": ["tokens:write"]})["id"]),
            "session_id": house.opened(caller).session.id,
            "identity_id": str(identity["id"]),
            "key_id": register_key(caller),
        }

    def _audited(self, auditor: Caller) -> dict[str, str]:
        """Give an auditor a check with a finding, a scan, a gallery file and a webhook."""
        house = self.crowd.house
        self.crowd.open_root(auditor)
        sent = auditor.send(
            "/v1/checks", USE | {"file": recording("submissions/slt-advert.flac")}, headers={"Prefer": "wait=0"}
        )
        assert sent.status_code == 202, sent.text
        assess(house.ctx, evidence(heard(self.crowd.others[0]).candidates, EvidenceOutcome.MATCH))
        check_id = str(sent.get_json()["id"])
        (finding,) = auditor.get(f"/v1/checks/{check_id}").get_json()["findings"]
        self.crowd.share_sound(auditor, str(finding["id"]))
        return {
            "check_id": check_id,
            "finding_id": str(finding["id"]),
            "scan_id": self.crowd.scan_of(auditor),
            "earlier_scan": self.crowd.scan_of(auditor),
            "gallery_file_id": issued(house, auditor, self.crowd.performer_id, b"sealed")[0],
            "studio_id": str(auditor.organisation_id),
        } | self._webhook(auditor)

    # --- asking ------------------------------------------------------------------------------------------------------

    def ask(self, operation: str, caller: Caller, ids: Mapping[str, str], **headers: str) -> Told:
        """Ask for an operation about things, with headers where their names are given; what it changed is undone.

        So who asks for the same once more would be told the same, and is, without asking.
        """
        asked = (operation, caller.token, *sorted(ids.items()), *sorted(headers.items()))
        if asked not in self._told:
            self._told[asked] = self._ask(operation, caller, ids, headers)
        return self._told[asked]

    def _ask(self, operation: str, caller: Caller, ids: Mapping[str, str], headers: Mapping[str, str]) -> Told:
        response = self.sent(operation, caller, ids, {name.replace("_", "-"): value for name, value in headers.items()})
        if not operation.startswith("GET") and response.status_code < HTTPStatus.BAD_REQUEST:
            self.restore()
        text = response.get_data(as_text=response.is_json)
        response.close()
        for name, value in ids.items():
            if response.is_json and _ID.fullmatch(value):
                text = text.replace(value, f"<{name}>")
        body = json.loads(text) if response.is_json else text
        if isinstance(body, dict):
            body = {name: said for name, said in body.items() if name not in {"instance", "request_id"}}
        return Told(response.status_code, body)

    def opened(self, route: str, caller: Caller, ids: Mapping[str, str], query: str) -> tuple[int, str]:
        """Open a page in the browser of somebody who is signed in, or send its form; what it changed is undone.

        Returns:
            Status, and what the page says, without the number that names the request.
        """
        method, template = route.split(" ")
        path, seated = re.sub(r"{(\w+)}", lambda found: ids[found[1]], template), self.seated(caller)
        if method == "GET":
            response = seated.client.get(f"{path}?{query}", headers=seated._headers(None))
        else:
            form = {
                "csrf_token": csrf_token(seated.token),
                "form_key": "k" * 16,
                "signed_by": "x",
                "topic": "monitoring",
                "reason": "So it is.",
                "evidence_sha256": "e" * 64,
                "version": str(self._version(ids.get("licence_id")) if "/licences/{licence_id}" in template else 1),
            }
            form |= dict(parse_qsl(query))
            field = FILE_FIELDS.get(template.rpartition("}")[2])
            files = {field: (io.BytesIO(JUNK.data), JUNK.name)} if field else {}
            headers = seated._headers({"Sec-Fetch-Site": "same-origin"})
            response = seated.client.post(f"{path}?{query}", data=form | files, headers=headers)
            if response.status_code < HTTPStatus.BAD_REQUEST:
                self.restore()
        text = response.get_data(as_text=response.mimetype == "text/html")
        response.close()
        return response.status_code, str(text).partition("<main")[2].replace(response.headers["X-Request-Id"], "")

    def sent(
        self, operation: str, caller: Caller, ids: Mapping[str, str], headers: dict[str, str] | None = None
    ) -> TestResponse:
        """Ask for an operation about things, and answer as the client is answered."""
        method, template = operation.split(" ")
        path = re.sub(r"{(\w+)}", lambda found: ids[found[1]], template)
        if operation in QUERIES:
            path = f"{path}?{QUERIES[operation].format_map(ids)}"
        if method == "GET":
            return caller.get(path, headers=headers)
        sent = body_of(operation)
        if sent is None:
            return caller.post(path, headers=headers)
        body = _about(sent, ids)
        if any(isinstance(each, Sound) for each in [*body.values(), *body.get("recordings", [])]):
            return caller.send(path, body, headers=headers)
        change = caller.patch if method == "PATCH" else caller.post
        return change(path, body, headers=headers)


def body_of(operation: str) -> dict[str, Any] | None:
    """Answer what is sent to an operation: its example, with junk in place of files; None where it takes nothing."""
    described = OPERATIONS[operation].get("requestBody")
    if described is None or operation in BODIES:
        return BODIES.get(operation)
    ((media_type, media),) = described["content"].items()
    example: dict[str, Any] = dict(media["example"])
    if media_type == "multipart/form-data":
        example |= {"recordings": [JUNK]} if "recordings" in example else {"file": JUNK}
    return example


def nobodys(ids: Mapping[str, str]) -> dict[str, str]:
    """Answer ids of the same form, of things that there are not."""
    return {name: re.sub(r"_[0-9a-z]{26}$", f"_{'0' * 26}", value) for name, value in ids.items()} | {
        "text_id": "monitoring.en.none"
    }


def named_in(operation: str) -> set[str]:
    """Answer by which names an operation is told of things: in its address, its query and its body."""
    names = set(re.findall(r"{(\w+)}", operation + QUERIES.get(operation, "")))
    return names | set(re.findall(r"(\w+_id)s?': \[?'", str(body_of(operation) or "")))


def ids_in(told: Told) -> set[str]:
    """Answer every id in an answer."""
    return set(_ID.findall(json.dumps(told.body, default=str)))


def _about(example: Any, ids: Mapping[str, str], name: str = "") -> Any:
    """Put the ids of things in place of those of an example."""
    if isinstance(example, dict):
        return {key: _about(value, ids, key) for key, value in example.items()}
    if isinstance(example, list):
        return [_about(value, ids, name.removesuffix("s")) for value in example]
    return ids.get(name, example) if isinstance(example, str) else example


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as origin, closing(sqlite3.connect(target)) as copy:
        origin.backup(copy)
