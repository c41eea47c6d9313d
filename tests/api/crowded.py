"""A registry with so many of everything in it: rows for every list of the API, and behind every detail."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

from bench import assess, compare_case, evidence, heard, take
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from house import TERMS, USE, Caller, House, Sound, recording, second_operator
from issued import issued
from on_record import WITH_APPROVAL, OnRecord
from sqlalchemy import insert
from steps import drawn_voiceprints

from registry.domain.accounts import PERMISSIONS, Principal, Role
from registry.domain.cases import CaseSide
from registry.domain.cohorts.texts import cohort_texts
from registry.domain.consents import ConsentPurpose
from registry.domain.explanations.shipped import shipped_texts
from registry.domain.gallery_files import SearchPurpose
from registry.domain.ids import IdPrefix
from registry.domain.misuse import MisuseGround
from registry.domain.notices import NoticeState
from registry.domain.proposals import ProposalKind, ProposalState
from registry.domain.purges import PurgeState
from registry.domain.retention import SCHEDULE
from registry.domain.scan_requests import ScanRequest, ScanRoot
from registry.domain.scan_samples import Mark, SampledBy
from registry.domain.scans import ScanOrigin, ScanState
from registry.domain.scores import EvidenceOutcome
from registry.domain.shared_sounds import ListenerSide, SoundEnding
from registry.domain.signatures import key_registration
from registry.domain.verdicts import Verdict
from registry.scanning.folder import PAGES
from registry.scanning.results import PLAN, REPORT, RESULTS, SUMMARY, ResultRow, Status
from registry.scanning.tables import write_rows
from registry.scanning.tally import Tally
from registry.services import enrolment_work
from registry.services.scan_work import folder_of
from registry.store.base import Base
from registry.store.checks import Finding
from registry.store.misuse import MisuseLimit, MisuseStrike
from registry.store.notices import Notice, NoticeStepTaken
from registry.store.proposals import Proposal
from registry.store.purges import Purge
from registry.store.retention import DestructionCertificate
from registry.store.scan_marks import ScanMark, ScanSample
from registry.store.scans import Scan, ScanRow
from registry.store.shared_sounds import SharedSound, SoundListening
from registry.store.stay_down import StayDownEntry
from registry.vault.signing import canonical

PER_LINE = {"basis": "per_line", "amount_minor": 250, "currency": "GBP"}


def zipped(*files: tuple[str, bytes]) -> bytes:
    """Answer an archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files:
            archive.writestr(name, content)
    return made.getvalue()


