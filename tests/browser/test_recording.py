"""Recording on a page: what is heard while one speaks, what is said when it goes wrong, and that nothing is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser
from reader import Reader, signed_in
from web import SeededWeb

pytestmark = pytest.mark.xdist_group("browser")  # one browser and one registry for all of them

PERFORMER = "performer, found in recordings"

LIKE = """
(gain) => {
  navigator.mediaDevices.getUserMedia = async () => {
    const audio = new AudioContext({ sinkId: { type: "none" } });
    const out = audio.createMediaStreamDestination();
    const tone = audio.createOscillator();
    const loud = audio.createGain();
    loud.gain.value = gain;
    tone.connect(loud).connect(out);
    tone.start();
    return out.stream;
  };
}
"""
"""A microphone that hears a tone, as loud as is said; 0 is one that is switched off."""

REFUSED = "(name) => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', name); }; }"
"""A microphone that is not to be had."""


def at_recordings(me: Reader) -> None:
    me.page.goto(f"{me.page.url}/enrolments")


def test_speech_moves_the_meter_is_counted_and_can_be_read_again(web: SeededWeb, browser: Browser) -> None:
    """The browser's microphone plays a recording of somebody who reads a sentence (`conftest.browser`)."""
    with signed_in(browser, web, PERFORMER, "en", scripts=True) as me:
        at_recordings(me)
        part = me.page.locator("[data-recorder][data-sentence='2']")
        me.press("Record", within=part)
        meter = part.locator("meter")
        me.waits_for(lambda: meter.evaluate("meter => meter.value") > 0.4)
        part.get_by_text(me.says("Good like this.")).wait_for()
        me.page.wait_for_timeout(2_000)
        me.press("Stop", within=part)
        part.get_by_text(me.says("Recorded. Listen to it, or record it again.")).wait_for()
        so_far = me.page.locator("#speech-so-far")
        so_far.wait_for()
        heard = int("".join(filter(str.isdigit, so_far.inner_text().partition("seconds")[0])))
        assert 1 <= heard <= 30
        first = me.page.evaluate("document.querySelector('#sentence-2').files[0].size")
        me.press("Record again", within=part)
        me.page.wait_for_timeout(500)
        me.press("Stop", within=part)
        me.waits_for(lambda: me.page.evaluate("document.querySelector('#sentence-2').files[0].size") not in {0, first})
        me.press("Take it away", within=part)
        assert me.page.evaluate("document.querySelector('#sentence-2').files.length") == 0
        assert me.page.locator("#speech-so-far").is_hidden() is False


@pytest.mark.parametrize(
    ("gain", "hint"),
    [
        (0.0, "Nothing arrives from the microphone. Is the right one chosen, and is it switched on?"),
        (0.003, "Very quiet. Come closer, or turn the microphone up."),
        (3.0, "Too loud: it is being cut off. Move away a little, or turn the microphone down."),
    ],
    ids=["silent", "quiet", "loud"],
)
def test_what_would_make_it_better_is_said_while_one_speaks(
    web: SeededWeb, browser: Browser, gain: float, hint: str
) -> None:
    with signed_in(browser, web, PERFORMER, "ko", scripts=True) as me:
        at_recordings(me)
        me.page.evaluate(LIKE, gain)
        part = me.page.locator("[data-recorder][data-sentence='1']")
        me.press("Record", within=part)
        part.get_by_text(me.says(hint)).wait_for()
        me.press("Stop", within=part)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            "NotAllowedError",
            (
                "The browser does not let this page use the microphone. Allow it in the address bar, or choose a file "
                "instead."
            ),
        ),
        ("NotFoundError", "No microphone was found. Connect one, or choose a file instead."),
        ("NotReadableError", "Another program is using the microphone. Close it, or choose a file instead."),
    ],
    ids=["denied", "absent", "busy"],
)
def test_a_microphone_that_is_not_to_be_had_is_said_to_be_so(
    web: SeededWeb, browser: Browser, error: str, words: str
) -> None:
    with signed_in(browser, web, PERFORMER, "en", scripts=True) as me:
        at_recordings(me)
        me.page.evaluate(REFUSED, error)
        part = me.page.locator("[data-recorder][data-sentence='1']")
        me.press("Record", within=part)
        part.get_by_text(me.says(words)).wait_for()
        assert part.locator("input[type=file]").is_visible()


def test_a_recording_outlives_a_lost_network_and_a_refusal(web: SeededWeb, browser: Browser) -> None:
    with signed_in(browser, web, PERFORMER, "en", scripts=True, may_fail=True) as me:
        at_recordings(me)
        part = me.page.locator("[data-recorder][data-sentence='3']")
        me.press("Record", within=part)
        me.page.wait_for_timeout(2_000)
        me.press("Stop", within=part)
        part.get_by_text(me.says("Recorded. Listen to it, or record it again.")).wait_for()
        me.page.context.set_offline(True)
        me.press("Send")
        me.page.locator("[data-sending]").get_by_text("It did not get through.").wait_for()
        me.page.context.set_offline(False)
        me.press("Send")
        me.page.locator("main > [role=alert], main [role=alert]").get_by_text("seconds of speech in it").wait_for()
        me.page.get_by_text(
            me.says("What you recorded is still here: mend what is wrong, and send all of it again.")
        ).wait_for()
        me.page.context.set_offline(True)
        me.press("Send")
        me.page.locator("[data-sending]").get_by_text("It did not get through.").wait_for()
        assert me.page.locator("main [role=alert]").count() == 0, "what was said of the sending before is gone"
        assert me.page.evaluate("document.querySelector('#sentence-3').files[0].name") == "sentence-3.webm"
