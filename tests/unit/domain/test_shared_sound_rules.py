"""Which seconds are shared of a finding, in cases that one can work out by hand."""

from __future__ import annotations

import pytest

from registry.domain.scores import Span
from registry.domain.shared_sounds import MOST_DAYS, Stretch, life_of, stretches_to_share


def cut(*places: Stretch, others: tuple[Span, ...] = (), duration_s: float = 120.0) -> list[tuple[float, float]]:
    return [(round(each.start_s, 3), round(each.end_s, 3)) for each in stretches_to_share(places, others, duration_s)]


def test_a_place_has_a_margin_on_both_sides_but_not_outside_of_the_recording() -> None:
    assert cut(Stretch(5.0, 8.0, 3.0)) == [(4.8, 8.2)]
    assert cut(Stretch(0.1, 119.95, 3.0), duration_s=40.0) == [(0.0, 40.0)]


def test_a_margin_ends_where_another_speaks() -> None:
    assert cut(Stretch(5.0, 8.0, 3.0), others=(Span(1.0, 4.9), Span(8.1, 9.0))) == [(4.9, 8.1)]
    assert cut(Stretch(5.0, 8.0, 3.0), others=(Span(1.0, 5.0), Span(8.0, 9.0))) == [(5.0, 8.0)]


def test_a_place_in_which_another_was_found_too_is_whole_and_has_no_margin_there() -> None:
    assert cut(Stretch(5.0, 8.0, 3.0), others=(Span(4.0, 6.0), Span(7.0, 9.0))) == [(5.0, 8.0)]


def test_places_that_touch_with_their_margins_are_one() -> None:
    assert cut(Stretch(5.0, 8.0, 3.0), Stretch(8.3, 9.0, 1.0), Stretch(20.0, 21.0, 2.0)) == [(4.8, 9.2), (19.8, 21.2)]


def test_of_too_much_the_strongest_is_cut_and_the_last_to_what_is_left() -> None:
    weak, strong = Stretch(0.0, 40.0, 1.0), Stretch(60.0, 100.0, 5.0)
    assert cut(weak, strong) == [(0.0, 19.6), (59.8, 100.2)]
    assert cut(weak, Stretch(50.0, 109.0, 5.0)) == [(49.8, 109.2)]  # 0.6 s are left, which nobody can hear a voice by


def test_of_too_many_places_the_strongest_are_cut() -> None:
    many = [Stretch(2.0 * n, 2.0 * n + 0.5, float(n)) for n in range(30)]
    assert [start for start, _ in cut(*many)] == [round(2.0 * n - 0.2, 3) for n in range(10, 30)]


def test_sound_is_shared_for_a_day_to_three_months() -> None:
    assert (life_of(1).days, life_of(MOST_DAYS).days) == (1, 90)
    for days in (0, -1, MOST_DAYS + 1):
        with pytest.raises(ValueError, match="days"):
            life_of(days)
