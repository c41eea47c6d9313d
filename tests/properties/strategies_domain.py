"""Generated uses, licences, consents and evidence, from vocabularies so small that they often meet.

Two families: the *arbitrary* ones take every combination that the types allow, also those no service would ever
write; `covered_cases` builds a use, the licence that permits it and the consent it rests on, so that laws about
permission are not vacuous.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from hypothesis import strategies as st

from registry.domain.choices import LicensingChoices
from registry.domain.consents import Consent, ConsentDecision, ConsentPurpose, ConsentState, Modality
from registry.domain.licences import Licence, LicenceState
from registry.domain.policy import PerformerRecord, SourceStanding
from registry.domain.scores import EvidenceOutcome, Log10LR, PerformerEvidence, Reason, SegmentEvidence, Span
from registry.domain.terms import UNPAID, Exclusivity, LicenceTerms, PayBasis, PayTerms, Rate
from registry.domain.uses import DeclaredUse, Medium, UseKind, UsePurpose

T = TypeVar("T")

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
TODAY = NOW.date()
PERFORMER = "perf_a"
STUDIO = "org_a"

PURPOSES = (UsePurpose.TRAINING, UsePurpose.VOICE_CLONE, UsePurpose.DUBBING, UsePurpose.CHARACTER)
MEDIA = (Medium.FILM, Medium.GAME, Medium.INTERNAL)
COUNTRIES = ("KR", "US", "DE")
TAGS = ("ko", "en", "en-GB", "en-US")
PROJECTS = ("aurora", "meridian")


def days(first: int, last: int) -> st.SearchStrategy[date]:
    """Days from ``first`` to ``last``, counted from today."""
    return st.integers(first, last).map(lambda offset: TODAY + timedelta(days=offset))


def moments(first: int, last: int) -> st.SearchStrategy[datetime]:
    """Moments from ``first`` to ``last`` days from now, by the hour."""
    return st.integers(first * 24, last * 24).map(lambda offset: NOW + timedelta(hours=offset))


def subsets(values: tuple[T, ...]) -> st.SearchStrategy[frozenset[T]]:
    """Any subset, the empty one included."""
    return st.frozensets(st.sampled_from(values))


uses = st.builds(
    DeclaredUse,
    kind=st.sampled_from(UseKind),
    purpose=st.sampled_from(PURPOSES),
    project=st.sampled_from(PROJECTS),
    medium=st.sampled_from(MEDIA),
    territory=st.sampled_from((*COUNTRIES, "WORLD")),
    language=st.none() | st.sampled_from(TAGS),
    fixed_on=st.none() | days(-20, 20),
    claimed_licence_ids=st.sampled_from(((), ("lic_claimed",), ("lic_0", "lic_1"))),
)

rates = st.builds(
    Rate,
    basis=st.sampled_from([basis for basis in PayBasis if basis is not PayBasis.NONE]),
    amount_minor=st.integers(1, 1_000_000),
)
pays = st.just(UNPAID) | st.builds(
    PayTerms,
    rates=rates.map(lambda rate: (rate,)),
    currency=st.sampled_from(("EUR", "KRW")),
    due_within_days=st.integers(0, 15),
)


@st.composite
def terms(draw: st.DrawFn) -> LicenceTerms:
    """Any terms."""
    first, last = sorted((draw(days(-20, 10)), draw(days(-10, 20))))
    return LicenceTerms(
        purposes=draw(subsets(PURPOSES)),
        media=draw(subsets(MEDIA)),
        territories=draw(subsets((*COUNTRIES, "WORLD"))),
        languages=draw(subsets((*TAGS, "*"))),
        starts_on=first,
        ends_on=last,
        exclusivity=draw(st.sampled_from(Exclusivity)),
        pay=draw(pays),
        projects=draw(st.none() | subsets(PROJECTS)),
    )


def licences(
    of: st.SearchStrategy[LicenceTerms], *, states: st.SearchStrategy[LicenceState], studio_id: str = STUDIO
) -> st.SearchStrategy[Licence]:
    """Licences with such terms, in such states, whatever their other fields say."""
    return st.builds(
        Licence,
        id=st.sampled_from(("lic_0", "lic_1", "lic_2")),
        performer_id=st.just(PERFORMER),
        studio_id=st.just(studio_id),
        terms=of,
        state=states,
        activated_at=st.none() | moments(-20, 0),
        ended_at=st.none() | moments(-20, 0),
        paid_at=st.none() | moments(-20, 0),
        suspension_reason=st.none() | st.just("strike"),
    )


any_licences = licences(terms(), states=st.sampled_from(LicenceState))

consents = st.builds(
    Consent,
    id=st.sampled_from(("cons_0", "cons_1", "cons_2")),
    performer_id=st.just(PERFORMER),
    purpose=st.sampled_from(ConsentPurpose),
    modality=st.sampled_from(Modality),
    decision=st.sampled_from(ConsentDecision),
    state=st.sampled_from(ConsentState),
    signed_at=st.none() | moments(-40, 0),
    expires_at=st.none() | moments(-20, 20),
    withdrawn_at=st.none() | moments(-20, 0),
    choices=subsets(PURPOSES).map(LicensingChoices),
)
consent_lists = st.lists(consents, max_size=4)


def _as_record(held: list[Consent], of: list[Licence]) -> PerformerRecord:
    numbered = [replace(licence, id=f"lic_{number}") for number, licence in enumerate(of)]
    return PerformerRecord(PERFORMER, tuple(held), tuple(numbered))


records = st.builds(_as_record, consent_lists, st.lists(any_licences, max_size=3))


@dataclass(frozen=True, slots=True)
class CoveredCase:
    """A use that is permitted now, by this licence, on this consent."""

    use: DeclaredUse
    licence: Licence
    consent: Consent

    @property
    def record(self) -> PerformerRecord:
        """The record that holds just these two."""
        return PerformerRecord(PERFORMER, (self.consent,), (self.licence,))


@st.composite
def covering_terms(draw: st.DrawFn, use: DeclaredUse, *, ended: bool) -> LicenceTerms:
    """Terms that permit ``use`` in every respect, and more than it; of a term that runs, or that ended yesterday."""
    drawn = draw(terms())
    fixed_on = use.fixed_on or TODAY
    return replace(
        drawn,
        purposes=drawn.purposes | use.required_purposes,
        media=drawn.media | {use.medium},
        territories=drawn.territories | {use.territory},
        languages=drawn.languages | {use.language or "*"},
        projects=None if drawn.projects is None else drawn.projects | {use.project},
        starts_on=min(fixed_on, TODAY) - timedelta(days=draw(st.integers(0, 5))),
        ends_on=TODAY - timedelta(days=1) if ended else TODAY + timedelta(days=draw(st.integers(0, 20))),
    )


@st.composite
def covered_cases(draw: st.DrawFn, *, ended: bool | None = None) -> CoveredCase:
    """A permitted use; of a licence that has ended (the work finished within it), that runs, or of either (None)."""
    ended = draw(st.booleans()) if ended is None else ended
    use = draw(uses)
    if ended:
        use = replace(use, fixed_on=draw(days(-20, -1)))
    licence = replace(
        draw(licences(covering_terms(use, ended=ended), states=st.just(LicenceState.ACTIVE))),
        activated_at=draw(moments(-40, 0)),
        paid_at=NOW,
    )
    consent = replace(
        draw(consents),
        purpose=ConsentPurpose.LICENSING,
        modality=Modality.VOICE,
        decision=ConsentDecision.GIVEN,
        state=ConsentState.ACTIVE,
        signed_at=draw(moments(-40, 0)),
        expires_at=draw(st.none() | moments(1, 20)),
        withdrawn_at=None,
        choices=LicensingChoices(use.required_purposes | draw(subsets(PURPOSES))),
    )
    return CoveredCase(use, licence, consent)


spans = st.builds(
    lambda start, length: Span(float(start), float(start + length)), st.integers(0, 60), st.integers(1, 20)
)
strengths = st.floats(-6, 6).map(Log10LR)
reasons = st.lists(st.just(Reason("engines_disagree", "the engines disagree")), max_size=1).map(tuple)


def evidences(
    *outcomes: EvidenceOutcome, performer_id: str = PERFORMER, localised: bool | None = None
) -> st.SearchStrategy[PerformerEvidence]:
    """Evidence with one of these outcomes (any, when none is named), localised in spans, or not, or either (None)."""
    segments = st.lists(st.builds(SegmentEvidence, spans, strengths), min_size=1, max_size=3).map(tuple)
    where = {True: segments, False: st.just(()), None: segments | st.just(())}[localised]
    return st.builds(
        PerformerEvidence,
        performer_id=st.just(performer_id),
        outcome=st.sampled_from(outcomes or tuple(EvidenceOutcome)),
        log10_lr=strengths,
        engines=st.fixed_dictionaries({"ge2e": strengths, "campplus": strengths}),
        cohort_percentile=st.floats(0, 100),
        segments=where,
        reasons=reasons,
    )


standings = st.none() | st.builds(
    SourceStanding, performer_id=st.just("perf_source"), heard=st.booleans(), covered=st.booleans()
)
