"""Reading the text of a notice back into its parts, so that a page can show what was written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from registry.domain.notice_document import Part, as_text

_TITLE, _HEADING, _QUOTED = "# ", "## ", ">"


@dataclass(frozen=True, slots=True)
class ReadNotice:
    """A notice as a page shows it.

    Attributes:
        language: that the registry speaks in it: ``en`` or ``ko``.
        title: of it.
        parts: of it, in order.
    """

    language: str
    title: str
    parts: Sequence[Part]


def read_notice(text: str, language: str) -> ReadNotice | None:
    """Answer the parts of a text that `as_text` has written; None where they would not be written as this very text.

    Args:
        text: of a notice.
        language: that it is in.
    """
    blocks = [block.split("\n") for block in text.removesuffix("\n").split("\n\n")]
    if not blocks[0][0].startswith(_TITLE):
        return None
    parts: list[Part] = []
    heading, said = "", list[str]()
    quoted: str | None = None
    for lines in blocks[1:]:
        if lines[0].startswith(_HEADING):
            parts.append(Part(heading, tuple(said), quoted))
            heading, said, quoted = lines[0].removeprefix(_HEADING), [], None
        elif lines[0].startswith(_QUOTED):
            quoted = "".join(f"{line.removeprefix(_QUOTED).removeprefix(' ')}\n" for line in lines)
        else:
            said.append("\n".join(lines))
    found = ReadNotice(language, blocks[0][0].removeprefix(_TITLE), (*parts, Part(heading, tuple(said), quoted)))
    return found if as_text(found.title, found.parts) == text else None
