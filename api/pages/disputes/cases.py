"""Cases, for both sides alike and for operators: a list, opening one, one case, and its steps."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, request

from api.pages.checked import checked
from api.pages.disputes.access import COMPLAINANT, REGISTRY, RESPONDENT, acting_in, may_open, own_side, require_opening
from api.pages.disputes.one_case import case_page
from api.pages.disputes.trying import Failed, filled, sent, trying
from api.pages.disputes.wording import wording
from api.pages.forms import once
from api.pages.personal import page_of, personal, stands_for, went_on
from api.pages.steps import seen_version
from api.paging import cursor_after
from api.schemas.cases import CaseQuery, NamedSource, NewCase, NewProposal, NewStep, Withdrawal
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.cases import CaseState, CaseStep
from registry.domain.ids import IdPrefix
from registry.services import cases, checks, people, performers
from registry.services.people import names_of
from registry.store.checks import Finding
from registry.store.performers import Performer

_AT_ONCE = 50
_MOST_FINDINGS = 200
_OPERATION = "/v1/cases/{case_id}"


# --- the list --------------------------------------------------------------------------------------------------------


@personal.get("/cases")
@stands_for("GET /v1/cases")
def list_cases() -> Response:
    """Show the cases that somebody is a side of, newest first: all, those in a state, or those that wait for them."""
    mine = request.args.get("waits_for") == "me"
    query = checked(
        CaseQuery,
        limit=_AT_ONCE,
        **{name: value for name in ("cursor", "state") if (value := request.args.get(name))},
        **({"waits_for": own_side().value} if mine else {}),
    )
    found = cases.list_cases(
        context(),
        principal(),
        state=query.state,
        waits_for=query.waits_for,
        after=query.after(IdPrefix.CASE),
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    return page_of(
        "disputes/cases",
        found=shown,
        older=cursor_after(shown[-1].id) if len(found) > query.limit else None,
        names=names_of(
            context(),
            performers={each.performer_id for each in shown},
            organisations={each.studio_id for each in shown},
        ),
        states=list(CaseState),
        state=query.state,
        mine=mine,
        may_open=may_open(),
        **wording(),
    )


# --- opening one -----------------------------------------------------------------------------------------------------


@personal.get("/cases/new")
@stands_for("POST /v1/cases", "GET /v1/findings/{finding_id}")
def show_new_case() -> Response:
    """Show what it takes to open a case: about a finding, which the address names, or without one."""
    return _new_page()


def _new_page(failed: Failed | None = None) -> Response:
    require_opening()
    finding = _finding()
    if finding is not None:
        require_opening(finding.performer_id)
    known = _known() if finding is None else [finding]
    names = names_of(
        context(),
        performers=[each.performer_id for each in known],
        organisations=[each.organisation_id for each in known],
    )
    studios = people.studios_among(context(), {each.organisation_id for each in known})
    return page_of(
        "disputes/case_new",
        HTTPStatus.OK if failed is None else failed.status,
        failed=failed,
        finding=finding,
        performers=_theirs() if finding is None else (),
        studios=sorted(studios, key=lambda each: (names.get(each, each), each)),
        names=names,
        **wording(),
    )


def _theirs() -> list[Performer]:
    """Answer for whom a case can be opened by whoever is signed in; operators name whom they mean."""
    if not _is_side():
        return []
    known = performers.list_performers(context(), principal(), after=None, limit=_MOST_FINDINGS)
    return [each for each in known if principal().may_act_for(each.id, Scope.CASES_WRITE)]


def _is_side() -> bool:
    return own_side() in COMPLAINANT


def _finding() -> Finding | None:
    named = request.args.get("finding") or request.form.get("finding_id")
    return checks.get_finding(context(), principal(), named) if named else None


def _known() -> list[Finding]:
    """Answer what was found lately, so that whose recordings those were can be chosen and need not be typed."""
    if not _is_side() or Scope.FINDINGS_READ not in principal().scopes:
        return []
    found = checks.list_findings(
        context(), principal(), verdict=None, performer_id=None, after=None, limit=_MOST_FINDINGS
    )
    return list(found)


@personal.post("/cases/new")
@stands_for("POST /v1/cases")
@once
def open_case() -> Response:
    """Open a case, and lead to it."""
    require_opening()
    return trying("new", _open, _new_page)


def _open() -> Response:
    form = request.form
    finding_id = form.get("finding_id", "")
    body = checked(
        NewCase,
        performer_id=form.get("performer_id", ""),
        studio_id=form.get("another", "").strip() or form.get("studio_id", "").strip(),
        product=form.get("product", "").strip(),
        claim=form.get("claim", "").strip(),
        finding_ids=[finding_id] if finding_id else [],
    )
    case = cases.open_case(context(), principal(), **body.model_dump())
    return went_on(f"/cases/{case.id}", done="opened")


# --- one case --------------------------------------------------------------------------------------------------------


@personal.get("/cases/<id:case_id>")
@stands_for(
    f"GET {_OPERATION}",
    f"GET {_OPERATION}/steps",
    f"GET {_OPERATION}/proposals",
    f"GET {_OPERATION}/papers",
    f"GET {_OPERATION}/readings",
    f"GET {_OPERATION}/analyses",
    f"GET {_OPERATION}/cohorts",
    f"GET {_OPERATION}/pauses",
    f"GET {_OPERATION}/notices",
    "GET /v1/notice-packs",
)
def show_case(case_id: str) -> Response:
    """Show one case: its state and clock, what both sides filed, what was compared and proposed, and its course."""
    return case_page(case_id)


@personal.post("/cases/<id:case_id>/steps")
@stands_for(f"POST {_OPERATION}/steps")
@once
def take_case_step(case_id: str) -> Response:
    """Take a step of the registry's, with its reason."""
    acting_in(case_id, REGISTRY)

    def step() -> Response:
        paper_id = request.form.get("paper_id") if request.form.get("step") == CaseStep.REOPEN else None
        body = checked(NewStep, **sent("step", "reason"), paper_id=paper_id or None)
        cases.take_step(
            context(),
            principal(),
            case_id,
            body.step,
            reason=body.reason,
            paper_id=body.paper_id,
            if_version=seen_version(),
        )
        return went_on(f"/cases/{case_id}", done="step")

    return trying("step", step, lambda failed: case_page(case_id, failed))


