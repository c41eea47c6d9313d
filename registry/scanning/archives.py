"""Tars as sources: every member is an input, found by where its bytes begin, so that none has to be unpacked."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import BinaryIO, Final

from registry.scanning.places import open_place, shown
from registry.scanning.results import InputRow

SUFFIX: Final = ".tar"
SEPARATOR: Final = "::"
_BLOCK: Final = 2**20


def is_archive(name: str) -> bool:
    """Whether a file is read as an archive, by its name."""
    return name.endswith(SUFFIX)


def archive_of(locator: str) -> str:
    """Answer the archive that a member's locator names."""
    return locator.partition(SUFFIX + SEPARATOR)[0] + SUFFIX


def members(place: str, name: str, group: str) -> Iterator[InputRow]:
    """Yield a row for every member of a tar, in its order; one with a problem where the tar cannot be read further.

    Args:
        place: of the tar.
        name: what rows of its members begin with; empty where the tar is the whole source.
        group: of its members.
    """
    try:
        with open_place(place) as file:
            yield from _members(file, place, name, group)
    except OSError as error:
        yield _damaged(place, name, group, f"the archive cannot be opened: {error.strerror or error}")


def _members(file: BinaryIO, place: str, name: str, group: str) -> Iterator[InputRow]:
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            while (member := archive.next()) is not None:
                archive.members = []  # type: ignore[attr-defined]  # it would keep all that were seen
                if not member.isdir():
                    yield _member(member, place, name, group)
            end = archive.offset
    except tarfile.TarError as error:
        yield _damaged(place, name, group, f"the archive cannot be read further: {error}")
        return
    except EOFError:
        yield _damaged(place, name, group, "the archive ends in the middle")
        return
    if not _only_zeros(file, end):
        yield _damaged(place, name, group, "there are bytes behind the end of the archive, which were not read")


def _member(member: tarfile.TarInfo, place: str, name: str, group: str) -> InputRow:
    row = InputRow(
        number=-1,
        name=shown(f"{name}{SEPARATOR}{member.name}" if name else member.name),
        locator=shown(f"{place}{SEPARATOR}{member.name}"),
        size=member.size,
        group=group,
        offset=member.offset_data,
    )
    if member.isreg() and not member.sparse:
        return row
    detail = "the member of the archive is a link, a device or a file with holes, and has no bytes of its own"
    return _with_problem(row, "member_without_bytes", detail)


def _damaged(place: str, name: str, group: str, detail: str) -> InputRow:
    row = InputRow(-1, shown(name or place.rpartition("/")[2]), shown(place), group=group)
    return _with_problem(row, "archive_damaged", detail)


def _with_problem(row: InputRow, slug: str, detail: str) -> InputRow:
    return InputRow(-1, row.name, row.locator, row.size, row.group, problem=slug, problem_detail=shown(detail))


def _only_zeros(file: BinaryIO, start: int) -> bool:
    """Whether nothing but padding follows."""
    file.seek(start)
    while block := file.read(_BLOCK):
        if block.strip(b"\0"):
            return False
    return True
