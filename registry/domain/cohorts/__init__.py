"""Cohorts of people of the registry: only of those who agreed to be one of many that a disputed voice is compared with.

Being looked for is something else: that consent says nothing of other people's disputes. Who agreed may describe
themselves by a few words, of which none has to be given, and may end it at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Final

from registry.errors import InvalidInputError

LEAST_TO_HIDE: Final = 20
"""People whom criteria must select at least: among fewer, somebody who knows them could tell who they are."""

TENS: Final = 10
"""In so many people of the registry are counted wherever somebody is told of them."""


class Sex(StrEnum):
    """As somebody describes themselves."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"


class AgeBand(StrEnum):
    """As somebody describes themselves; wide, so that no birthday follows from it."""

    UNDER_30 = "under_30"
    FROM_30_TO_44 = "30_to_44"
    FROM_45_TO_59 = "45_to_59"
    FROM_60 = "60_and_over"


@dataclass(frozen=True, slots=True)
class Description:
    """What somebody says of their own voice, so that they are chosen where they fit. None of it has to be said.

    Attributes:
        language: that they speak in their recordings, as a primary language subtag of BCP 47, such as ``ko``.
        sex, age_band: as they see it.
        accent: in a word or two, lower case, such as ``gyeongsang``.
    """

    language: str | None = None
    sex: Sex | None = None
    age_band: AgeBand | None = None
    accent: str | None = None

    def as_json(self) -> dict[str, str | None]:
        """Answer it as it is stored."""
        return {name: None if value is None else str(value) for name, value in asdict(self).items()}

    @classmethod
    def of_json(cls, written: Mapping[str, Any]) -> Description:
        """Read what `as_json` wrote."""
        sex, age = written.get("sex"), written.get("age_band")
        return cls(
            language=written.get("language"),
            sex=None if sex is None else Sex(sex),
            age_band=None if age is None else AgeBand(age),
            accent=written.get("accent"),
        )


@dataclass(frozen=True, slots=True)
class Criteria(Description):
    """By what people are chosen: what is None does not matter. Nothing of it chooses everybody who agreed."""

    def selects(self, described: Description) -> bool:
        """Whether somebody is chosen: what they have not said is no match for what is asked."""
        wanted = {each.name: getattr(self, each.name) for each in fields(self)}
        return all(value is None or value == getattr(described, name) for name, value in wanted.items())

    def sentence(self) -> str:
        """Say it in a line."""
        said = [f"{name.replace('_', ' ')} {value}" for name, value in self.as_json().items() if value is not None]
        return f"people of the registry who agreed to it: {', '.join(said) or 'all of them'}"

    @classmethod
    def of_json(cls, written: Mapping[str, Any]) -> Criteria:
        """Read what `as_json` wrote."""
        found = Description.of_json(written)
        return cls(found.language, found.sex, found.age_band, found.accent)


def in_tens(people: int) -> int:
    """Answer how many whole tens of people there are, as people: by one more or fewer, nobody learns who they are."""
    return people // TENS * TENS


def require_enough(people: int, *, beyond: int = 0) -> None:
    """Refuse criteria that would select too few people to hide any of them. How many there are is told to nobody.

    Args:
        people: whom they select, apart from everybody who has to do with the case.
        beyond: how many more than `LEAST_TO_HIDE` are asked for, from 0 to 9. A side asks under a number that it does
            not know: otherwise whoever controls all but one of them would learn of the one whether they are there.

    Raises:
        InvalidInputError: figure ``required``.
    """
    if people >= LEAST_TO_HIDE + beyond:
        return
    raise InvalidInputError(
        "by these criteria there are too few people who agreed to be compared with: with fewer than a number between "
        f"{LEAST_TO_HIDE} and {LEAST_TO_HIDE + TENS} each could be told from the others. Ask for less, or file an "
        "archive of recordings",
        required=LEAST_TO_HIDE,
    )
