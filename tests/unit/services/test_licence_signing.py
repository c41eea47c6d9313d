"""Signing a licence: over the very bytes of the agreement, by whom it is for, and only what would stand."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text, update
from steps import TERMS, Registry

from registry.domain.accounts import Principal, RepresentativeKind, Role, Scope
from registry.domain.choices import Disposition, LicensingChoices
from registry.domain.consents import ConsentPurpose
from registry.domain.licences import LicenceState, Side
from registry.domain.signatures import Custody, SignatureMethod, key_registration
from registry.domain.terms import (
    Circumstances,
    Exclusivity,
    LicenceTerms,
)
from registry.domain.uses import UsePurpose
from registry.errors import (
    ChoiceRefusedError,
    ConflictError,
    ConsentMissingError,
    ForbiddenError,
    InvalidInputError,
    LicenceUnsoundError,
    NotFoundError,
    RepresentativeRequiredError,
    SignatureInvalidError,
    TermsContradictError,
)
from registry.services import (
    civil_status,
    licence_signing,
    licence_versions,
    licences,
    representatives,
    signing_keys,
    tokens,
)
from registry.services.licence_signing import OwnSignature
from registry.store.licence_versions import LicenceVersion
from registry.store.licences import Licence
from registry.vault.signing import canonical, public_jwks, read_jwks

PAPER = "e" * 64


def offered(registry: Registry, performer_id: str, studio: Principal, terms: LicenceTerms = TERMS) -> Licence:
    """Let a studio draft and offer a licence."""
    drafted = licences.draft_licence(
        registry.ctx,
        studio,
        performer_id=performer_id,
        studio_id=None,
        title="Spring",
        intended_use="One radio spot for a spring sale, with a copy of the voice.",
        terms=terms,
    )
    return licences.offer_licence(registry.ctx, studio, drafted.id)


@pytest.fixture
def sides(sqlite_registry: Registry) -> tuple[Principal, Principal, str]:
    """A studio, and a performer with an account who consents to licensing; the performer's id."""
    performer_id = sqlite_registry.performer()
    sqlite_registry.sign(performer_id, ConsentPurpose.LICENSING)
    performer = sqlite_registry.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    return sqlite_registry.studio(), performer, performer_id


def own_key(registry: Registry, who: Principal) -> Ed25519PrivateKey:
    """Register a key of somebody's own."""
    key = Ed25519PrivateKey.from_private_bytes(sha256(who.account_id.encode()).digest())
    public = key.public_key().public_bytes_raw()
    statement = key_registration(who.account_id, urlsafe_b64encode(public).rstrip(b"=").decode())
    signing_keys.register_key(registry.ctx, who, public_key=public, proof=key.sign(canonical(statement)))
    return key


def agreement(registry: Registry, who: Principal, licence: Licence) -> bytes:
    """What is to be signed of a licence's newest version."""
    number = licence.newest.number
    return canonical(licence_versions.agreement_of(registry.ctx, who, licence.id, number))


# --- whose key, and over what ----------------------------------------------------------------------------------------


def test_a_proof_made_for_another_account_registers_no_key(
    sqlite_registry: Registry, sides: tuple[Principal, Principal, str]
) -> None:
    studio, performer, _ = sides
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    statement = key_registration(studio.account_id, urlsafe_b64encode(public).rstrip(b"=").decode())
    with pytest.raises(SignatureInvalidError):
        signing_keys.register_key(
            sqlite_registry.ctx, performer, public_key=public, proof=key.sign(canonical(statement))
        )
    assert signing_keys.list_keys(sqlite_registry.ctx, performer) == []


@pytest.mark.parametrize("change", ["title", "number", "ends_on", "studio_id", "text_sha256"])
def test_a_signature_over_other_bytes_is_refused(
    sqlite_registry: Registry, sides: tuple[Principal, Principal, str], change: str
) -> None:
    studio, performer, performer_id = sides
    licence = offered(sqlite_registry, performer_id, studio)
    key = own_key(sqlite_registry, performer)
    other = json.loads(agreement(sqlite_registry, performer, licence))
    holder = other["terms"] if change in other["terms"] else other
    holder[change] = {"title": "Sprinh", "number": 2, "ends_on": "2027-12-31", "studio_id": "org_x"}.get(change, {})
    with pytest.raises(SignatureInvalidError) as caught:
        licence_signing.sign_licence(
            sqlite_registry.ctx, performer, licence.id, own=OwnSignature(key.sign(canonical(other)))
        )
    assert caught.value.figures["step"] == "signature"
    assert (
        caught.value.figures["agreement_sha256"] == sha256(agreement(sqlite_registry, performer, licence)).hexdigest()
    )
    assert licences.get_licence(sqlite_registry.ctx, performer, licence.id).newest.signatures == []


