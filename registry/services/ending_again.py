"""Letting end again, after a restore, what had ended since the backup: one small function for each kind of ending.

What the restored journal has a leaf of, the backup knew. Of all else that ever ended each function is asked, and does
nothing where the record is not in the database, or has ended in it already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from registry.domain.consents import ConsentDecision, ConsentPurpose, ConsentState
from registry.domain.events import EventType
from registry.domain.performers import DELETED_NAME
from registry.domain.shared_sounds import SoundEnding
from registry.domain.stay_down import EntryEnding
from registry.domain.webhooks import DisabledReason
from registry.journal.endings import Ending
from registry.journal.leaf import leaf_hash
from registry.services.forgetting import put_tombstone, take_out_the_name
from registry.services.sound_endings import end_one_sound
from registry.services.spoken_statement_work import erase_statements
from registry.services.stay_down import end_one
from registry.services.unit import Unit
from registry.services.webhooks import disable
from registry.services.withdrawal import erase_voice, undo_what_rested_on
from registry.store import journal
from registry.store.accounts import Account, Token
from registry.store.cohort_agreements import CohortAgreement
from registry.store.consents import Consent
from registry.store.identities import Identity
from registry.store.parts import in_parts
from registry.store.performers import KeyDestruction, Performer, Representative, Tombstone
from registry.store.shared_sounds import SharedSound
from registry.store.stay_down import StayDownEntry
from registry.store.webhooks import Webhook

ACTOR: Final = "system"


@dataclass(slots=True)
class EndedAgain:
    """What was let end again.

    Attributes:
        done: how many of each type of event.
        by_hand: type and record of what has ended and only people can decide about anew.
    """

    done: Counter[str] = field(default_factory=Counter)
    by_hand: list[tuple[str, str]] = field(default_factory=list)


def unknown_to(session: Session, endings: Sequence[Ending]) -> Sequence[Ending]:
    """Answer what has ended without the journal of this database saying so."""
    hashes = [leaf_hash(each.leaf.encode()).hex() for each in endings]
    known = {found for part in in_parts(hashes) for found in journal.hashes_among(session, part)}
    return [each for each, digest in zip(endings, hashes, strict=True) if digest not in known]


def end_again(unit: Unit, endings: Iterable[Ending]) -> EndedAgain:
    """Let everything end again that has ended, in the caller's unit."""
    ended = EndedAgain()
    for ending in endings:
        function = _ENDED_BY.get(ending.type)
        if function is None:
            ended.by_hand.append((ending.type, ending.subject_id))
        elif function(unit, ending):
            ended.done[ending.type] += 1
            unit.session.flush()
    return ended


def destroyed_keys(unit: Unit, endings: Iterable[Ending]) -> set[str]:
    """Answer the performers whose key is destroyed, although the database does not say so: it must not be put back."""
    return {
        str(each.about["performer_id"])
        for each in endings
        if each.type == EventType.VOICEPRINT_KEY_DESTROYED and _key_of(unit, each) is not None
    }


def _key_of(unit: Unit, ending: Ending) -> Performer | None:
    """Answer whose key was destroyed, unless the database knows of this destruction."""
    performer_id = ending.about.get("performer_id")
    if performer_id is None or unit.session.get(KeyDestruction, ending.subject_id) is not None:
        return None
    return unit.session.get(Performer, performer_id)


def _end_consent(unit: Unit, ending: Ending) -> bool:
    """End a consent; also one that another choice took the place of: what was chosen is lost, and is asked anew."""
    consent = unit.session.get(Consent, ending.subject_id)
    if consent is None or consent.state is not ConsentState.ACTIVE:
        return False
    if ending.type == EventType.CONSENT_SUPERSEDED and _renewed(ending, consent):
        return False
    expired = ending.type == EventType.CONSENT_EXPIRED
    consent.state = ConsentState.EXPIRED if expired else ConsentState.WITHDRAWN
    consent.withdrawn_at = None if expired else ending.at
    consent.version += 1
    unit.record(
        EventType.CONSENT_EXPIRED if expired else EventType.CONSENT_WITHDRAWN,
        consent.id,
        ACTOR,
        performer_id=consent.performer_id,
        purpose=consent.purpose.value,
        modality=consent.modality.value,
    )
    if consent.decision is ConsentDecision.GIVEN:
        undo_what_rested_on(unit, consent, ACTOR)
    return True


def _renewed(ending: Ending, consent: Consent) -> bool:
    """Whether a yes took the place of a yes that says no more than that."""
    return ending.about.get("by_decision") == ConsentDecision.GIVEN and consent.purpose is not ConsentPurpose.LICENSING


def _destroy_voice(unit: Unit, ending: Ending) -> bool:
    performer = _key_of(unit, ending)
    return performer is not None and erase_voice(unit, performer, ACTOR).keys > 0


def _end_agreement(unit: Unit, ending: Ending) -> bool:
    agreement = unit.session.get(CohortAgreement, ending.subject_id)
    if agreement is None or agreement.ended_at is not None:
        return False
    agreement.ended_at, agreement.description = ending.at, None
    unit.record(EventType.COHORT_AGREEMENT_ENDED, agreement.id, ACTOR, performer_id=agreement.performer_id)
    return True


