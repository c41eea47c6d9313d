"""``likeness performer``: who is protected, their consents, and their voiceprints."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from typer import Argument, BadParameter, Option, Typer, confirm, echo

from registry.cli.licence import HEADINGS, licence_facts, licence_row
from registry.cli.operator import acting_operator
from registry.cli.options import Acting, AsJson, one_line
from registry.cli.output import print_facts, print_json, print_table, remark, words
from registry.cli.paging import every
from registry.domain.accounts import Principal
from registry.domain.checks import EnrolmentState
from registry.domain.consents import ConsentDecision, ConsentState, Modality
from registry.domain.performers import IdentityAssurance
from registry.errors import ConflictError, EngineUnavailableError, EnrolmentQualityError
from registry.services import consents, enrolments, licences
from registry.services import performers as verbs
from registry.services.context import Context
from registry.services.intake import Upload
from registry.services.withdrawal import Withdrawal
from registry.store.consents import Consent
from registry.store.enrolments import Enrolment
from registry.store.licences import Licence
from registry.store.performers import Performer

app = Typer(help="Performers: who is protected.", no_args_is_help=True)

PerformerId = Annotated[str, Argument(metavar="PERFORMER_ID")]
_CONSENT = ("consent", "purpose", "modality", "decision", "state", "signed", "ends")
_ENROLMENT = ("enrolment", "state", "recordings", "speech", "received", "problem")


# --- performers ------------------------------------------------------------------------------------------------------


@app.command()
def register(
    *,
    name: Annotated[str, Option(parser=one_line, metavar="NAME", help="As the performer is known.")],
    assurance: Annotated[
        IdentityAssurance, Option(help="How the identity was established.")
    ] = IdentityAssurance.SELF_DECLARED,
    account: Annotated[str | None, Option(metavar="ACCOUNT_ID", help="The performer's own account.")] = None,
    acting: Acting = None,
) -> None:
    """Register a performer, and print their id. Nothing is permitted by it."""
    with acting_operator(acting) as (ctx, principal):
        performer = verbs.register_performer(
            ctx, principal, name=name, identity_assurance=assurance, account_id=account
        )
    remark(f"registered {performer.name}, whose identity is {performer.identity_assurance.value}")
    echo(performer.id)


@app.command("list")
def list_performers(*, as_json: AsJson = False, acting: Acting = None) -> None:
    """List every performer, oldest first."""
    with acting_operator(acting) as (ctx, principal):
        found = list(every(lambda after, limit: verbs.list_performers(ctx, principal, after=after, limit=limit)))
    if as_json:
        print_json([performer_facts(performer) for performer in found])
        return
    rows = [(p.id, p.name, p.identity_assurance, p.account_id, p.created_at) for p in found]
    print_table(("performer", "name", "identity", "account", "registered"), rows)


@dataclass(frozen=True, slots=True)
class _File:
    """Everything the registry holds about one performer, but for the voiceprints."""

    performer: Performer
    consents: list[Consent]
    enrolments: list[Enrolment]
    licences: list[Licence]
    now: datetime


@app.command()
def show(performer_id: PerformerId, *, as_json: AsJson = False, acting: Acting = None) -> None:
    """Show one performer, with consents, enrolments and licences."""
    with acting_operator(acting) as (ctx, principal):
        file = _file_of(ctx, principal, performer_id)
    if as_json:
        print_json(_file_facts(file))
    else:
        _print_file(file)


def _file_of(ctx: Context, principal: Principal, performer_id: str) -> _File:
    performer = verbs.get_performer(ctx, principal, performer_id)
    return _File(
        performer,
        list(consents.list_consents(ctx, principal, performer_id)),
        list(enrolments.list_enrolments(ctx, principal, performer_id)),
        list(licences.list_licences_of_performer(ctx, principal, performer_id)),
        ctx.clock(),
    )


def _file_facts(file: _File) -> dict[str, object]:
    return performer_facts(file.performer) | {
        "consents": [consent_facts(consent, file.now) for consent in file.consents],
        "enrolments": [enrolment_facts(enrolment) for enrolment in file.enrolments],
        "licences": [licence_facts(licence, file.now) for licence in file.licences],
    }


def _print_file(file: _File) -> None:
    rows: list[tuple[object, ...]]
    print_facts(performer_facts(file.performer))
    if file.consents:
        rows = [
            (c.id, c.purpose, c.modality, c.decision, c.value().state_at(file.now), c.signed_at, c.expires_at)
            for c in file.consents
        ]
        print_table(_CONSENT, rows, title="\nConsents")
    if file.enrolments:
        rows = [(e.id, e.state, len(e.recordings), _speech_s(e), e.created_at, _detail(e)) for e in file.enrolments]
        print_table(_ENROLMENT, rows, title="\nEnrolments", prose="problem")
    if file.licences:
        print_table(HEADINGS, [licence_row(one, file.now) for one in file.licences], title="\nLicences")


def _speech_s(enrolment: Enrolment) -> str | None:
    return f"{enrolment.quality['speech_s']} s" if enrolment.quality else None


def _detail(enrolment: Enrolment) -> str | None:
    return str(enrolment.problem["detail"]) if enrolment.problem else None


def performer_facts(performer: Performer) -> dict[str, object]:
    """Answer a performer as JSON shows it, here and over HTTP."""
    return {
        "id": performer.id,
        "name": performer.name,
        "identity_assurance": performer.identity_assurance.value,
        "account_id": performer.account_id,
        "minor_until": performer.adult_on,
        "died_on": performer.died_on,
        "forgotten_at": performer.forgotten_at,
        "deleted_at": performer.deleted_at,
        "created_at": performer.created_at,
        "version": performer.version,
    }


def consent_facts(consent: Consent, now: datetime) -> dict[str, object]:
    """Answer a consent as JSON shows it; its state is that at ``now``."""
    return {
        "id": consent.id,
        "purpose": consent.purpose.value,
        "modality": consent.modality.value,
        "decision": consent.decision.value,
        "state": consent.value().state_at(now).value,
        "explanation_ids": list(consent.explanation_ids),
        "choices": consent.choices,
        "signed_by": consent.signed_by,
        "signed_as": consent.signed_as.value,
        "signed_at": consent.signed_at,
        "expires_at": consent.expires_at,
        "withdrawn_at": consent.withdrawn_at,
        "version": consent.version,
    }


def enrolment_facts(enrolment: Enrolment) -> dict[str, object]:
    """Answer an enrolment as JSON shows it."""
    return {
        "id": enrolment.id,
        "consent_id": enrolment.consent_id,
        "modality": enrolment.modality.value,
        "state": enrolment.state.value,
        "recordings": list(enrolment.recordings),
        "quality": enrolment.quality,
        "problem": enrolment.problem,
        "created_at": enrolment.created_at,
        "finished_at": enrolment.finished_at,
        "version": enrolment.version,
    }


# --- withdrawing -----------------------------------------------------------------------------------------------------


@app.command()
def withdraw(
    performer_id: PerformerId,
    *,
    modality: Annotated[Modality | None, Option(help="Only consents for this; by default all.")] = None,
    yes: Annotated[bool, Option("--yes", help="Do not ask.")] = False,
    acting: Acting = None,
) -> None:
    """Withdraw a performer's consents. What rested on them is gone for good when this returns."""
    if not yes and not sys.stdin.isatty():
        raise BadParameter("there is no terminal to ask on: say --yes", param_hint="--yes")
    with acting_operator(acting) as (ctx, principal):
        if not yes:
            _confirm(ctx, principal, performer_id, modality)
        done = consents.withdraw_all(ctx, principal, performer_id, modality=modality)
    echo(withdrawal_in_words(done))


