"""The people of an act, at a registry of its own: who they are, what they were told, and what they agreed."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import demo
from casting import Person
from demo import Party
from server import Server, likeness

PAPERS = Path(__file__).resolve().parent / "papers"
PRODUCT = "Sky"
ASKED_ON = date(2025, 9, 11)
ASKED_AGAIN_ON = date(2026, 5, 11)
RECORDED_ON = date(2025, 7, 2)
MADE_ON = date(2025, 8, 20)
WHO_SHE_IS = "Iris Vale"
"""The source, whom nobody but the studio knows. No answer of the registry has this name; the script looks."""

_TOLD_SOURCE = {
    "monitoring": [2, 1, 3],
    "withdrawal": [1, 2, 3],
    "licensing_voice_clone": [2, 1, 3],
    "licensing_real_time": [3, 2, 1],
}
_MEDIA_TYPES = {".ogg": "audio/ogg", ".mp3": "audio/mpeg", ".flac": "audio/flac", ".wav": "audio/wav"}


@dataclass(frozen=True)
class Stage:
    """Everybody of an act.

    Attributes:
        server: the registry.
        operator, second: who run it; some things take both.
        performer: who says that it is her voice.
        studio: whose product it is.
        attestation_id: of the source, under seal, made before there was a dispute.
        licence_id: of the studio with the source.
    """

    server: Server
    operator: Party
    second: Party
    performer: Party
    studio: Party
    attestation_id: str
    licence_id: str


def got(party: Party, path: str) -> Any:
    """Ask for something, and answer it; a problem ends everything with its own words."""
    response = party.http.get(path)
    if response.is_error:
        problem = response.json()
        raise SystemExit(f"{party.name}: GET {path} → {response.status_code} {problem['code']}: {problem['detail']}")
    return response.json()


def refused(party: Party, path: str, body: object) -> Mapping[str, Any]:
    """Ask for something that is to be refused, and answer the problem."""
    response = party.http.post(path, json=body)
    if not response.is_error:
        raise SystemExit(f"{party.name}: POST {path} was to be refused, and was not")
    problem: Mapping[str, Any] = response.json()
    return problem


def paper(name: str) -> bytes:
    """Answer one of the documents of the story."""
    return (PAPERS / name).read_bytes()


def file_part(path: Path) -> tuple[str, bytes, str]:
    """Answer a recording as a part of a form."""
    return path.name, path.read_bytes(), _MEDIA_TYPES[path.suffix]


# --- setting the stage -----------------------------------------------------------------------------------------------


def set_stage(server: Server, home: Path, performer: Person, source: Person, direction: str) -> Stage:
    """Let everybody come in: operators, the studio with its source under seal, and the performer, who declined twice.

    Args:
        server: the registry.
        home: its folder, for what is done on its own machine.
        performer: whose recordings the performer enrols with.
        source: whom the studio declares.
        direction: the direction notes of the sessions, whose digest is attested.
    """
    operator = demo.party(server, "Operator", server.operator_id, server.operator_token)
    second = _second_operator(server, operator, home)
    studio = demo.new_studio(server, operator, "Northlight Assistants")
    attested = _attest(studio, source, direction)
    _let_source_agree(operator, attested["performer_id"])
    _enrol(operator, attested["performer_id"], source)
    licence_id = _license(studio, operator, attested["performer_id"])
    person = _performer(server, operator, performer)
    _decline_twice(person, studio)
    return Stage(server, operator, second, person, studio, attested["id"], licence_id)


def _second_operator(server: Server, operator: Party, home: Path) -> Party:
    """Let another operator in, whose token comes from the registry's own machine, as theirs have to."""
    own = got(operator, f"/v1/accounts/{operator.account_id}")["organisation"]["id"]
    account = operator.post("/v1/accounts", {"role": "operator", "name": "Second operator", "organisation_id": own})
    here = {**os.environ, "LIKENESS_HOME": str(home)}
    token = likeness(here, "token", "issue", account["id"], "--as", account["id"])
    return demo.party(server, "Second operator", account["id"], token)


def _performer(server: Server, operator: Party, person: Person) -> Party:
    """Let the performer register, be told what monitoring is, say yes to that and to nothing else, and enrol."""
    name = "Mara Lind"
    account = operator.post("/v1/accounts", {"role": "performer", "name": name})
    token = demo.token_for(operator, account["id"])
    alone = demo.party(server, name, account["id"], token)
    registered = alone.post("/v1/performers", {"name": name, "identity_assurance": "self_declared"})
    party = demo.party(server, name, account["id"], token, performer_id=registered["id"])
    told = {topic: demo.explain(operator, party, topic, demo.TOLD[topic]) for topic in ("monitoring", "withdrawal")}
    demo.sign(party, "monitoring", list(told.values()))
    _enrol(party, registered["id"], person)
    return party


