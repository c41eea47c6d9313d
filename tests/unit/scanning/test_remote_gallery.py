"""Searching a gallery file that a registry offers over HTTP: which one, that it is that one, and for how long."""

from __future__ import annotations

import io
import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from registry_over_http import AnsweringRegistry, answering
from rich.console import Console
from test_gallery_file import INTERVAL, NOW, Issued, issued

from registry.cli.remote import Access, RemoteRegistry
from registry.cli.scan_galleries import Opened
from registry.cli.scan_remote import COPY, RemoteGallery
from registry.domain.gallery_files import FileStanding, SearchPurpose
from registry.errors import (
    GalleryFileForeignError,
    GalleryFileReplacedError,
    GalleryFileStaleError,
    GalleryFileTamperedError,
    NotFoundError,
    RegistryError,
    RegistryUnreachableError,
    ScanMismatchError,
    UnauthenticatedError,
)
from registry.interchange.gallery_files import STATUS_TYPE
from registry.scanning.listening import Listener
from registry.vault.keys import FileKeyring
from registry.vault.signing import public_jwks, sign

FILES = "/v1/gallery-files"
STATUS = f"{FILES}/status"

__all__ = ["issued"]


class Scene:
    """A registry that offers the issued file, and a scan that asks it."""

    def __init__(self, there: AnsweringRegistry, issued: Issued, folder: Path) -> None:
        self.there, self.issued, self.folder = there, issued, folder
        self.now = NOW
        self.console = Console(record=True, width=200, file=io.StringIO())
        self.listed: dict[str, Any] = {
            "id": "gal_1",
            "purpose": "catalogue",
            "key_thumbprint": issued.key.thumbprint(),
            "standing": "holds",
            "reason": {"detail": "it holds"},
            "performers": 3,
            "offered_bytes": issued.path.stat().st_size,
        }
        there.says("/v1/keys", public_jwks(issued.keys))
        there.says(f"{FILES}/gal_1", self.listed)
        there.says(f"{FILES}/gal_1/content", issued.path.read_bytes())
        self.list_is([self.listed])
        self.status_is(FileStanding.HOLDS)

    def clock(self) -> datetime:
        return self.now

    def list_is(self, items: list[dict[str, Any]]) -> None:
        self.there.says(FILES, {"items": items, "next_cursor": None})

    def status_is(self, standing: FileStanding, keys: FileKeyring | None = None) -> None:
        def said() -> tuple[int, bytes]:
            status = self.issued.status(standing, self.now - NOW, ("gent_1",))
            return 200, json.dumps(
                {"signed": sign(keys or self.issued.keys, status.claims(), typ=STATUS_TYPE)}
            ).encode()

        self.there.at[STATUS] = said

    def gallery(self, file_id: str | None = None, **changes: Any) -> RemoteGallery:
        registry = RemoteRegistry(Access(self.there.url, "token"), sleep=lambda _: None)
        key = self.folder / "studio.json"
        purpose = changes.pop("purpose", SearchPurpose.CATALOGUE)
        return RemoteGallery(registry, purpose, self.folder, key=key, file_id=file_id, clock=self.clock, **changes)

    def opened(
        self, listener: Listener, plan: dict[str, Any] | None = None, **asked: Any
    ) -> AbstractContextManager[Opened]:
        return self.gallery(**asked).opened(listener, plan, self.console)

    def used(self, listener: Listener, use: Callable[[Opened], None]) -> None:
        with self.opened(listener) as opened:
            use(opened)

    def refused(self, listener: Listener, kind: type[RegistryError], **asked: Any) -> RegistryError:
        """Insist that nothing is searched, and that nothing of a file stays."""
        with pytest.raises(kind) as caught, self.opened(listener, **asked):
            pass
        assert not (self.folder / COPY).exists()
        return caught.value

    @property
    def fetches(self) -> int:
        return self.there.asked.count(f"{FILES}/gal_1/content")


@pytest.fixture
def scene(issued: Issued, tmp_path: Path) -> Iterator[Scene]:
    with answering() as there:
        yield Scene(there, issued, tmp_path)


# --- which one -------------------------------------------------------------------------------------------------------


