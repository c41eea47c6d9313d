"""Pay over HTTP: use that is reported, payments that are confirmed, statements; each side its own and nobody else's."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
from house import USE, Caller, House, assert_problem

DIGEST = "d" * 64
FEBRUARY = {"starts_on": "2026-02-01", "ends_on": "2026-02-28"}
YEAR = "starts_on=2026-01-01&ends_on=2026-12-31"


@dataclass(frozen=True)
class Agreed:
    """A licence in force, and its two sides."""

    studio: Caller
    performer: Caller
    performer_id: str
    licence_id: str

    def item(self, **changes: Any) -> dict[str, Any]:
        return {"licence_id": self.licence_id, "unit": "line", "medium": "radio", "quantity": "12.5"} | changes

    def paid(self, **changes: Any) -> dict[str, Any]:
        paid = {"licence_id": self.licence_id, "amount_minor": 3125, "currency": "GBP", "paid_on": "2026-03-14"}
        return paid | changes


@pytest.fixture
def agreed(house: House) -> Agreed:
    """A licence of 2.50 pounds a line."""
    return agree(house, {"basis": "per_line", "amount_minor": 250, "currency": "GBP"})


def agree(house: House, pay: dict[str, Any], **terms: Any) -> Agreed:
    """Let two parties in, who sign a licence for this pay."""
    performer, performer_id = house.performer()
    house.consent(performer, performer_id, "licensing")
    studio = house.studio()
    path = f"/v1/licences/{house.licence(studio, performer_id, pay=pay, **terms)['id']}"
    studio.made(f"{path}/offer", None)
    for side in (studio, performer):
        side.made(f"{path}/sign", {})
    return Agreed(studio, performer, performer_id, path.rsplit("/", 1)[1])


def report(agreed: Agreed, **changes: Any) -> dict[str, Any]:
    return agreed.studio.made("/v1/usage-reports", FEBRUARY | {"items": [agreed.item()]} | changes)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"quantity": "-1"}, "validation_failed"),
        ({"quantity": 12.5}, "validation_failed"),
        ({"quantity": "1e3"}, "validation_failed"),
        ({"quantity": "0.0001"}, "validation_failed"),
        ({"unit": "word"}, "validation_failed"),
        ({"licence_id": "lic_" + "0" * 26}, "licence_unknown"),
        ({"extra": 1}, "validation_failed"),
    ],
)
def test_a_use_that_makes_no_sense_is_refused(house: House, agreed: Agreed, change: dict[str, Any], code: str) -> None:
    body = FEBRUARY | {"items": [agreed.item(**change)]}
    assert_problem(agreed.studio.post("/v1/usage-reports", body), 422, code)
    assert house.rows()["ledger_entries"] == 0


def test_days_in_the_wrong_order_and_days_to_come_are_refused(agreed: Agreed) -> None:
    for days in ({"ends_on": "2026-01-31"}, {"ends_on": "2026-12-31"}):
        body = FEBRUARY | days | {"items": [agreed.item()]}
        assert_problem(agreed.studio.post("/v1/usage-reports", body), 422, "invalid_input")


def test_a_report_is_posted_once_however_often_it_is_sent_and_with_whatever_key(house: House, agreed: Agreed) -> None:
    body = FEBRUARY | {"items": [agreed.item()]}
    sent = [
        agreed.studio.post("/v1/usage-reports", body, headers={"Idempotency-Key": key} if key else None)
        for key in ("one", "one", "two", None)
    ]
    assert {response.status_code for response in sent} == {201}
    assert len({response.get_json()["id"] for response in sent}) == 1
    assert house.rows()["ledger_entries"] == 1
    other = FEBRUARY | {"items": [agreed.item(quantity="13")]}
    assert_problem(agreed.studio.post("/v1/usage-reports", other), 409, "usage_overlaps")
    amended = report(agreed, items=[agreed.item(quantity="13")], amends_id=sent[0].get_json()["id"])
    assert agreed.studio.get(f"/v1/usage-reports/{amended['id']}").get_json() == amended
    assert agreed.studio.get("/v1/usage-reports").get_json()["items"][0]["superseded_at"] is not None


def test_what_is_owed_is_in_the_account_of_the_licence_for_both_sides_and_for_nobody_else(
    house: House, agreed: Agreed
) -> None:
    report(agreed)
    path = f"/v1/licences/{agreed.licence_id}/account"
    for side in (agreed.studio, agreed.performer, house.operator):
        (account,) = side.get(path).get_json()["items"]
        assert (account["currency"], account["due_minor"], account["use_minor"]) == ("GBP", 3125, 3125)
    assert_problem(house.studio("Other").get(path), 404, "not_found")
    assert_problem(house.admit("auditor", "Ear", "Open Ear").get(path), 403, "forbidden")


@pytest.mark.parametrize(
    ("change", "code", "figures"),
    [
        ({"currency": "EUR"}, "currency_mismatch", {"currency": "EUR", "agreed_currency": "GBP"}),
        ({"amount_minor": 3126}, "payment_exceeds_due", {"due_minor": 3125}),
        ({"amount_minor": 0}, "validation_failed", {}),
        ({"paid_on": "2030-01-01"}, "invalid_input", {}),
    ],
)
def test_a_payment_that_settles_nothing_is_refused(
    agreed: Agreed, change: dict[str, Any], code: str, figures: dict[str, Any]
) -> None:
    report(agreed)
    assert_problem(agreed.studio.post("/v1/payments", agreed.paid(**change)), 422, code, **figures)


def test_a_payment_goes_from_reported_to_confirmed_by_the_side_that_is_paid(house: House, agreed: Agreed) -> None:
    report(agreed)
    payment = agreed.studio.made("/v1/payments", agreed.paid())
    path = f"/v1/payments/{payment['id']}"
    assert_problem(agreed.studio.post(f"{path}/confirm", {}), 403, "forbidden", side="studio")
    assert_problem(house.operator.post(f"{path}/confirm", {}), 403, "forbidden")
    stale = agreed.performer.post(f"{path}/confirm", {}, headers={"If-Match": '"v9"'})
    assert_problem(stale, 412, "stale_version")
    confirmed = agreed.performer.made(f"{path}/confirm", {})
    assert (confirmed["state"], confirmed["version"]) == ("confirmed", 2)
    assert_problem(agreed.performer.post(f"{path}/dispute", {"reason": "no"}), 409, "conflict", state="confirmed")
    assert agreed.studio.get("/v1/payments?state=reported").get_json()["items"] == []
    entry = agreed.performer.get(f"/v1/ledger-entries/{confirmed['entry_id']}").get_json()
    assert (entry["kind"], entry["amount_minor"]) == ("payment", 3125)
    assert_problem(house.studio("Other").get(path), 404, "not_found")


def test_a_disputed_payment_says_why(house: House, agreed: Agreed) -> None:
    report(agreed)
    payment = agreed.studio.made("/v1/payments", agreed.paid(evidence_sha256=DIGEST))
    path = f"/v1/payments/{payment['id']}/dispute"
    assert_problem(agreed.performer.post(path, {}), 422, "validation_failed")
    assert agreed.performer.made(path, {"reason": "nothing has come"})["state"] == "disputed"
    assert house.operator.get(f"/v1/payments/{payment['id']}").get_json()["reason"] == "nothing has come"


def test_only_an_operator_takes_an_entry_back(house: House, agreed: Agreed) -> None:
    report(agreed)
    (entry,) = agreed.studio.get(f"/v1/ledger-entries?licence_id={agreed.licence_id}").get_json()["items"]
    path = f"/v1/ledger-entries/{entry['id']}/reverse"
    assert_problem(agreed.studio.post(path, {"reason": "too much"}), 403, "forbidden")
    reversal = house.operator.made(path, {"reason": "counted twice elsewhere"})
    assert (reversal["kind"], reversal["reverses_id"]) == ("reversal", entry["id"])
    assert_problem(house.operator.post(path, {"reason": "again"}), 409, "conflict")
    assert agreed.studio.get(f"/v1/licences/{agreed.licence_id}/account").get_json()["items"][0]["due_minor"] == 0


def test_both_sides_statements_agree_in_every_form(agreed: Agreed) -> None:
    report(agreed)
    payment = agreed.studio.made("/v1/payments", agreed.paid(amount_minor=1000))
    agreed.performer.made(f"/v1/payments/{payment['id']}/confirm", {})
    own = f"/v1/performers/{agreed.performer_id}/pay-statement?{YEAR}"
    owed = f"/v1/studios/{agreed.studio.organisation_id}/pay-statement?{YEAR}"
    told = [agreed.performer.get(own).get_json(), agreed.studio.get(owed).get_json()]
    (ours,), (theirs,) = (each["sections"] for each in told)
    assert [line["amount_minor"] for line in ours["lines"]] == [line["amount_minor"] for line in theirs["lines"]]
    assert ours["closing_minor"] == theirs["closing_minor"] == 2125
    table = agreed.performer.get(f"{own}&format=csv")
    assert table.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [row["amount_minor"] for row in rows] == ["0", "3125", "-1000", "2125"]
    page = agreed.studio.get(f"{owed}&format=html&language=ko")
    assert page.mimetype == "text/html"
    assert "기말 미지급액" in page.text
    assert "21.25" in page.text


EVERY_BASIS = {
    # unit: price of one, quantity, further members, exact price
    "session": (30_000, "2", {}, 60_000.0),
    "line": (250, "10", {}, 2_500.0),
    "second": (30, "60.5", {}, 1_815.0),
    "thousand_inferences": (99, "1.5", {}, 148.5),
    "training_run": (500_000, "1", {}, 500_000.0),
    "real_time_hour": (8_000, "0.25", {"use_mode": "real_time"}, 15_000.0),
}


def test_every_basis_is_owed_at_its_price_beyond_the_guarantee_and_both_sides_agree(house: House) -> None:
    pay = {
        "rates": [{"basis": f"per_{unit}", "amount_minor": rate} for unit, (rate, *_) in EVERY_BASIS.items()],
        "currency": "GBP",
        "minimum_guarantee_minor": 100_000,
        "multipliers": [{"use_mode": "real_time", "factor": "7.5"}],
    }
    purposes = ["voice_clone", "advertising", "training"]
    agreed = agree(house, pay, purposes=purposes, use_modes=["fixed", "real_time"])
    account = f"/v1/licences/{agreed.licence_id}/account"
    assert agreed.studio.get(account).get_json()["items"][0]["due_minor"] == 100_000
    report(
        agreed,
        items=[
            agreed.item(unit=unit, quantity=quantity, **more) for unit, (_, quantity, more, _) in EVERY_BASIS.items()
        ],
    )
    (told,) = agreed.studio.get(account).get_json()["items"]
    assert (told["use_minor"], told["recouped_minor"], told["due_minor"]) == (579_463, 100_000, 579_463)
    statements = [
        agreed.performer.get(f"/v1/performers/{agreed.performer_id}/pay-statement?{YEAR}").get_json(),
        agreed.studio.get(f"/v1/studios/{agreed.studio.organisation_id}/pay-statement?{YEAR}").get_json(),
    ]
    for (section,) in (each["sections"] for each in statements):
        lines = {line["use"]["unit"]: line for line in section["lines"] if line["use"] is not None}
        assert lines.keys() == EVERY_BASIS.keys()
        for unit, (*_, exact) in EVERY_BASIS.items():
            assert Fraction(lines[unit]["use"]["exact_minor"]) == Fraction(exact)
        assert section["closing_minor"] == 579_463  # 579,463.5 exactly: the half is carried to the next use


def test_what_is_not_paid_by_its_day_is_cleared_no_more_until_it_is(house: House, agreed: Agreed) -> None:
    wanted = {"performer_id": agreed.performer_id, "use": USE}
    assert agreed.studio.made("/v1/clearances", wanted)["decision"] == "permitted"
    report(agreed)
    house.clock.move(days=31)
    refused = agreed.studio.made("/v1/clearances", wanted)
    assert (refused["decision"], refused["reasons"][0]["code"]) == ("refused", "payment_overdue")
    assert refused["reasons"][0]["figures"]["due_on"] == "2026-04-13"
    (account,) = agreed.studio.get(f"/v1/licences/{agreed.licence_id}/account").get_json()["items"]
    assert account["overdue_minor"] == 3125
    payment = agreed.studio.made("/v1/payments", agreed.paid())
    assert agreed.studio.made("/v1/clearances", wanted)["decision"] == "refused"
    agreed.performer.made(f"/v1/payments/{payment['id']}/confirm", {})
    assert agreed.studio.made("/v1/clearances", wanted)["decision"] == "permitted"


def test_a_statement_of_somebody_else_or_of_no_days_is_refused(house: House, agreed: Agreed) -> None:
    own = f"/v1/performers/{agreed.performer_id}/pay-statement"
    assert_problem(agreed.studio.get(f"{own}?{YEAR}"), 404, "not_found")
    assert_problem(agreed.performer.get(own), 422, "validation_failed")
    backwards = f"{own}?starts_on=2026-12-31&ends_on=2026-01-01"
    assert_problem(agreed.performer.get(backwards), 422, "invalid_input")
    for nowhere in ("Mars/Olympus", "../../etc/passwd", "UTC%2B9", "%00"):
        assert_problem(agreed.performer.get(f"{own}?{YEAR}&time_zone={nowhere}"), 422, "invalid_input")
    assert_problem(agreed.performer.get(f"{own}?{YEAR}&time_zone={'A' * 65}"), 422, "validation_failed")
    studio = f"/v1/studios/{agreed.studio.organisation_id}/pay-statement?{YEAR}"
    assert_problem(agreed.performer.get(studio), 404, "not_found")
    of_the_desk = f"/v1/studios/{house.operator.organisation_id}/pay-statement?{YEAR}"
    assert_problem(house.operator.get(of_the_desk), 404, "not_found")
