"""Where a performer appears, the weightiest first, and one finding: evidence and licence side by side, never mixed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from flask import Response

from api.pages.language import N_
from api.pages.lists import asked, cut
from api.pages.performer.addressing import is_theirs
from api.pages.performer.mandates import covers, require_cover
from api.pages.personal import page_about, performer_of, personal, stands_for
from api.pages.plots import Turn
from api.pages.reasons import reason_said
from api.pages.sounds import SOUND_ENDINGS
from api.pages.verdicts import (
    FOUND,
    RULED,
    as_close,
    bounds_said,
    engine_called,
    kind_of,
    why_evidence,
    why_untold,
)
from api.pages.wording import OUTCOMES, VERDICTS, strength
from api.schemas.findings import FindingQuery
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.approaches import Priority
from registry.domain.comparison import strength_word
from registry.domain.ids import IdPrefix
from registry.domain.reviews import ReviewAction
from registry.domain.scans import FindingBasis
from registry.domain.verdicts import PERMITTED
from registry.errors import NotFoundError
from registry.services import checks, licences, people, reviews, shared_sounds, sound_listening
from registry.store.checks import Finding
from registry.store.performers import Performer

_AT_ONCE: Final = 50
_MARK: Final = 8
REVIEWED: Final[Mapping[ReviewAction, str]] = {
    ReviewAction.ACCEPT_AS_LICENSED: N_("taken as covered by a licence"),
    ReviewAction.ASK_FOR_FIX: N_("the studio was asked to mend it"),
    ReviewAction.ASK_FOR_PAYMENT: N_("the studio was asked to pay"),
    ReviewAction.OPEN_CASE: N_("a case was opened"),
    ReviewAction.PREPARE_NOTICE: N_("a notice is being prepared"),
    ReviewAction.ARCHIVE: N_("put aside"),
}
"""What a person of the registry has decided about a finding."""


@personal.get("/performers/<id:performer_id>/findings")
@stands_for("GET /v1/findings", "GET /v1/performers/{performer_id}", "GET /v1/findings/{finding_id}/sound")
def list_findings(performer_id: str) -> Response:
    """Show what was found of a performer: of the latest fifty, the weightiest first; then what is older."""
    performer = performer_of(performer_id)
    require_cover(performer_id, Scope.FINDINGS_READ)
    query = asked(FindingQuery, performer_id=performer_id, limit=_AT_ONCE)
    found = checks.list_findings(
        context(),
        principal(),
        verdict=query.verdict,
        performer_id=performer_id,
        after=query.after(IdPrefix.FINDING),
        limit=query.limit + 1,
    )
    shown, older = cut(found, query)
    return page_about(
        performer,
        "performer/findings",
        found=sorted(shown, key=_weight, reverse=True),
        older=older,
        verdict=query.verdict,
        **wording_of_findings(performer, shown),
    )


def _weight(finding: Finding) -> tuple[bool, bool, float]:
    """What a performer should see first: what they had declined before, what no licence covers, what is strongest."""
    return finding.priority is Priority.ESCALATED, finding.verdict not in PERMITTED, finding.log10_lr


def wording_of_findings(
    performer: Performer, shown: Collection[Finding], *, also: Collection[str] = ()
) -> dict[str, Any]:
    """Answer what a template says findings with: the words, and what organisations and licences in them are called.

    Args:
        performer: who was found.
        shown: the findings.
        also: ids of organisations that the page names besides.
    """
    theirs = is_theirs()
    sounds = shared_sounds.sounds_shared(context(), shown)
    now = context().clock()
    return {
        "sounds": sounds,
        "sounds_on": {each for each, sound in sounds.items() if sound.ending_at(now) is None},
        "outcome_words": OUTCOMES if theirs else FOUND,
        "verdict_words": VERDICTS if theirs else RULED,
        "strength": _strength,
        "mark_of": _mark_of,
        "as_close": as_close,
        "why_untold": why_untold,
        "organisations": people.organisations_named(context(), {each.organisation_id for each in shown} | set(also)),
        "titles": _titles(performer, {each.licence_id for each in shown} - {None}),
    }


def _titles(performer: Performer, licence_ids: Collection[str | None]) -> dict[str, str]:
    """Answer what licences are called, by id; nothing where the mandate does not cover them."""
    if not licence_ids or not covers(performer.id, Scope.LICENCES_READ):
        return {}
    every = licences.list_licences_of_performer(context(), principal(), performer.id)
    return {each.id: each.title for each in every if each.id in licence_ids}


def _strength(finding: Finding) -> str:
    return strength(strength_word(finding.log10_lr), finding.log10_lr)


# --- one finding -----------------------------------------------------------------------------------------------------


@personal.get("/performers/<id:performer_id>/findings/<id:finding_id>")
@stands_for(
    "GET /v1/findings/{finding_id}",
    "GET /v1/performers/{performer_id}",
    "GET /v1/findings/{finding_id}/reviews",
    "GET /v1/findings/{finding_id}/sound",
    "GET /v1/findings/{finding_id}/sound/listenings",
)
def show_finding(performer_id: str, finding_id: str) -> Response:
    """Show one finding: how strong, where in the recording, whether it was covered, and what can be done next."""
    performer = performer_of(performer_id)
    require_cover(performer_id, Scope.FINDINGS_READ)
    finding = checks.get_finding(context(), principal(), finding_id)
    if finding.performer_id != performer.id:
        raise NotFoundError("there is no such finding")
    words = wording_of_findings(performer, [finding])
    of_a_studio = finding.organisation_id in people.studios_among(context(), {finding.organisation_id})
    may_dispute = covers(performer.id, Scope.CASES_WRITE) and not principal().is_operator
    return page_about(
        performer,
        "performer/finding",
        finding=finding,
        heard=finding.basis is FindingBasis.HEARD,
        sha256=_content_of(finding),
        turns=_turns(performer, finding),
        bounds=bounds_said(finding.log10_lr),
        engines={engine_called(name): strength(strength_word(value), value) for name, value in finding.engines.items()},
        why_evidence=why_evidence(finding),
        why_verdict=[reason_said(each) for each in finding.reasons],
        reviews=reviews.list_reviews(context(), principal(), finding_id),
        review_words=REVIEWED,
        kind_of=kind_of,
        may_open_case=may_dispute and of_a_studio,
        may_not_dispute=not may_dispute and not principal().is_operator,
        may_look_for_studio=may_dispute and not of_a_studio,
        may_hear=not principal().is_operator,
        may_read_pay=finding.licence_id is not None and covers(performer.id, Scope.LEDGER_READ),
        may_write_down=covers(performer.id, Scope.APPROACHES_WRITE) and of_a_studio,
        of_a_scan=finding.check_id is None,
        listenings=sound_listening.listenings_to(context(), words["sounds"].values()),
        sound_endings=SOUND_ENDINGS,
        scripts=True,
        **words,
    )


def _mark_of(finding: Finding) -> str:
    """Answer the first digits of a recording's digest: by it two findings of one moment are told apart."""
    return (_content_of(finding) or "")[:_MARK]


def _content_of(finding: Finding) -> str | None:
    row = finding.scan_row or finding.check
    return None if row is None else row.content_sha256


def _turns(performer: Performer, finding: Finding) -> Sequence[Turn]:
    """Answer where in the recording the voice is heard, with how strongly each stretch supports it."""
    return [
        Turn(
            start_s=float(each["start_s"]),
            end_s=float(each["end_s"]),
            label=performer.name,
            words=strength(strength_word(float(each["log10_lr"])), float(each["log10_lr"])),
        )
        for each in finding.segments
    ]
