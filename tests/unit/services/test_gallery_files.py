"""Gallery files: whom they hold, what they tell, and what a withdrawal makes of them."""

from __future__ import annotations

import io
import json
import stat
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from filing import CALIBRATION, INTERVAL, TOLD, WHERE, Filing, consenting, enrolled
from joserfc import jwe
from sqlalchemy import select
from steps import SPACES, Registry

from registry.domain.gallery_files import FileStanding, FileState, SearchPurpose
from registry.errors import (
    ConflictError,
    DuplicateError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
)
from registry.interchange.gallery_files import FORM, STATUS_TYPE, GalleryStatus
from registry.services import consents, exports, gallery, gallery_delivery, gallery_files, gallery_status, housekeeping
from registry.services.holders import HeldKind, gallery_holders_of
from registry.store import parts
from registry.store.enrolments import voiceprints_of
from registry.store.gallery_files import GalleryEntry, GalleryFile
from registry.vault.gallery_seal import make_studio_key, open_rows
from registry.vault.sealing import bind, open_sealed
from registry.vault.signing import verify

DIMENSIONS = {space.id: space.dimension for space in SPACES}


@pytest.fixture
def filing(registry: Registry, tmp_path: Path) -> Filing:
    return Filing(registry, tmp_path)


@pytest.fixture
def sqlite_filing(sqlite_registry: Registry, tmp_path: Path) -> Filing:
    return Filing(sqlite_registry, tmp_path)


def sealed_part(path: Path) -> bytes:
    form, _, rest = path.read_bytes().split(b"\n", 2)
    assert form + b"\n" == FORM
    return rest


def opened(filing: Filing, name: str, file_id: str) -> dict[str, Mapping[str, np.ndarray]]:
    """Answer the plain means in a file, by opaque id and space."""
    source = io.BytesIO(sealed_part(filing.folder / name))
    found = {}
    for rows in open_rows(source, file_id, DIMENSIONS, filing.key, lambda _: None):
        for number, entry_id in enumerate(rows.ids):
            found[entry_id] = {space: means[number] for space, means in rows.means.items()}
    return found


def entries(registry: Registry, file_id: str) -> dict[str, str]:
    """Answer the opaque id of each performer in a file."""
    with registry.ctx.database.read() as session:
        found = session.scalars(select(GalleryEntry).where(GalleryEntry.file_id == file_id))
        return {entry.performer_id: entry.id for entry in found}


def states(registry: Registry) -> list[FileState]:
    with registry.ctx.database.read() as session:
        return list(session.scalars(select(GalleryFile.state).order_by(GalleryFile.id)))


def standing(filing: Filing, *file_ids: str) -> GalleryStatus:
    """Answer what the registry says of files now, read from what it signs."""
    answer = gallery_status.ask_gallery_status(filing.registry.ctx, filing.studio, file_ids)
    keys = dict(filing.registry.ctx.keys.signing_keys())
    return GalleryStatus.of_claims(verify(answer.signed, keys, typ=STATUS_TYPE))


# --- who is in one ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [(), ("monitoring.en.v1",), (TOLD, "monitoring.ko.v1"), ("licensing_dubbing.en.own",)])
def test_a_shipped_text_tells_the_opposite_and_cannot_be_what_a_file_rests_on(
    sqlite_filing: Filing, told: tuple[str, ...]
) -> None:
    enrolled(sqlite_filing.registry, "Ada")
    with pytest.raises(InvalidInputError, match="never given to a studio"):
        sqlite_filing.export(told=frozenset(told))


def test_only_who_was_told_of_such_files_is_in_one(filing: Filing) -> None:
    registry = filing.registry
    told = enrolled(registry, "Ada")
    enrolled(registry, "Bo", "monitoring.en.v1")
    enrolled(registry, "Cy", "monitoring.en.v1", TOLD)
    ended = enrolled(registry, "Di")
    consents.withdraw_all(registry.ctx, registry.operator, ended)
    done = filing.export()
    assert set(entries(registry, done.manifest.file_id)) == {told}
    assert (done.manifest.performers, done.not_told, done.left_out) == (1, 2, {})
    assert states(registry) == [FileState.DELIVERED]
    assert registry.journal()[-1] == "gallery_file.issued"


def test_a_file_with_nobody_in_it_is_not_issued(sqlite_filing: Filing) -> None:
    enrolled(sqlite_filing.registry, "Bo", "monitoring.en.v1")
    with pytest.raises(InvalidInputError, match="nobody may be in this file: 1 consent"):
        sqlite_filing.export()
    assert states(sqlite_filing.registry) == []
    assert [path.name for path in sqlite_filing.folder.glob("*gallery*")] == []


