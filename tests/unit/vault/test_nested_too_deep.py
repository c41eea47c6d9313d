"""JSON that is nested so deep that Python gives up is refused like any other that cannot be read."""

from __future__ import annotations

import io
import json
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from registry.cli.reading import json_of, signed_text
from registry.domain.reading import parse_json
from registry.errors import GalleryFileTamperedError, InvalidInputError, KeyringError, SignatureInvalidError
from registry.scanning.folder import read_json
from registry.scanning.signing import open_claims, read_scan_key
from registry.vault.gallery_seal import make_studio_key, open_rows, read_public_key
from registry.vault.signing import read_jwks, verify

DEEP = "[" * 200_000


def header(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def test_deep_json_is_no_json() -> None:
    with pytest.raises(ValueError, match="too deep"):
        parse_json(DEEP)


@pytest.mark.parametrize("content", [DEEP, f'{{"keys": {DEEP}'])
def test_a_set_of_keys(content: str) -> None:
    with pytest.raises(InvalidInputError):
        read_jwks(content)
    with pytest.raises(InvalidInputError):
        read_public_key(content.encode())


@pytest.mark.parametrize("head", [DEEP, f'{{"kid": {DEEP}', f'{{"jwk": {DEEP}'])
def test_the_header_of_something_signed(head: str) -> None:
    token = f"{header(head)}.e30.AAAA"
    with pytest.raises(SignatureInvalidError):
        verify(token, {}, typ="x")
    with pytest.raises(SignatureInvalidError):
        open_claims(token, typ="x")


def test_the_key_in_a_gallery_file(tmp_path: Path) -> None:
    key = make_studio_key(tmp_path / "key.json")
    sealed = io.BytesIO(f"{header(DEEP)}.e30.e30.e30.e30\n".encode())
    with pytest.raises(GalleryFileTamperedError):
        next(open_rows(sealed, "gal_1", {}, key, len))


def test_files_that_somebody_else_made(tmp_path: Path) -> None:
    file = tmp_path / "deep.json"
    file.write_text(DEEP, encoding="utf-8")
    file.chmod(0o600)
    with pytest.raises(InvalidInputError):
        json_of(file)
    with pytest.raises(InvalidInputError):
        read_json(file)
    with pytest.raises(KeyringError):
        read_scan_key(file)
    assert signed_text(file, "jws", 10**9) == DEEP, "it is taken for the signed text itself, which then is refused"


def test_what_is_not_too_deep_is_read() -> None:
    assert parse_json(json.dumps([[{"a": []}]])) == [[{"a": []}]]