def test_the_newest_that_holds_for_this_purpose_and_this_key_is_searched(scene: Scene, listener: Listener) -> None:
    others = [
        {"id": "gal_6", "purpose": "training"},
        {"id": "gal_5", "key_thumbprint": "another"},
        {"id": "gal_4", "standing": "replaced"},
        {"id": "gal_3", "offered_bytes": None},
    ]
    pages = [[scene.listed | other for other in others], [scene.listed, scene.listed | {"id": "gal_0"}]]

    def page() -> tuple[int, bytes]:
        first = "cursor" not in scene.there.asked[-1]
        said = {"items": pages[0 if first else 1], "next_cursor": "next" if first else None}
        return 200, json.dumps(said).encode()

    scene.there.at[FILES] = page
    assert scene.gallery().told() == (f"gallery file gal_1 of {scene.there.url}", 3)
    with scene.opened(listener) as opened:
        assert opened.searched.id == scene.issued.manifest.sealed_sha256
        assert opened.plan["gallery_file"]["id"] == "gal_1"
        assert stat.S_IMODE((scene.folder / COPY).stat().st_mode) == 0o600
    assert not (scene.folder / COPY).exists()
    pages[1] = []
    with pytest.raises(NotFoundError, match="offers you no gallery file") as caught:
        scene.gallery().told()
    assert caught.value.figures == {"other_purpose": 1, "other_key": 1, "not_offered": 2}


def test_a_file_that_is_named_and_does_not_hold_is_refused_by_name(scene: Scene, listener: Listener) -> None:
    scene.there.says(f"{FILES}/gal_1", scene.listed | {"standing": "replaced"})
    error = scene.refused(listener, GalleryFileReplacedError, file_id="gal_1")
    assert error.figures["standing"] == "replaced"
    scene.there.says(f"{FILES}/gal_1", scene.listed | {"offered_bytes": None})
    scene.refused(listener, NotFoundError, file_id="gal_1")
    scene.there.refuses(f"{FILES}/gal_1", 404, "not_found")
    scene.refused(listener, NotFoundError, file_id="gal_1")
    assert scene.fetches == 0


def test_what_a_scan_began_with_it_goes_on_with_and_nothing_is_fetched_twice(scene: Scene, listener: Listener) -> None:
    plan: dict[str, Any] = {}

    def interrupt(opened: Opened) -> None:
        plan.update(opened.plan)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scene.used(listener, interrupt)
    assert (scene.folder / COPY).exists()
    scene.list_is([])
    with scene.opened(listener, plan) as opened:
        assert len(opened.searched.gallery) == 3
    assert scene.fetches == 1
    for planned, named in ((plan, "gal_2"), ({}, None)):
        with pytest.raises(ScanMismatchError, match="cannot go on"), scene.opened(listener, planned, file_id=named):
            pass


# --- that it is that one ---------------------------------------------------------------------------------------------


def test_what_was_changed_on_the_way_is_refused(scene: Scene, listener: Listener) -> None:
    content = bytearray(scene.issued.path.read_bytes())
    content[-40] ^= 1
    scene.there.says(f"{FILES}/gal_1/content", bytes(content))
    scene.refused(listener, GalleryFileTamperedError)


def test_what_is_another_file_or_another_purpose_is_refused(scene: Scene, listener: Listener) -> None:
    scene.there.says(f"{FILES}/gal_9", scene.listed | {"id": "gal_9"})
    scene.there.says(f"{FILES}/gal_9/content", scene.issued.path.read_bytes())
    assert "another one" in scene.refused(listener, GalleryFileTamperedError, file_id="gal_9").detail
    scene.refused(listener, GalleryFileForeignError, file_id="gal_1", purpose=SearchPurpose.TRAINING)


def test_what_is_signed_by_nobody_known_is_refused(scene: Scene, listener: Listener, tmp_path: Path) -> None:
    stranger = FileKeyring.create(tmp_path / "stranger.json", NOW, os.urandom)
    scene.there.says("/v1/keys", public_jwks(stranger))
    scene.refused(listener, GalleryFileTamperedError)
    scene.there.says("/v1/keys", public_jwks(scene.issued.keys))
    scene.status_is(FileStanding.HOLDS, stranger)
    scene.refused(listener, GalleryFileTamperedError)


