"""Nobody taught the shipped calibration who is reported on, and nobody who served the cohort served calibration.

Proven from the manifests of the speech and from the rule that picks its people; nothing is listened to.
"""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest

from benchmarks.calibration_speech import Item, read_items
from registry.engine.calibration import load_calibration
from registry.engine.evaluation.splits import Split, split_of
from registry.engine.training.examples import Part

pytestmark = pytest.mark.real_speech


@pytest.fixture(scope="module")
def items(open_speech: Path) -> list[Item]:
    return read_items(open_speech)


def people(items: list[Item], *parts: Part) -> set[str]:
    return {item.person for item in items if item.part in parts}


def people_of_manifest(manifest: Path) -> set[str]:
    with manifest.open(encoding="utf-8") as file:
        return {row["person"] for row in csv.DictReader(file)} - {""}


def test_the_cohort_and_calibration_share_nobody(items: list[Item]) -> None:
    cohort, calibration = people(items, Part.COHORT), people(items, Part.ENROL, Part.PROBE, Part.STRANGER)
    assert cohort
    assert calibration
    assert cohort & calibration == set()


def test_people_who_are_enrolled_for_calibration_are_never_its_strangers(items: list[Item]) -> None:
    assert people(items, Part.STRANGER) & people(items, Part.ENROL, Part.PROBE) == set()


def test_nobody_who_is_reported_on_takes_part(items: list[Item], open_speech: Path) -> None:
    manifests = [open_speech / "MANIFEST.csv", open_speech.parent / "local" / "MANIFEST.csv"]
    everybody = set().union(*(people_of_manifest(manifest) for manifest in manifests if manifest.is_file()))
    reported = {person for person in everybody if split_of(person) is Split.REPORTING}
    assert len(reported) > len(everybody) / 3
    assert people(items, *Part) & reported == set()


def test_nobody_of_the_local_part_takes_part(items: list[Item], open_speech: Path) -> None:
    manifest = open_speech.parent / "local" / "MANIFEST.csv"
    if not manifest.is_file():
        pytest.skip("the local part is not here")
    assert people(items, *Part) & people_of_manifest(manifest) == set()
    assert [item.path for item in items if not item.path.is_relative_to(open_speech)] == []


def test_the_card_is_of_these_recordings_and_these_people(items: list[Item], open_speech: Path) -> None:
    card = load_calibration().card
    manifest = (open_speech / "MANIFEST.csv").read_bytes()
    assert card["data"]["manifest_sha256"] == hashlib.sha256(manifest).hexdigest()
    assert card["data"]["recordings"] == len(items)
    assert card["people"] == {
        "cohort": len(people(items, Part.COHORT)),
        "calibration": len(people(items, Part.ENROL, Part.PROBE, Part.STRANGER)),
    }
