"""Checks: those of one's own, how far each is, and what was found, with what would make its use permitted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from flask import Response

from api.pages.language import _, language
from api.pages.lists import asked, cut
from api.pages.personal import page_of, personal, stands_for
from api.pages.plots import Turn
from api.pages.reasons import conditions_outside
from api.pages.refusals import Advice, advice
from api.pages.sounds import SOUND_ENDINGS
from api.pages.studio.declared import typed_of
from api.pages.studio.recordings import file_advice
from api.pages.studio.sending import CHECKS, OPERATION, Sent, may_submit, one_by_one
from api.pages.studio.sources import source_called
from api.pages.studio.ways import About, ways_said
from api.pages.uses import lines_of
from api.pages.verdicts import CHECK_STATES, OPEN, RULED, heard_alike, strength_said, wording_of_verdicts
from api.schemas.checks import CheckQuery
from api.schemas.findings import PerformerName
from api.state import context, principal
from api.v1.people import shown_people
from registry.domain.accounts import Scope
from registry.domain.checks import CheckState
from registry.domain.ids import IdPrefix
from registry.domain.shared_sounds import DEFAULT_DAYS, MOST_DAYS, MOST_S
from registry.domain.verdicts import PERMITTED, Verdict
from registry.services import checks, people, shared_sounds, sound_listening, stay_down
from registry.store.checks import Check, Finding

ONE_CHECK: Final = f"{CHECKS}/<id:check_id>"


@personal.get(CHECKS)
@stands_for(f"GET {OPERATION}")
def show_checks() -> Response:
    """Show the checks of one's own organisation, newest first; by state and by verdict where these are asked for."""
    query = asked(CheckQuery)
    found = checks.list_checks(
        context(),
        principal(),
        state=query.state,
        verdict=query.verdict,
        after=query.after(IdPrefix.CHECK),
        limit=query.limit + 1,
    )
    items, cursor = cut(found, query)
    return page_of(
        "studio/checks",
        items=items,
        cursor=cursor,
        query=query,
        people=_people([finding for check in items for finding in check.findings]),
        organisations=_organisations(items),
        states=CHECK_STATES,
        verdicts=RULED,
        may_submit=may_submit(),
        **wording_of_verdicts(),
    )


def _people(findings: Iterable[Finding]) -> Mapping[str, PerformerName]:
    return shown_people({finding.performer_id for finding in findings})


def _organisations(found: Sequence[Check]) -> Mapping[str, str]:
    """Answer whose checks they are, to an operator, who sees those of all."""
    if not principal().is_operator:
        return {}
    return people.organisations_named(context(), {check.organisation_id for check in found})


# --- one check -------------------------------------------------------------------------------------------------------


@personal.get(ONE_CHECK)
@stands_for(
    f"GET {OPERATION}/{{check_id}}",
    f"GET {OPERATION}/{{check_id}}/report",
    "GET /v1/findings/{finding_id}/sound",
    "GET /v1/findings/{finding_id}/sound/listenings",
)
def show_check(check_id: str) -> Response:
    """Show one check: the verdict in words with its reasons, what would make it permitted, who is heard and when."""
    return check_page(check_id)


def check_page(check_id: str, status: HTTPStatus = HTTPStatus.OK, *, not_shared: object = None) -> Response:
    """Answer the page of one check as it stands now.

    Args:
        check_id: of one that the caller may see.
        status: of the answer.
        not_shared: why sound of one of its findings was not shared, or not ended, where that was asked for.
    """
    check = checks.get_check(context(), principal(), check_id)
    known = _people(check.findings)
    named = {str(each["notice_id"]) for each in check.stay_down or ()}
    titles = _titles(check)
    response = page_of(
        "studio/check",
        status,
        check=check,
        people=known,
        organisations=_organisations([check]),
        use=lines_of(check.use(), titles, source_called(check.use().declared_source_id)),
        titles=titles,
        remedies=ways_of_check(check, known),
        turns=_turns(check, known),
        alike={each.id: _called(heard_alike(each, check.findings), known) for each in check.findings},
        outside=conditions_outside(_of_evidence(check)),
        problem=problem_of(check),
        reports=_reports(check),
        notices=sorted(stay_down.own_notices(context(), principal(), named)),
        permitted=check.verdict in PERMITTED,
        open=check.verdict in OPEN,
        may_submit=may_submit(),
        may_read_licences=Scope.LICENCES_READ in principal().scopes,
        scripts=True,
        **_sounds(check),
        not_shared=not_shared,
        **wording_of_verdicts(),
    )
    if one_by_one() and check.state is not CheckState.QUEUED:
        response.headers["HX-Refresh"] = "true"  # whoever waits on the page sees it whole, with what draws on it
    return response


