"""``likeness purge``: destroys what is past its time by the retention schedule; to be run each night."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from typer import Exit, Option, echo

from registry.cli.operator import acting_operator
from registry.cli.options import Acting, AsJson
from registry.cli.output import print_json, print_table
from registry.services import purge as verbs
from registry.services.purge import Due
from registry.store.retention import DestructionCertificate

_FLAGGED = 1


def purge(
    *,
    yes: Annotated[bool, Option("--yes", help="Destroy it; without this, only what would be is told.")] = False,
    as_json: AsJson = False,
    acting: Acting = None,
) -> None:
    """Destroy what is past its time, and leave a certificate of it in the journal.

    Without --yes nothing is destroyed, and exit code 1 says that something is past its time.
    """
    with acting_operator(acting) as (ctx, principal):
        if yes:
            _tell_done(verbs.purge(ctx, principal), as_json=as_json)
            return
        due = verbs.what_is_due(ctx, principal)
    _tell_due(due, as_json=as_json)
    if any(each.records for each in due):
        raise Exit(_FLAGGED)


def _tell_due(due: Sequence[Due], *, as_json: bool) -> None:
    if as_json:
        print_json([{"rule": each.rule.value, "cutoff": each.cutoff, "records": each.records} for each in due])
    else:
        print_table(("rule", "begun before", "records"), [(each.rule.value, each.cutoff, each.records) for each in due])


def _tell_done(certificates: Sequence[DestructionCertificate], *, as_json: bool) -> None:
    if as_json:
        print_json([certificate_facts(each) for each in certificates])
        return
    for each in certificates:
        echo(f"{each.rule}: {each.records} records destroyed, certificate {each.id}")
    if not certificates:
        echo("nothing is past its time")


def certificate_facts(certificate: DestructionCertificate) -> dict[str, object]:
    """Answer a certificate as JSON shows it, with the salt, for whoever runs the registry."""
    names = ("id", "rule", "schedule_sha256", "records", "cutoff", "commitment", "destroyed_at")
    return {name: getattr(certificate, name) for name in names} | {"salt": certificate.salt.hex()}
