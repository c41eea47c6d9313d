"""What pages call the values of a leaf's details, where they are codes that pages have words for elsewhere.

One key means another thing in another family of events: the state of a case, or that of a notice. So words are looked
up by the family, which is what stands before the dot in an event's code, and then by the key alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from api.pages.account.disabling import DISABLED
from api.pages.account.scopes import SCOPES
from api.pages.auditor.words import KINDS as SEARCHED_FOR
from api.pages.disputes.wording import (
    CONTEST,
    ENTRY_ENDINGS,
    MISUSE,
    NOTICE_STEPS,
    SEND_BACK,
    SERVED_BY,
    label,
)
from api.pages.disputes.wording import GROUNDS as NOTICE_GROUNDS
from api.pages.language import _, language
from api.pages.operator.reviews import ASKED, DECIDED
from api.pages.operator.words import GROUNDS, KEY_PURPOSES, PROPOSALS, STRIKE_SCOPES
from api.pages.performer.acting import KINDS as MANDATES
from api.pages.performer.acting import MANDATED
from api.pages.performer.addressing import DISPOSITIONS_OF_THEM, USES_OF_THEM
from api.pages.sounds import SOUND_ENDINGS
from api.pages.uses import KINDS as RECORDINGS
from api.pages.uses import purpose_called
from api.pages.verdicts import RULED
from api.pages.verify import SIDES
from api.pages.wording import (
    CASE_ENDINGS,
    CASE_STATES,
    CASE_STEPS,
    CONCLUSIONS,
    ENTRY_KINDS,
    MODALITIES,
    PURPOSES_OF_THEM,
    ROLES,
    SUSPENSIONS,
)
from registry.domain.consents import ConsentDecision
from registry.domain.retention import RULES, RuleId
from registry.domain.uses import UsePurpose
from registry.reports.words import LABELS

_Say = Callable[[str], str | None]


def _one_of(*lists: Mapping[Any, str]) -> _Say:
    words = {str(code): said for each in lists for code, said in each.items()}
    return lambda code: _(words[code]) if code in words else None


def _each_of(words: Mapping[Any, str]) -> _Say:
    """Say several codes with spaces between them; none of them where one is not known."""
    one = _one_of(words)

    def say(codes: str) -> str | None:
        said = [one(code) for code in codes.split()]
        return None if not said or None in said else " · ".join(filter(None, said))

    return say


def _as_reports(kind: str) -> _Say:
    return lambda code: label(kind, code) if f"{kind}.{code}" in LABELS else None


def _choices(codes: str) -> str | None:
    use, disposition = _one_of(USES_OF_THEM), _one_of(DISPOSITIONS_OF_THEM)
    said = [(use(of), disposition(chosen)) for of, _is, chosen in (each.partition("=") for each in codes.split())]
    if not said or any(part is None for each in said for part in each):
        return None
    return " · ".join(f"{of}: {chosen}" for of, chosen in said)


def _purpose_of_use(code: str) -> str | None:
    return purpose_called(UsePurpose(code)) if code in set(UsePurpose) else None


def _yes_or_no(code: str) -> str | None:
    if code not in set(ConsentDecision):
        return None
    return _("yes") if code == ConsentDecision.GIVEN else _("no")


def _rule(code: str) -> str | None:
    return RULES[RuleId(code)].what.in_language(language()) if code in set(RuleId) else None


_SIDE_OF_CASE: Final = _as_reports("side")

SAID: Final[Mapping[tuple[str, str], _Say]] = {
    ("approach", "outcome"): _one_of(ASKED),
    ("case", "before"): _one_of(CASE_STATES),
    ("case", "conclusion"): _one_of(CONCLUSIONS),
    ("case", "ending"): _one_of(CASE_ENDINGS),
    ("case", "kind"): _as_reports("paper"),
    ("case", "rests_on"): _as_reports("rests_on"),
    ("case", "side"): _SIDE_OF_CASE,
    ("case", "state"): _one_of(CASE_STATES),
    ("case", "step"): _one_of(CASE_STEPS),
    ("case", "voice"): _as_reports("role"),
    ("check", "kind"): _one_of(RECORDINGS),
    ("check", "purpose"): _purpose_of_use,
    ("consent", "choices"): _choices,
    ("consent", "decision"): _yes_or_no,
    ("consent", "purpose"): _one_of(PURPOSES_OF_THEM),
    ("finding", "action"): _one_of(DECIDED),
    ("gallery", "purpose"): _one_of(SEARCHED_FOR),
    ("gallery_file", "purpose"): _one_of(SEARCHED_FOR),
    ("house_key", "purpose"): _one_of(KEY_PURPOSES),
    ("ledger", "kind"): _one_of(ENTRY_KINDS),
    ("licence", "cause"): _one_of(SUSPENSIONS),
    ("licence", "side"): _one_of(SIDES),
    ("misuse", "answer"): _one_of(CONTEST),
    ("misuse", "ground"): _one_of(MISUSE),
    ("misuse", "side"): _SIDE_OF_CASE,
    ("notice", "before"): _as_reports("notice"),
    ("notice", "ground"): _one_of(NOTICE_GROUNDS, SEND_BACK),
    ("notice", "served_by"): _one_of(SERVED_BY),
    ("notice", "side"): _SIDE_OF_CASE,
    ("notice", "state"): _as_reports("notice"),
    ("notice", "step"): _one_of(NOTICE_STEPS),
    ("performer", "ground"): _one_of(GROUNDS),
    ("proposal", "kind"): _one_of(PROPOSALS),
    ("records", "rule"): _rule,
    ("representative", "kind"): _one_of(MANDATES),
    ("representative", "scopes"): _each_of(MANDATED),
    ("scan", "kind"): _one_of(SEARCHED_FOR),
    ("sound", "ending"): _one_of(SOUND_ENDINGS),
    ("stay_down", "ending"): _one_of(ENTRY_ENDINGS),
    ("strike", "scope"): _one_of(STRIKE_SCOPES),
    ("token", "scopes"): _each_of(SCOPES),
    ("unsealing", "kind"): _one_of(PROPOSALS),
    ("webhook", "reason"): _one_of(DISABLED),
    ("", "modality"): _one_of(MODALITIES),
    ("", "role"): _one_of(ROLES),
    ("", "signed_as"): _one_of(MANDATES, {each: ROLES[each] for each in ROLES if each in {"performer", "operator"}}),
    ("", "verdict"): _one_of({each: words for each, (words, _sentence) in RULED.items()}),
}
"""By the family of the event and the key; by no family where the key means the same in each."""


def value_called(event: str, key: str, value: object) -> str | None:
    """Answer what a value is called in the reader's language; None where it is no code, or one without words.

    Args:
        event: the code of the leaf's event.
        key: of the detail.
        value: as the leaf has it.
    """
    if not isinstance(value, str):
        return None
    say = SAID.get((event.partition(".")[0], key)) or SAID.get(("", key))
    return None if say is None else say(value)
