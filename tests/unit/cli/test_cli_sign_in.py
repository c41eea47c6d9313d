"""Letting people sign in, at the command line: a link is on standard output, alone and once."""

from __future__ import annotations

import pytest
from command_line import CommandLine

from registry.cli.operator import opened_registry
from registry.errors import ConflictError, DuplicateError, ForbiddenError, NotFoundError, UnauthenticatedError
from registry.services import sessions, sign_in_links

HERE = "http://127.0.0.1:8080/sign-in/link?t="


def use(link: str) -> sessions.OpenedSession:
    with opened_registry() as ctx:
        return sign_in_links.use_link(ctx, link.removeprefix(HERE))


@pytest.fixture
def account(operator: str, likeness: CommandLine) -> str:
    assert operator
    return likeness.out("account", "create", "--role", "performer", "--name", "Marta Calder")


@pytest.mark.usefixtures("operator")
def test_whom_there_is_not_is_not_let_in(likeness: CommandLine) -> None:
    for command in ("link", "sessions", "end-sessions", "identities"):
        assert isinstance(likeness.error("account", command, "acc_nobody"), NotFoundError)
    assert isinstance(likeness.error("account", "disconnect", "idt_none"), NotFoundError)


def test_an_operator_has_a_link_for_oneself_and_for_no_other_operator(operator: str, likeness: CommandLine) -> None:
    second = likeness.out("account", "create", "--role", "operator", "--name", "Night desk")
    error = likeness.error("account", "link", second, "--as", operator)
    assert isinstance(error, ForbiddenError)
    assert f"likeness account link {second} --as {second}" in error.detail
    assert likeness.out("account", "link", second, "--as", second).startswith(f"{HERE}lrl_")


def test_where_the_address_is_not_said_there_is_no_link(
    account: str, likeness: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIKENESS_HOST", "192.0.2.1")
    error = likeness.error("account", "link", account)
    assert isinstance(error, ConflictError)
    assert "LIKENESS_PUBLIC_URL" in error.detail
    monkeypatch.setenv("LIKENESS_PUBLIC_URL", "https://registry.example")
    assert likeness.out("account", "link", account).startswith("https://registry.example/sign-in/link?t=lrl_")


def test_the_link_alone_goes_to_standard_output_works_once_and_is_ended(account: str, likeness: CommandLine) -> None:
    result = likeness.run("account", "link", account)
    link = result.stdout.removesuffix("\n")
    assert link.removeprefix(HERE) not in result.stderr
    assert account in result.stderr
    opened = use(link)
    with pytest.raises(UnauthenticatedError):
        use(link)
    (shown,) = likeness.json("account", "sessions", account)
    assert (shown["id"], shown["method"], shown["ended_at"]) == (opened.session.id, "link", None)
    assert opened.session.id in likeness.out("account", "sessions", account)
    assert likeness.out("account", "end-sessions", account) == f"ended 1 session of {account}"
    assert likeness.json("account", "sessions", account)[0]["ended_at"] is not None


def test_an_identity_is_connected_once_and_disconnected(
    account: str, likeness: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = likeness.error("account", "connect", account, "248289761001")
    assert isinstance(error, ConflictError)
    assert "LIKENESS_OIDC_ISSUER" in error.detail
    monkeypatch.setenv("LIKENESS_OIDC_ISSUER", "https://login.example")
    monkeypatch.setenv("LIKENESS_OIDC_CLIENT_ID", "likeness")
    identity = likeness.out("account", "connect", account, "248289761001")
    assert isinstance(likeness.error("account", "connect", account, "248289761001"), DuplicateError)
    (shown,) = likeness.json("account", "identities", account)
    assert (shown["id"], shown["issuer"]) == (identity, "https://login.example")
    assert "248289761001" not in str(shown)
    assert identity in likeness.out("account", "identities", account)
    assert account in likeness.out("account", "disconnect", identity)
    assert likeness.json("account", "identities", account) == []
