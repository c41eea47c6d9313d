"""Drafting: the form of a licence with what the rules find in it beside each field, and reading terms out of ODRL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from flask import Response, request
from werkzeug.datastructures import MultiDict

from api.pages.checked import checked
from api.pages.forms import once
from api.pages.language import N_, _, language
from api.pages.personal import page_of, personal, stands_for
from api.pages.refusals import Advice
from api.pages.steps import told
from api.pages.studio.licence_forms import SLOTS, TERM_OF_USE, Fields, document_of, fields_of, slot_of
from api.pages.studio.refusals import REFUSALS
from api.pages.uses import unit_called
from api.schemas.linting import ContractBody, LintFindingOut, LintOut
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.linting import LintReport
from registry.domain.reading import parse_json
from registry.domain.rules.categories import Category, shipped_categories
from registry.domain.rules.packs import Severity
from registry.domain.terms import PayBasis, RepresentationKind
from registry.domain.terms_document import terms_json
from registry.domain.uses import UsageUnit, UseKind, UsePurpose, purposes_required
from registry.errors import InvalidInputError, RegistryError
from registry.services import licences, linting, odrl_import, people
from registry.store.licences import Licence

PARTS: Final[Mapping[str, str]] = {
    "purposes": N_("What for"),
    "media": N_("Where it is heard"),
    "replica_class": N_("Kind of replica"),
    "intended_uses": N_("Intended uses, one by one"),
    "territories": N_("Countries and languages"),
    "term": N_("From when to when"),
    "projects": N_("Productions"),
    "exclusivity": N_("Exclusivity"),
    "pay": N_("Pay"),
    "volume_caps": N_("At most, over the whole term"),
    "approval": N_("Approval of exact words"),
    "sublicensing": N_("What goes beyond"),
    "disclosure": N_("Telling people that a machine made it"),
    "signing": N_("How it is signed"),
    "representation": N_("Who advises the performer"),
    "agreement": N_("Collective agreement"),
    "minor": N_("Age"),
    "recordings": N_("Recordings, and what they are kept for"),
    "governing_law": N_("Law"),
}
"""What the parts of the form are called; one for each of its slots."""

SEVERITIES: Final[Mapping[Severity, str]] = {
    Severity.ERROR: N_("Keeps it from coming into force"),
    Severity.WARNING: N_("To be looked at"),
    Severity.NOTE: N_("Note"),
}
ADVISED: Final[Mapping[RepresentationKind, str]] = {
    RepresentationKind.NONE: N_("nobody"),
    RepresentationKind.COUNSEL: N_("a lawyer"),
    RepresentationKind.UNION: N_("a union or guild"),
}
_PART_OF_TERM: Final = {
    "languages": "territories",
    "use_modes": "media",
    "starts_on": "term",
    "ends_on": "term",
    "attribution": "approval",
    "derived_voices": "sublicensing",
    "improves_models": "sublicensing",
}
_LONGEST_POLICY: Final = 200_000


@dataclass(frozen=True, slots=True)
class Draft:
    """A form of a licence.

    Attributes:
        fields: what stands in it.
        licence: that it is a draft or the next version of; None for a new one.
        problem: what is wrong and what to do, where it came back.
        detail: the exact sentence of the API, in English.
        wrong: parts of the form in which something was not taken.
        status: with which it is answered.
    """

    fields: Fields
    licence: Licence | None = None
    problem: Advice | None = None
    detail: str | None = None
    wrong: Sequence[str] = ()
    status: HTTPStatus = HTTPStatus.OK

    @classmethod
    def new(cls, performer_id: str, use: Mapping[str, str] = MappingProxyType({})) -> Draft:
        """Answer a form in which what has a default that permits least has it, and the rest is open.

        Args:
            performer_id: whom it is with, or nothing.
            use: parts of a use that it is to permit, by their names.
        """
        wanted: dict[str, str | list[str]] = {f: use[part] for part, f in TERM_OF_USE.items() if use.get(part)}
        return cls(
            MultiDict(
                {"performer_id": performer_id, "use_modes": "fixed", "replaces_in_person_work": "1"}
                | {"due_within_days": "30", "exclusivity": "non_exclusive"}
                | wanted
                | {"purposes": [each.value for each in _purposes_of(use)]}
            )
        )

    @classmethod
    def sent(cls, licence: Licence | None = None) -> Draft:
        """Answer the form as it was sent; a performer who is named by their number is that one."""
        fields = MultiDict(request.form)
        if another := fields.pop("another", "").strip():
            fields["performer_id"] = another
        return cls(fields, licence)

    def refused(self, error: RegistryError) -> Draft:
        """Answer the form with what was typed, and why it was not taken."""
        status, problem = told(error, REFUSALS)
        wrong = tuple(dict.fromkeys(_part_of(each) for each in _errors(error)))
        detail = None if "errors" in error.figures else error.detail
        return replace(self, problem=problem, detail=detail, wrong=wrong, status=status)


def _purposes_of(use: Mapping[str, str]) -> list[UsePurpose]:
    """Answer all that a licence has to permit for a use of this kind and purpose; nothing where one is not said."""
    kind, purpose = use.get("kind"), use.get("purpose")
    if kind not in set(UseKind) or purpose not in set(UsePurpose):
        return []
    return sorted(purposes_required(UseKind(kind), UsePurpose(purpose)))


def _errors(error: RegistryError) -> Sequence[str]:
    """Answer where an error says that something is wrong; terms that contradict each other by the term of each."""
    found, against = error.figures.get("errors"), error.figures.get("contradictions")
    refused = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    opposed = [each for each in against if isinstance(each, dict)] if isinstance(against, list) else []
    return [str(each.get("pointer", "")) for each in refused] + [f"#/terms/{each.get('term', '')}" for each in opposed]


def _part_of(pointer: str) -> str:
    """Answer in which part of the form a member of the body stands, such as ``#/terms/pay/rates/0``."""
    path = pointer.removeprefix("#/").split("/")
    if path[0] != "terms":
        return path[0]
    term = path[1] if len(path) > 1 else ""
    if term == "circumstances":
        return slot_of([f"circumstances.{'.'.join(path[2:4])}", f"circumstances.{path[2]}" if path[2:] else ""], [])
    return _PART_OF_TERM.get(term, term)