def test_a_signature_by_a_key_that_was_retired_or_never_registered_is_refused(
    sqlite_registry: Registry, sides: tuple[Principal, Principal, str]
) -> None:
    studio, performer, performer_id = sides
    licence = offered(sqlite_registry, performer_id, studio)
    content = agreement(sqlite_registry, performer, licence)
    own = OwnSignature(Ed25519PrivateKey.generate().sign(content))
    with pytest.raises(SignatureInvalidError):
        licence_signing.sign_licence(sqlite_registry.ctx, performer, licence.id, own=own)
    key = own_key(sqlite_registry, performer)
    (registered,) = signing_keys.list_keys(sqlite_registry.ctx, performer)
    signing_keys.retire_key(sqlite_registry.ctx, performer, registered.id)
    own = OwnSignature(key.sign(content))
    with pytest.raises(SignatureInvalidError) as caught:
        licence_signing.sign_licence(sqlite_registry.ctx, performer, licence.id, own=own)
    assert caught.value.figures["step"] == "key"


def test_nobody_retires_the_key_of_somebody_else(
    sqlite_registry: Registry, sides: tuple[Principal, Principal, str]
) -> None:
    studio, performer, _ = sides
    own_key(sqlite_registry, performer)
    (key,) = signing_keys.list_keys(sqlite_registry.ctx, performer)
    with pytest.raises(NotFoundError):
        signing_keys.retire_key(sqlite_registry.ctx, studio, key.id)


def test_who_keeps_their_own_key_is_never_signed_for(
    sqlite_registry: Registry, sides: tuple[Principal, Principal, str]
) -> None:
    studio, performer, performer_id = sides
    licence = offered(sqlite_registry, performer_id, studio)
    own_key(sqlite_registry, performer)
    with pytest.raises(InvalidInputError, match="own key"):
        licence_signing.sign_licence(sqlite_registry.ctx, performer, licence.id)


def test_what_was_read_must_be_what_is_signed(
    sqlite_registry: Registry, sides: tuple[Principal, Principal, str]
) -> None:
    studio, performer, performer_id = sides
    licence = offered(sqlite_registry, performer_id, studio)
    with pytest.raises(SignatureInvalidError) as caught:
        licence_signing.sign_licence(sqlite_registry.ctx, performer, licence.id, agreement_sha256="0" * 64)
    seen = str(caught.value.figures["agreement_sha256"])
    assert seen == sha256(agreement(sqlite_registry, performer, licence)).hexdigest()
    licence_signing.sign_licence(sqlite_registry.ctx, performer, licence.id, agreement_sha256=seen)


def test_both_sides_sign_with_keys_and_anybody_can_check_it_without_the_registry(
    sqlite_registry: Registry, sides: tuple[Principal, Principal, str]
) -> None:
    studio, performer, performer_id = sides
    licence = offered(sqlite_registry, performer_id, studio)
    key = own_key(sqlite_registry, performer)
    content = agreement(sqlite_registry, performer, licence)
    licence_signing.sign_licence(sqlite_registry.ctx, studio, licence.id)
    own = OwnSignature(key.sign(content), sha256(content).hexdigest())
    signed = licence_signing.sign_licence(sqlite_registry.ctx, performer, licence.id, own=own)
    assert signed.state is LicenceState.ACTIVE
    methods = {signature.side: signature.method for signature in signed.current.signatures}
    assert methods == {Side.STUDIO: SignatureMethod.REGISTRY_KEY, Side.PERFORMER: SignatureMethod.OWN_KEY}
    (kept,) = signing_keys.list_keys(sqlite_registry.ctx, studio)
    assert kept.custody is Custody.REGISTRY

    token = licence_versions.signed_licence(sqlite_registry.ctx, performer, licence.id)
    keys = read_jwks(json.dumps(public_jwks(sqlite_registry.ctx.keys)))
    found = licence_versions.verify_signed_licence(token, keys)
    assert found.is_proven
    assert found.terms == TERMS
    assert found.agreement_sha256 == sha256(content).hexdigest()


