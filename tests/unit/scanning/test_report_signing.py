"""The key of a scan, and what is signed with it."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey

from registry.domain.ids import RandomBytes
from registry.errors import KeyringError, SignatureInvalidError
from registry.scanning.signing import REPORT_TYPE, ScanKey, open_claims, read_scan_key, scan_key, sign_claims


@pytest.fixture
def key(tmp_path: Path, random_bytes: RandomBytes) -> ScanKey:
    return scan_key(tmp_path / "scan-key.json", random_bytes)


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path, random_bytes: RandomBytes) -> None:
    file = tmp_path / "home" / "scan-key.json"
    made = scan_key(file, random_bytes)
    assert file.stat().st_mode & 0o777 == 0o600
    assert scan_key(file, random_bytes).thumbprint == made.thumbprint


def test_a_key_that_others_may_read_is_refused(tmp_path: Path, random_bytes: RandomBytes) -> None:
    file = tmp_path / "scan-key.json"
    scan_key(file, random_bytes)
    file.chmod(0o644)
    with pytest.raises(KeyringError, match="chmod 600"):
        scan_key(file, random_bytes)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'"key"', b'{"kty": "OKP", "crv": "Ed25519", "x": "AA"}', b"\xff"]
)
def test_what_is_no_private_key_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key.json"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(KeyringError, match="private key of Ed25519"):
        read_scan_key(file)


def test_a_public_key_or_one_of_another_kind_signs_nothing(tmp_path: Path) -> None:
    others = (ECKey.generate_key("P-256").as_dict(private=True), OKPKey.generate_key("X25519").as_dict(private=True))
    public = OKPKey.import_key(Ed25519PrivateKey.generate()).as_dict(private=False)
    for number, jwk in enumerate((*others, public)):
        file = tmp_path / f"{number}.json"
        file.write_text(json.dumps(jwk))
        file.chmod(0o600)
        with pytest.raises(KeyringError):
            read_scan_key(file)


def test_a_key_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(KeyringError, match="no signing key"):
        read_scan_key(tmp_path / "absent.json")


def test_the_thumbprint_is_that_of_rfc_8037() -> None:
    """Appendix A.3: the key of A.2 has this thumbprint."""
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    private = jwk | {"d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}
    signed = sign_claims(
        ScanKey(OKPKey.import_key(private), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"), {}, typ="t"
    )
    assert open_claims(signed, typ="t").thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_the_thumbprint_in_a_file_of_a_key_is_computed_and_not_believed(tmp_path: Path, key: ScanKey) -> None:
    file = tmp_path / "scan-key.json"
    jwk = json.loads(file.read_text()) | {"kid": "somebody-else"}
    file.write_text(json.dumps(jwk))
    assert read_scan_key(file).thumbprint == key.thumbprint
    canonical = json.dumps({name: jwk[name] for name in ("crv", "kty", "x")}, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode()).digest()
    assert key.thumbprint == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def test_what_is_signed_is_read_again_however_long(key: ScanKey) -> None:
    claims = {"text": "가" * 200_000, "number": 1.5}
    opened = open_claims(sign_claims(key, claims, typ=REPORT_TYPE), typ=REPORT_TYPE)
    assert opened.claims == claims
    assert opened.thumbprint == key.thumbprint


def test_a_private_key_is_never_part_of_what_is_signed(tmp_path: Path, key: ScanKey) -> None:
    secret = json.loads((tmp_path / "scan-key.json").read_text())["d"]
    header = sign_claims(key, {}, typ=REPORT_TYPE).split(".")[0]
    told = base64.urlsafe_b64decode(header + "==")
    assert secret.encode() not in told
    assert json.loads(told)["jwk"].keys() == {"kty", "crv", "x"}


def test_a_document_of_another_type_is_refused(key: ScanKey) -> None:
    with pytest.raises(SignatureInvalidError, match="of type receipt"):
        open_claims(sign_claims(key, {}, typ="receipt"), typ=REPORT_TYPE)


@pytest.mark.parametrize("token", ["", "a.b.c", "..", "é.é.é", "e30.e30.e30", "bnVsbA.e30.AA", "bm90anNvbg.e30.AA"])
def test_what_is_no_signed_document_is_refused(token: str) -> None:
    with pytest.raises(SignatureInvalidError):
        open_claims(token, typ=REPORT_TYPE)


def test_a_key_that_was_swapped_in_the_header_verifies_nothing(key: ScanKey) -> None:
    header, payload, signature = sign_claims(key, {"a": 1}, typ=REPORT_TYPE).split(".")
    other = OKPKey.import_key(Ed25519PrivateKey.generate())
    told = json.loads(base64.urlsafe_b64decode(header + "==")) | {"jwk": other.as_dict(private=False)}
    swapped = base64.urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=").decode()
    with pytest.raises(SignatureInvalidError):
        open_claims(f"{swapped}.{payload}.{signature}", typ=REPORT_TYPE)


def test_no_algorithm_but_the_fixed_one_is_taken(key: ScanKey) -> None:
    """What a token says of its own algorithm chooses nothing."""
    header = {"alg": "HS256", "typ": REPORT_TYPE, "kid": key.thumbprint, "jwk": key.key.as_dict(private=False)}
    from joserfc.jwk import OctKey

    public = base64.urlsafe_b64decode(str(key.key.as_dict(private=False)["x"]) + "=")
    forged = jws.serialize_compact(header, b"{}", OctKey.import_key(public), algorithms=["HS256"])
    with pytest.raises(SignatureInvalidError):
        open_claims(forged, typ=REPORT_TYPE)
