"""Pricing: what a use costs under the pay terms of a licence, exactly, and what of it is posted.

The price of a use is the rate of its unit, times the quantity, times the multiplier of its medium and of its mode: an
exact fraction of the minor unit of the currency. Money has no fractions, so what is posted is the nearest whole number,
half to even, and the difference is carried to the next use under the licence. So the sum of what is posted is never
further than half a minor unit from the exact price of all use, however finely it comes in.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from registry.domain.terms import PayBasis, PayTerms
from registry.domain.usage import THOUSAND, Usage, UsageKind
from registry.domain.uses import UsageUnit

_BASES = {basis.unit: basis for basis in PayBasis if basis.unit is not None}


@dataclass(frozen=True, slots=True)
class Price:
    """What one use costs.

    Attributes:
        rate_minor: price of one unit, in the minor unit of the currency.
        multiplier: exact product of those that apply; 1 when none does.
        exact_minor: the price, exactly.
    """

    rate_minor: int
    multiplier: Fraction
    exact_minor: Fraction


def price(pay: PayTerms, usage: Usage) -> Price | None:
    """Answer what a use costs, or None when the terms have no rate for its unit: then it is counted and not paid."""
    rate = pay.rate(_BASES[usage.kind.unit])
    if rate is None:
        return None
    multiplier = multiplier_of(pay, usage.kind)
    return Price(rate.amount_minor, multiplier, rate.amount_minor * multiplier * Fraction(usage.thousandths, THOUSAND))


def multiplier_of(pay: PayTerms, kind: UsageKind) -> Fraction:
    """Answer the product of the multipliers for a medium and a mode."""
    product = Fraction(1)
    for multiplier in pay.multipliers:
        if multiplier.applies_to in {kind.medium, kind.mode}:
            product *= Fraction(multiplier.factor)
    return product


def round_off(exact_minor: Fraction, carried: Fraction) -> tuple[int, Fraction]:
    """Answer what is posted of an exact price, and what is carried on.

    Args:
        exact_minor: of this use.
        carried: what was left of the uses before it.

    Returns:
        The nearest whole number to their sum, half to even, and the sum less that number: between -1/2 and 1/2.
    """
    wanted = exact_minor + carried
    posted = round(wanted)  # half to even, exactly: `Fraction.__round__`
    return posted, wanted - posted


def priced_units(pay: PayTerms) -> frozenset[UsageUnit]:
    """Answer the units that the terms have a rate for."""
    return frozenset(rate.basis.unit for rate in pay.rates if rate.basis.unit is not None)
