"""Does the threshold hold as galleries grow? Synthetic strangers against synthetic galleries of 1 to 10,000 performers.

    python -m benchmarks.gallery_size [--rate 0.01] [--seed 0]

Voices are drawn from the fitted distribution of the cohort, in both spaces independently. They are smoother than people
are, and the two encoders never agree on one by chance as they do on people: what the table can show is how the rate of
false alarms moves with the size of the gallery at the threshold of the engine, not how high it is.
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray

from registry.engine.calibration import Calibration, load_calibration
from registry.engine.cohort import Spread, middle, unit
from registry.engine.matching import engine_features

SIZES = (1, 5, 20, 50, 200, 1_000, 10_000)
SPEECH_S = 6.0
SEARCHES_AT_ONCE = 500


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=0.01, help="target false-positive identification rate")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    calibration, random = load_calibration(), np.random.default_rng(arguments.seed)
    print(f"target {100 * arguments.rate:g} %; log10 LR of the best of everybody enrolled, strangers only")
    print(f"{'performers':>10} {'searches':>9} {'threshold':>10} {'95 %':>7} {'99 %':>7} {'over threshold':>15}")
    for size in SIZES:
        best = strangers_best(calibration, size, random)
        threshold = calibration.tail.threshold(arguments.rate, size)
        over = float((best >= threshold).mean())
        usual, high = np.quantile(best, [0.95, 0.99])
        print(f"{size:>10,} {best.size:>9,} {threshold:>10.2f} {usual:>7.2f} {high:>7.2f} {100 * over:>13.3f} %")


def strangers_best(calibration: Calibration, size: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Answer the best log10 LR of each of some thousand searches of nobody enrolled, over several galleries."""
    best = []
    for _ in range(max(2, min(40, 4_000 // size))):
        features = {}
        for name, cohort in calibration.cohorts.items():
            enrolled = voices(cohort.everybody, size, random)
            off = middle(enrolled.sum(axis=0, dtype=np.float64), size)
            strangers: NDArray[np.float32] = voices(cohort.everybody, SEARCHES_AT_ONCE, random) - off
            features[name] = engine_features(strangers @ enrolled.T, cohort.moments(strangers))
        best.append(calibration.ratios(features, np.full(SEARCHES_AT_ONCE, SPEECH_S)).fused.max(axis=1))
    return np.concatenate(best)


def voices(spread: Spread, count: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Draw ``(count, d)`` projected unit vectors."""
    root = np.linalg.cholesky(spread.covariance.astype(np.float64) + 1e-6 * np.eye(len(spread.mean)))
    return unit((spread.mean + random.normal(size=(count, len(root))) @ root.T).astype(np.float32))


if __name__ == "__main__":
    main()
