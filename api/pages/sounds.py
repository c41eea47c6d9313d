"""Sound that is shared, in words: what both sides' pages say of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from api.pages.language import N_
from registry.domain.shared_sounds import SoundEnding

SOUND_ENDINGS: Final[Mapping[SoundEnding, str]] = {
    SoundEnding.BY_ORGANISATION: N_("who shared it has ended it"),
    SoundEnding.RAN_OUT: N_("its days are over"),
    SoundEnding.CONSENT_ENDED: N_("the voice is not looked for any more"),
}
"""Why sound cannot be heard any more."""
