"""Files that only their owner may read, written so that a crash leaves the old one or the new one, whole."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from tempfile import NamedTemporaryFile

from registry.errors import KeyringError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_private_file(path: Path, what: str = "keyring") -> bytes:
    """Answer the content of a file that nobody but its owner may touch.

    Args:
        path: of the file.
        what: is in it, for the words of an error.

    Raises:
        KeyringError: absent, unreadable, or open to others; figure ``mode``.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & _OTHERS:
                raise KeyringError(
                    f"the {what} {path} is open to others (mode {mode:04o}): chmod 600 {path}", mode=f"{mode:04o}"
                )
            return file.read()
    except FileNotFoundError as error:
        advice = ": run `likeness keys init`" if what == "keyring" else ""
        raise KeyringError(f"there is no {what} at {path}{advice}") from error
    except OSError as error:
        raise KeyringError(f"the {what} {path} cannot be read: {error.strerror}") from error


def create_private_file(path: Path, content: bytes) -> None:
    """Write a new file of mode 0600. It is whole and durable on return; an existing one is never overwritten.

    Raises:
        KeyringError: there is one already, or it cannot be written.
    """
    try:
        part = _write_part(path, content)
        try:
            os.link(part, path)  # unlike a rename, a link refuses to replace
        finally:
            part.unlink()
        _flush_folder(path.parent)
    except FileExistsError as error:
        raise KeyringError(f"there is a keyring at {path} already; it is never overwritten") from error
    except OSError as error:
        raise KeyringError(f"the keyring {path} cannot be written: {error.strerror}") from error


def replace_private_file(path: Path, content: bytes) -> None:
    """Put new content in the place of an existing file, in one step. It is durable on return.

    Raises:
        KeyringError: it cannot be written; the old one is still there.
    """
    try:
        _write_part(path, content).replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        raise KeyringError(f"the keyring {path} cannot be written: {error.strerror}") from error


def _write_part(path: Path, content: bytes) -> Path:
    """Write beside ``path``, with mode 0600 from the first byte on (`NamedTemporaryFile` opens it so, exclusively)."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as part:
        part.write(content)
        part.flush()
        os.fsync(part.fileno())
    return Path(part.name)


def _flush_folder(folder: Path) -> None:
    """Make a new name survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
