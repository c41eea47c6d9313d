"""What people read of the engines: the names that pages call them by, in place of the ids that documents hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

ENGINES: Final[Mapping[str, str]] = {"ge2e": "GE2E", "campplus": "CAM++"}
"""By the id of the encoder."""

_STRENGTH_OF: Final = re.compile(rf"\b({'|'.join(ENGINES)})(?= \W{{0,3}}\d)")
_SAME: Final = "the same speaker"
_SAME_AS_READ: Final = "the same voice"


def engine_called(encoder: str) -> str:
    """Answer what an engine is called; one that is not known is shown by its id."""
    return ENGINES.get(encoder, encoder)


def as_read(detail: str) -> str:
    """Answer a sentence of the engine in the words of the pages: strengths by the engines' names, voices not speakers.

    What a signed document holds stays as it is; this is what is shown of it. The engine itself says *the same voice*,
    and said *the same speaker* in documents of before.
    """
    return _STRENGTH_OF.sub(lambda found: ENGINES[found[1]], detail).replace(_SAME, _SAME_AS_READ)
