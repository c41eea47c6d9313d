"""Notices: what one has to contain, what it says, and the steps that it takes."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from api.paging import PageQuery
from api.schemas import examples
from api.schemas.base import (
    Answer,
    Body,
    CasePaperId,
    Line,
    Moment,
    Note,
    PackId,
    Page,
    Path,
    Prose,
    Sha256,
    Version,
    omissible,
)
from api.schemas.examples import Example
from api.schemas.reviews import ConsideredIn
from registry.domain.cases import CaseSide
from registry.domain.notice_document import MOST_MATERIALS, Material, missing_elements
from registry.domain.notices import (
    NoticeState,
    PutBackGround,
    SendBackGround,
    ServedBy,
    WithdrawalGround,
)
from registry.domain.reviews import Exclusion
from registry.domain.rules.notice_packs import (
    notice_pack,
)
from registry.domain.rules.packs import Standing
from registry.domain.terms_limits import LONGEST_PROSE, PRINTABLE
from registry.errors import InvalidInputError
from registry.services.notice_course import Service
from registry.services.notice_drafts import Draft
from registry.services.notices import ShownNotice

MOST_ELEMENTS = 50

Key = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,50}$"), Field(description="Of an element of the pack.")]
ElementText = Annotated[str, StringConstraints(max_length=LONGEST_PROSE, pattern=PRINTABLE)]

_CONSIDERED: list[Example] = [
    {"exclusion": each.value, "applies": False, "reason": "It is a product that people talk to."} for each in Exclusion
]
_DRAFT: Example = {
    "elements": [
        {"key": "signature", "text": "Jo Arden, agent, for Marta Calder"},
        {"key": "contact", "text": "desk@agency.example"},
        {"key": "links", "text": "There are none beside the product's own page."},
    ],
    "affirmed": ["good_faith", "authority"],
    "materials": [
        {"what": "The voice of the assistant", "location": "https://northlight.example/voice-2", "sha256": None}
    ],
    "considered": _CONSIDERED,
}
_NEW: Example = {"pack_id": "us_no_fakes_2025", "language": "en", **_DRAFT}
_EXAMPLE: Example = {
    "id": examples.NOTICE,
    "case_id": examples.CASE,
    "performer_id": examples.PERFORMER,
    "studio_id": examples.ORGANISATION,
    "pack_id": "us_no_fakes_2025",
    "pack_edition": 1,
    "pack_sha256": examples.DIGEST,
    "standing": "pending",
    "language": "en",
    "state": "complete",
    "state_since": examples.NOW,
    "due_at": None,
    "put_back_at": None,
    **_DRAFT,
    "missing": [],
    "document_sha256": examples.DIGEST,
    "page_sha256": examples.DIGEST,
    "proposal_id": examples.CASE_PROPOSAL,
    "drafted_by": examples.ACCOUNT,
    "drafted_for": "complainant",
    "drafted_at": examples.NOW,
    "completed_by": examples.ACCOUNT,
    "served_at": None,
    "court_action_on": None,
    "ground": None,
    "version": 2,
}
_STEP: Example = {
    "number": 1,
    "step": "complete",
    "state": "complete",
    "side": "complainant",
    "reason": "It is all there.",
    "details": {"document_sha256": examples.DIGEST},
    "taken_by": examples.ACCOUNT,
    "taken_at": examples.NOW,
}


class NoticePath(Path):
    """Which notice."""

    notice_id: str = Field(examples=[examples.NOTICE])


class NoticeQuery(PageQuery):
    """Which notices."""

    state: NoticeState | None = omissible(description="Only notices in this state.")


# --- what is drafted -------------------------------------------------------------------------------------------------


class ElementIn(Body):
    """What is written for an element that takes text."""

    key: Key
    text: ElementText = Field(description="An empty one takes out what is there.")


class MaterialIn(Body):
    """One thing that a notice is about."""

    what: Line = Field(description="What it is.")
    location: Note = Field(description="Where it is: an address, a place in a product.")
    sha256: Sha256 | None = Field(
        default=None, description="Of the recording, where it is one of a finding or a paper of the case."
    )


Elements = Annotated[list[ElementIn], Field(max_length=MOST_ELEMENTS, description="What is written, by element.")]
Affirmed = Annotated[list[Key], Field(max_length=MOST_ELEMENTS, description="Statements that the claimant makes.")]
Materials = Annotated[list[MaterialIn], Field(max_length=MOST_MATERIALS, description="What it is about, and where.")]
ConsideredAll = Annotated[
    list[ConsideredIn], Field(max_length=len(Exclusion), description="Uses that need nobody's leave, as considered.")
]


class NoticeDraft(Body):
    """What a notice is to say; what is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [_DRAFT]})

    elements: Elements | None = None
    affirmed: Affirmed | None = None
    materials: Materials | None = None
    considered: ConsideredAll | None = None

    def value(self) -> Draft:
        """Answer it as the verb takes it.

        Raises:
            InvalidInputError: an element is given twice.
        """
        keys = [each.key for each in self.elements or ()]
        if len(set(keys)) < len(keys):
            raise InvalidInputError("an element is given twice", elements=sorted(keys))
        return Draft(
            elements=None if self.elements is None else {each.key: each.text for each in self.elements},
            affirmed=self.affirmed,
            materials=None
            if self.materials is None
            else [Material(each.what, each.location, each.sha256) for each in self.materials],
            considered=None if self.considered is None else [each.value() for each in self.considered],
        )


