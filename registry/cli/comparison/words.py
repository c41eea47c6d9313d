"""What the page of a comparison says: English in the source, other languages in ``locale``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from registry.catalogues import translations
from registry.cli.evaluation.words import Language
from registry.domain.comparison import Marks, Role, verbal
from registry.interchange.comparison_words import said

LOCALE: Final = Path(__file__).parent / "locale"


def N_(text: str) -> str:  # noqa: N802  (what gettext's tools look for)
    """Mark words that are translated where they are used."""
    return text


PARTIES: Final = {
    Role.QUESTIONED: N_("questioned (Q)"),
    Role.PERFORMER: N_("performer (P)"),
    Role.SOURCE: N_("declared source (S)"),
}


class Words:
    """The words of one language.

    Args:
        language: of them.
    """

    def __init__(self, language: Language) -> None:
        self.language = language
        self._catalogue = translations(LOCALE, language.value)

    def gettext(self, text: str, **values: object) -> str:
        """Answer a sentence of the page, with its values filled in."""
        said_here = self._catalogue.gettext(text)
        return said_here.format(**values) if values else said_here

    def detail(self, text: str) -> str:
        """Answer a sentence of the document."""
        return said(text, self.language.value)

    def shown(self, log10_lr: float, marks: Marks) -> str:
        """Answer a strength as far as validation supports it."""
        return self.detail(marks.shown(log10_lr))

    def verbal(self, log10_lr: float) -> str:
        """Say in words what a capped log10 LR supports."""
        return verbal(log10_lr, self.language.value)

    def party(self, role: Role) -> str:
        """Answer what one of the three voices is called."""
        return self.gettext(PARTIES[role])
