"""Anybody can fetch the public keys, and check with them what the registry signed."""

from __future__ import annotations

import json

from house import House

from registry.vault.signing import read_jwks, sign, verify


def test_the_keys_are_public_and_verify_what_the_registry_signs(house: House) -> None:
    answer = house.client.get("/v1/keys")
    assert answer.status_code == 200
    token = sign(house.ctx.keys, {"a": 1}, typ="likeness-test+jwt")
    assert verify(token, read_jwks(answer.get_data()), typ="likeness-test+jwt") == {"a": 1}


def test_no_secret_half_is_shown(house: House) -> None:
    shown = json.loads(house.client.get("/v1/keys").get_data())
    said = {"kty", "crv", "x", "kid", "alg", "use", "in_use_from", "in_use_until"}
    assert all(set(key) == said for key in shown["keys"])
    assert [key["in_use_until"] for key in shown["keys"]] == [None]
