"""Who an own calibration is fitted on, and on whom it is reported; and how many people that takes.

A hash of the label decides, so that the same folder is always split in the same way. A part of the people is held out:
nothing of theirs is fitted on. Of these, everybody with one recording, and every third of the others, is a stranger to
the report's gallery; the rest are enrolled in it.

The least numbers, and why:

- `LEAST_FITTED` people to fit on. The upper bound of a log10 LR is the logarithm of a third of the trials of two
  people: 50 people, with one recording each to search for, make 2,450 and support +2.9, about what a match in a gallery
  of forty takes; 20 people make 380 and support +2.1, less than one of fifteen takes. The tail, too, is fitted where
  one stranger in twenty to one in two hundred reaches: one alarm in a hundred searches of eight performers is one trial
  in 800.
- `LEAST_SEVERAL` of them with two or more recordings: two weights and a bias from fewer than ten independent cases for
  each weight do not hold elsewhere (Peduzzi et al. 1996), and both halves of one recording are not independent.
- `LEAST_ENROLLED` people held out and enrolled: when none of ten is missed, up to 31 % may be (95 % interval); of fewer
  there is nothing to report.
- `LEAST_STRANGERS` people held out and not enrolled: with the enrolled, who are searched for a second time with
  themselves left out, they make the 20 searches that an FPIR of 5 % takes to be seen at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from registry.engine.training.examples import digest_number
from registry.errors import TooFewPeopleError

LEAST_FITTED = 50
LEAST_SEVERAL = 20
LEAST_ENROLLED = 10
LEAST_STRANGERS = 10
HELD_OUT_SHARE = 0.3
_STRANGER_EVERY = 3


class Role(StrEnum):
    """What somebody's recordings are for."""

    FITTED = "fitted"
    ENROLLED = "enrolled"  # held out, in the gallery of the report
    STRANGER = "stranger"  # held out, and not in it


@dataclass(frozen=True, slots=True)
class Least:
    """How many people it takes; see the module.

    Attributes:
        fitted: to fit on.
        several: of these, with two or more recordings.
        enrolled: held out, in the gallery.
        strangers: held out, not in it.
    """

    fitted: int = LEAST_FITTED
    several: int = LEAST_SEVERAL
    enrolled: int = LEAST_ENROLLED
    strangers: int = LEAST_STRANGERS


def roles_of(recordings: Mapping[str, int], held_out: float) -> dict[str, Role]:
    """Answer everybody's role.

    Args:
        recordings: by person, how many there are; people without any have no role.
        held_out: share in (0, 1) of the people that is held out, of those with one recording and of the others alike.
    """
    roles = {}
    for several in (True, False):
        people = sorted((name for name, count in recordings.items() if count and (count > 1) is several), key=_order)
        kept = round(held_out * len(people))
        for number, person in enumerate(people):
            stranger = not several or number % _STRANGER_EVERY == _STRANGER_EVERY - 1
            roles[person] = (Role.STRANGER if stranger else Role.ENROLLED) if number < kept else Role.FITTED
    return roles


def _order(person: str) -> tuple[int, str]:
    return digest_number(f"likeness-calibrate:{person}"), person


def require_enough(recordings: Mapping[str, int], roles: Mapping[str, Role], least: Least) -> None:
    """Refuse to calibrate on too few people.

    Args:
        recordings: by person, how many can be used.
        roles: of these people.
        least: what it takes.

    Raises:
        TooFewPeopleError: naming every number that is short, what was found and what it takes.
    """
    there = [person for person in roles if recordings.get(person, 0)]
    fitted = [person for person in there if roles[person] is Role.FITTED]
    checks = {
        "fitted": ("people to fit on", len(fitted), least.fitted),
        "several": (
            "people to fit on with two or more recordings",
            sum(recordings[person] > 1 for person in fitted),
            least.several,
        ),
        "enrolled": (
            "people held out with two or more recordings",
            sum(roles[person] is Role.ENROLLED and recordings[person] > 1 for person in there),
            least.enrolled,
        ),
        "strangers": (
            "strangers held out",
            sum(roles[person] is Role.STRANGER for person in there),
            least.strangers,
        ),
    }
    short = {name: check for name, check in checks.items() if check[1] < check[2]}
    if short:
        said = ", ".join(f"{found} {words} ({needed} needed)" for words, found, needed in short.values())
        figures = {name: found for name, (_, found, _) in checks.items()}
        needs = {f"required_{name}": needed for name, (_, _, needed) in checks.items()}
        raise TooFewPeopleError(
            f"too few people to calibrate on: {said}; recordings of {len(there)} people can be used",
            people=len(there),
            **figures,
            **needs,
        )
