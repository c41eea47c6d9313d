"""Versions of a licence: what each says, what is signed of it, and the file that proves both signatures elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from registry.domain.accounts import Principal
from registry.domain.licences import Side
from registry.domain.signatures import SignatureMethod
from registry.domain.terms import LicenceTerms
from registry.domain.terms_document import Json, document_sha256
from registry.errors import InvalidInputError, NotFoundError, SignatureInvalidError
from registry.interchange.odrl import PolicyParties, odrl_of
from registry.interchange.signed_licences import TOKEN_TYPE, SideSignature, SignedLicence
from registry.services.context import Context
from registry.services.licences import get_licence, human_texts
from registry.store.accounts import Organisation
from registry.store.licence_versions import LicenceSignature, LicenceVersion
from registry.store.performers import Performer
from registry.vault.signing import PublicKeys, canonical, require_signed_bytes, sign, verify


def list_versions(ctx: Context, principal: Principal, licence_id: str) -> Sequence[LicenceVersion]:
    """Answer every version of a licence, oldest first: to its parties, or an operator.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    return get_licence(ctx, principal, licence_id).versions


def get_version(ctx: Context, principal: Principal, licence_id: str, number: int | None = None) -> LicenceVersion:
    """Answer one version; without a number, the one that counts: in force, or the newest while none is.

    Raises:
        NotFoundError: no such licence that the caller may know of, or no such version.
    """
    licence = get_licence(ctx, principal, licence_id)
    if number is None:
        return licence.current
    if not 1 <= number <= len(licence.versions):
        raise NotFoundError(f"the licence has no version {number}", number=number)
    return licence.versions[number - 1]


def texts_of_version(ctx: Context, version: LicenceVersion) -> dict[str, str]:
    """Answer the human text in each language: as it was offered, or of a draft as it would be now."""
    return texts_of_versions(ctx, [version])[0]


def texts_of_versions(ctx: Context, versions: Sequence[LicenceVersion]) -> list[dict[str, str]]:
    """Answer the human texts of several versions of one licence, in their order."""
    with ctx.database.read() as session:
        drafts = [version for version in versions if not version.texts]
        # as long as they are held here, the session asks for each once, however many versions there are
        _held = (
            {session.get(Performer, each.performer_id) for each in drafts},
            {session.get(Organisation, each.studio_id) for each in drafts},
        )
        return [human_texts(session, version) for version in versions]


def text_of(
    ctx: Context, principal: Principal, licence_id: str, *, language: str, number: int | None = None
) -> tuple[LicenceVersion, str]:
    """Answer a version and its human text in a language.

    Raises:
        NotFoundError: no such licence that the caller may know of, or no such version.
        InvalidInputError: there is no text in that language; figure ``languages``.
    """
    version = get_version(ctx, principal, licence_id, number)
    texts = texts_of_version(ctx, version)
    if language not in texts:
        raise InvalidInputError(f"there is no text in {language}", languages=sorted(texts))
    return version, texts[language]


def agreement_of(ctx: Context, principal: Principal, licence_id: str, number: int | None = None) -> Json:
    """Answer what both sides sign of a version; of one that was not offered yet, what they would sign now.

    Raises:
        NotFoundError: no such licence that the caller may know of, or no such version.
    """
    version = get_version(ctx, principal, licence_id, number)
    return agreement_with_texts(version, texts_of_version(ctx, version))


def agreement_with_texts(version: LicenceVersion, texts: dict[str, str]) -> Json:
    """Answer the agreement of a version with the digests of these texts, where it has none of its own yet."""
    agreement = version.agreement().as_json()
    if version.offered_at is None:
        agreement["text_sha256"] = {each: sha256(text.encode()).hexdigest() for each, text in texts.items()}
    return agreement


def odrl_of_version(ctx: Context, principal: Principal, licence_id: str, number: int | None = None) -> Json:
    """Answer a version as an ODRL agreement, or as an offer while it is none.

    Raises:
        NotFoundError: no such licence that the caller may know of, or no such version.
    """
    version = get_version(ctx, principal, licence_id, number)
    parties = PolicyParties(
        licence_id=version.licence_id,
        number=version.number,
        performer_id=version.performer_id,
        studio_id=version.studio_id,
        agreed=version.in_force_at is not None,
    )
    return odrl_of(version.terms(), parties)


