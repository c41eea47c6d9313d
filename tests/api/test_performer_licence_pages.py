"""A performer's licences, exact words, pay and what hangs on them, on pages, as a browser without scripts sees them."""

from __future__ import annotations

import hashlib
import re
from html import unescape
from typing import Any

import pytest
from browser import Browser
from house import USE, Caller, House
from httpx import Response

from registry.domain.cohorts.texts import cohort_texts

PAID = {"rates": [{"basis": "flat", "amount_minor": 450_000}], "currency": "GBP"}
ASKED = {"purposes": ["advertising"], "floor_minor": 40_000, "currency": "GBP"}
WORDS = "Spring is here. So are we."


def said(page: Response) -> str:
    """What a page says, without its marks."""
    main = page.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def follow(browser: Browser, answer: Response) -> Response:
    assert answer.status_code == 303, (answer.status_code, said(answer))
    return browser.get(answer.headers["Location"])


class Parties:
    """A performer who is open to licences, a studio, somebody who acts for the performer, and their browsers."""

    def __init__(self, house: House) -> None:
        self.house, self.studio = house, house.studio()
        self.caller, self.performer_id = house.performer()
        house.consent(self.caller, self.performer_id)
        house.consent(self.caller, self.performer_id, "licensing")
        self.me = f"/performers/{self.performer_id}"
        self.browser = self.signed_in(self.caller)
        agent = house.admit("representative", "Jo Arden")
        scopes = ["performers:read", "licences:read", "licences:write", "clearances:read", "clearances:write"]
        body: dict[str, Any] = {"account_id": agent.account_id, "kind": "agent", "scopes": [*scopes, "ledger:read"]}
        body |= {"expires_at": "2030-01-01T00:00:00Z", "evidence_sha256": "e" * 64}
        house.operator.made(f"/v1/performers/{self.performer_id}/representatives", body)
        self.agent = self.signed_in(agent)

    def signed_in(self, caller: Caller) -> Browser:
        browser = Browser(self.house)
        browser.use(self.house.operator.made(f"/v1/accounts/{caller.account_id}/sign-in-links", None)["url"])
        return browser

    def offered(self, **terms: Any) -> str:
        """Let the studio offer a licence, and answer its page."""
        licence = self.house.licence(self.studio, self.performer_id, **terms)
        self.studio.made(f"/v1/licences/{licence['id']}/offer", None)
        self.studio.made(f"/v1/licences/{licence['id']}/sign", {})
        return f"{self.me}/licences/{licence['id']}"

    def in_force(self, **terms: Any) -> str:
        page = self.offered(**terms)
        self.caller.made(f"/v1/licences/{page.rpartition('/')[2]}/sign", {})
        return page

    def asked(self) -> str:
        """Let the studio ask for exact words, and answer the page of the question."""
        digest = hashlib.sha256(WORDS.encode()).hexdigest()
        question = {"performer_id": self.performer_id, "use": USE | {"copy_sha256": digest}, "copy_text": WORDS}
        asked = self.studio.made("/v1/approvals", question | {"fee_minor": 45_000, "currency": "GBP"})
        return f"{self.me}/approvals/{asked['id']}"


@pytest.fixture
def parties(house: House) -> Parties:
    return Parties(house)


# --- licences --------------------------------------------------------------------------------------------------------


def test_an_offer_is_read_in_short_and_word_by_word_and_signed_as_it_was_read(parties: Parties) -> None:
    path = parties.offered(pay=PAID, approval=ASKED)
    assert "waits for your signature" in said(parties.browser.get(f"{parties.me}/licences"))
    assert "A licence to sign or decline: Spring campaign" in said(parties.browser.get(parties.me))
    page = parties.browser.get(path)
    for words in ("Northlight Games", "radio · United Kingdom", "£4,500.00", "for £400.00 at least", "has not signed"):
        assert words in said(page)
    assert "Licence of a voice: Spring campaign" in said(page)
    signed = follow(parties.browser, parties.browser.press(page, f"{path}/sign"))
    assert "Signed." in said(signed)
    assert "in force" in said(signed)
    assert parties.caller.get(f"/v1{path.removeprefix(parties.me)}").get_json()["state"] == "active"


def test_what_was_changed_since_it_was_read_is_not_signed(parties: Parties) -> None:
    path = parties.offered()
    page = parties.browser.get(path)
    forged = parties.browser.press(page, f"{path}/sign", agreement_sha256="0" * 64)
    assert forged.status_code == 422
    declined = parties.agent.press(parties.agent.get(path), f"{path}/decline", reason="Not for that fee.")
    assert declined.status_code == 303
    late = parties.browser.press(page, f"{path}/sign")
    assert late.status_code == 412
    assert "This has changed since you opened the page." in said(late)
    assert "Not for that fee." in said(late)
    assert f'action="{path}/sign"' not in late.text


