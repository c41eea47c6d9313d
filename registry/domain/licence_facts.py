"""What has happened under a licence, as far as policy asks: volume used, copies approved, days attested, money owed.

Policy reads no ledger and no list of approvals; whoever asks it hands over what these say. What is not handed over is
not known, and what is not known is never held in a use's favour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from registry.domain.uses import CopyUse, UsageUnit


@dataclass(frozen=True, slots=True)
class AttestedWork:
    """A record, of a day, that a project used the licence: a clearance that was given, or a report of use.

    Attributes:
        project: by the studio's name.
        on: the day of the record, by the registry's clock.
    """

    project: str
    on: date


@dataclass(frozen=True, slots=True)
class LicenceFacts:
    """What is known to have happened under one licence.

    Attributes:
        used: whole units used so far over the term, by unit; a unit that is missing was not used. None: not known, so
            that a licence with volume caps permits nothing.
        approved_copies: the exact copies that the performer has approved, each for what it was approved for.
        attested: records of projects that used the licence.
        overdue_since: the day on which the oldest unpaid amount was due, or None when nothing is overdue.
    """

    used: Mapping[UsageUnit, int] | None = None
    approved_copies: frozenset[CopyUse] = frozenset()
    attested: frozenset[AttestedWork] = frozenset()
    overdue_since: date | None = None

    def attests(self, project: str, first: date, last: date) -> bool:
        """Whether a record shows the project between two days, both included."""
        return any(work.project == project and first <= work.on <= last for work in self.attested)


NOTHING_KNOWN = LicenceFacts()
"""What policy takes of a licence for which nothing was handed over."""