def test_who_cannot_be_opened_is_left_out_and_named(sqlite_filing: Filing) -> None:
    registry = sqlite_filing.registry
    kept, broken = enrolled(registry, "Ada"), enrolled(registry, "Bo")
    with registry.ctx.database.write() as session:
        voiceprints_of(session, broken)[0].sealed = b"\x01" + bytes(60)
        session.commit()
    done = sqlite_filing.export()
    assert set(done.left_out) == {broken}
    assert set(entries(registry, done.manifest.file_id)) == {kept}


def test_what_is_in_it_is_what_the_registry_searches(filing: Filing) -> None:
    registry = filing.registry
    performer_ids = [enrolled(registry, name) for name in ("Ada", "Bo", "Cy")]
    done = filing.export()
    ids = entries(registry, done.manifest.file_id)
    found = opened(filing, "one.gallery", done.manifest.file_id)
    with gallery.whole_gallery(registry.ctx, WHERE) as whole:
        (shelves,) = whole.shelves
    assert set(found) == {ids[performer_id] for performer_id in performer_ids}
    for encoder, means in shelves.means.items():
        for number, performer_id in enumerate(shelves.performer_ids):
            mine = found[ids[performer_id]][WHERE.spaces[encoder].id]
            assert mine == pytest.approx(means[number], abs=1e-6)