def test_an_offer_is_declined_with_a_reason_that_the_studio_reads(parties: Parties) -> None:
    path = parties.offered()
    page = parties.browser.get(path)
    assert parties.browser.press(page, f"{path}/decline", reason=" ").status_code == 422
    told = follow(parties.browser, parties.browser.press(page, f"{path}/decline", reason="No betting, please."))
    assert "Declined, with this reason: No betting, please." in said(told)
    licence = f"/v1{path.removeprefix(parties.me)}"
    (version,) = parties.studio.get(f"{licence}/versions").get_json()["items"]
    assert (version["declined_reason"], version["declined_by"]) == ("No betting, please.", parties.caller.account_id)
    assert parties.studio.get(licence).get_json()["state"] == "revoked"
    again = parties.caller.post(f"{licence}/decline", {"reason": "Again."})
    assert again.status_code == 409


def test_an_amendment_says_what_it_changes_and_its_refusal_leaves_in_force_what_is(parties: Parties) -> None:
    path = parties.in_force(pay=PAID)
    licence = f"/v1{path.removeprefix(parties.me)}"
    terms = parties.studio.get(licence).get_json()["terms"] | {"media": ["radio", "podcast"]}
    parties.studio.made(f"{licence}/amend", {"terms": terms})
    parties.studio.made(f"{licence}/offer", None)
    page = parties.browser.get(path)
    assert "Permitted media radio radio, podcasts" in said(page)
    told = follow(parties.browser, parties.browser.press(page, f"{path}/decline", reason="Radio only."))
    assert "Declined. The studio reads the reason." in said(told)
    assert parties.studio.get(licence).get_json()["state"] == "active"


def test_a_licence_rests_goes_on_and_ends(parties: Parties) -> None:
    path = parties.in_force()
    paused = parties.browser.press(parties.browser.get(path), f"{path}/pause", reason="Let us talk.")
    page = follow(parties.browser, paused)
    assert "as a pause, without admission of anything" in said(page)
    assert "“Let us talk.”" in said(page)
    page = follow(parties.browser, parties.browser.press(page, f"{path}/resume"))
    page = follow(parties.browser, parties.browser.press(page, f"{path}/end"))
    assert "ended before its day" in said(page)
    assert f'action="{path}/pause"' not in page.text


def test_who_acts_for_somebody_reads_for_whom(parties: Parties) -> None:
    path = parties.offered()
    page = parties.agent.get(path)
    assert "offers this licence of the voice of Marta Calder" in said(page)
    assert "Sign for Marta Calder" in said(page)
    assert "offers you this licence" not in said(page)
    assert parties.agent.get(f"{parties.me}/findings").status_code == 403


def test_who_acts_for_somebody_is_not_led_to_what_their_mandate_does_not_cover(parties: Parties) -> None:
    assert "Open a case" not in said(parties.agent.get("/cases"))
    assert parties.agent.get("/cases/new").status_code == 403
    assert "does not cover writing it down" in said(parties.agent.get(f"{parties.me}/approaches"))
    assert "Open a case" in said(parties.browser.get("/cases"))
    assert parties.me.rpartition("/")[2] in parties.browser.get("/cases/new").text
    assert "does not cover" not in said(parties.browser.get(f"{parties.me}/approaches"))


# --- exact words -----------------------------------------------------------------------------------------------------


def test_exact_words_are_approved_once_and_who_comes_second_is_told_who_answered(parties: Parties) -> None:
    parties.in_force(approval=ASKED)
    path = parties.asked()
    assert WORDS in said(parties.browser.get(f"{parties.me}/approvals"))
    mine, theirs = parties.browser.get(path), parties.agent.get(path)
    for words in (WORDS, "£450.00", "£400.00", "Northlight Games", "Spring campaign"):
        assert words in said(mine)
    assert "Yes, Marta Calder approves these words" in said(theirs)
    first = parties.agent.press(theirs, f"{path}/refuse", reason="Not that word.")
    assert first.status_code == 303
    second = parties.browser.press(mine, f"{path}/approve")
    assert second.status_code == 409
    assert "Your answer came second" in said(second)
    assert "by Jo Arden" in said(second)
    assert "Not that word." in said(second)


def test_a_yes_to_exact_words_is_on_record(parties: Parties) -> None:
    parties.in_force(approval=ASKED)
    path = parties.asked()
    told = follow(parties.browser, parties.browser.press(parties.browser.get(path), f"{path}/approve"))
    assert "approved, not used yet" in said(told)
    assert f'action="{path}/approve"' not in told.text


