"""Misuse: what counts against a claimant, and against a respondent alike, and what a person may decide because of it.

A strike is written down by a person, about something that the records show. It can be contested, and it expires. From
some strikes on, a person may decide on a limit, which is the same for both: what they ask for takes two operators. A
claimant's notice is then read by two, a respondent's put-back after a term is agreed to by two. Nothing follows by
itself, and nobody is kept from making a claim or from answering one.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from registry.domain.cases import CaseSide
from registry.errors import ConflictError


class MisuseGround(StrEnum):
    """What a strike is for. The list only grows."""

    WITHDRAWN_AS_MISTAKEN = "withdrawn_as_mistaken"  # a notice that was served, and taken back as a mistake
    MISREPRESENTATION = "misrepresentation"  # a notice that a reviewer sent back for saying what its author knew untrue
    CLAIM_REFUSED = "claim_refused"  # a claim that the registry did not take up
    PUT_BACK_AS_MISTAKE = "put_back_as_mistake"  # a notice that the registry put back as a mistake
    NO_ANSWER = "no_answer"  # a notice that was served, and that nobody answered in its time
    UNFOUNDED_COUNTER = "unfounded_counter"  # a counter-statement after which the notice was upheld


GROUNDS_OF: Mapping[MisuseGround, CaseSide] = MappingProxyType(
    {
        MisuseGround.WITHDRAWN_AS_MISTAKEN: CaseSide.COMPLAINANT,
        MisuseGround.MISREPRESENTATION: CaseSide.COMPLAINANT,
        MisuseGround.CLAIM_REFUSED: CaseSide.COMPLAINANT,
        MisuseGround.PUT_BACK_AS_MISTAKE: CaseSide.COMPLAINANT,
        MisuseGround.NO_ANSWER: CaseSide.RESPONDENT,
        MisuseGround.UNFOUNDED_COUNTER: CaseSide.RESPONDENT,
    }
)
"""Whose each ground is."""

OF_A_CASE = frozenset({MisuseGround.CLAIM_REFUSED})
"""Grounds that a case shows; the others are shown by a notice."""


class ContestAnswer(StrEnum):
    """What becomes of a strike that was contested."""

    UPHELD = "upheld"
    LIFTED = "lifted"


def require_limitable(strikes: int, needed: int) -> None:
    """Refuse to limit somebody of whom too little is on record.

    Raises:
        ConflictError: figures ``strikes`` and ``required``.
    """
    if strikes < needed:
        raise ConflictError(
            f"{strikes} strikes are in force, and a limit takes {needed}", strikes=strikes, required=needed
        )
