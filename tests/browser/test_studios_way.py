"""A studio's way in a real browser: a recording to its verdict, a no and what would change it, and asking again."""

from __future__ import annotations

from urllib.parse import urljoin

import httpx
import pytest
from conftest import ROOT, violations
from demo import Party, agree_licence, token_for
from playwright.sync_api import Browser, Request, Route
from reader import WITHIN_MS, Reader, reader, signed_in
from web import SeededWeb

from registry.domain.licence_text.writing import LANGUAGES
from registry.domain.uses import Medium, UsePurpose

pytestmark = pytest.mark.xdist_group("browser")  # one browser and one registry for all of them

VOICES = ROOT / "examples" / "voices" / "submissions"


def first(words: str) -> str:
    return words[:1].upper() + words[1:]


def goes(me: Reader, path: str) -> None:
    me.page.goto(urljoin(me.page.url, path))


def declares(me: Reader, medium: Medium) -> None:
    """Fill in a use as anybody does, by what the choices are called."""
    words = LANGUAGES[me.language]
    chosen = {
        "kind": me.says("A machine made it"),
        "purpose": first(words.purposes[UsePurpose.ADVERTISING]),
        "medium": first(words.media[medium]),
        "territory": {"en": "United Kingdom", "ko": "영국"}[me.language],
        "ai_disclosed": me.says("yes"),
    }
    me.page.locator("main details > summary").first.click()
    for name, words_of_it in chosen.items():
        me.page.locator(f"select[name={name}]").select_option(label=words_of_it)
    me.page.locator("input[name=project]").fill("Spring campaign")
    me.page.locator("input[name=language]").fill("en")


def sends(me: Reader, file: str, medium: Medium, *, scripts: bool) -> None:
    """Send one recording in, and go to what was found."""
    goes(me, "/checks")
    me.follow("Check recordings")
    me.page.locator("#file").set_input_files(VOICES / file)
    declares(me, medium)
    me.press("Check")
    if scripts:
        me.page.get_by_role("link", name=me.says("See what was found")).wait_for(timeout=WITHIN_MS)
        me.follow("See what was found")
    me.waits_until("The signed report", scripts=scripts)


@pytest.mark.parametrize(("language", "scripts"), [("ko", False), ("en", True)])
def test_a_studio_goes_from_a_file_to_a_licensed_verdict_and_from_a_no_to_a_yes(
    web: SeededWeb, browser: Browser, language: str, *, scripts: bool
) -> None:
    with reader(browser, language, scripts=scripts) as me:
        me.page.goto(licensed_studio(web, f"Studio of {language}"))
        me.press("Sign in now")
        sends(me, "slt-advert.flac", Medium.RADIO, scripts=scripts)
        me.sees("A licence covers this use.")
        assert me.page.get_by_text("Ada Lind").count()
        assert me.page.get_by_text(me.says("What would make it permitted")).count() == 0
        if scripts:
            hears_the_same_file_again(me)
        sends(me, "slt-game.flac", Medium.TELEVISION, scripts=scripts)
        me.sees("There is a licence, and it does not cover this use.")
        me.sees("What would make it permitted")
        if scripts:
            assert violations(me.page) == []
        asks(me)


def licensed_studio(web: SeededWeb, name: str) -> str:
    """Let a studio in that has one licence, and answer a link that signs its administrator in."""
    account = web.operator.post("/v1/accounts", {"role": "studio_admin", "name": name, "organisation_name": name})
    ada = next(each for each in web.seeded.parties if each.performer_id == web.things["performer"])
    key = {"Authorization": f"Bearer {token_for(web.operator, account['id'])}"}
    with httpx.Client(base_url=web.url, headers=key, trust_env=False) as http:
        agree_licence(ada, Party(name, account["id"], http))
    return str(web.operator.post(f"/v1/accounts/{account['id']}/sign-in-links")["url"])


def hears_the_same_file_again(me: Reader) -> None:
    """The registry keeps no sound: the file is chosen again, stays in the browser, and is known to be the same."""
    me.page.locator("[data-player] input[type=file]").set_input_files(VOICES / "slt-advert.flac")
    same = me.says("This is the recording that was examined. Choose a turn to hear it.")
    me.page.get_by_text(same).wait_for(timeout=WITHIN_MS)


def asks(me: Reader) -> None:
    """Ask for the use that was refused, see why not, and ask for one that is covered."""
    goes(me, "/clearances/new")
    me.page.locator("select[name=performer_id]").select_option(label="Ada Lind")
    declares(me, Medium.TELEVISION)
    me.press("Ask")
    me.sees("What would change the answer")
    me.follow("Ask again, and change it")
    me.page.locator("select[name=medium]").select_option(label=first(LANGUAGES[me.language].media[Medium.RADIO]))
    me.press("Ask")
    me.sees("What it rests on still permits the use.")


def test_a_file_that_is_lost_on_the_way_is_sent_again_and_checked_once(web: SeededWeb, browser: Browser) -> None:
    """The first answer is lost though the registry has taken the file; what comes again under the same key is known."""
    with signed_in(browser, web, "studio", "en", scripts=True, may_fail=True) as me:
        me.follow("Check recordings")
        lost: list[str] = []

        def lose(route: Route, request: Request) -> None:
            if request.method != "POST" or lost:
                route.continue_()
                return
            route.fetch()
            lost.append(request.url)
            route.abort()

        me.page.route("**/checks/new", lose)
        me.page.locator("#file").set_input_files([VOICES / "rms-story.flac", ROOT / "README.md"])
        declares(me, Medium.PODCAST)
        me.page.locator("input[name=project]").fill("Lost and found")
        me.press("Check")
        me.page.get_by_role("link", name="See what was found").wait_for(timeout=WITHIN_MS)
        me.sees("This is no recording that can be read.")
        assert lost
        me.page.unroute("**/checks/new")
        goes(me, "/checks")
        assert me.page.locator("tbody tr", has_text="Lost and found").count() == 1
