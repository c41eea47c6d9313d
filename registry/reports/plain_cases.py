"""The first page of a report about a case: what came of it, what that means and does not mean, and what next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from markupsafe import Markup

from registry.domain.cases import CaseEnding, CaseState
from registry.domain.conclusions import Conclusion
from registry.domain.notices import NoticeState
from registry.reports.marking import LONGEST_IN_A_SENTENCE, name_of, named
from registry.reports.model import CaseReport, NoticePart, ProposalPart
from registry.reports.notice_forms import form_of
from registry.reports.plain import NEVER, NextStep, PlainPage
from registry.reports.words import N_, Words

MOST_NOTICES: Final = 2
"""Of those that something can still come of; the second part has all of them."""
MOST_MATERIALS: Final = 2


def case_page(report: CaseReport, words: Words) -> PlainPage:
    """Say on one page what a report about a case says."""
    return _CasePage(report, words).made()


_CONCLUDED: Final[Mapping[Conclusion, str]] = {
    Conclusion.SUPPORTS_P: N_(
        "The recordings support that the voice in %(product)s is %(performer)s’s, or was made from it."
    ),
    Conclusion.EXPLAINED_BY_S: N_(
        "The recordings support that the voice in %(product)s comes from the person whom %(studio)s declared, and far "
        "less from %(performer)s."
    ),
    Conclusion.SOUND_ALIKE: N_(
        "The voice in %(product)s is like %(performer)s’s. Recordings alone do not say why: the documents have to."
    ),
    Conclusion.UNKNOWN_SOURCE: N_(
        "The recordings speak against %(performer)s, and against everybody else who was named. Whose voice is in "
        "%(product)s remains open."
    ),
    Conclusion.INCONCLUSIVE: N_("The recordings do not tell whose voice is in %(product)s."),
}
_MEANS: Final[Mapping[Conclusion, Sequence[str]]] = {
    Conclusion.SUPPORTS_P: (
        N_("The voice is much nearer to %(performer)s’s than other people’s voices are."),
        N_("No declared source explains it as well."),
    ),
    Conclusion.EXPLAINED_BY_S: (
        N_("The voice is much nearer to that of the declared person than other people’s voices are."),
        N_("%(performer)s’s voice may be similar. The numbers still tell the two apart."),
    ),
    Conclusion.SOUND_ALIKE: (
        N_("Hardly anybody else’s voice is as near to it as %(performer)s’s is."),
        N_("That alone does not show where the voice comes from. Who was cast, when, and by which words now counts."),
    ),
    Conclusion.UNKNOWN_SOURCE: (
        N_("The voice is not near to any of the voices that it was compared with."),
        N_("Somebody whom nobody named may be the source."),
    ),
    Conclusion.INCONCLUSIVE: (
        N_("Something stands in the way of a conclusion. The second part of this report says what."),
        N_("Neither side has been shown to be right or wrong."),
    ),
}
_MEANS_NOT: Final[Mapping[Conclusion, Sequence[str]]] = {
    Conclusion.SUPPORTS_P: (N_("It does not say that nobody else could be as near."),),
    Conclusion.EXPLAINED_BY_S: (
        N_("It does not say that the declared person agreed, or that nobody wanted %(performer)s’s voice."),
    ),
    Conclusion.SOUND_ALIKE: (N_("It does not say that it is %(performer)s, nor that it is not."),),
    Conclusion.UNKNOWN_SOURCE: (
        N_(
            "It does not say that %(performer)s’s voice was not copied: a poor copy can lose the voice it was made "
            "from."
        ),
    ),
    Conclusion.INCONCLUSIVE: (N_("It does not say that the voice is not %(performer)s’s, nor that it is."),),
}
_NOTHING_YET: Final[Mapping[CaseState, str]] = {
    CaseState.OPEN: N_("The case about %(product)s has been opened. Nothing has been concluded."),
    CaseState.EVIDENCE: N_("Both sides are being heard about %(product)s. Nothing has been concluded."),
    CaseState.ANALYSIS: N_("The recordings from %(product)s are being compared. Nothing has been concluded."),
}
_ENDED: Final[Mapping[CaseEnding, str]] = {
    CaseEnding.NOT_TAKEN_UP: N_(
        "The registry did not take up the case about %(product)s. The reason is in the second part."
    ),
    CaseEnding.WITHDRAWN: N_("The case about %(product)s was withdrawn by who opened it. Nothing was decided."),
    CaseEnding.SETTLED: N_("The two sides have settled the case about %(product)s between them. Nothing was decided."),
}


class _CasePage:
    def __init__(self, report: CaseReport, words: Words) -> None:
        self._report, self._words = report, words
        self._names = {
            "product": Markup("<q>%s</q>") % named(report.case.product, LONGEST_IN_A_SENTENCE),
            "performer": name_of(report.case.complainant, LONGEST_IN_A_SENTENCE),
            "studio": name_of(report.case.respondent, LONGEST_IN_A_SENTENCE),
        }

    def made(self) -> PlainPage:
        stands = self._stands
        conclusion = stands.conclusion if stands is not None else None
        return PlainPage(
            status=self._status(),
            headline=self._headline(conclusion),
            means=self._said(_MEANS[conclusion])
            if conclusion
            else (self._say(N_("So far there are only what the two sides say, and the steps below.")),),
            means_not=self._said((*_MEANS_NOT.get(conclusion, ()), *NEVER) if conclusion else NEVER),
            next_steps=tuple(dict.fromkeys(self._next())),
            notices=tuple(self._notices()),
        )

    @property
    def _stands(self) -> ProposalPart | None:
        """The proposal that counts: none where the case ended without one, or was opened again since."""
        case = self._report.case
        concluded = case.state in {CaseState.PROPOSED, CaseState.DECIDED} or case.ending is CaseEnding.DECIDED
        return self._report.standing if concluded else None

    def _status(self) -> str:
        case = self._report.case
        if case.ending is not None and case.ending is not CaseEnding.DECIDED:
            return self._words.label("ending", case.ending)
        return self._words.label("state", case.state)

    def _headline(self, conclusion: Conclusion | None) -> Markup:
        case = self._report.case
        if conclusion is not None:
            return self._say(_CONCLUDED[conclusion])
        if case.ending is not None and case.ending in _ENDED:
            return self._say(_ENDED[case.ending])
        return self._say(_NOTHING_YET.get(case.state, _NOTHING_YET[CaseState.EVIDENCE]))

    def _say(self, text: str, **more: Markup | str) -> Markup:
        names = {**self._names, **more}
        return Markup(self._words.catalogue.gettext(text)) % names  # noqa: S704  (our own words; names are escaped)

    def _said(self, texts: Sequence[str]) -> tuple[Markup, ...]:
        return tuple(self._say(text) for text in texts)

    def _next(self) -> Iterator[NextStep]:
        yield from self._of_the_case()
        for notice in self._told_notices:
            yield from self._of_a_notice(notice)
        for pause in self._report.pauses:
            if pause.ended_at is None:
                gettext = self._words.catalogue.gettext
                what = gettext(N_("looks again at the licence that is paused without admission"))
                yield NextStep(gettext(N_("The registry")), what, pause.review_at)

    def _of_the_case(self) -> Iterator[NextStep]:
        case, gettext = self._report.case, self._words.catalogue.gettext
        both, registry = gettext(N_("Both sides")), gettext(N_("The registry"))
        match case.state:
            case CaseState.OPEN:
                yield NextStep(registry, gettext(N_("takes the case up, or says why not")), case.due_at)
                yield NextStep(gettext(N_("Who opened it")), gettext(N_("can withdraw it")), None)
            case CaseState.EVIDENCE:
                yield NextStep(both, gettext(N_("file statements and documents")), case.due_at)
                yield NextStep(
                    registry,
                    gettext(N_("has the recordings compared, once both have filed something or the time is over")),
                    None,
                )
            case CaseState.ANALYSIS:
                yield NextStep(registry, gettext(N_("proposes a conclusion, or asks for more")), case.due_at)
            case CaseState.PROPOSED:
                yield NextStep(both, gettext(N_("say what they think of the proposal")), case.due_at)
                yield NextStep(registry, gettext(N_("decides, once both have answered or the time is over")), None)
            case CaseState.DECIDED:
                yield NextStep(
                    both, gettext(N_("bring new evidence: the registry can then open the case again")), case.due_at
                )
            case CaseState.CLOSED:
                yield NextStep(both, gettext(N_("file something new: the registry can then open the case again")), None)

    # --- notices -----------------------------------------------------------------------------------------------------

    @property
    def _told_notices(self) -> Sequence[NoticePart]:
        """The newest notices that something can still come of."""
        over = {NoticeState.PUT_BACK, NoticeState.WITHDRAWN}
        return [each for each in self._report.notices if each.state not in over][-MOST_NOTICES:]

    def _notices(self) -> Iterator[Markup]:
        """Say of each notice that was served what it is, what it asks, and what has come of it so far."""
        for notice in self._told_notices:
            if notice.served_at is None:
                continue
            yield Markup("%s %s %s") % (self._served(notice), self._asks(notice), self._since(notice))

    def _served(self, notice: NoticePart) -> Markup:
        return self._say(
            N_("On %(day)s %(studio)s was served with the notice %(title)s (%(id)s)."),
            day=self._words.day(notice.served_at),
            title=Markup("<q>%s</q>") % form_of(notice, self._words),
            id=notice.id,
        )

    def _asks(self, notice: NoticePart) -> Markup:
        if not notice.materials:
            return self._say(N_("The second part says what it is known by."))
        most = MOST_MATERIALS if len(self._told_notices) == 1 else 1
        told = [Markup("<q>%s</q>") % named(each.what, LONGEST_IN_A_SENTENCE) for each in notice.materials[:most]]
        more = len(notice.materials) - len(told)
        names = Markup(", ").join(told)
        if more:
            return self._say(
                N_("It asks that this is no longer shown or used: %(materials)s, and %(more)s more."),
                materials=names,
                more=str(more),
            )
        return self._say(N_("It asks that this is no longer shown or used: %(materials)s."), materials=names)

    def _since(self, notice: NoticePart) -> Markup:
        if notice.state != NoticeState.COUNTERED:
            return self._say(N_("A notice says what is asked, and nothing follows from it by itself."))
        if notice.court_action_on is not None:
            return self._say(
                N_(
                    "%(studio)s has answered by a counter-statement, and the performer’s side says that it filed an "
                    "action on %(day)s: what becomes of it is for the court."
                ),
                day=self._words.day(notice.court_action_on),
            )
        return self._say(N_("%(studio)s has answered by a counter-statement, so the case was opened again."))

    def _of_a_notice(self, notice: NoticePart) -> Iterator[NextStep]:
        gettext = self._words.catalogue.gettext
        performer, studio = gettext(N_("The performer’s side")), gettext(N_("The studio"))
        registry = gettext(N_("The registry"))
        match notice.state:
            case NoticeState.DRAFTED:
                yield NextStep(performer, gettext(N_("completes the notice that it is drafting")), None)
            case NoticeState.COMPLETE:
                what = gettext(N_("has the notice read by somebody who has not written it, before it may go"))
                yield NextStep(registry, what, None)
            case NoticeState.REVIEWED:
                yield NextStep(performer, gettext(N_("can serve the notice: the registry sends nothing")), None)
            case NoticeState.SERVED:
                what = gettext(N_("can do what the notice asks, or say otherwise by a counter-statement"))
                yield NextStep(studio, what, notice.due_at)
            case NoticeState.COUNTERED:
                if notice.put_back_at is not None and notice.court_action_on is None:
                    what = gettext(N_("can file an action: if it does not, what was taken down may be shown again"))
                    yield NextStep(performer, what, notice.put_back_at)
                what = gettext(N_("upholds the notice only once the case was decided anew and supports it"))
                yield NextStep(registry, what, None)
