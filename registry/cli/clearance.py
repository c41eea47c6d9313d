"""``likeness clearance``: check a token without a registry, and look at what was asked and answered."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, BadParameter, Exit, Option, Typer, echo

from registry.cli.operator import acting_operator
from registry.cli.options import Acting, AsJson
from registry.cli.output import print_facts, print_json, print_table
from registry.cli.paging import every
from registry.cli.reading import content_of, signed_text
from registry.clock import utc_now
from registry.domain.clearance_status import CLOCK_SKEW
from registry.domain.clearances import Decision
from registry.domain.scores import Reason
from registry.errors import SignatureInvalidError
from registry.interchange.clearances import (
    STATUS_TYPE,
    TOKEN_TYPE,
    Acceptance,
    ClearanceStatus,
    ClearanceToken,
    accept,
)
from registry.services import clearance_status, clearances
from registry.store.clearances import Clearance
from registry.vault.signing import PublicKeys, read_jwks, verify

app = Typer(help="Clearances: may I, and does the answer still hold?", no_args_is_help=True)

_FLAGGED = 1
_LARGEST = 64_000_000
_JWS = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_HEADINGS = ("clearance", "decision", "performer", "studio", "project", "decided", "ends")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadParameter(f"{text} is not a moment such as 2026-03-02T09:30:00Z") from error
    if moment.tzinfo is None:
        raise BadParameter("a moment needs its zone, such as 2026-03-02T09:30:00Z")
    return moment


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the token must be for, besides holding."""

    studio: str | None
    performer: str | None
    copy: Path | None


