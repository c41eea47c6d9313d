"""Choices: for which uses a performer lets licences be made. Per use never, ask or allow; unset is never."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from registry.domain.uses import UsePurpose
from registry.errors import InvalidInputError


class Disposition(StrEnum):
    """What a performer says to one use."""

    NEVER = "never"  # no licence permits it, whoever signs
    ASK = "ask"  # a signed licence, and asking again before each use
    ALLOW = "allow"  # a signed licence is enough


@dataclass(frozen=True, slots=True)
class LicensingChoices:
    """What a performer has said to each use. None of it is a licence.

    Attributes:
        allowed: uses for which a signed licence is enough.
        asked: uses for which the performer wants to be asked each time, besides the licence.
    """

    allowed: frozenset[UsePurpose] = frozenset()
    asked: frozenset[UsePurpose] = frozenset()

    def __post_init__(self) -> None:
        if both := sorted(use.value for use in self.allowed & self.asked):
            raise InvalidInputError(f"the choice for {', '.join(both)} cannot be two things", uses=both)

    @classmethod
    def of(cls, dispositions: Mapping[UsePurpose, Disposition]) -> LicensingChoices:
        """Make choices from what was said to each use; what is not in it was not said."""
        return cls(
            frozenset(use for use, said in dispositions.items() if said is Disposition.ALLOW),
            frozenset(use for use, said in dispositions.items() if said is Disposition.ASK),
        )

    def to(self, use: UsePurpose) -> Disposition:
        """Answer what the performer says to a use; never, unless something else was said."""
        if use in self.allowed:
            return Disposition.ALLOW
        return Disposition.ASK if use in self.asked else Disposition.NEVER

    @property
    def open_to(self) -> frozenset[UsePurpose]:
        """Uses that are not never."""
        return self.allowed | self.asked

    def as_json(self) -> dict[str, str]:
        """Answer use → disposition, for storing and showing; what is never is left out."""
        return {use.value: self.to(use).value for use in sorted(self.open_to)}

    @classmethod
    def of_json(cls, stored: Mapping[str, str] | None) -> LicensingChoices:
        """Read what `as_json` wrote; None is no choice at all.

        Raises:
            ValueError: an unknown use or disposition: what cannot be read permits nothing.
        """
        return cls.of({UsePurpose(use): Disposition(said) for use, said in (stored or {}).items()})


NOTHING = LicensingChoices()
"""Every use is never."""
