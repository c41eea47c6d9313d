"""The course of a licence: what was done with it, by whom and when, oldest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from api.pages.language import N_, _
from api.pages.wording import SUSPENSIONS
from api.state import context
from registry.domain.licences import Side
from registry.services import people
from registry.store.licence_versions import LicenceVersion
from registry.store.licences import Licence

_SIGNED: Final[Mapping[Side, str]] = {
    Side.PERFORMER: N_("The performer's side signed version %(number)s"),
    Side.STUDIO: N_("The studio signed version %(number)s"),
}


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that was done.

    Attributes:
        at: when.
        words: what.
        by: what whoever did it is called; None where nobody is on record, or it followed by itself.
        reason: in the words of who did it.
    """

    at: datetime
    words: str
    by: str | None = None
    reason: str | None = None


def course_of(licence: Licence) -> Sequence[Happened]:
    """Answer everything that was done with a licence, oldest first, with the names of who did it."""
    names = people.accounts_named(context(), _actors(licence))
    found = [happened for version in licence.versions for happened in _of_version(version, names)]
    found += [*_of_holds(licence, names), *_ends(licence)]
    return sorted(found, key=lambda each: each.at)


def _actors(licence: Licence) -> set[str]:
    drafted = {who for version in licence.versions for who in (version.created_by, version.declined_by) if who}
    signed = {each.signed_by for version in licence.versions for each in version.signatures}
    held = {who for hold in licence.holds for who in (hold.placed_by_account, hold.lifted_by_account) if who}
    return drafted | signed | held


def _of_version(version: LicenceVersion, names: Mapping[str, str]) -> Iterator[Happened]:
    called = names.get
    number = {"number": version.number}
    yield Happened(version.created_at, _("Version %(number)s was drafted") % number, called(version.created_by))
    if version.offered_at is not None:
        yield Happened(version.offered_at, _("Version %(number)s was offered") % number)
    for signature in version.signatures:
        words = _SIGNED[signature.side]
        yield Happened(signature.signed_at, _(words) % number, called(signature.signed_by))
    if version.in_force_at is not None:
        yield Happened(version.in_force_at, _("Version %(number)s came into force") % number)
    if version.withdrawn_at is not None:
        words = (
            _("Version %(number)s was taken back")
            if version.declined_by is None
            else _("Version %(number)s was declined")
        )
        yield Happened(version.withdrawn_at, words % number, called(version.declined_by or ""), version.declined_reason)


def _of_holds(licence: Licence, names: Mapping[str, str]) -> Iterator[Happened]:
    called = names.get
    for hold in licence.holds:
        why = _(SUSPENSIONS[hold.reason])
        yield Happened(
            hold.placed_at, _("Suspended: %(why)s") % {"why": why}, called(hold.placed_by_account or ""), hold.note
        )
        if hold.lifted_at is not None:
            words = _("No longer: %(why)s") % {"why": why}
            yield Happened(hold.lifted_at, words, called(hold.lifted_by_account or ""))


def _ends(licence: Licence) -> Iterator[Happened]:
    if licence.paid_at is not None:
        yield Happened(licence.paid_at, _("Everything that was due had arrived"))
    if licence.ended_at is not None:
        yield Happened(licence.ended_at, _("It was ended"))
