"""Verifying files that anybody brings."""

from __future__ import annotations

from flask import Response

from api.answers import answer
from api.schemas.verifications import NewVerification, VerificationOut
from api.state import context
from api.v1.resource import new_resource
from registry.verifying.files import LARGEST, look_at

resource = new_resource("verifications", "Whether a file is what a registry signed.", public=True)


@resource.post("/verifications", responses={200: VerificationOut})
def verify_file(form: NewVerification) -> Response:
    """Say what a file is and whether its signature holds; no token is needed. The file is not kept.

    It is read in memory and forgotten with the answer. Nothing of it is written down anywhere.
    """
    return answer(VerificationOut.of(look_at(context(), form.file.stream.read(LARGEST + 1))))
