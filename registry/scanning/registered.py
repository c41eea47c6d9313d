"""Scanning against the registry's own database: the gallery of everybody who consents to be looked for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from registry.domain.consents import Modality
from registry.engine.gallery import Gallery
from registry.errors import InvalidInputError, RegistryError
from registry.scanning.galleries import Searched, gallery_id
from registry.services.context import Context
from registry.services.gallery import SearchedIn, whole_gallery
from registry.store.performers import key_holders

SOURCE: Final = "the registry's database"


@dataclass(frozen=True, slots=True)
class Registered:
    """The gallery of the database, as of one step of it.

    Attributes:
        searched: the gallery, and what a plan says of it.
        seq: the step.
    """

    searched: Searched
    seq: int


# --- the gallery -----------------------------------------------------------------------------------------------------


def most_registered(ctx: Context) -> int:
    """Answer how many performers a gallery of the database may have; some may turn out not to be in it."""
    with ctx.database.read() as session:
        return len(key_holders(session, Modality.VOICE))


def registered_gallery(ctx: Context, where: SearchedIn) -> Registered:
    """Open everybody who is enrolled and consents to be looked for, as a worker does.

    Who cannot be opened is left out, with a warning; they are named by their ids.

    Args:
        ctx: what verbs work with.
        where: the spaces and cohorts of the engine that will search it.

    Raises:
        KeyringError: nobody at all could be opened: this is another keyring than theirs.
        InvalidInputError: there is nobody to be searched.
    """
    gallery = Gallery(where.spaces, where.cohorts)
    members: list[tuple[str, Sequence[str]]] = []
    voiceprints = 0
    left_out: dict[str, RegistryError] = {}
    with whole_gallery(ctx, where) as whole:
        for shelves in whole.shelves:
            gallery.add_many(shelves.performer_ids, shelves.means)
            for performer_id, ids in shelves.voiceprint_ids.items():
                members.append((performer_id, [_sha256(ids)]))
                voiceprints += len(ids)
            left_out |= shelves.left_out
    if not members:
        raise InvalidInputError("nobody who is enrolled in this registry can be searched", left_out=len(left_out))
    searched = Searched(
        gallery=gallery,
        id=gallery_id(where.spaces, members),
        source=SOURCE,
        voiceprints=voiceprints,
        warnings=tuple(f"{name} is left out of the gallery: {why.detail}" for name, why in sorted(left_out.items())),
        lost=tuple(sorted(left_out)),
    )
    return Registered(searched, whole.seq)


def _sha256(ids: Sequence[str]) -> str:
    return hashlib.sha256(" ".join(ids).encode()).hexdigest()
