"""Asking a registry over HTTP: where a token may go, what is asked again, and what a refusal becomes."""

from __future__ import annotations

import io
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from registry.cli.remote import ATTEMPTS, TOKEN_VARIABLE, Access, RemoteRegistry, read_access
from registry.clock import utc_now
from registry.errors import (
    DatabaseNotReadyError,
    ForbiddenError,
    GalleryFileReplacedError,
    InvalidInputError,
    KeyringError,
    NotFoundError,
    RegistryError,
    RegistryUnreachableError,
    RequestInProgressError,
    SettingsError,
    UnauthenticatedError,
)

TOKEN = "lr_" + "t" * 40


@dataclass
class Answer:
    """What the server says next."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    said_length: int | None = None


@dataclass
class Seen:
    """What the server was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Scripted:
    """A server that answers as it is told, and notes what it is asked."""

    url: str
    answers: list[Answer] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)


def _handler(script: Scripted) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            script.seen.append(Seen(self.command, self.path, dict(self.headers), self.rfile.read(length)))
            answer = script.answers.pop(0) if script.answers else Answer()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(answer.said_length or len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815  (names of the library)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (signature)
            """Say nothing."""

    return Handler


@contextmanager
def listening(context: ssl.SSLContext | None = None) -> Iterator[Scripted]:
    script = Scripted("")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    script.url = f"{'http' if context is None else 'https'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def script() -> Iterator[Scripted]:
    with listening() as script:
        yield script


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def registry(script: Scripted, waits: list[float]) -> Iterator[RemoteRegistry]:
    with RemoteRegistry(Access(script.url, TOKEN), sleep=waits.append, jitter=lambda: 0.0) as registry:
        yield registry


def problem(status: int, code: str, detail: str = "no", **figures: object) -> Answer:
    body = {"type": "urn:x", "title": "No", "status": status, "detail": detail, "instance": "/", "code": code}
    return Answer(status, json.dumps(body | figures).encode(), {"Content-Type": "application/problem+json"})


# --- where a token may go --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://registry.example",
        "http://192.0.2.7:8080",
        "http://127.0.0.1.example",
        "http://localhost.example",
        "ftp://registry.example",
        "registry.example",
        "https://",
        "https://me:secret@registry.example",
        "https://registry.example?x=1",
        "https://registry.example#x",
        "",
    ],
)
def test_an_address_that_a_token_may_not_be_sent_to_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    with pytest.raises(InvalidInputError) as refused:
        read_access(url, None, None)
    assert "secret" not in refused.value.detail


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://registry.example/", "https://registry.example"),
        ("https://example.org/voices/", "https://example.org/voices"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
    ],
)
def test_https_and_this_machine_are_asked(url: str, asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, f" {TOKEN}\n")
    access = read_access(url, None, None)
    assert (access.url, access.token) == (asked, TOKEN)
    assert TOKEN not in repr(access)


def test_a_token_is_read_from_a_file_that_is_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    file = tmp_path / "token"
    with pytest.raises(SettingsError, match="--token-file"):
        read_access("https://registry.example", None, None)
    with pytest.raises(KeyringError, match="there is no token at"):
        read_access("https://registry.example", file, None)
    file.write_text(f"{TOKEN}\n")
    file.chmod(0o640)
    with pytest.raises(KeyringError, match="chmod 600"):
        read_access("https://registry.example", file, None)
    file.chmod(0o600)
    assert read_access("https://registry.example", file, None).token == TOKEN
    for wrong in ("", "two words", "ünicode", "a\tb", "x" * 501):
        file.write_text(wrong)
        with pytest.raises(SettingsError):
            read_access("https://registry.example", file, None)


def test_a_redirect_is_not_followed(script: Scripted, registry: RemoteRegistry) -> None:
    with listening() as elsewhere:
        script.answers.append(Answer(307, headers={"Location": f"{elsewhere.url}/v1/keys"}))
        with pytest.raises(RegistryUnreachableError, match="sends elsewhere"):
            registry.get("/v1/keys")
        assert elsewhere.seen == []
    assert len(script.seen) == 1


