"""Sign-in flows under seal: what the registry must find again when a browser comes back, kept by that browser.

Nobody signed in yet, so nothing is written for them here; and what the browser keeps, it can neither read nor change.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from registry.domain.ids import RandomBytes
from registry.domain.sign_in import SignInFlow
from registry.errors import SealBrokenError
from registry.vault.keys import KEY_BYTES, KeyProvider
from registry.vault.sealing import bind, open_sealed, seal
from registry.vault.signing import canonical

_FIRST_EPOCH = 1
_LABEL = b"likeness sign-in flow 1"
_BOUND_AS = bind("sign-in-flow")
_LONGEST = 2000


def seal_flow(flow: SignInFlow, keys: KeyProvider, random_bytes: RandomBytes) -> str:
    """Seal a flow, as text that fits into a cookie.

    Raises:
        KeyringError: the provider does not answer.
    """
    content = canonical(
        {
            "state": flow.state,
            "nonce": flow.nonce,
            "verifier": flow.verifier,
            "begun_at": flow.begun_at.isoformat(),
            "session_id": flow.session_id,
        }
    )
    return urlsafe_b64encode(seal(content, _key(keys), _BOUND_AS, random_bytes)).decode()


def open_flow(text: str, keys: KeyProvider) -> SignInFlow:
    """Answer the flow that was sealed.

    Raises:
        KeyringError: the provider does not answer.
        SealBrokenError: it was not sealed here, or was changed.
    """
    try:
        sealed = urlsafe_b64decode(text[:_LONGEST].encode("ascii"))
    except ValueError as error:
        raise SealBrokenError("this is no sealed flow") from error
    opened = json.loads(open_sealed(sealed, _key(keys), _BOUND_AS))
    return SignInFlow(
        state=opened["state"],
        nonce=opened["nonce"],
        verifier=opened["verifier"],
        begun_at=datetime.fromisoformat(opened["begun_at"]),
        session_id=opened["session_id"],
    )


def _key(keys: KeyProvider) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=_LABEL).derive(keys.epoch_seed(_FIRST_EPOCH))
