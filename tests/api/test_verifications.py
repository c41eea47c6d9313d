"""Looking at a file that anybody brings: what it is, whether it holds, and that nothing of it stays."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
import zipfile
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from browser import Browser
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from house import House
from joserfc import jws
from joserfc.jwk import OKPKey

from registry.domain.gallery_files import SearchPurpose
from registry.interchange import clearances, gallery_files, receipts
from registry.interchange.clearances import ClearanceStatus
from registry.interchange.gallery_files import GalleryManifest
from registry.journal.checkpoint import Checkpoint, sign_checkpoint
from registry.reports.model import REPORT_TYPE as ISSUED_TYPE
from registry.scanning.signing import REPORT_TYPE, ScanKey, sign_claims
from registry.vault.signing import sign
from registry.verifying.files import LARGEST

VERIFY = "/v1/verifications"


def looked(house: House, content: bytes | str, name: str = "file") -> dict[str, Any]:
    """What is said of a file, to somebody without any account."""
    sent = content.encode() if isinstance(content, str) else content
    answer = house.client.post(VERIFY, data={"file": (io.BytesIO(sent), name)})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def told(found: Mapping[str, Any]) -> tuple[str, str, str]:
    return found["kind"], found["standing"], found["journal"]


def a_status(house: House) -> str:
    moment = datetime(2026, 3, 14, tzinfo=UTC)
    return sign(house.ctx.keys, ClearanceStatus("org_x", moment, {}).claims(), typ=clearances.STATUS_TYPE)


def changed(token: str, **claims: Any) -> str:
    """The same token with other claims under the same signature."""
    head, body, signature = token.split(".")
    held = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4))) | claims
    return f"{head}.{urlsafe_b64encode(json.dumps(held).encode()).decode().rstrip('=')}.{signature}"


BOMB = io.BytesIO()
with zipfile.ZipFile(BOMB, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("report.json", b"0" * 5_000_000)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        BOMB.getvalue(),
        b"{" * 100_000,
        b'{"a":' * 50_000,
        b"[]",
        b'{"jws": 7}',
        b'{"jws": "a.b.c"}',
        b'{"report": {}, "proof": null}',
        b'{"payload": "", "protected": 5, "signature": ""}',
        b'{"leaf_sha256": 1, "leaf_index": "x", "path": {}, "checkpoint": []}',
        b'{"note": "\\n\\n"}',
        b"likeness-gallery 1\nnothing\n",
        b"a" * 300_000,
        b"eyJhbGciOiJub25lIn0.e30.AAAA",
        "text\n\n\N{EM DASH} me AAAA\n".encode(),
    ],
    ids=range(16),
)
def test_what_no_registry_signs_is_said_to_be_nothing_of_the_kind(house: House, content: bytes) -> None:
    found = looked(house, content)
    assert found["standing"] == "unreadable"
    assert found["facts"] == []


def test_a_file_that_is_too_large_is_refused_before_it_is_read(house: House) -> None:
    says = {"CONTENT_LENGTH": str(LARGEST + 100_000), "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    assert house.client.post(VERIFY, data=b"--x", environ_overrides=says).status_code == 413


def test_what_this_registry_signed_holds_and_names_its_key(house: House) -> None:
    for content in (a_status(house), json.dumps({"signed": a_status(house), "other": "shown beside"})):
        found = looked(house, content)
        assert told(found) == ("clearance_status", "holds", "not_named")
        assert found["key"]["id"] == house.ctx.keys.signer()[0]
        assert {"name": "for", "value": "org_x"} in found["facts"]


def test_what_was_changed_under_its_signature_does_not_hold(house: House) -> None:
    found = looked(house, changed(a_status(house), aud="org_y"))
    assert told(found) == ("clearance_status", "does_not_hold", "not_named")
    assert found["flaws"]
    assert found["facts"] == []


def test_a_document_is_never_taken_for_one_of_another_type(house: House) -> None:
    as_receipt = sign(house.ctx.keys, {"ver": 1}, typ=receipts.RECEIPT_TYPE)
    found = looked(house, as_receipt)
    assert told(found) == ("receipt", "does_not_hold", "not_named")


def own_key() -> ScanKey:
    key = OKPKey.import_key(Ed25519PrivateKey.from_private_bytes(b"k" * 32))
    return ScanKey(key, key.thumbprint())


def test_a_key_that_is_not_of_this_registry_is_said_to_be_another(house: House) -> None:
    moment = datetime(2026, 3, 14, tzinfo=UTC)
    claims = ClearanceStatus("org_x", moment, {}).claims()
    found = looked(house, sign_claims(own_key(), claims, typ=clearances.STATUS_TYPE))
    assert told(found) == ("clearance_status", "other_key", "not_named")


def test_what_is_nested_too_deep_or_no_unicode_breaks_nothing(house: House) -> None:
    deep: Any = {}
    for _ in range(400):
        deep = {"a": [deep]}
    jwks = {"keys": [own_key().key.as_dict(private=False) | {"kid": own_key().thumbprint, "use": "sig"}]}
    report = {"report": {}, "jws": sign_claims(own_key(), {"a": deep}, typ=ISSUED_TYPE), "jwks": jwks, "proof": deep}
    assert looked(house, json.dumps(report))["standing"] in {"unreadable", "does_not_hold"}
    header = json.dumps({"alg": "Ed25519", "typ": clearances.STATUS_TYPE, "kid": "\ud800"}).encode()
    found = looked(house, f"{urlsafe_b64encode(header).decode().rstrip('=')}.e30.{'A' * 86}")
    assert (found["standing"], found["key"]["id"]) == ("other_key", "\\ud800")


CLAIMS = {
    "ver": 1,
    "finished_at": "2026-03-14T00:00:00Z",
    "plan": {"source": "northlight/2026", "gallery": {"performers": 3}},
    "summary": {"flagged": 2},
    "manifest": {"rows": 14},
}


def test_the_report_of_a_scan_holds_by_its_own_key_and_says_that_this_proves_nobody(house: House) -> None:
    jws = sign_claims(own_key(), CLAIMS, typ=REPORT_TYPE)
    found = looked(house, json.dumps({"jws": jws, "report": CLAIMS}))
    assert told(found) == ("scan_report", "holds_by_its_own_key", "not_named")
    assert found["key"]["id"] == own_key().thumbprint
    assert {"name": "rows", "value": "14"} in found["facts"]
    shown = json.dumps({"jws": jws, "report": CLAIMS | {"summary": {"flagged": 0}}})
    assert told(looked(house, shown)) == ("scan_report", "does_not_hold", "not_named")


def signed_by_its_own_key(payload: bytes, **header: Any) -> str:
    """A report's token as somebody writes it who keeps to no form."""
    key = own_key()
    said = {"alg": "Ed25519", "typ": REPORT_TYPE, "kid": key.thumbprint, "jwk": key.key.as_dict(private=False)}
    if header:
        head, body = (
            urlsafe_b64encode(each).decode().rstrip("=") for each in (json.dumps(said | header).encode(), payload)
        )
        return f"{head}.{body}.{'A' * 86}"
    return jws.serialize_compact(said, payload, key.key, algorithms=["Ed25519"])


