"""What the pages of a report say: English in the source, other languages in ``locale``."""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from markupsafe import Markup, escape

from registry.catalogues import translations
from registry.reports.marking import unbroken

LOCALE: Final = Path(__file__).parent / "locale"


class Language(StrEnum):
    """A language that the pages are written in."""

    EN = "en"
    KO = "ko"


def N_(text: str) -> str:  # noqa: N802  (what gettext's tools look for)
    """Mark words that are translated where they are used."""
    return text


LABELS: Final[Mapping[str, str]] = {
    # sides
    "side.complainant": N_("the performer’s side"),
    "side.respondent": N_("the studio"),
    "side.registry": N_("the registry"),
    # states of a case
    "state.open": N_("opened, not yet taken up"),
    "state.evidence": N_("both sides file what they have"),
    "state.analysis": N_("the recordings are compared"),
    "state.proposed": N_("a conclusion is proposed"),
    "state.decided": N_("decided"),
    "state.closed": N_("closed"),
    # endings
    "ending.not_taken_up": N_("not taken up"),
    "ending.withdrawn": N_("withdrawn"),
    "ending.settled": N_("settled between the two sides"),
    "ending.decided": N_("decided"),
    # steps
    "step.take_up": N_("taken up"),
    "step.do_not_take_up": N_("not taken up"),
    "step.analyse": N_("handed over to be analysed"),
    "step.ask_for_more": N_("asked for more"),
    "step.propose": N_("conclusion proposed"),
    "step.decide": N_("decided"),
    "step.close": N_("closed"),
    "step.reopen": N_("opened again"),
    "step.withdraw": N_("withdrawn"),
    "step.settle": N_("closed as settled"),
    "step.counter": N_("answered by a counter-statement"),
    # papers
    "paper.statement": N_("statement"),
    "paper.casting_call": N_("casting call"),
    "paper.contract": N_("contract"),
    "paper.consent_record": N_("record of consent"),
    "paper.direction_notes": N_("direction notes"),
    "paper.correspondence": N_("correspondence"),
    "paper.public_statement": N_("public statement"),
    "paper.recording": N_("recording"),
    "paper.technical": N_("technical document"),
    "paper.other": N_("other document"),
    # conclusions
    "conclusion.supports_p": N_("supports the performer"),
    "conclusion.explained_by_s": N_("explained by the declared source"),
    "conclusion.sound_alike": N_("sounds alike"),
    "conclusion.unknown_source": N_("source unknown"),
    "conclusion.inconclusive": N_("inconclusive"),
    # evidence
    "outcome.match": N_("the same voice is supported"),
    "outcome.sound_alike": N_("sounds alike, the same voice is not supported"),
    "outcome.no_match": N_("not heard"),
    "outcome.inconclusive": N_("inconclusive"),
    # verdicts
    "verdict.no_match": N_("nobody found"),
    "verdict.licensed_use": N_("licensed"),
    "verdict.licensed_out_of_scope": N_("licensed, but not for this"),
    "verdict.licensed_unpaid": N_("licensed, unpaid"),
    "verdict.licence_suspended": N_("licence suspended"),
    "verdict.licence_expired": N_("licence expired"),
    "verdict.expired_legacy_use": N_("made while a licence ran"),
    "verdict.consent_withdrawn": N_("consent withdrawn"),
    "verdict.opted_out_match": N_("performer licenses nothing"),
    "verdict.unlicensed_match": N_("no licence"),
    "verdict.explained_by_declared_source": N_("explained by the declared source"),
    "verdict.sound_alike_review": N_("sounds alike, for a person to look at"),
    "verdict.inconclusive": N_("inconclusive"),
    "verdict.not_assessed": N_("not assessed"),
    # states of a check
    "check.queued": N_("waiting"),
    "check.done": N_("done"),
    "check.refused": N_("refused"),
    "check.failed": N_("failed"),
    # reviews
    "review.accept_as_licensed": N_("accepted as licensed"),
    "review.ask_for_fix": N_("asked for a fix"),
    "review.ask_for_payment": N_("asked for payment"),
    "review.open_case": N_("case opened"),
    "review.prepare_notice": N_("notice prepared"),
    "review.archive": N_("archived"),
    "exclusion.news": N_("news, public affairs or sport"),
    "exclusion.documentary": N_("documentary, historical or biographical work"),
    "exclusion.commentary": N_("comment, criticism, scholarship, satire or parody"),
    "exclusion.fleeting": N_("fleeting use"),
    "exclusion.advertisement": N_("advertisement for one of these"),
    # analyses and notices
    "analysis.waiting": N_("waiting"),
    "analysis.running": N_("running"),
    "analysis.done": N_("done"),
    "analysis.failed": N_("failed"),
    "notice.drafted": N_("drafted"),
    "notice.complete": N_("complete"),
    "notice.reviewed": N_("reviewed"),
    "notice.served": N_("served"),
    "notice.countered": N_("answered by a counter-statement"),
    "notice.put_back": N_("put back"),
    "notice.withdrawn": N_("withdrawn"),
    # voices
    "role.questioned": N_("questioned voice (Q)"),
    "role.performer": N_("performer (P)"),
    "role.source": N_("declared source (S)"),
    "cohort.stated": N_("stated cohort"),
    "cohort.reference": N_("the calibration’s own population"),
    # states of a licence
    "licence.draft": N_("draft"),
    "licence.offered": N_("offered"),
    "licence.active": N_("active"),
    "licence.suspended": N_("suspended"),
    "licence.expired": N_("expired"),
    "licence.revoked": N_("revoked"),
    # use
    "use.generated": N_("generated recording"),
    "use.training": N_("training data"),
    "use.reference": N_("reference recording"),
    # what a conclusion rests on
    "rests_on.recordings": N_("the recordings"),
    "rests_on.documents": N_("the documents"),
    "rests_on.both": N_("the recordings and the documents"),
}
"""What a code is called, by its kind and the code."""


class Words:
    """The words of one language.

    Args:
        language: of them.
    """

    def __init__(self, language: Language) -> None:
        self.language = language
        self.catalogue: gettext.NullTranslations = translations(LOCALE, language.value)

    def label(self, kind: str, code: object) -> str:
        """Answer what a code is called; one that is not known is shown as it is."""
        known = LABELS.get(f"{kind}.{code}")
        return str(code) if known is None else self.catalogue.gettext(known)

    def unbroken(self, text: str) -> Markup:
        """Answer words of ours as HTML, so that a printed line ends between them, also in Korean."""
        return unbroken(escape(text)) if self.language is Language.KO else escape(text)

    def day(self, text: str | None) -> str:
        """Answer a day, or the day of a moment, as people write it; a dash for none."""
        if text is None:
            return "–"
        of = date.fromisoformat(text[:10])
        if self.language is Language.KO:
            return f"{of.year}년 {of.month}월 {of.day}일"
        return f"{of.day} {_MONTHS[of.month - 1]} {of.year}"

    def moment(self, text: str | None) -> str:
        """Answer a moment to the minute, in UTC; a dash for none."""
        if text is None:
            return "–"
        at = datetime.fromisoformat(text).astimezone(UTC)
        return f"{self.day(text)} {at:%H:%M} UTC"


_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October"),
    *("November", "December"),
)