def drafted(fields: Fields) -> dict[str, Any]:
    """Answer what a form says, as the members that a draft and a change of one share."""
    return {
        "title": fields.get("title", ""),
        "intended_use": fields.get("intended_use", ""),
        "terms": document_of(fields),
    }


def draft_page(draft: Draft, lint: Mapping[str, Any] | None = None) -> Response:
    """Answer the page of a form, with what the rules find in it, where they were asked."""
    return page_of(
        "studio/draft",
        draft.status,
        scripts=True,
        draft=draft,
        fields=draft.fields,
        parts=PARTS,
        lint=lint or _lint_quietly(draft.fields),
        severities=SEVERITIES,
        known=_known(draft),
        word=categories(),
        units={unit: unit_called(unit) for unit in UsageUnit},
        bases=[basis for basis in PayBasis if basis is not PayBasis.NONE],
        advised=ADVISED,
        typed_policy=request.form.get("policy", ""),
    )


def _known(draft: Draft) -> Mapping[str, str]:
    """Answer by name whom one chooses from; of a licence that there is, whose it is."""
    if draft.licence is not None:
        return people.parties_named(context(), principal(), {draft.licence.performer_id})
    return people.choices_named(context(), principal(), draft.fields.get("performer_id", ""))


def categories() -> Mapping[str, Sequence[tuple[str, Category]]]:
    """Answer the words of the terms by the term that they belong to, each with its name in the reader's language."""
    found: dict[str, list[tuple[str, Category]]] = {}
    for each in shipped_categories():
        found.setdefault(each.term, []).append((each.name.in_language(language()), each))
    return found


# --- what the rules find ---------------------------------------------------------------------------------------------


def lint_of(report: LintReport) -> dict[str, Any]:
    """Answer what the rules find, in the reader's language, as a whole and by the part of the form it is mended in."""
    shown = LintOut.of(report, language())
    by_slot: dict[str, list[LintFindingOut]] = {slot: [] for slot in SLOTS}
    for finding in shown.findings:
        by_slot[slot_of(finding.facts, finding.missing)].append(finding)
    return {"report": shown, "slots": by_slot, "severities": SEVERITIES}


def _lint_quietly(fields: Fields) -> dict[str, Any] | None:
    """Answer what the rules find in a form that can be read already; None for one that cannot."""
    try:
        return _lint(fields)
    except InvalidInputError:
        return None


def _lint(fields: Fields) -> dict[str, Any]:
    body = checked(ContractBody, description=fields.get("intended_use", ""), terms=document_of(fields))
    return lint_of(linting.lint_contract(context(), principal(), body.value()))


@personal.post("/licences/check")
@stands_for("POST /v1/lint")
def check_terms() -> Response:
    """Say what the rules find in a form as it stands: as the page with the form, or to a script as the findings alone.

    Nothing is changed by it, so nothing has to be done once.
    """
    principal().require(Scope.LICENCES_WRITE)
    licence_id = request.form.get("licence_id")
    licence = licences.get_licence(context(), principal(), licence_id) if licence_id else None
    draft, lint = Draft.sent(licence), None
    try:
        lint = _lint(draft.fields)
    except InvalidInputError as error:
        draft = draft.refused(error)
    if request.headers.get("HX-Request"):
        return page_of("studio/lint", draft=draft, lint=lint, severities=SEVERITIES, parts=PARTS)
    return draft_page(draft, lint)


@personal.post("/licences/odrl")
@stands_for("POST /v1/odrl/terms")
@once
def read_policy() -> Response:
    """Read terms out of a policy in ODRL into the form. Nothing is kept by it."""
    principal().require(Scope.LICENCES_WRITE)
    draft = Draft.new(request.form.get("performer_id", ""))
    try:
        terms, _digest = odrl_import.terms_from_policy(principal(), _policy(request.form.get("policy", "")))
    except RegistryError as error:
        return draft_page(draft.refused(error))
    fields = fields_of(terms_json(terms))
    fields["performer_id"] = draft.fields["performer_id"]
    return draft_page(
        Draft(fields, problem=(_("The terms of the policy are in the form now."), _("Nothing is kept yet.")))
    )


def _policy(text: str) -> object:
    if len(text) > _LONGEST_POLICY:
        raise InvalidInputError("the policy is too long", longest=_LONGEST_POLICY)
    try:
        return parse_json(text)
    except ValueError as error:
        raise InvalidInputError("the policy is not JSON") from error
