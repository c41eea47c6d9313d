"""A gallery file is searched as the gallery that it was made of, or refused by name: never a little of either."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from joserfc.jwk import OKPKey
from soundfiles import VOICES

from registry.domain.gallery_files import FileStanding, FileStands, SearchPurpose
from registry.domain.scores import Reason
from registry.errors import (
    GalleryFileForeignError,
    GalleryFileMismatchError,
    GalleryFileReplacedError,
    GalleryFileStaleError,
    GalleryFileTamperedError,
    InvalidInputError,
    KeyringError,
)
from registry.interchange.gallery_files import FORM, MANIFEST_TYPE, STATUS_TYPE, GalleryManifest, GalleryStatus
from registry.scanning.galleries import Searched
from registry.scanning.gallery_file import Opening, open_gallery_file
from registry.scanning.listening import Listener
from registry.vault.gallery_seal import (
    GallerySealer,
    Rows,
    _turns,
    make_studio_key,
    open_rows,
    public_jwk,
    read_public_key,
    read_studio_key,
)
from registry.vault.keys import FileKeyring
from registry.vault.signing import registry_id, sign

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
INTERVAL = timedelta(hours=6)
OPAQUE = {"awb": "gent_1", "rms": "gent_2", "slt": "gent_3"}


@dataclass
class Issued:
    """A file as a registry would issue it, and what it takes to open it."""

    path: Path
    manifest: GalleryManifest
    sealed: bytes
    keys: FileKeyring
    key: OKPKey

    def opening(self, *status: GalleryStatus, **changes: object) -> Opening:
        said = [sign(self.keys, each.claims(), typ=STATUS_TYPE) for each in status]
        opening = Opening(self.key, dict(self.keys.signing_keys()), SearchPurpose.CATALOGUE, NOW, said)
        return replace(opening, **changes)  # type: ignore[arg-type]  # fields of it

    def status(self, standing: FileStanding, after: timedelta, dropped: tuple[str, ...] = ()) -> GalleryStatus:
        stands = FileStands(standing, Reason("as_the_test_says", "the test says so"), dropped)
        return GalleryStatus(self.manifest.organisation_id, NOW + after, {self.manifest.file_id: stands})

    def write(self, manifest: GalleryManifest, sealed: bytes) -> None:
        token = sign(self.keys, manifest.claims(), typ=MANIFEST_TYPE)
        self.path.write_bytes(FORM + token.encode() + b"\n" + sealed)


def seal(file_id: str, engine_dimensions: dict[str, int], key: OKPKey, parts: list[Rows]) -> bytes:
    sealer = GallerySealer(file_id, engine_dimensions, key, os.urandom)
    chunks = [sealer.chunk(rows, last=number == len(parts)) for number, rows in enumerate(parts, 1)]
    return sealer.head + b"".join(chunks)


def parts_of(listener: Listener, searched: Searched) -> list[Rows]:
    """Answer the gallery in two parts, under opaque names."""
    names, means = searched.gallery.means()
    spaces = listener.engine.spaces
    return [
        Rows([OPAQUE[name] for name in names[some]], {spaces[e].id: rows[some] for e, rows in means.items()})
        for some in (slice(0, 2), slice(2, None))
    ]


@pytest.fixture
def issued(tmp_path: Path, listener: Listener, searched: Searched) -> Issued:
    keys = FileKeyring.create(tmp_path / "keyring.json", NOW, os.urandom)
    key = make_studio_key(tmp_path / "studio.json")
    dimensions = {space.id: space.dimension for space in listener.engine.spaces.values()}
    sealed = seal("gal_1", dimensions, key, parts_of(listener, searched))
    manifest = GalleryManifest(
        file_id="gal_1",
        registry_id=registry_id(keys),
        organisation_id="org_1",
        purpose=SearchPurpose.CATALOGUE,
        key_thumbprint=key.thumbprint(),
        issued_at=NOW - timedelta(hours=1),
        expires_at=NOW + timedelta(days=7),
        status_interval=INTERVAL,
        dimensions=dimensions,
        calibration=listener.engine.calibration.id,
        performers=3,
        sealed_sha256=hashlib.sha256(sealed).hexdigest(),
    )
    found = Issued(tmp_path / "one.gallery", manifest, sealed, keys, key)
    found.write(manifest, sealed)
    return found


def test_it_is_searched_as_the_gallery_that_it_was_made_of(
    issued: Issued, listener: Listener, searched: Searched
) -> None:
    opened = open_gallery_file(issued.path, listener.engine, issued.opening()).searched
    assert opened.gallery.performers() == tuple(OPAQUE[name] for name in searched.gallery.performers())
    assert (opened.id, opened.voiceprints) == (issued.manifest.sealed_sha256, 3)
    paths = [VOICES / "submissions" / name for name in ("slt-advert.flac", "rms-story.flac", "kal16-stranger.flac")]
    for _, heard in listener.listen(paths):
        mine = listener.engine.evidence(heard, opened.gallery)
        theirs = listener.engine.evidence(heard, searched.gallery)
        assert [c.performer_id for c in mine.candidates] == [OPAQUE[c.performer_id] for c in theirs.candidates]
        for one, other in zip(mine.candidates, theirs.candidates, strict=True):
            assert one.outcome is other.outcome
            assert one.log10_lr == pytest.approx(other.log10_lr, abs=1e-3)


# --- foreign ---------------------------------------------------------------------------------------------------------


def test_another_key_opens_nothing_and_both_are_named(issued: Issued, listener: Listener, tmp_path: Path) -> None:
    other = make_studio_key(tmp_path / "other.json")
    with pytest.raises(GalleryFileForeignError, match="org_1") as caught:
        open_gallery_file(issued.path, listener.engine, issued.opening(key=other))
    assert caught.value.figures["key_thumbprint"] == issued.key.thumbprint()
    assert caught.value.figures["given_thumbprint"] == other.thumbprint()


def test_a_key_that_claims_to_be_the_right_one_still_opens_nothing(
    issued: Issued, listener: Listener, tmp_path: Path
) -> None:
    other = make_studio_key(tmp_path / "other.json")
    issued.write(replace(issued.manifest, key_thumbprint=other.thumbprint()), issued.sealed)
    with pytest.raises(GalleryFileTamperedError, match="does not open with the key"):
        open_gallery_file(issued.path, listener.engine, issued.opening(key=other))


def test_a_registry_whose_keys_were_not_given_is_not_believed(
    issued: Issued, listener: Listener, tmp_path: Path
) -> None:
    others = FileKeyring.create(tmp_path / "others.json", NOW, os.urandom)
    trusted = {"another-1": others.signing_keys()[0][1]}
    with pytest.raises(GalleryFileForeignError, match="not of the registry"):
        open_gallery_file(issued.path, listener.engine, issued.opening(trusted=trusted))


def test_a_file_for_one_purpose_is_not_searched_for_another(issued: Issued, listener: Listener) -> None:
    with pytest.raises(GalleryFileForeignError, match="must not be searched for training"):
        open_gallery_file(issued.path, listener.engine, issued.opening(purpose=SearchPurpose.TRAINING))


# --- of another engine -----------------------------------------------------------------------------------------------


def test_other_spaces_or_another_calibration_are_refused(issued: Issued, listener: Listener) -> None:
    spaces = dict(issued.manifest.dimensions)
    spaces[next(iter(spaces)).replace("ge2e", "ge3e")] = spaces.pop(next(iter(spaces)))
    for changed in (replace(issued.manifest, dimensions=spaces), replace(issued.manifest, calibration="another")):
        issued.write(changed, issued.sealed)
        with pytest.raises(GalleryFileMismatchError):
            open_gallery_file(issued.path, listener.engine, issued.opening())


# --- stale -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("later", [timedelta(hours=5), timedelta(days=3)])
def test_without_a_fresh_word_it_is_stale(issued: Issued, listener: Listener, later: timedelta) -> None:
    with pytest.raises(GalleryFileStaleError) as caught:
        open_gallery_file(issued.path, listener.engine, issued.opening(now=NOW + later))
    assert caught.value.figures["status_interval_s"] == INTERVAL.total_seconds()


def test_a_fresh_word_counts_until_the_end_and_not_beyond(issued: Issued, listener: Listener) -> None:
    holds = issued.status(FileStanding.HOLDS, timedelta(days=3))
    old = issued.status(FileStanding.HOLDS, timedelta(hours=1))
    then = NOW + timedelta(days=3, hours=5, minutes=59)
    opened = open_gallery_file(issued.path, listener.engine, issued.opening(holds, old, now=then))
    opened.require_fresh(then)
    with pytest.raises(GalleryFileStaleError, match="ask for its status"):
        opened.require_fresh(then + timedelta(minutes=1))
    for at in (then + timedelta(minutes=1), NOW + timedelta(days=7)):
        with pytest.raises(GalleryFileStaleError):
            open_gallery_file(issued.path, listener.engine, issued.opening(holds, now=at))


def test_a_file_of_tomorrow_is_refused(issued: Issued, listener: Listener) -> None:
    with pytest.raises(GalleryFileStaleError, match="has not come yet"):
        open_gallery_file(issued.path, listener.engine, issued.opening(now=NOW - timedelta(hours=2)))


@pytest.mark.parametrize("standing", [s for s in FileStanding if s is not FileStanding.HOLDS])
def test_what_the_registry_says_does_not_hold_is_refused_with_who_must_be_dropped(
    issued: Issued, listener: Listener, standing: FileStanding
) -> None:
    said = issued.status(standing, timedelta(minutes=-1), ("gent_2",))
    with pytest.raises(GalleryFileReplacedError) as caught:
        open_gallery_file(issued.path, listener.engine, issued.opening(said))
    assert caught.value.figures == {"standing": standing.value, "dropped": ["gent_2"]}


def test_a_status_for_somebody_else_or_by_somebody_else_makes_nothing_fresh(issued: Issued, listener: Listener) -> None:
    then = NOW + timedelta(days=1)
    holds = issued.status(FileStanding.HOLDS, timedelta(days=1))
    others = replace(holds, organisation_id="org_2")
    with pytest.raises(GalleryFileStaleError):
        open_gallery_file(issued.path, listener.engine, issued.opening(others, now=then))
    forged = sign(issued.keys, holds.claims(), typ=STATUS_TYPE)[:-4] + "AAAA"
    with pytest.raises(GalleryFileTamperedError, match="the status"):
        open_gallery_file(issued.path, listener.engine, issued.opening(now=then, status=[forged]))
    of_another_kind = sign(issued.keys, holds.claims(), typ=MANIFEST_TYPE)
    with pytest.raises(GalleryFileTamperedError, match="the status"):
        open_gallery_file(issued.path, listener.engine, issued.opening(now=then, status=[of_another_kind]))


# --- tampered --------------------------------------------------------------------------------------------------------


def test_every_byte_counts(issued: Issued, listener: Listener) -> None:
    content = issued.path.read_bytes()
    head = len(FORM) + content[len(FORM) :].index(b"\n") + 1
    jwe_end = content.index(b"\n", head)
    places = [*range(len(FORM), len(content), 397), head - 2, head + 3, jwe_end - 2, jwe_end + 2, len(content) - 1]
    for place in places:
        issued.path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises((GalleryFileTamperedError, GalleryFileForeignError)):
            open_gallery_file(issued.path, listener.engine, issued.opening())


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.9999])
def test_a_file_that_breaks_off_is_refused(issued: Issued, listener: Listener, kept: float) -> None:
    content = issued.path.read_bytes()
    issued.path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(GalleryFileTamperedError, match="breaks off"):
        open_gallery_file(issued.path, listener.engine, issued.opening())


def test_something_at_the_end_is_refused(issued: Issued, listener: Listener) -> None:
    with issued.path.open("ab") as file:
        file.write(b"\n")
    with pytest.raises(GalleryFileTamperedError, match="added"):
        open_gallery_file(issued.path, listener.engine, issued.opening())


def test_the_last_chunk_cannot_be_left_out(issued: Issued, listener: Listener) -> None:
    head, _, chunks = issued.sealed.partition(b"\n")
    first = chunks[: 4 + int.from_bytes(chunks[:4], "big")]
    issued.write(issued.manifest, head + b"\n" + first)
    with pytest.raises(GalleryFileTamperedError, match="chunk 1"):
        open_gallery_file(issued.path, listener.engine, issued.opening())


def swapped(first: bytes, second: bytes, head: bytes) -> bytes:
    return head + b"\n" + second + first


def twice(first: bytes, second: bytes, head: bytes) -> bytes:
    return head + b"\n" + first + first + second


@pytest.mark.parametrize("how", [swapped, twice])
def test_chunks_stay_where_they_are(
    issued: Issued, listener: Listener, how: Callable[[bytes, bytes, bytes], bytes]
) -> None:
    head, _, chunks = issued.sealed.partition(b"\n")
    cut = 4 + int.from_bytes(chunks[:4], "big")
    issued.write(issued.manifest, how(chunks[:cut], chunks[cut:], head))
    with pytest.raises(GalleryFileTamperedError, match="chunk"):
        open_gallery_file(issued.path, listener.engine, issued.opening())


def test_a_sealed_part_that_anybody_could_make_for_this_key_is_not_the_registrys(
    issued: Issued, listener: Listener, searched: Searched
) -> None:
    forged = seal("gal_1", dict(issued.manifest.dimensions), issued.key, parts_of(listener, searched))
    issued.write(issued.manifest, forged)
    with pytest.raises(GalleryFileTamperedError, match="not what the registry signed"):
        open_gallery_file(issued.path, listener.engine, issued.opening())


def test_the_sealed_part_of_another_file_is_refused(issued: Issued, listener: Listener, searched: Searched) -> None:
    other = seal("gal_2", dict(issued.manifest.dimensions), issued.key, parts_of(listener, searched))
    issued.write(replace(issued.manifest, sealed_sha256=hashlib.sha256(other).hexdigest()), other)
    with pytest.raises(GalleryFileTamperedError, match="another file"):
        open_gallery_file(issued.path, listener.engine, issued.opening())


def test_a_count_that_is_not_the_one_signed_is_refused(issued: Issued, listener: Listener) -> None:
    issued.write(replace(issued.manifest, performers=4), issued.sealed)
    with pytest.raises(GalleryFileTamperedError, match="3 performers, not 4"):
        open_gallery_file(issued.path, listener.engine, issued.opening())


def test_what_is_no_gallery_file_is_said_to_be_none(issued: Issued, listener: Listener) -> None:
    for content in (b"", b"likeness-gallery 2\n", b"RIFF....WAVE"):
        issued.path.write_bytes(content)
        with pytest.raises(InvalidInputError, match="no gallery file"):
            open_gallery_file(issued.path, listener.engine, issued.opening())
    issued.path.unlink()
    with pytest.raises(InvalidInputError, match="cannot be read"):
        open_gallery_file(issued.path, listener.engine, issued.opening())


# --- the turn and the key --------------------------------------------------------------------------------------------


def test_the_same_voice_in_two_files_is_as_unlike_as_two_strangers() -> None:
    """Of one vector 200 turns: mean of the cosines near 0, standard deviation near ``1/sqrt(192)``."""
    vector = np.random.default_rng(1).standard_normal(192)
    voice = (vector / np.linalg.norm(vector)).astype(np.float32)[None]
    turned = np.concatenate([_turns(os.urandom(32), {"s": 192})["s"].protect(voice) for _ in range(60)])
    assert np.linalg.norm(turned, axis=1) == pytest.approx(1, abs=1e-5)
    cosines = (turned @ turned.T)[np.triu_indices(60, 1)]
    assert abs(cosines.mean()) < 0.01
    assert cosines.std() == pytest.approx(192**-0.5, rel=0.1)


def test_a_key_is_private_by_its_file_and_only_its_public_half_is_given_away(tmp_path: Path) -> None:
    key = make_studio_key(tmp_path / "studio.json")
    with pytest.raises(KeyringError):
        make_studio_key(tmp_path / "studio.json")
    assert (tmp_path / "studio.json").stat().st_mode & 0o777 == 0o600
    assert read_studio_key(tmp_path / "studio.json").thumbprint() == key.thumbprint()
    public = public_jwk(key)
    assert "d" not in public
    assert read_public_key(json.dumps(public).encode()).thumbprint() == public["kid"] == key.thumbprint()
    with pytest.raises(InvalidInputError, match="private"):
        read_public_key((tmp_path / "studio.json").read_bytes())
    (tmp_path / "public.json").write_text(json.dumps(public))
    (tmp_path / "public.json").chmod(0o600)
    for wrong in ("public.json", "keyring-like.json"):
        (tmp_path / "keyring-like.json").write_text("[]")
        (tmp_path / "keyring-like.json").chmod(0o600)
        with pytest.raises(KeyringError, match="no private key"):
            read_studio_key(tmp_path / wrong)
    for content in (b"{}", b"no", json.dumps(OKPKey.generate_key("Ed25519").as_dict()).encode()):
        with pytest.raises(InvalidInputError):
            read_public_key(content)


def test_no_chunk_is_opened_by_whoever_has_no_key(issued: Issued, tmp_path: Path) -> None:
    other = make_studio_key(tmp_path / "other.json")
    with pytest.raises(GalleryFileTamperedError):
        next(open_rows(io.BytesIO(issued.sealed), "gal_1", issued.manifest.dimensions, other, lambda _: None))
