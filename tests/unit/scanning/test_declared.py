"""Declared uses: what a row says is taken word for word, and a word that is not known is not guessed at."""

from __future__ import annotations

from datetime import date

import pytest

from registry.domain.uses import Medium, Quantity, UsageUnit, UseKind, UseMode, UsePurpose
from registry.errors import DeclaredUseUnknownError
from registry.scanning.declared import declared_use, with_readable_uses
from registry.scanning.results import InputRow, ResultRow, Status

ROW = ResultRow(0, "a", "/a", Status.ASSESSED, duration_s=4.2, project="Aurora", licence="lic_1")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("singing", "'singing'"),
        ("dubbing narration", "purpose twice"),
        ("dubbing medium=cinema", "'cinema'"),
        ("dubbing mood=sad", "mood"),
        ("dubbing territory=Korea", "'Korea'"),
        ("dubbing fixed_on=yesterday", "'yesterday'"),
        ("dubbing line=0", "'0'"),
        ("dubbing line=many", "'many'"),
        ("dubbing ai_disclosed=perhaps", "'perhaps'"),
        ("dubbing copy_sha256=abc", "'abc'"),
        ("dubbing source=../x", "'../x'"),
        ("dubbing language=한국어", "'한국어'"),
        ("dubbing medium=", "''"),
        ("x" * 1001, "1000"),
    ],
)
def test_what_is_not_known_is_named(words: str, named: str) -> None:
    with pytest.raises(DeclaredUseUnknownError) as refused:
        declared_use(words, UseKind.GENERATED)
    assert named in refused.value.detail
    assert refused.value.slug == "declared_use_unknown"


def test_everything_that_can_be_said() -> None:
    words = (
        "Dubbing, medium=Streaming territory=kr language=ko-KR fixed_on=2026-03-01 use_mode=fixed ai_disclosed=yes "
        f"copy_sha256={'A' * 64} source=perf_1 line=12 kind=reference"
    )
    (use,) = declared_use(words, UseKind.GENERATED).uses(ROW)
    assert (use.kind, use.purpose, use.medium) == (UseKind.REFERENCE, UsePurpose.DUBBING, Medium.STREAMING)
    assert (use.territory, use.language, use.fixed_on) == ("KR", "ko-KR", date(2026, 3, 1))
    assert (use.use_mode, use.ai_disclosed, use.copy_sha256) == (UseMode.FIXED, True, "a" * 64)
    assert (use.declared_source_id, use.project, use.claimed_licence_ids) == ("perf_1", "Aurora", ("lic_1",))
    assert set(use.quantities) == {Quantity(UsageUnit.LINE, 12), Quantity(UsageUnit.SECOND, 5)}


def test_seconds_that_are_declared_count_in_place_of_those_measured() -> None:
    (use,) = declared_use("dubbing medium=film second=3", UseKind.GENERATED).uses(ROW)
    assert use.quantities == (Quantity(UsageUnit.SECOND, 3),)


def test_what_is_left_open_may_be_anything_and_is_nowhere_permitted_by_itself() -> None:
    open_medium = declared_use("dubbing", UseKind.GENERATED)
    assert {use.medium for use in open_medium.uses(ROW)} == set(Medium)
    assert {use.territory for use in open_medium.uses(ROW)} == {"WORLD"}
    assert {use.language for use in open_medium.uses(ROW)} == {None}
    nothing = declared_use("", UseKind.GENERATED)
    assert len(nothing.uses(ROW)) == len(UsePurpose) * len(Medium)
    assert nothing.left_open == ["purpose", "medium"]


def test_training_is_for_training_and_not_heard_by_anybody() -> None:
    (use,) = declared_use("", UseKind.TRAINING).uses(ROW)
    assert (use.kind, use.purpose, use.medium) == (UseKind.TRAINING, UsePurpose.TRAINING, Medium.INTERNAL)


def test_a_row_whose_use_is_not_known_is_a_problem_of_its_own_and_no_other() -> None:
    rows = [
        InputRow(0, "a", "/a", declared_use="dubbing"),
        InputRow(1, "b", "/b", declared_use="singing"),
        InputRow(2, "c", "", declared_use="singing", problem="column_missing", problem_detail="row 3 has no path"),
    ]
    good, bad, worse = with_readable_uses(rows, UseKind.GENERATED)
    assert (good, worse) == (rows[0], rows[2])
    assert bad.problem == "declared_use_unknown"
    assert "'singing' is no purpose; there are training, " in bad.problem_detail
