"""What is cut out of a recording: never more than is allowed, never another's turn, never outside of the recording."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from registry.domain.scores import Span
from registry.domain.shared_sounds import LEAST_S, MARGIN_S, MOST_S, MOST_STRETCHES, Stretch, stretches_to_share

DURATION_S = 300.0
MOMENT = 1e-6
"""What adding and taking away seconds may lose."""

tenths = st.integers(0, int(DURATION_S * 10) - 1)


def span(start: int, length: int) -> tuple[float, float]:
    return start / 10, min((start + length) / 10, DURATION_S)


spans = st.builds(span, tenths, st.integers(1, 400))
places = st.lists(
    st.builds(lambda of, lr: Stretch(of[0], of[1], lr / 10), spans, st.integers(-20, 80)), min_size=1, max_size=40
)
others = st.lists(spans.map(lambda of: Span(*of)), max_size=20)


@given(places, others)
def test_stretches_lie_in_the_recording_in_order_apart_and_are_no_more_than_is_allowed(
    heard: list[Stretch], taken: list[Span]
) -> None:
    cut = stretches_to_share(heard, taken, DURATION_S)
    assert 1 <= len(cut) <= MOST_STRETCHES
    assert sum(each.duration_s for each in cut) <= MOST_S + MOMENT
    assert all(0 <= each.start_s < each.end_s <= DURATION_S for each in cut)
    assert all(before.end_s < after.start_s for before, after in pairwise(cut))


@given(places, others)
def test_nothing_is_cut_but_where_the_performer_is_heard_and_a_margin_that_is_nobody_elses(
    heard: list[Stretch], taken: list[Span]
) -> None:
    for each in stretches_to_share(heard, taken, DURATION_S):
        for tenth in range(int((each.end_s - each.start_s) * 20)):
            at = each.start_s + tenth / 20
            own = any(place.start_s - MOMENT <= at <= place.end_s + MOMENT for place in heard)
            near = any(place.start_s - MARGIN_S - MOMENT <= at <= place.end_s + MARGIN_S + MOMENT for place in heard)
            foreign = any(other.start_s + MOMENT < at < other.end_s - MOMENT for other in taken)
            assert own or (near and not foreign), at


@given(places, others)
def test_the_strongest_place_is_always_among_them(heard: list[Stretch], taken: list[Span]) -> None:
    strongest = max(each.log10_lr for each in heard)
    assert max(each.log10_lr for each in stretches_to_share(heard, taken, DURATION_S)) == strongest


@given(places, others)
def test_where_all_of_it_fits_all_of_it_is_cut(heard: list[Stretch], taken: list[Span]) -> None:
    cut = stretches_to_share(heard, taken, DURATION_S)
    if sum(each.duration_s for each in cut) < MOST_S - LEAST_S and len(cut) < MOST_STRETCHES:
        for place in heard:
            assert any(each.start_s <= place.start_s and place.end_s <= each.end_s for each in cut)


@given(others)
def test_of_no_place_nothing_is_cut(taken: list[Span]) -> None:
    assert list(stretches_to_share([], taken, DURATION_S)) == []
