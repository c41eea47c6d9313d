"""Versions of licences, and the signatures on them. Neither is ever deleted: the history stays readable."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from registry.domain.licences import Side
from registry.domain.signatures import Agreement, SignatureMethod
from registry.domain.terms import LicenceTerms
from registry.domain.terms_reading import terms_of_json
from registry.store.base import Base
from registry.store.types import Bytes, Id, Json, Sha256, UtcDateTime, text_enum


class LicenceVersion(Base):
    """One version of the terms of a licence. It changes only while it is a draft; what was offered stands.

    ``texts`` holds the human text as both sides read it, by language. It is kept, not made anew: a later release may
    word it otherwise. Versions from before there was one have none.
    """

    __tablename__ = "licence_versions"

    licence_id: Mapped[str] = mapped_column(ForeignKey("licences.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"))
    studio_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    title: Mapped[str] = mapped_column(String(200))
    intended_use: Mapped[str] = mapped_column(Text)
    terms_document: Mapped[dict[str, object]] = mapped_column(Json)
    terms_sha256: Mapped[str] = mapped_column(Sha256)
    texts: Mapped[dict[str, str]] = mapped_column(Json)
    created_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    offered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    in_force_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    declined_by: Mapped[str | None] = mapped_column(Id)
    declined_reason: Mapped[str | None] = mapped_column(String(500))

    signatures: Mapped[list[LicenceSignature]] = relationship(
        order_by="LicenceSignature.signed_at", lazy="selectin", back_populates="signed"
    )

    __table_args__ = (
        CheckConstraint("number >= 1", name="number_from_one"),
        CheckConstraint("length(terms_sha256) = 64", name="terms_have_a_digest"),
        CheckConstraint("in_force_at IS NULL OR offered_at IS NOT NULL", name="in_force_once_offered"),
        CheckConstraint("in_force_at IS NULL OR withdrawn_at IS NULL", name="withdrawn_unless_in_force"),
    )

    @property
    def is_open(self) -> bool:
        """Whether it may still come into force."""
        return self.in_force_at is None and self.withdrawn_at is None

    def terms(self) -> LicenceTerms:
        """Answer the terms as the rules take them."""
        return terms_of_json(self.terms_document)

    def agreement(self) -> Agreement:
        """Answer what both sides sign."""
        return Agreement(
            licence_id=self.licence_id,
            number=self.number,
            performer_id=self.performer_id,
            studio_id=self.studio_id,
            title=self.title,
            intended_use=self.intended_use,
            terms=self.terms_document,
            text_sha256={language: sha256(text.encode()).hexdigest() for language, text in self.texts.items()},
        )

    def signature_of(self, side: Side) -> LicenceSignature | None:
        """Answer the signature of a side, or None while it has not signed."""
        return next((signature for signature in self.signatures if signature.side is side), None)


class LicenceSignature(Base):
    """The signature of one side on one version. Written once, never changed."""

    __tablename__ = "licence_signatures"

    licence_id: Mapped[str] = mapped_column(Id, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    side: Mapped[Side] = mapped_column(text_enum(Side), primary_key=True)
    method: Mapped[SignatureMethod] = mapped_column(text_enum(SignatureMethod))
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    signed_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    agreement_sha256: Mapped[str | None] = mapped_column(Sha256)
    key_id: Mapped[str | None] = mapped_column(ForeignKey("signing_keys.id"))
    public_key: Mapped[bytes | None] = mapped_column(Bytes)
    signature: Mapped[bytes | None] = mapped_column(Bytes)
    evidence_sha256: Mapped[str | None] = mapped_column(Sha256)

    signed: Mapped[LicenceVersion] = relationship(back_populates="signatures")

    __table_args__ = (
        ForeignKeyConstraint(["licence_id", "number"], ["licence_versions.licence_id", "licence_versions.number"]),
        CheckConstraint(
            "(method IN ('own_key', 'registry_key')) = (signature IS NOT NULL)", name="signature_where_one_was_made"
        ),
        CheckConstraint(
            "(signature IS NULL) = (key_id IS NULL) AND (signature IS NULL) = (public_key IS NULL)",
            name="signature_with_its_key",
        ),
        CheckConstraint("signature IS NULL OR agreement_sha256 IS NOT NULL", name="signature_of_something"),
        CheckConstraint("(method = 'paper') = (evidence_sha256 IS NOT NULL)", name="evidence_of_paper"),
    )
