"""One contract in which no shipped rule finds anything, to break a single rule of."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import Any

from registry.domain.rules.catalogue import Contract, Parties
from registry.domain.terms import (
    Circumstances,
    Disclosure,
    Exclusivity,
    Label,
    LicenceTerms,
    Marking,
    PayBasis,
    PayTerms,
    Rate,
    ReplicaClass,
    Representation,
    RepresentationKind,
)
from registry.domain.uses import Medium, UsePurpose

ON = date(2027, 1, 15)
NOT_NEEDED = Representation()

SOUND = Contract(
    terms=LicenceTerms(
        purposes=frozenset({UsePurpose.VOICE_CLONE, UsePurpose.CHARACTER}),
        media=frozenset({Medium.GAME}),
        territories=frozenset({"US", "KR", "DE"}),
        languages=frozenset({"en", "ko"}),
        starts_on=date(2027, 1, 1),
        ends_on=date(2028, 12, 31),
        exclusivity=Exclusivity.NON_EXCLUSIVE,
        pay=PayTerms((Rate(PayBasis.PER_LINE, 1_200),), "EUR"),
        projects=frozenset({"Aurora"}),
        replica_class=ReplicaClass.EMPLOYMENT_BASED,
        intended_uses=("Eight hundred lines of the smith in the game Aurora.",),
        disclosure=Disclosure(
            frozenset({Marking.C2PA, Marking.WATERMARK}),
            (Label("en", "This voice was made by a machine."), Label("ko", "기계가 만든 목소리입니다.")),
        ),
        circumstances=Circumstances(
            representation=Representation(RepresentationKind.COUNSEL, "Ada Lind"),
            clear_and_conspicuous=True,
            separately_signed=True,
            security_controls="Two people have access; recordings and models are encrypted; every access is logged.",
            raw_audio_retention_days=365,
            training_sublicence_notice=True,
            purpose_represented_at_recording=frozenset(UsePurpose),
            governing_law="US-CA",
        ),
    ),
    parties=Parties(minor=False, deceased=False),
)

_CIRCUMSTANCES = frozenset(field.name for field in fields(Circumstances))
_PARTIES = frozenset(field.name for field in fields(Parties))


def changed(contract: Contract, **changes: Any) -> Contract:
    """Answer the contract with other terms, circumstances, parties or description, each named as its field is."""
    of = {name: changes.pop(name) for name in _CIRCUMSTANCES & changes.keys()}
    parties = {name: changes.pop(name) for name in _PARTIES & changes.keys()}
    description = changes.pop("description", contract.description)
    circumstances = replace(contract.terms.circumstances, **of)
    return Contract(
        replace(contract.terms, circumstances=circumstances, **changes),
        replace(contract.parties, **parties),
        description,
    )
