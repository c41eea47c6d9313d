"""Samples of a scan, what persons say of their rows, and how often the engine is wrong by that."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Self

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Form, Moment, Page, Query
from api.schemas.examples import Example
from api.schemas.scan_results import ROW_EXAMPLE, ScanRowOut
from api.uploads import File
from registry.domain.scan_samples import Mark, Marks, NoKappa, SampledBy
from registry.domain.scores import EvidenceOutcome
from registry.scanning.served_marks import Standing
from registry.scanning.served_sample import Sample, SampleWanted
from registry.store.scan_marks import ScanSample


class SampleQuery(Query):
    """Which rows are drawn."""

    size: int = Field(default=50, ge=1, le=1000, description="How many rows.")
    seed: int = Field(default=0, ge=0, le=2**53 - 1, description="The same seed draws the same rows again.")
    by: SampledBy = Field(
        default=SampledBy.OUTCOME, description="What strata are made of; each has its share, and one row at least."
    )

    def wanted(self) -> SampleWanted:
        """Answer what is to be drawn."""
        return SampleWanted(self.size, self.seed, self.by)


class DrawnOut(Answer):
    """A row that was drawn."""

    stratum: str
    row: ScanRowOut
    mark: Mark | None = Field(description="What the caller said of it last.")


class StratumOut(Answer):
    """How many rows a stratum has, and how many of them were drawn."""

    stratum: str
    rows: int
    drawn: int


class SamplePage(Page):
    """Rows that were drawn from those that were heard, in the order of the source: all of them, as the only page."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "strata": [{"stratum": "match", "rows": 5, "drawn": 1}],
                    "items": [{"stratum": "match", "row": ROW_EXAMPLE, "mark": None}],
                    "next_cursor": None,
                }
            ]
        }
    )

    strata: list[StratumOut]
    items: list[DrawnOut]

    @classmethod
    def of(cls, drawn: Sample, own: Marks) -> Self:
        """Describe a sample, with what the caller has said of its rows."""
        return cls(
            strata=[StratumOut(stratum=name, rows=rows, drawn=taken) for name, rows, taken in drawn.strata],
            items=[
                DrawnOut(stratum=stratum, row=ScanRowOut.of(row), mark=own.get(row.number))
                for stratum, row in drawn.rows
            ],
            next_cursor=None,
        )


