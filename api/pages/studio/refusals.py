"""Refusals: what pages of a studio say of what could not be done, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from api.pages.language import N_

REFUSALS: Final[Mapping[str, tuple[str, str]]] = {
    "stale_version": (
        N_("Somebody has changed this since you opened the page. Nothing of what you sent was done."),
        N_("Below is how it stands now, with who did what and when. Look at it, and decide again."),
    ),
    "conflict": (
        N_("That cannot be done any more, or not yet: it does not fit how this stands now."),
        N_("Below is how it stands now, with who did what and when."),
    ),
    "invalid_input": (
        N_("Something is missing, or not written as it is taken. Nothing was kept yet."),
        N_("What you typed is still here. Mend what is named, and send it again."),
    ),
    "licence_unsound": (
        N_("A rule that is in force would not let these terms come into force."),
        N_("See what the rules say, and offer a version that keeps them."),
    ),
    "terms_contradict": (
        N_("These terms cannot all be meant at the same time."),
        N_("Change one of those that are named, and send it again."),
    ),
    "consent_missing": (
        N_("The performer has given no consent to licences that covers this, or has taken it back."),
        N_("It can come into force only with their consent. Ask them; the registry asks nobody for you."),
    ),
    "choice_refused": (
        N_("The performer has said never to a use that is in these terms."),
        N_("Leave that use out. What they allow is theirs to change."),
    ),
    "representative_required": (
        N_("For this performer somebody else signs: a guardian, or the estate."),
        N_("They sign with an account of their own."),
    ),
    "payment_exceeds_due": (
        N_("That is more than is due under this licence."),
        N_("Look at what is due, and report what was sent for it."),
    ),
    "currency_mismatch": (
        N_("The licence was agreed in another currency."),
        N_("Report the payment in the currency that was agreed."),
    ),
    "usage_overlaps": (
        N_("Another report that stands speaks of one of these days already."),
        N_("Correct that report: a correction takes its place."),
    ),
    "licence_unknown": (
        N_("One of the licences is not one of yours, or was not in force on these days."),
        N_("Check the licence of each line."),
    ),
    "fee_below_floor": (
        N_("The fee is less than the licence lets be offered."),
        N_("Offer at least the least fee that the licence names."),
    ),
    "use_refused": (
        N_("No licence of yours covers this use, so there is nothing to approve."),
        N_("Ask for a clearance: it says what is missing."),
    ),
    "idempotency_key_reused": (
        N_("This form was sent once already, with something else in it. It is not done twice."),
        N_("Open the page anew, and fill it in again."),
    ),
}
