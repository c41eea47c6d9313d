"""A registry of one's own in a folder, and the command line to run on it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from command_line import CommandLine
from typer.testing import CliRunner

from registry.cli.operator import choose_operator, opened_registry
from registry.clock import utc_now
from registry.domain.accounts import Principal, Role
from registry.domain.choices import NOTHING, Disposition, LicensingChoices
from registry.domain.consents import ConsentDecision, ConsentPurpose, Modality
from registry.domain.explanations.course import Channel, CopyMethod
from registry.domain.explanations.shipped import shipped_texts
from registry.domain.explanations.topics import Topic, required_topics
from registry.domain.licences import Side
from registry.domain.performers import IdentityAssurance
from registry.domain.terms import Exclusivity, LicenceTerms, PayBasis, PayTerms, Rate
from registry.domain.uses import Medium, UsePurpose
from registry.services import accounts, consents, explanations, licence_signing, licences, performers
from registry.services.context import Context
from registry.vault.keys import FileKeyring

EVIDENCE = "a" * 64
ALL_ALLOWED = LicensingChoices.of(dict.fromkeys(UsePurpose, Disposition.ALLOW))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder without anything in it, and no other setting."""
    for name in [name for name in os.environ if name.startswith("LIKENESS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LIKENESS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def migrated(home: Path, sqlite_template: Path) -> Path:
    """A home folder with a keyring and a migrated database, in which there is nobody."""
    FileKeyring.create(home / "keyring.json", utc_now(), os.urandom)
    shutil.copy(sqlite_template, home / "registry.sqlite3")
    return home


@pytest.fixture
def operator(migrated: Path) -> str:
    """The id of the only operator of a registry; `migrated` is its home."""
    assert migrated.is_dir()
    with opened_registry() as ctx:
        return accounts.create_first_operator(ctx, name="Registry desk").id


@pytest.fixture
def likeness() -> CommandLine:
    return CommandLine(CliRunner())


@pytest.fixture
def performer(operator: str) -> str:
    """The id of a performer who has consented to nothing."""
    with opened_registry() as ctx:
        return performers.register_performer(
            ctx,
            choose_operator(ctx, operator),
            name="Nora Calder",
            identity_assurance=IdentityAssurance.UNION_VOUCHED,
        ).id


Consenting = Callable[[ConsentPurpose], str]


@pytest.fixture
def consent(performer: str) -> Consenting:
    """Signs a consent of the performer for the voice."""

    def sign(purpose: ConsentPurpose) -> str:
        choices = ALL_ALLOWED if purpose is ConsentPurpose.LICENSING else NOTHING
        with opened_registry() as ctx:
            principal = choose_operator(ctx, None)
            told = [_explain(ctx, principal, performer, topic) for topic in sorted(required_topics(purpose, choices))]
            return consents.sign_consent(
                ctx,
                principal,
                performer,
                purpose=purpose,
                modality=Modality.VOICE,
                decision=ConsentDecision.GIVEN,
                explanation_ids=told,
                choices=choices,
                signed_by="Nora Calder",
                signature_method="on_paper",
                signature_evidence_sha256="c" * 64,
            ).id

    return sign


def _explain(ctx: Context, principal: Principal, performer_id: str, topic: Topic) -> str:
    text = shipped_texts()[f"{topic.value}.en.v1"]
    return explanations.import_explanation(
        ctx,
        principal,
        performer_id,
        text_id=text.id,
        modality=Modality.VOICE,
        explained_by="Registry desk",
        channel=Channel.IN_PERSON,
        duration_s=600.0,
        answers=[question.right for question in text.questions],
        copy_delivered_at=ctx.clock(),
        copy_method=CopyMethod.BY_HAND,
    ).id


@pytest.fixture
def licence(performer: str, consent: Consenting) -> str:
    """The id of a licence in force between the performer and a studio."""
    consent(ConsentPurpose.LICENSING)
    with opened_registry() as ctx:
        principal = choose_operator(ctx, None)
        member = accounts.create_account(
            ctx, principal, role=Role.STUDIO_ADMIN, name="Mira Vance", organisation_name="Northlight Games"
        )
        drafted = licences.draft_licence(
            ctx,
            principal,
            performer_id=performer,
            studio_id=member.organisation_id,
            title="Spring campaign",
            intended_use="Two radio spots.",
            terms=_terms(ctx.clock().date()),
        )
        licences.offer_licence(ctx, principal, drafted.id)
        for side in Side:
            licence_signing.sign_licence(ctx, principal, drafted.id, side=side, evidence_sha256=EVIDENCE)
    return drafted.id


def _terms(today: date) -> LicenceTerms:
    return LicenceTerms(
        purposes=frozenset({UsePurpose.ADVERTISING}),
        media=frozenset({Medium.RADIO}),
        territories=frozenset({"GB"}),
        languages=frozenset({"en"}),
        starts_on=today,
        ends_on=today + timedelta(days=30),
        exclusivity=Exclusivity.NON_EXCLUSIVE,
        pay=PayTerms((Rate(PayBasis.FLAT, 450_000),), "GBP"),
        projects=None,
    )
