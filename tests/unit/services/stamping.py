"""A time-stamping authority on loopback: OpenSSL's own, behind a small HTTP server; real DER and real certificates."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CONFIG = """
[tsa]
dir = {folder}
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
"""
YEAR = timedelta(days=365)


@dataclass
class Authority:
    """An authority: a root, a certificate for time stamping, and what it is to answer next.

    Attributes:
        folder: of its files.
        roots: PEM, to be trusted.
        url: where it listens.
        answers: in place of a time stamp: status and body.
        asked: requests that came.
    """

    folder: Path
    roots: bytes
    url: str = ""
    answers: tuple[int, bytes] | None = None
    asked: list[bytes] = field(default_factory=list)

    def stamp(self, request: bytes) -> bytes:
        """Answer a request as an authority does."""
        (self.folder / "query").write_bytes(request)
        command = ["openssl", "ts", "-reply", "-queryfile", "query", "-config", "tsa.cnf", "-section", "tsa"]
        signing = ["-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "reply"]
        subprocess.run([*command, *signing], cwd=self.folder, check=True, capture_output=True)  # noqa: S603  (our own)
        return (self.folder / "reply").read_bytes()


def an_authority(folder: Path, *, purpose: x509.ObjectIdentifier, ends: datetime) -> Authority:
    """Make an authority.

    Args:
        folder: for its files.
        purpose: of its certificate; for time stamping, unless something is to be wrong with it.
        ends: when its certificate does.
    """
    folder.mkdir()
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _certificate("Root", "Root", root_key, root_key, ends=datetime.now(UTC) + 9 * YEAR, purpose=None)
    own = _certificate("Stamps", "Root", key, root_key, ends=ends, purpose=purpose)
    (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (folder / "tsa.pem").write_bytes(own.public_bytes(Encoding.PEM))
    (folder / "tsa.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")
    return Authority(folder, root.public_bytes(Encoding.PEM))


def _certificate(
    subject: str,
    issuer: str,
    key: ec.EllipticCurvePrivateKey,
    by: ec.EllipticCurvePrivateKey,
    *,
    ends: datetime,
    purpose: x509.ObjectIdentifier | None,
) -> x509.Certificate:
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in (subject, issuer)]
    builder = (
        x509.CertificateBuilder()
        .subject_name(names[0])
        .issuer_name(names[1])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - 5 * YEAR)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=purpose is None, path_length=None), critical=True)
    )
    if purpose is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
    return builder.sign(by, hashes.SHA256())


@contextmanager
def listening(authority: Authority) -> Iterator[Authority]:
    """Let an authority answer over HTTP."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["content-length"]))
            authority.asked.append(request)
            status, body = authority.answers or (200, authority.stamp(request))
            self.send_response(status)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    authority.url = f"http://127.0.0.1:{server.server_port}/tsa"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield authority
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


STAMPING = ExtendedKeyUsageOID.TIME_STAMPING
SERVING = ExtendedKeyUsageOID.SERVER_AUTH
