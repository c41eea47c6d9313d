"""Administrators: whom in the reader's studio a member asks for what they may not do themselves, by name."""

from __future__ import annotations

from collections.abc import Sequence

from flask import g
from markupsafe import Markup

from api.pages.language import _, bdi, filled_in
from api.state import context, principal
from registry.domain.accounts import PERMISSIONS, Principal, Role
from registry.services import people


def ask_administrators(reader: Principal | None = None) -> Markup | None:
    """Answer in a sentence whom a member of a studio asks; None to whoever is no member of one.

    The names are looked up once for each page, however often it says so.

    Args:
        reader: who is told; whoever the page is for by default.
    """
    who = principal() if reader is None else reader
    if who.role is not Role.STUDIO_MEMBER:
        return None
    if "administrators" not in g:
        g.administrators = people.administrators_named(context(), who)
    named: Sequence[str] = g.administrators
    if not named:
        return Markup.escape(_("Your studio has no administrator at the moment: ask whoever runs this registry."))
    listed = Markup(", ").join(bdi(each) for each in named)
    return filled_in(_("Ask an administrator of your studio: %(names)s."), names=listed)


def who_else_may(scope: object) -> Markup | None:
    """Answer whom a member of a studio asks for what a scope lets one do; None where no administrator of theirs may.

    Args:
        scope: that the reader lacks, as an error names it.
    """
    return ask_administrators() if scope in PERMISSIONS[Role.STUDIO_ADMIN] else None
