"""What changed from one scan to another: new findings, resolved ones, decisions that changed, each with why.

Recordings are the same when their bytes are; inputs that were never read go by their name. The earlier scan is held in
memory, a few hundred bytes for each content.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from registry.domain.scores import EvidenceOutcome
from registry.scanning.changes import Cause, Change, Difference, Said
from registry.scanning.folder import read_json, result_rows
from registry.scanning.results import PLAN, ResultRow, Status
from registry.scanning.tally import heard_in

FORMAT: Final = "likeness-scan-comparison"
VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed from one scan to another.

    Attributes:
        setting: what differs in how they were made: by name, before and now.
        differences: in the order of the later scan, then those of inputs that only the earlier one had.
        unchanged: contents of which both say the same.
    """

    setting: Mapping[str, tuple[object, object]]
    differences: tuple[Difference, ...]
    unchanged: int

    def of(self, change: Change) -> list[Difference]:
        """Answer the differences of one kind."""
        return [one for one in self.differences if one.change is change]

    def as_counts(self) -> dict[str, int]:
        """Answer how many differences there are of each kind, and how many contents are unchanged."""
        return {change.value: len(self.of(change)) for change in Change} | {"unchanged": self.unchanged}

    def as_json(self) -> dict[str, Any]:
        """Answer the comparison as JSON."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "setting": {name: {"before": before, "now": now} for name, (before, now) in self.setting.items()},
            "counts": self.as_counts(),
            "differences": [asdict(one) for one in self.differences],
        }


@dataclass(frozen=True, slots=True)
class _Content:
    """What one scan says of one content."""

    name: str
    sha256: str
    declared: tuple[str, str, str]
    whole: Said
    performers: Mapping[str, Said]

    @property
    def was_read(self) -> bool:
        return bool(self.whole.verdict)

    def about(self, performer: str) -> Said:
        """Answer what is said of a performer; of one who is not heard, what the recording as a whole says."""
        undecided = not self.was_read or self.whole.outcome == EvidenceOutcome.INCONCLUSIVE
        otherwise = self.whole.outcome if undecided else EvidenceOutcome.NO_MATCH.value
        return self.performers.get(performer) or Said(otherwise, "")


def compare(before: Path, now: Path) -> Comparison:
    """Say what changed from an earlier scan to a later one.

    Args:
        before, now: their folders.

    Raises:
        InvalidInputError: a plan or the results of one cannot be read.
    """
    setting = setting_between(read_json(before / PLAN), read_json(now / PLAN))
    causes = causes_of(setting)
    earlier = {content.sha256 or content.name: content for content in _contents(before)}
    by_name = {content.name: content for content in earlier.values()}
    found: list[Difference] = []
    unchanged = 0
    met = set()
    for content in _contents(now):
        known = earlier.get(content.sha256 or content.name) or by_name.get(content.name)
        if known is not None:
            met.add(known.sha256 or known.name)
        differences = list(_differences(known, content, causes))
        unchanged += not differences
        found += differences
    for key, content in earlier.items():
        if key not in met:
            found += _gone(content)
    return Comparison(setting, tuple(found), unchanged)


_SETTING: Final[Mapping[str, tuple[Cause, tuple[str, ...]]]] = {
    "gallery": (Cause.GALLERY, ("gallery", "id")),
    "engine": (Cause.ENGINE, ("engine", "version")),
    "spaces": (Cause.ENGINE, ("engine", "spaces")),
    "calibration": (Cause.CALIBRATION, ("engine", "calibration_sha256")),
    "target_fpir": (Cause.TARGET_RATE, ("operating_point", "target_fpir")),
}


def setting_between(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[object, object]]:
    """Answer what differs in how two scans were made, by their plans: by name, before and now."""
    pairs = {name: (_at(before, path), _at(now, path)) for name, (_, path) in _SETTING.items()}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _at(plan: Mapping[str, Any], path: tuple[str, ...]) -> object:
    value: Any = plan
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def causes_of(setting: Mapping[str, object]) -> tuple[Cause, ...]:
    """Answer what may have changed decisions, by what differs in how two scans were made."""
    return tuple(dict.fromkeys(cause for name, (cause, _) in _SETTING.items() if name in setting))


def differences_between(known: ResultRow | None, now: ResultRow, causes: tuple[Cause, ...]) -> list[Difference]:
    """Answer what changed from one row to another of the same content or name; None where only the later one is."""
    return list(_differences(None if known is None else _content(known), _content(now), causes))


def differences_of_gone(row: ResultRow) -> list[Difference]:
    """Answer what changed by a row's content not being there any more."""
    return list(_gone(_content(row)))


def _contents(out: Path) -> Iterator[_Content]:
    """Yield each content once, by its first input."""
    seen: set[str] = set()
    for row in result_rows(out):
        key = row.sha256 or row.name
        if key not in seen:
            seen.add(key)
            yield _content(row)


def _content(row: ResultRow) -> _Content:
    heard = heard_in(row)
    outcome = row.outcome or row.error or Status.NOT_SCANNED.value
    performers = {
        one.performer: Said(one.outcome.value, one.verdict.value, one.log10_lr, one.is_flagged) for one in heard
    }
    declared = (row.declared_use, row.project, row.licence)
    return _Content(row.name, row.sha256, declared, Said(outcome, row.verdict), performers)


def _differences(known: _Content | None, now: _Content, setting: tuple[Cause, ...]) -> Iterator[Difference]:
    performers = dict.fromkeys([*(known.performers if known else ()), *now.performers])
    told = False
    for performer in performers:
        before, after = known.about(performer) if known else None, now.about(performer)
        if before is None or _decision(before) != _decision(after):
            told = True
            yield Difference(
                _change(before, after),
                now.name,
                now.sha256,
                performer,
                before,
                after,
                _why(known, now, before, after, setting),
            )
    if known is not None and not told and known.whole.outcome != now.whole.outcome:
        causes = _why(known, now, known.whole, now.whole, setting)
        yield Difference(Change.CHANGED, now.name, now.sha256, "", known.whole, now.whole, causes)


def _gone(content: _Content) -> Iterator[Difference]:
    for performer, said in content.performers.items():
        change = Change.RESOLVED if said.flagged else Change.CHANGED
        yield Difference(change, content.name, content.sha256, performer, said, None, (Cause.INPUT_REMOVED,))


def _decision(said: Said) -> tuple[str, str]:
    return (said.outcome, said.verdict)


def _change(before: Said | None, now: Said) -> Change:
    was_flagged = before is not None and before.flagged
    if now.flagged == was_flagged:
        return Change.CHANGED
    return Change.NEW if now.flagged else Change.RESOLVED


def _why(
    known: _Content | None, content: _Content, before: Said | None, now: Said, setting: tuple[Cause, ...]
) -> tuple[Cause, ...]:
    if known is None:
        return (Cause.INPUT_ADDED,)
    if not known.was_read or not content.was_read:
        return (Cause.NOT_READ_NOW if known.was_read else Cause.NOT_READ_BEFORE,)
    if known.sha256 != content.sha256:
        return (Cause.CONTENT_CHANGED,)
    declared = (Cause.DECLARED,) if known.declared != content.declared else ()
    if before is not None and before.outcome == now.outcome:
        return declared or (Cause.LICENCES,)
    return setting or (Cause.UNEXPLAINED,)
