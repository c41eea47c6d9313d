"""How gallery files stand, over HTTP: to whom it is told, in what form, and with which problems."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from house import Caller, House, assert_problem
from joserfc.jwk import OKPKey

from registry.domain.gallery_files import FileState, SearchPurpose
from registry.domain.ids import IdPrefix
from registry.interchange.gallery_files import STATUS_TYPE, GalleryStatus
from registry.store.consents import consents_of
from registry.store.gallery_files import GalleryEntry, GalleryFile
from registry.vault.signing import read_jwks, verify

STATUS = "/v1/gallery-files/status"
UNKNOWN = "gal_" + "0" * 26


@pytest.fixture
def studio(house: House) -> Caller:
    return house.studio()


def issued(house: House, studio: Caller, performer_id: str) -> tuple[str, str]:
    """Put a file on record, and who is in it; answer their ids."""
    now = house.ctx.clock().replace(microsecond=0)
    file_id = house.ctx.ids.new(IdPrefix.GALLERY_FILE, now)
    entry_id = house.ctx.ids.new(IdPrefix.GALLERY_ENTRY, now)
    with house.ctx.database.write() as session:
        (consent,) = [c for c in consents_of(session, [performer_id]) if c.purpose.value == "monitoring"]
        session.add(
            GalleryFile(
                id=file_id,
                organisation_id=studio.organisation_id,
                purpose=SearchPurpose.CATALOGUE,
                state=FileState.DELIVERED,
                key_thumbprint=OKPKey.generate_key("X25519").thumbprint(),
                told=["monitoring.en.studios-1"],
                spaces=["s"],
                calibration="c",
                performers=1,
                sealed_sha256="a" * 64,
                status_interval_s=3600,
                issued_by=house.operator.account_id,
                issued_at=now,
                expires_at=now + timedelta(days=1),
            )
        )
        session.flush()
        session.add(GalleryEntry(id=entry_id, file_id=file_id, performer_id=performer_id, consent_id=consent.id))
        session.commit()
    return file_id, entry_id


def test_a_studio_is_told_of_its_files_signed_and_of_no_other(house: House, studio: Caller) -> None:
    performer, performer_id = house.performer()
    house.consent(performer, performer_id)
    file_id, entry_id = issued(house, studio, performer_id)
    body = {"gallery_file_ids": [UNKNOWN, file_id]}
    told = studio.made(STATUS, body)
    assert [item["standing"] for item in told["items"]] == ["unknown", "holds"]
    withdrawn = performer.made(f"/v1/performers/{performer_id}/consents/withdraw", {})
    (holder,) = [each for each in withdrawn["holders"] if each["kind"] == "gallery_file"]
    assert (holder["id"], holder["organisation_id"]) == (file_id, studio.organisation_id)
    told = studio.made(STATUS, body)
    assert told["items"][1]["drop"] == [entry_id]
    keys = read_jwks(house.client.get("/v1/keys").get_data())
    signed = GalleryStatus.of_claims(verify(told["signed"], keys, typ=STATUS_TYPE))
    assert signed.organisation_id == studio.organisation_id
    assert {name: stands.standing.value for name, stands in signed.files.items()} == {
        UNKNOWN: "unknown",
        file_id: "replaced",
    }
    other = house.studio("Southlight")
    assert other.made(STATUS, body)["items"][1]["standing"] == "unknown"
    assert performer_id not in json.dumps(told)


@pytest.mark.parametrize(
    "body",
    [{}, {"gallery_file_ids": []}, {"gallery_file_ids": ["clr_" + "0" * 26]}, {"gallery_file_ids": [UNKNOWN] * 101}],
)
def test_what_names_no_file_is_refused(studio: Caller, body: dict[str, Any]) -> None:
    assert_problem(studio.post(STATUS, body), 422, "validation_failed")


def test_who_has_no_files_may_not_ask(house: House) -> None:
    performer, _ = house.performer()
    assert_problem(performer.post(STATUS, {"gallery_file_ids": [UNKNOWN]}), 403, "forbidden")
