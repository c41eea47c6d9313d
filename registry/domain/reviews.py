"""Reviews: what a person decides about a finding that needs one, in the order of harm and of the clock.

Policy says that a use was not covered; it does not say what is to be done. A person does, with a reason. Before
anything leaves the registry because of it, they have considered every exclusion that there is: that it is news, a
documentary, a parody, or over before anybody notices. A machine cannot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from registry.domain.approaches import Priority
from registry.domain.verdicts import Verdict
from registry.errors import ConflictError, InvalidInputError


class Harm(StrEnum):
    """How much is at stake, gravest first: what is first in the queue, and how long it may wait."""

    URGENT = "urgent"  # who declined this studio is heard in its work
    GRAVE = "grave"  # somebody is heard who never agreed, or does so no longer
    BREACH = "breach"  # an agreement is there, and was not kept to
    UNCLEAR = "unclear"  # it may be somebody else


HARM_OF: Mapping[Verdict, Harm] = MappingProxyType(
    {
        Verdict.OPTED_OUT_MATCH: Harm.GRAVE,
        Verdict.CONSENT_WITHDRAWN: Harm.GRAVE,
        Verdict.UNLICENSED_MATCH: Harm.GRAVE,
        Verdict.LICENCE_SUSPENDED: Harm.BREACH,
        Verdict.LICENCE_EXPIRED: Harm.BREACH,
        Verdict.LICENSED_OUT_OF_SCOPE: Harm.BREACH,
        Verdict.LICENSED_UNPAID: Harm.BREACH,
        Verdict.SOUND_ALIKE_REVIEW: Harm.UNCLEAR,
    }
)
"""Verdicts that a person looks at. Of the others nothing follows that a person would have to decide."""


def harm_of(verdict: Verdict, priority: Priority) -> Harm | None:
    """Answer how much is at stake in a finding, or None where it needs no person."""
    harm = HARM_OF.get(verdict)
    return Harm.URGENT if harm is not None and priority is Priority.ESCALATED else harm


class ReviewAction(StrEnum):
    """What is decided about a finding. The list only grows."""

    ACCEPT_AS_LICENSED = "accept_as_licensed"
    ASK_FOR_FIX = "ask_for_fix"
    ASK_FOR_PAYMENT = "ask_for_payment"
    OPEN_CASE = "open_case"
    PREPARE_NOTICE = "prepare_notice"
    ARCHIVE = "archive"


LEAVES = frozenset(
    {ReviewAction.ASK_FOR_FIX, ReviewAction.ASK_FOR_PAYMENT, ReviewAction.OPEN_CASE, ReviewAction.PREPARE_NOTICE}
)
"""Actions by which something leaves the registry: a studio is asked, or has to answer."""


class Exclusion(StrEnum):
    """Uses of a voice that need nobody's leave, as the NO FAKES bill (H.R. 2794) lists them. The list only grows."""

    NEWS = "news"  # of news, public affairs or sport, where the person is the subject or is plainly meant
    DOCUMENTARY = "documentary"  # as oneself, in a documentary, historical or biographical work, with licence of art
    COMMENTARY = "commentary"  # comment, criticism, scholarship, satire or parody
    FLEETING = "fleeting"  # over before it counts
    ADVERTISEMENT = "advertisement"  # for a work that is one of these


@dataclass(frozen=True, slots=True)
class Considered:
    """That a person has considered an exclusion: whether it applies, and why."""

    exclusion: Exclusion
    applies: bool
    reason: str


def require_decidable(
    verdict: Verdict, action: ReviewAction, considered: Sequence[Considered], licence_id: str | None
) -> None:
    """Refuse a decision that is not one.

    1. The finding needs a person.
    2. Whoever accepts a use as licensed names the licence, and nobody else does.
    3. Whoever lets something leave the registry has considered every exclusion, each once, and none applies.

    Raises:
        ConflictError: 1; or an exclusion applies; figures ``verdict`` or ``applies``.
        InvalidInputError: 2; or an exclusion was not considered, or twice; figure ``missing``.
    """
    if verdict not in HARM_OF:
        raise ConflictError(f"a finding that is {verdict.value} needs nobody's decision", verdict=verdict.value)
    if (action is ReviewAction.ACCEPT_AS_LICENSED) != (licence_id is not None):
        raise InvalidInputError("whoever accepts a use as licensed names the licence, and nobody else names one")
    named = [each.exclusion for each in considered]
    if len(set(named)) < len(named):
        raise InvalidInputError("an exclusion is considered twice")
    if action in LEAVES:
        _require_excluded_by_nothing(considered)


def _require_excluded_by_nothing(considered: Sequence[Considered]) -> None:
    missing = [each.value for each in Exclusion if each not in {one.exclusion for one in considered}]
    if missing:
        raise InvalidInputError(
            f"before anything leaves the registry, consider also: {', '.join(missing)}", missing=", ".join(missing)
        )
    applies = [each.exclusion.value for each in considered if each.applies]
    if applies:
        raise ConflictError(
            f"by what was considered this needs nobody's leave ({', '.join(applies)}): archive it",
            applies=", ".join(applies),
        )
