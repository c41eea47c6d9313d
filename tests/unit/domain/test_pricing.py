"""Prices: exact, by the rate of the unit and the multipliers that apply, and rounded without losing anything."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from registry.domain.money import in_major_units
from registry.domain.pricing import price, priced_units, round_off
from registry.domain.terms import UNPAID, Multiplier, PayBasis, PayTerms, Rate
from registry.domain.usage import Usage, UsageKind
from registry.domain.uses import Medium, UsageUnit, UseMode

RADIO = Medium.RADIO


def used(unit: UsageUnit, thousandths: int, medium: Medium = RADIO, mode: UseMode = UseMode.FIXED) -> Usage:
    return Usage(UsageKind(unit, medium, mode), thousandths)


def test_a_unit_without_a_rate_is_counted_and_not_paid() -> None:
    per_line = PayTerms((Rate(PayBasis.PER_LINE, 250),), "EUR")
    assert price(per_line, used(UsageUnit.SECOND, 5000)) is None
    assert price(UNPAID, used(UsageUnit.LINE, 5000)) is None


def test_a_flat_fee_is_no_price_of_any_use() -> None:
    flat = PayTerms((Rate(PayBasis.FLAT, 450_000),), "GBP")
    assert priced_units(flat) == frozenset()
    assert all(price(flat, used(unit, 1000)) is None for unit in UsageUnit)


@pytest.mark.parametrize("unit", UsageUnit)
def test_every_unit_has_a_basis_to_be_paid_by(unit: UsageUnit) -> None:
    pay = PayTerms((Rate(PayBasis(f"per_{unit.value}"), 300),), "EUR")
    found = price(pay, used(unit, 2500))
    assert found is not None
    assert found.exact_minor == 750
    assert priced_units(pay) == {unit}


def test_multipliers_of_medium_and_mode_are_multiplied_and_others_do_not_count() -> None:
    pay = PayTerms(
        (Rate(PayBasis.PER_SECOND, 7),),
        "EUR",
        multipliers=(
            Multiplier(UseMode.REAL_TIME, Decimal("7.5")),
            Multiplier(Medium.GAME, Decimal("1.2")),
            Multiplier(Medium.FILM, Decimal(99)),
        ),
    )
    found = price(pay, used(UsageUnit.SECOND, 1001, Medium.GAME, UseMode.REAL_TIME))
    assert found is not None
    assert found.multiplier == 9
    assert found.exact_minor == Fraction(7 * 9 * 1001, 1000)


@pytest.mark.parametrize(
    ("exact", "carried", "posted", "left"),
    [
        (Fraction(5, 2), Fraction(0), 2, Fraction(1, 2)),  # half to even
        (Fraction(7, 2), Fraction(0), 4, Fraction(-1, 2)),
        (Fraction(1, 3), Fraction(0), 0, Fraction(1, 3)),
        (Fraction(1, 3), Fraction(1, 3), 1, Fraction(-1, 3)),
        (Fraction(-10, 3), Fraction(0), -3, Fraction(-1, 3)),
    ],
)
def test_what_rounding_leaves_over_is_carried(exact: Fraction, carried: Fraction, posted: int, left: Fraction) -> None:
    assert round_off(exact, carried) == (posted, left)


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (0, "GBP", "0.00"),
        (5, "GBP", "0.05"),
        (123_450, "GBP", "1234.50"),
        (-5, "EUR", "-0.05"),
        (1234, "KRW", "1234"),
        (1234, "KWD", "1.234"),
        (2**53 - 1, "USD", "90071992547409.91"),
    ],
)
def test_amounts_are_shown_with_the_decimals_of_their_currency(amount: int, currency: str, shown: str) -> None:
    assert in_major_units(amount, currency) == shown
