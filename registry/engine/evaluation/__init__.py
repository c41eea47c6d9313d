"""Open-set evaluation: how often the engine misses, accuses and is deceived, by people, with intervals.

A search is one recording against the whole gallery; see `SearchKind` for the kinds. A mated recording is searched
twice: against everybody, and against everybody but its own speaker, who is really taken out, because scores are
relative to the others in the gallery. The thresholds for a false-positive identification rate are those of strangers
and left-out searches together. Intervals come from drawing people, not recordings, again and again.

The figures of `evaluate`, all ready for JSON (``ci95`` is a 95 % interval over people, or None where there is none):

- ``counts``: by kind: searches and people.
- ``fnir``: for each rate of `FPIRS`: ``threshold_log10_lr``, ``misses`` of ``mated``, ``value`` and ``ci95``;
  ``false_alarms`` by kind of search without a mate: searches, alarms and people who raise them; ``resolvable``: whether
  there are searches enough for one alarm.
- ``rank1``: value and ci95.
- ``eer``, ``min_dcf``, ``cllr``, ``cllr_min``, ``cllr_gap`` (what calibration loses), with ``intervals`` and the
  numbers of ``trials``; see `verification`.
- ``by_speech``, and ``by`` label (corpus, language, sex, condition, band; those that are labelled): groups, each with
  counts and people by kind, ``rates`` (misses, fnir, ci95, false alarms of strangers and of left-out searches, their
  share together, imitations that reach whom they imitate) at the thresholds of all, ``rank1``, its own ``eer``, and
  ``operating_point``.
- ``groups``: the same for groups that were asked for by name.
- ``clones`` and ``decoys``: ``all`` and by ``systems``: searches, people, how many reach whom they imitate at each
  rate, and how many are ``called`` a match.
- ``operating_point``: by kind, and for strangers and left-out searches together (``without_mate``): what the engine's
  own decisions did: own performer matched, others matched.
- ``false_alarms``: ``by_corpus`` and ``by_stranger`` (a pseudonym that stays the same).
- ``curves``: see `curves.curves`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from registry.engine.evaluation.curves import curves
from registry.engine.evaluation.groups import Group, by_label, speech_buckets
from registry.engine.evaluation.measures import FPIRS, Measures
from registry.engine.evaluation.searches import (
    Band,
    DoubtfulPair,
    Labels,
    Searches,
    SearchKind,
    SearchResult,
    doubtful_with,
)
from registry.engine.evaluation.splits import RULE, Split, split_of

__all__ = (
    "FPIRS",
    "RULE",
    "Band",
    "DoubtfulPair",
    "Group",
    "Labels",
    "SearchKind",
    "SearchResult",
    "Split",
    "doubtful_with",
    "evaluate",
    "split_of",
)


def evaluate(
    results: Sequence[SearchResult], random: np.random.Generator, groups: Sequence[Group] = ()
) -> dict[str, Any]:
    """Answer all figures, as the module describes them.

    Args:
        results: all against the same gallery; at least one mated search, and one without a mate.
        random: for the intervals.
        groups: to give figures for by name, besides those that every label makes.

    Raises:
        ValueError: there is no mated search, or none without a mate.
    """
    searches = Searches.of(results)
    if not searches.mated or not searches.without_mate:
        raise ValueError("an evaluation needs at least one mated and one non-mated search")
    measures = Measures.of(searches, random)
    return {
        "counts": {
            kind.value: {"searches": len(found), "people": len({search.person for search in found})}
            for kind, found in searches.by_kind.items()
        },
        "fnir": measures.fnir(),
        "rank1": measures.rank1(searches.mated),
        **measures.verification(),
        "by_speech": [_by_speech(measures, bucket) for bucket in speech_buckets()],
        "by": {name: [measures.group(group) for group in found] for name, found in by_label(searches.all)},
        "groups": [measures.group(group) for group in groups],
        "clones": measures.imitations(SearchKind.CLONE),
        "decoys": measures.imitations(SearchKind.DECOY),
        "operating_point": {
            **{kind.value: measures.decisions(found) for kind, found in searches.by_kind.items()},
            "without_mate": measures.decisions(searches.without_mate),
        },
        "false_alarms": measures.false_alarms(),
        "curves": curves(searches, measures.resamples),
    }


def _by_speech(measures: Measures, bucket: Group) -> dict[str, Any]:
    low, high = bucket.speech_s
    return {"speech_s": [low, None if np.isinf(high) else high], **measures.group(bucket)}
