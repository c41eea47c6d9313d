"""What is compared in a case, and how far that has come.

States::

    waiting ──a worker takes it──▶ running ──▶ done
       │                             └──what cannot be compared──▶ failed
       └──the case is closed, or a consent that it rests on ends──▶ failed      (from both)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from registry.domain.cases import CaseSide, CaseState
from registry.domain.cohorts import Criteria
from registry.domain.comparison import Role
from registry.domain.conclusions import Conclusion
from registry.errors import ConflictError, ForbiddenError, InvalidInputError

MOST_ANALYSES: Final = 50
"""In one case."""

MOST_RECORDINGS: Final = 50
"""Of one voice in one analysis."""


STATED_FIGURES: Final = ("language", "style", "channel")
"""What of a voice's recordings may be stated, and is not measured: it says how well conditions match."""


class AnalysisState(StrEnum):
    """How far an analysis has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"  # the failure says why; nothing was concluded


UNFINISHED: Final = (AnalysisState.WAITING, AnalysisState.RUNNING)


class RestsOn(StrEnum):
    """What a proposed conclusion rests on."""

    RECORDINGS = "recordings"
    DOCUMENTS = "documents"
    BOTH = "both"


MARKED_BY: Mapping[CaseSide, frozenset[Role]] = MappingProxyType(
    {
        CaseSide.COMPLAINANT: frozenset({Role.QUESTIONED, Role.PERFORMER}),
        CaseSide.RESPONDENT: frozenset({Role.QUESTIONED, Role.SOURCE}),
        CaseSide.REGISTRY: frozenset({Role.QUESTIONED}),
    }
)
"""Whose voice each side may say that a recording is of: each vouches for its own."""


def require_may_mark(side: CaseSide, voice: Role, *, under_seal: bool) -> None:
    """Refuse to have a recording filed as one of a voice that this side does not vouch for.

    Raises:
        ForbiddenError: figures ``side`` and ``voice``.
        InvalidInputError: only a source lies under seal.
    """
    if voice not in MARKED_BY[side]:
        raise ForbiddenError(
            f"the {side.value} does not vouch for recordings of the {voice.value} voice",
            side=side.value,
            voice=voice.value,
        )
    if under_seal and voice is not Role.SOURCE:
        raise InvalidInputError("only recordings of a source are taken under seal", voice=voice.value)


@dataclass(frozen=True, slots=True)
class VoiceAsked:
    """Of what one voice is heard.

    Attributes:
        paper_ids: recordings that were filed in the case.
        enrolled: whether the voiceprints that the registry holds of the person are taken as well.
    """

    paper_ids: tuple[str, ...] = ()
    enrolled: bool = False

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to hear."""
        return not self.paper_ids and not self.enrolled

    def as_json(self) -> dict[str, Any]:
        """Answer it as it is stored."""
        return {"paper_ids": list(self.paper_ids), "enrolled": self.enrolled}

    @classmethod
    def of_json(cls, written: Mapping[str, Any]) -> VoiceAsked:
        """Read what `as_json` wrote."""
        return cls(tuple(written["paper_ids"]), bool(written["enrolled"]))


@dataclass(frozen=True, slots=True)
class CohortAsked:
    """Who else it might be: recordings in an archive that was filed, or people of the registry who agreed to it.

    Attributes:
        paper_id: of the archive; None where the people are of the registry.
        among: by what people of the registry are chosen; None where there is an archive.
        said: by what the people of the archive were chosen, in a line.
    """

    paper_id: str | None = None
    among: Criteria | None = None
    said: str = ""

    def __post_init__(self) -> None:
        if (self.paper_id is None) is (self.among is None):
            raise InvalidInputError("a cohort is an archive of recordings, or people of the registry: one of both")
        if self.among is None and not self.said.strip():
            raise InvalidInputError("say in a line by what the people of the archive were chosen")

    @property
    def criteria(self) -> str:
        """By what its people were chosen, in a line."""
        return self.said if self.among is None else self.among.sentence()

    def as_json(self) -> dict[str, Any]:
        """Answer it as it is stored."""
        among = None if self.among is None else self.among.as_json()
        return {"paper_id": self.paper_id, "among": among, "said": self.said}

    @classmethod
    def of_json(cls, written: Mapping[str, Any]) -> CohortAsked:
        """Read what `as_json` wrote."""
        among = written["among"]
        return cls(written["paper_id"], None if among is None else Criteria.of_json(among), written["said"])


