"""What the first page of a report says, for who is not at home in law or statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from registry.reports.words import N_


@dataclass(frozen=True, slots=True)
class NextStep:
    """What can be done now: by whom, what, and until when (a moment of the report, or None for no end)."""

    who: str
    what: str
    by: str | None


@dataclass(frozen=True, slots=True)
class PlainPage:
    """What the first page says.

    Attributes:
        status: where things stand, in a few words.
        headline: the outcome in a sentence.
        means, means_not: what that means, and what it does not.
        next_steps: what can be done.
        notices: what was served because of it, and what that asks.
    """

    status: str
    headline: Markup
    means: Sequence[Markup]
    means_not: Sequence[Markup]
    next_steps: Sequence[NextStep]
    notices: Sequence[Markup] = ()


NEVER: Final = (
    N_("It is no proof of identity."),
    N_("It does not say that anything was unlawful, or that anybody has to pay: that is for a court."),
)
"""What no report says."""