def test_no_proxy_of_the_environment_is_used(script: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        with RemoteRegistry(Access(script.url, TOKEN)) as registry:
            assert registry.get("/v1/keys") == {}
        assert proxy.seen == []
    assert script.seen[0].headers["Authorization"] == f"Bearer {TOKEN}"


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "registry")])
    now = utc_now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return folder / "cert.pem", folder / "key.pem"


def test_a_certificate_that_nobody_vouches_for_is_refused_unless_it_is_given(tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with listening(context) as script:
        with (
            RemoteRegistry(Access(script.url, TOKEN), attempts=1) as stranger,
            pytest.raises(RegistryUnreachableError, match="CERTIFICATE_VERIFY_FAILED"),
        ):
            stranger.get("/v1/keys")
        assert script.seen == []
        with RemoteRegistry(Access(script.url, TOKEN, certificate)) as registry:
            assert registry.get("/v1/keys") == {}
    (tmp_path / "none.pem").write_text("none")
    with pytest.raises(KeyringError, match="holds no certificates"):
        RemoteRegistry(Access(script.url, TOKEN, tmp_path / "none.pem"))


# --- what is asked again ---------------------------------------------------------------------------------------------


def test_what_cannot_be_answered_now_is_asked_again_when_the_registry_says(
    script: Scripted, registry: RemoteRegistry, waits: list[float]
) -> None:
    away = problem(503, "database_not_ready")
    at_a_moment = format_datetime(utc_now() + timedelta(seconds=30), usegmt=True)
    script.answers += [
        Answer(503, away.body, {"Retry-After": "7"}),
        Answer(429, away.body, {"Retry-After": at_a_moment}),
        Answer(503, away.body, {"Retry-After": "86400"}),
        Answer(502, b"<html>"),
    ]
    assert registry.get("/v1/keys") == {}
    assert len(script.seen) == ATTEMPTS
    assert waits[0] == 7
    assert 20 < waits[1] <= 30
    assert waits[2] == 60
    assert waits[3] == 4


def test_a_registry_that_stays_away_is_given_up_with_its_own_words(
    script: Scripted, registry: RemoteRegistry, waits: list[float]
) -> None:
    script.answers += [problem(503, "database_not_ready", "try again")] * ATTEMPTS
    with pytest.raises(DatabaseNotReadyError, match="try again"):
        registry.get("/v1/keys")
    assert (len(script.seen), len(waits)) == (ATTEMPTS, ATTEMPTS - 1)


def test_nobody_listening_is_told_with_the_address(waits: list[float]) -> None:
    with (
        RemoteRegistry(Access("http://127.0.0.1:9", TOKEN), sleep=waits.append) as registry,
        pytest.raises(RegistryUnreachableError, match=r"http://127\.0\.0\.1:9 does not answer"),
    ):
        registry.get("/v1/keys")
    assert len(waits) == ATTEMPTS - 1


def test_one_attempt_is_one(script: Scripted, registry: RemoteRegistry) -> None:
    script.answers += [problem(503, "database_not_ready")] * 2
    with pytest.raises(DatabaseNotReadyError):
        registry.ask("/v1/gallery-files/status", {}, attempts=1)
    assert len(script.seen) == 1


def test_what_is_sent_again_is_the_same_under_the_same_key(
    script: Scripted, registry: RemoteRegistry, tmp_path: Path
) -> None:
    (tmp_path / "report.json").write_text("all of it")
    script.answers += [problem(503, "database_not_ready"), problem(409, "request_in_progress"), Answer(201, b'{"a":1}')]
    assert registry.send("/v1/scans", {"report": tmp_path / "report.json"}, key="scan-1") == {"a": 1}
    assert {seen.headers["Idempotency-Key"] for seen in script.seen} == {"scan-1"}
    assert all(b"all of it" in seen.body for seen in script.seen)
    assert len(script.seen) == 3


def test_a_request_that_stays_in_progress_is_told_so(
    script: Scripted, registry: RemoteRegistry, tmp_path: Path
) -> None:
    (tmp_path / "report.json").write_text("x")
    script.answers += [problem(409, "request_in_progress")] * ATTEMPTS
    with pytest.raises(RequestInProgressError):
        registry.send("/v1/scans", {"report": tmp_path / "report.json"}, key="scan-1")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 500])
