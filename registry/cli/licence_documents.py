"""What a licence is outside of the registry: versions, texts, agreements, ODRL, and the signed file."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

from typer import Argument, Exit, Option, Typer, echo

from registry.cli.operator import acting_operator
from registry.cli.options import Acting, AsJson
from registry.cli.output import print_facts, print_json, print_table, remark
from registry.cli.reading import json_of
from registry.domain.contradictions import require_consistent
from registry.domain.licences import Side
from registry.domain.terms_document import terms_json
from registry.errors import InvalidInputError
from registry.interchange.odrl import terms_of_odrl
from registry.services import licence_versions as verbs
from registry.services.licence_versions import VerifiedLicence, verify_signed_licence
from registry.store.licence_versions import LicenceVersion
from registry.vault.signing import canonical, read_jwks

_LicenceId = Annotated[str, Argument(metavar="LICENCE_ID")]
_Number = Annotated[
    int | None, Option("--version", metavar="NUMBER", help="By default the one in force, or the newest while none is.")
]
_HEADINGS = ("version", "from", "to", "drafted", "offered", "in force", "signed by", "terms")
_FLAGGED = 1


def add_to(app: Typer) -> None:
    """Add the commands."""
    app.command()(versions)
    app.command()(text)
    app.command()(agreement)
    app.command()(export)
    app.command()(verify)
    odrl = Typer(help="W3C ODRL 2.2 in JSON-LD.", no_args_is_help=True)
    odrl.command("export")(export_odrl)
    odrl.command("import")(import_odrl)
    app.add_typer(odrl, name="odrl")


def versions(licence_id: _LicenceId, *, as_json: AsJson = False, acting: Acting = None) -> None:
    """List the versions of a licence, with who has signed each."""
    with acting_operator(acting) as (ctx, principal):
        found = verbs.list_versions(ctx, principal, licence_id)
    if as_json:
        print_json([version_facts(version) for version in found])
    else:
        print_table(_HEADINGS, [_row(version) for version in found])


def text(
    licence_id: _LicenceId,
    *,
    number: _Number = None,
    lang: Annotated[str, Option(metavar="TAG", help="Language of the text: en or ko.")] = "en",
    acting: Acting = None,
) -> None:
    """Print a version as people read it, made from its terms."""
    with acting_operator(acting) as (ctx, principal):
        _, written = verbs.text_of(ctx, principal, licence_id, language=lang, number=number)
    echo(written, nl=False)


def agreement(licence_id: _LicenceId, *, number: _Number = None, acting: Acting = None) -> None:
    """Print what both sides sign, as its canonical bytes: a signature is over exactly these."""
    with acting_operator(acting) as (ctx, principal):
        signed = verbs.agreement_of(ctx, principal, licence_id, number)
    echo(canonical(signed).decode(), nl=False)


def export(licence_id: _LicenceId, *, number: _Number = None, acting: Acting = None) -> None:
    """Print a version with its signatures and texts as one signed file: what `licence verify` reads."""
    with acting_operator(acting) as (ctx, principal):
        echo(verbs.signed_licence(ctx, principal, licence_id, number))


def verify(
    file: Annotated[Path, Argument(metavar="FILE", help="What `licence export` printed.")],
    *,
    keys: Annotated[
        Path, Option(metavar="KEYS.json", help="The registry's public keys, as GET /v1/keys answers them.")
    ],
    as_json: AsJson = False,
) -> None:
    """Check a signed licence without a registry. Exit code 1: it holds, but not both sides have signed with a key."""
    found = verify_signed_licence(_content(file).strip(), read_jwks(_content(keys)))
    if as_json:
        print_json(_verified_facts(found) | {"terms": terms_json(found.terms)})
    else:
        print_facts(_verified_facts(found))
    if not found.is_proven:
        remark("not every signature could be checked: see “by word” and “missing”")
        raise Exit(_FLAGGED)


def export_odrl(licence_id: _LicenceId, *, number: _Number = None, acting: Acting = None) -> None:
    """Print a version as ODRL."""
    with acting_operator(acting) as (ctx, principal):
        policy = verbs.odrl_of_version(ctx, principal, licence_id, number)
    print_json(policy)


def import_odrl(
    file: Annotated[Path, Argument(metavar="FILE.json", help="A policy of the registry's profile.")],
) -> None:
    """Read terms from ODRL, and print them as `licence draft` reads them. Needs no registry."""
    terms = terms_of_odrl(json_of(file))
    require_consistent(terms)
    echo(json.dumps(terms_json(terms), indent=2, ensure_ascii=False))


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InvalidInputError(f"{path} cannot be read: {error}", path=str(path)) from error


def _verified_facts(found: VerifiedLicence) -> dict[str, object]:
    said = found.licence.agreement
    return {
        "licence": said["licence_id"],
        "version": said["number"],
        "title": said["title"],
        "performer": said["performer_id"],
        "studio": said["studio_id"],
        "in_force_at": found.licence.in_force_at,
        "issued_at": found.licence.issued_at,
        "agreement_sha256": found.agreement_sha256,
        "by_key": [side.value for side in found.by_key],
        "by_word": [side.value for side in found.by_word],
        "missing": [side.value for side in found.missing],
        "proven": found.is_proven,
    }


def version_facts(version: LicenceVersion) -> dict[str, object]:
    """Answer a version as JSON shows it."""
    return {
        "licence_id": version.licence_id,
        "number": version.number,
        "title": version.title,
        "intended_use": version.intended_use,
        "terms": version.terms_document,
        "terms_sha256": version.terms_sha256,
        "created_by": version.created_by,
        "created_at": version.created_at,
        "offered_at": version.offered_at,
        "in_force_at": version.in_force_at,
        "withdrawn_at": version.withdrawn_at,
        "declined_by": version.declined_by,
        "declined_reason": version.declined_reason,
        "signatures": [
            {
                "side": signature.side.value,
                "method": signature.method.value,
                "signed_at": signature.signed_at,
                "signed_by": signature.signed_by,
                "agreement_sha256": signature.agreement_sha256,
                "evidence_sha256": signature.evidence_sha256,
            }
            for signature in version.signatures
        ],
    }


def _row(version: LicenceVersion) -> tuple[object, ...]:
    terms = version.terms()
    signed = [side.value for side in Side if version.signature_of(side) is not None]
    return (
        version.number,
        terms.starts_on,
        terms.ends_on,
        version.created_at,
        _or_withdrawn(version, version.offered_at),
        version.in_force_at,
        signed,
        version.terms_sha256[:12],
    )


def _or_withdrawn(version: LicenceVersion, offered_at: datetime | None) -> object:
    return "withdrawn" if version.withdrawn_at is not None else offered_at
