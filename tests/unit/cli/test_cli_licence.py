"""Licences at the command line: what an operator may do to them, and how they are shown."""

from __future__ import annotations

import pytest
from command_line import CommandLine

from registry.errors import ConflictError, NotFoundError


@pytest.mark.parametrize("verb", ["show", "resume", "revoke", "paid"])
@pytest.mark.usefixtures("operator")
def test_a_licence_that_does_not_exist_is_refused(likeness: CommandLine, verb: str) -> None:
    assert isinstance(likeness.error("licence", verb, "lic_none"), NotFoundError)


@pytest.mark.usefixtures("operator")
def test_a_suspension_needs_a_reason(likeness: CommandLine) -> None:
    assert "--reason" in likeness.usage("licence", "suspend", "lic_none")
    assert "--reason" in likeness.usage("licence", "suspend", "lic_none", "--reason", " ")
    assert "--reason" in likeness.usage("licence", "suspend", "lic_none", "--reason", "x" * 501)


def test_what_cannot_be_done_in_a_state_is_refused_and_changes_nothing(licence: str, likeness: CommandLine) -> None:
    assert isinstance(likeness.error("licence", "resume", licence), ConflictError)
    likeness.out("licence", "revoke", licence)
    for command in (("suspend", licence, "--reason", "late"), ("resume", licence), ("revoke", licence)):
        assert isinstance(likeness.error("licence", *command), ConflictError)
    assert likeness.json("licence", "show", licence)["state"] == "revoked"


def test_a_licence_is_suspended_with_its_reason_and_resumed(licence: str, likeness: CommandLine) -> None:
    assert likeness.out("licence", "suspend", licence, "--reason", "used abroad") == f"{licence} is suspended"
    shown = likeness.json("licence", "show", licence)
    assert (shown["state"], shown["suspension_reason"]) == ("suspended", "used abroad")
    assert likeness.out("licence", "resume", licence) == f"{licence} is active"
    assert likeness.json("licence", "show", licence)["suspension_reason"] is None


def test_a_payment_is_confirmed_once(licence: str, likeness: CommandLine) -> None:
    likeness.out("licence", "paid", licence)
    assert likeness.json("licence", "show", licence)["paid_at"] is not None
    assert isinstance(likeness.error("licence", "paid", licence), ConflictError)


def test_a_list_can_be_narrowed_to_a_state(licence: str, likeness: CommandLine) -> None:
    assert [one["id"] for one in likeness.json("licence", "list", "--state", "active")] == [licence]
    assert likeness.json("licence", "list", "--state", "draft") == []
    assert licence in likeness.out("licence", "list")


def test_the_terms_are_shown_in_words_and_to_machines_as_data(licence: str, likeness: CommandLine) -> None:
    shown = likeness.out("licence", "show", licence)
    assert "Rates: 4,500.00 GBP once" in shown
    assert "every project of the studio" in shown
    assert likeness.json("licence", "show", licence)["terms"]["pay"] == {
        "basis": "flat",
        "amount_minor": 450_000,
        "rates": [{"basis": "flat", "amount_minor": 450_000}],
        "currency": "GBP",
        "minimum_guarantee_minor": 0,
        "multipliers": [],
        "due_within_days": 30,
    }
