"""Archives of a cohort come from strangers: everything in them is counted before it is read, and nobody is named."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

import pytest

from registry.errors import InvalidInputError
from registry.interchange import cohort_archives
from registry.interchange.cohort_archives import CohortArchive


def zipped(*files: tuple[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return made.getvalue()


TWO = (("Rosa Keel/one.flac", b"one"), ("Rosa Keel/two.flac", b"two"), ("Ines/her.wav", b"her"))


def test_people_are_told_apart_by_their_folders_and_nobody_is_named() -> None:
    archive = CohortArchive(zipped(*TWO))
    assert archive.people == 2
    assert [archive.read(each) for each in archive.recordings] == sorted(
        (content for _, content in TWO), key=[archive.read(each) for each in archive.recordings].index
    )
    assert {each.member for each in archive.recordings} == {"voice 1", "voice 2"}
    of_one = {each.member for each in archive.recordings if archive.read(each) in {b"one", b"two"}}
    assert len(of_one) == 1


def test_what_people_are_called_does_not_change_their_numbers() -> None:
    others = tuple((name.replace("Rosa Keel", "zz").replace("Ines", "aa"), content) for name, content in TWO)
    numbers = [{each.sha256: each.member for each in CohortArchive(zipped(*some)).recordings} for some in (TWO, others)]
    assert numbers[0] == numbers[1]


def test_what_systems_put_beside_files_is_no_recording() -> None:
    beside = (("__MACOSX/Rosa Keel/._one.flac", b"x"), (".DS_Store", b"x"), ("Ines/.hidden", b"x"))
    assert len(CohortArchive(zipped(*TWO, *beside)).recordings) == len(TWO)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ((), "recordings of 0 people"),
        (TWO[:2], "recordings of 1 people"),
        ((*TWO, ("loose.flac", b"x")), "1 files of the archive lie in no folder"),
    ],
)
def test_an_archive_without_people_is_refused(files: Sequence[tuple[str, bytes]], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        CohortArchive(zipped(*files))


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04", b"fLaC" * 100, zipped(*TWO)[:-30], zipped(*TWO)[30:]],
    ids=["nothing", "begins", "FLAC", "no end", "no beginning"],
)
def test_what_is_no_whole_zip_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInputError, match="has to be a zip"):
        CohortArchive(content)


def test_damaged_and_encrypted_archives_are_refused() -> None:
    whole = zipped(*TWO)
    with pytest.raises(InvalidInputError, match="has to be a zip"):
        CohortArchive(whole.replace(b"her", b"his", 1) if whole.count(b"her") > 2 else whole.replace(b"one", b"eno", 1))
    locked = bytearray(whole)
    at = locked.index(b"PK\x01\x02")
    locked[at + 8] |= 1  # the flag that says that it is encrypted
    locked[6] |= 1
    with pytest.raises(InvalidInputError, match="has to be a zip"):
        CohortArchive(bytes(locked))


def test_what_would_unpack_to_too_much_is_refused_before_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zipped(*TWO, ("Bomb/zeros.wav", bytes(2**20)), compression=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 2**12
    for name, most in (("MOST_FILES", 3), ("MOST_BYTES", 2**20), ("LARGEST_FILE", 2**19)):
        with monkeypatch.context() as smaller:
            smaller.setattr(cohort_archives, name, most)
            with pytest.raises(InvalidInputError) as refused:
                CohortArchive(bomb)
        assert refused.value.figures["largest"] == 2**20


def test_a_list_of_very_many_entries_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cohort_archives, "MOST_ENTRIES", 3)
    folders = tuple((f"{number}/", b"") for number in range(2))
    with pytest.raises(InvalidInputError, match="lists 5 entries") as refused:
        CohortArchive(zipped(*TWO, *folders))
    assert refused.value.figures == {"entries": 5, "most_entries": 3}