def signed_licence(ctx: Context, principal: Principal, licence_id: str, number: int | None = None) -> str:
    """Answer a version with its signatures and its texts as one compact JWS, signed by the registry.

    Raises:
        NotFoundError: no such licence that the caller may know of, or no such version.
    """
    version = get_version(ctx, principal, licence_id, number)
    whole = SignedLicence(
        agreement=version.agreement().as_json(),
        signatures=tuple(_side_signature(signature) for signature in version.signatures),
        texts=version.texts,
        in_force_at=version.in_force_at,
        issued_at=ctx.clock(),
    )
    return sign(ctx.keys, whole.claims(), typ=TOKEN_TYPE)


def _side_signature(signature: LicenceSignature) -> SideSignature:
    return SideSignature(
        side=signature.side,
        method=signature.method,
        signed_at=signature.signed_at,
        signed_by=signature.signed_by,
        agreement_sha256=signature.agreement_sha256,
        public_key=signature.public_key,
        signature=signature.signature,
        evidence_sha256=signature.evidence_sha256,
    )


# --- without a registry ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VerifiedLicence:
    """What a signed licence says, once everything in it that can be checked was checked.

    Attributes:
        licence: as it was read.
        terms: of the agreement.
        agreement_sha256: digest of its canonical bytes.
        by_key: sides whose own Ed25519 signature was checked and holds.
        by_word: sides that signed on paper, or before signatures were made: the registry says so, and nothing else.
        missing: sides that have not signed.
    """

    licence: SignedLicence
    terms: LicenceTerms
    agreement_sha256: str
    by_key: Sequence[Side]
    by_word: Sequence[Side]
    missing: Sequence[Side]

    @property
    def is_proven(self) -> bool:
        """Whether both sides have signed with a key."""
        return len(self.by_key) == len(Side)


def verify_signed_licence(token: str, public_keys: PublicKeys) -> VerifiedLicence:
    """Check a signed licence without a registry: nothing but the file, and the registry's public keys.

    1. The registry's signature over the whole holds.
    2. The file is of a version that is known, and its terms can be read.
    3. The human texts are those whose digests the agreement holds.
    4. No side has signed twice.
    5. Every signature that was made with a key holds over the canonical bytes of the agreement, and names its digest.

    Raises:
        SignatureInvalidError: 1, 3, 4 or 5 does not hold; figure ``step``.
        InvalidInputError: 2 does not hold.
    """
    licence = SignedLicence.of_claims(verify(token, public_keys, typ=TOKEN_TYPE))
    terms = licence.terms()
    digests = {language: sha256(text.encode()).hexdigest() for language, text in licence.texts.items()}
    if digests != licence.agreement.get("text_sha256"):
        raise SignatureInvalidError("the texts are not those that the agreement names", step="texts")
    signed = {signature.side: signature for signature in licence.signatures}
    if len(signed) < len(licence.signatures):
        raise SignatureInvalidError("a side has signed twice", step="sides")
    digest = document_sha256(licence.agreement)
    for signature in licence.signatures:
        _require_holds(signature, canonical(dict(licence.agreement)), digest)
    with_key = {SignatureMethod.OWN_KEY, SignatureMethod.REGISTRY_KEY}
    return VerifiedLicence(
        licence=licence,
        terms=terms,
        agreement_sha256=digest,
        by_key=[side for side in Side if side in signed and signed[side].method in with_key],
        by_word=[side for side in Side if side in signed and signed[side].method not in with_key],
        missing=[side for side in Side if side not in signed],
    )


def _require_holds(signature: SideSignature, content: bytes, digest: str) -> None:
    if signature.agreement_sha256 not in {None, digest}:
        raise SignatureInvalidError(f"the {signature.side.value} has signed something else", step="agreement")
    if signature.method not in {SignatureMethod.OWN_KEY, SignatureMethod.REGISTRY_KEY}:
        return
    if signature.public_key is None or signature.signature is None or signature.agreement_sha256 is None:
        raise SignatureInvalidError(f"the signature of the {signature.side.value} is missing", step="signature")
    require_signed_bytes(signature.public_key, signature.signature, content)
