"""The first page of a report about a check: who is heard, whether that was covered, and what next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from markupsafe import Markup

from registry.domain.checks import CheckState
from registry.domain.verdicts import PERMITTED, Verdict
from registry.reports.marking import LONGEST_IN_A_SENTENCE, name_of
from registry.reports.model import CheckReport, FindingPart
from registry.reports.plain import NEVER, NextStep, PlainPage
from registry.reports.words import N_, Words


def check_page(report: CheckReport, words: Words) -> PlainPage:
    """Say on one page what a report about a check says."""
    return _CheckPage(report, words).made()


_FOUND: Final[Mapping[Verdict, str]] = {
    Verdict.NO_MATCH: N_("Nobody of the registry was heard in the recording."),
    Verdict.LICENSED_USE: N_("%(people)s is heard, and this use is licensed."),
    Verdict.EXPIRED_LEGACY_USE: N_("%(people)s is heard, in a work that was finished while a licence ran."),
    Verdict.LICENSED_OUT_OF_SCOPE: N_("%(people)s is heard. There is a licence, but not for this use."),
    Verdict.LICENSED_UNPAID: N_("%(people)s is heard. There is a licence, and its payment is overdue."),
    Verdict.LICENCE_SUSPENDED: N_("%(people)s is heard. There is a licence, and it is suspended."),
    Verdict.LICENCE_EXPIRED: N_("%(people)s is heard. There was a licence, and it has ended."),
    Verdict.CONSENT_WITHDRAWN: N_("%(people)s is heard, and has withdrawn consent, or never consented to this."),
    Verdict.OPTED_OUT_MATCH: N_("%(people)s is heard, and licenses nothing to anybody."),
    Verdict.UNLICENSED_MATCH: N_("%(people)s is heard, and there is no licence."),
    Verdict.EXPLAINED_BY_DECLARED_SOURCE: N_(
        "The voice is like %(people)s’s, and is explained by the licensed source that was declared."
    ),
    Verdict.SOUND_ALIKE_REVIEW: N_(
        "The voice is like %(people)s’s, but that it is the same is not supported. A person has to look at it."
    ),
    Verdict.INCONCLUSIVE: N_("Whether anybody of the registry is heard could not be told."),
    Verdict.NOT_ASSESSED: N_("Nothing was assessed."),
}


class _CheckPage:
    def __init__(self, report: CheckReport, words: Words) -> None:
        self._report, self._words = report, words

    def made(self) -> PlainPage:
        verdict = self._report.check.verdict
        return PlainPage(
            status=self._words.label("check", self._report.check.state),
            headline=self._headline(verdict),
            means=tuple(self._means(verdict)),
            means_not=tuple(self._say(text) for text in (*self._not(verdict), *NEVER)),
            next_steps=tuple(self._next(verdict)),
        )

    def _headline(self, verdict: Verdict | None) -> Markup:
        if verdict is None:
            waiting = self._report.check.state is CheckState.QUEUED
            return self._say(
                N_("The recording has not been assessed yet.")
                if waiting
                else N_("The recording could not be assessed.")
            )
        people = [name_of(each.performer, LONGEST_IN_A_SENTENCE) for each in self._decisive(verdict)]
        joined = Markup(", ").join(people) if people else Markup("–")
        return self._say(_FOUND[verdict], people=joined)

    def _decisive(self, verdict: Verdict) -> Sequence[FindingPart]:
        return [finding for finding in self._report.findings if finding.verdict is verdict]

    def _say(self, text: str, **names: Markup) -> Markup:
        return Markup(self._words.catalogue.gettext(text)) % names  # noqa: S704  (our own words; names are escaped)

    def _means(self, verdict: Verdict | None) -> Iterator[Markup]:
        yield self._say(
            N_(
                "What the recording holds, and whether its use was covered, are two questions. The second part "
                "answers each by itself."
            )
        )
        if verdict is not None and verdict in PERMITTED:
            yield self._say(N_("The use that was declared is covered. Another use of the same recording may not be."))
        elif self._report.findings:
            yield self._say(N_("The verdict holds for the use that was declared, at the moment of the check."))

    def _not(self, verdict: Verdict | None) -> Sequence[str]:
        return (
            (N_("It does not say that nobody is in it who is not in the registry."),)
            if verdict is Verdict.NO_MATCH
            else ()
        )

    def _next(self, verdict: Verdict | None) -> Iterator[NextStep]:
        gettext = self._words.catalogue.gettext
        studio, registry = gettext(N_("The studio")), gettext(N_("The registry"))
        if verdict is None or verdict is Verdict.NO_MATCH or verdict in PERMITTED:
            return
        if verdict is Verdict.SOUND_ALIKE_REVIEW:
            yield NextStep(studio, gettext(N_("can name the source that the voice was made from")), None)
        else:
            yield NextStep(
                studio, gettext(N_("can ask for a licence that covers the use, or leave the recording out")), None
            )
        yield NextStep(
            registry, gettext(N_("has a person look at it; nobody is sent anything by the registry on its own")), None
        )
