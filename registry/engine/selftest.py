"""Known answers: an engine that gets one of them wrong must not serve.

The sound is made by code, from a seed: three voice-like signals of harmonics under formants. What the networks make of
it was computed by the shipped weights on a CPU and lies in ``artefacts/selftest-3.safetensors``;
``benchmarks/make_selftest.py`` makes it. Likelihood ratios depend on the calibration too, so that each calibration
carries its own, under the pin of its bytes. Tolerances leave room for another processor, another BLAS or CUDA, and for
nothing else: a vector of other weights, or of another front end, differs by orders of magnitude more.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from registry.domain.scores import Span
from registry.engine.calibration import Calibration
from registry.engine.identify import Engine
from registry.engine.segmentation import CHUNK_SAMPLES
from registry.errors import SelfTestFailedError, WeightsError
from registry.media.recording import SAMPLE_RATE_HZ, Recording, SourceFacts

ARTEFACT = "selftest-3"
COSINE_TOLERANCE = 1e-3
"""How far from 1 the cosine with a known vector may be."""
RATIO_TOLERANCE = 0.02
"""How far a log10 LR may be from the known one."""

VOICES = {"low": (105.0, 1.0), "middle": (165.0, 1.08), "high": (230.0, 1.17)}
"""Pitch in Hz and scale of the formants."""
PROBE_S = 4.0
_FORMANTS_HZ = np.array([[700.0, 1220.0, 2600.0], [310.0, 2020.0, 2960.0], [440.0, 1020.0, 2240.0]])
_WIDTHS_HZ = np.array([90.0, 120.0, 180.0])
_STRENGTHS = np.array([1.0, 0.6, 0.3])
_VOWEL_S = 0.2
_AT_ONCE = 8192
"""Samples whose harmonics are summed together: as many as stay in a processor's cache."""
_RATIO = "log10_lr."
_EVERY_FRAME = 19  # of the segmentation, one in so many is kept


def voice_like(pitch_hz: float, formant_scale: float, seconds: float, seed: int) -> Recording:
    """Make a recording of something like a voice: harmonics of a wandering pitch under a chain of vowels.

    Args:
        pitch_hz: mean fundamental.
        formant_scale: of the vocal tract; longer tracts have lower formants.
        seconds: of sound.
        seed: the same seed gives the same samples.
    """
    random = np.random.default_rng(seed)
    count = int(seconds * SAMPLE_RATE_HZ)
    time = np.arange(count) / SAMPLE_RATE_HZ
    drift = 1 + 0.04 * np.sin(2 * np.pi * 2.3 * time + random.uniform(0, 6)) + 0.02 * np.sin(2 * np.pi * 5.1 * time)
    phase = 2 * np.pi * np.cumsum(pitch_hz * drift) / SAMPLE_RATE_HZ
    vowels = random.integers(len(_FORMANTS_HZ), size=int(seconds / _VOWEL_S) + 2)
    position = time / _VOWEL_S
    blend = position % 1
    left, right = vowels[position.astype(int)], vowels[position.astype(int) + 1]
    formants = formant_scale * ((1 - blend) * _FORMANTS_HZ.T[:, left] + blend * _FORMANTS_HZ.T[:, right])  # (3, n)
    sound = _harmonics(pitch_hz, phase, formants)
    sound = 0.1 * sound / sound.std() * (0.75 + 0.25 * np.sin(2 * np.pi * 3.7 * time)) + random.normal(0, 2e-4, count)
    grid = (np.clip(np.round(sound * 32768), -32768, 32767) / 32768).astype(np.float32)
    return Recording(grid, "", SourceFacts("generated", "pcm_f32le", SAMPLE_RATE_HZ, 1, 4 * count))


