"""Three-way comparisons with the real calibration, of voices that point where a test wants them to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from registry.domain.comparison import REFERENCE, Comparison, Role
from registry.domain.conclusions import Conclusion, read
from registry.domain.scores import Span
from registry.engine.analysis import Analysis, Turn, Voice
from registry.engine.identify import Engine
from registry.engine.metrics import wilson_interval
from registry.engine.threeway import Party, Population, Sample, ThreeWay, pooled, samples_of
from registry.engine.voiceprint import Voiceprint
from registry.errors import InvalidInputError
from registry.media.quality import SignalQuality

GOOD = SignalQuality(-20.0, 0.0, 40.0, 8000.0, 0.9, None)
SPEECH_S = 12.0


def vectors(engine: Engine, person: int, take: int, spread: float = 0.5) -> dict[str, np.ndarray]:
    """Unit vectors of one take of a person: the cohort's centre, the person's direction, and a little chance."""
    found = {}
    for encoder, space in engine.spaces.items():
        mean = np.random.default_rng(1_000 + person).normal(size=space.dimension)
        chance = np.random.default_rng(person * 100 + take).normal(size=space.dimension)
        direction = mean / np.linalg.norm(mean) + spread * chance / np.linalg.norm(chance)
        vector = engine.calibration.cohorts[encoder].project.centre + direction / np.linalg.norm(direction)
        found[encoder] = (vector / np.linalg.norm(vector)).astype(np.float32)
    return found


def sample(engine: Engine, person: int, take: int, spread: float = 0.5, quality: SignalQuality = GOOD) -> Sample:
    found = vectors(engine, person, take, spread)
    halves = tuple(Turn(Span(start, start + SPEECH_S / 2), SPEECH_S / 2, found) for start in (0.0, SPEECH_S))
    return Sample.of(f"{person}-{take}", Analysis(20.0, SPEECH_S, (Voice(halves, SPEECH_S, found),), quality))


def party(engine: Engine, person: int, takes: Sequence[int] = (0, 1, 2)) -> Party:
    return Party([sample(engine, person, take) for take in takes])


def crowd(engine: Engine, people: Sequence[int], name: str = "stated") -> Population:
    gallery = engine.new_gallery()
    for person in people:
        gallery.add(f"member {person}", sample(engine, person, 0).voiceprints(engine))
    return Population(name, gallery)


PERFORMER, SOURCE, STRANGER = 1, 2, 3
CROWD = range(10, 40)


@pytest.fixture(scope="module")
def three_way(engine: Engine) -> ThreeWay:
    return ThreeWay(engine)


@pytest.fixture(scope="module")
def of_source(engine: Engine, three_way: ThreeWay) -> Comparison:
    """The questioned voice is the source's."""
    questioned = party(engine, SOURCE, (7, 8))
    return three_way.compare(questioned, party(engine, PERFORMER), party(engine, SOURCE), [crowd(engine, CROWD)])


def test_a_recording_outside_validation_does_not_count_and_says_why(engine: Engine, three_way: ThreeWay) -> None:
    noisy = sample(engine, SOURCE, 9, quality=replace(GOOD, snr_db=1.0))
    questioned = Party([sample(engine, SOURCE, 7), noisy])
    found = three_way.compare(questioned, party(engine, PERFORMER), None, [])
    material = found.materials[Role.QUESTIONED]
    assert (material.recordings, [one.code for one in material.left_out]) == (1, ["not_validated_for"])
    assert material.left_out[0].figures["recording"] == noisy.name
    assert material.conditions["snr_db"] == GOOD.snr_db
    assert "decay_db_per_s" not in material.conditions
    assert [one.name for one in found.recordings] == [questioned.samples[0].name]


def test_where_no_recording_counts_nothing_is_concluded(engine: Engine, three_way: ThreeWay) -> None:
    noisy = Party([sample(engine, SOURCE, 9, quality=replace(GOOD, snr_db=1.0))])
    found = three_way.compare(noisy, party(engine, PERFORMER), None, [crowd(engine, CROWD)])
    assert found.cohorts == ()
    assert read(found).conclusion is Conclusion.INCONCLUSIVE
    assert [reason.code for reason in read(found).reasons] == ["nothing_usable", "not_validated_for"]


def test_recordings_of_two_people_for_one_are_noticed(engine: Engine, three_way: ThreeWay) -> None:
    mixed = Party([sample(engine, PERFORMER, 0), sample(engine, PERFORMER, 1), sample(engine, STRANGER, 0)])
    found = three_way.compare(party(engine, SOURCE, (7, 8)), mixed, party(engine, SOURCE), [])
    assert "recordings_disagree" in {reason.code for reason in read(found).reasons}


def test_the_source_is_found_and_the_performer_is_not(of_source: Comparison) -> None:
    assert read(of_source).conclusion is Conclusion.EXPLAINED_BY_S
    assert [cohort.name for cohort in of_source.cohorts] == ["stated", REFERENCE]
    stated = of_source.cohorts[0]
    assert stated.source
    assert stated.source.rank
    assert (stated.source.rank.voices, stated.source.rank.at_least_as_close) == (len(CROWD), 0)
    assert set(stated.source.rank.engines) == set(stated.source.strength.engines)


def test_the_same_numbers_come_out_with_roles_exchanged(
    engine: Engine, three_way: ThreeWay, of_source: Comparison
) -> None:
    questioned = party(engine, SOURCE, (7, 8))
    found = three_way.compare(questioned, party(engine, SOURCE), party(engine, PERFORMER), [crowd(engine, CROWD)])
    assert read(found).conclusion is Conclusion.SUPPORTS_P
    for one, other in zip(found.cohorts, of_source.cohorts, strict=True):
        assert (one.performer, one.source) == (other.source, other.performer)
        assert one.alike
        assert other.alike
        assert (one.alike.from_performer, one.alike.from_source) == (
            other.alike.from_source,
            other.alike.from_performer,
        )


