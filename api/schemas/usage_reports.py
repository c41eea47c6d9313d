"""Usage reports: what a studio says it used, on days that are over."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from api.schemas import examples
from api.schemas.base import Answer, Body, LicenceId, Line, Moment, Note, OrganisationId, Page, Path
from api.schemas.examples import Example
from registry.domain.ids import IdPrefix
from registry.domain.usage import Period, Usage, UsageKind, thousandths_of, units
from registry.domain.usage_report_document import ReportedItem
from registry.domain.uses import Medium, UsageUnit, UseMode
from registry.services.usage_reports import MOST_ITEMS
from registry.store.usage import UsageReport, UsageReportItem

Quantity = Annotated[
    str,
    StringConstraints(pattern=r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,3})?$"),
    Field(description="A decimal number with at most three decimals, as text: `12.5`."),
]
ReportId = Annotated[
    str,
    StringConstraints(pattern=rf"^{IdPrefix.USAGE_REPORT.value}_[0-9a-hjkmnp-tv-z]{{26}}$"),
    Field(description="Id of a usage report."),
]
_ITEM: Example = {
    "licence_id": examples.LICENCE,
    "unit": "thousand_inferences",
    "medium": "online",
    "use_mode": "fixed",
    "quantity": "12.5",
    "project": "Spring campaign",
}
_NEW: Example = {"starts_on": "2026-02-01", "ends_on": "2026-02-28", "items": [_ITEM], "note": "February"}
_REPORT: Example = {
    "id": examples.USAGE_REPORT,
    "studio_id": examples.ORGANISATION,
    **_NEW,
    "digest": examples.DIGEST,
    "amends_id": None,
    "superseded_at": None,
    "reported_by": examples.ACCOUNT,
    "reported_at": examples.NOW,
}


class ReportPath(Path):
    """Which report."""

    report_id: str = Field(examples=[examples.USAGE_REPORT])


class ReportItem(Body):
    """So much use of one kind under one licence, over all the days of the report."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ITEM]})

    licence_id: LicenceId
    unit: UsageUnit
    medium: Medium
    use_mode: UseMode = UseMode.FIXED
    quantity: Quantity
    project: Line | None = None

    def value(self) -> ReportedItem:
        """Answer the item as the rules take it.

        Raises:
            InvalidInputError: more than can be counted.
        """
        kind = UsageKind(self.unit, self.medium, self.use_mode)
        return ReportedItem(self.licence_id, Usage(kind, thousandths_of(Decimal(self.quantity))), self.project)


class NewUsageReport(Body):
    """What was used on some days that are over. Said again, it is the same report."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW]})

    studio_id: OrganisationId | None = Field(default=None, description="One's own studio when left out.")
    starts_on: date
    ends_on: date
    items: list[ReportItem] = Field(min_length=1, max_length=MOST_ITEMS)
    note: Note | None = None
    amends_id: ReportId | None = Field(default=None, description="The report of the same days whose place it takes.")

    def period(self) -> Period:
        """Answer the days.

        Raises:
            InvalidInputError: they end before they start.
        """
        return Period(self.starts_on, self.ends_on)


class ReportItemOut(Answer):
    """So much use of one kind under one licence."""

    licence_id: str
    unit: UsageUnit
    medium: Medium
    use_mode: UseMode
    quantity: str
    project: str | None

    @classmethod
    def of(cls, item: UsageReportItem) -> ReportItemOut:
        """Describe an item."""
        return cls(
            licence_id=item.licence_id,
            unit=item.unit,
            medium=item.medium,
            use_mode=item.use_mode,
            quantity=units(item.thousandths),
            project=item.project,
        )


class UsageReportOut(Answer):
    """What a studio said it used."""

    model_config = ConfigDict(json_schema_extra={"examples": [_REPORT]})

    id: str
    studio_id: str
    starts_on: date
    ends_on: date
    items: list[ReportItemOut]
    note: str | None
    digest: str = Field(description="SHA-256 of what is said, whatever the order in which it is said.")
    amends_id: str | None
    superseded_at: Moment | None = Field(description="When an amendment has taken its place, or null.")
    reported_by: str
    reported_at: Moment

    @classmethod
    def of(cls, report: UsageReport) -> UsageReportOut:
        """Describe a report."""
        return cls(
            id=report.id,
            studio_id=report.studio_id,
            starts_on=report.starts_on,
            ends_on=report.ends_on,
            items=[ReportItemOut.of(item) for item in report.items],
            note=report.note,
            digest=report.digest,
            amends_id=report.amends_id,
            superseded_at=report.superseded_at,
            reported_by=report.reported_by,
            reported_at=report.reported_at,
        )


class UsageReportPage(Page):
    """Reports, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_REPORT], "next_cursor": None}]})

    items: list[UsageReportOut]