def _harmonics(pitch_hz: float, phase: NDArray[np.float64], formants: NDArray[np.float64]) -> NDArray[np.float64]:
    """Answer the sum of all harmonics below 7 kHz, each as strong as the formants make it.

    Sines follow from one another, which is quicker than to compute each: sin (k + 1)x = 2 cos x sin kx - sin (k - 1)x.

    Args:
        pitch_hz: mean fundamental.
        phase: ``(n,)`` radians, of the fundamental.
        formants: ``(3, n)`` Hz.
    """
    widths, strengths = _WIDTHS_HZ[:, None], _STRENGTHS[:, None]
    sines, twice_cosines = np.sin(phase), 2 * np.cos(phase)
    sound = np.zeros_like(phase)
    for first in range(0, len(phase), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        sine, twice_cosine, scaled = sines[part], twice_cosines[part], formants[:, part] / widths
        before, shares = np.zeros_like(sine), np.empty_like(scaled)
        for harmonic in range(1, int(7000 / (1.1 * pitch_hz))):
            np.subtract(harmonic * pitch_hz / widths, scaled, out=shares)
            shares *= shares
            shares += 1
            np.divide(strengths / np.sqrt(harmonic), shares, out=shares)
            sound[part] += (shares[0] + shares[1] + shares[2]) * sine
            before, sine = sine, twice_cosine * sine - before
    return sound


@cache
def known_sounds() -> tuple[list[Recording], list[Recording]]:
    """Answer one recording of each voice to enrol, and another of each to look for; made once in a process."""
    enrolled = [voice_like(*voice, PROBE_S, seed=number) for number, voice in enumerate(VOICES.values())]
    probes = [voice_like(*voice, PROBE_S, seed=10 + number) for number, voice in enumerate(VOICES.values())]
    return enrolled, probes


def compute(engine: Engine) -> dict[str, NDArray[np.float64]]:
    """Answer what the engine makes of the known sounds, by name.

    ``<encoder>.<voice>`` are voiceprints of each voice; ``log10_lr.<voice>`` is the fused log10 LR of a second
    recording of that voice with each of the three, through turns, gallery, matching and calibration. ``segmentation``
    is what the network says of ten seconds of all three, as probabilities. All but the ratios are the same under every
    calibration.
    """
    names = list(VOICES)
    enrolled, probes = known_sounds()
    spans = [Span(0.0, PROBE_S)]
    analyses = engine.analyse_many([(recording, spans) for recording in [*enrolled, *probes]])
    answers: dict[str, NDArray[np.float64]] = {}
    gallery = engine.new_gallery()
    for name, analysis in zip(names, analyses, strict=False):
        prototypes = engine.prototypes(analysis, name)
        gallery.add(name, prototypes)
        answers |= {f"{print_.space.encoder}.{name}": print_.vector.astype(np.float64) for print_ in prototypes}
    for name, analysis in zip(names, analyses[len(names) :], strict=True):
        answers[f"{_RATIO}{name}"] = engine.search(analysis, gallery).ratios.fused.max(axis=0)
    if engine.segmenter is not None:
        chunk = np.resize(np.concatenate([recording.samples for recording in enrolled]), CHUNK_SAMPLES)
        heard = engine.segmenter.log_probabilities(chunk[None])[0, ::_EVERY_FRAME]
        answers["segmentation"] = np.exp(heard.astype(np.float64)).ravel()
    return answers


def run(engine: Engine) -> None:
    """Compare the engine with the known answers; about a second.

    Raises:
        SelfTestFailedError: naming every answer that came out wrong (figure ``failed``).
        WeightsError: the known answers are absent, those of the calibration included.
    """
    compare(compute(engine), known_answers(engine.calibration))


def compare(answers: Mapping[str, NDArray[np.float64]], known: Mapping[str, NDArray[np.float64]]) -> None:
    """Refuse answers that are not the known ones, within tolerance.

    Raises:
        SelfTestFailedError: naming every answer that is absent or wrong.
    """
    failed = sorted(
        name for name, expected in known.items() if name not in answers or not _agrees(name, answers[name], expected)
    )
    if failed:
        raise SelfTestFailedError(
            f"{len(failed)} of {len(known)} known answers came out wrong: {', '.join(failed)}", failed=failed
        )


def _agrees(name: str, answer: NDArray[np.float64], expected: NDArray[np.float64]) -> bool:
    if answer.shape != expected.shape or not np.isfinite(answer).all():
        return False
    if name.startswith(_RATIO):
        return bool(np.abs(answer - expected).max() <= RATIO_TOLERANCE)
    return bool(answer @ expected >= (1 - COSINE_TOLERANCE) * np.linalg.norm(answer) * np.linalg.norm(expected))


def known_answers(calibration: Calibration) -> dict[str, NDArray[np.float64]]:
    """Read the answers that every engine must give, and those of one calibration.

    Raises:
        WeightsError: absent or unreadable.
    """
    try:
        tensors = load((files("registry.engine.artefacts") / f"{ARTEFACT}.safetensors").read_bytes())
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"the known answers {ARTEFACT} cannot be read: {error}", file=ARTEFACT) from error
    if set(calibration.known) != set(VOICES):
        raise WeightsError(
            f"the calibration {calibration.id} does not carry the known answers that the engine would be tested by: "
            "make the calibration again"
        )
    common = {name: tensor.astype(np.float64) for name, tensor in tensors.items()}
    return common | {f"{_RATIO}{voice}": ratios for voice, ratios in calibration.known.items()}


def ratios_in(answers: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Answer, by voice, those of `compute`'s answers that depend on the calibration."""
    return {name.removeprefix(_RATIO): answer for name, answer in answers.items() if name.startswith(_RATIO)}


def without_ratios(answers: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Answer those of `compute`'s answers that every calibration has in common."""
    return {name: answer for name, answer in answers.items() if not name.startswith(_RATIO)}