def _confirm(ctx: Context, principal: Principal, performer_id: str, modality: Modality | None) -> None:
    """Ask, naming what would end; where there is nothing to end, leave it to the verb to say so.

    Raises:
        ConflictError: the answer was no.
    """
    performer = verbs.get_performer(ctx, principal, performer_id)
    ending = [
        consent
        for consent in consents.list_consents(ctx, principal, performer_id)
        if consent.state is ConsentState.ACTIVE
        and consent.decision is ConsentDecision.GIVEN
        and modality in {None, consent.modality}
    ]
    question = (
        f"Withdraw what {performer.name} has consented to: {_named(ending)}? Voiceprints that rest on monitoring are "
        "destroyed for good, and licences in force that rest on licensing are suspended"
    )
    if ending and not confirm(question, err=True):
        raise ConflictError("it was not confirmed: nothing was withdrawn")


def _named(ending: Sequence[Consent]) -> str:
    return ", ".join(f"{consent.purpose.value} of the {consent.modality.value}" for consent in ending)


def withdrawal_in_words(done: Withdrawal) -> str:
    """Say what a withdrawal has done, and who must stop by when."""
    if done.already:
        return "it had been withdrawn before: nothing was left to do" + _must_stop(done)
    said = [
        f"withdrawn: {_named(done.consents) or 'nothing was in force'}",
        f"voiceprints destroyed: {done.voiceprints_erased}, keys destroyed: {done.keys_destroyed}",
    ]
    if done.licences_suspended:
        said.append(f"licences suspended: {', '.join(done.licences_suspended)}")
    said.append(f"running workers that have confirmed: {done.workers_confirmed} of {done.workers_live}")
    if done.notices.kept:
        said.append(f"notices that keep what was served, which the other side has as well: {done.notices.kept}")
    return "\n".join(said) + _must_stop(done)


