"""What pages of the house call what they show, and what they say of what could not be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from api.pages.language import N_
from api.rates import Budget
from registry.domain.checks import WorkKind
from registry.domain.house_keys import KeyState, Purpose
from registry.domain.proposals import DeletionGround, ProposalKind, ProposalState
from registry.domain.purges import PurgeState
from registry.domain.strikes import StrikeScope

PROPOSALS: Final[Mapping[ProposalKind, str]] = {
    ProposalKind.UNSEALING: N_("Reading who a sealed source is"),
    ProposalKind.PERFORMER_DELETION: N_("Deleting a performer"),
    ProposalKind.ENGINE_CHANGE: N_("Changing how the engine decides"),
    ProposalKind.NOTICE_SERVICE: N_("Letting a notice be served"),
    ProposalKind.NOTICE_PUT_BACK: N_("Putting back what a notice took down"),
    ProposalKind.PURGE: N_("Destroying what is past its time"),
}

PROPOSAL_STATES: Final[Mapping[ProposalState, tuple[str, str]]] = {
    ProposalState.PROPOSED: (N_("waits for a second person"), "warn"),
    ProposalState.LAPSED: (N_("lapsed: nobody answered in time"), "plain"),
    ProposalState.APPROVED: (N_("approved, and done"), "good"),
    ProposalState.REFUSED: (N_("refused"), "grave"),
    ProposalState.WITHDRAWN: (N_("taken back"), "plain"),
}
"""Words, and which badge they stand in."""

GROUNDS: Final[Mapping[DeletionGround, str]] = {
    DeletionGround.DIED_WITHOUT_ESTATE: N_("They died, and nobody is left to decide."),
    DeletionGround.REGISTERED_IN_ERROR: N_("They were registered in error: the wrong person, or the same one twice."),
    DeletionGround.REGISTERED_BY_FRAUD: N_("Whoever registered them is not who they said."),
    DeletionGround.ORDERED: N_("A court or an authority ordered it."),
}

PURGE_STATES: Final[Mapping[PurgeState, tuple[str, str]]] = {
    PurgeState.RUNNING: (N_("under way"), "warn"),
    PurgeState.DONE: (N_("done"), "good"),
    PurgeState.STOPPED: (N_("stopped"), "plain"),
    PurgeState.FAILED: (N_("could not go on"), "grave"),
}

PURGE_REFUSALS: Final[Mapping[str, tuple[str, str]]] = {
    "conflict": (
        N_("That cannot be proposed now: nothing is past its time, or another purge is under way."),
        N_("Below is what is due at this moment. Purges that are under way are on the page of purges."),
    ),
    "invalid_input": (
        N_("What was due is told of a moment of the last day, and why it is to be destroyed in a few words."),
        N_("Below is what is due at this moment. Look at it, and send it again."),
    ),
}
"""What is said of a purge that could not be proposed, in place of what is said elsewhere."""

WORK: Final[Mapping[WorkKind, str]] = {
    WorkKind.CHECK: N_("Checks of recordings"),
    WorkKind.ENROLMENT: N_("Enrolments"),
    WorkKind.SCAN: N_("Scans"),
    WorkKind.SPOKEN_STATEMENT: N_("Spoken statements"),
    WorkKind.CASE_ANALYSIS: N_("Comparisons for cases"),
    WorkKind.PURGE: N_("Purges"),
}

PARTS: Final[Mapping[str, str]] = {
    "database": N_("Database"),
    "spool": N_("Place for uploads"),
    "worker": N_("Workers"),
}

KEY_PURPOSES: Final[Mapping[Purpose, str]] = {
    Purpose.WRAPPING: N_("wraps the keys of performers"),
    Purpose.SIGNING: N_("signs receipts, permissions, reports and the journal"),
    Purpose.PROTECTION: N_("protects voiceprints (its epoch)"),
}

KEY_STATES: Final[Mapping[KeyState, tuple[str, str]]] = {
    KeyState.STAGED: (N_("waits to be put in use"), "plain"),
    KeyState.IN_USE: (N_("in use"), "good"),
    KeyState.OLD: (N_("old: opens what has yet to move"), "warn"),
    KeyState.RETIRED: (N_("taken out"), "plain"),
    KeyState.MISSING: (N_("missing"), "grave"),
}

STRIKE_SCOPES: Final[Mapping[StrikeScope, str]] = {
    StrikeScope.AGREEMENT: N_("every licence under this agreement"),
    StrikeScope.GUILD: N_("every licence of whom this guild represented"),
}

BUDGETS: Final[Mapping[Budget, str]] = {
    Budget.READS: N_("Reading, for each token"),
    Budget.WRITES: N_("Writing, for each token"),
    Budget.ANONYMOUS: N_("Without a token, for each address"),
    Budget.FAILED_TOKENS: N_("Wrong tokens, for each address"),
    Budget.CHECKS: N_("Checks, for each organisation"),
    Budget.SCANS: N_("Scans, for each organisation"),
    Budget.CLEARANCES: N_("Questions before a use, for each organisation"),
    Budget.NAMES: N_("Names and voices that are not one's own, for each account"),
    Budget.REPORTS: N_("Reports, for each account"),
    Budget.VERIFICATIONS: N_("Files to be verified, for each address"),
}

REFUSALS: Final[Mapping[str, tuple[str, str]]] = {
    "stale_version": (
        N_("Somebody has changed this since you opened the page. Nothing of what you sent was done."),
        N_("Below is how it stands now, with who did what and when. Look at it, and decide again."),
    ),
    "conflict": (
        N_("That cannot be done any more, or not yet: it does not fit how this stands now."),
        N_("Below is how it stands now, with who did what and when."),
    ),
    "second_person_needed": (
        N_("This takes two people: whoever asked does not approve, nor does an account that was made afterwards."),
        N_("Ask another operator, who was there before, to read it and to answer."),
    ),
    "proposal_changed": (
        N_("What you read is not what would be done: the two digests differ. Nothing was approved."),
        N_("Read it again as it stands below, and decide again."),
    ),
    "duplicate": (
        N_("There is one already."),
        N_("Look at the list: it is there."),
    ),
    "invalid_input": (
        N_("Something is missing, or not written as it is taken. Nothing was kept yet."),
        N_("What you typed is still here. Mend what is named, and send it again."),
    ),
}
