"""``likeness gallery``: files with which a studio searches its recordings where they are, and how these stand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

from typer import Argument, BadParameter, Exit, Option, Typer

from registry.bootstrap import build_engine
from registry.cli.operator import acting_operator
from registry.cli.options import Acting, AsJson
from registry.cli.output import print_facts, print_json, print_table, remark
from registry.domain.engine_settings import EngineSettings
from registry.domain.gallery_files import LONGEST_INTERVAL, FileStanding, SearchPurpose
from registry.errors import InvalidInputError
from registry.scanning.folder import write_whole
from registry.scanning.gallery_file import read_manifest
from registry.services.engine_settings import require_running_in_force
from registry.services.gallery import SearchedIn
from registry.services.gallery_files import Exported, FileAsked, export_gallery
from registry.services.gallery_status import ask_gallery_status
from registry.settings import load_settings
from registry.vault.gallery_seal import make_studio_key, public_jwk, read_public_key

app = Typer(
    help="Gallery files: sealed voiceprints, without names, to search recordings with where these are.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

_FLAGGED = 1
_HOURS = int(LONGEST_INTERVAL.total_seconds()) // 3600


@app.command()
def key(
    out: Annotated[Path, Option(metavar="KEY.json", help="A new file for the private half; mode 0600.")],
) -> None:
    """Make a studio's key, on its own machine. Print the public half, which the registry needs for every file."""
    print_json(public_jwk(make_studio_key(out)))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadParameter(f"{text} is neither a date nor a moment such as 2026-03-02T09:30:00Z") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


@app.command()
def export(
    organisation: Annotated[str, Option("--for", metavar="ORG_ID", help="The studio or auditor who will search.")],
    *,
    purpose: Annotated[SearchPurpose, Option(help="What they search: what they publish, or what models learn from.")],
    expires: Annotated[datetime, Option(parser=_moment, metavar="DATE", help="When it ends; within 31 days. In UTC.")],
    studio_key: Annotated[
        Path,
        Option(
            metavar="FILE.jwk",
            help="Their public key, as `likeness gallery key` printed it.",
            exists=True,
            dir_okay=False,
        ),
    ],
    told: Annotated[
        list[str],
        Option(
            metavar="TEXT_ID",
            help="Your own text on monitoring that tells performers that a studio may get their voiceprint, sealed; "
            "repeat for several. Nobody else is in the file.",
        ),
    ],
    out: Annotated[Path | None, Option(metavar="FILE", help="A new file, to hand over.")] = None,
    offer: Annotated[
        bool, Option("--offer", help="Keep it here, sealed, until it ends, for its organisation to fetch over HTTP.")
    ] = False,
    status_hours: Annotated[
        int, Option(metavar="HOURS", min=1, max=_HOURS, help="For how long a word about the file counts.")
    ] = _HOURS,
    as_json: AsJson = False,
    acting: Acting = None,
) -> None:
    """Issue a gallery file: signed, sealed for one studio's key, without names. Exit code 3: somebody was left out."""
    if out is None and not offer:
        raise BadParameter("give --out FILE to hand it over, or --offer to have it fetched, or both")
    settings = load_settings()
    recipient = read_public_key(studio_key.read_bytes())
    asked = FileAsked(organisation, purpose, expires, timedelta(hours=status_hours), frozenset(told), recipient, offer)
    engine = build_engine(settings)
    where = SearchedIn(engine.spaces, engine.calibration.cohorts)
    with acting_operator(acting) as (ctx, principal):
        require_running_in_force(ctx, EngineSettings(engine.target_fpir, settings.calibration_sha256))
        done = export_gallery(ctx, principal, asked, out, where=where, calibration=engine.calibration.id)
    for performer_id, why in done.left_out.items():
        remark(f"left out: {performer_id}: {why.detail}")
    _show(done, out, as_json=as_json)
    if done.left_out:
        raise Exit(3)


def _show(done: Exported, out: Path | None, *, as_json: bool) -> None:
    manifest = done.manifest
    facts = {
        "file": None if out is None else str(out),
        "offered": done.offered,
        "id": manifest.file_id,
        "issued_to": manifest.organisation_id,
        "purpose": manifest.purpose.value,
        "performers": manifest.performers,
        "not_told": done.not_told,
        "left_out": len(done.left_out),
        "expires_at": manifest.expires_at,
        "status_interval_s": int(manifest.status_interval.total_seconds()),
        "sealed_sha256": manifest.sealed_sha256,
    }
    if as_json:
        print_json(facts)
    else:
        print_facts(facts)


@app.command()
def status(
    files: Annotated[list[Path], Argument(metavar="FILE...", help="Gallery files of one organisation.")],
    *,
    out: Annotated[
        Path | None,
        Option(metavar="STATUS.json", help="Write the signed answer, for `likeness scan --gallery-status`."),
    ] = None,
    as_json: AsJson = False,
    acting: Acting = None,
) -> None:
    """Say of gallery files how they stand now, signed. Exit code 1: one of them must not be searched."""
    with acting_operator(acting) as (ctx, principal):
        trusted = dict(ctx.keys.signing_keys())
        manifests = [read_manifest(path, trusted) for path in files]
        owners = {manifest.organisation_id for manifest in manifests}
        if len(owners) != 1:
            raise InvalidInputError("the files are of several organisations; ask for each by itself")
        named = [manifest.file_id for manifest in manifests]
        answer = ask_gallery_status(ctx, principal, named, organisation_id=owners.pop())
    said = {
        "at": answer.at,
        "files": [
            {"id": file_id, "standing": stands.standing.value, "reason": stands.reason.detail, "drop": stands.dropped}
            for file_id, stands in answer.told
        ],
        "signed": answer.signed,
    }
    if out is not None:
        write_whole(out, json.dumps({"signed": answer.signed}).encode() + b"\n")
    if as_json:
        print_json(said)
    else:
        rows = [(file_id, s.standing.value, len(s.dropped), s.reason.detail) for file_id, s in answer.told]
        print_table(("file", "standing", "dropped", "why"), rows, prose="why")
    if any(stands.standing is not FileStanding.HOLDS for _, stands in answer.told):
        raise Exit(_FLAGGED)
