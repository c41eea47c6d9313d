"""An auditor's way with a scan that ran elsewhere: the report is filed, rows are sent, and some are marked."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from conftest import ROOT, chromium, violations
from playwright.sync_api import Browser, Download
from reader import Reader, reader

sys.path.append(str(ROOT / "tests" / "e2e"))

from gallery_place import Place, made_place, serving
from likeness_here import likeness_here

from registry.bootstrap import build_context
from registry.cli.operator import choose_operator
from registry.domain.accounts import Role
from registry.services import accounts

pytestmark = pytest.mark.xdist_group("browser")  # one browser for all of them

READY_WITHIN_S = 120.0
FLAGGED = 1
SCANNED = "kal16-stranger.flac", "rms-story.flac"


@dataclass(frozen=True)
class There:
    """A registry that is served, and an auditor with a gallery file of it."""

    place: Place
    port: int
    auditor_id: str

    def link(self) -> str:
        """Answer a new link that signs the auditor in, once."""
        where = {"LIKENESS_HOME": self.place.settings.home, "LIKENESS_PORT": self.port}
        made = likeness_here(where, "account", "link", self.auditor_id)
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()

    def scan(self, out: str) -> Path:
        """Scan two recordings where they lie, with the gallery file."""
        done = self.place.scan(out, "--jsonl", "--limit", len(SCANNED))
        assert done.returncode == FLAGGED, done.stderr
        return self.place.studio / out


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[There]:
    chromium()
    place = made_place(tmp_path_factory.mktemp("place"))
    with build_context(place.settings) as ctx:
        auditor = accounts.create_account(
            ctx, choose_operator(ctx, None), role=Role.AUDITOR, name="Auditor", organisation_name="Clear Ear Audits"
        )
    place.studio_id = str(auditor.organisation_id)
    made = place.at_studio("gallery", "key", "--out", place.studio / "key.json")
    (place.studio / "public.jwk").write_text(made.stdout)
    issued = place.export(place.studio / "one.gallery")
    assert issued.returncode == 0, issued.stderr
    port = _free_port()
    with serving(place, port) as (url, _):
        httpx.get(f"{url}/healthz", timeout=READY_WITHIN_S).raise_for_status()  # it listens before it answers
        yield There(place, port, auditor.id)


def _free_port() -> int:
    """Answer a port that is free at this moment: links that sign in name it."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@pytest.mark.parametrize(("language", "scripts"), [("ko", False), ("en", True)])
def test_rows_of_a_scan_that_ran_elsewhere_are_sent_read_and_marked(
    there: There, browser: Browser, language: str, *, scripts: bool
) -> None:
    folder = there.scan(f"scan-{language}")
    with reader(browser, language, scripts=scripts, may_fail=True) as me:  # rows are refused, once
        me.page.goto(there.link())
        me.press("Sign in now")
        me.page.wait_for_url("**/home")
        files_report(me, folder)
        sends_rows(me, folder)
        reads_them(me)
        signed = marks_one(me)
        address = me.page.url
        verifies(me, signed)
        state = me.page.context.storage_state()
    context = browser.new_context(locale={"en": "en-GB", "ko": "ko-KR"}[language], storage_state=state)
    looked_at = context.new_page()
    for width in (360, 1280):
        looked_at.set_viewport_size({"width": width, "height": 800})
        for path in (address, address.replace("/sample", "")):
            looked_at.goto(path)
            assert violations(looked_at) == []
    context.close()


def files_report(me: Reader, folder: Path) -> None:
    me.page.goto(f"{_origin(me)}/scans/file")
    me.page.locator("input[name=report]").set_input_files(folder / "report.json")
    me.page.locator("input[name=findings]").set_input_files(folder / "findings.jsonl")
    me.press("File the report")
    me.sees("Filed. What was found stands below.")
    _is_said_to_be_reported(me)


def sends_rows(me: Reader, folder: Path) -> None:
    """Other lines than those that are signed are refused, with nothing kept; then all of them come."""
    lines = (folder / "results.jsonl").read_bytes()
    me.page.locator("input[name=rows]").set_input_files(
        {"name": "results.jsonl", "mimeType": "application/jsonl", "buffer": lines.replace(b"kal16", b"kal17")}
    )
    me.press("Send the rows")
    me.sees("These rows are not taken.")
    me.page.locator("input[name=rows]").set_input_files(folder / "results.jsonl")
    me.press("Send the rows")
    me.sees("All rows are here, and are what the report signs.")
    _is_said_to_be_reported(me)


def reads_them(me: Reader) -> None:
    me.follow("Rows")
    for name in SCANNED:
        me.page.locator("tbody bdi", has_text=name).first.wait_for()
    _is_said_to_be_reported(me)
    me.follow("Who was found")
    me.page.get_by_text("The one called rms").first.wait_for()
    _is_said_to_be_reported(me)


def marks_one(me: Reader) -> Download:
    me.follow("To be heard")
    me.page.locator("button[data-press='1']").first.click()
    me.page.locator("button[data-press='1'][aria-pressed='true']").wait_for()
    me.sees("Who has marked rows")
    _is_said_to_be_reported(me)
    with me.page.expect_download() as signed:
        me.follow("All of it, signed (JSON)")
    return signed.value


def verifies(me: Reader, signed: Download) -> None:
    me.page.goto(f"{_origin(me)}/verify")
    me.page.locator("input[name=file]").set_input_files(signed.path())
    me.press("Look at it")
    me.sees("The signature holds")
    me.sees("What persons say of rows of a scan")


def _is_said_to_be_reported(me: Reader) -> None:
    said = me.page.locator(".reported").inner_text()
    assert "Clear Ear Audits" in said


def _origin(me: Reader) -> str:
    return str(me.page.evaluate("location.origin"))
