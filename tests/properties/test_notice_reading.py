"""Whatever a claimant writes, a notice's text is read back into the parts that it was written from."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from registry.domain.conclusions import Conclusion
from registry.domain.notice_document import LANGUAGES, Material, NoticeContent, documents_of, parts_of
from registry.domain.notice_reading import read_notice
from registry.domain.reviews import Considered, Exclusion
from registry.domain.rules.notice_packs import ElementKind, NoticePack, notice_packs

written = st.lists(st.sampled_from(["a", "#", ">", "# ", "## ", "> ", " ", "\n", "\n\n", "\r", "\u2028", "<b>"])).map(
    "".join
)


@st.composite
def contents(draw: st.DrawFn) -> NoticeContent:
    pack: NoticePack = draw(st.sampled_from(notice_packs()))
    return NoticeContent(
        notice_id="ntc_1",
        case_id="case_1",
        pack=pack,
        language=draw(st.sampled_from(LANGUAGES)),
        recipient="Northlight Games",
        product=draw(written),
        elements={each.key: draw(written) for each in pack.elements},
        affirmed=[each.key for each in pack.elements if each.kind is ElementKind.STATEMENT],
        materials=[Material(draw(written), draw(written))],
        considered=[Considered(each, applies=False, reason=draw(written)) for each in Exclusion],
        conclusion=Conclusion.SUPPORTS_P,
        rests_on="both",
        grounds=draw(written),
    )


@given(contents())
def test_what_was_written_is_read_in_its_parts(content: NoticeContent) -> None:
    read = read_notice(documents_of(content).text, content.language)
    title, parts = parts_of(content, content.language)
    assert read is not None
    assert (read.title, len(read.parts)) == (title, len(parts))
    for shown, part in zip(read.parts, parts, strict=True):
        assert (shown.heading, shown.said) == (part.heading, part.said)
        assert _lines(shown.quoted) == _lines(part.quoted)


def _lines(quoted: str | None) -> list[str]:
    """What a quotation says, line by line; a space at the end of a line is not written."""
    return [] if quoted is None else [f"> {line}".rstrip() for line in quoted.splitlines()]


def test_a_text_that_no_notice_has_is_not_read() -> None:
    for text in ("", "\n", "Title\n", "# Title", "# Title\n\n> quoted\n\nsaid after\n"):
        assert read_notice(text, "en") is None
