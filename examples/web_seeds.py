"""What is in the registry that `make web` serves: people with something to do, and what they did before.

All of it is asked of the registry over HTTP, as its users would ask; nothing is written around its services. Recordings
are sent first, and papers are done while workers listen to them.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from demo import CHOICES, TOLD, VOICES, Party, explain, new_studio, party, sign, submissions, token_for
from server import Server
from web_reported import TOLD as OWN_TEXT
from web_reported import own_text
from web_voices import crowd

AT_ONCE = {"Prefer": "wait=0"}
WITHIN_S = 600.0
EVERY_S = 0.25
LONG_NAME = "محمد <b>Ωmega & Söhne</b> 🎙️ " + "유한책임회사 ".strip() * 6
"""A name that a page has to bear: from right to left, with marks of HTML in it, and long."""

_MANDATE = "0" * 64
"""Digest of a mandate that nobody has signed: this is a registry to look at."""

_MANDATED = (
    "performers:read",
    "consents:write",
    "findings:read",
    "licences:read",
    "licences:write",
    "ledger:read",
    "clearances:read",
    "clearances:write",
    "cases:read",
)
_NEEDS_NOBODYS_LEAVE = ("news", "documentary", "commentary", "fleeting", "advertisement")


@dataclass
class Seeded:
    """What was seeded.

    Attributes:
        people: accounts by what they are there for, in the order in which they are shown.
        things: ids by what they are there for.
        parties: those who were seeded with, to be closed.
    """

    people: dict[str, str] = field(default_factory=dict)
    things: dict[str, str] = field(default_factory=dict)
    parties: list[Party] = field(default_factory=list)


def seed(server: Server, operator: Party, auditor_id: str) -> Seeded:
    """Put people and what they did into a fresh registry.

    Args:
        server: where it is.
        operator: who runs it.
        auditor_id: of an auditor's account, whose organisation may scan the root ``examples``.
    """
    seeded = Seeded()
    studio = new_studio(server, operator, "Northlight Pictures")
    harbour = new_studio(server, operator, LONG_NAME)
    auditor = party(server, "Auditor", auditor_id, token_for(operator, auditor_id))
    operator.post("/v1/explanation-texts", own_text())
    with ThreadPoolExecutor(3) as pool:
        voices = (("Ada Lind", "slt"), ("Rafael Moss", "rms"), ("Angus Weir", "awb"))
        ada, rafael, angus = pool.map(lambda each: _performer(server, operator, *each), voices)
    seeded.parties += [studio, harbour, auditor, ada, rafael, angus]
    _people(seeded, operator, studio, (ada, rafael), auditor)
    _licences(seeded, studio, ada, rafael)
    _approach(harbour, ada)
    _await("the performers' voices", lambda: all(_enrolled(each) for each in (ada, rafael, angus)))
    checks = _checks(seeded, studio, harbour)
    _scans(seeded, auditor)
    _spoken(seeded, ada)
    _paid(seeded, studio, ada)
    _cleared(seeded, studio, ada, rafael)
    _attested(seeded, studio)
    _proposal(seeded, operator)
    _told(seeded, studio)
    _await("the checks", lambda: all(_settled(each) for each in checks))
    _disputed(seeded, operator, harbour, ada, angus)
    _noticed(seeded, operator, studio, ada)
    _found(seeded, operator, studio)
    return seeded


def _await(what: str, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not done():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what} did not come within {WITHIN_S:.0f} s")
        time.sleep(EVERY_S)


def _get(somebody: Party, path: str) -> dict[str, Any]:
    answer = somebody.http.get(path)
    if answer.is_error:
        raise SystemExit(f"{somebody.name}: GET {path} → {answer.status_code} {answer.text}")
    found: dict[str, Any] = answer.json()
    return found


# --- people ----------------------------------------------------------------------------------------------------------


def _performer(server: Server, operator: Party, name: str, voice: str) -> Party:
    """Let a performer register, be told, sign, and send recordings of their voice; workers listen meanwhile."""
    account = operator.post("/v1/accounts", {"role": "performer", "name": name})
    alone = party(server, name, account["id"], token_for(operator, account["id"]))
    performer_id = str(alone.post("/v1/performers", {"name": name, "identity_assurance": "self_declared"})["id"])
    person = Party(name, alone.account_id, alone.http, performer_id=performer_id)
    own = {"monitoring": OWN_TEXT}
    told = {topic: explain(operator, person, topic, answers, own.get(topic)) for topic, answers in TOLD.items()}
    sign(person, "monitoring", [told["monitoring"], told["withdrawal"]])
    sign(
        person,
        "licensing",
        [id_ for topic, id_ in told.items() if topic != "monitoring"],
        CHOICES | {"character": "ask"},
    )
    takes = sorted((VOICES / "enrolment").glob(f"{voice}-*.flac"))
    parts = [("recordings", (path.name, path.read_bytes(), "audio/flac")) for path in takes]
    person.post(f"/v1/performers/{performer_id}/enrolments", files=parts, data={"modality": "voice"}, headers=AT_ONCE)
    return person


def _enrolled(person: Party) -> bool:
    (enrolment,) = _get(person, f"/v1/performers/{person.performer_id}/enrolments")["items"]
    if enrolment["state"] in {"refused", "failed"}:
        raise SystemExit(f"{person.name} was not enrolled: {enrolment['problem']}")
    return bool(enrolment["state"] == "active")


def _people(seeded: Seeded, operator: Party, studio: Party, performers: Sequence[Party], auditor: Party) -> None:
    ada, rafael = performers
    fresh = operator.post("/v1/accounts", {"role": "performer", "name": "서민아"})
    agent = str(operator.post("/v1/accounts", {"role": "representative", "name": "Jo Arden, agent"})["id"])
    member = {"role": "studio_member", "name": "Kit Vale, sound", "organisation_id": studio.organisation_id}
    for performer in (ada, rafael):
        _mandate(operator, performer, agent)
    for name in ("Mixing desk", "Release pipeline"):
        studio.post("/v1/tokens", {"name": name, "expires_in_days": 90})
    seeded.people |= {
        "performer, found in recordings": ada.account_id,
        "performer, second": rafael.account_id,
        "performer, new": str(fresh["id"]),
        "representative of the first": agent,
        "studio": studio.account_id,
        "studio, member": str(operator.post("/v1/accounts", member)["id"]),
        "auditor": auditor.account_id,
        "operator": operator.account_id,
    }
    seeded.things |= {
        "performer": str(ada.performer_id),
        "performer_id": str(ada.performer_id),
        "account_id": ada.account_id,
        "second_performer": str(rafael.performer_id),
        "studio_id": str(studio.organisation_id),
    }


def _mandate(operator: Party, performer: Party, account: str) -> None:
    """Let somebody act for a performer, for a year."""
    until = datetime.now(tz=UTC) + timedelta(days=365)
    body = {"account_id": account, "kind": "agent", "scopes": list(_MANDATED), "evidence_sha256": _MANDATE}
    operator.post(f"/v1/performers/{performer.performer_id}/representatives", body | {"expires_at": until.isoformat()})


# --- licences, approvals, pay ----------------------------------------------------------------------------------------


def _terms(**changed: object) -> dict[str, object]:
    """Answer terms that nothing stands against, for a year, with something changed."""
    today = datetime.now(tz=UTC).date()
    return {
        "purposes": ["voice_clone", "advertising", "narration"],
        "media": ["radio", "online"],
        "territories": ["GB"],
        "languages": ["en"],
        "projects": ["Spring campaign"],
        "starts_on": (today - timedelta(days=7)).isoformat(),
        "ends_on": (today + timedelta(days=365)).isoformat(),
        "exclusivity": "non_exclusive",
        "pay": {"basis": "flat", "amount_minor": 450_000, "currency": "GBP"},
        "disclosure": {"markings": ["c2pa", "watermark"], "labels": [{"language": "en", "text": "AI voice"}]},
        "circumstances": {
            "clear_and_conspicuous": True,
            "separately_signed": True,
            "raw_audio_retention_days": 0,
        },
    } | changed


def _draft(studio: Party, performer: Party, title: str, **changed: object) -> str:
    intended = "Spots for the campaign, with a synthetic copy of the voice; nothing else, and nobody else's words."
    body = {"performer_id": performer.performer_id, "title": title, "intended_use": intended}
    return str(studio.post("/v1/licences", body | {"terms": _terms(**changed)})["id"])


def _offered(studio: Party, performer: Party, title: str, **changed: object) -> str:
    licence = _draft(studio, performer, title, **changed)
    studio.post(f"/v1/licences/{licence}/offer")
    studio.post(f"/v1/licences/{licence}/sign", {})
    return licence


def _agreed(studio: Party, performer: Party, title: str, **changed: object) -> str:
    licence = _offered(studio, performer, title, **changed)
    performer.post(f"/v1/licences/{licence}/sign", {})
    return licence


def _licences(seeded: Seeded, studio: Party, ada: Party, rafael: Party) -> None:
    """Licences in every state that a page shows apart, and what was asked under one of them."""
    per_line = {"basis": "per_line", "amount_minor": 250, "currency": "GBP"}
    floor = {"purposes": ["advertising"], "floor_minor": 40_000, "currency": "GBP"}
    licence = _agreed(studio, ada, "Spring campaign")
    by_line = _agreed(
        studio, ada, "Harbour Lights", projects=["Harbour Lights"], pay=per_line, approval=floor, media=["radio"]
    )
    suspended = _agreed(studio, ada, "Winter stories", projects=["Winter stories"])
    studio.post(f"/v1/licences/{suspended}/suspend", {"reason": "the episode is being looked at", "cause": "dispute"})
    ended = _agreed(studio, ada, "Autumn spots", projects=["Autumn spots"])
    ada.post(f"/v1/licences/{ended}/revoke")
    studio.post(f"/v1/licences/{licence}/amend", {"terms": _terms(media=["radio", "online", "podcast"])})
    studio.post(f"/v1/licences/{licence}/offer")
    seeded.things |= {
        "licence": licence,
        "licence_id": licence,
        "paid_licence_id": by_line,
        "suspended_licence_id": suspended,
        "ended_licence_id": ended,
        "offered_licence_id": _offered(studio, ada, "Summer radio", projects=["Summer radio"]),
        "second_offered_licence_id": _offered(studio, rafael, "Night stories", media=["audiobook"], projects=None),
        "drafted_licence_id": _draft(
            studio, ada, "Everything, forever", projects=None, territories=["WORLD"], disclosure={}, circumstances={}
        ),
    }
    _approvals(seeded, studio, ada)


def _use(**changed: object) -> dict[str, object]:
    said: dict[str, object] = {
        "kind": "generated",
        "purpose": "advertising",
        "project": "Harbour Lights",
        "medium": "radio",
        "territory": "GB",
        "language": "en",
        "ai_disclosed": True,
    }
    return said | changed


def _approvals(seeded: Seeded, studio: Party, ada: Party) -> None:
    asked = [_approval(studio, ada, line) for line in ("The tide does not wait for you.", "Buy before midnight.")]
    ada.post(f"/v1/approvals/{asked[1]}/refuse", {"reason": "I do not hurry people."})
    seeded.things |= {"approval_id": asked[0], "refused_approval_id": asked[1]}


def _approval(studio: Party, performer: Party, line: str) -> str:
    use = _use(copy_sha256=hashlib.sha256(line.encode("utf-8")).hexdigest())
    body = {"performer_id": performer.performer_id, "use": use, "copy_text": line, "fee_minor": 45_000}
    return str(studio.post("/v1/approvals", body | {"currency": "GBP", "note": "The second spot."})["id"])


def _approach(studio: Party, performer: Party) -> None:
    """Let a performer write down that this studio asked, and was declined."""
    said = {
        "studio_id": studio.organisation_id,
        "asked_on": datetime.now(tz=UTC).date().isoformat(),
        "purposes": ["assistant", "voice_clone"],
        "scope": "My voice for a talking assistant, without end.",
        "outcome": "declined",
    }
    performer.post(f"/v1/performers/{performer.performer_id}/approaches", said)


def _paid(seeded: Seeded, studio: Party, ada: Party) -> None:
    """Use that was reported, and payments: one that arrived, one that did not, one that waits to be answered."""
    yesterday = (datetime.now(tz=UTC) - timedelta(days=1)).date().isoformat()
    licence = {"licence_id": seeded.things["paid_licence_id"]}
    item = licence | {"unit": "line", "medium": "radio", "quantity": "120", "project": "Harbour Lights"}
    report = studio.post("/v1/usage-reports", {"starts_on": yesterday, "ends_on": yesterday, "items": [item]})
    paid = [
        str(
            studio.post(
                "/v1/payments",
                licence
                | {"amount_minor": amount, "currency": "GBP"}
                | {"paid_on": yesterday, "reference": f"INV-{number}"},
            )["id"]
        )
        for number, amount in enumerate((10_000, 12_500, 7_500), 1)
    ]
    ada.post(f"/v1/payments/{paid[0]}/confirm", {})
    ada.post(f"/v1/payments/{paid[1]}/dispute", {"reason": "Nothing has arrived on my account."})
    seeded.things |= {"report_id": str(report["id"]), "payment_id": paid[2]}


def _spoken(seeded: Seeded, ada: Party) -> None:
    """A yes that is about to be said aloud: the words are there, and the number holds for ten minutes."""
    path = f"/v1/performers/{ada.performer_id}/consents"
    consent = str(_get(ada, path)["items"][-1]["id"])
    begun = ada.post(f"{path}/{consent}/spoken-statements", {"language": "en"})
    seeded.things |= {"consent_id": consent, "statement_id": str(begun["id"])}


# --- clearances, sources, webhooks -----------------------------------------------------------------------------------


def _cleared(seeded: Seeded, studio: Party, ada: Party, rafael: Party) -> None:
    """Ask before use: what is covered, what is not, and what the performer wants to be asked."""
    wanted = {
        "clearance_id": (ada, _use(project="Spring campaign", medium="online")),
        "refused_clearance_id": (ada, _use(project="Spring campaign", medium="television")),
        "ask_clearance_id": (ada, _use()),
        "unknown_clearance_id": (rafael, _use()),
    }
    for name, (performer, use) in wanted.items():
        answered = studio.post("/v1/clearances", {"performer_id": performer.performer_id, "use": use})
        seeded.things[name] = str(answered["id"])


def _attested(seeded: Seeded, studio: Party) -> None:
    today = datetime.now(tz=UTC).date().isoformat()
    said = {
        "product": "Harbour assistant, voice 2",
        "made_on": today,
        "recordings": [{"sha256": "a" * 64, "recorded_on": today}],
        "casting_sha256": ["b" * 64],
        "direction_sha256": "c" * 64,
        "mentions": [],
        "source": {"sealed": {"name": "Rosa Keel", "contact": "through her agent"}},
    }
    seeded.things["attestation_id"] = str(studio.post("/v1/attestations", said)["id"])


def _proposal(seeded: Seeded, operator: Party) -> None:
    """Something that takes two people, and waits for the second."""
    change = {"kind": "engine_change", "target_fpir": 0.005, "replaces": 0}
    asked = operator.post("/v1/proposals", {"proposal": change, "reason": "Fewer people taken for somebody else."})
    seeded.things["proposal_id"] = str(asked["id"])
    figure = {"is_public_figure": True, "reason": "Heard every week in a programme that many people follow."}
    operator.post(f"/v1/performers/{seeded.things['performer_id']}/public-figure", figure)
    strike = {"scope": "agreement", "name": "Interactive agreement", "note": "since midnight"}
    seeded.things["strike_id"] = str(operator.post("/v1/strikes", strike)["strike"]["id"])


def _told(seeded: Seeded, studio: Party) -> None:
    """Two webhooks: messages to one arrive, and the other's receiver says that it is gone."""
    with _receivers() as (there, gone):
        hooks = [
            str(studio.post("/v1/webhooks", {"name": name, "url": url, "events": None})["id"])
            for name, url in (("Release pipeline", there), ("Old pipeline", gone))
        ]
        for hook in hooks:
            studio.post(f"/v1/webhooks/{hook}/test")
        _await("the messages", lambda: all(_message(studio, hook) != "waiting" for hook in hooks))
    seeded.things |= {"webhook_id": hooks[0], "gone_webhook_id": hooks[1]}


