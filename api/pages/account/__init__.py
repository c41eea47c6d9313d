"""Pages of one's own account, whatever its role: tokens, where one is signed in, webhooks, and who else there is."""

from __future__ import annotations

from api.pages.account import (  # noqa: F401  (each puts its pages onto its blueprint)
    sessions,
    team,
    tokens,
    webhooks,
)
