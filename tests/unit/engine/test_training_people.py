"""Who an own calibration is fitted on, and what it refuses to rest on."""

from __future__ import annotations

import pytest

from registry.engine.training.people import Least, Role, require_enough, roles_of
from registry.errors import TooFewPeopleError


def folder(several: int, single: int) -> dict[str, int]:
    return {f"a{number}": 3 for number in range(several)} | {f"b{number}": 1 for number in range(single)}


def refused(recordings: dict[str, int], held_out: float = 0.3) -> TooFewPeopleError:
    with pytest.raises(TooFewPeopleError) as caught:
        require_enough(recordings, roles_of(recordings, held_out), Least())
    return caught.value


def test_nobody_at_all_is_refused_with_every_number() -> None:
    error = refused({})
    assert error.figures["people"] == error.figures["fitted"] == 0
    assert (error.figures["required_fitted"], error.figures["required_several"]) == (50, 20)
    assert (error.figures["required_enrolled"], error.figures["required_strangers"]) == (10, 10)
    assert "0 people to fit on (50 needed)" in error.detail
    assert "0 strangers held out (10 needed)" in error.detail


def test_people_with_one_recording_each_are_refused_whatever_their_number() -> None:
    error = refused(folder(several=0, single=500))
    assert (error.figures["several"], error.figures["enrolled"]) == (0, 0)
    assert "strangers" not in error.detail
    assert "500" in error.detail


def test_too_few_to_fit_on_is_said_with_what_was_found_and_what_it_takes() -> None:
    error = refused(folder(several=50, single=20))
    assert error.figures["fitted"] == 49
    assert error.detail.startswith("too few people to calibrate on: 49 people to fit on (50 needed)")


def test_too_few_strangers_are_said() -> None:
    error = refused(folder(several=60, single=10))
    assert error.figures["strangers"] == 9
    assert "9 strangers held out (10 needed)" in error.detail


def test_people_whose_recordings_could_not_be_used_do_not_count() -> None:
    planned = folder(several=80, single=40)
    used = planned | {person: 0 for person in planned if person.startswith("a")}
    with pytest.raises(TooFewPeopleError) as caught:
        require_enough(used, roles_of(planned, 0.3), Least())
    assert caught.value.figures["people"] == 40


@pytest.mark.parametrize(("several", "single"), [(50, 22), (100, 0)])
def test_the_least_that_is_enough_passes(several: int, single: int) -> None:
    recordings = folder(several, single)
    require_enough(recordings, roles_of(recordings, 0.3), Least())


def test_everybody_has_one_role_and_only_people_with_several_recordings_are_enrolled() -> None:
    recordings = folder(several=60, single=40)
    roles = roles_of(recordings, 0.3)
    assert set(roles) == set(recordings)
    assert all(recordings[person] > 1 for person, role in roles.items() if role is Role.ENROLLED)
    assert sum(role is Role.FITTED for role in roles.values()) == 42 + 28
    assert {role for person, role in roles.items() if person.startswith("a")} == set(Role)


def test_the_split_follows_labels_alone() -> None:
    recordings = folder(several=30, single=30)
    backwards = dict(reversed(recordings.items()))
    assert roles_of(recordings, 0.3) == roles_of(backwards, 0.3)


def test_people_without_any_recording_have_no_role() -> None:
    assert roles_of({"nobody": 0}, 0.5) == {}