# --- pay -------------------------------------------------------------------------------------------------------------


def test_a_payment_is_confirmed_once_and_what_is_owed_is_less_by_it(parties: Parties) -> None:
    licence = parties.in_force(pay=PAID)
    paid = {"licence_id": licence.rpartition("/")[2], "amount_minor": 200_000, "currency": "GBP"}
    payment = parties.studio.made("/v1/payments", paid | {"paid_on": "2026-03-01", "reference": "INV 7"})
    path = f"{parties.me}/payments/{payment['id']}"
    earnings = parties.browser.get(f"{parties.me}/earnings")
    assert "£4,500.00" in said(earnings)
    assert "Has this arrived?" in said(earnings)
    mine, again = parties.browser.get(path), parties.browser.get(path)
    assert "INV 7" in said(mine)
    assert f'action="{path}/confirm"' not in parties.agent.get(path).text, "the mandate does not cover it"
    told = follow(parties.browser, parties.browser.press(mine, f"{path}/confirm"))
    assert "confirmed: it has arrived" in said(told)
    late = parties.browser.press(again, f"{path}/dispute", reason="Nothing came.")
    assert late.status_code == 412
    assert "by Marta Calder" in said(late)
    assert "£2,500.00" in said(parties.browser.get(f"{parties.me}/earnings"))


def test_a_payment_that_has_not_arrived_is_disputed(parties: Parties) -> None:
    licence = parties.in_force(pay=PAID)
    paid = {"licence_id": licence.rpartition("/")[2], "amount_minor": 200_000, "currency": "GBP"}
    payment = parties.studio.made("/v1/payments", paid | {"paid_on": "2026-03-01"})
    path = f"{parties.me}/payments/{payment['id']}"
    page = parties.browser.get(path)
    assert parties.browser.press(page, f"{path}/dispute", reason="").status_code == 422
    told = follow(parties.browser, parties.browser.press(page, f"{path}/dispute", reason="Nothing came."))
    assert "What is owed stays owed" in said(told)
    assert parties.studio.get(f"/v1/payments/{payment['id']}").get_json()["reason"] == "Nothing came."


# --- who asked, who holds, one of many -------------------------------------------------------------------------------


def test_who_asked_is_written_down_and_put_right_and_never_changed(parties: Parties) -> None:
    path = f"{parties.me}/approaches"
    entry = {
        "studio_name": "Southgate Sound",
        "asked_on": "2026-02-20",
        "scope": "An assistant.",
        "outcome": "declined",
    }
    page = parties.browser.get(path)
    future = parties.browser.press(page, path, **(entry | {"asked_on": "2031-01-01"}))
    assert future.status_code == 422
    assert "An assistant." in future.text
    told = follow(parties.browser, parties.browser.press(page, path, **entry, **{"for-assistant": "yes"}))
    assert "Southgate Sound , 20 February 2026" in said(told)
    (amends,) = re.findall(r"\?amends=(\w+)", told.text)
    form = parties.browser.get(f"{path}?amends={amends}")
    told = follow(parties.browser, parties.browser.press(form, path, **(entry | {"outcome": "retracted"})))
    assert "A later entry stands in place of this one." in said(told)
    late = parties.browser.press(form, path, form_key="z" * 16, **(entry | {"scope": "Another."}))
    assert late.status_code == 409


def test_who_holds_something_is_named_with_the_moment_by_which_they_must_stop(parties: Parties) -> None:
    parties.in_force()
    page = parties.browser.get(f"{parties.me}/holders")
    assert "Northlight Games" in said(page)
    assert "at the latest" in said(page)
    parties.house.clock.move(seconds=1)
    parties.browser.press(parties.browser.get(f"{parties.me}/withdraw"), f"{parties.me}/withdraw")
    assert "still has time" in said(parties.browser.get(f"{parties.me}/holders"))
    parties.house.clock.move(hours=25)
    browser = parties.signed_in(parties.caller)
    assert "its time is over" in said(browser.get(f"{parties.me}/holders"))