def _decline_twice(performer: Party, studio: Party) -> None:
    """Let her write down, on two days, that the studio asked and that she declined."""
    for asked_on, letter in ((ASKED_ON, None), (ASKED_AGAIN_ON, "letter-of-refusal.txt")):
        performer.post(
            f"/v1/performers/{performer.performer_id}/approaches",
            {
                "studio_id": studio.organisation_id,
                "asked_on": asked_on.isoformat(),
                "purposes": ["assistant"],
                "scope": "My voice for a talking assistant.",
                "outcome": "declined",
                "evidence_sha256": None if letter is None else hashlib.sha256(paper(letter)).hexdigest(),
            },
        )


def _attest(studio: Party, source: Person, direction: str) -> Mapping[str, Any]:
    """Let the studio say under seal whose voice the product is made from, with the digests of the sessions."""
    named = "Mara Lind" in paper(direction).decode()
    recordings = [
        {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "recorded_on": RECORDED_ON.isoformat()}
        for path in source.recordings
    ]
    return studio.post(
        "/v1/attestations",
        {
            "product": PRODUCT,
            "made_on": MADE_ON.isoformat(),
            "recordings": recordings,
            "casting_sha256": [hashlib.sha256(paper("casting-call.txt")).hexdigest()],
            "direction_sha256": hashlib.sha256(paper(direction)).hexdigest(),
            "mentions": ["Mara Lind"] if named else [],
            "source": {"sealed": {"name": WHO_SHE_IS, "contact": "through her agent"}},
        },
    )


def _let_source_agree(operator: Party, performer_id: str) -> None:
    """Let the operator write down what the source was told and has signed, on paper; her name is on the paper alone."""
    nameless = Party("the source", operator.account_id, operator.http, performer_id=performer_id)
    told = {topic: demo.explain(operator, nameless, topic, said) for topic, said in _TOLD_SOURCE.items()}
    signed = hashlib.sha256(b"the signed form").hexdigest()
    choices = {"voice_clone": "allow", "assistant": "allow"}
    for purpose, topics, said in (
        ("monitoring", ("monitoring", "withdrawal"), {}),
        ("licensing", ("withdrawal", "licensing_voice_clone", "licensing_real_time"), choices),
    ):
        operator.post(
            f"/v1/performers/{performer_id}/consents",
            {
                "purpose": purpose,
                "modality": "voice",
                "decision": "given",
                "explanation_ids": [told[topic] for topic in topics],
                "choices": said,
                "signed_by": "The source, under seal",
                "signature_method": "handwritten",
                "signature_evidence_sha256": signed,
            },
        )


def _enrol(party: Party, performer_id: str, person: Person) -> None:
    parts = [("recordings", file_part(path)) for path in person.recordings]
    made = party.post(
        f"/v1/performers/{performer_id}/enrolments",
        files=parts,
        data={"modality": "voice"},
        headers={"Prefer": "wait=60"},
    )
    if made["state"] != "active":
        raise SystemExit(f"the enrolment is {made['state']}: {made.get('reasons')}")


def _license(studio: Party, operator: Party, performer_id: str) -> str:
    """Let studio and source agree: a synthetic voice for an assistant, for a year."""
    today = datetime.now(tz=UTC).date()
    licence = studio.post(
        "/v1/licences",
        {
            "performer_id": performer_id,
            "title": "The voice of Sky",
            "intended_use": "A talking assistant called Sky, with a synthetic copy of the voice.",
            "terms": {
                "purposes": ["voice_clone", "assistant"],
                "use_modes": ["fixed", "real_time"],
                "media": ["online"],
                "territories": ["GB"],
                "languages": ["en"],
                "projects": [PRODUCT],
                "starts_on": today.isoformat(),
                "ends_on": (today + timedelta(days=365)).isoformat(),
                "exclusivity": "non_exclusive",
                "pay": {"basis": "flat", "amount_minor": 2_500_000, "currency": "GBP"},
                "disclosure": {"markings": ["c2pa", "watermark"], "labels": [{"language": "en", "text": "AI voice"}]},
                "circumstances": {
                    "clear_and_conspicuous": True,
                    "separately_signed": True,
                    "raw_audio_retention_days": 0,
                },
            },
        },
    )
    path, signed = f"/v1/licences/{licence['id']}", hashlib.sha256(b"the signed agreement").hexdigest()
    studio.post(f"{path}/offer")
    studio.post(f"{path}/sign", {})
    operator.post(f"{path}/sign", {"side": "performer", "evidence_sha256": signed})
    return str(licence["id"])


# --- what is filed ---------------------------------------------------------------------------------------------------


def archive(people: Sequence[Person]) -> bytes:
    """Answer a zip with one folder for each person, under a number."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as whole:
        for number, person in enumerate(people, start=1):
            for place, path in enumerate(person.recordings, start=1):
                entry = zipfile.ZipInfo(f"person-{number:03}/{place}{path.suffix}")
                whole.writestr(entry, path.read_bytes())
    return content.getvalue()