@dataclass(frozen=True, slots=True)
class AnalysisAsked:
    """What an analysis compares.

    Attributes:
        voices: of what each voice is heard; no `Role.SOURCE` where nobody is declared.
        cohorts: by name: the stated one first, then what each side proposed.
        said_to_hold: ways of speaking that somebody knows to be in the recordings and nobody validated.
        attestation_id: of the source that was named in the case; None where none was.
        stated: of each voice, what somebody states of its recordings, by one of `STATED_FIGURES`. It is shown beside
            what was measured; no number rests on it.
    """

    voices: Mapping[Role, VoiceAsked]
    cohorts: Mapping[str, CohortAsked]
    said_to_hold: tuple[str, ...] = ()
    attestation_id: str | None = None
    stated: Mapping[Role, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for role in (Role.QUESTIONED, Role.PERFORMER):
            if role not in self.voices or self.voices[role].is_nothing:
                raise InvalidInputError(f"there is nothing of the {role.value} voice to hear", voice=role.value)
        if self.voices[Role.QUESTIONED].enrolled:
            raise InvalidInputError("a questioned voice is heard in recordings: nobody knows whose it is")
        if Role.SOURCE in self.voices and self.voices[Role.SOURCE].is_nothing:
            raise InvalidInputError("there is nothing of the source to hear: leave it out", voice=Role.SOURCE.value)
        for role, voice in self.voices.items():
            _require_few(role, voice)
        for role, figures in self.stated.items():
            _require_statable(role, figures, self.voices)
        papers = Counter(paper for voice in self.voices.values() for paper in set(voice.paper_ids))
        twice = sorted(paper for paper, voices in papers.items() if voices > 1)
        if twice:
            raise InvalidInputError(
                f"{twice[0]} is given for two voices: no recording is compared with itself", paper_id=twice[0]
            )

    def as_json(self) -> dict[str, Any]:
        """Answer it as it is stored; the order of cohorts is kept beside them, for a database may sort members."""
        return {
            "voices": {role.value: voice.as_json() for role, voice in self.voices.items()},
            "cohorts": [{"name": name, **cohort.as_json()} for name, cohort in self.cohorts.items()],
            "said_to_hold": list(self.said_to_hold),
            "attestation_id": self.attestation_id,
            "stated": {role.value: dict(figures) for role, figures in self.stated.items()},
        }

    @classmethod
    def of_json(cls, written: Mapping[str, Any]) -> AnalysisAsked:
        """Read what `as_json` wrote."""
        voices = written["voices"]
        return cls(
            {role: VoiceAsked.of_json(voices[role.value]) for role in Role if role.value in voices},
            {cohort["name"]: CohortAsked.of_json(cohort) for cohort in written["cohorts"]},
            tuple(written["said_to_hold"]),
            written.get("attestation_id"),
            {Role(role): figures for role, figures in written.get("stated", {}).items()},
        )


def _require_statable(role: Role, figures: Mapping[str, str], voices: Mapping[Role, VoiceAsked]) -> None:
    unknown = sorted(set(figures) - set(STATED_FIGURES))
    if role not in voices or unknown:
        raise InvalidInputError(
            f"of a voice that is compared, {', '.join(STATED_FIGURES)} may be stated",
            voice=role.value,
            unknown=unknown,
        )


def _require_few(role: Role, voice: VoiceAsked) -> None:
    if len(voice.paper_ids) > MOST_RECORDINGS:
        raise InvalidInputError(
            f"{len(voice.paper_ids)} recordings of the {role.value} voice were named, {MOST_RECORDINGS} are heard",
            recordings=len(voice.paper_ids),
            most=MOST_RECORDINGS,
        )


def require_analysable(state: CaseState) -> None:
    """Refuse to compare anything but while a case is analysed: then both sides have had their time to file.

    Raises:
        ConflictError: figure ``state``.
    """
    if state is not CaseState.ANALYSIS:
        raise ConflictError(
            f"a case that is {state.value} is not analysed: take the step analyse first",
            state=state.value,
            required=CaseState.ANALYSIS.value,
        )


def require_source_open(state: CaseState) -> None:
    """Refuse to name a source, or another, where something was concluded about the one that was named before.

    Raises:
        ConflictError: figure ``state``.
    """
    if state not in {CaseState.OPEN, CaseState.EVIDENCE, CaseState.ANALYSIS}:
        raise ConflictError(
            f"in a case that is {state.value} no source is named: file a paper, and it may be opened again",
            state=state.value,
        )


def require_cohorts_open(state: CaseState, side: CaseSide) -> None:
    """Refuse a cohort but from a side, while evidence is taken or the case is analysed.

    Raises:
        ForbiddenError: the registry states its cohort with an analysis, and proposes none.
        ConflictError: figure ``state``.
    """
    if side is CaseSide.REGISTRY:
        raise ForbiddenError("the two sides propose a cohort; the registry states one with an analysis", by="a side")
    if state not in {CaseState.EVIDENCE, CaseState.ANALYSIS}:
        raise ConflictError(f"in a case that is {state.value} no cohort is proposed", state=state.value)


def rests_on(
    conclusion: Conclusion, found: Conclusion | None, wanted: RestsOn | None, *, finished: Iterable[str] = ()
) -> RestsOn:
    """Answer what a proposal rests on: nothing is said to follow from recordings that they do not support.

    Args:
        conclusion: that is proposed.
        found: what the analysis that is named concludes; None where none is named.
        wanted: what the proposal says; None where it says nothing.
        finished: ids of the finished analyses of the case, to be named in a refusal.

    Raises:
        ConflictError: it is said to rest on recordings and names no analysis, or one that concludes something else;
            figures ``conclusion``, ``analysis_conclusion``.
    """
    if found is None:
        if wanted in {RestsOn.RECORDINGS, RestsOn.BOTH}:
            raise ConflictError(
                "what rests on recordings names the finished analysis that it rests on", analyses=list(finished)
            )
        return RestsOn.DOCUMENTS
    if wanted is RestsOn.DOCUMENTS:
        return wanted
    if found is not conclusion:
        raise ConflictError(
            f"the analysis concludes {found.value}, not {conclusion.value}: recordings do not support that. It may be "
            "proposed as resting on documents alone",
            conclusion=conclusion.value,
            analysis_conclusion=found.value,
        )
    return wanted or RestsOn.RECORDINGS


WITHOUT_RECORDINGS: Final = "No analysis of recordings was finished in this case: this rests on documents alone."
"""Put under the grounds of a proposal where that is so."""


def grounds_said(grounds: str, finished: Sequence[str]) -> str:
    """Answer grounds as they are kept: where nothing was compared, they say so."""
    if finished or WITHOUT_RECORDINGS in grounds:
        return grounds
    return f"{grounds.rstrip()}\n\n{WITHOUT_RECORDINGS}"
