"""Tables of pages say in each cell what its column is called, and stay tables where a row is shown as a card."""

from __future__ import annotations

from markupsafe import Markup, escape

from api.pages.tables import labelled

_HEAD = "<thead><tr><th>Recording</th><th>Verdict &amp; why</th><th>At</th></tr></thead>"


def _markup(text: str) -> Markup:
    return Markup(text)  # noqa: S704 - as a template would write it


def _of(rows: str) -> str:
    return str(labelled(_markup(f"{_HEAD}<tbody>{rows}</tbody>")))


def test_a_cell_says_what_its_column_is_called() -> None:
    row = '<tr><th scope="row">a.flac</th><td>licensed</td><td class="number">3</td></tr>'
    assert _of(row).endswith(
        '<tbody role="rowgroup"><tr role="row"><th scope="row" role="rowheader">a.flac</th>'
        '<td role="cell" data-label="Verdict &amp; why">licensed</td>'
        '<td class="number" role="cell" data-label="At">3</td></tr></tbody>'
    )


def test_each_row_begins_at_the_first_column_and_a_wide_cell_counts_for_as_many() -> None:
    rows = '<tr><td colspan="2">both</td><td>1</td></tr><tr><td>b</td><td>2</td><td>3</td><td>more</td></tr>'
    said = _of(rows)
    assert '<td colspan="2" role="cell">both</td><td role="cell" data-label="At">1</td>' in said
    assert '<td role="cell" data-label="Recording">b</td>' in said
    assert '<td role="cell">more</td>' in said, "a cell beyond the last heading has none"


def test_what_somebody_is_called_is_neither_a_tag_nor_a_label() -> None:
    name = escape('</td><td data-label="x">"><script>')
    said = _of(f"<tr><th>{name}</th><td>{name}</td></tr>")
    assert said.count("<td") == 1
    assert "<script" not in said
    heading = escape('"><script>')
    said = str(labelled(_markup(f"<thead><tr><th>{heading}</th></tr></thead><tbody><tr><td>1</td></tr></tbody>")))
    assert 'data-label="&#34;&gt;&lt;script&gt;"' in said


def test_without_headings_nothing_is_changed() -> None:
    rows = Markup("<tbody><tr><td>1</td></tr></tbody>")
    assert labelled(rows) == rows
