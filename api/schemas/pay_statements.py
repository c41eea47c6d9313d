"""Pay statements: what became due and was settled in a period, for one side."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Moment, Path, Query
from api.schemas.examples import Example
from registry.domain.ledger import EntryKind
from registry.domain.pay_statements import PartyKind
from registry.domain.time_zones import DEFAULT, zone_called
from registry.domain.usage import Period
from registry.domain.uses import Medium, UsageUnit, UseMode
from registry.errors import InvalidInputError
from registry.interchange.pay_statements import FORMAT, VERSION

_LINE: Example = {
    "entry_id": examples.LEDGER_ENTRY,
    "posted_at": examples.NOW,
    "kind": "usage",
    "licence_id": examples.LICENCE,
    "counterpart_id": examples.ORGANISATION,
    "amount_minor": 1250,
    "due_on": "2026-04-01",
    "use": {
        "unit": "second",
        "medium": "radio",
        "use_mode": "fixed",
        "quantity": "12.5",
        "used_from": "2026-03-02",
        "used_to": "2026-03-02",
        "exact_minor": "1250",
        "source_id": examples.FINDING,
    },
    "reverses_id": None,
    "reason": None,
}
_STATEMENT: Example = {
    "format": FORMAT,
    "version": VERSION,
    "party": "performer",
    "party_id": examples.PERFORMER,
    "starts_on": "2026-03-01",
    "ends_on": "2026-03-31",
    "time_zone": "UTC",
    "drawn_at": examples.NEXT_YEAR,
    "is_final": True,
    "sections": [
        {
            "currency": "GBP",
            "opening_minor": 0,
            "lines": [_LINE],
            "totals_minor": {"usage": 1250},
            "closing_minor": 1250,
        }
    ],
    "titles": {examples.LICENCE: "Spring campaign"},
    "names": {examples.PERFORMER: "Marta Calder", examples.ORGANISATION: "Northlight Games"},
}


class StatementFormat(StrEnum):
    """How a statement is written down."""

    JSON = "json"
    CSV = "csv"
    HTML = "html"


class StatementLanguage(StrEnum):
    """Languages of the HTML."""

    EN = "en"
    KO = "ko"


class StudioPath(Path):
    """Which studio."""

    studio_id: str = Field(examples=[examples.ORGANISATION])


class StatementQuery(Query):
    """Which days, in which form."""

    starts_on: date = Field(description="First day.", examples=["2026-03-01"])
    ends_on: date = Field(description="Last day, included.", examples=["2026-03-31"])
    time_zone: str = Field(
        default=DEFAULT,
        max_length=64,
        description="By whose clocks the days begin and end: a name of IANA's database.",
        examples=["Asia/Seoul"],
    )
    format: StatementFormat = StatementFormat.JSON
    language: StatementLanguage = Field(default=StatementLanguage.EN, description="Of the HTML.")

    def period(self) -> Period:
        """Answer the days.

        Raises:
            InvalidInputError: they end before they start.
        """
        return Period(self.starts_on, self.ends_on)

    def zone(self) -> ZoneInfo:
        """Answer by whose clocks they begin and end.

        Raises:
            InvalidInputError: there is no such zone.
        """
        found = zone_called(self.time_zone)
        if found is None:
            raise InvalidInputError("there is no such time zone", time_zone=self.time_zone)
        return found


class StatementUse(Answer):
    """The use behind a line."""

    unit: UsageUnit
    medium: Medium
    use_mode: UseMode
    quantity: str = Field(description="In units, exactly.")
    used_from: date
    used_to: date
    exact_minor: str = Field(description="Its exact price, as a fraction; the line has it rounded.")
    source_id: str = Field(description="The finding that measured it, or the report that told of it.")


class StatementLineOut(Answer):
    """One entry of the ledger, as it changes what is due."""

    entry_id: str
    posted_at: Moment
    kind: EntryKind
    licence_id: str
    counterpart_id: str = Field(description="The studio for a performer, the performer for a studio.")
    amount_minor: int = Field(description="What it adds to what is due; negative takes away.")
    due_on: date | None
    use: StatementUse | None
    reverses_id: str | None
    reason: str | None


class StatementSection(Answer):
    """A statement in one currency: opening + lines = closing."""

    currency: str
    opening_minor: int
    lines: list[StatementLineOut]
    totals_minor: dict[str, int] = Field(description="What the lines of each kind add up to.")
    closing_minor: int


class PayStatementOut(Answer):
    """What became due and was settled in a period."""

    model_config = ConfigDict(json_schema_extra={"examples": [_STATEMENT]})

    format: str = Field(description=f"`{FORMAT}`.")
    version: int = Field(description="Of the format; it only grows.")
    party: PartyKind
    party_id: str
    starts_on: date
    ends_on: date
    time_zone: str = Field(description="By whose clocks the days begin and end.")
    drawn_at: Moment
    is_final: bool = Field(description="Whether its days are over, so that it will never read otherwise.")
    sections: list[StatementSection]
    titles: dict[str, str] = Field(description="Of the licences named, by id.")
    names: dict[str, str] = Field(description="Of the party and its counterparts, by id.")