def _must_stop(done: Withdrawal) -> str:
    return "".join(
        f"\n{holder.organisation_name} must stop by {words(holder.stop_by)}: {holder.kind.value} {holder.id}"
        for holder in done.holders
    )


# --- enrolling -------------------------------------------------------------------------------------------------------


@app.command()
def enrol(
    performer_id: PerformerId,
    files: Annotated[list[Path], Argument(metavar="FILE…", exists=True, dir_okay=False, readable=True)],
    *,
    label: Annotated[
        list[str] | None,
        Option(parser=one_line, metavar="TEXT", help="What a recording stands for; as many as there are files."),
    ] = None,
    wait: Annotated[float, Option(metavar="SECONDS", min=0, help="Wait so long for a worker to finish it.")] = 0,
    acting: Acting = None,
) -> None:
    """Enrol recordings of a performer who has consented, and print the enrolment's id. A running worker completes it.

    The recordings are judged before this returns; one that fails refuses the whole.
    """
    with acting_operator(acting) as (ctx, principal):
        uploads = [Upload(path, path.name) for path in files]
        enrolment = enrolments.submit_enrolment(
            ctx, principal, performer_id, modality=Modality.VOICE, uploads=uploads, labels=label or None
        )
        for warning in _warnings(enrolment):
            remark(f"warning: {warning}")
        if wait:
            enrolment = enrolments.await_enrolment(ctx, principal, performer_id, enrolment.id, wait_s=wait)
            _require_finished(enrolment, wait)
    remark(f"the enrolment is {enrolment.state.value}")
    echo(enrolment.id)


def _warnings(enrolment: Enrolment) -> list[str]:
    warnings = (enrolment.quality or {}).get("warnings")
    return [str(warning) for warning in warnings] if isinstance(warnings, list) else []


def _require_finished(enrolment: Enrolment, waited_s: float) -> None:
    """Refuse to call done what is not.

    Raises:
        EnrolmentQualityError: the worker has refused it; the sentence is the worker's own.
        EngineUnavailableError: no worker has finished it, or none could.
    """
    if enrolment.state is EnrolmentState.REFUSED:
        raise EnrolmentQualityError(f"{enrolment.id} was refused: {_detail(enrolment)}", enrolment_id=enrolment.id)
    if enrolment.state is EnrolmentState.QUEUED:
        raise EngineUnavailableError(
            f"{enrolment.id} still waits after {waited_s:g} s: is a worker running?", enrolment_id=enrolment.id
        )
    if enrolment.state is not EnrolmentState.ACTIVE:
        raise EngineUnavailableError(
            f"{enrolment.id} is {enrolment.state.value}: {_detail(enrolment) or 'the consent was withdrawn'}",
            enrolment_id=enrolment.id,
        )
