"""Wording: what pages about disputes call things, beside what all pages and every report call them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from math import ceil
from typing import Any, Final

from api.pages.language import N_, _, filled_in, language, ngettext
from api.pages.wording import CASE_ENDINGS, CASE_STATES, CASE_STEPS, CONCLUSIONS
from api.state import context
from registry.domain.case_analyses import AnalysisState
from registry.domain.cases import CaseStep
from registry.domain.cohorts import AgeBand, Sex
from registry.domain.misuse import ContestAnswer, MisuseGround
from registry.domain.notices import (
    NoticeStep,
    PutBackGround,
    ReviewersNeeded,
    SendBackGround,
    ServedBy,
    WithdrawalGround,
)
from registry.domain.rules.notice_packs import KnownFrom
from registry.domain.rules.packs import Standing
from registry.domain.stay_down import EntryEnding
from registry.reports.own_texts import told
from registry.reports.words import Language, Words

_DAY_S: Final = 86_400

DOING: Final[Mapping[CaseStep, str]] = {
    CaseStep.TAKE_UP: N_("Take it up: both sides may file"),
    CaseStep.DO_NOT_TAKE_UP: N_("Do not take it up"),
    CaseStep.ANALYSE: N_("Have the recordings compared next"),
    CaseStep.ASK_FOR_MORE: N_("Ask both sides for more"),
    CaseStep.DECIDE: N_("Decide as proposed"),
    CaseStep.CLOSE: N_("Close it, as decided"),
    CaseStep.REOPEN: N_("Open it again, on new evidence"),
    CaseStep.SETTLE: N_("Close it: the sides have agreed"),
}
"""What somebody does who takes a step."""

NOTICE_STEPS: Final[Mapping[NoticeStep, str]] = {
    NoticeStep.CHANGE: N_("changed"),
    NoticeStep.COMPLETE: N_("declared complete"),
    NoticeStep.SEND_BACK: N_("sent back"),
    NoticeStep.REVIEW: N_("reviewed: it may be served"),
    NoticeStep.SERVE: N_("served"),
    NoticeStep.COUNTER: N_("answered by a counter-statement"),
    NoticeStep.COURT_ACTION: N_("an action was filed"),
    NoticeStep.UPHOLD: N_("upheld"),
    NoticeStep.PUT_BACK: N_("put back"),
    NoticeStep.WITHDRAW: N_("taken back"),
}

SERVED_BY: Final[Mapping[ServedBy, str]] = {
    ServedBy.EMAIL: N_("by e-mail"),
    ServedBy.WEB_FORM: N_("by a form on their pages"),
    ServedBy.POST: N_("by post"),
    ServedBy.COURIER: N_("by courier"),
    ServedBy.IN_PERSON: N_("in person"),
    ServedBy.DESIGNATED_AGENT: N_("to their designated agent"),
}

SEND_BACK: Final[Mapping[SendBackGround, str]] = {
    SendBackGround.UNSUPPORTED: N_("The evidence does not bear what it says."),
    SendBackGround.UNCLEAR: N_("Who reads it would not know what is asked, or where."),
    SendBackGround.MISREPRESENTATION: N_("It says what whoever wrote it knew to be otherwise."),
}

WITHDRAWAL: Final[Mapping[WithdrawalGround, str]] = {
    WithdrawalGround.MISTAKEN: N_("It was a mistake."),
    WithdrawalGround.SETTLED: N_("We have agreed."),
    WithdrawalGround.COMPLIED: N_("What it asks was done."),
    WithdrawalGround.OTHER: N_("Another reason."),
}

PUT_BACK: Final[Mapping[PutBackGround, str]] = {
    PutBackGround.MISTAKE: N_("The notice should not have been served."),
    PutBackGround.TERM_OVER: N_("The counter-statement stands, and no action was filed in time."),
}

GROUNDS: Final[Mapping[str, str]] = {each.value: words for each, words in [*WITHDRAWAL.items(), *PUT_BACK.items()]}
"""Why a notice ended, as it is kept."""

TWO_READ: Final[Mapping[ReviewersNeeded, str]] = {
    ReviewersNeeded.PUBLIC_FIGURE: N_("the performer is a public figure"),
    ReviewersNeeded.NOT_KNOWN_TO_BE_NONE: N_("nobody has said that the performer is no public figure"),
    ReviewersNeeded.LIMITED: N_("this claimant is limited, because of earlier notices"),
}

MISUSE: Final[Mapping[MisuseGround, str]] = {
    MisuseGround.WITHDRAWN_AS_MISTAKEN: N_("A served notice was taken back as a mistake."),
    MisuseGround.MISREPRESENTATION: N_("A notice said what its author knew to be otherwise."),
    MisuseGround.CLAIM_REFUSED: N_("A claim was not taken up."),
    MisuseGround.PUT_BACK_AS_MISTAKE: N_("A notice was put back as a mistake."),
    MisuseGround.NO_ANSWER: N_("A served notice was not answered in its time."),
    MisuseGround.UNFOUNDED_COUNTER: N_("A notice was upheld after a counter-statement."),
}

CONTEST: Final[Mapping[ContestAnswer, str]] = {
    ContestAnswer.UPHELD: N_("It counts on."),
    ContestAnswer.LIFTED: N_("It is lifted."),
}

ENTRY_ENDINGS: Final[Mapping[EntryEnding, str]] = {
    EntryEnding.PUT_BACK: N_("what it was about was put back"),
    EntryEnding.CASE_REOPENED: N_("the case was opened again"),
    EntryEnding.WITHDRAWN: N_("the notice was taken back"),
    EntryEnding.BY_HAND: N_("somebody ended it"),
}

KNOWN_FROM: Final[Mapping[KnownFrom, str]] = {
    KnownFrom.PRIMARY_TEXT: N_("read in the text of the law"),
    KnownFrom.SECONDARY_TEXT: N_("as others report it"),
    KnownFrom.MEMORY: N_("not compared with its source: to be verified with counsel"),
    KnownFrom.PRACTICE: N_("this registry's own practice"),
}

STANDINGS: Final[Mapping[Standing, str]] = {
    Standing.IN_FORCE: N_("in force"),
    Standing.PENDING: N_("a bill, and no law"),
    Standing.CONTRACT: N_("binds those who agreed to it"),
    Standing.GUIDANCE: N_("advice"),
}

SEXES: Final[Mapping[Sex, str]] = {Sex.FEMALE: N_("female"), Sex.MALE: N_("male"), Sex.OTHER: N_("other")}

AGES: Final[Mapping[AgeBand, str]] = {
    AgeBand.UNDER_30: N_("under 30"),
    AgeBand.FROM_30_TO_44: N_("30 to 44"),
    AgeBand.FROM_45_TO_59: N_("45 to 59"),
    AgeBand.FROM_60: N_("60 and over"),
}

MOVING: Final = frozenset({AnalysisState.WAITING, AnalysisState.RUNNING})


def words() -> Words:
    """Answer the words of reports, in the reader's language: a page calls a thing as the report calls it."""
    return Words(Language(language()))


