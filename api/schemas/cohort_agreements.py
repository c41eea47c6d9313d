"""Agreeing to be one of many that a voice in dispute is compared with."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Body, Moment, Page, Sha256
from api.schemas.case_analyses import CriteriaOut, DescriptionBody
from api.schemas.examples import Example
from api.schemas.explanation_texts import TextId
from registry.domain.cohorts import Description
from registry.domain.cohorts.texts import CohortText
from registry.domain.consents import SignedAs
from registry.store.cohort_agreements import CohortAgreement

_DESCRIPTION: Example = {"language": "ko", "sex": "female", "age_band": "30_to_44", "accent": None}
_TEXT: Example = {
    "id": "cohort.en.v1",
    "language": "en",
    "text": "# One of many voices\n\nYou are being asked whether your voiceprint may be one of many …",
    "text_sha256": examples.DIGEST,
    "questions": [{"number": 1, "question": "How do you end it?", "options": ["With one action", "I cannot"]}],
}
_NEW: Example = {
    "text_id": "cohort.ko.v1",
    "text_sha256": examples.DIGEST,
    "answers": [2, 3, 1],
    "description": _DESCRIPTION,
}
_EXAMPLE: Example = {
    "id": examples.COHORT_AGREEMENT,
    "performer_id": examples.PERFORMER,
    "text_id": "cohort.ko.v1",
    "text_sha256": examples.DIGEST,
    "description": _DESCRIPTION,
    "signed_as": "performer",
    "agreed_at": examples.NOW,
    "expires_at": None,
    "ended_at": None,
}


class CohortQuestionOut(Answer):
    """One question; which answer is right is not said before it is answered."""

    number: int
    question: str
    options: list[str]


class CohortTextOut(Answer):
    """What is said to somebody before they agree, and what they are asked then."""

    model_config = ConfigDict(json_schema_extra={"examples": [_TEXT]})

    id: str
    language: str
    text: str
    text_sha256: str
    questions: list[CohortQuestionOut]

    @classmethod
    def of(cls, text: CohortText) -> CohortTextOut:
        """Describe a text."""
        questions = [
            CohortQuestionOut(number=number, question=each.question, options=list(each.options))
            for number, each in enumerate(text.questions, 1)
        ]
        return cls(
            id=text.id, language=text.language, text=text.text, text_sha256=text.text_sha256, questions=questions
        )


class CohortTextPage(Page):
    """Every text, in the order of their names."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_TEXT], "next_cursor": None}]})

    items: list[CohortTextOut]


class NewCohortAgreement(Body):
    """That a performer agrees, after which text, and what they say of their voice."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW]})

    text_id: TextId
    text_sha256: Sha256
    answers: list[Annotated[int, Field(ge=1, le=20)]] = Field(
        min_length=1, max_length=20, description="To the questions in their order, each by the number of the option."
    )
    description: DescriptionBody = Field(
        default=DescriptionBody(), description="What they say of their voice; none of it has to be said."
    )
    signature_evidence_sha256: Sha256 | None = Field(
        default=None, description="Of the signed document, where an operator writes down what somebody has signed."
    )

    def described(self) -> Description:
        """Answer what they say of their voice, as the rules have it."""
        return Description(**self.description.model_dump())


class CohortAgreementOut(Answer):
    """An agreement to be one of many. Once it has ended, nothing is kept of what was said of the voice."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    performer_id: str
    text_id: str
    text_sha256: str
    description: CriteriaOut | None
    signed_as: SignedAs
    agreed_at: Moment
    expires_at: Moment | None = Field(description="When it ends by itself: as a minor comes of age.")
    ended_at: Moment | None

    @classmethod
    def of(cls, agreement: CohortAgreement) -> CohortAgreementOut:
        """Describe an agreement."""
        said = agreement.description
        own = {name: getattr(agreement, name) for name in cls.model_fields if name != "description"}
        return cls(**own, description=None if said is None else CriteriaOut.model_validate(Description.of_json(said)))


class CohortAgreementPage(Page):
    """The agreements of a performer, the ended ones too, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[CohortAgreementOut]
