"""Receipts of decisions."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer


class ReceiptOut(Answer):
    """The receipt of a decision, by ISO/IEC TS 27560:2023."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "jws": "eyJhbGciOiJFZDI1NTE5In0.eyJ2ZXIiOjF9.c2lnbmF0dXJl",
                    "claims": {
                        "ver": 1,
                        "schema_version": "ISO/IEC TS 27560:2023",
                        "receipt_id": f"{examples.CONSENT}.v1",
                        "receipt_issued_at": examples.NOW,
                        "state": "active",
                        "record": {"record_id": examples.CONSENT, "pii_principal_id": examples.PERFORMER},
                    },
                }
            ]
        }
    )

    jws: str = Field(
        description=(
            "What to keep: a compact JWS (RFC 7515). Whoever has the keys of `GET /v1/keys` can check it, with "
            "`likeness receipt verify` or any other means."
        )
    )
    claims: dict[str, Any] = Field(description="What it says, for reading. Only `jws` proves it.")