@pytest.mark.parametrize(
    ("content", "standing"),
    [
        (signed_by_its_own_key(json.dumps(CLAIMS | {"manifest": {"rows": float("inf")}}).encode()), "does_not_hold"),
        (signed_by_its_own_key(json.dumps(CLAIMS | {"manifest": {"rows": float("nan")}}).encode()), "does_not_hold"),
        (signed_by_its_own_key(json.dumps(CLAIMS).encode(), crit=5), "does_not_hold"),
        (signed_by_its_own_key(json.dumps(CLAIMS).encode(), alg="none"), "does_not_hold"),
        (
            sign_claims(own_key(), CLAIMS | {"finished_at": "0001-01-01T00:00+14:00"}, typ=REPORT_TYPE),
            "holds_by_its_own_key",
        ),
        (
            sign_claims(own_key(), CLAIMS | {"finished_at": "9999-12-31T23:59-14:00"}, typ=REPORT_TYPE),
            "holds_by_its_own_key",
        ),
        (json.dumps({"id": "\ud800", "rule": "r", "commitment": "c", "destroyed_at": "d"}), "does_not_hold"),
        (json.dumps({"id": "cert_\0", "rule": "r", "commitment": "c", "destroyed_at": "d"}), "does_not_hold"),
        (json.dumps({"note": "\ud800\n1\nAAAA\n\n\N{EM DASH} a AAAA\n"}), "unreadable"),
        (json.dumps({"leaf_sha256": "0", "leaf_index": 2**99, "path": [], "checkpoint": "\ud800"}), "does_not_hold"),
    ],
    ids=range(10),
)
def test_what_somebody_signed_or_wrote_to_break_it_is_answered(house: House, content: str, standing: str) -> None:
    assert looked(house, content)["standing"] == standing
    assert house.client.post("/verify", data={"file": (io.BytesIO(content.encode()), "file")}).status_code == 200


