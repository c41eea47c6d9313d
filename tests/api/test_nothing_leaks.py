"""What a thief finds who has the database, the spool and the logs, but not the keyring: nothing that was sealed.

A registry is filled with everything there is. Then every column, every file and every line that was logged is read for
what was planted: voices, keys, tokens, sealed names and sounds.
"""

from __future__ import annotations

import logging
import os
import sys
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import structlog
from bench import take
from crowded import Crowded
from house import USE, Clock, House, SlowParts, build_house, recording
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from steps import drawn_voiceprints

from registry.domain.ids import RandomBytes
from registry.domain.sign_in import read_origin
from registry.logs import configure_logs
from registry.media.recording import Recording
from registry.services import sign_in_links
from registry.services.accounts import operator_principal
from registry.store import models, wrapped_keys
from registry.store.accounts import Account
from registry.store.database import Database
from registry.store.enrolments import Enrolment
from registry.store.performers import Performer
from registry.vault.keys import FileKeyring, WrappedKey
from registry.vault.protection import Protection
from registry.vault.sealing import bind, seal

NAME, SEALED_NAME = "Zsuzsanna Quorvath", "Rosa Keel"
CONTACT = "through her agent"


@pytest.fixture
def logged() -> Iterator[StringIO]:
    """Every line that is logged meanwhile, at the lowest level."""
    before, handlers, error = structlog.get_config(), logging.getLogger().handlers[:], sys.stderr
    level, hooks = logging.getLogger().level, (sys.excepthook,)
    sys.stderr = lines = StringIO()
    configure_logs("debug")
    try:
        yield lines
    finally:
        sys.stderr = error
        structlog.configure(**before)
        logging.getLogger().handlers[:] = handlers
        logging.getLogger().setLevel(level)
        (sys.excepthook,) = hooks


