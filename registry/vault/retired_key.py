"""A key that was taken out of the keyring, in a file of its own: for backups from the time when it was in use.

Whoever destroys the file makes what is still sealed under the key unreadable for good, in every copy there is.
"""

from __future__ import annotations

import json
from pathlib import Path

from registry.errors import KeyringError
from registry.vault.keyfile import create_private_file, read_private_file
from registry.vault.keyring_text import MasterKey, plain_secret, plain_text, read_entry, write_entry

_FORMAT = "likeness-retired-key"
_VERSION = 1


def write_retired(path: Path, key: MasterKey) -> None:
    """Write a key to a new file of mode 0600, durable on return; the same key may be there already.

    Raises:
        KeyringError: another file is there, or it cannot be written.
    """
    if path.exists() and read_retired(path) == key:
        return
    entry = write_entry(key, plain_text)
    create_private_file(path, json.dumps({"format": _FORMAT, "version": _VERSION, "key": entry}, indent=1).encode())


def read_retired(path: Path) -> MasterKey:
    """Read a key that `write_retired` wrote.

    Raises:
        KeyringError: absent, open to others, or no such file.
    """
    content = read_private_file(path, "retired key")
    try:
        return _read(content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeyringError(f"{path} holds no retired key") from error


def _read(content: bytes) -> MasterKey:
    document = json.loads(content)
    if document["format"] != _FORMAT or document["version"] != _VERSION:
        raise ValueError("another format")
    return read_entry(document["key"], plain_secret)
