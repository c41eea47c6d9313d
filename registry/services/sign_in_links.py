"""One-time sign-in links: an operator hands somebody a way in, which opens once and not for long."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy.orm import Session

from registry.domain.accounts import PERMISSIONS, Principal, Scope
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.sign_in import Origin, SignInMethod
from registry.errors import ConflictError, ForbiddenError, UnauthenticatedError
from registry.services.context import Context
from registry.services.principals import account_to_let_in
from registry.services.sessions import OpenedSession, add_session
from registry.services.unit import Unit, unit_of_work
from registry.store import sign_in_links
from registry.store.accounts import Account
from registry.store.sign_in_links import SignInLink
from registry.vault import tokens as token_text

PATH = "/sign-in/link"
PARAMETER = "t"

_THEIRS = (
    "a sign-in link of another operator is theirs to ask for: on the registry's own machine, "
    "`likeness account link {account_id} --as {account_id}`"
)
_NOT_GOOD = "this link was used, or is too old, or is none: ask for another"


@dataclass(frozen=True, slots=True, repr=False)
class IssuedLink:
    """A new link. ``url`` is shown this once and cannot be had again."""

    link: SignInLink
    url: str


def issue_link(ctx: Context, principal: Principal, account_id: str) -> IssuedLink:
    """Issue a link that lets an account in once; earlier ones of it that were not used are void from now on.

    It opens a session with all that the role may. For whom one may ask is as with tokens: oneself, with a token that
    carries as much; one's studio's accounts (its administrator); anybody but another operator (an operator).

    Raises:
        NotFoundError: no such account that the caller may know of.
        ForbiddenError: it is another operator's, figure ``account_id``; or one's own, and the token carries less than
            the role has, figure ``scopes``.
        ConflictError: the account is disabled, or the registry's address was not set (``LIKENESS_PUBLIC_URL``).
    """
    principal.require(Scope.TOKENS_WRITE)
    origin = require_origin(ctx)
    with unit_of_work(ctx) as unit:
        account = account_to_let_in(unit.session, principal, account_id, by=_THEIRS)
        if account.id == principal.account_id:
            _require_everything(principal)
        sign_in_links.void_links_of(unit.session, account.id, unit.now)
        issued = _add(ctx, unit, account, principal.account_id, origin)
        unit.commit()
    return issued


def require_origin(ctx: Context) -> Origin:
    """Answer where browsers reach the registry.

    Raises:
        ConflictError: nobody said it.
    """
    if ctx.sign_in.origin is None:
        raise ConflictError(
            "people sign in at an address that is known: set LIKENESS_PUBLIC_URL to it, such as https://registry.example",
            setting="LIKENESS_PUBLIC_URL",
        )
    return ctx.sign_in.origin


def _require_everything(principal: Principal) -> None:
    if lacking := sorted(scope.value for scope in PERMISSIONS[principal.role] - principal.scopes):
        raise ForbiddenError(
            f"a session may do all that your role may, and this token lacks {', '.join(lacking)}", scopes=lacking
        )


def _add(ctx: Context, unit: Unit, account: Account, issued_by: str, origin: Origin) -> IssuedLink:
    link_id = unit.new_id(IdPrefix.SIGN_IN_LINK)
    text, digest = token_text.new_token(link_id, ctx.random_bytes, token_text.SIGN_IN_LINK)
    link = SignInLink(
        id=link_id,
        account_id=account.id,
        secret_sha256=digest,
        issued_by=issued_by,
        created_at=unit.now,
        expires_at=unit.now + ctx.sign_in.link_life,
    )
    unit.session.add(link)
    unit.record(
        EventType.SIGN_IN_LINK_ISSUED,
        link.id,
        issued_by,
        account_id=account.id,
        expires_at=link.expires_at.isoformat(),
    )
    return IssuedLink(link, f"{origin}{PATH}?{PARAMETER}={text}")


def use_link(ctx: Context, text: str) -> OpenedSession:
    """Open a session by a link, which never opens another.

    1. The text has the form of a link and its checksum fits (no database is asked about anything else).
    2. The link is locked, so that of two who come at once one waits; its secret's digest is the one kept.
    3. It was not used and not made void, its time is not over, and the account is not disabled.
    4. It is used, and a session opened, in one commit.

    Raises:
        UnauthenticatedError: any of 1 to 3 fails; which one is not said.
    """
    link_id, digest = token_text.parse(text, token_text.SIGN_IN_LINK)
    with unit_of_work(ctx) as unit:
        link, account = _good_link(unit.session, link_id, digest, unit)
        link.used_at = unit.now
        opened_by = sha256(link.id.encode()).hexdigest()
        opened = add_session(ctx, unit.session, account, method=SignInMethod.LINK, opened_by_sha256=opened_by)
        unit.record(
            EventType.SIGN_IN_LINK_USED, link.id, account.id, account_id=account.id, session_id=opened.session.id
        )
        unit.commit()
    return opened


def _good_link(session: Session, link_id: str, digest: str, unit: Unit) -> tuple[SignInLink, Account]:
    link = sign_in_links.lock_link(session, link_id)
    if link is None or not token_text.same_digest(link.secret_sha256, digest):
        raise UnauthenticatedError(_NOT_GOOD)
    account = session.get_one(Account, link.account_id)
    over = link.used_at is not None or link.voided_at is not None or unit.now >= link.expires_at
    if over or account.disabled_at is not None:
        raise UnauthenticatedError(_NOT_GOOD)
    return link, account