def test_a_file_of_many_has_several_parts_in_the_order_of_its_random_ids(
    sqlite_filing: Filing, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = sqlite_filing.registry
    performer_ids = [enrolled(registry, name) for name in ("Ada", "Bo", "Cy", "Di", "Ed")]
    monkeypatch.setattr(parts, "MOST_NAMED", 2)
    done = sqlite_filing.export()
    source = io.BytesIO(sealed_part(sqlite_filing.folder / "one.gallery"))
    chunks = list(open_rows(source, done.manifest.file_id, DIMENSIONS, sqlite_filing.key, lambda _: None))
    assert [len(rows.ids) for rows in chunks] == [2, 2, 1]
    in_file = [each for rows in chunks for each in rows.ids]
    ids = entries(registry, done.manifest.file_id)
    assert in_file == sorted(ids[performer_id] for performer_id in performer_ids)
    assert in_file != [ids[performer_id] for performer_id in performer_ids]


def test_nothing_in_the_file_names_anybody(sqlite_filing: Filing) -> None:
    registry = sqlite_filing.registry
    performer_id = enrolled(registry, "Ada Lind")
    done = sqlite_filing.export()
    path = sqlite_filing.folder / "one.gallery"
    content = path.read_bytes()
    opaque = entries(registry, done.manifest.file_id)[performer_id]
    for said in (b"Ada", performer_id.encode(), opaque.encode()):
        assert said not in content
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "Ada" not in json.dumps(done.manifest.claims())


def turned(filing: Filing, name: str, file_id: str) -> np.ndarray:
    """Answer the vectors as they are at rest within the seal, by hand: ``(n, all dimensions) float32``."""
    head, _, rest = sealed_part(filing.folder / name).partition(b"\n")
    said = json.loads(jwe.decrypt_compact(head, filing.key, algorithms=["ECDH-ES", "A256GCM"]).plaintext or b"")
    key = urlsafe_b64decode(said["key"] + "=")
    content = open_sealed(rest[4:], key, bind("likeness gallery", file_id, "0", "last"))
    count, width = int.from_bytes(content[:4], "big"), int.from_bytes(content[4:6], "big")
    return np.frombuffer(content[6 + count * width :], dtype="<f4")


def test_two_files_share_no_id_and_no_vector(sqlite_filing: Filing) -> None:
    registry = sqlite_filing.registry
    performer_id = enrolled(registry, "Ada")
    ids = [sqlite_filing.export(name).manifest.file_id for name in ("one.gallery", "two.gallery")]
    one, two = (entries(registry, file_id)[performer_id] for file_id in ids)
    assert one != two
    first, second = (turned(sqlite_filing, f"{n}.gallery", i) for n, i in zip(("one", "two"), ids, strict=True))
    assert first.shape == second.shape == (sum(DIMENSIONS.values()),)
    assert np.abs(first - second).max() > 0.1
    plain = opened(sqlite_filing, "one.gallery", ids[0])[one]
    assert np.abs(first - np.concatenate([plain[space] for space in DIMENSIONS])).max() > 0.1


# --- for whom --------------------------------------------------------------------------------------------------------


def test_only_an_operator_issues_one_and_only_to_who_searches(sqlite_filing: Filing) -> None:
    registry = sqlite_filing.registry
    enrolled(registry, "Ada")
    out = sqlite_filing.folder / "x.gallery"
    asked = sqlite_filing.asked()
    with pytest.raises(ForbiddenError):
        gallery_files.export_gallery(
            registry.ctx, sqlite_filing.studio, asked, out, where=WHERE, calibration=CALIBRATION
        )
    with pytest.raises(NotFoundError):
        sqlite_filing.export(organisation_id="org_" + "0" * 26)
    with pytest.raises(InvalidInputError, match="studio or an auditor"):
        sqlite_filing.export(organisation_id=registry.operator.organisation_id)
    assert not out.exists()


def test_a_key_is_one_organisations(filing: Filing) -> None:
    enrolled(filing.registry, "Ada")
    filing.export()
    other = filing.registry.studio("Southlight").organisation_id
    with pytest.raises(ConflictError, match="a key of its own"):
        filing.export("two.gallery", organisation_id=other)
    own = make_studio_key(filing.folder / "other.json")
    assert filing.export("two.gallery", organisation_id=other, recipient=own).manifest.organisation_id == other


@pytest.mark.parametrize(
    "changes",
    [
        {"expires": timedelta()},
        {"expires": timedelta(days=31, seconds=1)},
        {"status_interval": timedelta(hours=25)},
        {"status_interval": timedelta()},
    ],
)
def test_a_file_that_would_outlive_a_withdrawal_is_refused(
    sqlite_filing: Filing, changes: dict[str, timedelta]
) -> None:
    enrolled(sqlite_filing.registry, "Ada")
    changed: dict[str, object] = dict(changes)
    if "expires" in changed:
        changed = {"expires_at": sqlite_filing.registry.clock() + changes["expires"]}
    with pytest.raises(InvalidInputError):
        sqlite_filing.export(**changed)


def test_a_file_that_is_there_is_never_overwritten(sqlite_filing: Filing) -> None:
    enrolled(sqlite_filing.registry, "Ada")
    (sqlite_filing.folder / "one.gallery").write_text("mine")
    with pytest.raises(DuplicateError):
        sqlite_filing.export()
    assert (sqlite_filing.folder / "one.gallery").read_text() == "mine"
    assert states(sqlite_filing.registry) == []


# --- what becomes of one ---------------------------------------------------------------------------------------------


def test_a_withdrawal_ends_the_file_names_who_must_be_dropped_and_tells_who_has_it(filing: Filing) -> None:
    registry = filing.registry
    ada, bo = enrolled(registry, "Ada"), enrolled(registry, "Bo")
    file_id = filing.export().manifest.file_id
    ids = entries(registry, file_id)
    assert standing(filing, file_id).files[file_id].standing is FileStanding.HOLDS
    registry.clock.move(hours=1)
    told = consents.who_may_use(registry.ctx, registry.operator, ada)
    done = consents.withdraw_all(registry.ctx, registry.operator, ada)
    (holder,) = done.holders
    assert list(told.holders) == [replace(holder, stop_by=registry.clock() + INTERVAL)]
    assert list(consents.who_may_use(registry.ctx, registry.operator, ada).holders) == [holder]
    assert (holder.kind, holder.id, holder.organisation_name) == (HeldKind.GALLERY_FILE, file_id, "Northlight")
    assert holder.stop_by == done.at + INTERVAL
    said = standing(filing, file_id).files[file_id]
    assert (said.standing, said.dropped) == (FileStanding.REPLACED, (ids[ada],))
    (again,) = consents.withdraw_all(registry.ctx, registry.operator, ada).holders
    assert again.stop_by == holder.stop_by
    assert filing.export("two.gallery").manifest.performers == 1
    assert bo in entries(registry, file_id)


def test_saying_yes_again_does_not_bring_a_file_back(filing: Filing) -> None:
    registry = filing.registry
    ada = enrolled(registry, "Ada")
    file_id = filing.export().manifest.file_id
    consents.withdraw_all(registry.ctx, registry.operator, ada)
    registry.clock.move(hours=1)
    consenting(registry, ada, TOLD)
    assert standing(filing, file_id).files[file_id].standing is FileStanding.REPLACED


def test_another_yes_to_words_that_do_not_tell_of_files_ends_it(filing: Filing) -> None:
    registry = filing.registry
    ada = enrolled(registry, "Ada")
    file_id = filing.export().manifest.file_id
    registry.clock.move(hours=1)
    consenting(registry, ada, "monitoring.en.v1")
    assert standing(filing, file_id).files[file_id].standing is FileStanding.REPLACED
    with pytest.raises(InvalidInputError, match="nobody"):
        filing.export("two.gallery")


def test_past_its_time_it_has_ended_and_nobody_holds_it(sqlite_filing: Filing) -> None:
    registry = sqlite_filing.registry
    ada = enrolled(registry, "Ada")
    file_id = sqlite_filing.export().manifest.file_id
    registry.clock.move(days=7)
    assert standing(sqlite_filing, file_id).files[file_id].standing is FileStanding.ENDED
    assert consents.withdraw_all(registry.ctx, registry.operator, ada).holders == []


def test_another_organisations_file_is_unknown_and_an_operator_asks_for_anybody(sqlite_filing: Filing) -> None:
    registry = sqlite_filing.registry
    enrolled(registry, "Ada")
    file_id = sqlite_filing.export().manifest.file_id
    other = registry.studio("Southlight")
    answer = gallery_status.ask_gallery_status(registry.ctx, other, [file_id])
    assert answer.told[0][1].standing is FileStanding.UNKNOWN
    with pytest.raises(ForbiddenError):
        gallery_status.ask_gallery_status(registry.ctx, other, [file_id], organisation_id=sqlite_filing.organisation_id)
    told = gallery_status.ask_gallery_status(
        registry.ctx, registry.operator, [file_id], organisation_id=sqlite_filing.organisation_id
    )
    assert told.told[0][1].standing is FileStanding.HOLDS


def test_a_performer_takes_along_who_had_their_voiceprint(sqlite_filing: Filing) -> None:
    registry = sqlite_filing.registry
    ada = enrolled(registry, "Ada")
    file_id = sqlite_filing.export(purpose=SearchPurpose.TRAINING).manifest.file_id
    export = exports.export_performer(registry.ctx, registry.operator, ada)
    (file,) = export.tables["gallery_files"]
    assert (file["id"], file["organisation_id"], file["purpose"]) == (
        file_id,
        sqlite_filing.organisation_id,
        "training",
    )
    assert [row["id"] for row in export.tables["gallery_entries"]] == [entries(registry, file_id)[ada]]
    assert "Northlight" in {row["name"] for row in export.tables["organisations"]}


# --- what may happen while it is made --------------------------------------------------------------------------------


def test_who_withdraws_while_the_file_is_made_is_not_in_it(filing: Filing) -> None:
    registry = filing.registry
    ada, bo = enrolled(registry, "Ada"), enrolled(registry, "Bo")
    drawn = registry.ctx.random_bytes
    gone: list[str] = []

    def drawing(count: int) -> bytes:
        if count == 32 and not gone:  # the first key of the file is drawn: everything was read
            gone.append(ada)
            consents.withdraw_all(registry.ctx, registry.operator, ada)
        return drawn(count)

    done = gallery_files.export_gallery(
        replace(registry.ctx, random_bytes=drawing),
        registry.operator,
        filing.asked(),
        filing.folder / "one.gallery",
        where=WHERE,
        calibration=CALIBRATION,
    )
    assert gone == [ada]
    assert set(entries(registry, done.manifest.file_id)) == {bo}
    assert len(opened(filing, "one.gallery", done.manifest.file_id)) == 1
    assert len(states(registry)) == 1


def test_a_file_that_cannot_be_put_in_place_is_void_at_once(filing: Filing) -> None:
    registry = filing.registry
    ada = enrolled(registry, "Ada")
    out = filing.folder / "one.gallery"
    drawn = registry.ctx.random_bytes

    def drawing(count: int) -> bytes:
        if count == 12:  # a chunk is sealed: somebody else takes the name meanwhile
            out.write_text("mine")
        return drawn(count)

    with pytest.raises(InvalidInputError, match="cannot be written"):
        gallery_files.export_gallery(
            replace(registry.ctx, random_bytes=drawing),
            registry.operator,
            filing.asked(),
            out,
            where=WHERE,
            calibration=CALIBRATION,
        )
    assert out.read_text() == "mine"
    assert states(registry) == [FileState.VOID]
    assert consents.withdraw_all(registry.ctx, registry.operator, ada).holders == []


def test_a_file_never_said_to_be_in_place_counts_as_held_until_it_is_stale_and_is_swept(filing: Filing) -> None:
    registry = filing.registry
    ada = enrolled(registry, "Ada")
    file_id = filing.export().manifest.file_id
    with registry.ctx.database.write() as session:
        session.get_one(GalleryFile, file_id).state = FileState.PREPARED
        session.commit()
    assert standing(filing, file_id).files[file_id].standing is FileStanding.VOID
    housekeeping.keep_house(registry.ctx)
    assert states(registry) == [FileState.PREPARED]
    with registry.ctx.database.read() as session:
        assert [holder.id for holder in gallery_holders_of(session, ada, registry.clock())] == [file_id]
    registry.clock.move(hours=6)
    housekeeping.keep_house(registry.ctx)
    assert states(registry) == [FileState.VOID]
    assert entries(registry, file_id) == {}
    assert gallery_delivery.void_undelivered(registry.ctx) == []
