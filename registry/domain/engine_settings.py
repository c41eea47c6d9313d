"""Engine settings: the operating point and the calibration by which all workers of a registry decide.

They decide who is a match, so that the database says which are in force and two operators change them. A worker whose
environment says anything else does not work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from registry.errors import EngineNotInForceError, InvalidInputError


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What evidence and decisions follow from, beside the recordings and the gallery.

    Attributes:
        target_fpir: wanted chance in (0, 0.5) that a recording of nobody enrolled brings up a match.
        calibration_sha256: of a calibration file, or None for the one that comes with the running version.
    """

    target_fpir: float
    calibration_sha256: str | None

    def __post_init__(self) -> None:
        if not 0 < self.target_fpir < 0.5:  # noqa: PLR2004  (half of all strangers: no operating point)
            raise InvalidInputError(
                f"a target false-positive rate lies between 0 and 0.5, and is not {self.target_fpir}",
                target_fpir=self.target_fpir,
            )

    def in_words(self) -> str:
        """Say them in a sentence."""
        calibration = "the shipped calibration" if self.calibration_sha256 is None else self.calibration_sha256[:12]
        return f"a false-positive rate of {self.target_fpir:g} and {calibration}"


SHIPPED: Final = EngineSettings(0.01, None)
"""In force until two operators decide otherwise; under the number 0."""


def require_in_force(running: EngineSettings, in_force: EngineSettings) -> None:
    """Refuse to work with other settings than those that are in force.

    Raises:
        EngineNotInForceError: figures name both, and the sentence what to do.
    """
    if running != in_force:
        raise EngineNotInForceError(
            f"this process was started for {running.in_words()}, but {in_force.in_words()} are in force in this "
            "registry: set LIKENESS_TARGET_FPIR, LIKENESS_CALIBRATION and LIKENESS_CALIBRATION_SHA256 to those, or "
            "have two operators put others in force: `likeness proposal engine`",
            target_fpir=running.target_fpir,
            in_force_target_fpir=in_force.target_fpir,
            calibration_sha256=running.calibration_sha256,
            in_force_calibration_sha256=in_force.calibration_sha256,
        )
