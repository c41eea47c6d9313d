"""Limits: how much the terms of a licence hold, whichever way they come: over HTTP, from a file, or as ODRL.

They are far beyond what licences say. They are there so that what one way takes in, every other can show: terms that
were drafted from a file are read over HTTP, and texts are the same after both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from registry.domain.terms import LicenceTerms

MOST_MINOR = 2**31 - 1
"""The largest amount, in the minor unit of its currency."""

MOST_DAYS_UNTIL_PAYMENT = 3_650
MOST_DAYS_KEPT = 100_000
MOST_TERRITORIES = 250
MOST_LANGUAGES = 200
MOST_PROJECTS = 200
MOST_INTENDED_USES = 100
MOST_LABELS = 50

LONGEST_LINE = 200
"""Characters in a name or a title."""

LONGEST_NOTE = 500
"""Characters in a few sentences."""

LONGEST_PROSE = 20_000
"""Characters in a text of several lines."""

LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$"
"""What a line consists of: no control characters, and so no line breaks. Those that turn the direction of what follows
are among them: with them a text reads otherwise than it is (CVE-2021-42574). Names of every script do without."""

PRINTABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*$"
"""What a longer text consists of: no control characters but tabs and line breaks."""

LANGUAGE = r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"
LONGEST_LANGUAGE = 35

_LINE, _PRINTABLE = re.compile(LINE), re.compile(PRINTABLE)


def beyond_limits(terms: LicenceTerms) -> Iterator[tuple[str, str, dict[str, str | int]]]:
    """Name everything that is more, or less, than terms hold: the term, one sentence, and its figures."""
    yield from _counts(terms)
    yield from _amounts(terms)
    yield from _texts(terms)


def _counts(terms: LicenceTerms) -> Iterator[tuple[str, str, dict[str, str | int]]]:
    for term in ("purposes", "media", "territories", "languages", "use_modes"):
        if not getattr(terms, term):
            yield term, f"no {term.replace('_', ' ')} are named, so that nothing is permitted at all", {"count": 0}
    for term, count, most in (
        ("territories", len(terms.territories), MOST_TERRITORIES),
        ("languages", len(terms.languages), MOST_LANGUAGES),
        ("projects", len(terms.projects or ()), MOST_PROJECTS),
        ("intended_uses", len(terms.intended_uses), MOST_INTENDED_USES),
        ("disclosure", len(terms.disclosure.labels), MOST_LABELS),
    ):
        if count > most:
            yield term, f"{count} are listed, and at most {most} can be", {"count": count, "most": most}


def _amounts(terms: LicenceTerms) -> Iterator[tuple[str, str, dict[str, str | int]]]:
    floor = terms.approval.floor_minor if terms.approval else 0
    kept = terms.circumstances.raw_audio_retention_days or 0
    for term, amount, most in (
        *(("pay", rate.amount_minor, MOST_MINOR) for rate in terms.pay.rates),
        ("pay", terms.pay.minimum_guarantee_minor, MOST_MINOR),
        ("pay", terms.pay.due_within_days, MOST_DAYS_UNTIL_PAYMENT),
        ("approval", floor, MOST_MINOR),
        ("circumstances", kept, MOST_DAYS_KEPT),
    ):
        if amount > most:
            # as text: a number beyond 2**53 is not kept exactly by every reader of JSON
            yield term, f"{amount} is more than the {most} that it can be", {"amount": str(amount), "most": most}


def _texts(terms: LicenceTerms) -> Iterator[tuple[str, str, dict[str, str | int]]]:
    about, cba = terms.circumstances, terms.circumstances.cba
    credit = terms.attribution.credit_line if terms.attribution else None
    agreement = (cba.name, cba.section, cba.version) if cba else ()
    lines = (about.representation.name, about.minor_court_approval_ref, *agreement)
    for term, text, longest, consists_of in (
        *(("projects", project, LONGEST_LINE, _LINE) for project in sorted(terms.projects or ())),
        *(("intended_uses", use, LONGEST_NOTE, _PRINTABLE) for use in terms.intended_uses),
        ("attribution", credit, LONGEST_LINE, _LINE),
        *(("disclosure", label.text, LONGEST_NOTE, _PRINTABLE) for label in terms.disclosure.labels),
        *(("circumstances", line, LONGEST_LINE, _LINE) for line in lines),
        ("circumstances", about.security_controls, LONGEST_PROSE, _PRINTABLE),
    ):
        if text is None:
            continue
        if not 0 < len(text) <= longest:
            detail = f"a text has {len(text)} characters, and 1 to {longest} are possible"
            yield term, detail, {"characters": len(text), "most": longest}
        elif text != text.strip():
            yield term, "a text begins or ends with a space: take it away", {"characters": len(text)}
        elif not consists_of.fullmatch(text) or not _is_unicode(text):
            yield term, "a text holds control characters, or what is no Unicode", {"characters": len(text)}


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