@app.command("verify")
def verify_token(
    token: Annotated[str, Argument(metavar="TOKEN", help="The token, or a file that has it: by itself, or as JSON.")],
    *,
    keys: Annotated[
        Path, Option(metavar="JWKS.json", help="The registry's public keys, as GET /v1/keys answers them.")
    ],
    status: Annotated[
        list[Path] | None, Option(metavar="FILE", help="An answer of POST /v1/clearances/status; repeat for several.")
    ] = None,
    studio: Annotated[str | None, Option(metavar="ORG_ID", help="It must have been given to this studio.")] = None,
    performer: Annotated[str | None, Option(metavar="PERFORMER_ID", help="It must be about this performer.")] = None,
    copy: Annotated[Path | None, Option(metavar="FILE", help="It must be for exactly these words.")] = None,
    at: Annotated[datetime | None, Option(parser=_moment, metavar="MOMENT", help="Say it of this moment.")] = None,
    skew: Annotated[
        float,
        Option(metavar="SECONDS", min=0, max=CLOCK_SKEW.total_seconds(), help="How far this clock may be behind."),
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Say whether a token may be acted on. No database, no network. Exit code 1: it may not.

    1. Its signature holds, by one of the keys, over a document of this type; so does that of each status.
    2. It has not ended, and it is about what was asked: the studio, the performer, the words.
    3. The last that the registry has said of it, in the token or in the newest status, is fresh. Stale means refused.
    4. That says that it holds.
    """
    now = at or utc_now()
    try:
        trusted = read_jwks(content_of(keys, _LARGEST))
        read = ClearanceToken.of_claims(verify(_token(token), trusted, typ=TOKEN_TYPE))
        told = [_status(path, trusted) for path in status or ()]
    except SignatureInvalidError as error:
        reason = Reason("signature_invalid", error.detail, {"step": str(error.figures.get("step"))})
        _answer(None, Acceptance(accepted=False, reasons=(reason,)), as_json=as_json)
    acceptance = accept(read, told, now=now, skew=timedelta(seconds=skew))
    if mismatches := tuple(_mismatches(read, _Asked(studio, performer, copy))):
        acceptance = Acceptance(accepted=False, reasons=(*acceptance.reasons, *mismatches))
    _answer(read, acceptance, as_json=as_json)


def _token(given: str) -> str:
    """Answer the signed text that was given, or that a file has: by itself, or as the member ``token``."""
    return given if _JWS.fullmatch(given) else signed_text(Path(given), "token", _LARGEST)


def _status(path: Path, trusted: PublicKeys) -> ClearanceStatus:
    return ClearanceStatus.of_claims(verify(signed_text(path, "signed", _LARGEST), trusted, typ=STATUS_TYPE))


def _mismatches(read: ClearanceToken, asked: _Asked) -> list[Reason]:
    """Name everything that the token is not about, though it was asked for."""
    found = []
    if asked.studio not in {None, read.studio_id}:
        found.append(Reason("clearance_of_another", f"it was given to {read.studio_id}, not to {asked.studio}"))
    if asked.performer not in {None, read.wanted.performer_id}:
        detail = f"it is about {read.wanted.performer_id}, not about {asked.performer}"
        found.append(Reason("clearance_about_another", detail))
    if asked.copy is not None:
        digest = hashlib.sha256(content_of(asked.copy, _LARGEST)).hexdigest()
        if digest != read.wanted.use.copy_sha256:
            cleared = read.wanted.use.copy_sha256 or "no exact words"
            found.append(Reason("clearance_of_other_copy", f"it is for {cleared}; the file has {digest}"))
    return found


def _answer(read: ClearanceToken | None, acceptance: Acceptance, *, as_json: bool) -> None:
    if as_json:
        reasons = [reason.as_json() for reason in acceptance.reasons]
        print_json(
            {"accepted": acceptance.accepted, "reasons": reasons, "token": None if read is None else read.claims()}
        )
    else:
        echo("permitted" if acceptance.accepted else "REFUSED")
        for reason in acceptance.reasons:
            echo(f"  {reason.detail} ({reason.code})")
        if read is not None:
            print_facts(_in_words(read))
    if not acceptance.accepted:
        raise Exit(_FLAGGED)


def _in_words(read: ClearanceToken) -> dict[str, object]:
    use = read.wanted.use
    return {
        "clearance": read.clearance_id,
        "given to": read.studio_id,
        "performer": read.wanted.performer_id,
        "use": f"{use.kind.value} for {use.purpose.value}, {use.medium.value}, {use.territory}, {use.language or '-'}",
        "project": use.project,
        "copy": use.copy_sha256,
        "beyond": sorted(read.wanted.beyond),
        "licence": f"{read.licence_id}, version {read.licence_version}",
        "ends": read.expires_at,
    }


# --- what was asked ------------------------------------------------------------------------------------------------


@app.command("list")
def list_clearances(
    *,
    decision: Annotated[Decision | None, Option(help="Only those that were answered so.")] = None,
    as_json: AsJson = False,
    acting: Acting = None,
) -> None:
    """List what was asked and answered, newest first."""
    with acting_operator(acting) as (ctx, principal):
        found = list(
            every(
                lambda after, limit: clearances.list_clearances(
                    ctx, principal, decision=decision, after=after, limit=limit
                )
            )
        )
    if as_json:
        print_json([_facts(each) for each in found])
        return
    rows = [(c.id, c.decision, c.performer_id, c.studio_id, c.project, c.decided_at, c.expires_at) for c in found]
    print_table(_HEADINGS, rows)


@app.command()
def show(
    clearance_id: Annotated[str, Argument(metavar="CLEARANCE_ID")], *, as_json: AsJson = False, acting: Acting = None
) -> None:
    """Show one clearance, why it was answered so, and how it stands now."""
    with acting_operator(acting) as (ctx, principal):
        clearance = clearances.get_clearance(ctx, principal, clearance_id).clearance
        stands = clearance_status.standing_of(ctx, principal, clearance_id)
    facts = _facts(clearance)
    if as_json:
        said = None if stands is None else [reason.as_json() for reason in stands.reasons]
        print_json(facts | {"standing": None if stands is None else stands.standing.value, "standing_reasons": said})
        return
    facts["reasons"] = [str(reason["detail"]) for reason in clearance.reasons]
    facts["use"] = [f"{name}: {value}" for name, value in clearance.use.items() if value not in (None, [])]
    if stands is not None:
        facts["stands"] = f"{stands.standing.value}: {'; '.join(reason.detail for reason in stands.reasons)}"
    print_facts(facts)


def _facts(clearance: Clearance) -> dict[str, Any]:
    return {
        "id": clearance.id,
        "decision": clearance.decision.value,
        "studio_id": clearance.studio_id,
        "performer_id": clearance.performer_id,
        "use": dict(clearance.use),
        "beyond": list(clearance.beyond),
        "reasons": list(clearance.reasons),
        "licence_id": clearance.licence_id,
        "licence_version": clearance.licence_version,
        "decided_at": clearance.decided_at,
        "expires_at": clearance.expires_at,
    }