def test_a_stored_agreement_that_was_changed_afterwards_does_not_verify(
    sqlite_registry: Registry, sides: tuple[Principal, Principal, str]
) -> None:
    """Whoever has the database, and even the registry's key, cannot make two sides have signed something else."""
    studio, performer, performer_id = sides
    licence = offered(sqlite_registry, performer_id, studio)
    for side in (studio, performer):
        licence_signing.sign_licence(sqlite_registry.ctx, side, licence.id)
    with sqlite_registry.ctx.database.write() as session:
        session.execute(text("DROP TRIGGER licence_versions_kept_at_update"))
        session.execute(update(LicenceVersion).values(intended_use="Anything at all."))
        session.commit()
    token = licence_versions.signed_licence(sqlite_registry.ctx, performer, licence.id)
    keys = read_jwks(json.dumps(public_jwks(sqlite_registry.ctx.keys)))
    with pytest.raises(SignatureInvalidError) as caught:
        licence_versions.verify_signed_licence(token, keys)
    assert caught.value.figures["step"] == "agreement"


def test_a_text_that_was_changed_afterwards_does_not_verify(
    sqlite_registry: Registry, sides: tuple[Principal, Principal, str]
) -> None:
    studio, performer, performer_id = sides
    licence = offered(sqlite_registry, performer_id, studio)
    licence_signing.sign_licence(sqlite_registry.ctx, studio, licence.id)
    with sqlite_registry.ctx.database.write() as session:
        session.execute(update(LicenceVersion).values(texts={"en": "You may do anything.\n"}))
        session.commit()
    token = licence_versions.signed_licence(sqlite_registry.ctx, performer, licence.id)
    keys = read_jwks(json.dumps(public_jwks(sqlite_registry.ctx.keys)))
    with pytest.raises(SignatureInvalidError):
        licence_versions.verify_signed_licence(token, keys)


def test_paper_is_said_to_be_the_word_of_the_registry(
    sqlite_registry: Registry, sides: tuple[Principal, Principal, str]
) -> None:
    studio, _, performer_id = sides
    licence = offered(sqlite_registry, performer_id, studio)
    licence_signing.sign_licence(sqlite_registry.ctx, studio, licence.id)
    licence_signing.sign_licence(
        sqlite_registry.ctx, sqlite_registry.operator, licence.id, side=Side.PERFORMER, evidence_sha256=PAPER
    )
    token = licence_versions.signed_licence(sqlite_registry.ctx, studio, licence.id)
    found = licence_versions.verify_signed_licence(token, read_jwks(json.dumps(public_jwks(sqlite_registry.ctx.keys))))
    assert (found.by_key, found.by_word, found.is_proven) == ([Side.STUDIO], [Side.PERFORMER], False)


# --- who may sign, and what would stand ------------------------------------------------------------------------------


def test_a_side_signs_once_and_only_for_itself(
    sqlite_registry: Registry, sides: tuple[Principal, Principal, str]
) -> None:
    studio, _, performer_id = sides
    licence = offered(sqlite_registry, performer_id, studio)
    with pytest.raises(ForbiddenError):
        licence_signing.sign_licence(sqlite_registry.ctx, studio, licence.id, side=Side.PERFORMER)
    licence_signing.sign_licence(sqlite_registry.ctx, studio, licence.id)
    with pytest.raises(ConflictError):
        licence_signing.sign_licence(sqlite_registry.ctx, studio, licence.id)


def test_what_the_performer_says_never_to_is_not_licensed(sqlite_registry: Registry) -> None:
    performer_id = sqlite_registry.performer()
    choices = LicensingChoices.of({UsePurpose.VOICE_CLONE: Disposition.ALLOW, UsePurpose.DUBBING: Disposition.ALLOW})
    sqlite_registry.sign(performer_id, ConsentPurpose.LICENSING, choices=choices)
    with pytest.raises(ChoiceRefusedError) as caught:
        sqlite_registry.licence(performer_id, sqlite_registry.studio())
    assert caught.value.figures["uses"] == ["advertising"]


def test_without_consent_the_second_signature_is_refused_and_the_first_stays(sqlite_registry: Registry) -> None:
    performer_id = sqlite_registry.performer()
    with pytest.raises(ConsentMissingError):
        sqlite_registry.licence(performer_id, sqlite_registry.studio())
    (licence,) = licences.list_licences_of_performer(sqlite_registry.ctx, sqlite_registry.operator, performer_id)
    assert licence.state is LicenceState.OFFERED
    assert [signature.side for signature in licence.newest.signatures] == [Side.STUDIO]


