"""What is said of other people's work is what is installed: every package, and every library inside of a wheel."""

from __future__ import annotations

import json
import re
import sys
import zipfile
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from itertools import product
from pathlib import Path
from threading import Thread

import httpx
import pytest
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name
from pages import ROOT, between

sys.path.insert(0, str(ROOT))

from supply import audit
from supply.audit import NotCheckedError, ask_index, read_advisories
from supply.notices import notices
from supply.packages import Package, looked_up, packages, pinned
from supply.sbom import bill
from supply.table import COPYLEFT, table

PAGE = (ROOT / "docs" / "third-party.md").read_text(encoding="utf-8")
SITE = Path(str(metadata.distribution("numpy").locate_file(""))).resolve()


@pytest.fixture(scope="module")
def found() -> list[Package]:
    return packages()


def patterns(package: Package) -> list[str]:
    """Answer the patterns of what is inside of a wheel, each with its braces written out."""
    written = []
    for bundled in package.bundled:
        parts = re.split(r"\{(.+)\}", bundled.files)
        written += ["".join(each) for each in product(*(p.split(",") if n % 2 else [p] for n, p in enumerate(parts)))]
    return written


def test_every_package_is_in_the_table(found: list[Package]) -> None:
    assert between(PAGE, "packages") == table(found), "the table is stale: run python -m supply.table"


def test_what_is_pinned_is_what_is_installed() -> None:
    differ = {name: metadata.version(name) for name, version in pinned().items()}
    assert {name: found for name, found in differ.items() if found.partition("+")[0] != pinned()[name]} == {}


def test_no_package_is_pinned_that_nothing_brings(found: list[Package]) -> None:
    assert [package.name for package in found if not package.uses] == []


def test_every_library_inside_of_a_wheel_is_named(found: list[Package]) -> None:
    named = [pattern for package in found for pattern in patterns(package)]
    inside = [f"{folder.name}/{file.name}" for folder in SITE.glob("*.libs") for file in folder.iterdir()]
    assert [file for file in inside if not any(fnmatch(file, pattern) for pattern in named)] == []


def test_every_library_that_is_named_is_there(found: list[Package]) -> None:
    missing = [pattern for package in found for pattern in patterns(package) if not list(SITE.glob(pattern))]
    assert [pattern for pattern in missing if not pattern.startswith("torch/")] == []  # another build on other machines


def test_nothing_is_looked_up_of_a_package_that_is_not_pinned() -> None:
    assert set(looked_up()) <= {canonicalize_name(name) for name in pinned()}


def test_what_the_page_says_of_ffmpeg_is_what_its_build_says() -> None:
    from av import _core

    built = _core.library_meta["libavcodec"]
    assert ("--enable-libx264" in built["configuration"]) is ("linked with x264" in PAGE)
    assert built["license"] == "LGPL version 3 or later"


def test_nothing_that_is_installed_with_the_registry_is_under_the_agpl_or_of_an_unknown_licence(
    found: list[Package],
) -> None:
    licences = [package.licence for package in found] + [each.licence for package in found for each in package.bundled]
    assert not [licence for licence in licences if "AGPL" in licence or "UNKNOWN" in licence.upper()]


def test_copyleft_that_runs_is_named_where_it_is_said_what_it_asks(found: list[Package]) -> None:
    asked = PAGE.partition("## What is asked of whom")[2].partition("## Packages")[0]
    for package in found:
        if set(package.uses) - {"dev"} and any(word in package.licence for word in COPYLEFT):
            assert f"`{package.name.removesuffix('-binary')}`" in asked, package.name


def test_the_bill_of_materials_is_valid_and_whole(found: list[Package]) -> None:
    text = JsonV1Dot6(bill(found)).output_as_string()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    components = json.loads(text)["components"]
    assert {each["purl"] for each in components if "purl" in each} == {
        f"pkg:pypi/{package.name.lower().replace('_', '-')}@{package.version}" for package in found
    }
    models = [each for each in components if each["type"] == "machine-learning-model"]
    assert len(models) == 6
    assert all(re.fullmatch(r"[0-9a-f]{64}", each["hashes"][0]["content"]) for each in models)
    assert json.loads(JsonV1Dot6(bill(found)).output_as_string())["serialNumber"] == json.loads(text)["serialNumber"]


def test_licence_texts_are_collected_and_a_missing_one_is_named(found: list[Package]) -> None:
    texts = {package.name: "".join(notices(package)) for package in found}
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in texts["psycopg"]
    assert "x264: GPL-2.0-or-later" in texts["av"]
    assert "has no text of Apache-2.0" in texts["flatbuffers"]


# --- known holes -----------------------------------------------------------------------------------------------------

ADVISORY = {
    "id": "PYSEC-2026-1",
    "summary": "reads too far",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "Jinja2"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "3.0"}, {"fixed": "3.1.7"}]}],
            "versions": ["2.9"],
        }
    ],
}


class Index(BaseHTTPRequestHandler):
    """An index with PyPI's interface: one package has a hole, one had, one it does not know."""

    def do_GET(self) -> None:
        holes = [{"id": "PYSEC-2026-1", "summary": "reads too far", "fixed_in": ["3.1.7"], "withdrawn": None}]
        was = [{**holes[0], "withdrawn": "2026-02-01T00:00:00Z"}]
        known = {"/pypi/jinja2/3.1.6/json": holes, "/pypi/flask/3.1.3/json": was, "/pypi/mako/1.4.3/json": None}
        self.send_response(200 if self.path in known else 404)
        self.end_headers()
        self.wfile.write(json.dumps({"vulnerabilities": known.get(self.path)}).encode())

    def log_message(self, *arguments: object) -> None: ...


def test_a_version_that_the_index_knows_nothing_of_is_not_taken_for_a_good_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    versions = {"Jinja2": "3.1.6", "Flask": "3.1.3", "Mako": "1.4.3", "av": "18.1.0"}
    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with httpx.Client(base_url=f"http://127.0.0.1:{server.server_port}", trust_env=False) as client:
            holes, unknown = audit.audit(ask_index(client), versions)
        server.shutdown()
    assert [hole.fixed_in for hole in holes["Jinja2"]] == [("3.1.7",)]
    assert unknown == {"Mako": "the index does not say what is known", "av": "the index answers 404"}
    assert audit.tell(holes, unknown, versions) == audit.HOLES
    assert audit.tell({}, unknown, versions) == audit.UNKNOWN
    assert audit.tell({}, {}, versions) == 0
    assert "NOT CHECKED" in capsys.readouterr().out


def test_an_index_that_is_not_there_means_not_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main(["--index", "http://127.0.0.1:1"]) == audit.UNKNOWN
    assert f"0 of {len(pinned())} pinned versions were looked up" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("version", "hit"), [("2.9", True), ("2.10", False), ("3.0", True), ("3.1.6", True), ("3.1.7", False)]
)
def test_advisories_that_were_brought_along_hit_named_versions_and_ranges(
    tmp_path: Path, *, version: str, hit: bool
) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("PYSEC-2026-1.json", json.dumps(ADVISORY))
        archive.writestr("PYSEC-2026-2.json", json.dumps(ADVISORY | {"withdrawn": "2026-02-01T00:00:00Z", "id": "2"}))
    found = read_advisories(tmp_path / "all.zip")("jinja2", version)
    assert [hole.id for hole in found] == (["PYSEC-2026-1"] if hit else [])


def test_a_folder_without_advisories_means_not_checked(tmp_path: Path) -> None:
    with pytest.raises(NotCheckedError):
        read_advisories(tmp_path)
    assert audit.main(["--advisories", str(tmp_path)]) == audit.UNKNOWN