def test_keys_that_one_has_must_be_the_registrys_and_no_other_is_trusted(
    scene: Scene, listener: Listener, tmp_path: Path
) -> None:
    stranger = public_jwks(FileKeyring.create(tmp_path / "stranger.json", NOW, os.urandom))
    pinned = tmp_path / "jwks.json"
    pinned.write_text(json.dumps(public_jwks(scene.issued.keys)))
    with scene.opened(listener, pinned=pinned) as opened:
        assert len(opened.searched.gallery) == 3
    pinned.write_text(json.dumps(stranger))
    error = scene.refused(listener, GalleryFileForeignError, pinned=pinned)
    assert "not the one whose keys were given" in error.detail
    both = [public_jwks(scene.issued.keys)["keys"][0], stranger["keys"][0] | {"kid": "signing-2"}]
    scene.there.says("/v1/keys", {"keys": both})
    pinned.write_text(json.dumps({"keys": both[1:]}))
    scene.refused(listener, GalleryFileForeignError, pinned=pinned)


@pytest.mark.parametrize("said", [[], {"items": [{}], "next_cursor": None}, {"items": [None], "next_cursor": None}])
def test_a_list_that_no_registry_would_answer_is_said_to_be_none(scene: Scene, listener: Listener, said: Any) -> None:
    scene.there.says(FILES, said)
    scene.refused(listener, RegistryUnreachableError)


@pytest.mark.parametrize("said", [[], {}, {"signed": None}])
def test_a_status_that_no_registry_would_answer_lets_nothing_be_searched(
    scene: Scene, listener: Listener, said: Any
) -> None:
    scene.there.says(STATUS, said)
    with pytest.raises((RegistryUnreachableError, GalleryFileTamperedError)), scene.opened(listener):
        pass


# --- for how long ----------------------------------------------------------------------------------------------------


def test_a_scan_goes_on_for_days_as_long_as_the_registry_says_so(scene: Scene, listener: Listener) -> None:
    with scene.opened(listener) as opened:
        for _ in range(12):
            scene.now += INTERVAL - timedelta(minutes=1)
            opened.judge.judge([])
        scene.now = scene.issued.manifest.expires_at
        with pytest.raises(GalleryFileStaleError, match="ended at"):
            opened.judge.judge([])


def test_a_registry_that_is_away_stops_nothing_before_its_last_word_is_stale(scene: Scene, listener: Listener) -> None:
    with scene.opened(listener) as opened:
        scene.there.refuses(STATUS, 503, "database_not_ready")
        for _ in range(3):
            scene.now += timedelta(hours=1)
            opened.judge.judge([])
        scene.status_is(FileStanding.HOLDS)
        opened.judge.judge([])
        scene.there.says(STATUS, b"<html>", 502)
        scene.now += INTERVAL - timedelta(seconds=1)
        opened.judge.judge([])
    said = scene.console.export_text()
    assert said.count("database_not_ready") == 1
    assert said.count("answered 502") == 1

    def go_away(opened: Opened) -> None:
        scene.there.says(STATUS, b"<html>", 502)
        scene.now += INTERVAL
        opened.judge.judge([])

    scene.status_is(FileStanding.HOLDS)
    with pytest.raises(GalleryFileStaleError, match="ask for its status"):
        scene.used(listener, go_away)
    assert (scene.folder / COPY).exists()


def test_a_scan_stops_at_once_when_the_file_is_replaced_and_the_file_is_deleted(
    scene: Scene, listener: Listener
) -> None:
    def be_replaced(opened: Opened) -> None:
        opened.judge.judge([])
        scene.status_is(FileStanding.REPLACED)
        opened.judge.judge([])

    with pytest.raises(GalleryFileReplacedError) as caught:
        scene.used(listener, be_replaced)
    assert caught.value.figures == {"standing": "replaced", "dropped": ["gent_1"]}
    assert not (scene.folder / COPY).exists()


def test_a_token_that_has_ended_stops_a_scan_which_can_go_on(scene: Scene, listener: Listener) -> None:
    def lose_the_token(opened: Opened) -> None:
        scene.there.refuses(STATUS, 401, "token_expired")
        opened.judge.judge([])

    with pytest.raises(UnauthenticatedError):
        scene.used(listener, lose_the_token)
    assert (scene.folder / COPY).exists()