def label(kind: str, code: object) -> str:
    """Answer what a report calls a code."""
    return words().label(kind, code)


def left(due_at: datetime | None) -> str:
    """Say how much time is left until a moment, or since when it is over; nothing where there is no clock."""
    if due_at is None:
        return ""
    left_s = (due_at - context().clock()).total_seconds()
    if left_s <= 0:
        return filled_in(_("over since %(at)s"), at=due_at)
    days = ceil(left_s / _DAY_S)
    if days <= 1:
        return filled_in(_("less than a day left, until %(at)s"), at=due_at)
    return filled_in(
        ngettext("%(num)s day left, until %(at)s", "%(num)s days left, until %(at)s", days), at=due_at, num=days
    )


def wording() -> dict[str, Any]:
    """Answer what the templates of this room say things with."""
    return {
        "label": label,
        "left": left,
        "told": lambda text: told(text, words()),
        "state_words": CASE_STATES,
        "ending_words": CASE_ENDINGS,
        "step_words": CASE_STEPS,
        "doing_words": DOING,
        "ending_of_entry": ENTRY_ENDINGS,
        "conclusion_words": CONCLUSIONS,
        "notice_step_words": NOTICE_STEPS,
        "served_by_words": SERVED_BY,
        "ground_words": GROUNDS,
        "known_words": KNOWN_FROM,
        "standing_words": STANDINGS,
    }