class Robbed:
    """A registry full of everything, and what is planted in it.

    Attributes:
        crowd: the registry.
        folder: where its files are, but for the keyring.
        log: all that was logged while it was filled.
    """

    def __init__(self, house: House, folder: Path, log: StringIO) -> None:
        self.house, self.folder, self.log = house, folder, log
        self.crowd = Crowded(house, 1)
        self.performer, self.performer_id = house.performer(NAME)
        house.consent(self.performer, self.performer_id)
        takes = {"recordings": [recording(f"enrolment/slt-{number}.flac") for number in (1, 2, 3)]}
        sent = self.performer.send(
            f"/v1/performers/{self.performer_id}/enrolments", takes, headers={"Prefer": "wait=0"}
        )
        assert sent.status_code == 202, sent.text
        assert take(house.ctx) is not None  # it is in a worker's hands, and its recordings are in the spool
        checked = self.crowd.studio.send(
            "/v1/checks", USE | {"file": recording("submissions/slt-advert.flac")}, headers={"Prefer": "wait=0"}
        )
        assert checked.status_code == 202, checked.text
        self.link, self.session = self._signed_in()

    def _signed_in(self) -> tuple[str, str]:
        """Sign in by a link; answer what is secret in the link, and in the session."""
        with self.house.ctx.database.read() as session:
            account = session.get_one(Account, self.house.operator.account_id)
        rules = replace(self.house.ctx.sign_in, origin=read_origin("https://registry.example"))
        ctx = replace(self.house.ctx, sign_in=rules)
        link = sign_in_links.issue_link(ctx, operator_principal(account), account.id).url.rpartition("=")[2]
        return link, sign_in_links.use_link(ctx, link).text

    # --- what was planted --------------------------------------------------------------------------------------------

    def voices(self) -> dict[str, bytes]:
        """Pieces of voiceprints, as they are and as they are turned: a few numbers in each way of writing them."""
        with self.house.ctx.database.read() as session:
            made = session.scalars(select(Enrolment.id)).all()
        planted = {}
        for enrolment_id in made:
            for drawn in drawn_voiceprints(enrolment_id):
                seed = self.house.ctx.keys.epoch_seed(1)
                turned = Protection.derive(seed, 1, drawn.space.id, drawn.space.dimension).protect(drawn.vector)
                for what, vector in (("plain", drawn.vector), ("turned", turned)):
                    for kind, count in (("<f4", 2), ("<f8", 1), ("<f2", 4), (">f4", 2)):
                        planted[f"{what} {kind} {drawn.space.encoder} {enrolment_id}"] = (
                            vector[:count].astype(kind).tobytes()
                        )
        return planted

    def keys(self) -> dict[str, bytes]:
        """Every key of the house and every key that one of them has wrapped, as bytes and as text."""
        ring = self.house.ctx.keys
        assert isinstance(ring, FileKeyring)
        found = {key.id: key.key for key in ring.keys}
        with self.house.ctx.database.read() as session:
            for where in wrapped_keys.EVERYWHERE:
                page = wrapped_keys.page_under_others(session, where, "none", after=None, limit=500)
                for each in page:
                    opened = ring.unwrap(WrappedKey(each.master_key_id, each.wrapped))
                    found[f"{where.table} {each.row}"] = opened
        ways = (bytes, lambda key: key.hex().encode(), b64encode, urlsafe_b64encode)
        return {f"{name} {number}": way(key) for name, key in found.items() for number, way in enumerate(ways)}

    def secrets(self) -> dict[str, bytes]:
        """Tokens, a link to sign in with, a session: whole, and the part that is secret."""
        texts = [caller.token for caller in (*self.crowd.asking.values(), self.performer)] + [self.link, self.session]
        found = {f"token {number}": text.encode() for number, text in enumerate(texts)}
        return found | {f"secret of {name}": text.split(b"_")[-2] for name, text in found.items()}

    def identities(self) -> dict[str, bytes]:
        """Who a sealed source is."""
        return {
            f"{text} {encoding}": text.encode(encoding)
            for text in (SEALED_NAME, CONTACT)
            for encoding in ("utf-8", "utf-16-le")
        }

    def sounds(self) -> dict[str, bytes]:
        """Pieces of what was uploaded: of the files as they came, and of the sound in them."""
        planted = {}
        for name in ("enrolment/slt-1.flac", "submissions/slt-advert.flac"):
            sound = recording(name)
            planted[f"{name} as it came"] = sound.data[len(sound.data) // 2 :][:16]
            decoded: Recording = self.house.ctx.decoder.decode_bytes(sound.data)
            middle = decoded.samples[decoded.samples.size // 2 :][:200]
            for kind, samples in (("<i2", (middle * 32768).round().astype("<i2")), ("<f4", middle.astype("<f4"))):
                planted[f"{name} {kind}"] = samples[np.argmax(np.abs(middle)) // 8 * 8 :][:8].tobytes()
        return planted

    # --- what a thief has --------------------------------------------------------------------------------------------

    def columns(self) -> Iterator[tuple[str, bytes]]:
        """Every value of every column."""
        with self.house.ctx.database.engine.connect() as connection:
            for name, table in models.metadata.tables.items():
                for row in connection.execute(select(table)):
                    for column, value in row._mapping.items():
                        yield f"{name}.{column}", value if isinstance(value, bytes) else str(value).encode()

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Every file: of the database, its log, the spool, and the scans."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                yield str(path.relative_to(self.folder)), path.read_bytes()


def found_in(things: Iterator[tuple[str, bytes]], planted: dict[str, bytes]) -> list[tuple[str, str]]:
    """Answer what was found, and where."""
    assert all(len(secret) >= 8 for secret in planted.values())
    return [(what, where) for where, content in things for what, secret in planted.items() if secret in content]


@pytest.fixture
def robbed(  # noqa: PLR0917  (fixtures)
    database: Database, slow_parts: SlowParts, clock: Clock, random_bytes: RandomBytes, tmp_path: Path, logged: StringIO
) -> Robbed:
    keys = FileKeyring.create(tmp_path / "elsewhere" / "keyring.json", clock(), os.urandom)
    folder = Path(str(database.engine.url.database)).parent if database.is_sqlite else tmp_path / "files"
    folder.mkdir(exist_ok=True)
    house = build_house(database, replace(slow_parts, keys=keys), clock, random_bytes, folder)
    return Robbed(house, folder, logged)


def test_whoever_has_all_but_the_keyring_finds_nothing_that_was_sealed_and_no_secret(robbed: Robbed) -> None:
    planted = robbed.voices() | robbed.keys() | robbed.secrets() | robbed.identities() | robbed.sounds()
    assert len(planted) > 60
    assert found_in(robbed.columns(), planted) == []
    files = [(where, content) for where, content in robbed.files() if "elsewhere" not in where]
    assert found_in(iter(files), planted) == []
    # the search itself finds what lies open, and the page on trust says that it does
    open_names = {"performer": NAME.encode(), "webhook": b"hooks.northlight.example"}
    assert {what for what, _ in found_in(robbed.columns(), open_names)} == set(open_names)
    assert any("spool" in where for where, _ in files)
    if robbed.house.ctx.database.is_sqlite:
        assert {what for what, _ in found_in(iter(files), open_names)} == set(open_names)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # it says more of what went wrong
def test_no_line_of_the_log_no_problem_and_no_metric_tells_a_secret_or_a_name(robbed: Robbed) -> None:
    house = robbed.house
    callers = [*robbed.crowd.asking.values(), robbed.performer]
    answers = [house.client.get("/metrics").data]
    for caller in callers:
        for path in ("/v1/performers/none", f"/v1/performers/{robbed.performer_id}/enrolments", "/v1/tokens?limit=0"):
            refused = caller.post(path, {"name": NAME, "secret": robbed.link})
            assert refused.status_code >= 400
            answers.append(refused.data)
    answers += _failed(house, ValueError(f"invalid literal: {NAME} {robbed.link}"))
    answers += _failed(house, _constraint_broken(house))
    answers += [house.client.get("/v1/me", headers={"Authorization": f"Bearer {robbed.link}"}).data]
    planted = robbed.voices() | robbed.keys() | robbed.secrets() | robbed.identities()
    planted |= {"name": NAME.encode(), "studio": b"Northlight", "webhook": b"hooks.northlight", "file": b"slt-advert"}
    lines = robbed.log.getvalue().encode()
    assert b"check submitted" in lines
    assert b"builtins.ValueError" in lines
    assert b"sqlalchemy.exc.IntegrityError (" in lines
    assert found_in(iter([("log", lines)]), planted) == []
    assert found_in(iter([(f"answer {number}", said) for number, said in enumerate(answers)]), planted) == []


def _failed(house: House, error: Exception) -> list[bytes]:
    """Ask for something that fails in a way that nobody has thought of; answer what was said."""

    def fail(**_: Any) -> None:
        raise error

    endpoint = next(name for name in house.app.view_functions if name.endswith("get_me"))
    before = house.app.view_functions[endpoint]
    house.app.view_functions[endpoint] = fail
    said = house.operator.get("/v1/me")
    house.app.view_functions[endpoint] = before
    assert said.status_code == 500
    return [said.data]


def _constraint_broken(house: House) -> Exception:
    """Answer what a database says of a row that breaks a constraint: PostgreSQL tells the whole row."""
    with house.ctx.database.write() as session:
        row = session.scalars(select(Performer).where(Performer.name == NAME)).one()
        values = {column.name: getattr(row, column.name) for column in Performer.__table__.columns}
        try:
            session.execute(insert(Performer).values(values | {"id": "perf_other", "account_id": None, "version": 0}))
        except IntegrityError as error:
            session.rollback()
            return error
    raise AssertionError("the constraint is gone")


def test_a_sealed_voiceprint_is_no_nearer_to_its_voice_than_chance() -> None:
    """Of forty, read as numbers past their heads: the cosines to the truth are those of random directions."""
    drawn, cosines = np.random.default_rng(5), list[float]()
    turn = Protection.derive(b"s" * 32, 1, "space", 192)
    for number in range(40):
        voice = drawn.standard_normal(192).astype(np.float32)
        turned = turn.protect(voice)
        data = seal(turned.astype("<f4").tobytes(), bytes([number]) * 32, bind("vp", "space", "1"), os.urandom)
        read = np.frombuffer(data[13:-16], dtype="<u4").astype(np.float64) - 2.0**31
        for seen in (read, turned.astype(np.float64)):
            cosines += [float(seen @ voice / np.linalg.norm(seen) / np.linalg.norm(voice))]
    assert max(abs(cosine) for cosine in cosines) < 5 / np.sqrt(192)
    assert abs(np.mean(cosines)) < 4 / np.sqrt(192 * len(cosines))