def _message(studio: Party, hook: str) -> str:
    return str(_get(studio, f"/v1/webhooks/{hook}/messages")["items"][-1]["state"])


class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(HTTPStatus.GONE if self.path == "/gone" else HTTPStatus.NO_CONTENT)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing of each message."""


@contextmanager
def _receivers() -> Iterator[tuple[str, str]]:
    """Listen for messages on this machine, and answer two addresses: one that takes them, and one that is gone."""
    server = HTTPServer(("127.0.0.1", 0), _Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/taken", f"http://127.0.0.1:{server.server_port}/gone"
    finally:
        server.shutdown()
        server.server_close()


# --- recordings ------------------------------------------------------------------------------------------------------


def _checks(seeded: Seeded, studio: Party, harbour: Party) -> Sequence[tuple[Party, str]]:
    """Send recordings in, all at once: licensed, out of scope, of a licence that rests, a stranger, noise."""
    of_six = [(each.file, each.studio, each.use) for each in submissions(studio, harbour, seeded.things["licence"])]
    rests = _use(
        project="Winter stories", ai_disclosed="true", claimed_licence_ids=seeded.things["suspended_licence_id"]
    )
    more = [("submissions/slt-game.flac", studio, rests), ("problems/noisy.flac", studio, _use(ai_disclosed="true"))]
    sent = [(f"submissions/{file}", by, use) for file, by, use in of_six] + more
    made = [(by, str(_sent(by, file, use)["id"])) for file, by, use in sent]
    which = ("", "out_of_scope_", "unlicensed_", "dialogue_", "other_studio_", "stranger_", "suspended_", "noisy_")
    seeded.things |= {f"{each}check_id": check for each, (_, check) in zip(which, made, strict=True)}
    return made


def _sent(studio: Party, file: str, use: Mapping[str, object]) -> dict[str, Any]:
    path = VOICES / file
    files = {"file": (path.name, path.read_bytes(), "audio/flac")}
    return studio.post("/v1/checks", files=files, data=dict(use), headers=AT_ONCE)


def _settled(check: tuple[Party, str]) -> bool:
    studio, check_id = check
    return bool(_get(studio, f"/v1/checks/{check_id}")["state"] in {"done", "refused", "failed"})


def _scans(seeded: Seeded, auditor: Party) -> None:
    """Two scans of one folder, to be compared; the second goes on while people look."""
    for name, limit in (("earlier_scan", "2"), ("scan", "6")):
        asked = {"root": "examples", "path": "submissions", "limit": limit}
        made = auditor.post("/v1/scans", files={name: (None, value) for name, value in asked.items()})
        seeded.things |= {name: str(made["id"]), f"{name}_id": str(made["id"])}


def _found(seeded: Seeded, operator: Party, studio: Party) -> None:
    waiting = _get(operator, "/v1/review-queue")["items"]
    seeded.things["waiting_finding_id"] = str(
        waiting[0]["finding"]["id"] if "finding" in waiting[0] else waiting[0]["id"]
    )
    seeded.things["finding_id"] = str(_get(studio, f"/v1/checks/{seeded.things['check_id']}")["findings"][0]["id"])


# --- cases -----------------------------------------------------------------------------------------------------------


def _disputed(seeded: Seeded, operator: Party, studio: Party, ada: Party, angus: Party) -> None:
    """A case with papers of both sides and a comparison, and one in which papers are being filed."""
    case = _case(studio, ada, "Harbour assistant, voice 2")
    path = f"/v1/cases/{case}"
    _step(operator, path, "take_up")
    said = {"title": "How it came about", "text": "I was asked in September and declined. In May it was there."}
    mine = ada.post(f"{path}/statements", said)
    studio.post(f"{path}/statements", {"title": "How the voice was made", "text": "We hired another actor in May."})
    _document(ada, path, "A spot of the assistant", "submissions/slt-game.flac", kind="recording", voice="questioned")
    _document(
        studio, path, "Takes of our actor", "enrolment/rms-1.flac", kind="recording", voice="source", under_seal="true"
    )
    archive = operator.post(
        f"{path}/documents",
        files={"file": ("others.zip", crowd(), "application/zip")},
        data={"kind": "technical", "title": "Others who speak English"},
    )
    _step(operator, path, "analyse")
    wanted = {"reason": "Both sides have filed.", "without_source": True}
    wanted["cohort"] = {"paper_id": archive["id"], "criteria": "English, made by a program"}
    analysis = str(operator.post(f"{path}/analyses", wanted)["id"])
    _await("the comparison", lambda: _get(operator, f"{path}/analyses/{analysis}")["state"] in {"done", "failed"})
    second = _case(studio, angus, "Night stories")
    _step(operator, f"/v1/cases/{second}", "take_up")
    seeded.things |= {
        "case_id": case,
        "analysis_id": analysis,
        "paper_id": str(mine["id"]),
        "evidence_case_id": second,
    }


def _case(studio: Party, performer: Party, product: str) -> str:
    claim = "I was asked for this voice in September and declined. In May it was there, and people took it for mine."
    body = {"performer_id": performer.performer_id, "studio_id": studio.organisation_id, "product": product}
    return str(performer.post("/v1/cases", body | {"claim": claim})["id"])


def _step(operator: Party, path: str, step: str) -> None:
    operator.post(f"{path}/steps", {"step": step, "reason": "It is time."})


def _document(side: Party, path: str, title: str, file: str, **said: str) -> str:
    sent = VOICES / file
    files = {"file": (sent.name, sent.read_bytes(), "audio/flac")}
    return str(side.post(f"{path}/documents", files=files, data={"title": title, **said})["id"])


def _noticed(seeded: Seeded, operator: Party, studio: Party, ada: Party) -> None:
    """A case that documents have decided, with one notice that waits to be read, and one that is being written."""
    case = _case(studio, ada, "Night stories, the app")
    path = f"/v1/cases/{case}"
    _step(operator, path, "take_up")
    for side in (ada, studio):
        side.post(f"{path}/statements", {"title": "Ours", "text": "The contract of May names whose voice it is."})
    _step(operator, path, "analyse")
    proposed = {"conclusion": "supports_p", "grounds": "Both sides name the performer.", "rests_on": "documents"}
    operator.post(f"{path}/proposals", proposed | {"would_change": "Takes of somebody else."})
    written = {
        "pack_id": "us_no_fakes_2025",
        "elements": [
            {"key": "signature", "text": "Ada Lind"},
            {"key": "contact", "text": "through her agent"},
            {"key": "links", "text": "There are none."},
        ],
        "affirmed": ["good_faith", "authority"],
        "considered": [
            {"exclusion": name, "applies": False, "reason": "It is an app that reads aloud."}
            for name in _NEEDS_NOBODYS_LEAVE
        ],
        "materials": [{"what": "The app", "location": "https://northlight.example/app"}],
    }
    complete = str(ada.post(f"{path}/notices", written)["id"])
    ada.post(f"/v1/notices/{complete}/complete", {"reason": "It is all there."})
    draft = str(ada.post(f"{path}/notices", {"pack_id": "eu_dsa_16"})["id"])
    seeded.things |= {"proposed_case_id": case, "complete_notice_id": complete, "notice_id": draft}