def _forget(unit: Unit, ending: Ending) -> bool:
    performer = unit.session.get(Performer, ending.about.get("performer_id"))
    digests = ending.about.get("name_digests", [])
    if performer is None or not digests or unit.session.get(Tombstone, ending.subject_id) is not None:
        return False
    tombstone = Tombstone(
        id=ending.subject_id,
        performer_id=performer.id,
        text_id=ending.about["text_id"],
        text_sha256=ending.about["text_sha256"],
        names=len(digests),
        asked_by=_account_or(unit, ending.about["asked_by"], performer.created_by),
        asked_at=ending.at,
    )
    put_tombstone(unit, performer, tombstone, digests, ACTOR)
    return True


def _account_or(unit: Unit, account_id: str, instead: str) -> str:
    """Answer an account, or where it was made after the backup, another."""
    return account_id if unit.session.get(Account, account_id) is not None else instead


def _delete_performer(unit: Unit, ending: Ending) -> bool:
    performer = unit.session.get(Performer, ending.subject_id)
    if performer is None or performer.deleted_at is not None:
        return False
    take_out_the_name(unit, performer, instead=DELETED_NAME, account_id=performer.created_by)
    statements = erase_statements(unit, performer.id)
    performer.deleted_at = ending.at
    performer.version += 1
    unit.record(EventType.PERFORMER_DELETED, performer.id, ACTOR, spoken_statements=statements)
    return True


def _revoke_token(unit: Unit, ending: Ending) -> bool:
    """Revoke a token; one that was rotated has ended once its successor, which is lost, has taken its place."""
    token = unit.session.get(Token, ending.subject_id)
    if token is None or token.revoked_at is not None:
        return False
    ends_at = ending.about.get("ends_at")
    token.revoked_at = ending.at if ends_at is None else min(unit.now, datetime.fromisoformat(ends_at))
    unit.record(EventType.TOKEN_REVOKED, token.id, ACTOR, account_id=token.account_id)
    return True


def _disable_account(unit: Unit, ending: Ending) -> bool:
    account = unit.session.get(Account, ending.subject_id)
    if account is None or account.disabled_at is not None:
        return False
    account.disabled_at = ending.at
    account.version += 1
    unit.record(EventType.ACCOUNT_DISABLED, account.id, ACTOR)
    return True


def _dismiss(unit: Unit, ending: Ending) -> bool:
    mandate = unit.session.get(Representative, ending.subject_id)
    if mandate is None or mandate.dismissed_at is not None:
        return False
    mandate.dismissed_at = ending.at
    unit.record(EventType.REPRESENTATIVE_DISMISSED, mandate.id, ACTOR, performer_id=mandate.performer_id)
    return True


def _disconnect(unit: Unit, ending: Ending) -> bool:
    identity = unit.session.get(Identity, ending.subject_id)
    if identity is None:
        return False
    unit.session.delete(identity)
    unit.record(EventType.IDENTITY_DISCONNECTED, identity.id, ACTOR, account_id=identity.account_id)
    return True


def _disable_webhook(unit: Unit, ending: Ending) -> bool:
    """Send nothing more where somebody wanted nothing sent; one that was removed stays, disabled, to be looked at."""
    webhook = unit.session.get(Webhook, ending.subject_id, with_for_update=True)
    if webhook is None or webhook.disabled_at is not None:
        return False
    disable(unit, webhook, DisabledReason.BY_HAND, ACTOR)
    return True


def _end_stay_down(unit: Unit, ending: Ending) -> bool:
    """Look for a recording no more that nobody was to look for; what became of its notice since, people say anew."""
    entry = unit.session.get(StayDownEntry, ending.subject_id)
    if entry is None or entry.ended_at is not None:
        return False
    end_one(unit, entry, EntryEnding(str(ending.about["ending"])), ACTOR)
    return True


def _end_sound(unit: Unit, ending: Ending) -> bool:
    sound = unit.session.get(SharedSound, ending.subject_id)
    if sound is None or sound.ended_at is not None:
        return False
    end_one_sound(unit, sound, SoundEnding(str(ending.about["ending"])), ACTOR)
    return True


_ENDED_BY: Final[Mapping[str, Callable[[Unit, Ending], bool]]] = {
    EventType.CONSENT_WITHDRAWN: _end_consent,
    EventType.CONSENT_EXPIRED: _end_consent,
    EventType.CONSENT_SUPERSEDED: _end_consent,
    EventType.VOICEPRINT_KEY_DESTROYED: _destroy_voice,
    EventType.COHORT_AGREEMENT_ENDED: _end_agreement,
    EventType.PERFORMER_FORGOTTEN: _forget,
    EventType.PERFORMER_DELETED: _delete_performer,
    EventType.TOKEN_REVOKED: _revoke_token,
    EventType.TOKEN_ROTATED: _revoke_token,
    EventType.ACCOUNT_DISABLED: _disable_account,
    EventType.REPRESENTATIVE_DISMISSED: _dismiss,
    EventType.IDENTITY_DISCONNECTED: _disconnect,
    EventType.WEBHOOK_DISABLED: _disable_webhook,
    EventType.WEBHOOK_REMOVED: _disable_webhook,
    EventType.STAY_DOWN_ENDED: _end_stay_down,
    EventType.SOUND_ENDED: _end_sound,
}