@personal.post("/cases/<id:case_id>/withdraw")
@stands_for(f"POST {_OPERATION}/withdraw")
@once
def withdraw_case(case_id: str) -> Response:
    """Withdraw a case, as the side that complains."""
    acting_in(case_id, COMPLAINANT)

    def withdraw() -> Response:
        body = checked(Withdrawal, **sent("reason"))
        cases.take_step(
            context(), principal(), case_id, CaseStep.WITHDRAW, reason=body.reason, if_version=seen_version()
        )
        return went_on(f"/cases/{case_id}", done="step")

    return trying("withdraw", withdraw, lambda failed: case_page(case_id, failed))


@personal.post("/cases/<id:case_id>/source")
@stands_for(f"POST {_OPERATION}/source")
@once
def name_case_source(case_id: str) -> Response:
    """Name the attestation of the source, as the side that answers."""
    acting_in(case_id, RESPONDENT)

    def name() -> Response:
        body = checked(NamedSource, **sent("attestation_id"))
        cases.name_source(context(), principal(), case_id, body.attestation_id, if_version=seen_version())
        return went_on(f"/cases/{case_id}", done="source")

    return trying("source", name, lambda failed: case_page(case_id, failed))


@personal.post("/cases/<id:case_id>/proposals")
@stands_for(f"POST {_OPERATION}/proposals")
@once
def propose_conclusion(case_id: str) -> Response:
    """Propose what a case comes to."""
    acting_in(case_id, REGISTRY)

    def propose() -> Response:
        body = checked(
            NewProposal,
            **sent("conclusion", "grounds", "would_change"),
            **filled("dissent", "analysis_id", "rests_on"),
        )
        cases.propose(
            context(),
            principal(),
            case_id,
            conclusion=body.conclusion,
            grounds=body.grounds,
            would_change=body.would_change,
            dissent=body.dissent,
            analysis_id=body.analysis_id,
            rests=body.rests_on,
            if_version=seen_version(),
        )
        return went_on(f"/cases/{case_id}", done="step")

    return trying("proposal", propose, lambda failed: case_page(case_id, failed))
