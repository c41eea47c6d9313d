"""What is limited, and to how much of it: one setting for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from registry.settings import RATE, Settings

_WINDOWS_S: Mapping[str, int] = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


class Budget(StrEnum):
    """What is limited; each has a setting of its name."""

    READS = "reads"
    WRITES = "writes"
    ANONYMOUS = "anonymous"
    FAILED_TOKENS = "failed_tokens"
    CHECKS = "checks"
    SCANS = "scans"
    CLEARANCES = "clearances"
    NAMES = "names"
    REPORTS = "reports"
    VERIFICATIONS = "verifications"


@dataclass(frozen=True, slots=True)
class Rate:
    """So much in a window of so many seconds."""

    limit: int
    window_s: int

    @classmethod
    def of(cls, text: str) -> Rate | None:
        """Read a setting such as ``600/minute``; None for ``off``."""
        found = RATE.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no rate, such as 600/minute, nor off")
        return None if found["limit"] is None else cls(int(found["limit"]), _WINDOWS_S[found["unit"]])


Rates = Mapping[Budget, Rate]
"""The rate of each budget; what is not in it is not limited."""


def rates_of(said: Callable[[str], str]) -> Rates:
    """Answer the rates by what is said of each setting, asked for by its name."""
    read = {budget: Rate.of(said(f"rate_{budget}")) for budget in Budget}
    return {budget: rate for budget, rate in read.items() if rate is not None}


DEFAULT_RATES = rates_of(lambda name: str(Settings.model_fields[name].default))
"""What the settings say where nobody says otherwise."""
