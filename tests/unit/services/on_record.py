"""Consents and licences as they stand in the database, put there at once: for tests of what rests on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from registry.domain.accounts import Principal
from registry.domain.approvals import Beyond
from registry.domain.choices import Disposition, LicensingChoices
from registry.domain.clearances import WantedUse
from registry.domain.consents import ConsentDecision, ConsentPurpose, ConsentState, Modality, SignedAs
from registry.domain.ids import IdPrefix
from registry.domain.licences import LicenceState, SuspensionReason
from registry.domain.terms import UNPAID, ApprovalTerms, Exclusivity, LicenceTerms
from registry.domain.terms_document import terms_json, terms_sha256
from registry.domain.uses import DeclaredUse, Medium, UseKind, UsePurpose
from registry.services.context import Context
from registry.store.consents import Consent
from registry.store.licence_versions import LicenceVersion
from registry.store.licences import Licence, LicenceHold

USE = DeclaredUse(UseKind.GENERATED, UsePurpose.ADVERTISING, "Spring", Medium.RADIO, "GB", "en")
COPY = "a" * 64
TERMS = LicenceTerms(
    purposes=frozenset({UsePurpose.ADVERTISING, UsePurpose.VOICE_CLONE}),
    media=frozenset({Medium.RADIO}),
    territories=frozenset({"GB"}),
    languages=frozenset({"en"}),
    starts_on=date(2026, 1, 1),
    ends_on=date(2026, 12, 31),
    exclusivity=Exclusivity.NON_EXCLUSIVE,
    pay=UNPAID,
    projects=None,
)
WITH_APPROVAL = replace(TERMS, approval=ApprovalTerms(frozenset({UsePurpose.ADVERTISING}), 40_000, "GBP"))
ALLOW = LicensingChoices.of(dict.fromkeys(UsePurpose, Disposition.ALLOW))
ASK = LicensingChoices.of(dict.fromkeys(UsePurpose, Disposition.ASK))


def asked(performer_id: str, *beyond: Beyond, copy_sha256: str | None = None, **changes: object) -> WantedUse:
    """Ask for one radio spot, with a thing or two changed."""
    use = replace(USE, copy_sha256=copy_sha256, **changes)  # type: ignore[arg-type]  # fields of a use
    return WantedUse(performer_id, use, frozenset(beyond))


@dataclass
class OnRecord:
    """Writes what a performer and a studio have agreed to, past the flows that agree to it."""

    ctx: Context
    actor_id: str

    def consent(
        self,
        performer_id: str,
        choices: LicensingChoices = ALLOW,
        *,
        expires_at: datetime | None = None,
        purpose: ConsentPurpose = ConsentPurpose.LICENSING,
    ) -> str:
        now = self.ctx.clock()
        consent = Consent(
            id=self.ctx.ids.new(IdPrefix.CONSENT, now),
            performer_id=performer_id,
            purpose=purpose,
            modality=Modality.VOICE,
            decision=ConsentDecision.GIVEN,
            state=ConsentState.ACTIVE,
            explanation_ids=[],
            choices=choices.as_json() if purpose is ConsentPurpose.LICENSING else None,
            signed_by="Ada Lind",
            signed_as=SignedAs.PERFORMER,
            signature_method="electronic",
            signed_at=now,
            expires_at=expires_at,
            recorded_by=self.actor_id,
            recorded_at=now,
            version=1,
        )
        self._add(consent)
        return consent.id

    def licence(self, performer_id: str, studio: Principal, terms: LicenceTerms = TERMS) -> str:
        now = self.ctx.clock()
        licence_id = self.ctx.ids.new(IdPrefix.LICENCE, now)
        signed = {"performer_signed_at": now, "studio_signed_at": now, "activated_at": now, "offered_at": now}
        licence = Licence(
            id=licence_id,
            performer_id=performer_id,
            studio_id=str(studio.organisation_id),
            state=LicenceState.ACTIVE,
            number=1,
            title="Spring",
            intended_use="One radio spot.",
            starts_on=terms.starts_on,
            ends_on=terms.ends_on,
            exclusivity=terms.exclusivity,
            created_by=self.actor_id,
            created_at=now,
            version=1,
            **signed,
        )
        self._add(licence, self._version(licence, 1, terms, now))
        return licence_id

    def amend(self, licence_id: str, terms: LicenceTerms) -> None:
        """Put a second version of the terms in force."""
        with self.ctx.database.write() as session:
            licence = session.get_one(Licence, licence_id)
            session.add(self._version(licence, licence.number + 1, terms, self.ctx.clock()))
            licence.number += 1
            licence.version += 1
            session.commit()

    def suspend(self, licence_id: str, reason: SuspensionReason = SuspensionReason.DISPUTE) -> None:
        now = self.ctx.clock()
        with self.ctx.database.write() as session:
            licence = session.get_one(Licence, licence_id)
            licence.state, licence.suspended_at = LicenceState.SUSPENDED, now
            licence.version += 1
            session.add(
                LicenceHold(
                    id=self.ctx.ids.new(IdPrefix.LICENCE_HOLD, now),
                    licence_id=licence_id,
                    reason=reason,
                    placed_by="operator",
                    placed_by_account=self.actor_id,
                    placed_at=now,
                )
            )
            session.commit()

    def withdraw(self, consent_id: str) -> None:
        with self.ctx.database.write() as session:
            consent = session.get_one(Consent, consent_id)
            consent.state, consent.withdrawn_at = ConsentState.WITHDRAWN, self.ctx.clock()
            session.commit()

    def ready(self, performer_id: str, studio: Principal, terms: LicenceTerms = TERMS) -> tuple[str, str]:
        """Answer a consent and a licence, both in force."""
        consent_id, licence_id = self.consent(performer_id), self.licence(performer_id, studio, terms)
        return consent_id, licence_id

    def soon(self, **how: float) -> datetime:
        return self.ctx.clock() + timedelta(**how)

    def _version(self, licence: Licence, number: int, terms: LicenceTerms, now: datetime) -> LicenceVersion:
        return LicenceVersion(
            licence_id=licence.id,
            number=number,
            performer_id=licence.performer_id,
            studio_id=licence.studio_id,
            title="Spring",
            intended_use="One radio spot.",
            terms_document=terms_json(terms),
            terms_sha256=terms_sha256(terms),
            texts={},
            created_by=self.actor_id,
            created_at=now,
            offered_at=now,
            in_force_at=now,
        )

    def _add(self, *rows: object) -> None:
        with self.ctx.database.write() as session:
            for row in rows:
                session.add(row)
                session.flush()
            session.commit()
