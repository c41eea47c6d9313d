"""Pages of whoever runs the registry."""

from __future__ import annotations

from api.pages.operator import (  # noqa: F401  (each puts its pages onto the blueprint)
    engine,
    house,
    journal,
    people,
    proposals,
    purges,
    reviews,
    strikes,
)
