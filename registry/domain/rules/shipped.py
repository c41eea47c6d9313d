"""Rule packs and texts that come with the registry: files of the package, as much a part of the program as its code."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from registry.domain.rules.catalogue import FACTS
from registry.domain.rules.packs import Pack, pack_of

_RULES = files("registry.domain.rules")
CATEGORIES = "categories.toml"
DEADLINES = "deadlines.toml"
_NO_PACKS = frozenset({CATEGORIES, DEADLINES})
"""Files that are no rule packs: see `registry.domain.rules.categories` and `registry.domain.rules.deadlines`."""


@cache
def shipped_packs() -> tuple[Pack, ...]:
    """Answer every rule pack that comes with the registry, by id.

    Raises:
        RulePackError: one cannot be read: the registry does not lint with what is left.
    """
    names = sorted(entry.name for entry in _RULES.iterdir() if entry.name.endswith(".toml"))
    return tuple(pack_of(read_file(name), FACTS, name=name) for name in names if name not in _NO_PACKS)


def read_file(name: str) -> str:
    """Answer the content of a file of the rules."""
    return (_RULES / name).read_text(encoding="utf-8")
