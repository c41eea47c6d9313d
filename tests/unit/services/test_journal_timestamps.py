"""Checkpoints are stamped by an authority (RFC 3161), and go on without where it fails; what does not hold is named."""

from __future__ import annotations

import json
import socket
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CalledProcessError

import pytest
from stamping import SERVING, STAMPING, YEAR, Authority, an_authority, listening
from steps import Registry

from registry.errors import RegistryUnreachableError, SettingsError, SignatureInvalidError
from registry.journal.files import JournalFolder
from registry.journal.flaws import FlawKind
from registry.journal.timestamps import timestamp_request, verify_timestamp
from registry.journal.verify import verify
from registry.services.context import TimestampRules
from registry.services.journal import journal_keys, sign_current
from registry.services.journal_export import export_journal, verify_database
from registry.services.journal_timestamps import stamp_newest, try_to_stamp
from registry.settings import load_settings

TEXT = b"likeness-registry/x\n1\nAAAA\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("authorities")


@pytest.fixture(scope="module")
def authority(folder: Path) -> Iterator[Authority]:
    with listening(an_authority(folder / "one", purpose=STAMPING, ends=datetime.now(UTC) + YEAR)) as one:
        yield one


@pytest.fixture
def stamped(sqlite_registry: Registry, authority: Authority) -> Registry:
    """A registry that asks the authority."""
    authority.answers = None
    rules = TimestampRules(authority.url, authority.roots)
    sqlite_registry.ctx = replace(sqlite_registry.ctx, timestamps=rules)
    sign_current(sqlite_registry.ctx)
    return sqlite_registry


# --- a time stamp ----------------------------------------------------------------------------------------------------


def test_a_stamp_of_other_bytes_does_not_hold(authority: Authority) -> None:
    response = authority.stamp(timestamp_request(TEXT))
    assert abs(verify_timestamp(response, TEXT, authority.roots) - datetime.now(UTC)).total_seconds() < 60
    with pytest.raises(SignatureInvalidError, match="Mismatch between messages"):
        verify_timestamp(response, TEXT + b"more\n", authority.roots)


def test_a_stamp_that_answers_another_request_does_not_hold(authority: Authority) -> None:
    """Somebody between plays an old answer back: of the same bytes, with another nonce."""
    response = authority.stamp(timestamp_request(TEXT))
    with pytest.raises(SignatureInvalidError, match="nonce"):
        verify_timestamp(response, TEXT, authority.roots, request=timestamp_request(TEXT))


def test_a_stamp_that_leads_to_another_root_does_not_hold(authority: Authority, folder: Path) -> None:
    other = an_authority(folder / "other", purpose=STAMPING, ends=datetime.now(UTC) + YEAR)
    with pytest.raises(SignatureInvalidError):
        verify_timestamp(authority.stamp(timestamp_request(TEXT)), TEXT, other.roots)


def test_a_certificate_that_has_ended_stamps_nothing(folder: Path) -> None:
    ended = an_authority(folder / "ended", purpose=STAMPING, ends=datetime.now(UTC) - YEAR)
    with pytest.raises(SignatureInvalidError, match="certificate"):
        verify_timestamp(ended.stamp(timestamp_request(TEXT)), TEXT, ended.roots)


def test_a_certificate_for_something_else_stamps_nothing(authority: Authority, folder: Path) -> None:
    """OpenSSL signs with none that is not for time stamping; and one that is no authority vouches for none."""
    other = an_authority(folder / "tls", purpose=SERVING, ends=datetime.now(UTC) + YEAR)
    with pytest.raises(CalledProcessError):
        other.stamp(timestamp_request(TEXT))
    with pytest.raises(SignatureInvalidError):
        verify_timestamp(authority.stamp(timestamp_request(TEXT)), TEXT, (other.folder / "tsa.pem").read_bytes())


