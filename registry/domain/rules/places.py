"""Places: countries, the regions that have a law of their own, and the groups that share one."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

from registry.domain.rules.truth import Truth

_PLACE = re.compile(r"[A-Z]{2,3}(-[A-Z0-9]{1,3})?")

EUROPEAN_UNION = frozenset(
    {
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    }
)
"""ISO 3166-1 codes of the member states since 2020."""

GROUPS: Mapping[str, frozenset[str]] = MappingProxyType(
    {"EU": EUROPEAN_UNION, "EEA": EUROPEAN_UNION | {"IS", "LI", "NO"}}
)


def place_of(text: str) -> str:
    """Read the code of a country (``KR``), of a region (``US-CA``, ISO 3166-2) or of a group (``EU``, ``EEA``).

    Raises:
        ValueError: it is none.
    """
    if _PLACE.fullmatch(text) is None or (len(text) == len("EEA") and text not in GROUPS):
        raise ValueError(f"{text!r} is not the code of a country, a region or a group of countries")
    return text


def countries_of(places: Collection[str]) -> frozenset[str]:
    """Answer the countries that places lie in or consist of."""
    return frozenset[str]().union(*(GROUPS.get(place, frozenset({place.partition("-")[0]})) for place in places))


def lies_in(place: str, wanted: str) -> Truth:
    """Answer whether a place is, or is part of, another; a country may or may not mean the one of its regions."""
    if place == wanted or place in GROUPS.get(wanted, ()) or place.startswith(f"{wanted}-"):
        return Truth.YES
    if wanted in GROUPS and place.partition("-")[0] in GROUPS[wanted]:
        return Truth.YES
    return Truth.UNKNOWN if wanted.startswith(f"{place}-") else Truth.NO
