"""The whole way, as its users go it: over HTTP, against the real server, with a fresh database.

An operator, two studios and three performers; explanation, consent, enrolment, a licence; six recordings submitted;
one withdrawal, and the very next check. Prints one table, and exits non-zero if any verdict is not the one expected.

The voices are synthesised: see examples/voices/README.md.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table
from server import Server, running_server

VOICES = Path(__file__).resolve().parent / "voices"
WAIT = {"Prefer": "wait=30"}

out = Console() if sys.stdout.isatty() else Console(width=150)


@dataclass(frozen=True)
class Party:
    """Somebody with a token: an operator, a studio or a performer."""

    name: str
    account_id: str
    http: httpx.Client
    organisation_id: str | None = None
    performer_id: str | None = None

    def post(self, path: str, body: object = None, **more: Any) -> dict[str, Any]:
        """Send a request, and answer the body; a problem ends the demo with its own words."""
        response = self.http.post(path, json=body, **more) if body is not None else self.http.post(path, **more)
        if response.is_error:
            problem = response.json()
            raise SystemExit(
                f"{self.name}: POST {path} → {response.status_code} {problem['code']}: {problem['detail']}"
            )
        answer: dict[str, Any] = response.json()
        return answer


@dataclass(frozen=True)
class Submission:
    """A recording, how its studio declares it, and what the registry should say: performer → verdict."""

    file: str
    studio: Party
    use: dict[str, str]
    expected: dict[str, str]
    note: str = ""


@dataclass
class Outcome:
    """What came back for one submission."""

    submission: Submission
    seconds: float
    check: dict[str, Any] = field(default_factory=dict)

    def found(self) -> dict[str, str]:
        """Performer → verdict, as answered; ``-`` stands for nobody."""
        findings = {f["performer"]["name"]: f["verdict"] for f in self.check["findings"]}
        return findings or {"-": self.check["verdict"]}


def main() -> int:
    """Go the whole way and answer the exit code."""
    with tempfile.TemporaryDirectory(prefix="likeness-demo-") as folder, running_server(Path(folder)) as server:
        out.print(
            f"[dim]server ready in {server.ready_s:.1f} s at {server.url}, database and keys in a temporary folder[/]"
        )
        operator = party(server, "Operator", server.operator_id, server.operator_token)
        northlight = new_studio(server, operator, "Northlight Pictures")
        harbour = new_studio(server, operator, "Harbour Sound")
        ada = new_performer(server, operator, "Ada Lind", "slt")
        new_performer(server, operator, "Rafael Moss", "rms")
        new_performer(server, operator, "Angus Weir", "awb")
        licence_id = agree_licence(ada, northlight)
        outcomes = [submit(s) for s in submissions(northlight, harbour, licence_id)]
        withdraw(ada)
        outcomes += [submit(s) for s in after_withdrawal(northlight, licence_id)]
        print_table(outcomes)
    return report(outcomes)


# --- the parties -----------------------------------------------------------------------------------------------------


def party(server: Server, name: str, account_id: str, token: str, **ids: str) -> Party:
    """Answer a party that speaks to the server with its token."""
    http = httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False)
    return Party(name, account_id, http, **ids)


def token_for(operator: Party, account_id: str) -> str:
    """Let the operator issue a token for an account."""
    return str(operator.post("/v1/tokens", {"account_id": account_id, "name": "demo", "expires_in_days": 1})["token"])


def new_studio(server: Server, operator: Party, name: str) -> Party:
    """Let the operator create a studio with one administrator."""
    account = operator.post(
        "/v1/accounts", {"role": "studio_admin", "name": f"{name}, clearances", "organisation_name": name}
    )
    return party(
        server, name, account["id"], token_for(operator, account["id"]), organisation_id=account["organisation"]["id"]
    )


def new_performer(server: Server, operator: Party, name: str, voice: str) -> Party:
    """Let a performer register, be told, sign, and enrol."""
    account = operator.post("/v1/accounts", {"role": "performer", "name": name})
    token = token_for(operator, account["id"])
    alone = party(server, name, account["id"], token)
    performer = alone.post("/v1/performers", {"name": name, "identity_assurance": "self_declared"})
    person = replace(alone, performer_id=performer["id"])
    told = {topic: explain(operator, person, topic, answers) for topic, answers in TOLD.items()}
    sign(person, "monitoring", [told["monitoring"], told["withdrawal"]])
    sign(person, "licensing", [id_ for topic, id_ in told.items() if topic != "monitoring"], CHOICES)
    enrolment = enrol(person, voice)
    out.print(
        f"[dim]{name}: told and asked, consented to monitoring and licensing of the voice, enrolled with "
        f"{enrolment['quality']['speech_s']:.0f} s of speech ({enrolment['state']})[/]"
    )
    return person


TOLD: dict[str, list[int]] = {
    "monitoring": [2, 1, 3],
    "withdrawal": [1, 2, 3],
    "licensing_voice_clone": [2, 1, 3],
    "licensing_productions": [1, 2, 3],
}
"""What is explained, and which option each performer chooses at each question, after having been told."""

CHOICES = {"voice_clone": "allow", "advertising": "allow", "narration": "allow"}
"""What they say to each use. Whatever is not in it, such as the training of a model, stays never."""


def explain(operator: Party, person: Party, topic: str, answers: list[int], text_id: str | None = None) -> str:
    """Let the operator write down what was explained on the telephone, word for word, and what was answered.

    Args:
        text_id: of a text to use in place of the one that comes with the registry.
    """
    told = operator.post(
        f"/v1/performers/{person.performer_id}/explanations/import",
        {
            "text_id": text_id or f"{topic}.en.v1",
            "modality": "voice",
            "explained_by": "the registry's trust officer",
            "channel": "telephone",
            "duration_s": 420.0,
            "answers": answers,
            "copy_delivered_at": datetime.now(tz=UTC).isoformat(),
            "copy_method": "email",
        },
    )
    return str(told["id"])


def sign(person: Party, purpose: str, explanation_ids: list[str], choices: dict[str, str] | None = None) -> None:
    """Let a performer sign a yes that rests on what they were told."""
    person.post(
        f"/v1/performers/{person.performer_id}/consents",
        {
            "purpose": purpose,
            "modality": "voice",
            "decision": "given",
            "explanation_ids": explanation_ids,
            "choices": choices or {},
            "signed_by": person.name,
            "signature_method": "electronic",
        },
    )


def enrol(person: Party, voice: str) -> dict[str, Any]:
    """Let a performer send recordings of their voice."""
    with opened(sorted((VOICES / "enrolment").glob(f"{voice}-*.flac"))) as files:
        parts = [("recordings", file) for file in files]
        return person.post(
            f"/v1/performers/{person.performer_id}/enrolments", files=parts, data={"modality": "voice"}, headers=WAIT
        )


@contextmanager
def opened(paths: Sequence[Path]) -> Iterator[list[tuple[str, bytes, str]]]:
    """Answer files as the parts of a form."""
    yield [(path.name, path.read_bytes(), "audio/flac") for path in paths]


def agree_licence(performer: Party, studio: Party) -> str:
    """Let a studio draft and offer a licence, and both sides sign it: narration and advertising, for one year."""
    today = datetime.now(tz=UTC).date()
    licence = studio.post(
        "/v1/licences",
        {
            "performer_id": performer.performer_id,
            "title": "Spring campaign",
            "intended_use": "Radio and online spots for the spring campaign, with a synthetic copy of the voice.",
            "terms": {
                "purposes": ["voice_clone", "advertising", "narration"],
                "media": ["radio", "online"],
                "territories": ["GB", "KR"],
                "languages": ["en", "ko"],
                "projects": ["Spring campaign"],
                "starts_on": today.isoformat(),
                "ends_on": (today + timedelta(days=365)).isoformat(),
                "exclusivity": "non_exclusive",
                "pay": {"basis": "flat", "amount_minor": 450000, "currency": "GBP"},
                # Without a label, a marking and a signature apart from the rest, Korean law would not let it stand:
                # `likeness licence lint` says so, and the second signature would be refused.
                "disclosure": {
                    "markings": ["c2pa", "watermark"],
                    "labels": [
                        {"language": "ko", "text": "인공지능으로 만든 음성"},
                        {"language": "en", "text": "AI voice"},
                    ],
                },
                "circumstances": {
                    "clear_and_conspicuous": True,
                    "separately_signed": True,
                    "raw_audio_retention_days": 0,
                },
            },
        },
    )
    path = f"/v1/licences/{licence['id']}"
    studio.post(f"{path}/offer")
    studio.post(f"{path}/sign", {})
    active = performer.post(f"{path}/sign", {})
    out.print(f"[dim]{performer.name} and {studio.name}: a licence for advertising and narration, {active['state']}[/]")
    return str(licence["id"])


# --- the recordings --------------------------------------------------------------------------------------------------


def _use(purpose: str, project: str, medium: str, licence_id: str | None = None) -> dict[str, str]:
    use = {
        "kind": "generated",
        "purpose": purpose,
        "project": project,
        "medium": medium,
        "territory": "GB",
        "language": "en",
        "ai_disclosed": "true",  # marked and labelled, as the licence asks
    }
    return use | ({"claimed_licence_ids": licence_id} if licence_id else {})


def submissions(northlight: Party, harbour: Party, licence_id: str) -> list[Submission]:
    """Answer the six recordings, and what should be said of each."""
    campaign = _use("advertising", "Spring campaign", "radio", licence_id)
    return [
        Submission("slt-advert.flac", northlight, campaign, {"Ada Lind": "licensed_use"}, "a licensed use"),
        Submission(
            "slt-game.flac",
            northlight,
            _use("character", "Harbour Lights", "game", licence_id),
            {"Ada Lind": "licensed_out_of_scope"},
            "outside its licence",
        ),
        Submission(
            "rms-story.flac",
            northlight,
            _use("narration", "Night stories", "audiobook"),
            {"Rafael Moss": "unlicensed_match"},
            "no licence",
        ),
        Submission(
            "dialogue-slt-awb.flac",
            northlight,
            campaign,
            {"Ada Lind": "licensed_use", "Angus Weir": "unlicensed_match"},
            "two performers",
        ),
        Submission(
            "slt-hts.flac",
            harbour,
            _use("assistant", "Pilot", "online"),
            {"Ada Lind": "unlicensed_match"},
            "another synthesiser",
        ),
        Submission(
            "kal16-stranger.flac", harbour, _use("assistant", "Pilot", "online"), {"-": "no_match"}, "a stranger"
        ),
    ]


def after_withdrawal(northlight: Party, licence_id: str) -> list[Submission]:
    """Answer the recording of the licensed voice again: nobody may be found in it any more."""
    campaign = _use("advertising", "Spring campaign", "radio", licence_id)
    return [Submission("slt-advert.flac", northlight, campaign, {"-": "no_match"}, "after the withdrawal")]


def submit(submission: Submission) -> Outcome:
    """Send a recording and wait for the verdict."""
    started = time.monotonic()
    with opened([VOICES / "submissions" / submission.file]) as [file]:
        check = submission.studio.post("/v1/checks", files={"file": file}, data=submission.use, headers=WAIT)
    return Outcome(submission, time.monotonic() - started, check)


def withdraw(performer: Party) -> None:
    """Let a performer withdraw everything about their voice, in one call."""
    done = performer.post(f"/v1/performers/{performer.performer_id}/consents/withdraw", {"modality": "voice"})
    out.print(
        f"[dim]{performer.name} withdrew: {len(done['consents'])} consents ended, "
        f"{done['keys_destroyed']} key destroyed, "
        f"{done['voiceprints_erased']} voiceprints erased, {len(done['licences_suspended'])} licence suspended, "
        f"{done['workers_confirmed']} of {done['workers_live']} workers have dropped the voice from memory[/]"
    )


# --- the table -------------------------------------------------------------------------------------------------------


def print_table(outcomes: Sequence[Outcome]) -> None:
    """Print one line for each performer found, and one for each recording in which nobody was."""
    table = Table(title="What the registry says", title_justify="left", show_lines=True)
    for heading, options in (
        ("file", {"no_wrap": True}),
        ("answer in", {"justify": "right", "no_wrap": True}),
        ("performer found", {"no_wrap": True}),
        ("log10 LR", {"justify": "right", "no_wrap": True}),
        ("verdict", {"no_wrap": True}),
        ("reason", {}),
        ("", {}),
    ):
        table.add_column(heading, **options)  # type: ignore[arg-type]
    for outcome in outcomes:
        for row in rows(outcome):
            table.add_row(*row)
    out.print(table)


def rows(outcome: Outcome) -> Iterator[tuple[str, ...]]:
    """Answer the lines of the table for one recording."""
    check, submission = outcome.check, outcome.submission
    took = f"{outcome.seconds:.2f} s"
    ok = "[green]✓[/]" if outcome.found() == submission.expected else "[red]✗ unexpected[/]"
    name = submission.file + (f"\n[dim]{submission.note}[/]" if submission.note else "")
    if not check["findings"]:
        yield name, took, "nobody enrolled", "", check["verdict"], check["reasons"][0]["detail"], ok
    for number, finding in enumerate(check["findings"]):
        yield (
            name if number == 0 else "",
            took if number == 0 else "",
            f"{finding['performer']['name']}{_times(finding)}",
            f"{finding['evidence']['log10_lr']:+.1f}",
            finding["verdict"],
            finding["reasons"][0]["detail"],
            ok if number == 0 else "",
        )


def _times(finding: dict[str, Any]) -> str:
    spans = finding["evidence"]["segments"]
    return "".join(f"\n  {s['start_s']:.1f}–{s['end_s']:.1f} s" for s in spans) if len(spans) > 1 else ""


def report(outcomes: Sequence[Outcome]) -> int:
    """Say what was not as expected, and answer the exit code."""
    wrong = [o for o in outcomes if o.found() != o.submission.expected]
    for outcome in wrong:
        out.print(f"[red]{outcome.submission.file}: expected {outcome.submission.expected}, not {outcome.found()}[/]")
    if not wrong:
        out.print(f"every verdict is the one expected ({len(outcomes)} recordings)")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