def test_an_exclusive_licence_in_the_way_is_said_before_the_performer_signs_and_to_no_studio_that_asks_alone(
    sqlite_registry: Registry, sides: tuple[Principal, Principal, str]
) -> None:
    studio, _, performer_id = sides
    exclusive = replace(TERMS, exclusivity=Exclusivity.EXCLUSIVE)
    waiting = offered(sqlite_registry, performer_id, sqlite_registry.studio("Harbour"))
    sqlite_registry.licence(performer_id, studio, exclusive)
    meridian = sqlite_registry.studio("Meridian")
    alone = offered(sqlite_registry, performer_id, meridian)
    licence_signing.sign_licence(sqlite_registry.ctx, meridian, alone.id)
    with pytest.raises(ConflictError, match="exclusive"):
        licence_signing.sign_licence(
            sqlite_registry.ctx, sqlite_registry.operator, alone.id, side=Side.PERFORMER, evidence_sha256=PAPER
        )
    with pytest.raises(ConflictError, match="exclusive"):
        licence_signing.sign_licence(
            sqlite_registry.ctx, sqlite_registry.operator, waiting.id, side=Side.STUDIO, evidence_sha256=PAPER
        )


def test_terms_that_a_rule_would_not_let_stand_do_not_come_into_force(sqlite_registry: Registry) -> None:
    """GDPR art. 7(2): in Ireland, a consent that is hidden among other terms does not bind."""
    performer_id = sqlite_registry.performer()
    sqlite_registry.sign(performer_id, ConsentPurpose.LICENSING)
    with pytest.raises(LicenceUnsoundError) as caught:
        sqlite_registry.licence(performer_id, sqlite_registry.studio(), replace(TERMS, territories=frozenset({"IE"})))
    assert {"pack": "eu_gdpr", "rule": "consent_hidden_in_other_terms", "citation": "GDPR art. 7(2)"} in (
        caught.value.figures["findings"]
    )
    (licence,) = licences.list_licences_of_performer(sqlite_registry.ctx, sqlite_registry.operator, performer_id)
    assert licence.activated_at is None


def test_a_minor_is_signed_for_by_a_guardian_and_until_they_are_of_age(sqlite_registry: Registry) -> None:
    performer_id = sqlite_registry.performer("Mina Kay")
    today = sqlite_registry.clock().date()
    birth = today.replace(year=today.year - 17)
    guardian = sqlite_registry.principal(Role.REPRESENTATIVE, "Guardian")
    civil_status.record_birth_date(
        sqlite_registry.ctx, sqlite_registry.operator, performer_id, birth_date=birth, evidence_sha256=PAPER
    )
    representatives.appoint_representative(
        sqlite_registry.ctx,
        sqlite_registry.operator,
        performer_id,
        account_id=guardian.account_id,
        kind=RepresentativeKind.GUARDIAN,
        scopes=[Scope.CONSENTS_WRITE, Scope.LICENCES_WRITE, Scope.LICENCES_READ],
        expires_at=sqlite_registry.clock() + timedelta(days=300),
        evidence_sha256=PAPER,
    )
    studio, acting = sqlite_registry.studio(), _again(sqlite_registry, guardian)
    outlasting = offered(sqlite_registry, performer_id, studio)  # a studio alone is told nothing of the performer's age
    with pytest.raises(TermsContradictError, match="comes of age"):
        licence_signing.sign_licence(sqlite_registry.ctx, acting, outlasting.id)
    of_age = birth.replace(year=birth.year + 18)
    terms = replace(TERMS, circumstances=Circumstances(of_age_on=of_age))
    licence = offered(sqlite_registry, performer_id, studio, terms)
    minor = sqlite_registry.principal(Role.PERFORMER, "Mina Kay", performer_id=performer_id)
    with pytest.raises(RepresentativeRequiredError):
        licence_signing.sign_licence(sqlite_registry.ctx, minor, licence.id)
    licence_signing.sign_licence(sqlite_registry.ctx, acting, licence.id)
    assert licences.get_licence(sqlite_registry.ctx, acting, licence.id).newest.signature_of(Side.PERFORMER)


def _again(registry: Registry, who: Principal) -> Principal:
    """Somebody as they are now, with the mandates they were given since."""
    issued = tokens.issue_token(
        registry.ctx, registry.operator, account_id=who.account_id, name="again", scopes=None, ttl=timedelta(days=9)
    )
    return tokens.authenticate(registry.ctx, issued.text)