def test_a_checkpoint_is_held_to_the_journal(house: House) -> None:
    journal = house.client.get("/v1/journal/checkpoint", headers={"Accept": "application/json"}).get_json()
    assert told(looked(house, journal["note"])) == ("checkpoint", "holds", "shown")
    assert told(looked(house, json.dumps(journal))) == ("checkpoint", "holds", "shown")
    origin, size = journal["note"].split("\n")[:2]
    rewritten = sign_checkpoint(Checkpoint(origin, int(size), b"r" * 32), house.ctx.keys.signing_key())
    assert told(looked(house, str(rewritten))) == ("checkpoint", "holds", "not_shown")
    longer = sign_checkpoint(Checkpoint(origin, int(size) + 99, b"r" * 32), house.ctx.keys.signing_key())
    assert told(looked(house, str(longer))) == ("checkpoint", "holds", "not_shown")
    others = sign_checkpoint(Checkpoint("other.example", 3, b"r" * 32), Ed25519PrivateKey.from_private_bytes(b"o" * 32))
    assert told(looked(house, str(others))) == ("checkpoint", "other_key", "elsewhere")


def test_a_proof_of_inclusion_is_followed_to_the_root(house: House) -> None:
    proof = house.client.get("/v1/journal/proofs/inclusion?seq=2").get_json()
    assert told(looked(house, json.dumps(proof))) == ("inclusion", "holds", "shown")
    other = proof | {"leaf_sha256": "0" * 64}
    assert told(looked(house, json.dumps(other))) == ("inclusion", "does_not_hold", "not_shown")


def test_a_gallery_file_is_whole_or_does_not_hold(house: House) -> None:
    moment = datetime(2026, 3, 14, tzinfo=UTC)
    manifest = GalleryManifest(
        file_id="gal_x",
        registry_id="r",
        organisation_id="org_x",
        purpose=SearchPurpose.CATALOGUE,
        key_thumbprint="k",
        issued_at=moment,
        expires_at=moment,
        status_interval=timedelta(days=1),
        dimensions={"ge2e": 256},
        calibration="c",
        performers=3,
        sealed_sha256=hashlib.sha256(b"sealed").hexdigest(),
    )
    line = sign(house.ctx.keys, manifest.claims(), typ=gallery_files.MANIFEST_TYPE).encode() + b"\n"
    whole = gallery_files.FORM + line + b"sealed"
    assert told(looked(house, whole)) == ("gallery_file", "holds", "not_named")
    for cut in (whole[:-1], whole + b"more", gallery_files.FORM + line):
        assert told(looked(house, cut)) == ("gallery_file", "does_not_hold", "not_named")


def test_the_page_says_it_in_words_and_keeps_nothing(house: House, tmp_path: Path, monkeypatch: Any) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    browser = Browser(house)
    page = browser.get("/verify")
    assert page.status_code == 200
    assert "it is not kept" in page.text
    sent = {"file": ("status.jws", a_status(house).encode())}
    said = {"Origin": "https://registry.example", "Sec-Fetch-Site": "same-origin"}
    answer = browser.client.post("/verify", files=sent, headers=said)
    assert "The signature holds" in answer.text
    assert "an answer goes stale" in answer.text
    forged = {"file": ("<b>x</b>.jws", changed(a_status(house), aud="<script>").encode())}
    answer = browser.client.post("/verify", files=forged, headers=said)
    assert "It does not hold" in answer.text
    assert "<script>" not in answer.text
    assert "<b>x</b>" not in answer.text
    assert list(temporary.iterdir()) == []
    assert browser.client.post("/verify", files=sent, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert browser.client.post("/verify", files={"file": ("", b"")}, headers=said).status_code == 422


def test_the_page_says_of_a_file_that_is_too_large_what_helps(house: House) -> None:
    browser = Browser(house)
    sent = {"file": ("large.bin", b"0" * (LARGEST + 2_000_000))}
    said = {"Origin": "https://registry.example", "Sec-Fetch-Site": "same-origin"}
    answer = browser.client.post("/verify", files=sent, headers=said)
    assert answer.status_code == 413
    assert "The command line looks at files of any size" in answer.text
    assert "recordings" not in answer.text


def test_the_page_says_what_was_decided_in_the_words_of_other_pages(house: House) -> None:
    performer, performer_id = house.performer()
    consent = house.consent(performer, performer_id, "licensing", choices={"dubbing": "ask"})
    receipt = performer.get(f"/v1/performers/{performer_id}/consents/{consent['id']}/receipt").get_json()["jws"]
    said = {"Origin": "https://registry.example", "Sec-Fetch-Site": "same-origin"}
    client = Browser(house).client
    for language, decided, state in (
        ("en", "Licences · voice: yes", "in force"),
        ("ko", "이용 허락 · 목소리: 네", "유효함"),
    ):
        sent = {"file": ("receipt.jws", receipt.encode())}
        page = client.post("/verify", files=sent, headers=said | {"Accept-Language": language}).text
        assert f"<bdi>{decided}</bdi>" in page
        assert f"<bdi>{state}</bdi>" in page


def test_an_upload_that_is_promised_to_stay_in_memory_never_becomes_a_file(house: House, monkeypatch: Any) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("an upload was written to a file")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    looked(house, b"0" * 400_000)
