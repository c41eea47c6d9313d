"""Citations: where a rule is to be found, as lawyers write it in the language of the law.

This registry's own practice, and the laws of Korea, are cited in the reader's language.
"""

from __future__ import annotations

import re
from typing import Final

from api.pages.language import N_, _

_PRACTICE: Final = re.compile(r"registry practice ([0-9]+)")
_OF_NOTICES: Final = (
    N_("practice: a notice is answered for"),
    N_("practice: whoever reads a notice has to be able to answer"),
    N_("practice: whoever reads a notice has to find what it is about"),
)


_OF_KOREA: Final = (
    N_("PIPA art. 23(1); Enforcement Decree art. 18(3)"),
    N_("PIPA art. 23; guidance on biometric data"),
    N_("AI Basic Act, transparency duties on generative output and deep fakes"),
)
"""Laws of Korea, which are cited in English only where English is read."""
_IN_WORDS: Final = frozenset({*_OF_NOTICES, *_OF_KOREA})


def cited(citation: str) -> str:
    """Say where a rule is to be found.

    Args:
        citation: as the pack of rules has it.
    """
    if numbered := _PRACTICE.fullmatch(citation):
        return _("registry practice %(number)s") % {"number": numbered[1]}
    return _(citation) if citation in _IN_WORDS else citation
