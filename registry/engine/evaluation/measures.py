"""All figures of an evaluation, ready for JSON: of everybody, of groups, of imitations and of single people."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from registry.engine.evaluation.groups import Group
from registry.engine.evaluation.openset import OpenSet
from registry.engine.evaluation.resampling import Resamples, Share, interval, plain
from registry.engine.evaluation.searches import Searches, SearchKind, SearchResult
from registry.engine.evaluation.verification import Verification

FPIRS = (0.001, 0.01, 0.05)
VERIFICATION_FIGURES = ("eer", "min_dcf", "cllr", "cllr_min", "cllr_gap")

Array = NDArray[np.float64]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Measures:
    """The searches, the draws of people, and the thresholds of all strangers together.

    Attributes:
        searches: sorted out.
        resamples: of their people.
        thresholds: by rate of `FPIRS`: ``(1 + RESAMPLES,)``, everybody once and then each draw.
    """

    searches: Searches
    resamples: Resamples
    thresholds: dict[float, Array]

    @classmethod
    def of(cls, searches: Searches, random: np.random.Generator) -> Measures:
        """Draw people and set the thresholds."""
        resamples = Resamples.draw(searches.all, random)
        open_set = OpenSet.of(searches, resamples)
        return cls(searches, resamples, {fpir: open_set.thresholds(fpir) for fpir in FPIRS})

    def fnir(self) -> list[Json]:
        """Answer misses and false alarms at each rate, with what the rate rests on."""
        pooled = len(self.searches.without_mate)
        return [
            {
                "fpir": fpir,
                "resolvable": fpir * pooled >= 1,
                "threshold_log10_lr": round(float(thresholds[0]), 4),
                "misses": _misses(self.searches.mated, thresholds),
                "mated": len(self.searches.mated),
                "false_alarms": {
                    kind.value: self._alarms(self.searches.by_kind[kind], thresholds)
                    for kind in (SearchKind.NON_MATED, SearchKind.LEFT_OUT)
                },
            }
            | self._missed(self.searches.mated, thresholds).figure()
            for fpir, thresholds in self.thresholds.items()
        ]

    def rank1(self, mated: Sequence[SearchResult]) -> Json:
        """Answer the share of mated searches in which nobody scores higher than the right performer."""
        first = np.array([search.own_lr >= search.best for search in mated], dtype=np.bool_)
        return self.resamples.share(first, mated).figure()

    def verification(self) -> Json:
        """Answer the verification figures, and their intervals under ``intervals``."""
        trials = Verification.of(self.searches.mated, self.searches.without_mate, self.resamples)
        figures = trials.figures()
        return {
            **{name: plain(figures[name]) for name in VERIFICATION_FIGURES},
            "intervals": {
                **{name: interval(figures[name]) for name in VERIFICATION_FIGURES},
                "eer": Share(figures["eer"], _people(self.searches.mated)).ci95,
            },
            "trials": {"target": trials.target.log10_lr.size, "non_target": trials.other.log10_lr.size},
        }

    def group(self, group: Group) -> Json:
        """Answer what happened to the recordings of a group at the thresholds of all."""
        found = {kind: group.of(searches) for kind, searches in self.searches.by_kind.items()}
        mated, imitations = found[SearchKind.MATED], [*found[SearchKind.CLONE], *found[SearchKind.DECOY]]
        without_mate = [*found[SearchKind.NON_MATED], *found[SearchKind.LEFT_OUT]]
        return {
            "name": group.name,
            **{kind.value: len(searches) for kind, searches in found.items()},
            "people": {kind.value: _people(searches) for kind, searches in found.items()},
            "rates": [
                self._rate(fpir, mated, found[SearchKind.NON_MATED], found[SearchKind.LEFT_OUT], imitations)
                for fpir in FPIRS
            ],
            "rank1": self.rank1(mated),
            "eer": self._eer(mated, without_mate),
            "operating_point": {kind.value: self.decisions(searches) for kind, searches in found.items()},
        }

    def _rate(
        self,
        fpir: float,
        mated: Sequence[SearchResult],
        strangers: Sequence[SearchResult],
        left_out: Sequence[SearchResult],
        imitations: Sequence[SearchResult],
    ) -> Json:
        thresholds = self.thresholds[fpir]
        missed = self._missed(mated, thresholds)
        pooled = [*strangers, *left_out]
        alarms = self.resamples.share(_best(pooled)[None, :] > thresholds[:, None], pooled)
        return {
            "fpir": fpir,
            "misses": _misses(mated, thresholds),
            "fnir": missed.value,
            "ci95": missed.ci95,
            "false_alarms": self._alarms(strangers, thresholds)["alarms"],
            "false_alarms_left_out": self._alarms(left_out, thresholds)["alarms"],
            "false_alarm_share": alarms.figure(),
            "imitations": self._reached(imitations, fpir),
        }

    def _eer(self, mated: Sequence[SearchResult], without_mate: Sequence[SearchResult]) -> Json:
        if not mated or not without_mate:
            return {"value": None, "ci95": None}
        rates = Verification.of(mated, without_mate, self.resamples).equal_error_rates()
        return Share(rates, _people(mated)).figure()

    def imitations(self, kind: SearchKind) -> Json:
        """Answer how many imitations reach the person they imitate, in all and by system."""
        found = self.searches.by_kind[kind]
        systems = sorted({search.system for search in found if search.system})
        answer: Json = {"all": self._imitation(found)}
        if systems:
            answer["systems"] = {
                system: self._imitation([search for search in found if search.system == system]) for system in systems
            }
        return answer

    def _imitation(self, found: Sequence[SearchResult]) -> Json:
        return {
            "searches": len(found),
            "people": _people(found),
            "rates": [self._reached(found, fpir) for fpir in FPIRS] if found else [],
            "called": self.decisions(found),
        }

    def _reached(self, found: Sequence[SearchResult], fpir: float) -> Json:
        thresholds = self.thresholds[fpir]
        own = _own(found)
        shares = self.resamples.share(own[None, :] > thresholds[:, None], found)
        return {
            "fpir": fpir,
            "reached": int((own > thresholds[0]).sum()),
            "share": shares.value,
            "ci95": shares.ci95,
        }

    def decisions(self, found: Sequence[SearchResult]) -> Json:
        """Answer what the engine's own decisions did: own performer found, and somebody else accused."""
        own = np.array([search.own in search.called for search in found], dtype=np.bool_)
        other = np.array([bool(search.accused) for search in found], dtype=np.bool_)
        own_share, other_share = self.resamples.share(own, found), self.resamples.share(other, found)
        return {
            "searches": len(found),
            "own_matched": int(own.sum()),
            "own_matched_share": own_share.value,
            "own_matched_ci95": own_share.ci95,
            "others_matched": int(other.sum()),
            "others_matched_share": other_share.value,
            "others_matched_ci95": other_share.ci95,
        }

    def false_alarms(self) -> Json:
        """Answer who raises the false alarms: by corpus, and by person under a pseudonym, most alarms first.

        People who raise none, even at the highest rate and with the engine's own decisions, are not listed.
        """
        corpora: dict[str, list[SearchResult]] = {}
        people: dict[str, list[SearchResult]] = {}
        for search in self.searches.without_mate:
            corpora.setdefault(search.labels.corpus, []).append(search)
            people.setdefault(search.person, []).append(search)
        strangers = [self._stranger(person, found) for person, found in people.items()]
        listed = [row for row in strangers if row["called"] or any(rate["alarms"] for rate in row["rates"])]
        listed.sort(key=lambda row: (*(-rate["alarms"] for rate in row["rates"][1:]), -row["called"], row["stranger"]))
        return {
            "by_corpus": [{"corpus": corpus, **self._alarming(found)} for corpus, found in sorted(corpora.items())],
            "by_stranger": listed,
        }

    def _stranger(self, person: str, found: Sequence[SearchResult]) -> Json:
        return {
            "stranger": pseudonym(person),
            "kind": found[0].kind.value,
            "corpus": found[0].labels.corpus,
            **self._alarming(found),
        }

    def _alarming(self, found: Sequence[SearchResult]) -> Json:
        best = _best(found)
        return {
            "searches": len(found),
            "rates": [
                {"fpir": fpir, "alarms": int((best > thresholds[0]).sum())}
                for fpir, thresholds in self.thresholds.items()
            ],
            "called": sum(bool(search.accused) for search in found),
        }

    def _alarms(self, found: Sequence[SearchResult], thresholds: Array) -> Json:
        alarming = [search for search in found if search.best > thresholds[0]]
        return {"searches": len(found), "alarms": len(alarming), "people": _people(alarming)}

    def _missed(self, mated: Sequence[SearchResult], thresholds: Array) -> Share:
        return self.resamples.share(_own(mated)[None, :] <= thresholds[:, None], mated)


def pseudonym(person: str) -> str:
    """Answer a short name for a person that is the same every time and does not show the label."""
    return hashlib.sha256(f"likeness-person:{person}".encode()).hexdigest()[:8]


def _own(found: Sequence[SearchResult]) -> Array:
    return np.array([search.own_lr for search in found], dtype=np.float64)


def _best(found: Sequence[SearchResult]) -> Array:
    return np.array([search.best for search in found], dtype=np.float64)


def _misses(mated: Sequence[SearchResult], thresholds: Array) -> int:
    return int((_own(mated) <= thresholds[0]).sum())


def _people(found: Sequence[SearchResult]) -> int:
    return len({search.person for search in found})