@pytest.mark.parametrize("response", [b"", b"not DER", b"\x30\x03\x02\x01\x02", b"\x30" * 70_000])
def test_what_is_no_granted_response_does_not_hold(authority: Authority, response: bytes) -> None:
    with pytest.raises(SignatureInvalidError):
        verify_timestamp(response, TEXT, authority.roots)


def test_a_stamp_in_which_any_byte_was_changed_is_never_of_another_moment(authority: Authority) -> None:
    response = authority.stamp(timestamp_request(TEXT))
    moment = verify_timestamp(response, TEXT, authority.roots)
    held = 0
    for at in range(0, len(response), 7):
        changed = response[:at] + bytes([response[at] ^ 1]) + response[at + 1 :]
        try:
            assert verify_timestamp(changed, TEXT, authority.roots) == moment
            held += 1
        except SignatureInvalidError:
            continue
    assert held < len(response) // 7 / 2, "what is signed is most of it"


def test_roots_that_are_no_certificates_are_refused(authority: Authority) -> None:
    with pytest.raises(SettingsError, match="not PEM"):
        verify_timestamp(authority.stamp(timestamp_request(TEXT)), TEXT, b"none")


# --- in the journal --------------------------------------------------------------------------------------------------


def test_a_checkpoint_is_stamped_once_and_verified_without_the_registry(
    stamped: Registry, authority: Authority, tmp_path: Path
) -> None:
    kept = stamp_newest(stamped.ctx)
    assert kept is not None
    assert stamp_newest(stamped.ctx) is None, "it has its stamp"
    assert verify_database(stamped.ctx).timestamps == {kept.size: kept.at}
    export_journal(stamped.ctx, stamped.operator, tmp_path / "exported", with_openings=False)
    keys = journal_keys(stamped.ctx)
    found = verify(JournalFolder(tmp_path / "exported"), keys, timestamp_roots=authority.roots)
    assert (found.holds, found.timestamps) == (True, {kept.size: kept.at})
    file = tmp_path / "exported" / "timestamps.jsonl"
    row = json.loads(file.read_text())
    other = authority.stamp(timestamp_request(TEXT))
    for wrong in ({"response": b64encode(other).decode()}, {"size": kept.size + 1}):
        file.write_text(json.dumps(row | wrong) + "\n")
        found = verify(JournalFolder(tmp_path / "exported"), keys, timestamp_roots=authority.roots)
        assert [flaw.kind for flaw in found.flaws] == [FlawKind.TIMESTAMP_INVALID]
    assert b64decode(row["response"]) == kept.response


def test_what_the_authority_is_sent_is_a_hash_and_a_nonce(stamped: Registry, authority: Authority) -> None:
    authority.asked.clear()
    stamp_newest(stamped.ctx)
    [request] = authority.asked
    assert len(request) < 80
    assert b"likeness" not in request


@pytest.mark.parametrize("answer", [(500, b"out of order"), (200, b"<html>"), (302, b""), (200, b"\x30" * 70_000)])
def test_a_checkpoint_goes_on_without_a_stamp(
    stamped: Registry, authority: Authority, answer: tuple[int, bytes]
) -> None:
    authority.answers = answer
    try_to_stamp(stamped.ctx)
    with pytest.raises((RegistryUnreachableError, SignatureInvalidError)):
        stamp_newest(stamped.ctx)
    assert verify_database(stamped.ctx).holds
    authority.answers = None
    try_to_stamp(stamped.ctx)
    assert len(verify_database(stamped.ctx).timestamps) == 1


def test_an_authority_that_is_away_is_one_that_does_not_answer(stamped: Registry, authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    away = replace(stamped.ctx, timestamps=TimestampRules(f"http://127.0.0.1:{port}/", authority.roots))
    try_to_stamp(away)
    with pytest.raises(RegistryUnreachableError):
        stamp_newest(away)


def test_url_and_roots_belong_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIKENESS_TIMESTAMPS_URL", "http://tsa.example/")
    with pytest.raises(SettingsError, match="LIKENESS_TIMESTAMPS_ROOTS belong together"):
        load_settings()
