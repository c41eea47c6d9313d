"""Identities: people who sign in by an identity provider, each connected to an account beforehand.

An account is never found by an e-mail address, or by anything else that a provider says of somebody: whoever controls
a mailbox, or a directory, would be whom they like. Who is known by nobody is refused, and nothing is kept of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest

from sqlalchemy.exc import IntegrityError

from registry.domain.accounts import Principal, Scope
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix, is_id
from registry.domain.sign_in import ProviderAnswer, SignInFlow, SignInMethod
from registry.errors import (
    ConflictError,
    DuplicateError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    SealBrokenError,
    SignInRefusedError,
)
from registry.services.accounts import require_own_or_scope, visible_account
from registry.services.context import Context
from registry.services.principals import account_to_let_in
from registry.services.provider import Provider
from registry.services.sessions import OpenedSession, SignedIn, add_session
from registry.services.sign_in_links import require_origin
from registry.services.unit import Unit, unit_of_work
from registry.store import identities, sessions
from registry.store.accounts import Account
from registry.store.identities import Identity
from registry.vault.commitments import identity_digest
from registry.vault.flows import open_flow, seal_flow

CALLBACK = "/sign-in/provider/callback"
FLOW_LIVES = timedelta(minutes=10)
_SECRET_BYTES = 32
_LONGEST_SUBJECT = 255

_THEIRS = (
    "another operator connects their identity themselves: with a link that they ask for on the registry's own machine, "
    "`likeness account link {account_id} --as {account_id}`"
)


@dataclass(frozen=True, slots=True, repr=False)
class BegunFlow:
    """A flow that has begun: where the browser goes, and what it keeps until it is back."""

    url: str
    kept: str


def require_provider(ctx: Context) -> Provider:
    """Answer the identity provider.

    Raises:
        ConflictError: none was configured.
    """
    if ctx.provider is None:
        raise ConflictError(
            "this registry has no identity provider: set LIKENESS_OIDC_ISSUER", setting="LIKENESS_OIDC_ISSUER"
        )
    return ctx.provider


def begin_flow(ctx: Context, *, session_id: str | None = None) -> BegunFlow:
    """Begin to sign in by the provider, or, for a session, to connect an identity to its account. Nothing is written.

    Raises:
        ConflictError: there is no provider, or the registry's own address was not set.
        ProviderUnavailableError: the provider does not answer.
    """
    provider, now = require_provider(ctx), ctx.clock()
    state, nonce, verifier = (ctx.random_bytes(_SECRET_BYTES).hex() for _ in range(3))
    flow = SignInFlow(state, nonce, verifier, now, session_id)
    url = provider.authorization_url(flow, f"{require_origin(ctx)}{CALLBACK}")
    return BegunFlow(url, seal_flow(flow, ctx.keys, ctx.random_bytes))


def read_flow(ctx: Context, kept: str | None, answer: ProviderAnswer) -> SignInFlow:
    """Answer the flow that an answer of the provider belongs to.

    1. The browser has kept one, sealed by this registry.
    2. The answer's state is the flow's, compared in constant time.
    3. It was begun not too long ago.

    Raises:
        SignInRefusedError: one of these does not hold; figure ``reason`` is ``flow``.
    """
    try:
        flow = open_flow(kept or "", ctx.keys)
    except SealBrokenError as error:
        raise _not_begun_here() from error
    if not compare_digest(flow.state.encode(), answer.state.encode("utf-8", "replace")):
        raise _not_begun_here()
    if not timedelta(0) <= ctx.clock() - flow.begun_at < FLOW_LIVES:
        raise SignInRefusedError("this took too long: begin again", reason="flow")
    return flow


def _not_begun_here() -> SignInRefusedError:
    return SignInRefusedError("this was not begun in this browser: begin again", reason="flow")


def sign_in(ctx: Context, flow: SignInFlow, answer: ProviderAnswer) -> OpenedSession:
    """Open a session for whoever comes back from the provider, if their identity is connected to an account.

    1. The flow was begun to sign in, and has not opened a session before.
    2. The provider says who it is (`Provider.subject`); no transaction waits for that.
    3. The identity is connected to an account that is not disabled.
    4. A session is opened; what the same flow would open a second time, the database refuses.

    Raises:
        SignInRefusedError: one of these does not hold; figure ``reason``. Nothing is kept of who came.
        ProviderUnavailableError: the provider does not answer.
    """
    if flow.session_id is not None:
        raise _not_begun_here()
    opened_by = sha256(flow.state.encode()).hexdigest()
    _require_unspent(ctx, opened_by)
    digest = _digest(ctx, _subject(ctx, flow, answer))
    with ctx.database.write() as session:
        found = identities.identity_with(session, digest)
        account = None if found is None else session.get_one(Account, found.account_id)
        if found is None or account is None or account.disabled_at is not None:
            raise SignInRefusedError(
                "this identity is connected to no account here: ask for a sign-in link, and connect it",
                reason="not_connected",
            )
        try:
            opened = add_session(
                ctx,
                session,
                account,
                method=SignInMethod.PROVIDER,
                opened_by_sha256=opened_by,
                identity_id=found.id,
            )
            session.commit()
        except IntegrityError as error:  # the same flow at the same moment, or the identity was disconnected in it
            raise SignInRefusedError("this was used already: begin again", reason="flow") from error
    return opened


def _require_unspent(ctx: Context, opened_by: str) -> None:
    with ctx.database.read() as session:
        if sessions.opened_by(session, opened_by) is not None:
            raise SignInRefusedError("this was used already: begin again", reason="flow")


def _subject(ctx: Context, flow: SignInFlow, answer: ProviderAnswer) -> str:
    return require_provider(ctx).subject(flow, answer, f"{require_origin(ctx)}{CALLBACK}")


def _digest(ctx: Context, subject: str) -> str:
    return identity_digest(ctx.keys, require_provider(ctx).issuer, subject)


def connect(ctx: Context, signed_in: SignedIn, flow: SignInFlow, answer: ProviderAnswer) -> Identity:
    """Connect the identity of whoever comes back from the provider to the account that is signed in.

    The flow was begun by this very session, with a token against other sites: nobody connects theirs to another's.

    Raises:
        SignInRefusedError: the flow is of another session, or the provider did not say who it is; figure ``reason``.
        DuplicateError: it is connected to another account.
        ProviderUnavailableError: the provider does not answer.
    """
    if flow.session_id != signed_in.session.id:
        raise _not_begun_here()
    digest = _digest(ctx, _subject(ctx, flow, answer))
    account_id = signed_in.principal.account_id
    with unit_of_work(ctx) as unit:
        identity = _connected(ctx, unit, account_id, digest, account_id)
        unit.commit()
    return identity


def connect_by_hand(ctx: Context, principal: Principal, account_id: str, subject: str) -> Identity:
    """Connect an identity to an account, by its subject at the provider. Operators only; not to another operator's.

    Raises:
        ForbiddenError: not an operator, or the account is another operator's.
        InvalidInputError: no subject has this form.
        NotFoundError: there is no such account.
        ConflictError: it is disabled, or there is no provider.
        DuplicateError: the identity is connected to another account.
    """
    principal.require(Scope.TOKENS_WRITE)
    if not principal.is_operator:
        raise ForbiddenError(
            "connect your own identity where you are signed in; by its subject, only an operator does",
            role=principal.role.value,
        )
    if not subject or len(subject) > _LONGEST_SUBJECT or not subject.isascii():
        raise InvalidInputError(f"a subject has 1 to {_LONGEST_SUBJECT} characters of ASCII", longest=_LONGEST_SUBJECT)
    digest = _digest(ctx, subject)
    with unit_of_work(ctx) as unit:
        account = account_to_let_in(unit.session, principal, account_id, by=_THEIRS)
        identity = _connected(ctx, unit, account.id, digest, principal.account_id)
        unit.commit()
    return identity


def _connected(ctx: Context, unit: Unit, account_id: str, digest: str, actor_id: str) -> Identity:
    found = identities.identity_with(unit.session, digest)
    if found is not None and found.account_id != account_id:
        raise DuplicateError("this identity is connected to another account; it has to be disconnected there first")
    if found is not None:
        raise DuplicateError("this identity is connected to this account already", identity_id=found.id)
    identity = Identity(
        id=unit.new_id(IdPrefix.IDENTITY),
        account_id=account_id,
        issuer=require_provider(ctx).issuer,
        subject_digest=digest,
        connected_by=actor_id,
        connected_at=unit.now,
    )
    unit.session.add(identity)
    try:
        unit.session.flush()
    except IntegrityError as error:
        raise DuplicateError("this identity was connected to an account at this moment") from error
    unit.record(EventType.IDENTITY_CONNECTED, identity.id, actor_id, account_id=account_id)
    return identity


def list_identities(
    ctx: Context, principal: Principal, *, account_id: str | None, after: str | None, limit: int
) -> Sequence[Identity]:
    """Answer a page of the identities of an account (one's own by default), without who they are at the provider.

    Raises:
        ForbiddenError: the account is not one's own, and there is no scope to read others.
        NotFoundError: no such account that the caller may know of.
    """
    wanted = account_id or principal.account_id
    require_own_or_scope(principal, wanted)
    with ctx.database.read() as session:
        account = visible_account(session, principal, wanted)
        return identities.identities_of(session, account.id, after=after, limit=limit)


def disconnect(ctx: Context, principal: Principal, identity_id: str) -> Identity:
    """Disconnect an identity: nobody signs in by it any more, and the sessions it has opened end.

    Raises:
        NotFoundError: no such identity that the caller may know of.
    """
    principal.require(Scope.TOKENS_WRITE)
    with unit_of_work(ctx) as unit:
        identity = (
            identities.lock_identity(unit.session, identity_id) if is_id(identity_id, IdPrefix.IDENTITY) else None
        )
        if identity is None:
            raise NotFoundError("there is no such identity")
        try:
            visible_account(unit.session, principal, identity.account_id)
        except NotFoundError as error:
            raise NotFoundError("there is no such identity") from error
        ended = sessions.end_sessions_by(unit.session, identity.id, unit.now)
        unit.session.delete(identity)
        unit.record(
            EventType.IDENTITY_DISCONNECTED,
            identity.id,
            principal.account_id,
            account_id=identity.account_id,
            sessions=ended,
        )
        unit.commit()
    return identity
