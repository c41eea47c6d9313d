"""One registry for each test, migrated and empty but for its operator; slow parts are made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from house import Clock, House, SlowParts, build_house
from werkzeug.routing import Rule

from registry.domain.ids import RandomBytes
from registry.media.decode import Decoder
from registry.media.limits import MediaLimits
from registry.media.speech import SpeechDetector
from registry.store.database import Database
from registry.vault.keys import FileKeyring


@pytest.fixture(scope="session", autouse=True)
def addresses_compiled_when_asked() -> Iterator[None]:
    """Have what builds the addresses of a route be compiled when one is built.

    An application has two of these for each of its routes, a test builds a few addresses, and to compile them all takes
    longer than all else that makes an application.
    """
    compiled = Rule._compile_builder

    def when_asked(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:  # noqa: ARG001, FBT001, FBT002
        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            found = compiled(rule, append_unknown).__get__(rule)
            setattr(rule, "_build_unknown" if append_unknown else "_build", found)
            return found(**values)

        return build

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", when_asked)
        yield


@pytest.fixture(scope="session")
def slow_parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlowParts]:
    folder = tmp_path_factory.mktemp("keys")
    counter = iter(range(1, 1_000_000))
    keys = FileKeyring.create(
        folder / "keyring.json", datetime(2026, 1, 1, tzinfo=UTC), lambda n: next(counter).to_bytes(n, "big")
    )
    with Decoder(MediaLimits(max_duration_s=600), files_per_child=1000) as decoder:
        yield SlowParts(decoder, SpeechDetector(), keys)


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def house(
    sqlite_database: Database, slow_parts: SlowParts, clock: Clock, random_bytes: RandomBytes, tmp_path: Path
) -> House:
    """A registry on SQLite."""
    return build_house(sqlite_database, slow_parts, clock, random_bytes, tmp_path)


@pytest.fixture
def either_house(
    database: Database, slow_parts: SlowParts, clock: Clock, random_bytes: RandomBytes, tmp_path: Path
) -> House:
    """A registry; the test runs once on SQLite and once on PostgreSQL."""
    return build_house(database, slow_parts, clock, random_bytes, tmp_path)
