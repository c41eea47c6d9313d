"""The keyring's file while several processes have it: none loses another's key, and all see a new one at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from registry.domain.house_keys import Purpose
from registry.domain.ids import RandomBytes
from registry.errors import KeyringError
from registry.vault.keyring_file import KeyringFile, WatchedKeyring
from registry.vault.keys import FileKeyring, WrappedKey
from registry.vault.retired_key import read_retired, write_retired

KEY = b"k" * 32
STAGING = """
import os, sys
from datetime import datetime, UTC
from pathlib import Path
from registry.domain.house_keys import Purpose
from registry.vault.keyring_file import KeyringFile
file = KeyringFile(Path(sys.argv[1]))
for _ in range(5):
    file.stage(Purpose.WRAPPING, datetime.now(UTC), os.urandom)
    file.put_in_use(Purpose.WRAPPING, datetime.now(UTC))
"""


@pytest.fixture
def file(tmp_path: Path, now: datetime, random_bytes: RandomBytes) -> KeyringFile:
    made = KeyringFile(tmp_path / "keyring.json")
    made.create(now, random_bytes)
    return made


def rotate(file: KeyringFile, now: datetime, purpose: Purpose = Purpose.WRAPPING) -> None:
    file.stage(purpose, now, os.urandom)
    file.put_in_use(purpose, now)


# --- changing it -----------------------------------------------------------------------------------------------------


def test_processes_that_change_it_at_once_lose_no_key(file: KeyringFile) -> None:
    before = file.read().keys[0].key
    running = [subprocess.Popen([sys.executable, "-c", STAGING, str(file.path)]) for _ in range(3)]  # noqa: S603  (ours)
    assert [each.wait(60) for each in running] == [0, 0, 0]
    wrapping = [key for key in file.read().keys if key.purpose is Purpose.WRAPPING]
    assert wrapping[0].key == before
    assert [key.id for key in wrapping] == [f"wrapping-{number + 1}" for number in range(len(wrapping))]
    assert 6 <= len(wrapping) <= 16  # two may share a key that waited
    assert len({key.key for key in wrapping}) == len(wrapping)


def test_a_key_waits_once_and_is_put_in_use_once(file: KeyringFile, now: datetime, random_bytes: RandomBytes) -> None:
    first, again = (file.stage(Purpose.SIGNING, now, random_bytes) for _ in range(2))
    assert first.staged(Purpose.SIGNING) == again.staged(Purpose.SIGNING)
    assert file.read().signer()[0] == "signing-1"
    later = now + timedelta(days=1)
    assert file.put_in_use(Purpose.SIGNING, later) == file.put_in_use(Purpose.SIGNING, later + timedelta(days=1))
    ring = file.read()
    assert ring.signer()[0] == "signing-2"
    periods = ring.validity()
    assert (periods["signing-1"].until, periods["signing-2"].since) == (later, later)


def test_what_is_in_use_or_waits_is_not_taken_out(file: KeyringFile, now: datetime, random_bytes: RandomBytes) -> None:
    file.stage(Purpose.WRAPPING, now, random_bytes)
    for key_id in ("wrapping-1", "wrapping-2"):
        with pytest.raises(KeyringError, match="cannot be retired"):
            file.take_out(key_id)
    file.take_out("wrapping-9")  # it is not there: nothing is left to do


def test_a_folder_that_cannot_be_written_to_is_said_and_the_old_keyring_stays(tmp_path: Path, now: datetime) -> None:
    with pytest.raises(KeyringError, match="cannot be changed"):
        KeyringFile(tmp_path / "nowhere" / "keyring.json").put_in_use(Purpose.WRAPPING, now)


def test_the_file_says_version_1_until_there_is_more_to_say(file: KeyringFile, now: datetime) -> None:
    """The release before this one reads it until keys are rotated."""
    assert json.loads(file.path.read_text())["version"] == 1
    file.stage(Purpose.WRAPPING, now, os.urandom)
    assert json.loads(file.path.read_text())["version"] == 2
    assert file.path.stat().st_mode & 0o777 == 0o600


# --- watching it -----------------------------------------------------------------------------------------------------


def test_a_running_process_uses_a_new_key_as_soon_as_it_is_there(file: KeyringFile, now: datetime) -> None:
    running = WatchedKeyring(file)
    before = running.wrap(KEY)
    for purpose in Purpose:
        rotate(file, now, purpose)
    assert (running.wrap(KEY).master_key_id, running.signer()[0], running.current_epoch()) == (
        "wrapping-2",
        "signing-2",
        2,
    )
    assert running.unwrap(before) == KEY


def test_a_keyring_that_is_gone_or_broken_leaves_what_was_read_in_force(file: KeyringFile, now: datetime) -> None:
    running = WatchedKeyring(file)
    wrapped = running.wrap(KEY)
    content = file.path.read_bytes()
    for broken in (b"", b"{}", content[:-20]):
        file.path.write_bytes(broken)
        with capture_logs() as log:
            assert running.unwrap(wrapped) == KEY
        assert {entry["log_level"] for entry in log} <= {"warning"}
    file.path.unlink()
    assert running.unwrap(wrapped) == KEY
    with pytest.raises(KeyringError, match="wrapping-9"):
        running.unwrap(WrappedKey("wrapping-9", bytes(40)))
    file.path.write_bytes(content)
    file.path.chmod(0o600)
    rotate(file, now)
    later = FileKeyring.load(file.path).wrap(KEY)
    assert running.unwrap(later) == KEY  # asked for a key that it lacks, it looks whatever it had met before


def test_threads_that_ask_while_the_file_changes_all_get_what_they_ask_for(file: KeyringFile, now: datetime) -> None:
    running = WatchedKeyring(file)

    def ask(number: int) -> bool:
        if number % 50 == 0:
            rotate(file, now)
        key = number.to_bytes(32, "big")
        return running.unwrap(running.wrap(key)) == key

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(ask, range(400)))


# --- retired ---------------------------------------------------------------------------------------------------------


def test_a_retired_key_is_written_once_and_another_is_not_written_over_it(
    file: KeyringFile, tmp_path: Path, now: datetime
) -> None:
    rotate(file, now)
    old, new = (key for key in file.read().keys if key.purpose is Purpose.WRAPPING)
    to = tmp_path / "retired.json"
    write_retired(to, old)
    write_retired(to, old)
    assert read_retired(to) == old
    with pytest.raises(KeyringError, match="never overwritten"):
        write_retired(to, new)
    assert to.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["", "[]", '{"format": "likeness-retired-key", "version": 2, "key": {}}'])
def test_what_is_no_retired_key_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "retired.json"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(KeyringError, match="holds no retired key"):
        read_retired(path)


def test_a_key_that_was_never_this_keyrings_is_not_put_back(
    file: KeyringFile, now: datetime, random_bytes: RandomBytes
) -> None:
    newer = file.read().rotated(Purpose.WRAPPING, now, random_bytes).keys[-1]
    with pytest.raises(KeyringError, match="no retired key"):
        file.put_back(newer)
