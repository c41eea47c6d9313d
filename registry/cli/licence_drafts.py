"""``likeness licence draft``, ``amend`` and ``offer``: terms from files, on their way to being signed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option, Typer, echo

from registry.cli.operator import acting_operator
from registry.cli.options import Acting, one_line
from registry.cli.output import remark
from registry.cli.reading import json_of
from registry.domain.rules.catalogue import Contract
from registry.domain.rules.contract_document import contract_of_json
from registry.errors import InvalidInputError
from registry.services import licences

_LicenceId = Annotated[str, Argument(metavar="LICENCE_ID")]
_File = Annotated[Path, Argument(metavar="FILE.json", help="A contract, or terms alone, as `licence lint` reads them.")]
_Title = Annotated[str | None, Option(parser=one_line, metavar="TEXT", help="A name for people.")]


def add_to(app: Typer) -> None:
    """Add the commands."""
    app.command()(draft)
    app.command()(amend)
    app.command()(offer)
    app.command("withdraw-amendment")(withdraw_amendment)


def draft(
    file: _File,
    *,
    performer: Annotated[str, Option(metavar="PERFORMER_ID", help="Whose voice it is about.")],
    studio: Annotated[str, Option(metavar="ORGANISATION_ID", help="The studio.")],
    title: Annotated[str, Option(parser=one_line, metavar="TEXT", help="A name for people.")],
    acting: Acting = None,
) -> None:
    """Draft a licence from a file, and print its id."""
    contract = read_contract(file)
    with acting_operator(acting) as (ctx, principal):
        licence = licences.draft_licence(
            ctx,
            principal,
            performer_id=performer,
            studio_id=studio,
            title=title,
            intended_use=_described(contract),
            terms=contract.terms,
        )
    echo(licence.id)


def amend(licence_id: _LicenceId, file: _File, *, title: _Title = None, acting: Acting = None) -> None:
    """Draft the next version of a licence in force from a file, and print its number."""
    contract = read_contract(file)
    with acting_operator(acting) as (ctx, principal):
        licence = licences.amend_licence(
            ctx,
            principal,
            licence_id,
            title=title,
            intended_use=contract.description.strip() or None,
            terms=contract.terms,
        )
    remark(f"version {licence.number} stays in force until both sides have signed version {licence.newest.number}")
    echo(licence.newest.number)


def offer(licence_id: _LicenceId, *, acting: Acting = None) -> None:
    """Offer a draft, or a drafted amendment, to be signed. From now on its terms and its texts stand."""
    with acting_operator(acting) as (ctx, principal):
        licence = licences.offer_licence(ctx, principal, licence_id)
    echo(f"{licence.id} version {licence.newest.number} is offered")


def withdraw_amendment(licence_id: _LicenceId, *, acting: Acting = None) -> None:
    """Take an amendment back that is not in force yet."""
    with acting_operator(acting) as (ctx, principal):
        licence = licences.withdraw_amendment(ctx, principal, licence_id)
    echo(f"{licence.id} version {licence.newest.number} is withdrawn")


def read_contract(path: Path) -> Contract:
    """Read a contract, or terms alone, from a file.

    Raises:
        InvalidInputError: it cannot be read, or is neither.
    """
    return contract_of_json(json_of(path))


def _described(contract: Contract) -> str:
    said = contract.description.strip() or " ".join(contract.terms.intended_uses)
    if not said:
        raise InvalidInputError("a licence says in words what the voice will be used for: description is empty")
    return said
