"""Makes `figures_of_praat.json`: what Praat finds in recordings that ship, to hold our own figures against.

    python -m venv elsewhere && elsewhere/bin/pip install praat-parselmouth==0.4.7 numpy soundfile
    elsewhere/bin/python tests/unit/media/figures_of_praat.py

Praat is under the GPL and no part of the project: this runs beside it, once. Quartiles are over the frames that Praat
calls voiced; syllables are counted by the steps of the script of de Jong and Wempe (2009).
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import parselmouth  # type: ignore[import-not-found]
import soundfile
from parselmouth.praat import call  # type: ignore[import-not-found]

VOICES = Path(__file__).parents[3] / "examples" / "voices"
RECORDINGS = (
    *("enrolment/awb-1", "enrolment/rms-1", "enrolment/slt-1"),
    *("submissions/kal16-stranger", "submissions/rms-story", "submissions/slt-game"),
)
WIDEST_HZ = 1200
ODD = np.array([0.5, 1.5, 2.5, 3.5])


def main() -> None:
    """Measure and write."""
    made_with = f"parselmouth {parselmouth.__version__}, Praat {parselmouth.PRAAT_VERSION}"
    found = {name: figures(VOICES / f"{name}.flac") for name in RECORDINGS}
    content = {"made_with": made_with, "recordings": found}
    file = Path(__file__).with_suffix(".json")
    file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def figures(path: Path) -> dict[str, Any]:
    """Answer quartiles and the count of syllables of one recording."""
    samples, rate = soundfile.read(path)
    sound = parselmouth.Sound(samples, rate)
    pitch = sound.to_pitch_ac(time_step=0.01, pitch_floor=75, pitch_ceiling=500)
    f0_hz = pitch.selected_array["frequency"]
    times = pitch.xs()[f0_hz > 0]
    harmonicity = sound.to_harmonicity_ac(0.01, 75, 0.1, 4.5)
    ratios = np.array([harmonicity.get_value(time) for time in times])
    return {
        "f0_hz": quartiles(f0_hz[f0_hz > 0]),
        "hnr_db": quartiles(ratios[ratios > -150]),
        "cpp_db": quartiles(prominences(sound, times)),
        "vocal_tract_cm": quartiles(lengths(sound, times)),
        "syllables": len(nuclei(sound)),
    }


def quartiles(values: Any) -> list[float]:
    return [round(float(value), 2) for value in np.quantile(values, (0.25, 0.5, 0.75))]


def prominences(sound: Any, times: Any) -> list[float]:
    cepstrogram = call(call(sound, "To PowerCepstrogram", 60, 0.01, 5000, 50), "Smooth", 0.02, 0.0005)
    asked = ("Get peak prominence", 60, 330, "Parabolic", 0.001, 0.05, "Straight", "Least squares")
    return [call(call(cepstrogram, "To PowerCepstrum (slice)", time), *asked) for time in times]


def lengths(sound: Any, times: Any) -> Any:
    formants = sound.to_formant_burg(
        time_step=0.01, max_number_of_formants=5, maximum_formant=5000, window_length=0.025, pre_emphasis_from=50
    )
    found = []
    for time in times:
        each = [(formants.get_value_at_time(n, time), formants.get_bandwidth_at_time(n, time)) for n in range(1, 6)]
        narrow = [hertz for hertz, width in each if width <= WIDEST_HZ]  # none that is not there: NaN
        found += [narrow[:4]] if len(narrow) > 3 else []
    spacing = np.array(found) @ ODD / (ODD @ ODD)
    return 35_000 / (2 * spacing)


def nuclei(sound: Any) -> list[float]:
    """Answer the times of peaks of intensity, 2 dB over the dip before the next, that are voiced."""
    intensity = sound.to_intensity(minimum_pitch=50)
    least = max(call(intensity, "Get quantile", 0, 0, 0.99) - 25, call(intensity, "Get minimum", 0, 0, "Parabolic"))
    curve = call(call(intensity, "Down to Matrix"), "To Sound (slice)", 1)
    extrema = call(curve, "To PointProcess (extrema)", "Left", "yes", "no", "Sinc70")
    times = [call(extrema, "Get time from index", n + 1) for n in range(call(extrema, "Get number of points"))]
    levels = [call(curve, "Get value at time", "Average", time, "Cubic") for time in times]
    peaks = [(time, level) for time, level in zip(times, levels, strict=True) if level > least]
    pitch = sound.to_pitch_ac(
        time_step=0.02,
        pitch_floor=30,
        pitch_ceiling=450,
        max_number_of_candidates=4,
        silence_threshold=0.03,
        voicing_threshold=0.25,
        octave_cost=0.01,
        octave_jump_cost=0.35,
        voiced_unvoiced_cost=0.25,
    )
    found = []
    for (time, level), (later, _) in pairwise(peaks):
        dip = call(intensity, "Get minimum", time, later, "None")
        if abs(level - dip) > 2 and not np.isnan(pitch.get_value_at_time(time)):
            found.append(time)
    return found


if __name__ == "__main__":
    main()
