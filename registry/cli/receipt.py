"""``likeness receipt verify``: check the receipt of a decision with the registry's public keys, and nothing else."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from typer import Argument, Exit, Option, Typer, echo

from registry.cli.options import AsJson
from registry.cli.output import print_facts, print_json
from registry.cli.reading import content_of, signed_text
from registry.errors import InvalidInputError, SignatureInvalidError
from registry.interchange.receipts import RECEIPT_TYPE, ReadReceipt, read_receipt
from registry.vault.signing import read_jwks, verify

app = Typer(help="Receipts of decisions, checked without a registry.", no_args_is_help=True)

_FLAGGED = 1
_LARGEST = 2_000_000


@app.callback()
def _receipts() -> None:
    """Receipts of decisions, checked without a registry."""


@app.command("verify")
def verify_receipt(
    file: Annotated[Path, Argument(metavar="FILE", help="The receipt: the signed text, or JSON that has it as jws.")],
    *,
    keys: Annotated[
        Path, Option(metavar="JWKS.json", help="The registry's public keys, as GET /v1/keys answers them.")
    ],
    text: Annotated[
        Path | None, Option(metavar="FILE", help="A copy of a text: was it what was explained, word for word?")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a receipt is the registry's own, whole, and what it says. No database, no network.

    A receipt says how the decision stood when the receipt was written, and nothing of later. Exit code 1: it does not
    hold, or the text is not among what was explained.

    1. The signature holds, by one of the keys, over a document of this type.
    2. Every mandatory field of ISO/IEC TS 27560 is there.
    3. With a text: its digest is among those of what was explained.
    """
    trusted, token = read_jwks(content_of(keys, _LARGEST)), signed_text(file, "jws", _LARGEST)
    try:
        receipt = read_receipt(verify(token, trusted, typ=RECEIPT_TYPE))
    except (SignatureInvalidError, InvalidInputError) as error:
        _refuse(error.detail, as_json=as_json)
    if text is not None and not receipt.has_text(hashlib.sha256(content_of(text, _LARGEST)).hexdigest()):
        _refuse(f"{text.name} is not, word for word, among the texts that were explained", as_json=as_json)
    if as_json:
        print_json({"valid": True} | asdict(receipt))
    else:
        print_facts(_in_words(receipt))


def _refuse(why: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"valid": False, "why": why})
    else:
        echo(f"NOT VALID: {why}")
    raise Exit(_FLAGGED)


def _in_words(receipt: ReadReceipt) -> dict[str, object]:
    purpose = receipt.purpose
    choices = purpose.get("choices") or {}
    return {
        "valid": f"signed by the registry, whole; as it stood at {receipt.issued_at}",
        "receipt": receipt.receipt_id,
        "performer": receipt.principal_id,
        "decision": f"{purpose['decision']}: {purpose['purpose']} of the {purpose['modality']}",
        "state then": receipt.state,
        "choices": [f"{use}: {said}" for use, said in sorted(choices.items())],
        "explained": [f"{each['text_id']} by {each['explained_by']}, {each['channel']}" for each in receipt.notices],
        "events": [f"{event['event_state']} {event['event_time']}" for event in receipt.events],
        "controller": f"{receipt.controller['party_name']}, {receipt.controller['party_contact']}",
    }