class NewNotice(NoticeDraft):
    """A notice that is drafted from a case. What the case knows is filled in."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW]})

    pack_id: PackId
    language: Literal["en", "ko"] = Field(default="en", description="That the notice is in.")


class Completion(Body):
    """That a notice says all that it has to."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "It is all there."}]})

    reason: Prose


class SendingBack(Body):
    """Why a notice is not let go."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ground": "unclear", "reason": "The address leads nowhere."}]}
    )

    ground: SendBackGround
    reason: Prose


class NoticeReview(Body):
    """That whoever read these bytes says, in good faith, that they may go."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "document_sha256": examples.DIGEST,
                    "evidence_seen": "The comparison, both statements, and the page itself.",
                    "reason": "What it says is what the case shows.",
                }
            ]
        }
    )

    document_sha256: Sha256 = Field(description="Of what you have read: `document_sha256` of the notice.")
    evidence_seen: Prose = Field(description="What of the case you have looked at.")
    reason: Prose


class ServiceIn(Body):
    """That somebody has served a notice. The registry serves nobody."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "served_to": "Legal department of Northlight Games",
                    "served_by": "email",
                    "served_at": examples.NOW,
                    "sent_sha256": examples.DIGEST,
                    "reason": "Sent from the agency's address; receipt confirmed.",
                }
            ]
        }
    )

    served_to: Line
    served_by: ServedBy
    served_at: Moment
    sent_sha256: Sha256 = Field(description="Of the bytes that were sent: the document that was reviewed, or its page.")
    reason: Prose

    def value(self) -> Service:
        """Answer it as the verb takes it."""
        return Service(self.served_to, self.served_by, self.served_at, self.sent_sha256, self.reason)


class CounterIn(Body):
    """What whoever was served says to it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "The voice is our own actor's, whom we named.", "notarised": None}]}
    )

    text: Prose = Field(description="The counter-statement. It is filed in the case, and the other side reads it.")
    notarised: bool | None = Field(default=None, description="Whether it was made before a notary.")
    new_paper_id: CasePaperId | None = Field(
        default=None, description="What you have filed in the case since the notice was upheld, where it was."
    )


class CourtActionIn(Body):
    """That the claimant has filed an action."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"reference": "1:26-cv-01234", "filed_on": "2026-03-02", "reason": "Filed by our counsel."}]
        }
    )

    reference: Line
    filed_on: date
    reason: Prose


class Upholding(Body):
    """Why a notice is upheld that was countered."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Decided anew, as before."}]})

    reason: Prose


class PuttingBack(Body):
    """Why what a notice took down may be shown again."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ground": "mistake", "reason": "It was about another product."}]}
    )

    ground: PutBackGround
    reason: Prose


class NoticeWithdrawal(Body):
    """Why a notice is taken back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ground": "settled", "reason": "We have agreed."}]})

    ground: WithdrawalGround
    reason: Prose


# --- what is shown ---------------------------------------------------------------------------------------------------


class NoticeOut(Answer):
    """A notice. Whoever it is for is shown what it says once it was served."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    case_id: str
    performer_id: str
    studio_id: str
    pack_id: str
    pack_edition: int
    pack_sha256: str
    standing: Standing = Field(description="Of the law that the form follows; `pending` is no law.")
    language: str
    state: NoticeState
    state_since: Moment
    due_at: Moment | None = Field(description="When the time of this state is over, where it has one.")
    put_back_at: Moment | None = Field(description="From when it may be put back, where the pack has such a term.")
    elements: list[ElementIn] | None
    affirmed: list[str] | None
    materials: list[MaterialIn] | None
    considered: list[ConsideredIn] | None
    missing: list[str] | None = Field(description="Elements that are not there yet.")
    document_sha256: str | None = Field(description="Of `/document`, once it is complete: what is read and served.")
    page_sha256: str | None = Field(description="Of `/page`, which says the same.")
    proposal_id: str | None = Field(description="The conclusion of the case that it rests on.")
    drafted_by: str
    drafted_for: CaseSide
    drafted_at: Moment
    completed_by: str | None
    served_at: Moment | None
    court_action_on: date | None
    ground: str | None = Field(description="Why it was put back or withdrawn.")
    version: Version

    @classmethod
    def of(cls, shown: ShownNotice) -> NoticeOut:
        """Describe a notice, as far as it is shown."""
        notice, pack = shown.notice, notice_pack(shown.notice.pack_id)
        plain = {name: getattr(notice, name) for name in cls.model_fields if name not in {"missing", "standing"}}
        said: dict[str, Any] = {"elements": None, "affirmed": None, "materials": None, "considered": None}
        missing = None
        if shown.whole:
            said = {
                "elements": [ElementIn(key=key, text=text) for key, text in sorted(notice.elements.items())],
                "affirmed": notice.affirmed,
                "materials": [MaterialIn.model_validate(each) for each in notice.materials],
                "considered": [ConsideredIn.model_validate(each) for each in notice.considered],
            }
            missing = list(missing_elements(pack, notice.elements, notice.affirmed, notice.about()))
        return cls(**plain | said, missing=missing, standing=pack.standing)


class NoticePage(Page):
    """Notices."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[NoticeOut]


class NoticeStepOut(Answer):
    """One step that a notice took, and what whoever took it says of it."""

    number: int
    step: str
    state: NoticeState
    side: CaseSide
    reason: str
    details: dict[str, Any]
    taken_by: str
    taken_at: Moment


class NoticeStepPage(Page):
    """Every step that a notice took, in order."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_STEP], "next_cursor": None}]})

    items: list[NoticeStepOut]
