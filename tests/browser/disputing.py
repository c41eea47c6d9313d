"""What people do on pages of disputes, by the forms that stand on them; and a case that is there before they do."""

from __future__ import annotations

from collections.abc import Callable

from conftest import violations
from demo import Party
from reader import Reader
from web import SeededWeb

OPERATOR, SECOND = "operator", "operator, second"


def party_of(web: SeededWeb, who: str) -> Party:
    """Answer somebody of the seeded registry with their token."""
    account = web.people[who]
    return next(each for each in (web.operator, *web.seeded.parties) if each.account_id == account)


def claimed(web: SeededWeb, who: str, product: str) -> str:
    """Open a case as a performer, against the studio, and answer its path."""
    body = {"studio_id": web.things["studio_id"], "product": product, "claim": "I declined, and in May it was there."}
    performer = party_of(web, who)
    return f"/cases/{performer.post('/v1/cases', body | {'performer_id': performer.performer_id})['id']}"


def taken(web: SeededWeb, case: str, step: str) -> None:
    web.operator.post(f"/v1{case}/steps", {"step": step, "reason": "It is time."})


def supported(web: SeededWeb, who: str, product: str) -> str:
    """Open a case that documents have answered for the performer, as far as a proposal, and answer its path."""
    case = claimed(web, who, product)
    taken(web, case, "take_up")
    for side in (who, "studio"):
        party_of(web, side).post(f"/v1{case}/statements", {"title": "Ours", "text": "The contract names whose it is."})
    taken(web, case, "analyse")
    proposed = {"conclusion": "supports_p", "grounds": "Both sides name the performer.", "rests_on": "documents"}
    web.operator.post(f"/v1{case}/proposals", proposed | {"would_change": "Takes of somebody else."})
    return case


def does(someone: Reader, form: str, fill: Callable[[], object], *, said: str) -> None:
    """Open an act of a page, fill it in, press its button, and read what the page then says."""
    act = someone.page.locator(f"#{form}")
    if act.get_attribute("open") is None:
        act.locator("summary").first.click()
    fill()
    with someone.page.expect_navigation():
        act.get_by_role("button").click()
    someone.sees(said)


def sound(someone: Reader, *, scripts: bool) -> None:
    """Insist that axe finds nothing on the page, and that it is no wider than the window."""
    assert someone.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), someone.page.url
    if scripts:
        assert violations(someone.page) == []
