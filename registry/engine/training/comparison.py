"""Whether a new calibration is better than the active one, on people that it was not fitted on.

Both are asked about the same recordings, and every difference has an interval over people, from the same draws of them.
The rules, all of which a new calibration must pass:

1. Its evidence is better: Cllr is lower, and so is the whole interval of the difference.
2. Nobody is missed more: FNIR at FPIR 5 %, and at 1 % where there are searches enough to see it, is not clearly higher,
   and the share of enrolled people who are matched at the operating point is neither clearly smaller nor smaller by
   more than `MOST_LOST`, unless the active calibration matches more strangers than the target rate. Clearly: the whole
   interval. That so few people cannot show a loss does not make it small.
3. No more strangers are matched than before, unless they stay within the target rate.
4. In a gallery of `GALLERY` performers a match is not beyond what its validation supports.

Where one fails, the advice is not to activate it, and says which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from registry.engine.calibration import Calibration
from registry.engine.evaluation.openset import OpenSet
from registry.engine.evaluation.resampling import Resamples, interval, plain
from registry.engine.evaluation.searches import Searches, SearchResult
from registry.engine.evaluation.verification import Verification

SEED = 1
GALLERY = 1000
MOST_LOST = 0.05
"""Of the share of enrolled people matched, however wide its interval."""
RATES = {"fnir_at_fpir_1_percent": 0.01, "fnir_at_fpir_5_percent": 0.05}

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Change:
    """One figure before and after.

    Attributes:
        figure: its name.
        before, after: None where there is nothing to measure it on.
        difference: after less before.
        ci95: 95 % interval of the difference, over people.
        resolved: whether there are searches enough for the figure to mean something.
    """

    figure: str
    before: float | None
    after: float | None
    difference: float | None
    ci95: tuple[float, float] | None
    resolved: bool = True

    @property
    def clearly_higher(self) -> bool:
        """Whether even the lower end of the interval is a rise."""
        return self.resolved and self.ci95 is not None and self.ci95[0] > 0

    @property
    def clearly_lower(self) -> bool:
        """Whether even the upper end of the interval is a fall."""
        return self.resolved and self.ci95 is not None and self.ci95[1] < 0


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a calibration is advised, or not.

    Attributes:
        code: of the rule, snake case.
        detail: one English sentence.
        shown: the figures in it, to be put into a sentence of another language.
    """

    code: str
    detail: str
    shown: str


@dataclass(frozen=True, slots=True)
class Advice:
    """Whether to activate a calibration.

    Attributes:
        activate: it passes every rule.
        reasons: the rules that it does not pass; when it passes all of them, that it does.
    """

    activate: bool
    reasons: tuple[Ground, ...]


def compare(before: Sequence[SearchResult], after: Sequence[SearchResult]) -> list[Change]:
    """Answer every figure before and after.

    Args:
        before, after: of the same recordings in the same order; at least one mated search, and one without a mate.
    """
    old, new = _figures(before), _figures(after)
    without_mate = len(Searches.of(after).without_mate)
    return [_change(name, old[name], new[name], resolved=RATES.get(name, 1.0) * without_mate >= 1) for name in new]


def _figures(results: Sequence[SearchResult]) -> dict[str, Array]:
    """Answer figures by name, each on everybody and then on every draw of people."""
    searches = Searches.of(results)
    resamples = Resamples.draw(searches.all, np.random.default_rng(SEED))
    open_set = OpenSet.of(searches, resamples)
    trials = Verification.of(searches.mated, searches.without_mate, resamples).figures()
    own = np.array([search.own in search.called for search in searches.mated], dtype=np.bool_)
    accused = np.array([bool(search.accused) for search in searches.without_mate], dtype=np.bool_)
    return {
        **{name: open_set.fnir(rate) for name, rate in RATES.items()},
        **{name: trials[name] for name in ("cllr", "cllr_min", "cllr_gap")},
        "enrolled_matched": resamples.share(own, searches.mated).values,
        "strangers_matched": resamples.share(accused, searches.without_mate).values,
    }


def _change(name: str, before: Array, after: Array, *, resolved: bool) -> Change:
    old, new, apart = plain(before), plain(after), interval(after - before)
    difference = None if old is None or new is None else round(new - old, 5)
    return Change(name, old, new, difference, (apart[0], apart[1]) if apart else None, resolved)


def advise(changes: Sequence[Change], calibration: Calibration, target_fpir: float) -> Advice:
    """Answer whether to activate a calibration, by the rules of this module.

    Args:
        changes: of `compare`.
        calibration: the new one.
        target_fpir: that decisions aim at.
    """
    by_name = {change.figure: change for change in changes}
    found = [
        _cost(by_name["cllr"]),
        *(_misses(by_name[name]) for name in RATES),
        _matches(by_name["enrolled_matched"], by_name["strangers_matched"], target_fpir),
        _strangers(by_name["strangers_matched"], target_fpir),
        _reach(calibration, target_fpir),
    ]
    against = tuple(reason for reason in found if reason is not None)
    better = _ground("better", "Cllr is clearly lower, and nothing else is clearly worse", by_name["cllr"])
    return Advice(not against, against or (better,))


def _cost(change: Change) -> Ground | None:
    if change.clearly_lower:
        return None
    if (change.difference or 0.0) >= 0:
        return _ground("cllr_higher", "Cllr is not lower", change)
    return _ground("cllr_not_clearly_lower", "Cllr is lower, but not clearly", change)


def _misses(change: Change) -> Ground | None:
    if not change.clearly_higher:
        return None
    return _ground("fnir_higher", f"more enrolled people are missed at FPIR {100 * RATES[change.figure]:g} %", change)


def _matches(change: Change, strangers: Change, target_fpir: float) -> Ground | None:
    lost = -(change.difference or 0.0)
    if not (change.clearly_lower or lost > MOST_LOST) or (strangers.before or 0.0) > target_fpir:
        return None
    return _ground("fewer_matched", "fewer enrolled people are matched", change)


def _strangers(change: Change, target_fpir: float) -> Ground | None:
    if (change.difference or 0.0) <= 0 or (change.after or 0.0) <= target_fpir:
        return None
    return _ground("strangers_matched", f"more strangers are matched, more than {100 * target_fpir:g} %", change)


def _reach(calibration: Calibration, target_fpir: float) -> Ground | None:
    threshold, upper = calibration.tail.threshold(target_fpir, GALLERY), calibration.upper
    if threshold <= upper:
        return None
    return Ground(
        "beyond_validation",
        f"in a gallery of {GALLERY} a match takes a log10 LR of {threshold:.2f}, but so few people support {upper:.2f}",
        f"{threshold:.2f} > {upper:.2f}",
    )


def _ground(code: str, sentence: str, change: Change) -> Ground:
    if change.before is None or change.after is None:
        return Ground(code, sentence, "–")
    apart = "" if change.ci95 is None else f" [{change.ci95[0]:+.3f}, {change.ci95[1]:+.3f}]"
    shown = f"{change.before:.3f} → {change.after:.3f}{apart}"
    return Ground(code, f"{sentence}: {shown}", shown)
