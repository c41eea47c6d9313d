"""Texts that the registry itself puts on record in a case, where people else write: told in the language of a page."""

from __future__ import annotations

import re
from typing import Final

from registry.domain.case_analyses import WITHOUT_RECORDINGS
from registry.reports.words import N_, Words

_ENDING: Final = "ending"
_WITHOUT_RECORDINGS: Final = N_("No analysis of recordings was finished in this case: this rests on documents alone.")
_FORMS: Final = (
    (re.compile(r"Counter-statement to (?P<id>ntc_\w+)"), N_("Counter-statement to %(id)s")),
    (re.compile(r"the notice (?P<id>ntc_\w+) was countered"), N_("the notice %(id)s was countered")),
    (re.compile(rf"the case was closed: (?P<{_ENDING}>\w+)"), N_("the case was closed: %(ending)s")),
)


def told(text: str, words: Words) -> str:
    """Answer a text of the registry's own in the language of the page; of whoever else wrote it, as it is."""
    before, sign, after = text.rpartition(WITHOUT_RECORDINGS)
    if sign and not after:
        return before + words.catalogue.gettext(_WITHOUT_RECORDINGS)
    for pattern, form in _FORMS:
        if match := pattern.fullmatch(text):
            found = match.groupdict()
            if _ENDING in found:
                found[_ENDING] = words.label(_ENDING, found[_ENDING])
            return words.catalogue.gettext(form) % found
    return text
