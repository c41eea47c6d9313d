"""From an enrolled voice to a match at a studio that has neither database nor server, and to the end of its file."""

from __future__ import annotations

import json

import pytest
from gallery_place import Place, entries, made_place

from registry.bootstrap import build_context
from registry.cli.operator import choose_operator
from registry.scanning.folder import read_json, result_rows
from registry.scanning.results import PLAN
from registry.services import consents


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return made_place(tmp_path_factory.mktemp("place"))


def test_a_studio_finds_a_voice_under_an_opaque_id_until_the_performer_withdraws(place: Place) -> None:
    made = place.at_studio("gallery", "key", "--out", place.studio / "key.json")
    assert made.returncode == 0, made.stderr
    (place.studio / "public.jwk").write_text(made.stdout)

    exported = place.export(place.studio / "one.gallery")
    assert exported.returncode == 0, exported.stderr
    told = json.loads(exported.stdout)
    assert (told["performers"], told["not_told"], told["issued_to"]) == (3, 0, place.studio_id)
    ids = entries(place, told["id"])

    scanned = place.scan("first")
    assert scanned.returncode == 1, scanned.stderr
    rows = {row.name: row for row in result_rows(place.studio / "first")}
    assert {name: row.outcome for name, row in rows.items()} == {
        "slt-advert.flac": "match",
        "rms-story.flac": "match",
        "kal16-stranger.flac": "no_match",
    }
    assert rows["slt-advert.flac"].performer == ids["slt"]
    assert rows["slt-advert.flac"].log10_lr == pytest.approx(place.told_of["slt-advert.flac"], abs=1e-3)
    assert rows["kal16-stranger.flac"].performer == ""
    assert json.loads(rows["kal16-stranger.flac"].evidence)["candidates"] == []
    plan = read_json(place.studio / "first" / PLAN)
    assert plan["gallery"]["id"] == told["sealed_sha256"]
    assert plan["gallery_file"]["id"] == told["id"]
    left = b"".join(path.read_bytes() for path in sorted((place.studio / "first").rglob("*")) if path.is_file())
    for voice, performer_id in place.performers.items():
        assert performer_id.encode() not in left
        assert f"The one called {voice}".encode() not in left
    verified = place.at_studio("scan", "verify", place.studio / "first")
    assert verified.returncode == 0, verified.stdout
    again = place.recompute("first", place.studio / "one.gallery")
    assert again.returncode == 0, again.stderr
    told_again = json.loads(again.stdout)["recomputed"]
    assert (told_again["rows"], told_again["changed"], told_again["gallery_is_the_same"]) == ([0, 1, 2], [], True)

    status = place.at_registry("gallery", "status", place.studio / "one.gallery", "--out", place.studio / "status.json")
    assert status.returncode == 0, status.stderr
    assert place.scan("second", "--gallery-status", place.studio / "status.json").returncode == 1

    with build_context(place.settings) as ctx:
        done = consents.withdraw_all(ctx, choose_operator(ctx, None), place.performers["rms"])
        assert [(holder.kind.value, holder.id) for holder in done.holders] == [("gallery_file", told["id"])]
    ended = place.at_registry(
        "gallery", "status", place.studio / "one.gallery", "--json", "--out", place.studio / "s.json"
    )
    assert ended.returncode == 1, ended.stderr
    (file,) = json.loads(ended.stdout)["files"]
    assert (file["standing"], file["drop"]) == ("replaced", [ids["rms"]])
    refused = place.scan("third", "--gallery-status", place.studio / "s.json")
    assert refused.returncode == 4
    assert "must not be searched" in refused.stderr
    assert not list((place.studio / "third").glob("shards/*"))
    refused = place.recompute("first", place.studio / "one.gallery", "--gallery-status", place.studio / "s.json")
    assert (refused.returncode, "must not be searched" in refused.stderr) == (4, True)


def test_a_file_without_its_key_or_in_ray_is_wrong_use(place: Place) -> None:
    (place.studio / "any.gallery").write_bytes(b"likeness-gallery 1\n")
    asked = (
        "scan",
        place.studio / "in",
        "--gallery",
        place.studio / "any.gallery",
        "--out",
        place.studio / "x",
        "--yes",
    )
    done = place.at_studio(*asked)
    assert (done.returncode, "--gallery-key" in done.stderr) == (2, True)
    folder = ("scan", place.studio / "in", "--gallery", place.studio / "in", "--out", place.studio / "x", "--yes")
    done = place.at_studio(*folder, "--gallery-status", place.studio / "any.gallery")
    assert (done.returncode, "--gallery-status" in done.stderr) == (2, True)
    verify = ("scan", "verify", place.studio / "in")
    done = place.at_studio(*verify, "--gallery-status", place.studio / "any.gallery")
    assert (done.returncode, "--recompute" in done.stderr) == (2, True)