class NewMarks(Form):
    """A list of rows that a person has heard, filled in; and of which sample they are."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"marks": "(sample.csv)", "size": 50, "seed": 7, "by": "outcome"}]}
    )

    marks: File = Field(
        description="CSV with `number` and `heard_by_a_person`: `agree`, `disagree`, `unsure`, or empty."
    )
    size: int = Field(default=50, ge=1, le=1000, description="Of the sample, as it was drawn.")
    seed: int = Field(default=0, ge=0, le=2**53 - 1, description="Of the sample, as it was drawn.")
    by: SampledBy = Field(default=SampledBy.OUTCOME, description="Of the sample, as it was drawn.")

    def wanted(self) -> SampleWanted:
        """Answer which sample it is."""
        return SampleWanted(self.size, self.seed, self.by)


class HeardOfOut(Answer):
    """What persons say together of the rows in which the same was found."""

    outcome: EvidenceOutcome
    drawn: int = Field(description="Rows of the sample in which it was found.")
    agree: int
    disagree: int
    unsure: int = Field(description="Nobody could tell, or one said right and another wrong.")
    wrong: float | None = Field(description="Share of what was told in which it is wrong; null where nothing was.")
    low: float | None = Field(description="Of the 95 % interval (Wilson).")
    high: float | None
    right: float | None = Field(description="Share in which it is right; of matches, the precision.")
    right_low: float | None = Field(description="Of the 95 % interval (Wilson).")
    right_high: float | None


class WhoMarkedOut(Answer):
    """One person who has marked rows of a sample."""

    account_id: str
    marked: int = Field(description="Rows.")
    last_at: Moment


class SameSaidOut(Answer):
    """How far two persons say the same."""

    first: str = Field(description="An account.")
    second: str
    rows: int = Field(description="That both have marked.")
    same: int = Field(description="Of these, those of which they say the same.")
    raw: float | None = Field(description="Share of these.")
    kappa: float | None = Field(description="Cohen's kappa (1960): agreement beyond what chance brings.")
    no_kappa: NoKappa | None = Field(description="Why it is not said: of fewer than 20 rows it never is.")


_SAMPLE: Example = {"size": 50, "seed": 7, "by": "outcome"}


class MarksOut(Page):
    """How a sample stands: error rates by what was found, of what persons have marked."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "sample_id": examples.SCAN_SAMPLE,
                    **_SAMPLE,
                    "drawn": 21,
                    "left": 1,
                    "items": [
                        {
                            "outcome": "match",
                            "drawn": 21,
                            "agree": 19,
                            "disagree": 1,
                            "unsure": 0,
                            "wrong": 0.05,
                            "low": 0.0089,
                            "high": 0.2361,
                            "right": 0.95,
                            "right_low": 0.7639,
                            "right_high": 0.9911,
                        }
                    ],
                    "people": [{"account_id": examples.ACCOUNT, "marked": 20, "last_at": examples.NOW}],
                    "agreement": [],
                    "next_cursor": None,
                }
            ]
        }
    )

    sample_id: str | None = Field(description="Null as long as nobody has marked a row of it.")
    size: int
    seed: int
    by: SampledBy
    drawn: int = Field(description="Rows of the sample.")
    left: int = Field(description="Of these, those that the caller has not marked.")
    items: list[HeardOfOut]
    people: list[WhoMarkedOut] = Field(description="In the order in which they first marked a row.")
    agreement: list[SameSaidOut] = Field(description="One for each two of them.")

    @classmethod
    def of(cls, standing: Standing) -> Self:
        """Describe how a sample stands."""
        sample, last_at = standing.sample, standing.last_at
        return cls(
            sample_id=sample.id,
            size=sample.wanted.size,
            seed=sample.wanted.seed,
            by=sample.wanted.by,
            drawn=len(sample.rows),
            left=standing.left,
            items=[HeardOfOut.model_validate(asdict(one)) for one in standing.found],
            people=[
                WhoMarkedOut(account_id=who, marked=len(marks), last_at=last_at[who])
                for who, marks in standing.said.items()
            ],
            agreement=[SameSaidOut.model_validate(asdict(one)) for one in standing.agreement],
            next_cursor=None,
        )


class SignedMarksOut(Answer):
    """All that is on record of a sample, signed by the registry."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "jws": "eyJhbGciOiJFZDI1NTE5In0.eyJmb3JtYXQiOiJsaWtlbmVzcy1zY2FuLW1hcmtzIn0.c2ln",
                    "document": {"format": "likeness-scan-marks", "version": 1},
                    "jwks": {"keys": []},
                }
            ]
        }
    )

    jws: str = Field(description="Compact JWS over the canonical JSON of the document.")
    document: dict[str, Any] = Field(
        description="The sample, its rows, every mark with who made it and when, and rates."
    )
    jwks: dict[str, Any] = Field(description="The registry's public keys.")


class ScanSampleOut(Answer):
    """A sample of which somebody has marked a row."""

    id: str
    size: int
    seed: int
    by: SampledBy
    drawn: int = Field(description="Rows of it.")
    created_by: str = Field(description="Who marked the first row.")
    created_at: Moment

    @classmethod
    def of(cls, sample: ScanSample) -> Self:
        """Describe a sample."""
        told = {name: getattr(sample, name) for name in cls.model_fields if name != "drawn"}
        return cls(**told, drawn=len(sample.drawn))


class ScanSamplePage(Page):
    """Samples of a scan, newest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "id": examples.SCAN_SAMPLE,
                            **_SAMPLE,
                            "drawn": 21,
                            "created_by": examples.ACCOUNT,
                            "created_at": examples.NOW,
                        }
                    ],
                    "next_cursor": None,
                }
            ]
        }
    )

    items: list[ScanSampleOut]