# --- amendments ------------------------------------------------------------------------------------------------------


def test_an_amendment_leaves_the_version_in_force_until_both_have_signed_the_next(
    sqlite_registry: Registry, sides: tuple[Principal, Principal, str]
) -> None:
    studio, performer, performer_id = sides
    licence = sqlite_registry.licence(performer_id, studio)
    wider = replace(TERMS, territories=frozenset({"GB", "AU"}))
    ctx = sqlite_registry.ctx
    with pytest.raises(InvalidInputError, match="something else"):
        licences.amend_licence(ctx, studio, licence.id, terms=TERMS)
    licences.amend_licence(ctx, studio, licence.id, terms=wider)
    with pytest.raises(ConflictError, match="still open"):
        licences.amend_licence(ctx, performer, licence.id, title="Other")
    with pytest.raises(ConflictError, match="offered"):
        licence_signing.sign_licence(ctx, studio, licence.id)
    licences.offer_licence(ctx, studio, licence.id)
    licence_signing.sign_licence(ctx, studio, licence.id)
    waiting = licences.get_licence(ctx, studio, licence.id)
    assert (waiting.number, waiting.terms(), waiting.state) == (1, TERMS, LicenceState.ACTIVE)
    sqlite_registry.clock.move(days=2)
    amended = licence_signing.sign_licence(ctx, performer, licence.id)
    assert (amended.number, amended.terms()) == (2, wider)
    value = amended.value()
    assert value.terms_on(sqlite_registry.clock().date()) == wider
    assert value.terms_on(sqlite_registry.clock().date() - timedelta(days=1)) == TERMS


def test_an_amendment_that_begins_later_would_permit_nothing_until_then_and_is_refused(
    sqlite_registry: Registry, sides: tuple[Principal, Principal, str]
) -> None:
    studio, performer, performer_id = sides
    ctx, tomorrow = sqlite_registry.ctx, sqlite_registry.clock().date() + timedelta(days=1)
    licence = sqlite_registry.licence(performer_id, studio)
    licences.amend_licence(ctx, studio, licence.id, terms=replace(TERMS, starts_on=tomorrow))
    with pytest.raises(TermsContradictError, match="second signature") as caught:
        licences.offer_licence(ctx, studio, licence.id)
    assert caught.value.figures["starts_on"] == tomorrow.isoformat()
    assert licences.get_licence(ctx, studio, licence.id).terms() == TERMS
    sqlite_registry.clock.move(days=1)
    licences.offer_licence(ctx, studio, licence.id)
    licence_signing.sign_licence(ctx, studio, licence.id)
    assert licence_signing.sign_licence(ctx, performer, licence.id).number == 2


def test_an_amendment_can_be_taken_back_and_what_is_in_force_stays(
    sqlite_registry: Registry, sides: tuple[Principal, Principal, str]
) -> None:
    studio, performer, performer_id = sides
    licence = sqlite_registry.licence(performer_id, studio)
    with pytest.raises(ConflictError):
        licences.withdraw_amendment(sqlite_registry.ctx, studio, licence.id)
    licences.amend_licence(sqlite_registry.ctx, studio, licence.id, title="Spring and summer")
    licences.withdraw_amendment(sqlite_registry.ctx, performer, licence.id)
    kept = licences.get_licence(sqlite_registry.ctx, studio, licence.id)
    assert (kept.title, kept.number, kept.newest.number) == ("Spring", 1, 2)
    with pytest.raises(ConflictError):
        licence_signing.sign_licence(sqlite_registry.ctx, studio, licence.id)


def test_an_amendment_does_not_outlive_the_revocation_of_its_licence(
    sqlite_registry: Registry, sides: tuple[Principal, Principal, str]
) -> None:
    from registry.services.licence_course import revoke_licence

    studio, performer, performer_id = sides
    licence = sqlite_registry.licence(performer_id, studio)
    licences.amend_licence(sqlite_registry.ctx, studio, licence.id, title="Spring and summer")
    licences.offer_licence(sqlite_registry.ctx, studio, licence.id)
    revoke_licence(sqlite_registry.ctx, performer, licence.id)
    for side in (studio, performer):
        with pytest.raises(ConflictError):
            licence_signing.sign_licence(sqlite_registry.ctx, side, licence.id)
