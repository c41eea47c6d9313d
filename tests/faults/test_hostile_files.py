"""Whatever a file is, it ends in samples or in a named refusal, and reaches nothing else."""

from hostile_files import try_files

FILES = 350
SEED = 1
"""Of which file 131 has a title that is no UTF-8, and file 321 a stream that begins after the headers."""


def test_hostile_files_end_in_samples_or_in_a_named_refusal() -> None:
    account = try_files(FILES, SEED)
    assert account.wrong == []
    assert account.total == FILES
    assert account.ends.keys() == {
        "cut",
        "bits turned",
        "head turned",
        "sizes that lie",
        "emptied",
        "repeated",
        "grafted",
        "wrapped",
        "playlist",
    }
    assert "decoded" not in account.ends["playlist"]
    assert sum(ends["decoded"] for ends in account.ends.values()) > FILES / 10, "most of it goes past the headers"
