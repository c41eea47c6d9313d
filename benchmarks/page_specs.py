"""What differs from row to row in a registry that is full: of each table how many rows, like which, and in what not.

Whom a row is about is worked out from its number ``k``, so that no row has to be looked up for another. One performer,
one studio and one agent have much more than the others: of every 500 things about a performer one is about ours, and of
every 10 of a studio's one is ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Spec:
    """How the rows of one table are made.

    Attributes:
        table: whose rows.
        count: how many.
        columns: what differs, in SQL, by the row's number ``k``.
        like: which row is copied: the first for which this holds.
    """

    table: str
    count: int
    columns: Mapping[str, str]
    like: str = "true"


@dataclass(frozen=True)
class Sizes:
    """How many of everything, by performers and findings."""

    performers: int
    findings: int
    studios: int = 200
    checks: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "checks", self.findings * 7 // 10)


def new(prefix: str, count: int, number: str = "k") -> str:
    """Answer the id of a row by its number, of so many."""
    return f"pg_temp.bulk_id('{prefix}', {number}, {count})"


def at(count: int, number: str = "k") -> str:
    """Answer the moment at which a row was made."""
    return f"pg_temp.made_at({number}, {count})"


def digest(name: str) -> str:
    """Answer 64 characters that no other row has."""
    return f"md5('{name}' || k) || md5('{name} ' || k)"


@dataclass(frozen=True)
class Specs:
    """How each table is filled.

    Attributes:
        sizes: how many.
        performer_id, performer_account, studio_id, studio_account: who have much more than the others.
        agent: account of who acts for many.
        second_operator: an account.
        webhook_id: of the studio.
    """

    sizes: Sizes
    performer_id: str
    performer_account: str
    studio_id: str
    studio_account: str
    agent: str
    second_operator: str
    webhook_id: str

    def __iter__(self) -> Iterator[Spec]:
        """Yield them in an order in which each finds what it rests on."""
        for each in (
            self.people,
            self.licences,
            self.asking,
            self.checks,
            self.disputes,
            self.house,
        ):
            yield from each()

    def performer(self, number: str = "k") -> str:
        """Answer whom a row is about."""
        people = self.sizes.performers
        other = new("perf", people, f"(({number}) * 7919) % {people}")
        return f"CASE WHEN {number} % 500 = 0 THEN '{self.performer_id}' ELSE {other} END"

    def organisation(self, number: str = "k") -> str:
        """Answer whose a row is."""
        studios = self.sizes.studios
        other = new("org", studios, f"({number}) % {studios}")
        return f"CASE WHEN {number} % 10 = 0 THEN '{self.studio_id}' ELSE {other} END"

    def both(self) -> dict[str, str]:
        """Answer the two sides of a row."""
        return {"performer_id": self.performer(), "studio_id": self.organisation()}

    def of_licence(self) -> dict[str, str]:
        """Answer the two sides of a row, and the licence that it is under."""
        return self.both() | {"licence_id": new("lic", self.sizes.performers)}

    def people(self) -> Iterator[Spec]:
        """Fill what is about people."""
        people = self.sizes.performers
        studios = self.sizes.studios
        yield Spec(
            "organisations",
            studios,
            {"id": new("org", studios), "name": "'Studio ' || k", "created_at": at(studios)},
            f"id = '{self.studio_id}'",
        )
        yield Spec(
            "accounts",
            people,
            {"id": new("acc", people), "name": "'Performer ' || k", "created_at": at(people)},
            f"id = '{self.performer_account}'",
        )
        members = studios * 20
        yield Spec(
            "accounts",
            members,
            {
                "id": new("acc", members, f"k + {people}"),
                "name": "'Member ' || k",
                "organisation_id": self.organisation(),
                "created_at": at(members),
            },
            f"id = '{self.studio_account}'",
        )
        yield Spec(
            "tokens",
            people,
            {
                "id": new("tok", people),
                "account_id": new("acc", people),
                "secret_sha256": digest("token"),
                "created_at": at(people),
            },
        )
        yield Spec(
            "performers",
            people,
            {
                "id": new("perf", people),
                "name": "'Performer ' || k",
                "account_id": new("acc", people),
                "created_at": at(people),
            },
            f"id = '{self.performer_id}'",
        )
        for purpose, first in (("monitoring", 0), ("licensing", people)):
            total = 2 * people
            yield Spec(
                "consents",
                people,
                {
                    "id": new("cons", total, f"k + {first}"),
                    "performer_id": new("perf", people),
                    "signed_at": at(total, f"k + {first}"),
                    "recorded_at": at(total, f"k + {first}"),
                },
                f"purpose = '{purpose}' AND state = 'active'",
            )
        yield Spec("performer_keys", people, {"performer_id": new("perf", people), "created_at": at(people)})
        yield Spec(
            "enrolments",
            people,
            {
                "id": new("enr", people),
                "performer_id": new("perf", people),
                "consent_id": new("cons", 2 * people),
                "created_at": at(people),
                "finished_at": at(people),
            },
            "state = 'active'",
        )
        yield Spec(
            "voiceprints",
            2 * people,
            {
                "id": new("vp", 2 * people),
                "performer_id": new("perf", people, f"k % {people}"),
                "enrolment_id": new("enr", people, f"k % {people}"),
                "created_at": at(2 * people),
            },
        )
        told = people // 5
        yield Spec(
            "explanations",
            told,
            {"id": new("expl", told), "performer_id": self.performer(), "recorded_at": at(told)},
        )
        mandates = 300
        theirs = f"account_id = '{self.performer_account}' ORDER BY id"
        scopes = f"(SELECT scopes FROM tokens WHERE {theirs} LIMIT 1)"  # noqa: S608  (our own ids)
        yield Spec(
            "representatives",
            mandates,
            {
                "id": new("rep", mandates),
                "performer_id": new("perf", people, "k * 13"),
                "account_id": f"'{self.agent}'",
                "scopes": scopes,
                "created_at": at(mandates),
            },
        )
        yield Spec("representatives", 200, {"id": new("rep", 200, "k + 10000"), "created_at": at(200)})
        told = people
        yield Spec(
            "approaches", told, {"id": new("apch", told), "performer_id": self.performer(), "recorded_at": at(told)}
        )

    def licences(self) -> Iterator[Spec]:
        """Fill what is about licences."""
        people = self.sizes.performers
        licences = people
        yield Spec(
            "licences",
            licences,
            {
                "id": new("lic", licences),
                **self.both(),
                "title": "'Campaign ' || k",
                "number": "1",
                "created_at": at(licences),
                "offered_at": at(licences),
                "performer_signed_at": at(licences),
                "studio_signed_at": at(licences),
                "activated_at": at(licences),
            },
            "state = 'active' AND number = 1",
        )
        yield Spec(
            "licence_versions",
            licences,
            {
                "licence_id": new("lic", licences),
                **self.both(),
                "title": "'Campaign ' || k",
                "created_at": at(licences),
            },
            "number = 1 AND in_force_at IS NOT NULL",
        )
        for side in ("performer", "studio"):
            yield Spec(
                "licence_signatures",
                licences,
                {"licence_id": new("lic", licences), "signed_at": at(licences)},
                f"side = '{side}' AND number = 1",
            )
        paid = people // 2
        entries = people * 2
        posted = new("ent", entries)
        yield Spec(
            "payments", paid, {"id": new("pay", paid), **self.of_licence(), "reported_at": at(paid), "entry_id": posted}
        )
        yield Spec(
            "ledger_entries",
            entries,
            {
                "id": new("ent", entries),
                **self.both(),
                "licence_id": new("lic", licences, f"k % {licences}"),
                "key": "'bulk:' || k",
                "recorded_at": at(entries),
            },
        )
        reports = people // 10
        yield Spec(
            "usage_reports",
            reports,
            {
                "id": new("rpt", reports),
                "studio_id": self.organisation(),
                "digest": digest("report"),
                "reported_at": at(reports),
            },
        )
        yield Spec(
            "usage_report_items",
            reports,
            {"report_id": new("rpt", reports), "licence_id": new("lic", licences)},
            "number = (SELECT min(number) FROM usage_report_items)",
        )
        yield Spec(
            "usage_lines",
            people,
            {
                "id": new("use", people),
                **self.of_licence(),
                "key": "'bulk:' || k",
                "report_id": new("rpt", reports, f"k % {reports}"),
                "entry_id": new("ent", entries, f"k + {people}"),
                "recorded_at": at(people),
            },
        )

    def asking(self) -> Iterator[Spec]:
        """Fill what is about asking."""
        people = self.sizes.performers
        licences = people
        cleared = people * 3
        licensed = new("lic", licences, f"k % {licences}")
        yield Spec(
            "clearances",
            cleared,
            {
                "id": new("clr", cleared),
                **self.both(),
                "decided_at": at(cleared),
                "licence_id": f"CASE WHEN r.licence_id IS NULL THEN NULL ELSE {licensed} END",
            },
        )
        asked = people // 2
        yield Spec(
            "approvals",
            asked,
            {
                "id": new("appr", asked),
                **self.of_licence(),
                "copy_sha256": digest("copy"),
                "requested_at": at(asked),
            },
        )
        yield Spec(
            "source_attestations",
            people // 20,
            {
                "id": new("att", people // 20),
                **self.both(),
                "product": "'Voice ' || k",
                "recorded_at": at(people // 20),
            },
        )

    def checks(self) -> Iterator[Spec]:
        """Fill what is about checks."""
        people = self.sizes.performers
        checks = self.sizes.checks
        owner = self.organisation(f"(k % {checks})")
        yield Spec(
            "checks",
            checks,
            {
                "id": new("chk", checks),
                "organisation_id": self.organisation(),
                "filename": "'spot-' || k || '.flac'",
                "content_sha256": digest("check"),
                "created_at": at(checks),
                "finished_at": at(checks),
            },
            "state = 'done' AND verdict IS NOT NULL",
        )
        found = self.sizes.findings
        verdict = (
            "CASE k % 10 WHEN 0 THEN 'unlicensed_match' WHEN 1 THEN 'sound_alike_review' WHEN 2 THEN 'inconclusive' "
            "ELSE 'licensed_use' END"
        )
        yield Spec(
            "findings",
            found,
            {
                "id": new("find", found),
                "check_id": new("chk", checks, f"k % {checks}"),
                "performer_id": self.performer(f"(k + k / {checks})"),  # nobody is found twice in one recording
                "organisation_id": owner,
                "rank": f"1 + k / {checks}",
                "verdict": verdict,
                "created_at": at(found),
                "reviewed_at": f"CASE WHEN k % 10 < 2 AND k < {found * 19 // 20} THEN {at(found)} END",
            },
            "check_id IS NOT NULL AND reviewed_at IS NULL",
        )
        reviewed = found // 10
        yield Spec(
            "reviews",
            reviewed,
            {
                "id": new("rev", reviewed),
                "finding_id": new("find", found, "k * 10"),
                "decided_at": at(reviewed),
                "replaces_id": "NULL",
            },
        )
        yield Spec(
            "work",
            checks,
            {
                "id": new("work", checks),
                "subject_id": new("chk", checks),
                "created_at": at(checks),
                "finished_at": at(checks),
                "state": "'done'",
                "leased_by": "NULL",
                "lease_expires_at": "NULL",
            },
            "kind = 'check'",
        )
        scans = people // 20
        yield Spec(
            "scans",
            scans,
            {
                "id": new("scan", scans),
                "organisation_id": self.organisation(),
                "created_at": at(scans),
                "started_at": at(scans),
                "finished_at": at(scans),
            },
        )
        rows = scans * 20
        yield Spec(
            "scan_rows",
            rows,
            {
                "id": new("srow", rows),
                "scan_id": new("scan", scans, f"k % {scans}"),
                "number": f"k / {scans}",
                "name": "k || '.wav'",
            },
        )
        files = people // 20
        yield Spec(
            "gallery_files",
            files,
            {
                "id": new("gal", files),
                "organisation_id": self.organisation(),
                "sealed_sha256": digest("sealed"),
                "issued_at": at(files),
            },
        )
        yield Spec(
            "gallery_entries",
            people,
            {
                "id": new("gent", people),
                "file_id": new("gal", files, f"k % {files}"),
                "performer_id": new("perf", people),
            },
        )

    def disputes(self) -> Iterator[Spec]:
        """Fill what is about disputes."""
        people = self.sizes.performers
        cases = people // 5
        state = "CASE WHEN k % 4 = 0 THEN 'open' ELSE 'closed' END"
        yield Spec(
            "cases",
            cases,
            {
                "id": new("case", cases),
                **self.both(),
                "product": "'Voice ' || k",
                "state": state,
                "ending": "CASE WHEN k % 4 = 0 THEN NULL ELSE 'decided' END",
                "due_at": f"CASE WHEN k % 4 = 0 THEN {at(cases)} + interval '14 days' END",
                "state_since": at(cases),
                "opened_at": at(cases),
            },
            "state = 'open'",
        )
        yield Spec(
            "case_steps",
            cases * 3,
            {"case_id": new("case", cases, f"k % {cases}"), "number": f"1 + k / {cases}", "taken_at": at(cases * 3)},
            "number = 1 AND paper_id IS NULL AND proposal_id IS NULL",
        )
        yield Spec(
            "case_papers",
            cases * 2,
            {
                "id": new("cpap", cases * 2),
                "case_id": new("case", cases, f"k % {cases}"),
                "sha256": digest("paper"),
                "filed_at": at(cases * 2),
            },
            "kind = 'statement'",
        )
        yield Spec(
            "case_proposals",
            cases,
            {"id": new("cprp", cases), "case_id": new("case", cases), "proposed_at": at(cases)},
        )
        notices = cases // 4
        yield Spec(
            "notices",
            notices,
            {
                "id": new("ntc", notices),
                "case_id": new("case", cases),
                **self.both(),
                "drafted_at": at(notices),
                "state_since": at(notices),
            },
            "state = 'served'",
        )
        yield Spec(
            "notice_steps",
            notices,
            {"notice_id": new("ntc", notices), "taken_at": at(notices)},
            "number = 1",
        )
        yield Spec(
            "stay_down_entries",
            notices,
            {
                "id": new("sdn", notices),
                "notice_id": new("ntc", notices),
                "case_id": new("case", cases),
                "content_sha256": digest("listed"),
                "listed_at": at(notices),
            },
        )
        struck = people // 50
        yield Spec(
            "misuse_strikes",
            struck,
            {"id": new("mstr", struck), "performer_id": self.performer(), "recorded_at": at(struck)},
            "performer_id IS NOT NULL",
        )
        limited = people // 200
        yield Spec(
            "misuse_limits",
            limited,
            {"id": new("mlim", limited), "performer_id": self.performer(), "decided_at": at(limited)},
            "performer_id IS NOT NULL",
        )
        said = people // 100
        yield Spec(
            "public_figures", said, {"id": new("pubf", said), "performer_id": self.performer(), "said_at": at(said)}
        )

    def house(self) -> Iterator[Spec]:
        """Fill what is about house."""
        people = self.sizes.performers
        studios = self.sizes.studios
        proposed = people // 20
        yield Spec(
            "proposals",
            proposed,
            {
                "id": new("prop", proposed),
                "proposed_at": at(proposed),
                "expires_at": f"{at(proposed)} + interval '3 days'",
                "state": "CASE WHEN k % 50 = 0 THEN 'proposed' ELSE 'refused' END",
                "answered_by": f"CASE WHEN k % 50 = 0 THEN NULL ELSE '{self.second_operator}' END",
                "answered_at": f"CASE WHEN k % 50 = 0 THEN NULL ELSE {at(proposed)} END",
                "answer_reason": "CASE WHEN k % 50 = 0 THEN NULL ELSE 'Not now.' END",
            },
            "kind = 'engine_change'",
        )
        switched = people // 200
        yield Spec(
            "strikes",
            switched,
            {
                "id": new("strk", switched),
                "name": "'Agreement of ' || k",
                "name_key": "'agreement of ' || k",
                "declared_at": at(switched),
                "lifted_at": at(switched),
                "lifted_by": "r.declared_by",
            },
        )
        destroyed = people // 20
        yield Spec(
            "destruction_certificates",
            destroyed,
            {"id": new("cert", destroyed), "commitment": digest("destroyed"), "destroyed_at": at(destroyed)},
        )
        yield Spec(
            "webhooks",
            studios,
            {"id": new("hook", studios), "organisation_id": self.organisation(), "created_at": at(studios)},
        )
        messages, other = people * 3, new("hook", studios, f"k % {studios}")
        yield Spec(
            "webhook_deliveries",
            messages,
            {
                "id": new("msg", messages),
                "webhook_id": f"CASE WHEN k % 10 = 0 THEN '{self.webhook_id}' ELSE {other} END",
                "created_at": at(messages),
                "finished_at": at(messages),
                "state": "'delivered'",
                "next_attempt_at": "NULL",
                "lease_expires_at": "NULL",
            },
        )
