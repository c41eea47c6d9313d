"""What the form is called that a notice follows."""

from __future__ import annotations

from markupsafe import Markup, escape

from registry.domain.rules.notice_packs import notice_packs
from registry.reports.marking import visible
from registry.reports.model import NoticePart
from registry.reports.words import Words


def form_of(notice: NoticePart, words: Words) -> Markup:
    """Answer the title of the form; of one that is not known here its id and edition, as the report has them."""
    pack_id = notice.pack.partition(", ")[0]
    known = {pack.id: pack.title for pack in notice_packs()}
    return escape(visible(known[pack_id].in_language(words.language) if pack_id in known else notice.pack))
