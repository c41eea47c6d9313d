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
from registry.domain.accounts import Role
from registry.domain.consents import Answer, ConsentDecision, ConsentPurpose, Modality
from registry.domain.licences import Exclusivity, LicenceTerms, PayBasis, PayTerms, Side
from registry.domain.performers import IdentityAssurance
from registry.domain.uses import Medium, UsePurpose
from registry.services import accounts, consents, licences, performers
from registry.vault.keys import FileKeyring

EVIDENCE = "a" * 64
ANSWERS = [Answer(f"question {n}", "in their own words", understood=True) for n in range(3)]


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
        with opened_registry() as ctx:
            principal = choose_operator(ctx, None)
            told = consents.record_explanation(
                ctx,
                principal,
                performer,
                purpose=purpose,
                modality=Modality.VOICE,
                language="en",
                text="What is kept, what it is for, and how to end it.",
                explained_by="Registry desk",
                channel="in_person",
                duration_s=600.0,
                answers=ANSWERS,
                copy_delivered_at=ctx.clock(),
            )
            return consents.sign_consent(
                ctx,
                principal,
                performer,
                purpose=purpose,
                modality=Modality.VOICE,
                decision=ConsentDecision.GIVEN,
                explanation_id=told.id,
                signed_by="Nora Calder",
                signature_method="on_paper",
            ).id

    return sign


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
            licences.sign_licence(ctx, principal, drafted.id, side=side, evidence_sha256=EVIDENCE)
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
        pay=PayTerms(PayBasis.FLAT, 450_000, "GBP"),
        projects=None,
    )
