"""What may be scanned is read from one setting, and refused where it is not of its form, or unsafe."""

from __future__ import annotations

import json

import pytest

from registry.domain.scan_requests import ScanRoot
from registry.errors import SettingsError
from registry.settings import load_settings

ORGANISATION = "org_01jd8x0zq2r4t6v8w0y2a4c6e8"


@pytest.mark.parametrize(
    ("roots", "says"),
    [
        ("{", "Expecting"),
        ("[]", "the roots are a JSON object"),
        ('{"media": "/srv"}', "has a url and organisations"),
        ('{"media": {"url": "/srv"}}', "has a url and organisations"),
        ('{"media": {"url": "/srv", "organisations": [], "more": 1}}', "and nothing else"),
        ('{"media": {"url": 7, "organisations": []}}', "has a url and organisations"),
        ('{"media": {"url": "/srv", "organisations": "org_1"}}', "a list of ids"),
        ('{"media": {"url": "/srv", "organisations": ["everybody"]}}', "a list of ids"),
        ('{"media": {"url": "srv", "organisations": []}}', "an absolute path"),
        ('{"media": {"url": "http://host/", "organisations": []}}', "a store without links"),
        ('{"media": {"url": "s3://b::file:///", "organisations": []}}', "a store without links"),
        ('{"../x": {"url": "/srv", "organisations": []}}', "the name of a root"),
    ],
)
def test_roots_that_cannot_be_used_are_refused(monkeypatch: pytest.MonkeyPatch, roots: str, says: str) -> None:
    monkeypatch.setenv("LIKENESS_SCAN_ROOTS", roots)
    with pytest.raises(SettingsError, match=says) as refused:
        load_settings()
    assert "LIKENESS_SCAN_ROOTS" in refused.value.detail


def test_roots_are_read_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {
        "media": {"url": "file:///srv/my%20media/", "organisations": [ORGANISATION]},
        "bucket": {"url": "s3://bucket/in", "organisations": []},
    }
    monkeypatch.setenv("LIKENESS_SCAN_ROOTS", json.dumps(said))
    roots = load_settings().roots
    assert roots == {name: ScanRoot(name, one["url"], frozenset(one["organisations"])) for name, one in said.items()}
    assert (roots["media"].folder, roots["media"].is_store) == ("/srv/my media/", False)
    assert roots["bucket"].is_store


def test_nothing_may_be_scanned_unless_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIKENESS_SCAN_ROOTS", raising=False)
    assert load_settings().roots == {}
