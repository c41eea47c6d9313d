"""How hypothesis runs here: without a deadline, since a busy machine is no broken law."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("laws", deadline=None, database=None)
settings.load_profile("laws")
