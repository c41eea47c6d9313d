"""A studio asks a registry over HTTP: for what it searches, whether that still holds, and to file what it found."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from gallery_place import Place, entries, made_place, serving, studio_token
from likeness_here import Done

from registry.bootstrap import build_context
from registry.cli.operator import choose_operator
from registry.cli.scan_remote import COPY
from registry.scanning.folder import read_json, result_rows
from registry.scanning.results import PLAN
from registry.scanning.served_rows import RowsWanted, rows_of_scan
from registry.services import consents, scans


@dataclass
class There:
    """A registry that answers over HTTP, and a studio that has a token and a key."""

    place: Place
    url: str

    @property
    def studio(self) -> Path:
        return self.place.studio

    def asking(self, url: str | None = None, token: str = "token") -> tuple[object, ...]:  # noqa: S107  (a file)
        return ("--registry", url or self.url, "--token-file", self.studio / token)

    def asked(self, out: str, *more: object, **asking: str) -> tuple[object, ...]:
        """Answer the arguments of a scan of everything that the studio has."""
        key = ("--gallery-key", self.studio / "key.json")
        options = ("--out", self.studio / out, "--shard-rows", 1, "--yes", *key, *self.asking(**asking))
        return ("scan", self.studio / "in", *options, *more)

    def begin(self, out: str) -> subprocess.Popen[str]:
        """Begin a scan in a process that may be stopped."""
        return self.place.begin(self.studio / "home", *self.asked(out))

    def scan(self, out: str, *more: object, **asking: str) -> tuple[int, str]:
        """Scan to the end; answer the exit code, and what was said beside."""
        done = self.place.at_studio(*self.asked(out, *more, **asking))
        return done.returncode, done.stderr

    def send_rows(self, scan: str) -> tuple[int, str, str]:
        """Send the rows of a scan in a process of its own; answer the exit code, and what was said."""
        sending = self.place.begin(
            self.studio / "home", "scan", "submit", self.studio / scan, *self.asking(), "--rows", "--json"
        )
        with sending:
            out, err = sending.communicate(timeout=300)
        return sending.returncode, out, err

    def submit(self, scan: str, **asking: str) -> Done:
        return self.place.at_studio("scan", "submit", self.studio / scan, *self.asking(**asking), "--json")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = made_place(tmp_path_factory.mktemp("place"))
    made = place.at_studio("gallery", "key", "--out", place.studio / "key.json")
    assert made.returncode == 0, made.stderr
    (place.studio / "public.jwk").write_text(made.stdout)
    token = studio_token(place)
    for name, text in (("token", token), ("wrong", token[:-1] + "x"), ("open", token)):
        (place.studio / name).write_text(f"{text}\n")
        (place.studio / name).chmod(0o644 if name == "open" else 0o600)
    return place


@pytest.fixture(scope="module")
def there(place: Place) -> Iterator[There]:
    with serving(place) as (url, _):
        yield There(place, url)


def offered(place: Place) -> str:
    """Issue a file, for the studio to fetch; answer its id."""
    done = place.issue("--offer")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["file"], told["offered"]) == (None, True)
    return str(told["id"])


def ended(scan: subprocess.Popen[str]) -> tuple[int, str]:
    with scan:
        _, err = scan.communicate(timeout=300)
    return scan.returncode, err


def held_at(scan: subprocess.Popen[str], out: Path, shard: int = 0) -> None:
    """Let a scan stand still once a shard is durable."""
    deadline = time.monotonic() + 300
    while not (out / "shards" / f"{shard:08d}.parquet").exists():
        assert scan.poll() is None, scan.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    scan.send_signal(signal.SIGSTOP)
    assert not (out / "results.parquet").exists()


def test_a_scan_fetches_what_it_searches_and_its_report_is_filed_once(there: There) -> None:
    place = there.place
    file_id = offered(place)
    ids = entries(place, file_id)
    code, err = there.scan("first", "--submit")
    assert code == 1, err
    out = there.studio / "first"
    rows = {row.name: row for row in result_rows(out)}
    assert {name: row.outcome for name, row in rows.items()} == {
        "slt-advert.flac": "match",
        "rms-story.flac": "match",
        "kal16-stranger.flac": "no_match",
    }
    assert rows["slt-advert.flac"].performer == ids["slt"]
    assert rows["slt-advert.flac"].log10_lr == pytest.approx(place.told_of["slt-advert.flac"], abs=1e-3)
    assert read_json(out / PLAN)["gallery_file"]["id"] == file_id
    assert not (out / COPY).exists()
    left = b"".join(path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file())
    token = (there.studio / "token").read_text().strip()
    assert token.encode() not in left

    filed = there.submit("first")
    assert filed.returncode == 1, filed.stderr
    told = json.loads(filed.stdout)
    assert (told["findings"], told["unresolved"], told["flagged"]) == (2, 0, 2)
    with build_context(place.settings) as ctx:
        assert len(scans.list_scans(ctx, choose_operator(ctx, None), after=None, limit=9)) == 1
    again = there.submit("first")
    assert (again.returncode, json.loads(again.stdout)["id"]) == (1, told["id"])

    assert told["has_rows"] is False
    for _ in range(2):  # the second time, all of them are there
        code, out_said, err = there.send_rows("first")
        assert code == 1, err
        sent = json.loads(out_said)
        assert (sent["id"], sent["has_rows"], sent["rows"]) == (told["id"], True, 3)
    with build_context(place.settings) as ctx:
        kept = rows_of_scan(ctx, choose_operator(ctx, None), told["id"], RowsWanted(after=-1, limit=9))
    assert {row.name: row.outcome for row in kept} == {name: row.outcome for name, row in rows.items()}
    assert {row.performer for row in kept if row.outcome == "match"} == {place.performers[v] for v in ("slt", "rms")}


def test_what_was_changed_is_not_filed(there: There) -> None:
    offered(there.place)
    assert there.scan("honest")[0] == 1
    summary = there.studio / "honest" / "summary.json"
    summary.write_text(summary.read_text().replace('"flagged": 2', '"flagged": 0'))
    refused = there.submit("honest")
    assert (refused.returncode, refused.stdout) == (4, "")
    assert "summary.json" in refused.stderr


def test_a_scan_that_was_stopped_goes_on_with_the_file_that_it_began_with(there: There) -> None:
    began = offered(there.place)
    scan, out = there.begin("stopped"), there.studio / "stopped"
    held_at(scan, out)
    scan.send_signal(signal.SIGINT)
    scan.send_signal(signal.SIGCONT)
    assert ended(scan)[0] == 4
    assert stat.S_IMODE((out / COPY).stat().st_mode) == 0o600
    newer = offered(there.place)
    assert newer != began
    code, err = there.scan("stopped", "--resume", "--gallery-file", newer)
    assert (code, began in err) == (4, True)
    code, err = there.scan("stopped", "--resume")
    assert code == 1, err
    assert read_json(out / PLAN)["gallery_file"]["id"] == began
    assert not (out / COPY).exists()


def test_a_registry_that_goes_away_does_not_stop_a_scan_whose_file_is_fresh(there: There) -> None:
    offered(there.place)
    out = there.studio / "alone"
    with serving(there.place) as (url, server):
        scan = There(there.place, url).begin("alone")
        held_at(scan, out)
        server.terminate()
        server.wait(timeout=120)
    scan.send_signal(signal.SIGCONT)
    code, err = ended(scan)
    assert code == 1, err
    assert err.count("does not answer") == 1
    assert len(list(result_rows(out))) == 3


@pytest.mark.parametrize(
    ("asking", "said"),
    [
        ({"token": "wrong"}, "token"),
        ({"token": "open"}, "chmod 600"),
        ({"token": "none"}, "there is no token"),
        ({"url": "http://192.0.2.1:8080"}, "https alone"),
        ({"url": "http://127.0.0.1:9"}, "does not answer"),
    ],
)
def test_who_may_not_ask_searches_nothing(there: There, asking: dict[str, str], said: str) -> None:
    out = f"refused-{said.split(maxsplit=1)[0]}"
    code, err = there.scan(out, **asking)
    assert (code, said in err) == (4, True), err
    assert not list((there.studio / out).glob("*"))


def test_a_registry_with_other_keys_than_those_that_were_given_is_not_searched_with(there: There) -> None:
    offered(there.place)
    pinned = json.loads((there.studio / "jwks.json").read_text())
    pinned["keys"][0]["x"] = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    (there.studio / "other.json").write_text(json.dumps(pinned))
    code, err = there.scan("foreign", "--registry-keys", there.studio / "other.json")
    assert (code, "not the one whose keys were given" in err) == (4, True), err
    assert not list((there.studio / "foreign").glob("shards/*"))


def test_a_scan_stops_at_once_when_somebody_in_the_file_withdraws(there: There) -> None:
    place = there.place
    file_id = offered(place)
    scan, out = there.begin("withdrawn"), there.studio / "withdrawn"
    held_at(scan, out)
    with build_context(place.settings) as ctx:
        consents.withdraw_all(ctx, choose_operator(ctx, None), place.performers["awb"])
        assert file_id not in ctx.spool.keys()  # noqa: SIM118  (a store, not a mapping)
    scan.send_signal(signal.SIGCONT)
    code, err = ended(scan)
    assert (code, "must not be searched" in err) == (4, True), err
    assert not (out / COPY).exists()
    assert not (out / "results.parquet").exists()
    code, err = there.scan("late")
    assert (code, "offers you no gallery file" in err) == (4, True), err
    code, err = there.scan("late", "--resume", "--gallery-file", file_id)
    assert (code, "must not be searched" in err) == (4, True), err