def _sounds(check: Check) -> dict[str, Any]:
    """Answer what is shared of each finding, who has listened to it, and what would be shared."""
    now = context().clock()
    sounds = shared_sounds.sounds_shared(context(), check.findings)
    own = check.organisation_id == principal().organisation_id
    return {
        "own": own,
        "sounds": sounds,
        "sounds_on": {each for each, sound in sounds.items() if sound.ending_at(now) is None},
        "listenings": sound_listening.listenings_to(context(), sounds.values()),
        "plans": shared_sounds.plans_of_check(check),
        "may_share": own and may_submit(),
        "sound_endings": SOUND_ENDINGS,
        "default_days": DEFAULT_DAYS,
        "most_days": MOST_DAYS,
        "most_s": MOST_S,
    }


def _titles(check: Check) -> Mapping[str, str]:
    """Answer the titles of the licences that decide and of those that were named, to whoever may read licences."""
    if Scope.LICENCES_READ not in principal().scopes:
        return {}
    decide = {finding.licence_id for finding in check.findings}
    return people.licences_titled(context(), decide.union(check.use().claimed_licence_ids))


@personal.get(f"{ONE_CHECK}/state")
@stands_for(f"GET {OPERATION}/{{check_id}}")
def show_state(check_id: str) -> Response:
    """Show how far one check is, as a part of a page that looks again by itself."""
    check = checks.get_check(context(), principal(), check_id)
    sent = [Sent(check.filename, check, problem_of(check))]
    return page_of("studio/check_sent", sent=sent, **wording_of_verdicts())


def problem_of(check: Check) -> Advice | None:
    """Answer why a check came to nothing, in words, and what to do; None where it did not."""
    if check.problem is None:
        return None
    if check.state is CheckState.FAILED:
        return _("It failed on our side, however often it was tried."), _("Send the recording once more.")
    figures = check.problem.get("figures")
    slug, figures = str(check.problem["slug"]), figures if isinstance(figures, dict) else {}
    return file_advice(slug, figures) or advice(slug, figures)


@dataclass(frozen=True, slots=True)
class Ways:
    """What would make the use of one performer's voice permitted.

    Attributes:
        whose: the performer.
        said: what would have to come about, most important first.
    """

    whose: PerformerName
    said: Sequence[Any]


def ways_of_check(check: Check, known: Mapping[str, PerformerName]) -> list[Ways]:
    """Answer, for every finding that no licence covers, what would make it permitted; and for what cannot be told."""
    again = f"{CHECKS}/new?like={check.id}"
    words = _("Send it again")
    found = []
    for finding in check.findings:
        if finding.verdict in PERMITTED | {Verdict.EXPLAINED_BY_DECLARED_SOURCE}:
            continue
        whose = known[finding.performer_id]
        about = About(whose.id, finding.licence_id, again, words, typed_of(check.use()))
        found.append(Ways(whose, ways_said(finding.reasons, about)))
    if not check.findings and check.verdict is Verdict.INCONCLUSIVE:
        nobody = PerformerName(id="", name=None)
        found.append(Ways(nobody, ways_said(check.reasons or (), About("", None, again, words))))
    return [each for each in found if each.said]


def _turns(check: Check, known: Mapping[str, PerformerName]) -> list[Turn]:
    """Answer who is heard when, in order of time."""
    turns = [
        Turn(
            start_s=each["start_s"],
            end_s=each["end_s"],
            label=_called([finding.performer_id], known)[0],
            words=strength_said(each["log10_lr"]),
        )
        for finding in check.findings
        for each in finding.segments
    ]
    return sorted(turns, key=lambda turn: (turn.start_s, turn.label))


def _called(performer_ids: Iterable[str], known: Mapping[str, PerformerName]) -> list[str]:
    return [known[each].name or each for each in performer_ids]


def _of_evidence(check: Check) -> list[Mapping[str, Any]]:
    return [*(check.reasons or ()), *(each for finding in check.findings for each in finding.evidence_reasons)]


def _reports(check: Check) -> list[tuple[str, str]]:
    """Answer where the report is, in each form."""
    here, at = language(), f"/v1/checks/{check.id}/report"
    return [
        (f"{at}?format=html&language={here}", _("To read")),
        (f"{at}?format=pdf&language={here}", _("PDF")),
        (f"{at}?format=json&language={here}", _("Signed data (JSON)")),
    ]
