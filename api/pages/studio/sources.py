"""Sources: whose voice a synthetic voice was made from, sealed on the day it is made, before anybody disputes it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request

from api.pages.administrators import ask_administrators
from api.pages.checked import checked
from api.pages.forms import once
from api.pages.language import N_, _, day
from api.pages.lists import asked, cut
from api.pages.personal import page_of, personal, stands_for, went_on
from api.pages.refusals import Advice, advice
from api.pages.studio.declared import wrong_fields
from api.pages.zones import today
from api.paging import PageQuery
from api.schemas.attestations import NewAttestation
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.ids import IdPrefix, is_id
from registry.errors import (
    InvalidInputError,
    NotFoundError,
    RegistryError,
    UnknownAttestationError,
    UnknownSourceError,
)
from registry.services import attestations, journal_openings, people
from registry.store.attestations import SourceAttestation

SOURCES: Final = "/attestations"
_ONE: Final = f"{SOURCES}/<id:attestation_id>"
_OPERATION: Final = "/v1/attestations"
_MOST_EARLIER: Final = 200
_DIGEST: Final = re.compile(r"^([0-9a-fA-F]{64})(?:\s+(\d{4}-\d{2}-\d{2}))?(?:\s+\*?(.*))?$")

LABELS: Final[Mapping[str, str]] = {
    "product": N_("What you call the voice"),
    "made_on": N_("The day it was made"),
    "recordings": N_("Recordings that it was made from"),
    "recorded_on": N_("The day they were recorded"),
    "casting_sha256": N_("Casting documents"),
    "direction_sha256": N_("Direction notes"),
    "mentions": N_("People whom the direction notes name"),
    "performer_id": N_("A performer of whom you have a licence"),
    "attestation_id": N_("The same person as in an earlier one"),
    "sealed": N_("A person who is to stay hidden"),
    "name": N_("Name"),
    "contact": N_("How to reach them, or an agent"),
    "note": N_("What else ties them to the voice"),
    "source": N_("Whose voice it is"),
}
"""What each field is called, by the name of the API's member."""

_WHOSE: Final = LABELS["source"]
_REFUSED: Final[Mapping[str, tuple[str, str]]] = {
    "source_unknown": (
        N_("With this performer you never had a licence in force."),
        N_("Sign one first, or give the source under seal."),
    ),
    "attestation_unknown": (
        N_("The earlier attestation that you name is none of yours, or its source is not under seal."),
        N_("Choose another, or name the source anew."),
    ),
}


@personal.get(SOURCES)
@stands_for(f"GET {_OPERATION}")
def show_sources() -> Response:
    """Show what was attested, oldest first: of one's own studio, or of all to an operator."""
    query = asked(PageQuery)
    found = attestations.list_attestations(
        context(), principal(), after=query.after(IdPrefix.ATTESTATION), limit=query.limit + 1
    )
    items, cursor = cut(found, query)
    return page_of(
        "studio/sources",
        items=items,
        cursor=cursor,
        names=_names(items),
        may_attest=_may_attest(),
        to_ask=ask_administrators(),
    )


def _may_attest() -> bool:
    return Scope.ATTESTATIONS_WRITE in principal().scopes and not principal().is_operator


def _names(found: Sequence[SourceAttestation]) -> Mapping[str, str]:
    """Answer what sources that are not under seal, studios, and who attested are called."""
    open_ids = {each.performer_id for each in found if not each.sealed}
    return {
        **people.performers_named(context(), open_ids),
        **people.organisations_named(context(), {each.studio_id for each in found}),
        **people.accounts_named(context(), {each.recorded_by for each in found}),
    }


def sources_to_choose(partners: Mapping[str, str]) -> Mapping[str, str]:
    """Answer what a use may name as its source, by id: one's own attestations, the newest first, then partners.

    Nothing to whoever reads no attestations, or has so many that a number is typed.

    Args:
        partners: performers of whom one has a licence, by id; those without a name are left out.
    """
    if Scope.ATTESTATIONS_READ not in principal().scopes or principal().is_operator:
        return {}
    found = attestations.list_attestations(context(), principal(), after=None, limit=_MOST_EARLIER + 1)
    if len(found) > _MOST_EARLIER:
        return {}
    names = people.performers_named(context(), {each.performer_id for each in found if not each.sealed})
    attested = {each.id: _called(each, names) for each in reversed(found)}
    return attested | {each: name for each, name in partners.items() if each != name}


def source_called(source_id: str | None) -> Mapping[str, str]:
    """Answer what the source that a use declares is called, by its id, to whoever may know; nothing where nobody may.

    An attestation is called as its studio calls it, a performer by name: to the studio if it has, or had, a licence
    with them in force, and to operators.

    Args:
        source_id: an attestation, a performer, or None where none is declared.
    """
    if source_id is None:
        return {}
    if not is_id(source_id, IdPrefix.ATTESTATION):
        names = (
            people.performers_named(context(), {source_id})
            if principal().is_operator
            else people.partners_named(context(), principal())
        )
        return {each: name for each, name in names.items() if each == source_id != name}
    if Scope.ATTESTATIONS_READ not in principal().scopes:
        return {}
    try:
        found = attestations.get_attestation(context(), principal(), source_id)
    except NotFoundError:
        return {}
    names = {} if found.sealed else people.performers_named(context(), {found.performer_id})
    return {source_id: _called(found, names)}


