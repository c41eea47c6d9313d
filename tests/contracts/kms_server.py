"""A KMS on loopback, for tests: moto's, which others wrote after the documented API."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.session import Session

REGION = "eu-central-1"


@contextmanager
def kms_server() -> Iterator[str]:
    """Serve one for a block; answer where."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from moto.server import ThreadedMotoServer
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def new_key(url: str) -> str:
    """Make a key there, and answer its ARN."""
    client = Session().create_client("kms", region_name=REGION, endpoint_url=url)
    return str(client.create_key()["KeyMetadata"]["Arn"])
