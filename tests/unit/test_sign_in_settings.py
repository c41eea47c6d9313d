"""Settings of signing in: refused where a secret would travel in the open, or half of a provider is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from registry.bootstrap import build_provider, sign_in_rules
from registry.clock import utc_now
from registry.domain.sign_in import Origin
from registry.errors import SettingsError
from registry.settings import Settings

OIDC = {"oidc_issuer": "https://login.example/tenant", "oidc_client_id": "likeness"}


@pytest.mark.parametrize(
    "url",
    [
        "http://registry.example",
        "http://127.0.0.1.example",
        "http://10.0.0.1:8080",
        "https://registry.example/path",
        "https://registry.example?x",
        "https://user@registry.example",
        "https://registry.example:port",
        "https://",
        "registry.example",
        "ftp://registry.example",
        "https://registré.example",
    ],
)
def test_an_address_that_is_none_or_not_safe_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        Settings(public_url=url)


@pytest.mark.parametrize(
    ("said", "origin"),
    [
        ({"public_url": "https://Registry.example/"}, "https://registry.example"),
        ({"public_url": "https://registry.example:443"}, "https://registry.example"),
        ({"public_url": "https://registry.example:8443"}, "https://registry.example:8443"),
        ({"public_url": "http://localhost:8080"}, "http://localhost:8080"),
        ({"public_url": "http://[::1]:8080"}, "http://[::1]:8080"),
        ({}, "http://127.0.0.1:8080"),
        ({"host": "::1", "port": 80}, "http://[::1]"),
        ({"host": "0.0.0.0"}, "None"),  # noqa: S104  (what is not reached by this name)
        ({"port": 0}, "None"),
    ],
)
def test_where_browsers_reach_the_registry(said: dict[str, object], origin: str) -> None:
    assert str(sign_in_rules(Settings(**said)).origin) == origin  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "said",
    [
        {"oidc_issuer": OIDC["oidc_issuer"]},
        {"oidc_client_id": "likeness"},
        OIDC | {"host": "192.0.2.1"},
        OIDC | {"oidc_issuer": "http://login.example"},
        OIDC | {"oidc_issuer": "https://login.example?tenant=1"},
        OIDC | {"oidc_hosts": "keys.example/path"},
    ],
)
def test_half_a_provider_or_one_that_is_not_safe_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings(**said)  # type: ignore[arg-type]


def test_which_hosts_of_a_provider_may_be_asked() -> None:
    settings = Settings(**OIDC, oidc_hosts="keys.login.example, tokens.login.example:8443")  # type: ignore[arg-type]
    assert settings.provider_origins == {
        Origin("https", "login.example", 443),
        Origin("https", "keys.login.example", 443),
        Origin("https", "tokens.login.example", 8443),
    }
    assert Settings().provider_origins == frozenset()


def test_the_clients_secret_is_in_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    settings = Settings(**OIDC, oidc_client_secret_file=path)  # type: ignore[arg-type]
    for prepare, why in (
        (lambda: None, "there is no client secret at"),
        (lambda: (path.write_text("kept to oneself\n"), path.chmod(0o644)), "open to others"),
        (lambda: (path.write_text("\n"), path.chmod(0o600)), "there is no client secret in"),
    ):
        prepare()
        with pytest.raises(SettingsError, match=why) as caught:
            build_provider(settings, utc_now)
        assert "kept to oneself" not in caught.value.detail
    path.write_text("kept to oneself\n")
    provider = build_provider(settings, utc_now)
    assert provider is not None
    assert provider.client.secret == "kept to oneself"
    assert "kept to oneself" not in repr(provider.client)
    assert os.stat(path).st_mode & 0o077 == 0  # noqa: PTH116


@pytest.mark.parametrize("name", ["", "Seoul", "../etc/passwd", "UTC+9", "Factory"])
def test_a_time_zone_that_there_is_not_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="LIKENESS_TIME_ZONE"):
        Settings(time_zone=name)
    assert Settings(time_zone="Asia/Seoul").time_zone == "Asia/Seoul"
