"""Tars as sources: every member is an input, found by where its bytes begin, so that none has to be unpacked.

Of a compressed tar that is where they begin in what it unpacks to; see `registry.scanning.unpacking`. What stands
beside a recording says something of it; see `registry.scanning.samples`.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import BinaryIO, Final, cast

from registry.errors import InputOutsideError
from registry.scanning.fences import UNFENCED, Fence
from registry.scanning.lists import Columns
from registry.scanning.places import open_place, shown
from registry.scanning.results import InputRow
from registry.scanning.samples import MOST_BYTES, Member, stands_beside, with_what_stands_beside
from registry.scanning.unpacking import CODECS, Archive, SwollenError, Unpacked

SUFFIXES: Final = (".tar", *CODECS)
SEPARATOR: Final = "::"
_BLOCK: Final = 2**20
_LONGEST_HEADER: Final = 2**24
_MALFORMED: Final = (tarfile.TarError, EOFError, ValueError, RecursionError, OverflowError)
"""What `tarfile` raises where a header is not what it should be."""
_OF_MEMBER: Final = re.compile(f"(.*?(?:{'|'.join(map(re.escape, SUFFIXES))})){SEPARATOR}", re.DOTALL)
_BY_DEFAULT: Final = Columns()


def is_archive(name: str) -> bool:
    """Whether a file is read as an archive, by its name."""
    return name.endswith(SUFFIXES)


def archive_of(locator: str) -> str:
    """Answer the archive that a member's locator names."""
    found = _OF_MEMBER.match(locator)
    return found[1] if found else locator


def codec_of(archive: str) -> str:
    """Answer how an archive is compressed; empty where it is not."""
    return next((codec for suffix, codec in CODECS.items() if archive.endswith(suffix)), "")


def members(
    place: str, name: str, group: str, columns: Columns = _BY_DEFAULT, fence: Fence = UNFENCED
) -> Iterator[InputRow]:
    """Yield a row for every member of a tar, in its order; one with a problem where the tar cannot be read further.

    Args:
        place: of the tar.
        name: what rows of its members begin with; empty where the tar is the whole source.
        group: of its members.
        columns: which members of a sample's JSON stand for what.
        fence: within which it is opened.
    """
    found = _Members(place, name, group)
    try:
        with closing(_opened(place, fence)) as file:
            yield from with_what_stands_beside(found.of(file), columns)
    except InputOutsideError as error:
        yield found.problem(InputOutsideError.slug, error.detail)
    except OSError as error:
        yield found.problem("archive_damaged", _unreadable(error))


def _opened(place: str, fence: Fence) -> _Bounded:
    codec = codec_of(place)
    return _Bounded(Archive(place, codec, fence).unpacked() if codec else open_place(place, fence))


class _Bounded:
    """A tar as `tarfile` reads it, which takes a header's word for how long it is."""

    def __init__(self, file: BinaryIO | Unpacked) -> None:
        self._file = file
        self.seek, self.tell, self.close = file.seek, file.tell, file.close

    def read(self, size: int) -> bytes:
        """Read so many bytes, fewer only at the end.

        Raises:
            tarfile.ReadError: no header has so many.
        """
        if not 0 <= size <= _LONGEST_HEADER:
            raise tarfile.ReadError(f"a header says that it has {size} bytes")
        return self._file.read(size)


class _Members:
    """The members of one tar.

    Args:
        place, name, group: see `members`.
    """

    def __init__(self, place: str, name: str, group: str) -> None:
        self._place = place
        self._name = name
        self._group = group

    def of(self, file: _Bounded) -> Iterator[Member]:
        try:
            with tarfile.open(fileobj=cast("BinaryIO", file), mode="r:") as archive:
                for member in _in_order(archive):
                    if not member.isdir():
                        yield self._member(archive, member)
                end = archive.offset
            if _only_zeros(file, end):
                return
        except SwollenError as error:
            problem = self.problem("archive_too_large", f"the archive is not read further: {error}")
        except OSError as error:
            problem = self.problem("archive_damaged", _unreadable(error))
        except _MALFORMED as error:
            problem = self.problem("archive_damaged", f"the archive cannot be read further: {error or 'it ends'}")
        else:
            detail = "there are bytes behind the end of the archive, which were not read"
            problem = self.problem("archive_damaged", detail)
        yield Member("", problem)

    def problem(self, slug: str, detail: str) -> InputRow:
        """Answer a row for what cannot be read of the tar."""
        name = self._name or self._place.rpartition("/")[2]
        return InputRow(
            -1, shown(name), shown(self._place), group=self._group, problem=slug, problem_detail=shown(detail)
        )

    def _member(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> Member:
        has_bytes = member.isreg() and not member.sparse
        row = InputRow(
            number=-1,
            name=shown(f"{self._name}{SEPARATOR}{member.name}" if self._name else member.name),
            locator=shown(f"{self._place}{SEPARATOR}{member.name}"),
            size=member.size,
            group=self._group,
            problem="" if has_bytes else "member_without_bytes",
            problem_detail="" if has_bytes else _WITHOUT_BYTES,
            offset=member.offset_data if has_bytes else -1,
        )
        is_read = has_bytes and member.size <= MOST_BYTES and stands_beside(member.name)
        return _with_content(Member(member.name, row), archive, member) if is_read else Member(member.name, row)


def _in_order(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Yield the members; one that says that it ends before it begins would come again for ever."""
    begun = 0
    while (member := archive.next()) is not None:
        archive.members = []  # type: ignore[attr-defined]  # it would keep all that were seen
        if not begun < member.offset_data <= archive.offset:
            raise tarfile.ReadError(f"the member {shown(member.name)!r} says that it has {member.size} bytes")
        begun = member.offset_data
        yield member


def _with_content(found: Member, archive: tarfile.TarFile, member: tarfile.TarInfo) -> Member:
    file = archive.extractfile(member)
    try:
        return replace(found, content=file.read() if file else None)
    except _MALFORMED as error:
        detail = f"the archive cannot be read as far as this: {error}"
        return replace(found, row=replace(found.row, problem="archive_damaged", problem_detail=shown(detail)))


def _unreadable(error: OSError) -> str:
    return f"the archive cannot be opened or read: {error.strerror or error}"


_WITHOUT_BYTES: Final = (
    "the member of the archive is a link, a device or a file with holes, and has no bytes of its own"
)


def _only_zeros(file: _Bounded, start: int) -> bool:
    """Whether nothing but padding follows."""
    file.seek(start)
    while block := file.read(_BLOCK):
        if block.strip(b"\0"):
            return False
    return True
