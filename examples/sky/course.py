"""The course of one act: a check, a complaint, what both sides file, what a worker compares, what people decide."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from casting import Person
from demo import Party
from server import likeness
from stage import PRODUCT, WHO_SHE_IS, Stage, archive, file_part, got, paper, refused

WAIT = {"Prefer": "wait=60"}
LONGEST_ANALYSIS_S = 300.0
USE = {
    "kind": "generated",
    "purpose": "assistant",
    "project": PRODUCT,
    "medium": "online",
    "territory": "GB",
    "language": "en",
}
FORMS = {
    "json": "application/json",
    "jose.json": "application/jose+json",
    "html": "text/html",
    "pdf": "application/pdf",
}
LANGUAGES = ("en", "ko")
_EXCLUSIONS = ("news", "documentary", "commentary", "fleeting", "advertisement")


def _considered() -> list[dict[str, object]]:
    """Answer every exclusion as considered: none applies to something that talks to whoever buys it."""
    return [{"exclusion": name, "applies": False, "reason": "It is a product that talks."} for name in _EXCLUSIONS]


def _sentences(reasons: Sequence[Mapping[str, str]]) -> str:
    """Answer reasons as sentences, as a person would write them down."""
    return " ".join(f"{each['detail'][:1].upper()}{each['detail'][1:]}." for each in reasons)


@dataclass(frozen=True)
class Act:
    """One act: what is true, and what has to come out.

    Attributes:
        number: 1, 2, 3.
        title: in a line.
        truth: whose voice the product was made from, which nobody on the stage knows.
        performer: who complains.
        source: whom the studio declares.
        product: recordings of the product.
        direction: the notes of the sessions.
        cohort, alternative: who else it might be, by the registry and by the studio.
        expected: conclusions that would be fair; any other is a failure.
    """

    number: int
    title: str
    truth: str
    performer: Person
    source: Person
    product: Sequence[Path]
    direction: str
    cohort: Sequence[Person]
    alternative: Sequence[Person]
    expected: Sequence[str]

    @property
    def fair(self) -> str:
        """What is expected, in words."""
        return " or ".join(self.expected)


@dataclass
class Course:
    """A case on its way, between the two sides of a stage.

    Attributes:
        act: that is played.
        stage: who plays.
        say: tells whoever watches.
        case_id: of the case, once there is one.
        analysis: that was made.
        comparison: the file of it.
        report: about the case, signed.
    """

    act: Act
    stage: Stage
    say: Callable[[str], object]
    case_id: str = ""
    verdict: str = ""
    analysis: Mapping[str, Any] = field(default_factory=dict)
    comparison: bytes = b""
    report: bytes = b""

    @property
    def path(self) -> str:
        """Address of the case."""
        return f"/v1/cases/{self.case_id}"

    # --- how it begins -----------------------------------------------------------------------------------------------

    def check_product(self) -> None:
        """Let the studio have the product checked, under its licence and with its declared source."""
        use = USE | {
            "declared_source_id": self.stage.attestation_id,
            "claimed_licence_ids": self.stage.licence_id,
            "ai_disclosed": "true",
        }
        path = max(self.act.product, key=lambda each: each.stat().st_size)
        check = self.stage.studio.post("/v1/checks", files={"file": file_part(path)}, data=use, headers=WAIT)
        found = [
            f"{finding['performer']['name'] or 'the source under seal'}: {finding['verdict']}"
            for finding in check["findings"]
        ]
        self.verdict = "; ".join(found) or f"nobody enrolled: {check['verdict']}"
        self.say(f"the studio has its product checked: {self.verdict}")

    def open_case(self) -> None:
        """Open the case: by a finding where there is one about the performer, or else by her own complaint."""
        stage = self.stage
        queue = got(stage.operator, "/v1/review-queue")["items"]
        about = [each for each in queue if each["finding"]["performer"]["id"] == stage.performer.performer_id]
        if about:
            waiting = about[0]
            body = {
                "action": "open_case",
                "reason": "She had declined this studio twice, and is heard in its product.",
                "considered": _considered(),
            }
            review = stage.operator.post(f"/v1/findings/{waiting['finding']['id']}/reviews", body)
            self.case_id = review["case_id"]
            self.say(f"the review queue has it as {waiting['harm']}; the operator opens a case by the finding")
            return
        opened = stage.performer.post(
            "/v1/cases",
            {
                "performer_id": stage.performer.performer_id,
                "studio_id": stage.studio.organisation_id,
                "product": PRODUCT,
                "claim": "I declined in September and again in May. In May it was there, and my friends hear me.",
            },
        )
        self.case_id = opened["id"]
        self.say("no finding is about her, so that nothing waits for review; the performer opens a case herself")

    # --- what is filed -----------------------------------------------------------------------------------------------

    def take_up(self) -> None:
        """Let the registry take it up, and the studio name its source and let the licence rest."""
        stage = self.stage
        self._step("take_up", "She declined twice, and the product is there: both sides may file.")
        stage.studio.post(f"{self.path}/source", {"attestation_id": stage.attestation_id})
        clearance = stage.studio.post("/v1/clearances", {"performer_id": self._source_record(), "use": self._use()})
        before = self._standing(clearance)
        reason = "While this is looked into we take the voice out of the product. We admit nothing by it."
        stage.studio.post(f"{self.path}/pauses", {"licence_ids": [stage.licence_id], "reason": reason})
        after = self._standing(clearance)
        self.say(f"the studio pauses without admission: its clearance was {before}, and is {after}")
        if (before, after) == ("holds", "withdrawn"):
            return
        raise SystemExit(f"a paused licence permits nothing, but the clearance was {before} and is {after}")

    def _source_record(self) -> str:
        attested = got(self.stage.studio, f"/v1/attestations/{self.stage.attestation_id}")
        return str(attested["performer_id"])

    def _use(self) -> dict[str, Any]:
        return {**USE, "ai_disclosed": True}

    def _standing(self, clearance: Mapping[str, Any]) -> str:
        if clearance["token"] is None:
            raise SystemExit(f"the studio is not permitted what its licence says: {clearance['reasons']}")
        status = self.stage.studio.post("/v1/clearances/status", {"tokens": [clearance["token"]]})
        return str(status["items"][0]["standing"])

    def file_everything(self) -> None:
        """Let both sides file what they have: statements, documents, and recordings of each voice."""
        stage, act = self.stage, self.act
        self._statement(stage.performer, "What happened", "They asked in September. I declined, and again in May.")
        self._document(stage.performer, "correspondence", "My refusal", paper("letter-of-refusal.txt"), "2026-05-11")
        for path in act.performer.recordings:
            self._recording(stage.performer, path, "performer", "My voice")
        said = "We cast voices in May, hired one person, and recorded her in July. Nobody was to sound like anybody."
        self._statement(stage.studio, "How the voice was made", said)
        self._document(stage.studio, "casting_call", "Casting call", paper("casting-call.txt"), "2025-05-12")
        self._document(stage.studio, "direction_notes", "Direction notes", paper(act.direction), "2025-07-02")
        self._document(stage.studio, "public_statement", "Our statement", paper("public-statement.txt"), None)
        for path in act.product:
            self._recording(stage.studio, path, "questioned", "The product")
        for path in act.source.recordings:
            self._recording(stage.studio, path, "source", "A session of our source", under_seal=True)
        filed = got(stage.operator, f"{self.path}/papers")["items"]
        self.say(f"both sides file: {len(filed)} papers, of these {len(act.source.recordings)} recordings under seal")

    def read_each_other(self) -> None:
        """Let each side read what the other has filed: what can be read, and that it was, is on record."""
        for reader, side in ((self.stage.performer, "respondent"), (self.stage.studio, "complainant")):
            for each in got(reader, f"{self.path}/papers")["items"]:
                if each["side"] != side or not each["held"] or each["under_seal"]:
                    continue
                is_text = each["kind"] == "statement"
                response = reader.http.get(f"{self.path}/papers/{each['id']}" + ("" if is_text else "/content"))
                response.raise_for_status()
        readings = got(self.stage.performer, f"{self.path}/readings")["items"]
        self.say(f"each side reads the other's: {len(readings)} first readings are on record, for both to see")

    def _statement(self, party: Party, title: str, text: str) -> None:
        party.post(f"{self.path}/statements", {"title": title, "text": text})

    def _document(self, party: Party, kind: str, title: str, content: bytes, dated_on: str | None) -> None:
        fields = {"kind": kind, "title": title} | ({} if dated_on is None else {"dated_on": dated_on})
        part = (f"{kind}.txt", content, "text/plain")
        party.post(f"{self.path}/documents", files={"file": part}, data=fields)

    def _recording(self, party: Party, path: Path, voice: str, title: str, *, under_seal: bool = False) -> None:
        fields = {"kind": "recording", "title": title, "voice": voice}
        fields |= {"under_seal": "true"} if under_seal else {}
        party.post(f"{self.path}/documents", files={"file": file_part(path)}, data=fields)

    # --- what is found -----------------------------------------------------------------------------------------------

    def analyse(self) -> None:
        """Let the studio propose another cohort, and a worker compare the voices, by recordings alone."""
        stage, act = self.stage, self.act
        theirs = self._archive(stage.studio, act.alternative)
        chosen_by = "women or men as the performer, reading English, whom the registry did not choose"
        stage.studio.post(f"{self.path}/cohorts", {"paper_id": theirs, "criteria": chosen_by})
        ours = self._archive(stage.operator, act.cohort)
        self._step("analyse", "Both sides have filed.")
        marked = {"questioned": [], "performer": [], "source": []}
        for each in got(stage.operator, f"{self.path}/papers")["items"]:
            if each["voice"] is not None:
                marked[each["voice"]].append(each["id"])
        body = {
            "reason": "What both sides have filed, and no voiceprints, so that anybody can compute it again.",
            "cohort": {"paper_id": ours, "criteria": "of the performer's sex, reading English; the first forty"},
            **{voice: {"paper_ids": papers} for voice, papers in marked.items()},
        }
        started = time.monotonic()
        asked = stage.operator.post(f"{self.path}/analyses", body)
        self.analysis = self._finished(asked["id"])
        response = stage.performer.http.get(f"{self.path}/analyses/{asked['id']}/comparison")
        response.raise_for_status()
        self.comparison = response.content
        if hashlib.sha256(self.comparison).hexdigest() != self.analysis["content_sha256"]:
            raise SystemExit("the comparison is not the one whose digest the analysis names")
        took = time.monotonic() - started
        self.say(f"a worker compares the voices under three cohorts, in {took:.0f} s: {self.analysis['conclusion']}")

    def _archive(self, party: Party, people: Sequence[Person]) -> str:
        fields = {"kind": "technical", "title": f"{len(people)} people with whom the product is compared"}
        part = ("people.zip", archive(people), "application/zip")
        return str(party.post(f"{self.path}/documents", files={"file": part}, data=fields)["id"])

    def _finished(self, analysis_id: str) -> Mapping[str, Any]:
        until = time.monotonic() + LONGEST_ANALYSIS_S
        while time.monotonic() < until:
            found: Mapping[str, Any] = next(
                each for each in got(self.stage.operator, f"{self.path}/analyses")["items"] if each["id"] == analysis_id
            )
            if found["state"] == "failed":
                raise SystemExit(f"the analysis failed: {found['failure']['detail']}")
            if found["state"] == "done":
                return found
            time.sleep(0.5)
        raise SystemExit(f"no worker has made the analysis within {LONGEST_ANALYSIS_S:.0f} s")

    @property
    def reading(self) -> Mapping[str, Any]:
        """What was concluded, and why."""
        reading: Mapping[str, Any] = json.loads(self.comparison)["reading"]
        return reading

    # --- what is decided ---------------------------------------------------------------------------------------------

    def decide(self) -> None:
        """Let the registry propose what the analysis concludes, both sides answer, and the registry decide."""
        stage = self.stage
        reasons, changes = _sentences(self.reading["reasons"]), _sentences(self.reading["would_change"])
        stage.operator.post(
            f"{self.path}/proposals",
            {
                "conclusion": self.analysis["conclusion"],
                "analysis_id": self.analysis["id"],
                "grounds": reasons,
                "would_change": changes,
            },
        )
        self._statement(
            stage.performer, "My answer", "I have read it. I know what I hear, and I know what I was asked."
        )
        self._statement(stage.studio, "Our answer", "We have read it. Whom we recorded is under seal, and is attested.")
        self._step("decide", "Both sides have answered.")
        self.say(f"proposed, answered by both, and decided: {self.analysis['conclusion']}")

    def _step(self, step: str, reason: str) -> None:
        self.stage.operator.post(f"{self.path}/steps", {"step": step, "reason": reason})

    # --- what follows ------------------------------------------------------------------------------------------------

    def serve_notice(self) -> None:
        """Let the performer draft a notice, two operators read it, and her say that she has served it.

        Nobody has said whether she is a public figure, so that it takes two. The registry sends nothing.
        """
        stage = self.stage
        drafted = stage.performer.post(f"{self.path}/notices", self._draft())
        path = f"/v1/notices/{drafted['id']}"
        early = refused(stage.performer, f"{path}/serve", self._service(hashlib.sha256(b"").hexdigest()))
        complete = stage.performer.post(f"{path}/complete", {"reason": "It is all there, and the case supports it."})
        digest = complete["document_sha256"]
        read = {"document_sha256": digest, "evidence_seen": "The comparison, both statements, the direction notes."}
        alone = refused(stage.operator, f"{path}/review", read | {"reason": "It says what the case shows."})
        proposal = stage.operator.post(
            "/v1/proposals",
            {
                "proposal": {"kind": "notice_service", "notice_id": drafted["id"], "document_sha256": digest},
                "reason": "It says what the case shows. I have read the comparison, both statements and the notes.",
            },
        )
        stage.second.post(
            f"/v1/proposals/{proposal['id']}/approve",
            {"content_sha256": proposal["content_sha256"], "reason": "I have read the same bytes, and see it so, too."},
        )
        response = stage.performer.http.get(f"{path}/document")
        response.raise_for_status()
        if hashlib.sha256(response.content).hexdigest() != digest:
            raise SystemExit("the notice is not the one that two have read")
        served = stage.performer.post(f"{path}/serve", self._service(digest))
        foreign = refused(stage.performer, f"{path}/counter", {"text": "I say otherwise than I do."})
        self.say(
            f"a notice is not served before it is complete ({early['code']}), nor read by one alone ({alone['code']})"
        )
        self.say(f"drafted, complete, read by two, and {served['state']}, as the performer states")
        self.say(f"nobody but the studio can counter it ({foreign['code']})")

    def _draft(self) -> dict[str, Any]:
        said = "The recordings support that the voice was made from mine, and I had declined twice."
        return {
            "pack_id": "eu_dsa_16",
            "language": "en",
            "elements": [
                {"key": "submitter", "text": "Mara Lind, for herself"},
                {"key": "contact", "text": "mara.lind@voices.example"},
                {"key": "explanation", "text": said},
            ],
            "affirmed": ["good_faith"],
            "materials": [{"what": "The voice of Sky", "location": "https://northlight.example/sky", "sha256": None}],
            "considered": _considered(),
        }

    def _service(self, digest: str) -> dict[str, Any]:
        return {
            "served_to": "Legal department of Northlight Assistants",
            "served_by": "email",
            "served_at": datetime.now(tz=UTC).isoformat(),
            "sent_sha256": digest,
            "reason": "I sent it myself; receipt was confirmed.",
        }

    def report_to(self, folder: Path) -> None:
        """Fetch the report in every form and language, and have it checked and computed again without the registry."""
        folder.mkdir(parents=True, exist_ok=True)
        for form, media_type in FORMS.items():
            for language in LANGUAGES if form in {"html", "pdf"} else LANGUAGES[:1]:
                content = self._fetched(media_type, language)
                name = f"report.{language}.{form}" if form in {"html", "pdf"} else f"report.{form}"
                (folder / name).write_bytes(content)
        self.report = (folder / "report.json").read_bytes()
        (folder / "comparison.json").write_bytes(self.comparison)
        (folder / "keys.json").write_text(json.dumps(got(self.stage.performer, "/v1/keys")), encoding="utf-8")
        heard = self._recordings(folder / "recordings")
        papers = got(self.stage.studio, f"{self.path}/papers")  # with the salts of what the studio filed under seal
        (folder / "papers-of-the-studio.json").write_text(json.dumps(papers), encoding="utf-8")
        told = likeness(
            os.environ,
            *("report", "verify", str(folder / "report.json"), "--key", str(folder / "keys.json")),
            *("--recompute", "--inputs", str(heard), "--salts", str(folder / "papers-of-the-studio.json")),
        )
        self.say(f"the report, as JSON, HTML and PDF, in English and Korean, lies in {folder}")
        self.say(f"checked and computed again without the registry: {told.splitlines()[-1]}")

    def _fetched(self, media_type: str, language: str) -> bytes:
        path = f"{self.path}/report?language={language}"
        response = self.stage.performer.http.get(path, headers={"Accept": media_type}, timeout=300)
        if response.is_error or not response.headers["Content-Type"].startswith(media_type):
            raise SystemExit(f"GET {path} as {media_type} → {response.status_code}: {response.text[:500]}")
        return response.content

    def _recordings(self, folder: Path) -> Path:
        """Put every recording that was heard into a folder, under a number: they are found by their bytes."""
        act = self.act
        people = (act.performer, act.source, *act.cohort, *act.alternative)
        paths = [*act.product, *(path for person in people for path in person.recordings)]
        folder.mkdir(exist_ok=True)
        for number, path in enumerate(paths):
            link = folder / f"{number}{path.suffix}"
            link.unlink(missing_ok=True)
            link.symlink_to(path.resolve())
        return folder

    def require_hidden(self) -> None:
        """Insist that nothing the performer can read says who the source is."""
        parts = ("", "/steps", "/papers", "/proposals", "/pauses", "/readings", "/cohorts", "/analyses")
        answers = [self.stage.performer.http.get(f"{self.path}{part}").text for part in parts]
        answers += [self.comparison.decode(), self.report.decode()]
        sessions = [hashlib.sha256(path.read_bytes()).hexdigest() for path in self.act.source.recordings]
        secrets = [WHO_SHE_IS, self._source_record(), *sessions]
        if any(secret in answer for secret in secrets for answer in answers):
            raise SystemExit("somebody who is under seal was named, or a recording of theirs")
