"""Wording: what pages call the registry's own words, in a few words that a performer would use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from api.pages.language import N_, _
from registry.domain.accounts import Role
from registry.domain.approvals import ApprovalState
from registry.domain.cases import CaseEnding, CaseState, CaseStep
from registry.domain.checks import EnrolmentState
from registry.domain.choices import Disposition
from registry.domain.clearances import Decision
from registry.domain.conclusions import Conclusion
from registry.domain.consents import ConsentPurpose, ConsentState, Modality
from registry.domain.explanations.topics import Topic
from registry.domain.ledger import EntryKind
from registry.domain.licences import LicenceState, SuspensionReason
from registry.domain.payments import PaymentState
from registry.domain.retention import DestroyedBy
from registry.domain.scores import EvidenceOutcome
from registry.domain.transparency import Measure
from registry.domain.uses import UsePurpose
from registry.domain.verdicts import Verdict
from registry.services.holders import HeldKind

ROLES: Final[Mapping[Role, str]] = {
    Role.PERFORMER: N_("performer"),
    Role.REPRESENTATIVE: N_("representative"),
    Role.STUDIO_MEMBER: N_("studio member"),
    Role.STUDIO_ADMIN: N_("studio administrator"),
    Role.AUDITOR: N_("auditor"),
    Role.OPERATOR: N_("operator"),
}

MODALITIES: Final[Mapping[Modality, str]] = {Modality.VOICE: N_("voice"), Modality.FACE: N_("face")}

PURPOSES: Final[Mapping[ConsentPurpose, str]] = {
    ConsentPurpose.MONITORING: N_("Looking for my voice"),
    ConsentPurpose.LICENSING: N_("Licences"),
    ConsentPurpose.ENGINE_IMPROVEMENT: N_("Improving the engine"),
}

PURPOSES_OF_THEM: Final[Mapping[ConsentPurpose, str]] = {
    **PURPOSES,
    ConsentPurpose.MONITORING: N_("Looking for the voice"),
}
"""As they are called to whoever acts for the performer."""

PURPOSES_MEAN: Final[Mapping[ConsentPurpose, str]] = {
    ConsentPurpose.MONITORING: N_(
        "The registry keeps a locked voiceprint, and looks for your voice in what is sent in."
    ),
    ConsentPurpose.LICENSING: N_("Studios may ask you for licences, for the uses that you choose."),
    ConsentPurpose.ENGINE_IMPROVEMENT: N_(
        "Recordings that you send for this purpose may help to make the program better."
    ),
}

TOPICS: Final[Mapping[Topic, str]] = {
    Topic.MONITORING: N_("Looking for your voice"),
    Topic.LICENSING_TRAINING: N_("Training a machine with your voice"),
    Topic.LICENSING_VOICE_CLONE: N_("A copy of your voice made by a machine"),
    Topic.LICENSING_DUBBING: N_("Dubbing"),
    Topic.LICENSING_TRANSLATION: N_("Your own words in another language"),
    Topic.LICENSING_REAL_TIME: N_("A machine that speaks with your voice in real time"),
    Topic.LICENSING_PRODUCTIONS: N_("Finished productions, such as adverts"),
    Topic.ENGINE_IMPROVEMENT: N_("Improving the engine"),
    Topic.WITHDRAWAL: N_("How you take a yes back"),
    Topic.FORGET_ME: N_("Being forgotten"),
}

USES: Final[Mapping[UsePurpose, str]] = {
    UsePurpose.TRAINING: N_("Training a machine"),
    UsePurpose.VOICE_CLONE: N_("A synthetic copy of my voice"),
    UsePurpose.DUBBING: N_("Dubbing"),
    UsePurpose.TRANSLATION: N_("My own words in another language"),
    UsePurpose.NARRATION: N_("Narration"),
    UsePurpose.CHARACTER: N_("A role in a game, a film or an animation"),
    UsePurpose.ADVERTISING: N_("Advertising"),
    UsePurpose.ASSISTANT: N_("An assistant that answers people in real time"),
    UsePurpose.RESTORATION: N_("Mending or replacing lines that I spoke"),
    UsePurpose.GENERATION: N_("Words that others write later"),
    UsePurpose.AUDIO_DESCRIPTION: N_("Describing pictures for people who do not see them"),
    UsePurpose.RESEARCH: N_("Research that is not sold"),
}

DISPOSITIONS: Final[Mapping[Disposition, str]] = {
    Disposition.NEVER: N_("Never"),
    Disposition.ASK: N_("Ask me each time"),
    Disposition.ALLOW: N_("Allow, with a licence that I sign"),
}

CONSENT_STATES: Final[Mapping[ConsentState, str]] = {
    ConsentState.DRAFT: N_("not signed"),
    ConsentState.ACTIVE: N_("in force"),
    ConsentState.WITHDRAWN: N_("withdrawn"),
    ConsentState.SUPERSEDED: N_("replaced by a later decision"),
    ConsentState.EXPIRED: N_("ended by its date"),
}

ENROLMENT_STATES: Final[Mapping[EnrolmentState, str]] = {
    EnrolmentState.QUEUED: N_("being listened to"),
    EnrolmentState.ACTIVE: N_("in use"),
    EnrolmentState.REFUSED: N_("not good enough"),
    EnrolmentState.FAILED: N_("failed on our side"),
    EnrolmentState.ERASED: N_("erased"),
}

OUTCOMES: Final[Mapping[EvidenceOutcome, str]] = {
    EvidenceOutcome.MATCH: N_("It supports that this is your voice"),
    EvidenceOutcome.SOUND_ALIKE: N_("A voice like yours"),
    EvidenceOutcome.NO_MATCH: N_("Not your voice"),
    EvidenceOutcome.INCONCLUSIVE: N_("Cannot be told"),
}

VERDICTS: Final[Mapping[Verdict, tuple[str, str]]] = {
    Verdict.NO_MATCH: (N_("not found"), N_("Your voice was not found in it.")),
    Verdict.LICENSED_USE: (N_("licensed"), N_("You signed a licence that covers this use.")),
    Verdict.LICENSED_OUT_OF_SCOPE: (
        N_("licensed, but not for this"),
        N_("There is a licence, and it does not cover this use."),
    ),
    Verdict.LICENSED_UNPAID: (N_("licensed, not paid"), N_("There is a licence, and what it costs was not paid.")),
    Verdict.LICENCE_SUSPENDED: (N_("licence suspended"), N_("There is a licence, and it is suspended at the moment.")),
    Verdict.LICENCE_EXPIRED: (N_("licence over"), N_("There was a licence, and its time is over.")),
    Verdict.EXPIRED_LEGACY_USE: (
        N_("made while a licence ran"),
        N_("It was made while your licence was in force."),
    ),
    Verdict.CONSENT_WITHDRAWN: (N_("after you withdrew"), N_("You had withdrawn your yes before this use.")),
    Verdict.OPTED_OUT_MATCH: (N_("you had said never"), N_("You said never to this kind of use.")),
    Verdict.UNLICENSED_MATCH: (N_("no licence"), N_("No licence of yours for this use is known here.")),
    Verdict.EXPLAINED_BY_DECLARED_SOURCE: (
        N_("explained by another voice"),
        N_("The studio named whose voice it is, and that voice explains it better."),
    ),
    Verdict.SOUND_ALIKE_REVIEW: (N_("to be looked at by a person"), N_("It resembles you, and more cannot be said.")),
    Verdict.INCONCLUSIVE: (N_("cannot be told"), N_("The recording does not allow an answer.")),
    Verdict.NOT_ASSESSED: (N_("not assessed"), N_("Whether this use was covered was not asked.")),
}
"""A few words, and a sentence. None says that somebody did wrong: that is not for a registry to say."""

STRENGTHS: Final[Mapping[str, str]] = {
    "weak": N_("weak support"),
    "moderate": N_("moderate support"),
    "moderately_strong": N_("moderately strong support"),
    "strong": N_("strong support"),
    "very_strong": N_("very strong support"),
    "extremely_strong": N_("extremely strong support"),
    "neither": N_("no support either way"),
}
"""By the keys of the scale that `registry.domain.comparison` has."""

LICENCE_STATES: Final[Mapping[LicenceState, str]] = {
    LicenceState.DRAFT: N_("being drafted"),
    LicenceState.OFFERED: N_("offered, not signed by both sides yet"),
    LicenceState.ACTIVE: N_("in force"),
    LicenceState.SUSPENDED: N_("suspended"),
    LicenceState.REVOKED: N_("ended before its day"),
    LicenceState.EXPIRED: N_("its time is over"),
}

SUSPENSIONS: Final[Mapping[SuspensionReason, str]] = {
    SuspensionReason.DISPUTE: N_("because of a dispute"),
    SuspensionReason.NON_PAYMENT: N_("because it was not paid"),
    SuspensionReason.STRIKE: N_("because of a strike"),
    SuspensionReason.SECURITY: N_("because recordings or models may be in the wrong hands"),
    SuspensionReason.PAUSE_WITHOUT_ADMISSION: N_("as a pause, without admission of anything"),
    SuspensionReason.CONSENT_ENDED: N_("because the yes that it rests on has ended"),
}

APPROVAL_STATES: Final[Mapping[ApprovalState, str]] = {
    ApprovalState.REQUESTED: N_("waits for an answer"),
    ApprovalState.APPROVED: N_("approved, not used yet"),
    ApprovalState.REFUSED: N_("refused"),
    ApprovalState.USED: N_("approved, and used"),
    ApprovalState.EXPIRED: N_("ended without being used"),
}

PAYMENT_STATES: Final[Mapping[PaymentState, str]] = {
    PaymentState.REPORTED: N_("reported as paid, not confirmed yet"),
    PaymentState.CONFIRMED: N_("confirmed: it has arrived"),
    PaymentState.DISPUTED: N_("disputed: it has not arrived"),
}

ENTRY_KINDS: Final[Mapping[EntryKind, str]] = {
    EntryKind.FLAT_FEE: N_("flat fee"),
    EntryKind.GUARANTEE: N_("minimum guarantee"),
    EntryKind.USAGE: N_("use"),
    EntryKind.APPROVAL_FEE: N_("fee for exact words"),
    EntryKind.RECOUPMENT: N_("covered by the guarantee"),
    EntryKind.PAYMENT: N_("payment that arrived"),
    EntryKind.REVERSAL: N_("taken back"),
}

CLEARANCE_DECISIONS: Final[Mapping[Decision, str]] = {
    Decision.PERMITTED: N_("permitted"),
    Decision.REFUSED: N_("not permitted"),
    Decision.ASK: N_("the performer is to be asked"),
}

HELD: Final[Mapping[HeldKind, str]] = {
    HeldKind.LICENCE: N_("a licence"),
    HeldKind.CLEARANCE: N_("a permission"),
    HeldKind.GALLERY_FILE: N_("a gallery file with your voiceprint"),
}

MEASURES: Final[Mapping[Measure, str]] = {
    Measure.CLAIMS_BY_PERFORMERS: N_("Cases that a performer's side opened."),
    Measure.CASES_FROM_FINDINGS: N_("Cases that the registry opened because of a finding."),
    Measure.CLAIMS_REFUSED: N_("Cases that the registry did not take up."),
    Measure.CLAIMS_WITHDRAWN: N_("Cases that who complained withdrew before they were decided."),
    Measure.CASES_SETTLED: N_("Cases in which the sides agreed before they were decided."),
    Measure.CASES_REOPENED: N_("Cases that were opened again on something new."),
    Measure.PAUSES: N_("Licences that were suspended for a case, without admission of anything."),
    Measure.NOTICES_SERVED: N_("Notices of which a person stated that they were served."),
    Measure.NOTICES_COUNTERED: N_("Counter-statements to notices."),
    Measure.NOTICES_PUT_BACK: N_("Notices after which what they were about was put back."),
    Measure.NOTICES_UPHELD: N_("Notices that stood after a counter-statement, once the case was decided anew."),
    Measure.NOTICES_WITHDRAWN: N_("Notices that were withdrawn."),
    Measure.MISUSE_BY_CLAIMANTS: N_("Strikes for misuse against who complains, as a person wrote down."),
    Measure.MISUSE_BY_RESPONDENTS: N_("Strikes for misuse against who answers, as a person wrote down."),
    Measure.MISUSE_LIFTED: N_("Strikes of either side that were contested, and lifted."),
    Measure.CONSENTS_WITHDRAWN: N_("Consents that were withdrawn; each was done when it was asked for."),
    Measure.PEOPLE_FORGOTTEN: N_("People who asked to be forgotten, and were."),
}
"""As `registry.domain.transparency.MEANING` has them; a test compares."""

CONCLUSIONS: Final[Mapping[Conclusion, str]] = {
    Conclusion.SUPPORTS_P: N_("the evidence supports that it is the performer's voice"),
    Conclusion.EXPLAINED_BY_S: N_("the declared source explains the voice"),
    Conclusion.SOUND_ALIKE: N_("both sound alike; documents decide"),
    Conclusion.UNKNOWN_SOURCE: N_("neither explains the voice"),
    Conclusion.INCONCLUSIVE: N_("the recordings do not allow an answer"),
}

CASE_STATES: Final[Mapping[CaseState, str]] = {
    CaseState.OPEN: N_("waits for the registry to take it up"),
    CaseState.EVIDENCE: N_("both sides bring what they have"),
    CaseState.ANALYSIS: N_("recordings are compared"),
    CaseState.PROPOSED: N_("a conclusion is proposed"),
    CaseState.DECIDED: N_("decided"),
    CaseState.CLOSED: N_("closed"),
}

CASE_ENDINGS: Final[Mapping[CaseEnding, str]] = {
    CaseEnding.NOT_TAKEN_UP: N_("not taken up"),
    CaseEnding.WITHDRAWN: N_("withdrawn by who complained"),
    CaseEnding.SETTLED: N_("the sides agreed"),
    CaseEnding.DECIDED: N_("as decided"),
}

CASE_STEPS: Final[Mapping[CaseStep, str]] = {
    CaseStep.TAKE_UP: N_("taken up"),
    CaseStep.DO_NOT_TAKE_UP: N_("not taken up"),
    CaseStep.ANALYSE: N_("recordings to be compared"),
    CaseStep.ASK_FOR_MORE: N_("asked for more"),
    CaseStep.PROPOSE: N_("a conclusion was proposed"),
    CaseStep.DECIDE: N_("decided"),
    CaseStep.CLOSE: N_("closed"),
    CaseStep.REOPEN: N_("opened again"),
    CaseStep.WITHDRAW: N_("withdrawn by who complained"),
    CaseStep.SETTLE: N_("the sides agreed"),
    CaseStep.COUNTER: N_("a notice was countered"),
}

DESTROYED_BY: Final[Mapping[DestroyedBy, str]] = {
    DestroyedBy.AT_ONCE: N_("at once"),
    DestroyedBy.WORKER: N_("within minutes"),
    DestroyedBy.PURGE: N_("the next night"),
    DestroyedBy.BY_HAND: N_("only by a person"),
    DestroyedBy.NOTHING: N_("never; it has no personal data"),
}


def called(purpose: ConsentPurpose, modality: Modality) -> str:
    """Say what a decision is about, to whoever decides for themselves; see `called_of_them`."""
    return _called(PURPOSES, purpose, modality)


def called_of_them(purpose: ConsentPurpose, modality: Modality) -> str:
    """Say what a decision is about, to whoever is not the performer."""
    return _called(PURPOSES_OF_THEM, purpose, modality)


def _called(of: Mapping[ConsentPurpose, str], purpose: ConsentPurpose, modality: Modality) -> str:
    """That looking for a voice is about the voice is not said twice."""
    words = _(of[purpose])
    return words if purpose is ConsentPurpose.MONITORING else f"{words} · {_(MODALITIES[modality])}"


def strength(key: str, log10_lr: float) -> str:
    """Say how strongly a recording supports that it is this voice, or that it is another."""
    words = _(STRENGTHS[key])
    if key == "neither":
        return words
    if log10_lr > 0:
        return words
    return _("%(strength)s for another voice") % {"strength": words}
