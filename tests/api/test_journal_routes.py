"""The journal over HTTP: what anybody may check, and what only those may read whom it is about."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from house import House, assert_problem

from api import create_app
from registry.journal.checkpoint import cosign, open_checkpoint
from registry.journal.leaf import Opening, leaf_hash, verify_opening
from registry.journal.merkle import Tree, verify_consistency, verify_inclusion
from registry.journal.note import KeyKind, Note, VerifierKey, read_note
from registry.services.context import JournalRules

WITNESS_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WITNESS = VerifierKey("witness.example/w1", KeyKind.COSIGNATURE, WITNESS_KEY.public_key().public_bytes_raw())
PUBLIC = (
    "/v1/journal",
    "/v1/journal/checkpoint",
    "/v1/journal/checkpoints",
    "/v1/journal/leaf-hashes",
    "/v1/journal/proofs/inclusion?seq=1",
)
JSON = {"Accept": "application/json"}


def keys(house: House) -> list[VerifierKey]:
    return [VerifierKey.read(key) for key in house.client.get("/v1/journal").get_json()["verifier_keys"]]


@pytest.fixture
def witnessed(house: House) -> House:
    """The same registry, which knows a witness."""
    ctx = replace(house.ctx, journal=JournalRules(witnesses=(WITNESS,)))
    house.client = create_app(ctx).test_client()
    return house


def test_a_checkpoint_is_a_signed_note_that_the_published_key_opens(house: House) -> None:
    response = house.client.get("/v1/journal/checkpoint")
    assert response.mimetype == "text/plain"
    checkpoint = open_checkpoint(read_note(response.text), keys(house))
    described = house.client.get("/v1/journal/checkpoint", headers=JSON).get_json()
    assert described["note"] == response.text
    assert (described["size"], described["root_sha256"]) == (checkpoint.size, checkpoint.root.hex())


def test_a_checkpoint_is_signed_with_the_key_that_receipts_are_signed_with(house: House) -> None:
    """Checked with cryptography alone, as somebody would who has neither this code nor a library of notes."""
    text, _, line = house.client.get("/v1/journal/checkpoint").text.rpartition("\n\n")
    signature = b64decode(line.split(" ")[2])[4:]
    x = house.client.get("/v1/keys").get_json()["keys"][-1]["x"]
    key = Ed25519PublicKey.from_public_bytes(b64decode(x.replace("-", "+").replace("_", "/") + "="))
    key.verify(signature, f"{text}\n".encode())


def test_anybody_may_follow_the_journal_and_learns_nothing_of_what_it_says(house: House) -> None:
    performer, performer_id = house.performer()
    for path in PUBLIC:
        response = house.client.get(path)
        assert response.status_code == 200, response.text
        for told in (performer_id, performer.account_id, house.operator.account_id, "performer.registered", "Marta"):
            assert told not in response.text


def test_the_hashes_of_all_leaves_grow_the_tree_that_is_signed(house: House) -> None:
    for number in range(3):
        house.performer(f"Performer {number}")
    tree, path = Tree(), "/v1/journal/leaf-hashes?limit=4"
    while path:
        page = house.client.get(path)
        for item in page.get_json()["items"]:
            assert item["seq"] == tree.size + 1
            tree.add(bytes.fromhex(item["leaf_sha256"]))
        cursor = page.get_json()["next_cursor"]
        assert ("Link" in page.headers) == (cursor is not None)
        path = f"/v1/journal/leaf-hashes?limit=4&cursor={cursor}" if cursor else ""
    described = house.client.get("/v1/journal/checkpoint", headers=JSON).get_json()
    assert (described["size"], described["root_sha256"]) == (tree.size, tree.root.hex())


def test_a_performer_proves_with_what_they_have_that_their_consent_is_in_the_journal(house: House) -> None:
    performer, performer_id = house.performer()
    consent = house.consent(performer, performer_id)
    (leaf,) = performer.get(f"/v1/journal/records/{consent['id']}").get_json()["items"]
    verify_opening(leaf["leaf"].encode(), Opening(bytes.fromhex(leaf["salt"]), leaf["details"]))
    digest = leaf_hash(leaf["leaf"].encode())
    proof = house.client.get(f"/v1/journal/proofs/inclusion?leaf_sha256={digest.hex()}").get_json()
    checkpoint = open_checkpoint(read_note(proof["checkpoint"]["note"]), keys(house))
    path = [bytes.fromhex(each) for each in proof["path"]]
    verify_inclusion(digest, proof["leaf_index"], checkpoint.size, path, checkpoint.root)
    assert proof["seq"] == proof["leaf_index"] + 1 == leaf["seq"]


def test_whoever_kept_a_checkpoint_is_shown_that_the_journal_continues_it(house: House) -> None:
    first = open_checkpoint(read_note(house.client.get("/v1/journal/checkpoint").text), keys(house))
    house.performer()
    house.clock.move(minutes=2)
    proof = house.client.get(f"/v1/journal/proofs/consistency?first={first.size}").get_json()
    second = open_checkpoint(read_note(proof["second"]["note"]), keys(house))
    assert second.size > first.size
    path = [bytes.fromhex(each) for each in proof["path"]]
    verify_consistency(first.size, second.size, path, first.root, second.root)
    listed = house.client.get("/v1/journal/checkpoints").get_json()["items"]
    assert [each["size"] for each in listed] == [first.size, second.size]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("proofs/inclusion", "invalid_input"),
        ("proofs/inclusion?seq=0", "validation_failed"),
        ("proofs/inclusion?seq=1&leaf_sha256=" + "a" * 64, "invalid_input"),
        ("proofs/inclusion?leaf_sha256=abc", "validation_failed"),
        ("proofs/inclusion?leaf_sha256=" + "a" * 64, "invalid_input"),
        ("proofs/inclusion?seq=99999", "invalid_input"),
        ("proofs/consistency", "validation_failed"),
        ("proofs/consistency?first=-1", "validation_failed"),
        ("proofs/consistency?first=99999", "invalid_input"),
        ("leaf-hashes?cursor=MTpwZXJm", "invalid_cursor"),
        ("leaf-hashes?cursor=%C3%A9", "invalid_cursor"),
        ("leaf-hashes?limit=1001", "validation_failed"),
    ],
)
def test_what_cannot_be_answered_says_why(house: House, path: str, code: str) -> None:
    assert_problem(house.client.get(f"/v1/journal/{path}"), 422, code)


def test_leaves_are_for_operators(house: House) -> None:
    for caller in (house.studio(), house.performer()[0]):
        assert_problem(caller.get("/v1/journal/entries"), 403, "forbidden", scope="journal:read")
    page = house.operator.get("/v1/journal/entries?limit=2").get_json()
    assert [item["seq"] for item in page["items"]] == [1, 2]
    for item in page["items"]:
        assert leaf_hash(item["leaf"].encode()).hex() == item["leaf_sha256"]
        assert "salt" not in item
    following = house.operator.get(f"/v1/journal/entries?limit=2&cursor={page['next_cursor']}").get_json()
    assert [item["seq"] for item in following["items"]] == [3, 4]


def test_a_token_may_be_for_reading_the_journal_alone(house: House) -> None:
    token = house.operator.made("/v1/tokens", {"name": "monitor", "scopes": ["journal:read"]})["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert house.client.get("/v1/journal/entries", headers=headers).status_code == 200
    assert_problem(house.client.get("/v1/performers", headers=headers), 403, "forbidden")


def test_what_the_journal_says_of_somebody_elses_record_does_not_exist(house: House) -> None:
    performer, performer_id = house.performer()
    other, other_id = house.performer("Bo Berg")
    studio = house.studio()
    licence = house.licence(studio, performer_id)["id"]
    assert studio.get(f"/v1/journal/records/{licence}").get_json()["items"][0]["type"] == "licence.drafted"
    assert performer.get(f"/v1/journal/records/{performer_id}").status_code == 200
    for caller, record in ((other, performer_id), (performer, other_id), (house.studio("South"), licence)):
        assert_problem(caller.get(f"/v1/journal/records/{record}"), 404, "not_found")
    assert_problem(studio.get(f"/v1/journal/records/{performer_id}"), 403, "forbidden")
    assert_problem(performer.get(f"/v1/journal/records/{performer.account_id}"), 404, "not_found")
    assert house.operator.get(f"/v1/journal/records/{performer.account_id}").status_code == 200


def test_a_witness_hands_its_cosignature_in_and_it_is_shown_from_then_on(witnessed: House) -> None:
    note = read_note(witnessed.client.get("/v1/journal/checkpoint").text)
    line = cosign(note.text, WITNESS.name, WITNESS_KEY, witnessed.clock.now)
    sent = str(Note(note.text, (*note.signatures, line)))
    answer = witnessed.client.post("/v1/journal/cosignatures", json={"note": sent})
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["witnesses"] == [WITNESS.name]
    assert witnessed.client.get("/v1/journal/checkpoint").text == sent
    assert witnessed.client.get("/v1/journal").get_json()["witnesses"] == [str(WITNESS)]


def test_a_cosignature_of_a_stranger_is_refused(witnessed: House) -> None:
    before = witnessed.rows()
    note = read_note(witnessed.client.get("/v1/journal/checkpoint").text)
    line = cosign(note.text, "other.example", WITNESS_KEY, witnessed.clock.now)
    for sent in (str(note), str(Note(note.text, (*note.signatures, line))), "", "x" * 1000):
        assert_problem(witnessed.client.post("/v1/journal/cosignatures", json={"note": sent}), 422, "signature_invalid")
    after = witnessed.rows()
    assert {name for name in after if after[name] != before[name]} <= {"journal_checkpoints"}
    assert after["journal_cosignatures"] == 0