def _called(attestation: SourceAttestation, names: Mapping[str, str]) -> str:
    whose = _("under seal") if attestation.sealed else names.get(attestation.performer_id, attestation.performer_id)
    return f"{attestation.product} · {whose} · {day(attestation.made_on)}"


# --- attesting -------------------------------------------------------------------------------------------------------


@personal.get(f"{SOURCES}/new")
@stands_for(f"POST {_OPERATION}")
def show_new_source() -> Response:
    """Show the form by which a source is attested."""
    attestations.attesting_studio(principal())
    return _form({"made_on": today().isoformat()})


def _form(
    typed: Mapping[str, Any],
    status: HTTPStatus = HTTPStatus.OK,
    *,
    problem: Advice | None = None,
    wrong: Sequence[str] = (),
) -> Response:
    earlier = attestations.list_attestations(context(), principal(), after=None, limit=_MOST_EARLIER)
    partners = people.partners_named(context(), principal())
    return page_of(
        "studio/source_new",
        status,
        typed=typed,
        problem=problem,
        wrong=wrong,
        labels=LABELS,
        partners={each: name for each, name in partners.items() if each != name},
        earlier=[each for each in earlier if each.sealed],
        scripts=True,
    )


@personal.post(f"{SOURCES}/new")
@stands_for(f"POST {_OPERATION}")
@once
def attest_source() -> Response:
    """Attest a source. It is never changed; who a source under seal is, is sealed at once."""
    attestations.attesting_studio(principal())
    try:
        body = checked(NewAttestation, **_sent())
        attested = attestations.attest_source(context(), principal(), body.attested(), body.source.value())
    except InvalidInputError as error:
        return _refused(error)
    return went_on(f"{SOURCES}/{attested.id}", done="attested")


def _refused(error: RegistryError) -> Response:
    said = _REFUSED.get(error.slug)
    problem = advice(error.slug, error.figures) if said is None else (_(said[0]), _(said[1]))
    if isinstance(error, UnknownSourceError | UnknownAttestationError):
        wrong = [_(_WHOSE)]
    else:
        about = {name: words for name, words in LABELS.items() if name in error.figures}
        wrong = [*wrong_fields(error.figures, LABELS), *(_(words) for words in about.values())]
    return _form(request.form, HTTPStatus.UNPROCESSABLE_ENTITY, problem=problem, wrong=wrong)


def _sent() -> dict[str, Any]:
    """Answer what the form says, by the names of the API's members."""
    form = request.form
    notes = form.get("direction_sha256", "").strip()
    said: dict[str, Any] = {
        "product": form.get("product", ""),
        "made_on": form.get("made_on", ""),
        "recordings": _recordings(),
        "casting_sha256": [digest for digest, _day in _digests("casting_sha256")],
        "source": _source(),
    }
    if notes:
        said |= {"direction_sha256": _digests("direction_sha256")[0][0], "mentions": _mentions()}
    return said


def _digests(field: str) -> list[tuple[str, str]]:
    """Answer the digests of a field, a line each, as `sha256sum` writes them, with a day where one stands there.

    What is no digest is handed on as it is: the model refuses it.
    """
    lines = [line.strip() for line in request.form.get(field, "").splitlines() if line.strip()]
    found = [(line, _DIGEST.match(line)) for line in lines]
    return [(read[1].lower(), read[2] or "") if read else (line, "") for line, read in found]


def _recordings() -> list[dict[str, str]]:
    """Answer the recordings; a line without a day is of the day that is given for all."""
    of_all = request.form.get("recorded_on", "")
    return [{"sha256": digest, "recorded_on": day or of_all} for digest, day in _digests("recordings")]


def _mentions() -> list[str] | None:
    """Answer whom direction notes name: nobody where that is said, None where nobody has looked."""
    named = [line.strip() for line in request.form.get("mentions", "").splitlines() if line.strip()]
    return named or ([] if request.form.get("names_nobody") else None)


def _source() -> dict[str, Any]:
    """Answer the source in the one way that was chosen."""
    form = request.form
    way = form.get("source", "")
    if way in {"performer_id", "attestation_id"}:
        return {way: form.get(way, "")}
    if way == "sealed":
        sealed = {"name": form.get("name", ""), "contact": form.get("contact", "")}
        return {"sealed": sealed | ({"note": note} if (note := form.get("note", "").strip()) else {})}
    return {}


# --- one attestation -------------------------------------------------------------------------------------------------


@personal.get(_ONE)
@stands_for(f"GET {_OPERATION}/{{attestation_id}}")
def show_source(attestation_id: str) -> Response:
    """Show one attestation, and where the journal has it: what can be shown once somebody disputes the voice."""
    attestation = attestations.get_attestation(context(), principal(), attestation_id)
    return page_of(
        "studio/source",
        attestation=attestation,
        recordings=[(each["sha256"], date.fromisoformat(each["recorded_on"])) for each in attestation.recordings],
        names=_names([attestation]),
        leaves=journal_openings.opened_leaves(context(), principal(), attestation_id),
        is_own=attestation.studio_id == principal().organisation_id,
    )