def test_a_draft_is_said_to_be_one_of_which_nothing_is_asked_yet(parties: Parties) -> None:
    licence_id = parties.house.licence(parties.studio, parties.performer_id)["id"]
    asked = "Nothing is asked of you yet: until it is offered"
    page = parties.browser.get(f"{parties.me}/licences/{licence_id}")
    assert f"This is a draft. {asked}" in said(page)
    assert "#decide" not in page.text
    assert "being drafted nothing is asked of you yet" in said(parties.browser.get(f"{parties.me}/licences"))
    assert "Nothing is asked of the performer's side yet" in said(
        parties.agent.get(f"{parties.me}/licences/{licence_id}")
    )
    assert "이것은 초안이에요" in said(parties.browser.get(f"{parties.me}/licences/{licence_id}?lang=ko"))
    parties.browser.get("/?lang=en")
    parties.studio.made(f"/v1/licences/{licence_id}/offer", None)
    assert "draft" not in said(parties.browser.get(f"{parties.me}/licences/{licence_id}"))
    running = parties.in_force()
    parties.studio.made(f"/v1{running.removeprefix(parties.me)}/amend", {"title": "Spring, longer"})
    newer = said(parties.browser.get(f"{running}?number=2"))
    assert f"This version is a draft, and what is in force stays as it is. {asked}" in newer
    ended = parties.house.licence(parties.studio, parties.performer_id)["id"]
    parties.studio.made(f"/v1/licences/{ended}/revoke", None)
    assert asked not in said(parties.browser.get(f"{parties.me}/licences/{ended}"))


def test_what_a_permission_is_for_stands_where_holders_are_named(parties: Parties) -> None:
    licence = parties.in_force()
    wanted = {"performer_id": parties.performer_id, "use": USE | {"use_mode": "fixed", "ai_disclosed": True}}
    made = parties.studio.made("/v1/clearances", wanted)
    assert made["decision"] == "permitted", made
    agent = parties.house.admit("representative", "Lou Nameless")
    body: dict[str, Any] = {"account_id": agent.account_id, "kind": "agent", "scopes": ["performers:read"]}
    body |= {"expires_at": "2030-01-01T00:00:00Z", "evidence_sha256": "e" * 64}
    parties.house.operator.made(f"/v1/performers/{parties.performer_id}/representatives", body)
    for path in ("holders", "withdraw"):
        page = parties.browser.get(f"{parties.me}/{path}")
        assert re.search(r"Spring \(Advertising, Radio; until .* UTC \): by .* at the latest", said(page)), said(page)
        assert f'<small class="id"><code>{made["id"]}</code></small>' in page.text
        untold = said(parties.signed_in(agent).get(f"{parties.me}/{path}"))
        assert made["id"] in untold, "that it is held is told to whoever may read who holds what"
        assert "Spring (" not in untold
    assert re.search(r"Spring \(Advertising, Radio\): until .* UTC", said(parties.browser.get(licence)))
    done = parties.browser.press(parties.browser.get(f"{parties.me}/withdraw"), f"{parties.me}/withdraw")
    assert "Spring (" in said(done)


def test_one_of_many_takes_three_right_answers_and_ends_with_one_button(parties: Parties) -> None:
    path, text = f"{parties.me}/cohorts", cohort_texts()["cohort.en.v1"]
    page = parties.browser.get(path)
    right = {f"answer-{number}": str(each.right) for number, each in enumerate(text.questions, 1)}
    wrong = right | {"answer-1": str(1 + text.questions[0].right % len(text.questions[0].options))}
    taught = parties.browser.press(page, path, **wrong)
    assert taught.status_code == 422
    assert text.questions[0].teaches in said(taught)
    assert text.questions[1].teaches not in said(taught)
    agreed = follow(parties.browser, parties.browser.press(taught, path, **right, sex="female", language="ko"))
    assert "Agreed. It is in force from now on." in said(agreed)
    ended = follow(parties.browser, parties.browser.press(agreed, f"{path}/end"))
    assert "The voice is in no comparison from now on." in said(ended)
    assert parties.browser.press(agreed, f"{path}/end", form_key="z" * 16).status_code == 409


# --- choices on the way ----------------------------------------------------------------------------------------------


def test_choices_that_are_not_signed_are_kept_by_the_browser_and_nowhere_else(parties: Parties) -> None:
    query = "purpose=licensing&modality=voice&dubbing=allow"
    before = parties.house.rows()
    parties.browser.get(f"{parties.me}/consents/new?{query}")
    assert parties.house.rows() == before
    page = parties.browser.get(parties.me)
    assert "Go on where you stopped: Licences · voice" in said(page)
    assert f"{parties.me}/consents/new?{query}" in unescape(page.text)
    assert "Go on where you stopped" not in said(parties.agent.get(parties.me))
    no = parties.browser.get(f"{parties.me}/consents/refuse?{query}")
    parties.browser.press(no, f"{parties.me}/consents/new?{query}", signed_by="Marta Calder", decision="refused")
    assert "Go on where you stopped" not in said(parties.browser.get(parties.me))
