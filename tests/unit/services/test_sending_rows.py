"""Rows of a scan, sent to a registry that answers over HTTP: by the command, and by the form of the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from filing import Filing
from steps import Registry
from test_receiving_rows import lines_of, scanned, with_folder
from werkzeug.serving import make_server

from api import create_app
from registry.cli import scan_rows
from registry.cli.remote import Access, RemoteRegistry
from registry.errors import RegistryUnreachableError, ScanReportError
from registry.scanning.folder import result_rows
from registry.scanning.results import RESULTS, ResultRow
from registry.scanning.tables import write_rows
from registry.services import tokens


@pytest.fixture
def filing(sqlite_registry: Registry, tmp_path: Path) -> Filing:
    return with_folder(sqlite_registry, tmp_path)


@contextmanager
def served(filing: Filing) -> Iterator[RemoteRegistry]:
    """The registry, as it answers over HTTP, asked by the studio as its commands ask."""
    ctx, studio = filing.registry.ctx, filing.studio
    issued = tokens.issue_token(
        ctx, filing.registry.operator, account_id=studio.account_id, name="t", scopes=None, ttl=timedelta(days=1)
    )
    server = make_server("127.0.0.1", 0, create_app(ctx), threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        with RemoteRegistry(Access(f"http://127.0.0.1:{server.port}", issued.text), sleep=lambda _: None) as there:
            yield there
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_command_sends_what_is_not_there_yet_and_has_it_shown(
    filing: Filing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scan_rows, "USUAL_PART", 1)  # each block is a part
    folder, scan = scanned(filing, "Ada Lind", "Bo Berg")
    with served(filing) as there:
        content = filing.folder / "part.jsonl"
        content.write_bytes(lines_of(folder)[0])
        at = f"/v1/scans/{scan.id}"
        there.send(f"{at}/rows", {"file": content}, key="one", fields={"first": "0"})
        done = scan_rows.send_rows(there, scan.id, folder)
        assert done["has_rows"] is True
        assert "1 of 4 rows are there from before" in capsys.readouterr().err
        assert scan_rows.send_rows(there, scan.id, folder)["version"] == done["version"]
        rows = there.get(f"{at}/results")["items"]
        assert [each["outcome"] for each in rows] == ["match", "match", "no_match", None]
        assert len(there.get(f"{at}/coverage")["items"]) == 2
        assert len(there.get(f"{at}/sample")["items"]) == 3
        marks = filing.folder / "marks.csv"
        marks.write_text("number,heard_by_a_person\n0,agree\n")
        marked = there.send(f"{at}/marks", {"marks": marks}, key="two")
        assert (marked["drawn"], marked["left"]) == (3, 2)


def test_rows_of_another_scan_are_refused_with_both_digests(filing: Filing) -> None:
    folder, scan = scanned(filing, "Ada Lind")
    rows = [replace(row, name="other.wav") for row in result_rows(folder)]
    write_rows(folder / RESULTS, ResultRow, rows)
    with served(filing) as there:
        with pytest.raises(ScanReportError) as refused:
            scan_rows.send_rows(there, scan.id, folder)
        assert refused.value.figures["report"] != refused.value.figures["lines"]
        assert there.get(f"/v1/scans/{scan.id}/rows")["received"] == 0


def test_an_answer_that_is_none_ends_it(filing: Filing) -> None:
    folder, scan = scanned(filing, "Ada Lind")
    with served(filing) as there:
        there.get = lambda *_: []  # type: ignore[method-assign]
        with pytest.raises(RegistryUnreachableError):
            scan_rows.send_rows(there, scan.id, folder)
