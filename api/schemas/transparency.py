"""Figures for the public: how disputes went, and how often the engine is wrong."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from api.schemas.base import Answer, Moment
from api.schemas.examples import Example
from registry.domain.conclusions import Conclusion
from registry.domain.transparency import LEAST, MEANING, Counted, Decided, Measure
from registry.engine.error_rates import ErrorRate, ErrorRates
from registry.engine.error_rates import Share as MeasuredShare
from registry.services.transparency import Transparency

_QUARTER = r"^[0-9]{4}-Q[1-4]$"
_SHARE: Example = {"share": 0.08434, "ci95": [0.0, 0.18519], "count": 7, "searches": 83}
_RATE: Example = {
    "by": "sex",
    "group": "F",
    "people": "reporting",
    "missed": _SHARE,
    "accused": {"share": 0.0, "ci95": None, "count": 0, "searches": 66},
    "clones_found": None,
    "reasons": [{"code": "not_measured", "detail": "nothing was measured of clones_found in this group"}],
}
_COUNT: Example = {
    "measure": "claims_by_performers",
    "meaning": MEANING[Measure.CLAIMS_BY_PERFORMERS],
    "periods": [
        {"first": "2026-Q1", "last": "2026-Q2", "count": 7, "reasons": []},
        {
            "first": "2026-Q3",
            "last": "2026-Q3",
            "count": None,
            "reasons": [{"code": "fewer_than_five", "detail": "there were some, and fewer than 5"}],
        },
    ],
    "total": 7,
    "total_is_whole": False,
}
_DECIDED: Example = {
    "first": "2026-Q1",
    "last": "2026-Q3",
    "groups": [
        {"conclusions": ["supports_p"], "count": 6},
        {"conclusions": ["explained_by_s", "sound_alike", "unknown_source", "inconclusive"], "count": 5},
    ],
    "count": 11,
    "median_days": 34,
    "reasons": [{"code": "counted_together", "detail": "of some of these there were fewer than 5"}],
}
_EXAMPLE: Example = {
    "version": 1,
    "least": LEAST,
    "quarters": ["2026-Q1", "2026-Q2", "2026-Q3"],
    "next_at": "2027-01-01T00:00:00Z",
    "counts": [_COUNT],
    "decisions": [_DECIDED],
    "error_rates": {"calibration_sha256": "fd" * 32, "target_fpir": 0.01, "rates": [_RATE], "reasons": []},
}


class WhyOut(Answer):
    """Why something is not given."""

    code: Literal["fewer_than_five", "counted_together", "not_measured", "other_calibration"]
    detail: str


class PeriodOut(Answer):
    """How many there were in some quarters."""

    first: str = Field(pattern=_QUARTER)
    last: str = Field(pattern=_QUARTER)
    count: int | None = Field(description="Null where there were some, and fewer than five.")
    reasons: list[WhyOut]

    @classmethod
    def of(cls, counted: Counted) -> PeriodOut:
        """Describe a count."""
        why = [] if counted.count is not None else [_FEWER]
        return cls(first=str(counted.first), last=str(counted.last), count=counted.count, reasons=why)


class CountOut(Answer):
    """How many there were of one kind, by quarters."""

    measure: Measure
    meaning: str
    periods: list[PeriodOut]
    total: int = Field(description="The sum of what is given.")
    total_is_whole: bool = Field(description="False where something is not given, and so is not in the sum.")

    @classmethod
    def of(cls, measure: Measure, periods: list[PeriodOut]) -> CountOut:
        """Describe what was counted of a kind."""
        given = [each.count for each in periods if each.count is not None]
        return cls(
            measure=measure,
            meaning=MEANING[measure],
            periods=periods,
            total=sum(given),
            total_is_whole=len(given) == len(periods),
        )


class GroupOut(Answer):
    """How many decisions there were of some conclusions together."""

    conclusions: list[Conclusion]
    count: int


class DecidedOut(Answer):
    """What was decided in some quarters."""

    first: str = Field(pattern=_QUARTER)
    last: str = Field(pattern=_QUARTER)
    groups: list[GroupOut] = Field(description="Empty where there were decisions, and fewer than five.")
    count: int | None
    median_days: int | None = Field(description="From opening, or opening again, to deciding, of all of these.")
    reasons: list[WhyOut]

    @classmethod
    def of(cls, decided: Decided) -> DecidedOut:
        """Describe what was decided."""
        together = any(len(group) > 1 for group, _ in decided.groups)
        return cls(
            first=str(decided.first),
            last=str(decided.last),
            groups=[GroupOut(conclusions=list(group), count=count) for group, count in decided.groups],
            count=decided.count,
            median_days=decided.median_days,
            reasons=[_TOGETHER] if together else [] if decided.groups else [_FEWER],
        )


class ShareOut(Answer):
    """A share, as it was measured."""

    share: float
    ci95: list[float] | None = Field(description="95 % interval over people; null where none was computed.")
    count: int
    searches: int = Field(description="Recordings that it is a share of.")

    @classmethod
    def of(cls, measured: MeasuredShare | None) -> ShareOut | None:
        """Describe a share, or answer None where none was measured."""
        if measured is None:
            return None
        interval = None if measured.ci95 is None else list(measured.ci95)
        return cls(share=measured.share, ci95=interval, count=measured.count, searches=measured.searches)


class RateOut(Answer):
    """What was measured of one group."""

    by: str
    group: str
    people: str = Field(description="`reporting`: people who taught the engine nothing; `all`: everybody.")
    missed: ShareOut | None = Field(description="Recordings of enrolled people that stay under the threshold.")
    accused: ShareOut | None = Field(description="Recordings of strangers that were called a match for anybody.")
    clones_found: ShareOut | None = Field(description="Clones of enrolled people over the threshold.")
    reasons: list[WhyOut]

    @classmethod
    def of(cls, rate: ErrorRate) -> RateOut:
        """Describe a group."""
        shares = {name: ShareOut.of(getattr(rate, name)) for name in ("missed", "accused", "clones_found")}
        missing = ", ".join(name for name, share in shares.items() if share is None)
        why = (
            [WhyOut(code="not_measured", detail=f"nothing was measured of {missing} in this group")] if missing else []
        )
        return cls(by=rate.by, group=rate.group, people=rate.people, reasons=why, **shares)


class ErrorRatesOut(Answer):
    """How often the engine is wrong, by group, as it was measured before it shipped."""

    calibration_sha256: str | None = Field(description="That it was measured with.")
    target_fpir: float | None = Field(description="Rate of false alarms that the threshold was set for.")
    rates: list[RateOut]
    reasons: list[WhyOut]

    @classmethod
    def of(cls, measured: ErrorRates | None) -> ErrorRatesOut:
        """Describe what was measured of the calibration in force."""
        if measured is None:
            return cls(calibration_sha256=None, target_fpir=None, rates=[], reasons=[_OTHER])
        return cls(
            calibration_sha256=measured.calibration_sha256,
            target_fpir=measured.target_fpir,
            rates=[RateOut.of(each) for each in measured.rates],
            reasons=[],
        )


class TransparencyOut(Answer):
    """Figures for the public. They change when a quarter is over, and at no other time."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    version: int
    least: int = Field(description="No figure counts fewer than so many, but for none.")
    quarters: list[str] = Field(description="That are counted: each that is over.")
    next_at: Moment = Field(description="When the next quarter is over.")
    counts: list[CountOut]
    decisions: list[DecidedOut]
    error_rates: ErrorRatesOut

    @classmethod
    def of(cls, published: Transparency) -> TransparencyOut:
        """Describe what is published."""
        counts = {measure: [PeriodOut.of(each) for each in periods] for measure, periods in published.counts.items()}
        return cls(
            version=1,
            least=LEAST,
            quarters=[str(quarter) for quarter in published.quarters],
            next_at=published.next_at,
            counts=[CountOut.of(measure, periods) for measure, periods in counts.items()],
            decisions=[DecidedOut.of(each) for each in published.decisions],
            error_rates=ErrorRatesOut.of(published.error_rates),
        )


_FEWER = WhyOut(code="fewer_than_five", detail=f"there were some, and fewer than {LEAST}")
_TOGETHER = WhyOut(code="counted_together", detail=f"of some of these there were fewer than {LEAST}")
_OTHER = WhyOut(
    code="other_calibration",
    detail="the calibration in force is not the one that ships, and nothing was measured of it",
)
