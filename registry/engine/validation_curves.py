"""The curves of the calibration's validation: how often one voice, and two voices, came out at least as strong.

Tippett plots are drawn from them (Evett and Buckleton 1996): the share of trials of one speaker, and of two, whose
log10 LR reaches a strength. `benchmarks/validation_curves.py` makes the file that ships, of people of whom the
calibration learned nothing. It holds shares at set strengths, counts, and nothing of anybody.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from registry.engine.calibration import CALIBRATION_SHA256, Calibration
from registry.errors import WeightsError

FORMAT: Final = "likeness-validation-curves"
VERSION: Final = 1
SHIPPED: Final = files("registry.engine.artefacts") / "validation-5.json"
SHA256: Final = "daadb1812b964ff16f64afd495bcf6df34fabafd7f8aeb4d299b6ec1f2b3d149"
"""Of the shipped file, which is loaded by it."""


def curves_of(calibration: Calibration) -> dict[str, Any]:
    """Answer the curves of a calibration, as JSON.

    ``same_speaker`` and ``different_speakers``: strengths from one bound of validation to the other, in log10 LR, each
    with the share in [0, 1] of trials that reach it; ``trials`` and ``people`` that they are of; ``from`` says in a
    sentence where they are from. A calibration that somebody fitted themselves has none here: both are empty, and
    ``from`` says so.

    Raises:
        WeightsError: the shipped file is absent, or is not the pinned one.
    """
    if CALIBRATION_SHA256.startswith(calibration.id):
        return shipped_curves()
    return {
        "same_speaker": [],
        "different_speakers": [],
        "trials": {"same": 0, "different": 0},
        "people": {"same": 0, "different": 0, "asked_about": 0},
        "from": f"nothing: the calibration {calibration.id} is not the one that curves were measured with",
        "sha256": None,
    }


@cache
def shipped_curves() -> dict[str, Any]:
    """Answer the curves of the calibration that ships, as `curves_of`."""
    return load_curves(Path(str(SHIPPED)))


def load_curves(file: Path, sha256: str = SHA256) -> dict[str, Any]:
    """Read curves from a file, as `curves_of` answers them.

    Raises:
        WeightsError: it is absent, has other bytes than those that hash to ``sha256``, or is of another calibration.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise WeightsError(f"the validation curves cannot be read: {error}", file=file.name) from error
    actual = hashlib.sha256(data).hexdigest()
    if actual != sha256:
        raise WeightsError(
            f"the validation curves have SHA-256 {actual[:12]}…, but {sha256[:12]}… is pinned",
            file=file.name,
            actual=actual,
            expected=sha256,
        )
    content = json.loads(data)
    if content["calibration_sha256"] != CALIBRATION_SHA256:
        raise WeightsError("the validation curves were measured with another calibration", file=file.name)
    members = ("same_speaker", "different_speakers", "trials", "people")
    return {**{name: content[name] for name in members}, "from": _said(content), "sha256": sha256}


def _said(shipped: dict[str, Any]) -> str:
    people, gallery = shipped["people"], shipped["gallery"]
    return (
        f"single recordings of {people['same']} people of whom the calibration learned nothing, and of "
        f"{people['different']} people with {people['asked_about']} others than themselves, searched for among "
        f"{gallery}; measured on {shipped['made_on']} with the calibration {shipped['calibration_sha256'][:12]}"
    )