def test_a_refusal_is_not_asked_about_again(script: Scripted, registry: RemoteRegistry, status: int) -> None:
    script.answers.append(problem(status, "nothing_known_here", "because"))
    with pytest.raises(RegistryError, match="because"):
        registry.get("/v1/keys")
    assert len(script.seen) == 1


# --- what a refusal becomes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (problem(401, "unauthenticated"), UnauthenticatedError),
        (problem(401, "of_tomorrow"), UnauthenticatedError),
        (problem(403, "forbidden"), ForbiddenError),
        (problem(404, "not_found"), NotFoundError),
        (problem(409, "gallery_file_replaced"), GalleryFileReplacedError),
        (problem(422, "of_tomorrow"), InvalidInputError),
    ],
)
def test_a_problem_is_the_error_that_it_names(
    script: Scripted, registry: RemoteRegistry, answer: Answer, kind: type[RegistryError]
) -> None:
    script.answers.append(answer)
    with pytest.raises(kind) as refused:
        registry.get("/v1/keys")
    assert refused.value.detail == "no"


def test_figures_come_along_and_what_moves_a_cursor_does_not(script: Scripted, registry: RemoteRegistry) -> None:
    script.answers.append(problem(422, "speech_too_short", "too \x1b[2Jshort" * 1000, speech_s=0.2, self=1))
    with pytest.raises(InvalidInputError) as refused:
        registry.get("/v1/keys")
    assert refused.value.figures == {"speech_s": 0.2}
    assert refused.value.detail.startswith("too �[2Jshort")
    assert len(refused.value.detail) <= 2000


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"<html>"),
        Answer(404, b"<html>"),
        Answer(500, b"[]"),
        Answer(200, b"", said_length=5),
        Answer(422, json.dumps({"code": "x"}).encode()),
    ],
)
def test_what_is_no_registry_is_said_to_be_none(script: Scripted, registry: RemoteRegistry, answer: Answer) -> None:
    script.answers += [answer] * ATTEMPTS
    with pytest.raises(RegistryUnreachableError, match="the registry at http://127"):
        registry.get("/v1/keys")


def test_an_answer_without_end_is_not_read_to_its_end(
    script: Scripted, registry: RemoteRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.cli.remote._LARGEST_ANSWER", 1000)
    script.answers.append(Answer(200, b"[" + b"1," * 2000 + b"1]"))
    with pytest.raises(RegistryUnreachableError, match="more than 1000 bytes"):
        registry.get("/v1/keys")


# --- fetching a file -------------------------------------------------------------------------------------------------


def test_a_file_is_whole_even_where_an_attempt_broke_off(script: Scripted, registry: RemoteRegistry) -> None:
    script.answers += [Answer(200, b"par", said_length=8), Answer(200, b"complete")]
    out = io.BytesIO()
    registry.download("/v1/x", out, 8)
    assert out.getvalue() == b"complete"


@pytest.mark.parametrize("sent", [b"short", b"far too long for it"])
def test_a_file_of_another_size_is_refused(script: Scripted, registry: RemoteRegistry, sent: bytes) -> None:
    script.answers += [Answer(200, sent)] * ATTEMPTS
    with pytest.raises(RegistryUnreachableError, match="of a file that has 8"):
        registry.download("/v1/x", io.BytesIO(), 8)
    assert len(script.seen) == 1


def test_a_disk_that_is_full_is_not_the_registrys_fault(script: Scripted, registry: RemoteRegistry) -> None:
    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(28, "No space left on device")

    script.answers.append(Answer(200, b"complete"))
    with pytest.raises(OSError, match="No space"):
        registry.download("/v1/x", Full(), 8)
    assert len(script.seen) == 1


def test_a_file_that_cannot_be_read_is_not_sent(script: Scripted, registry: RemoteRegistry, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot be read"):
        registry.send("/v1/scans", {"report": tmp_path / "none"}, key="scan-1")
    assert script.seen == []
