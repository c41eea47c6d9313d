"""The room of disputes: cases and notices, as both sides and operators see them and act in them."""

from __future__ import annotations

from api.pages.disputes import (  # noqa: F401  (each puts its pages onto the blueprint)
    analyses,
    cases,
    misuse,
    notice_steps,
    notices,
    papers,
    pauses,
)