class Crowded:
    """One performer and one studio, and ``count`` of everything that there can be several of.

    Attributes:
        asking: whom each list and each detail is asked as, beside an operator.
        others: ids of further performers, who are heard in the checks; approvals are asked of the first.
        other_performer: the first of them.
        ids: of what details are asked about, by the name of the parameter in the address.
    """

    def __init__(self, house: House, count: int) -> None:
        self.house, self.count = house, count
        self.studio = house.studio()
        self.performer, self.performer_id = house.performer()
        self.ids: dict[str, str] = {"performer_id": self.performer_id, "studio_id": str(self.studio.organisation_id)}
        self.asking: dict[str, Caller] = {
            "operator": house.operator,
            "studio": self.studio,
            "performer": self.performer,
        }
        self._own = f"/v1/performers/{self.performer_id}"
        self._sessions: dict[str, str] = {}
        self._scans = 0
        for add in (
            self._people,
            self._explained,
            self._enrolled,
            self._licensed,
            self._paid,
            self._cleared,
            self._attested,
            self._disputed,
            self._noticed,
            self._checked,
            self._filed,
            self._scanned,
            self._destroyed,
            self._journalled,
            self._keyed,
            self._told,
        ):
            add()

    def session_of(self, name: str) -> str:
        """Answer the text of a session of somebody who is asked as, the same each time."""
        if name not in self._sessions:
            text = self._sessions[name] = self.house.opened(self.asking[name]).text
            client = self.house.app.test_client(use_cookies=False)
            client.get(
                "/account", headers={"Cookie": f"__Host-likeness-session={text}"}
            ).close()  # its use is noted once
        return self._sessions[name]

    def _each(self, make: Callable[[int], dict[str, Any]], name: str) -> list[dict[str, Any]]:
        """Make as many as there are to be, each at a moment of its own; the first is the one that is asked about."""
        made = []
        for number in range(self.count):
            self.house.clock.move(seconds=1)
            made.append(make(number))
        self.ids[name] = str(made[0]["id"])
        return made

    # --- people ------------------------------------------------------------------------------------------------------

    def _people(self) -> None:
        others = [self.house.performer(f"Performer {number}") for number in range(self.count)]
        self.others = [performer_id for _, performer_id in others]
        self.other_performer = others[0][0]
        self.ids["account_id"] = self.performer.account_id
        for caller in self.asking.values():
            for number in range(self.count):
                caller.made("/v1/tokens", {"name": f"spare {number}"})
                self.house.opened(caller)
                subject = {"subject": f"{caller.account_id} {number}"}
                self.house.operator.made(f"/v1/accounts/{caller.account_id}/identities", subject)
        self._each(self._representative, "representative_id")

    def _keyed(self) -> None:
        """Register signing keys: last, because whoever has one signs with it."""
        for caller in self.asking.values():
            for _ in range(self.count):
                register_key(caller)

    def _told(self) -> None:
        """Register webhooks, one for each of so many studios, and send so many messages to the first."""
        hook = {"name": "pipeline", "url": "https://hooks.northlight.example/likeness"}
        self._each(lambda number: self.house.studio(f"Listener {number}").made("/v1/webhooks", hook), "webhook_id")
        path = f"/v1/webhooks/{self.ids['webhook_id']}/test"
        for _ in range(self.count):
            assert self.house.operator.post(path).status_code == 202

    def _representative(self, number: int) -> dict[str, Any]:
        account = self.house.operator.made("/v1/accounts", {"role": "representative", "name": f"Agent {number}"})
        body = {"account_id": account["id"], "kind": "agent", "scopes": ["performers:read"]}
        return self.house.operator.made(
            f"{self._own}/representatives", body | {"expires_at": "2030-01-01T00:00:00Z", "evidence_sha256": "e" * 64}
        )

    # --- explained, agreed and enrolled ------------------------------------------------------------------------------

    def _explained(self) -> None:
        text = shipped_texts()["monitoring.en.v1"]
        body = {
            "topic": "monitoring",
            "language": "en",
            "modalities": ["voice"],
            "text": f"{text.text}\n\nAnd more.",
            "questions": [asked.as_json() for asked in text.questions],
        }
        self._each(
            lambda number: self.house.operator.made("/v1/explanation-texts", body | {"version": f"own-{number}"}),
            "text_id",
        )
        self._each(lambda _: self.house.explain(self.performer_id), "explanation_id")
        self._each(lambda _: self.house.consent(self.performer, self.performer_id, "licensing"), "licensing_id")
        self._each(lambda _: self.house.consent(self.performer, self.performer_id), "consent_id")
        self.ids["consent_id"] = str(self.performer.get(f"{self._own}/consents").get_json()["items"][-1]["id"])
        said = {"asked_on": "2026-01-10", "purposes": ["assistant"], "scope": "An assistant.", "outcome": "declined"}
        self._each(
            lambda number: self.performer.made(f"{self._own}/approaches", said | {"studio_name": f"Studio {number}"}),
            "approach_id",
        )

    def _enrolled(self) -> None:
        self._each(lambda _: self._enrolment(), "enrolment_id")
        text = cohort_texts()["cohort.en.v1"]
        agreed = {"text_id": text.id, "text_sha256": text.text_sha256, "answers": [q.right for q in text.questions]}
        for _ in range(self.count):
            self.house.clock.move(seconds=1)
            self.performer.made(f"{self._own}/cohort-agreements", agreed)
        statements = f"{self._own}/consents/{self.ids['consent_id']}/spoken-statements"
        self._each(lambda _: self._begun(statements), "statement_id")

    def _begun(self, path: str) -> dict[str, Any]:
        """Begin a spoken statement; so many are begun on one day only."""
        self.house.clock.move(hours=3)
        return self.performer.made(path, {"language": "en"})

    def _enrolment(self) -> dict[str, Any]:
        """Offer recordings, and let the voiceprints of nobody come of it."""
        takes = {"recordings": [recording(f"enrolment/slt-{number}.flac") for number in (1, 2, 3)]}
        offered = self.performer.send(f"{self._own}/enrolments", takes, headers={"Prefer": "wait=0"})
        assert offered.status_code == 202, offered.text
        held = take(self.house.ctx)
        assert held is not None
        enrolment_work.complete_enrolment(self.house.ctx, held, drawn_voiceprints(held.subject_id))
        answer: dict[str, Any] = offered.get_json()
        return answer

    # --- licences, pay -----------------------------------------------------------------------------------------------

    def _licensed(self) -> None:
        self.licences = self._each(lambda _: self._licence(), "licence_id")
        path = f"/v1/licences/{self.ids['licence_id']}"
        for number in range(self.count):
            self.studio.made(f"{path}/amend", {"terms": TERMS | {"media": ["radio", "podcast"]}, "title": f"{number}"})
            self._sign(path)
        self.ids["number"] = "1"
        self._each(
            lambda number: self.house.operator.made(
                "/v1/strikes", {"scope": "agreement", "name": f"Agreement {number}", "note": "since midnight"}
            )["strike"],
            "strike_id",
        )

    def _licence(self) -> dict[str, Any]:
        licence = self.house.licence(self.studio, self.performer_id, pay=PER_LINE)
        self._sign(f"/v1/licences/{licence['id']}")
        return licence

    def _sign(self, path: str) -> None:
        self.studio.made(f"{path}/offer", None)
        for side in (self.studio, self.performer):
            side.made(f"{path}/sign", {})

    def _paid(self) -> None:
        items = [
            {"licence_id": each["id"], "unit": "line", "medium": "radio", "quantity": "100"} for each in self.licences
        ]
        self._each(lambda number: self._report(items, number), "report_id")
        self._each(self._payment, "payment_id")
        entries = self.studio.get("/v1/ledger-entries").get_json()["items"]
        self.ids["entry_id"] = str(entries[0]["id"])

    def _report(self, items: list[dict[str, Any]], number: int) -> dict[str, Any]:
        day = (date(2026, 1, 5) + timedelta(days=number)).isoformat()
        return self.studio.made("/v1/usage-reports", {"starts_on": day, "ends_on": day, "items": items})

    def _payment(self, number: int) -> dict[str, Any]:
        paid = {"licence_id": self.licences[number]["id"], "amount_minor": 100, "currency": "GBP"}
        payment = self.studio.made("/v1/payments", paid | {"paid_on": "2026-03-01"})
        return self.performer.made(f"/v1/payments/{payment['id']}/confirm", {})

    # --- clearances, approvals, attestations -------------------------------------------------------------------------

    def _cleared(self) -> None:
        question = {"performer_id": self.performer_id, "use": USE}
        self._each(lambda _: self.studio.made("/v1/clearances", question), "clearance_id")
        role = Role.STUDIO_ADMIN
        studio = Principal(self.studio.account_id, role, PERMISSIONS[role], self.studio.organisation_id, {})
        OnRecord(self.house.ctx, self.house.operator.account_id).ready(self.others[0], studio, WITH_APPROVAL)
        self._each(self._approval, "approval_id")

    def _approval(self, number: int) -> dict[str, Any]:
        """Ask for an approval of words of its own."""
        digest = hashlib.sha256(f"Buy {number}.".encode()).hexdigest()
        question = {"performer_id": self.others[0], "use": USE | {"copy_sha256": digest}}
        return self.studio.made("/v1/approvals", question | {"fee_minor": 45_000, "currency": "GBP"})

    def _attested(self) -> None:
        body = {
            "product": "Voice 2",
            "made_on": "2026-03-01",
            "recordings": [{"sha256": "a" * 64, "recorded_on": "2026-02-01"}],
            "casting_sha256": ["b" * 64],
            "direction_sha256": "c" * 64,
            "mentions": [],
            "source": {"sealed": {"name": "Rosa Keel", "contact": "through her agent"}},
        }
        self._each(
            lambda number: self.studio.made("/v1/attestations", body | {"product": f"{number}"}), "attestation_id"
        )
        self.second_operator = second_operator(self.house)
        path = f"/v1/attestations/{self.ids['attestation_id']}/unsealings"
        self._each(lambda number: self.house.operator.made(path, {"reason": f"dispute {number}"}), "unsealing_id")
        change = {"kind": "engine_change", "target_fpir": 0.005, "replaces": 0}
        wanted = {"proposal": change, "reason": "fewer false matches"}
        self._each(lambda _: self.house.operator.made("/v1/proposals", wanted), "proposal_id")

    def _disputed(self) -> None:
        """Open cases, about a product each; the first goes round and round, with papers, proposals and pauses."""
        said = {"performer_id": self.performer_id, "studio_id": self.studio.organisation_id, "claim": "It is mine."}
        self._each(lambda number: self.performer.made("/v1/cases", said | {"product": f"Voice {number}"}), "case_id")
        path = f"/v1/cases/{self.ids['case_id']}"
        self._step(path, "take_up")
        self._heard(path)
        for number in range(self.count):
            for caller in (self.studio, self.performer):
                caller.made(f"{path}/statements", {"title": "Ours", "text": f"So it is, {number}."})
            self._step(path, "analyse")
            self._analysed(path)
            grounds = {"conclusion": "inconclusive", "grounds": "Too little.", "would_change": "More."}
            self.house.operator.made(f"{path}/proposals", grounds)
            self._step(path, "ask_for_more")
        self._each(lambda number: self._document(path, number), "paper_id")
        self._each(lambda _: self._pause(path), "pause_id")

    def _noticed(self) -> None:
        """Write served notices, the first of which took many steps and lists many recordings; and what is counted."""
        self._each(lambda number: {"id": self._notice(number)}, "notice_id")
        self._each(lambda number: {"id": self._entry(number)}, "stay_down_id")
        self._each(lambda _: {"id": self._strike(CaseSide.COMPLAINANT)}, "misuse_strike_id")
        self.strike_of_the_studio = self._strike(CaseSide.RESPONDENT)
        for other in self.others:
            self._strike(CaseSide.COMPLAINANT, other)
        self._each(lambda _: {"id": self._limit()}, "misuse_limit_id")
        said = {"is_public_figure": True, "reason": "Known widely."}
        for _ in range(self.count):
            self.house.clock.move(seconds=1)
            self.house.operator.made(f"{self._own}/public-figure", said)

    def _notice(self, number: int) -> str:
        body = {"pack_id": "us_no_fakes_2025", "materials": [{"what": "A voice", "location": f"Voice {number}"}]}
        notice_id = str(self.performer.made(f"/v1/cases/{self.ids['case_id']}/notices", body)["id"])
        now = self.house.clock()
        with self.house.ctx.database.write() as session:
            notice = session.get_one(Notice, notice_id)
            notice.state, notice.served_at = NoticeState.SERVED, now
            notice.document, notice.document_sha256 = "# A notice\n", "a" * 64
            notice.page, notice.page_sha256 = "<p>A notice</p>", "b" * 64
            for step in range(1, self.count + 1):
                taken = NoticeStepTaken(number=step, step="serve", state=NoticeState.SERVED, side=CaseSide.COMPLAINANT)
                taken.notice_id, taken.reason, taken.details = notice_id, "By hand.", {}
                taken.taken_by, taken.taken_at = self.performer.account_id, now
                session.add(taken)
            session.commit()
        return notice_id

    def _written(self, prefix: IdPrefix, table: type[Base], **columns: Any) -> str:
        """Write a row that a verb would write after many others, and answer its id."""
        row_id = self.house.ctx.ids.new(prefix, self.house.clock())
        with self.house.ctx.database.write() as session:
            session.execute(insert(table).values(id=row_id, version=1, **columns))
            session.commit()
        return row_id

    def _entry(self, number: int) -> str:
        return self._written(
            IdPrefix.STAY_DOWN_ENTRY,
            StayDownEntry,
            notice_id=self.ids["notice_id"],
            case_id=self.ids["case_id"],
            content_sha256=hashlib.sha256(b"listed %d" % number).hexdigest(),
            listed_by=self.performer.account_id,
            listed_at=self.house.clock(),
            ends_at=self.house.clock() + timedelta(days=365),
        )

    def _party(self, side: CaseSide) -> dict[str, Any]:
        claimant = side is CaseSide.COMPLAINANT
        return {
            "side": side,
            "performer_id": self.performer_id if claimant else None,
            "organisation_id": None if claimant else self.studio.organisation_id,
        }

    def _strike(self, side: CaseSide, performer_id: str | None = None) -> str:
        return self._written(
            IdPrefix.MISUSE_STRIKE,
            MisuseStrike,
            **(self._party(side) | ({"performer_id": performer_id} if performer_id else {})),
            ground=MisuseGround.CLAIM_REFUSED if side is CaseSide.COMPLAINANT else MisuseGround.NO_ANSWER,
            case_id=self.ids["case_id"],
            reason="It was plain.",
            recorded_by=self.house.operator.account_id,
            recorded_at=self.house.clock(),
            expires_at=self.house.clock() + timedelta(days=365),
        )

    def _limit(self) -> str:
        return self._written(
            IdPrefix.MISUSE_LIMIT,
            MisuseLimit,
            **self._party(CaseSide.COMPLAINANT),
            strikes=3,
            reason="Three times.",
            decided_by=self.house.operator.account_id,
            decided_at=self.house.clock(),
            ends_at=self.house.clock() + timedelta(days=180),
        )

    def _heard(self, path: str) -> None:
        """File what is compared, and propose cohorts for both sides."""
        for voice, name in (("questioned", "submissions/slt-advert.flac"), ("performer", "enrolment/rms-1.flac")):
            form = {"kind": "recording", "title": "A recording", "voice": voice, "file": recording(name)}
            assert self.performer.send(f"{path}/documents", form).status_code == 201
        for caller in (self.studio, self.performer):
            people = zipped(("one/a.flac", caller.account_id.encode()), ("two/b.flac", b"another"))
            form = {"kind": "technical", "title": "A cohort", "file": Sound(people, "cohort.zip")}
            archive = caller.send(f"{path}/documents", form).get_json()["id"]
            caller.made(f"{path}/cohorts", {"paper_id": archive, "criteria": "who was there"})
        self._archive = archive

    def _analysed(self, path: str) -> None:
        """Have the case compared; the last analysis is the one that is asked about."""
        self.house.clock.move(seconds=1)
        wanted = {"reason": "Both have filed.", "cohort": {"paper_id": self._archive, "criteria": "who was there"}}
        asked = self.house.operator.post(f"{path}/analyses", wanted)
        assert asked.status_code == 202, asked.text
        self.ids["analysis_id"] = str(asked.get_json()["id"])
        compare_case(self.house.ctx)

    def _step(self, path: str, step: str) -> None:
        self.house.operator.made(f"{path}/steps", {"step": step, "reason": "It is time."})

    def _document(self, path: str, number: int) -> dict[str, Any]:
        form = {"kind": "contract", "title": "Contract", "file": Sound(b"Contract %d" % number, "contract.txt")}
        filed: dict[str, Any] = self.studio.send(f"{path}/documents", form).get_json()
        return filed

    def _pause(self, path: str) -> dict[str, Any]:
        licence = self._licence()
        paused = self.studio.made(f"{path}/pauses", {"licence_ids": [licence["id"]], "reason": "For now."})
        (pause,) = paused["items"]
        return dict(pause)

    # --- checks ------------------------------------------------------------------------------------------------------

    def _checked(self) -> None:
        record = OnRecord(self.house.ctx, self.house.operator.account_id)
        for other in self.others:
            record.consent(other, purpose=ConsentPurpose.MONITORING)
        checks = self._each(lambda _: self._check(), "check_id")
        findings = self.studio.get(f"/v1/checks/{checks[0]['id']}").get_json()["findings"]
        assert len(findings) == self.count
        self.ids["finding_id"] = str(findings[0]["id"])
        self._sounding([str(finding["id"]) for finding in findings])
        path, last = f"/v1/findings/{self.ids['finding_id']}/reviews", None
        for _ in range(self.count):
            self.house.clock.move(seconds=1)
            decided = {"action": "archive", "reason": "It is an old one.", "replaces_id": last}
            last = self.house.operator.made(path, decided)["id"]

    def _check(self) -> dict[str, Any]:
        """Submit a recording in which everybody is heard who agreed to be found."""
        found = [heard(other, strength=9.0 - n / 10).candidates[0] for n, other in enumerate(self.others)]
        sent = self.studio.send(
            "/v1/checks", USE | {"file": recording("submissions/slt-advert.flac")}, headers={"Prefer": "wait=0"}
        )
        assert sent.status_code == 202, sent.text
        assess(self.house.ctx, evidence(found, EvidenceOutcome.MATCH))
        answer: dict[str, Any] = sent.get_json()
        return answer

    def share_sound(self, owner: Caller, finding_id: str) -> str:
        """Let a performer hear what they are heard in, in the recording that every check here is of."""
        form = {"file": recording("submissions/slt-advert.flac")}
        shared = owner.send(f"/v1/findings/{finding_id}/sound", form)
        assert shared.status_code == 201, shared.text
        return str(shared.get_json()["id"])

    def _sounding(self, finding_ids: list[str]) -> None:
        """Share the first finding, which is listened to on many days; of the others, write that they were shared."""
        sound_id, now = self.share_sound(self.studio, finding_ids[0]), self.house.clock()
        listened = {"sound_id": sound_id, "account_id": self.other_performer.account_id, "number": 1}
        listened |= {"side": ListenerSide.PERFORMER, "heard_at": now}
        with self.house.ctx.database.write() as session:
            for number in range(self.count):
                day = now.date() - timedelta(days=number + 1)
                session.execute(insert(SoundListening).values(heard_on=day, **listened))
            session.commit()
        for finding_id, other in zip(finding_ids[1:], self.others[1:], strict=True):
            self._written(
                IdPrefix.SHARED_SOUND,
                SharedSound,
                finding_id=finding_id,
                performer_id=other,
                organisation_id=self.studio.organisation_id,
                stretches=[],
                shared_by=self.studio.account_id,
                shared_at=now,
                ends_at=now + timedelta(days=1),
                ended_at=now,
                ending=SoundEnding.BY_ORGANISATION,
            )

    def _filed(self) -> None:
        """Offer gallery files, in each of which there is the performer."""
        self._each(
            lambda _: {"id": issued(self.house, self.studio, self.performer_id, b"sealed")[0]}, "gallery_file_id"
        )

    def _scanned(self) -> None:
        """Write scans that workers have done, each with so many rows in which the performer was heard."""
        made = self._each(lambda _: {"id": self.scan_of(self.studio)}, "scan_id")
        self.ids["earlier_scan"] = str(made[-1]["id"])
        self.open_root(self.studio)

    def open_root(self, *owners: Caller) -> None:
        """Let organisations have a folder scanned, in which there is one file."""
        places = self.house.ctx.scan_places
        assert places.folder is not None
        media = places.folder.parent / "media"
        media.mkdir(exist_ok=True)
        (media / "a.wav").write_bytes(b"no recording")
        known = places.roots.get("media")
        allowed = (known.organisations if known else frozenset()) | {str(each.organisation_id) for each in owners}
        cast("dict[str, ScanRoot]", places.roots)["media"] = ScanRoot("media", str(media), allowed)

    def scan_of(self, owner: Caller) -> str:
        """Write a scan that workers have done for somebody's organisation, and its folder."""
        new_id, now = self.house.ctx.ids.new, self.house.clock()
        scan = Scan(
            id=new_id(IdPrefix.SCAN, now),
            organisation_id=owner.organisation_id,
            submitted_by=owner.account_id,
            origin=ScanOrigin.SERVER,
            state=ScanState.DONE,
            kind=SearchPurpose.CATALOGUE,
            request=ScanRequest("media").as_json(),
            rows=self.count,
            rows_done=self.count,
            created_at=now,
            started_at=now,
            finished_at=now,
        )
        with self.house.ctx.database.write() as session:
            session.add(scan)
            for number in range(self.count):
                row = ScanRow(
                    id=new_id(IdPrefix.SCAN_ROW, now),
                    scan=scan,
                    number=number,
                    name=f"{number}.wav",
                    content_sha256=hashlib.sha256(b"%d" % number).hexdigest(),
                    size_bytes=1,
                    duration_s=2.0,
                    speech_s=2.0,
                    outcome=EvidenceOutcome.MATCH,
                    verdict=Verdict.UNLICENSED_MATCH,
                    declared_use="",
                    project="",
                    licence="",
                )
                session.add(self._finding(row))
            session.flush()
            samples = [self._sample(scan, owner, seed) for seed in range(self.count)]
            session.add_all(samples)
            session.flush()
            session.add_all(self._mark(samples[0], owner, number) for number in range(self.count))
            session.commit()
        self._scans += 1
        outcome = EvidenceOutcome.MATCH if self._scans % 2 else EvidenceOutcome.SOUND_ALIKE
        self._fill(folder_of(self.house.ctx, scan), outcome)
        return str(scan.id)

    def _sample(self, scan: Scan, owner: Caller, seed: int) -> ScanSample:
        """Answer a sample of a scan that is on record."""
        now = self.house.clock()
        return ScanSample(
            id=self.house.ctx.ids.new(IdPrefix.SCAN_SAMPLE, now),
            scan_id=scan.id,
            size=50,
            seed=seed,
            by=SampledBy.OUTCOME,
            strata=[["match", self.count, self.count]],
            drawn=[[number, "match", "match"] for number in range(self.count)],
            turns=1,
            created_by=owner.account_id,
            created_at=now,
        )

    def _mark(self, sample: ScanSample, owner: Caller, number: int) -> ScanMark:
        """Answer what somebody says of a row of a sample."""
        now = self.house.clock()
        return ScanMark(
            id=self.house.ctx.ids.new(IdPrefix.SCAN_MARK, now),
            sample_id=sample.id,
            turn=1,
            number=number,
            mark=Mark.AGREE,
            marked_by=owner.account_id,
            marked_at=now,
        )

    def _fill(self, folder: Path, outcome: EvidenceOutcome) -> None:
        """Write what is shown of a scan into its folder: in each recording, another performer is heard."""
        folder.mkdir(parents=True)
        (folder / REPORT).write_text("{}", encoding="utf-8")
        (folder / PAGES["en"]).write_text("<p>done</p>", encoding="utf-8")
        rows = [self._heard_in(number, outcome) for number in range(self.count)]
        write_rows(folder / RESULTS, ResultRow, rows)
        tally = Tally()
        for row in rows:
            tally.add(row)
        (folder / SUMMARY).write_text(json.dumps(tally.as_json()), encoding="utf-8")
        plan = {"expected_false_hits": 0.2, "gallery": {"id": "g", "performers": self.count}, "engine": {}}
        (folder / PLAN).write_text(json.dumps(plan), encoding="utf-8")

    def _heard_in(self, number: int, outcome: EvidenceOutcome) -> ResultRow:
        who = self.others[number]
        heard: dict[str, Any] = {"performer": who, "outcome": outcome.value, "log10_lr": 3.0, "segments": []}
        digest = hashlib.sha256(b"%d" % number).hexdigest()
        return ResultRow(
            number,
            f"{number}.wav",
            f"media/{number}.wav",
            Status.ASSESSED,
            digest,
            duration_s=2.0,
            speech_s=2.0,
            outcome=outcome.value,
            verdict=Verdict.UNLICENSED_MATCH.value,
            performer=who,
            log10_lr=3.0,
            evidence=json.dumps({"candidates": [heard]}),
        )

    def _finding(self, row: ScanRow) -> Finding:
        return Finding(
            id=self.house.ctx.ids.new(IdPrefix.FINDING, self.house.clock()),
            scan_row=row,
            performer_id=self.performer_id,
            organisation_id=self.studio.organisation_id,
            rank=1,
            outcome=EvidenceOutcome.MATCH,
            log10_lr=3.0,
            engines={"ge2e": 3.0},
            cohort_percentile=99.0,
            segments=[],
            evidence_reasons=[],
            verdict=Verdict.UNLICENSED_MATCH,
            reasons=[],
            created_at=self.house.clock(),
        )

    def _destroyed(self) -> None:
        """Write certificates; what they are about never was."""
        with self.house.ctx.database.write() as session:
            for number in range(self.count):
                session.execute(
                    insert(DestructionCertificate).values(
                        id=self.house.ctx.ids.new(IdPrefix.DESTRUCTION_CERTIFICATE, self.house.clock()),
                        rule=SCHEDULE[0].id.value,
                        schedule_sha256="a" * 64,
                        records=1,
                        cutoff=self.house.clock(),
                        commitment=hashlib.sha256(b"%d" % number).hexdigest(),
                        salt=b"salt",
                        destroyed_by=self.house.operator.account_id,
                        destroyed_at=self.house.clock(),
                    )
                )
            session.commit()
        self._each(self._purged, "purge_id")

    def _purged(self, number: int) -> dict[str, Any]:
        """Write a purge that two have agreed on; the first one is under way."""
        ids, now = self.house.ctx.ids, self.house.clock()
        content = canonical(
            {"kind": "purge", "as_of": now.isoformat(), "schedule_sha256": "a" * 64, "due": {"check": 9}}
        )
        over = PurgeState.DONE if number else PurgeState.RUNNING
        by = {"proposed_by": self.house.operator.account_id, "answered_by": self.second_operator.account_id}
        with self.house.ctx.database.write() as session:
            proposal = Proposal(
                id=ids.new(IdPrefix.PROPOSAL, now),
                kind=ProposalKind.PURGE,
                content=content.decode(),
                content_sha256=hashlib.sha256(content).hexdigest(),
                reason="The night's purge did not run.",
                proposed_at=now,
                expires_at=now + timedelta(days=3),
                state=ProposalState.APPROVED,
                answered_at=now,
                answer_reason="I have counted as well.",
                **by,
            )
            session.add(proposal)
            session.flush()
            purge = Purge(
                id=ids.new(IdPrefix.PURGE, now),
                proposal_id=proposal.id,
                as_of=now,
                schedule_sha256="a" * 64,
                due={"check": 9},
                state=over,
                destroyed={},
                approved_by=self.second_operator.account_id,
                approved_at=now,
                ended_at=now if number else None,
            )
            session.add(purge)
            session.commit()
            return {"id": purge.id}

    def _journalled(self) -> None:
        """Change the performer, and have a checkpoint signed, as often as there is to be one."""
        self.ids["subject_id"] = self.performer_id
        for number in range(self.count):
            changed = self.house.operator.patch(self._own, {"name": f"Marta Calder {number}"})
            assert changed.status_code == 200, changed.text
            self.house.clock.move(minutes=2)
            checkpoint = self.house.client.get("/v1/journal/checkpoint", headers={"Accept": "application/json"})
            self.ids.setdefault("size", str(checkpoint.get_json()["size"]))


def register_key(caller: Caller) -> str:
    """Register a new signing key of somebody, and answer its id."""
    key = Ed25519PrivateKey.generate()
    public = _text(key.public_key().public_bytes_raw())
    proof = _text(key.sign(canonical(key_registration(caller.account_id, public))))
    return str(caller.made("/v1/signing-keys", {"public_key": public, "proof": proof})["id"])


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
