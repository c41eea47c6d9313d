"""Fingerprints: the same bits as Chromaprint's own, the same recording told again, and nothing told of a voice."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from numpy.typing import NDArray
from soundfiles import VOICES

from registry.domain.stay_down import MOST_BIT_ERRORS
from registry.media.decode import Decoder
from registry.media.fingerprints import (
    BLOCK,
    HASH_S,
    LEAST_BLOCK,
    LONGEST_S,
    MOST_CANDIDATES,
    Fingerprint,
    candidates,
    fingerprint_of,
    fingerprint_of_samples,
    nearness,
)
from registry.media.recording import Recording, SourceFacts

FPCALC = {
    "slt-advert": (80, 1814410468, "e10e4058f3186a429be99c2c36531d7c29d9826a616349c31dc63ce68aaf328d"),
    "dialogue-slt-awb": (186, 757772516, "aba881e7f3dd047cc41da9d156a1de654672562a1b0e04bac3694192db0cff55"),
}
"""How many hashes, the first, and the SHA-256 of all of them (32 bits each, the least byte first), as fpcalc 1.5.1 of
Debian's libchromaprint-tools has them: ``fpcalc -raw -length 0 examples/voices/submissions/NAME.flac``."""


def recording(samples: NDArray[np.float32]) -> Recording:
    return Recording(samples, hashlib.sha256(samples.tobytes()).hexdigest(), SourceFacts("wav", "pcm", 16_000, 1, 1))


def submission(decoder: Decoder, name: str) -> Recording:
    return decoder.decode(VOICES / "submissions" / f"{name}.flac")


@pytest.mark.parametrize("name", sorted(FPCALC))
def test_the_fingerprint_is_chromaprint_s_bit_for_bit(decoder: Decoder, name: str) -> None:
    made = fingerprint_of(submission(decoder, name))
    count, first, digest = FPCALC[name]
    assert (made.hashes.size, int(made.hashes[0])) == (count, first)
    assert hashlib.sha256(made.to_bytes()).hexdigest() == digest
    assert np.array_equal(Fingerprint.of_bytes(made.to_bytes()).hashes, made.hashes)


def test_the_same_recording_is_told_at_another_level_and_where_it_was_cut(decoder: Decoder) -> None:
    whole = submission(decoder, "dialogue-slt-awb")
    kept = fingerprint_of(whole)
    softer = nearness(fingerprint_of(recording(whole.samples * np.float32(0.25))), kept)
    assert softer is not None
    assert softer.bit_error_rate < 0.02
    start_s = 7.003
    part = whole.samples[round(start_s * 16_000) : round((start_s + 9) * 16_000)]
    cut = nearness(fingerprint_of(recording(part)), kept)
    assert cut is not None
    assert cut.bit_error_rate < MOST_BIT_ERRORS
    assert cut.second_s - cut.first_s == pytest.approx(start_s, abs=HASH_S)
    turned = nearness(kept, fingerprint_of(recording(part)))
    assert turned is not None
    assert (turned.first_s, turned.second_s) == (cut.second_s, cut.first_s)


def test_another_recording_of_the_same_voice_and_another_voice_are_as_far(decoder: Decoder) -> None:
    first = fingerprint_of(submission(decoder, "slt-advert"))
    for name in ("slt-game", "rms-story"):
        other = nearness(first, fingerprint_of(submission(decoder, name)))
        assert other is not None
        assert other.bit_error_rate > MOST_BIT_ERRORS + 0.05, name


def test_an_excerpt_within_something_else_is_told(decoder: Decoder) -> None:
    inside, around = submission(decoder, "slt-advert"), submission(decoder, "rms-story").samples
    mixed = np.concatenate([around[: 5 * 16_000], inside.samples, around[5 * 16_000 :]])
    near = nearness(fingerprint_of(recording(mixed)), fingerprint_of(inside))
    assert near is not None
    assert near.bit_error_rate < MOST_BIT_ERRORS
    assert near.first_s - near.second_s == pytest.approx(5.0, abs=HASH_S)


def test_what_is_short_or_silent_is_not_compared() -> None:
    silence = fingerprint_of(recording(np.zeros(60 * 16_000, np.float32)))
    assert silence.hashes.size > BLOCK
    assert nearness(silence, silence) is None
    assert fingerprint_of_samples(np.zeros(0, np.int16)).hashes.size == 0
    noise = np.random.default_rng(1).normal(0, 0.1, 5 * 16_000).astype(np.float32)
    short = fingerprint_of(recording(noise))
    assert 0 < short.hashes.size < LEAST_BLOCK
    assert nearness(short, short) is None


def test_the_first_two_minutes_of_a_recording_are_told_by(decoder: Decoder) -> None:
    inside = submission(decoder, "slt-advert").samples
    noise = np.random.default_rng(2).normal(0, 0.05, round(LONGEST_S) * 16_000).astype(np.float32)
    late = fingerprint_of(recording(np.concatenate([noise, inside])))
    assert late.to_bytes() == fingerprint_of(recording(noise)).to_bytes()
    assert late.duration_s <= LONGEST_S


def test_of_many_those_are_compared_that_have_most_in_common_and_no_more_than_some(decoder: Decoder) -> None:
    kept, other = (fingerprint_of(submission(decoder, name)) for name in ("slt-advert", "rms-story"))
    softer = fingerprint_of(recording(submission(decoder, "slt-advert").samples * np.float32(0.25)))
    part, none = Fingerprint(kept.hashes[:5]), Fingerprint(np.zeros(0, np.uint32))
    lower = Fingerprint(kept.hashes[:9] ^ np.uint32(1 << 31))  # the upper part of each hash is another
    assert candidates(softer, [other, part, kept, none, lower]) == [2, 1, 4]
    assert candidates(softer, [part] * 500 + [kept])[0] == 500
    assert len(candidates(softer, [part] * 500 + [kept])) == MOST_CANDIDATES
    assert candidates(none, [kept]) == candidates(kept, []) == candidates(kept, [none]) == []


def test_silence_that_two_have_in_common_does_not_make_them_one(decoder: Decoder) -> None:
    pause = np.zeros(20 * 16_000, np.float32)
    first, second = (submission(decoder, name).samples for name in ("slt-advert", "rms-story"))
    near = nearness(
        fingerprint_of(recording(np.concatenate([pause, first]))),
        fingerprint_of(recording(np.concatenate([second, pause]))),
    )
    assert near is not None
    assert near.bit_error_rate > MOST_BIT_ERRORS
