"""What the journal is called, and by which keys it is checked: one name from the first leaf on, unless it was restored.

A journal that is put back to what it was, after others have seen more of it, cannot go on under its name: two leaves
would have one number. It goes on under another one, which it says itself (`registry.services.restoring`).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from registry.journal.note import KeyKind, VerifierKey
from registry.services.context import Context
from registry.store import journal_restorations
from registry.vault.signing import raw_public_key, registry_id


def first_origin(ctx: Context) -> str:
    """Answer the name that the journal began with. It is made of the first key that the registry ever signed with."""
    return f"likeness-registry/{registry_id(ctx.keys)}"


def origins_in(ctx: Context, session: Session) -> Sequence[str]:
    """Answer every name that the journal has had, the current one last."""
    named = [first_origin(ctx), *(each.origin for each in journal_restorations.restorations(session))]
    return list(dict.fromkeys(named))


def origin_in(ctx: Context, session: Session) -> str:
    """Answer the name that the journal has now."""
    found = journal_restorations.restorations(session)
    return found[-1].origin if found else first_origin(ctx)


def history_in(ctx: Context, session: Session) -> tuple[str, int]:
    """Answer by what one past of the journal is told from another, and from how many leaves on it is its own.

    Two registries that were restored from one backup have two.
    """
    found = journal_restorations.restorations(session)
    return (found[-1].id, found[-1].size) if found else (first_origin(ctx), 0)


def keys_named(ctx: Context, names: Sequence[str]) -> Sequence[VerifierKey]:
    """Answer every key that the registry ever signed with under each of some names, the current one last."""
    public = [raw_public_key(key) for _, key in ctx.keys.signing_keys()]
    return [VerifierKey(name, KeyKind.NOTE, each) for name in names for each in public]


def journal_keys_in(ctx: Context, session: Session) -> Sequence[VerifierKey]:
    """Answer the keys that checkpoints were ever signed with, the current one last."""
    return keys_named(ctx, origins_in(ctx, session))
