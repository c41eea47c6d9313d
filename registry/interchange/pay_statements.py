"""Pay statements as documents: JSON for machines, CSV for spreadsheets, HTML for people in English or Korean.

All three say the same, to the last minor unit; the JSON carries a tag and a version, and only grows.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from registry.domain.money import for_readers
from registry.domain.pay_statements import PartyKind, PayStatement, Section, StatementLine
from registry.domain.usage import units

FORMAT = "likeness-pay-statement"
VERSION = 1
LANGUAGES = ("en", "ko")

COLUMNS = (
    "currency",
    "row",
    "entry_id",
    "posted_at",
    "kind",
    "licence_id",
    "licence_title",
    "counterpart_id",
    "counterpart_name",
    "unit",
    "medium",
    "use_mode",
    "quantity",
    "used_from",
    "used_to",
    "exact_minor",
    "amount_minor",
    "due_on",
    "reverses_id",
    "reason",
    "time_zone",
)
"""Columns of the CSV. In each currency: a row ``opening``, a row ``entry`` for each entry, and a row ``closing``.

``time_zone`` says by whose clocks the days of the statement begin and end; ``posted_at`` is in UTC.
"""


# --- JSON ------------------------------------------------------------------------------------------------------------


def as_json(statement: PayStatement) -> dict[str, object]:
    """Answer a statement as JSON has it, here, over HTTP and at the command line."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "party": statement.party.value,
        "party_id": statement.party_id,
        "starts_on": statement.period.starts_on.isoformat(),
        "ends_on": statement.period.ends_on.isoformat(),
        "time_zone": statement.zone.key,
        "drawn_at": _moment(statement.drawn_at.isoformat()),
        "is_final": statement.is_final,
        "sections": [_section(section) for section in statement.sections],
        "titles": dict(statement.titles),
        "names": dict(statement.names),
    }


def _section(section: Section) -> dict[str, object]:
    return {
        "currency": section.currency,
        "opening_minor": section.opening_minor,
        "lines": [_line(line) for line in section.lines],
        "totals_minor": {kind.value: amount for kind, amount in section.totals.items()},
        "closing_minor": section.closing_minor,
    }


def _line(line: StatementLine) -> dict[str, object]:
    return {
        "entry_id": line.entry_id,
        "posted_at": _moment(line.posted_at.isoformat()),
        "kind": line.kind.value,
        "licence_id": line.licence_id,
        "counterpart_id": line.counterpart_id,
        "amount_minor": line.of_due,
        "due_on": None if line.due_on is None else line.due_on.isoformat(),
        "use": _use(line),
        "reverses_id": line.reverses_id,
        "reason": line.reason,
    }


def _use(line: StatementLine) -> dict[str, object] | None:
    if line.use is None:
        return None
    return {
        "unit": line.use.kind.unit.value,
        "medium": line.use.kind.medium.value,
        "use_mode": line.use.kind.mode.value,
        "quantity": units(line.use.thousandths),
        "used_from": line.use.days.starts_on.isoformat(),
        "used_to": line.use.days.ends_on.isoformat(),
        "exact_minor": str(line.use.exact_minor),
        "source_id": line.use.source_id,
    }


def _moment(written: str) -> str:
    return written.replace("+00:00", "Z")


# --- CSV -------------------------------------------------------------------------------------------------------------


def as_csv(statement: PayStatement) -> str:
    """Answer a statement as CSV (RFC 4180) under `COLUMNS`. No cell of it is a formula to a spreadsheet."""
    written = io.StringIO()
    rows = csv.DictWriter(written, COLUMNS, restval="")
    rows.writeheader()
    for section in statement.sections:
        rows.writerows(_rows(statement, section))
    return written.getvalue()


def _rows(statement: PayStatement, section: Section) -> Iterator[Mapping[str, object]]:
    currency = {"currency": section.currency, "time_zone": statement.zone.key}
    yield currency | {"row": "opening", "amount_minor": section.opening_minor}
    for line in section.lines:
        told = _line(line)
        use = told.pop("use")
        named = {
            "licence_title": plain_cell(statement.titles.get(line.licence_id, "")),
            "counterpart_name": plain_cell(statement.names.get(line.counterpart_id, "")),
            "reason": plain_cell(line.reason or ""),
        }
        cells = {**told, **(use if isinstance(use, dict) else {}), **named}
        known = {name: value for name, value in cells.items() if name in COLUMNS and value is not None}
        yield currency | {"row": "entry"} | known
    yield currency | {"row": "closing", "amount_minor": section.closing_minor}