def test_what_is_said_of_the_performer_does_not_depend_on_the_source(
    engine: Engine, three_way: ThreeWay, of_source: Comparison
) -> None:
    questioned = party(engine, SOURCE, (7, 8))
    alone = three_way.compare(questioned, party(engine, PERFORMER), None, [crowd(engine, CROWD)])
    assert [cohort.performer for cohort in alone.cohorts] == [cohort.performer for cohort in of_source.cohorts]
    assert read(alone).conclusion is Conclusion.UNKNOWN_SOURCE


def test_a_cohort_is_left_as_it_was(engine: Engine, three_way: ThreeWay) -> None:
    population = crowd(engine, CROWD)
    before = population.gallery.performers()
    three_way.compare(party(engine, SOURCE, (7,)), party(engine, PERFORMER), party(engine, SOURCE), [population])
    assert population.gallery.performers() == before


def test_a_member_who_may_be_a_party_is_no_rival_and_is_named(engine: Engine, three_way: ThreeWay) -> None:
    questioned, performer = party(engine, PERFORMER, (7, 8)), party(engine, PERFORMER)
    among = three_way.compare(questioned, performer, None, [crowd(engine, [*CROWD, PERFORMER])])
    apart = three_way.compare(questioned, performer, None, [crowd(engine, CROWD)])
    assert among.cohorts[0].set_aside == (f"member {PERFORMER}",)
    assert apart.cohorts[0].set_aside == ()
    assert among.cohorts[0].performer.rank == apart.cohorts[0].performer.rank
    assert read(among).conclusion is read(apart).conclusion is Conclusion.SUPPORTS_P


def test_a_source_under_seal_needs_no_recordings(engine: Engine, three_way: ThreeWay, of_source: Comparison) -> None:
    prints = [one for sample in party(engine, SOURCE).samples for one in sample.voiceprints(engine)]
    sealed = Party(samples_of(prints, engine), sealed=True)
    questioned = party(engine, SOURCE, (7, 8))
    found = three_way.compare(questioned, party(engine, PERFORMER), sealed, [crowd(engine, CROWD)])
    assert found.materials[Role.SOURCE].sealed
    assert found.materials[Role.SOURCE].conditions == {}
    assert found.cohorts == of_source.cohorts


def test_a_voiceprint_that_lacks_a_space_is_refused(engine: Engine) -> None:
    space = engine.spaces["campplus"]
    with pytest.raises(InvalidInputError, match="missing in one of the engine's spaces"):
        samples_of([Voiceprint(space, vectors(engine, 1, 0)["campplus"], "one", 9.0)], engine)


def test_every_turn_has_a_strength_of_its_own(of_source: Comparison) -> None:
    for recording in of_source.recordings:
        assert [turn.span.start_s for turn in recording.turns] == [0.0, SPEECH_S]
        assert all(turn.source is not None and turn.source > turn.performer for turn in recording.turns)


def test_the_interval_of_a_rank_is_wilsons(engine: Engine, three_way: ThreeWay) -> None:
    found = three_way.compare(party(engine, STRANGER, (7,)), party(engine, PERFORMER), None, [crowd(engine, CROWD)])
    rank = found.cohorts[0].performer.rank
    assert rank
    low, high = wilson_interval(rank.at_least_as_close, rank.voices)
    assert rank.interval == (round(rank.voices * low, 2), round(rank.voices * high, 2))


def test_several_recordings_are_one_voice_weighted_by_their_speech(engine: Engine) -> None:
    long, short = (Voice((), seconds, vectors(engine, 1, take)) for seconds, take in ((30.0, 0), (3.0, 1)))
    together = pooled([long, short])
    assert together.speech_s == 33.0
    for encoder, vector in together.vectors.items():
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
        assert vector @ long.vectors[encoder] > vector @ short.vectors[encoder]


def test_what_is_not_known_is_refused(engine: Engine, three_way: ThreeWay) -> None:
    sides = (party(engine, SOURCE, (7,)), party(engine, PERFORMER), None)
    with pytest.raises(InvalidInputError, match="yodelling"):
        three_way.compare(*sides, [], ["yodelling"])
    with pytest.raises(InvalidInputError, match=REFERENCE):
        three_way.compare(*sides, [crowd(engine, CROWD, REFERENCE)])


def test_a_rate_that_validation_cannot_tell_is_refused(engine: Engine) -> None:
    with pytest.raises(InvalidInputError, match="calibrate with more people") as refused:
        ThreeWay(engine, stranger_rate=1e-6)
    assert refused.value.figures["upper"] == engine.calibration.upper


def test_a_cohort_is_distributed_without_the_parties_and_whoever_is_set_aside(
    engine: Engine, three_way: ThreeWay, of_source: Comparison
) -> None:
    stated, reference = of_source.cohorts
    assert stated.distribution
    assert stated.distribution.voices == len(CROWD) - len(stated.set_aside)
    assert stated.distribution.counts[0] > len(CROWD) / 2  # strangers, whom the source would stand far above
    assert reference.distribution is None
    questioned = party(engine, SOURCE, (7, 8))
    alone = three_way.compare(questioned, party(engine, STRANGER), None, [crowd(engine, CROWD)])
    assert alone.cohorts[0].distribution == stated.distribution


def test_a_cohort_of_few_is_not_distributed(engine: Engine, three_way: ThreeWay) -> None:
    few = three_way.compare(party(engine, SOURCE, (7,)), party(engine, PERFORMER), None, [crowd(engine, range(10, 19))])
    assert few.cohorts[0].distribution is None
    assert few.cohorts[0].performer.rank
