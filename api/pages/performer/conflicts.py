"""What a page says of something that has changed since it was shown, or was decided on by somebody else first."""

from __future__ import annotations

from api.pages.language import _
from api.pages.refusals import advice
from registry.errors import ConflictError, RegistryError


def has_changed() -> tuple[str, str]:
    """Say that something has changed since a form was shown, and that what stands below is how it is now."""
    return _("This has changed since you opened the page. Nothing was done."), _how_it_is()


def does_not_fit(error: RegistryError) -> tuple[str, str]:
    """Say why something is not done as things stand; what has words of its own is told by these."""
    if error.slug == ConflictError.slug:
        return _("This does not fit how things stand any more. Nothing was done."), _how_it_is()
    return advice(error.slug, error.figures)


def decided_already() -> tuple[str, str]:
    """Say that somebody else, or the same person in another window, has answered before."""
    return _("This was answered already. Your answer came second, and nothing was done."), _how_it_is()


def _how_it_is() -> str:
    return _("Below it stands as it is now, with who did what. What you typed is still there.")
