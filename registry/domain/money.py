"""Amounts as people read them: exact, from integers, with as many decimals as the currency has."""

from __future__ import annotations

from decimal import Decimal

from registry.domain.iso import CURRENCIES


def in_major_units(amount_minor: int, currency: str) -> str:
    """Write an amount in the major unit: ``1234.50`` for 123450 of GBP, ``1234`` for 1234 of KRW.

    Args:
        amount_minor: in the minor unit; negative amounts keep their sign.
        currency: ISO 4217 code; of one that is not listed, the minor unit is written as it is.
    """
    digits = CURRENCIES.get(currency, 0)
    sign = "-" if amount_minor < 0 else ""
    whole, part = divmod(abs(amount_minor), 10**digits)
    return f"{sign}{whole}.{part:0{digits}d}" if digits else f"{sign}{whole}"


def for_readers(amount_minor: int, currency: str) -> str:
    """Write an amount as `in_major_units` does, with a comma after every three digits: ``1,234.50``."""
    return f"{Decimal(in_major_units(amount_minor, currency)):,f}"
