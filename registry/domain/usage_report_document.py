"""Usage reports as files: the JSON that a studio sends to ``POST /v1/usage-reports``, read without HTTP."""

from __future__ import annotations

from dataclasses import dataclass

from registry.domain.reading import Node
from registry.domain.usage import Period, Usage, UsageKind, thousandths_of
from registry.domain.uses import Medium, UsageUnit, UseMode


@dataclass(frozen=True, slots=True)
class ReportedItem:
    """One statement of a report.

    Attributes:
        licence_id: under which licence.
        used: how much of what.
        project: the studio's name of it, or None.
    """

    licence_id: str
    used: Usage
    project: str | None = None


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """What a file says.

    Attributes:
        period: the days that it is about.
        items: what was used, at least one.
        note: in words, or None.
        amends_id: the report whose place it takes, or None.
    """

    period: Period
    items: tuple[ReportedItem, ...]
    note: str | None
    amends_id: str | None


def report_of_json(value: object) -> ReportDocument:
    """Read a report.

    Raises:
        InvalidInputError: something is missing, unknown, or not what it should be; figure ``pointer``.
    """
    node = Node(value).only("starts_on", "ends_on", "items", "note", "amends_id")
    note, amends = node.maybe("note"), node.maybe("amends_id")
    return ReportDocument(
        period=Period(node.member("starts_on").day(), node.member("ends_on").day()),
        items=node.member("items").each(_item),
        note=None if note is None else note.text(),
        amends_id=None if amends is None else amends.text(),
    )


def _item(node: Node) -> ReportedItem:
    node.only("licence_id", "unit", "medium", "use_mode", "quantity", "project")
    mode, project = node.maybe("use_mode"), node.maybe("project")
    kind = UsageKind(
        node.member("unit").one_of(UsageUnit),
        node.member("medium").one_of(Medium),
        UseMode.FIXED if mode is None else mode.one_of(UseMode),
    )
    return ReportedItem(
        licence_id=node.member("licence_id").text(),
        used=Usage(kind, thousandths_of(node.member("quantity").decimal())),
        project=None if project is None else project.text(),
    )
