"""Files that pages load: kept for good under an address of their own bytes, and nothing beside them is served."""

from __future__ import annotations

import hashlib

from house import House

from api.pages.static_files import static_files


def test_a_file_is_served_to_be_kept_for_good_under_its_digest(house: House) -> None:
    for name, file in static_files().items():
        told = house.client.get(file.address)
        assert told.status_code == 200, name
        assert hashlib.sha256(told.data).hexdigest()[:16] == file.address.split("/")[2]
        assert told.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert told.headers["X-Content-Type-Options"] == "nosniff"
        again = house.client.get(file.address, headers={"If-None-Match": told.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")


def test_under_another_digest_or_name_there_is_nothing(house: House) -> None:
    file = static_files()["registry.css"]
    for address in (
        file.address.replace("/static/", "/static/0"),
        f"{file.address}.map",
        "/static/../rendering.py",
        "/static/x/%2e%2e%2frendering.py",
        "/static/vendor/manifest.json",
    ):
        assert house.client.get(address).status_code == 404, address


def test_every_page_says_what_it_may_load_and_loads_it_from_here_alone(house: House) -> None:
    for path in ("/", "/voiceprints", "/retention", "/journal", "/transparency", "/sign-in"):
        page = house.client.get(path)
        policy = page.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; ")
        assert "unsafe" not in policy
        assert "script-src" not in policy
        assert 'integrity="sha384-' in page.text