def plain_cell(text: str) -> str:
    """Answer words that somebody wrote as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


# --- HTML ------------------------------------------------------------------------------------------------------------

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "performer": "Statement of pay for {name}",
        "studio": "Statement of what {name} owes",
        "period": "{starts_on} to {ends_on} (days by the clocks of {zone}), drawn on {drawn_at} UTC",
        "open": "The period is not over: what is posted later will be added.",
        "nothing": "Nothing was due or settled.",
        "opening": "Due before",
        "closing": "Due after",
        "date": "Day",
        "kind": "What",
        "licence": "Licence",
        "counterpart": "With",
        "quantity": "Quantity",
        "amount": "Amount",
        "due_on": "Pay by",
        "flat_fee": "Flat fee",
        "guarantee": "Minimum guarantee",
        "usage": "Use",
        "approval_fee": "Fee for approved copy",
        "recoupment": "Taken off the guarantee",
        "payment": "Payment received",
        "reversal": "Taken back",
        "session": "session",
        "line": "line",
        "second": "second",
        "thousand_inferences": "thousand inferences",
        "training_run": "training run",
        "real_time_hour": "real-time hour",
        "exactly": "Amounts are whole pence, cents or won; what rounding leaves over is carried to the next use.",
    },
    "ko": {
        "performer": "{name} 님 보수 정산서",
        "studio": "{name} 지급 정산서",
        "period": "{starts_on} ~ {ends_on} ({zone} 시각 기준), 작성 {drawn_at} UTC",
        "open": "정산 기간이 아직 끝나지 않았습니다. 이후에 기록되는 항목이 추가됩니다.",
        "nothing": "발생하거나 정산된 금액이 없습니다.",
        "opening": "이월 미지급액",
        "closing": "기말 미지급액",
        "date": "날짜",
        "kind": "항목",
        "licence": "이용 허락",
        "counterpart": "상대방",
        "quantity": "수량",
        "amount": "금액",
        "due_on": "지급 기한",
        "flat_fee": "정액 보수",
        "guarantee": "최소 보장액",
        "usage": "사용료",
        "approval_fee": "문구 승인 보수",
        "recoupment": "최소 보장액에서 공제",
        "payment": "수령 확인된 지급",
        "reversal": "취소",
        "session": "회(녹음)",
        "line": "문장",
        "second": "초",
        "thousand_inferences": "천 회 추론",
        "training_run": "회(학습)",
        "real_time_hour": "시간(실시간)",
        "exactly": "금액은 통화의 최소 단위까지 계산하며, 반올림하고 남은 몫은 다음 사용분으로 이월됩니다.",
    },
}
_STYLE = (
    "body{font-family:system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;line-height:1.5}"
    "table{border-collapse:collapse;width:100%}th,td{padding:.3rem .6rem;border-bottom:1px solid #bbb;text-align:left}"
    ".amount{text-align:right;font-variant-numeric:tabular-nums}tfoot td,tbody tr:first-child td{font-weight:600}"
)


def as_html(statement: PayStatement, language: str) -> str:
    """Answer a statement as a page of its own, without scripts; words that people wrote are escaped.

    Args:
        statement: to show.
        language: one of `LANGUAGES`; of any other, English.
    """
    chosen = language if language in _WORDS else "en"
    words = _WORDS[chosen]
    name = escape(statement.names.get(statement.party_id, statement.party_id))
    title = words["performer" if statement.party is PartyKind.PERFORMER else "studio"].format(name=name)
    period = words["period"].format(
        starts_on=statement.period.starts_on,
        ends_on=statement.period.ends_on,
        zone=statement.zone.key,
        drawn_at=statement.drawn_at.strftime("%Y-%m-%d %H:%M:%S"),
    )
    parts = [f"<p>{period}</p>"]
    if not statement.is_final:
        parts.append(f"<p><strong>{words['open']}</strong></p>")
    parts += [_table(statement, section, words) for section in statement.sections] or [f"<p>{words['nothing']}</p>"]
    body = "\n".join([f"<h1>{title}</h1>", *parts, f"<p><small>{words['exactly']}</small></p>"])
    head = f'<meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
    return f'<!doctype html>\n<html lang="{chosen}"><head>{head}</head><body>\n{body}\n</body></html>\n'


def _table(statement: PayStatement, section: Section, words: Mapping[str, str]) -> str:
    names = ("date", "kind", "licence", "counterpart", "quantity", "due_on", "amount")
    head = "".join(f'<th scope="col"{_class(name)}>{words[name]}</th>' for name in names)
    rows = [_total(words["opening"], section.opening_minor, section.currency)]
    rows += [_row(statement, line, words) for line in section.lines]
    foot = _total(words["closing"], section.closing_minor, section.currency)
    return (
        f"<h2>{section.currency}</h2>\n<table><thead><tr>{head}</tr></thead>\n"
        f"<tbody>{''.join(rows)}</tbody>\n<tfoot>{foot}</tfoot></table>"
    )


def _row(statement: PayStatement, line: StatementLine, words: Mapping[str, str]) -> str:
    quantity = "" if line.use is None else f"{units(line.use.thousandths)} {words[line.use.kind.unit.value]}"
    kind = words[line.kind.value] + (f" ({line.reason})" if line.reason else "")
    cells: Sequence[str] = (
        statement.day_of(line).isoformat(),
        kind,
        statement.titles.get(line.licence_id, line.licence_id),
        statement.names.get(line.counterpart_id, line.counterpart_id),
        quantity,
        "" if line.due_on is None else line.due_on.isoformat(),
    )
    amount = for_readers(line.of_due, line.currency)
    return f'<tr>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}<td class="amount">{amount}</td></tr>\n'


def _total(label: str, amount_minor: int, currency: str) -> str:
    amount = for_readers(amount_minor, currency)
    return f'<tr><td colspan="6">{label}</td><td class="amount">{amount}</td></tr>\n'


def _class(name: str) -> str:
    return ' class="amount"' if name == "amount" else ""
