"""``likeness signing-key``: a key of one's own to sign licences with, on one's own machine. Needs no registry."""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from typer import Argument, Option, Typer

from registry.cli.output import print_json
from registry.domain.signatures import key_registration
from registry.errors import InvalidInputError, KeyringError
from registry.vault.keyfile import create_private_file, read_private_file
from registry.vault.signing import canonical, raw_public_key

app = Typer(
    help="A key of one's own to sign licences with; the registry never sees its private half.", no_args_is_help=True
)

_KeyFile = Annotated[Path, Argument(metavar="KEY.pem", help="Private; readable by its owner alone.")]


@app.command()
def create(
    key_file: _KeyFile, *, account: Annotated[str, Option(metavar="ACCOUNT_ID", help="The account that will use it.")]
) -> None:
    """Make a key, and print what `POST /v1/signing-keys` takes: the public half, and a proof of having the other."""
    key = Ed25519PrivateKey.from_private_bytes(os.urandom(32))
    create_private_file(key_file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    print_json(_registration(key, account))


@app.command()
def sign(
    key_file: _KeyFile,
    agreement: Annotated[Path, Argument(metavar="FILE", help="The canonical agreement, byte for byte.")],
) -> None:
    """Sign an agreement, and print what `POST /v1/licences/ID/sign` takes."""
    content = _bytes(agreement)
    signature = _key(key_file).sign(content)
    print_json({"signature": _text(signature), "agreement_sha256": sha256(content).hexdigest()})


def _registration(key: Ed25519PrivateKey, account_id: str) -> dict[str, str]:
    public_key = _text(raw_public_key(key))
    proof = key.sign(canonical(key_registration(account_id, public_key)))
    return {"public_key": public_key, "proof": _text(proof)}


def _key(path: Path) -> Ed25519PrivateKey:
    if not path.is_file():
        raise InvalidInputError(f"there is no key at {path}: make one with `likeness signing-key create`")
    try:
        key = load_pem_private_key(read_private_file(path), password=None)
    except (ValueError, TypeError) as error:
        raise KeyringError(f"{path} is no private key in PEM") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyringError(f"{path} is no key of Ed25519")
    return key


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error}", path=str(path)) from error


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode("ascii")
