"""What comes over the wire and is no request, or two, or one that never ends: refused, told why, and nobody suffers."""

from __future__ import annotations

import contextlib
import shutil
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from over_wire import Served, Told, answers, everything, furnish, let_in, serving

from api.headers import EVERYWHERE
from api.serving.refusals import HEAD_BYTES

HEAD_S = 3.0
STALL_S = 3.0
CONNECTIONS = 128
THREADS = 4


@pytest.fixture(scope="module")
def served(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A registry with little patience, few threads and few connections."""
    folder = tmp_path_factory.mktemp("wire")
    shutil.copy(sqlite_template, folder / "registry.sqlite3")
    settings = furnish(folder / "home", f"sqlite:///{folder / 'registry.sqlite3'}")
    more = {
        "http_head_s": str(HEAD_S),
        "http_stall_s": str(STALL_S),
        "http_threads": str(THREADS),
        "http_connections": str(CONNECTIONS),
        "max_upload_bytes": str(2**20),
    }
    with serving(settings, let_in(settings), **more) as found:
        found.await_ready()
        yield found


def refused(served: Served, data: bytes) -> Told:
    """Insist that there is one answer, a problem, and that the connection ends with it."""
    (told,) = answers(served.say(data))
    assert told.fields["content-type"] == "application/problem+json"
    problem = told.json()
    assert problem["status"] == told.status
    assert problem["request_id"] == told.fields["x-request-id"]
    assert problem["type"].endswith(problem["code"])
    assert {name.lower(): value for name, value in EVERYWHERE.items()}.items() <= told.fields.items()
    assert "server" not in told.fields
    return told


# --- what is no request, or might be two ------------------------------------------------------------------------------

SECRET = b"lrt_thisisasecretinabadrequest"
POST = b"POST /v1/tokens HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
GET = b"GET /v1/me HTTP/1.1\r\nHost: a\r\n"
AMBIGUOUS = {
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "two lengths that differ": POST + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
    "a list of lengths": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "a length with a sign": POST + b"Content-Length: +2\r\n\r\n{}",
    "a length below nothing": POST + b"Content-Length: -2\r\n\r\n{}",
    "a length in hexadecimal": POST + b"Content-Length: 0x2\r\n\r\n{}",
    "length and chunks": POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunks that are not last": POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "no chunks at all": POST + b"Transfer-Encoding: identity\r\n\r\n{}",
    "chunks in HTTP/1.0": POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": GET + b"Content-Length : 2\r\n\r\n{}",
    "a field that goes on": GET + b"X-Long: a\r\n b\r\n\r\n",
    "a field without a colon": GET + b"nothing\r\n\r\n",
    "a field without a name": GET + b": a\r\n\r\n",
    "two hosts": GET + b"Host: b\r\n\r\n",
    "no host": b"GET /v1/me HTTP/1.1\r\n\r\n",
    "two content types": POST + b"Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
    "a zero byte in a field": GET + b"X-Nothing: a\0b\r\n\r\n",
    "a carriage return in a field": GET + b"X-Return: a\rb\r\n\r\n",
    "lines that end in LF alone": b"GET /v1/me HTTP/1.1\nHost: a\n\n",
    "one line that ends in LF alone": GET + b"X-A: b\nX-C: d\r\n\r\n",
    "letters outside of ASCII in the address": "GET /v1/mé HTTP/1.1\r\nHost: a\r\n\r\n".encode(),
    "an asterisk as address": b"GET * HTTP/1.1\r\nHost: a\r\n\r\n",
    "an authority as address": b"GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
    "a method in small letters": b"get /v1/me HTTP/1.1\r\nHost: a\r\n\r\n",
    "HTTP/0.9": b"GET /v1/me\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n",
    "a secret in what is no field": GET + SECRET + b"\r\n\r\n",
}


@pytest.mark.parametrize("data", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_what_could_be_read_in_two_ways_is_not_read_at_all(served: Served, data: bytes) -> None:
    told = refused(served, data + GET + b"\r\n")
    assert (told.status, told.json()["code"]) == (400, "bad_request")
    assert SECRET not in told.body


OTHERWISE = {
    "another transfer coding": (POST + b"Transfer-Encoding: xyz\r\n\r\n", 501, "not_implemented"),
    "another expectation": (GET + b"Expect: a-miracle\r\n\r\n", 417, "expectation_failed"),
    "a space in the address": (b"GET /v1/ me HTTP/1.1\r\nHost: a\r\n\r\n", 505, "http_version_not_supported"),
    "HTTP/2 without being asked": (b"GET / HTTP/2.0\r\n\r\n", 505, "http_version_not_supported"),
    "a long address": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, "request_uri_too_long"),
    "a long query": (b"GET /v1/me?a=" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, "request_uri_too_long"),
    "a long field": (GET + b"X-A: " + b"a" * 9000 + b"\r\n\r\n", 431, "request_header_fields_too_large"),
    "many fields": (GET + b"X-A: a\r\n" * 101 + b"\r\n", 431, "request_header_fields_too_large"),
    "a head without end": (GET + b"X-A: a\r\n" * (HEAD_BYTES // 8), 431, "request_header_fields_too_large"),
}


@pytest.mark.parametrize(("data", "status", "code"), OTHERWISE.values(), ids=OTHERWISE)
def test_what_is_too_much_or_not_to_be_had_is_said(served: Served, data: bytes, status: int, code: str) -> None:
    told = refused(served, data)
    assert (told.status, told.json()["code"]) == (status, code)


@pytest.mark.parametrize("chunk", [b"zz\r\n{}\r\n", b"-2\r\n{}\r\n", b"2\r\n{}x", b'2;a="\r\n{}\r\n', b"2 \r\n{}\r\n"])
def test_chunks_that_cannot_be_read_end_the_connection(served: Served, chunk: bytes) -> None:
    head = served.head("POST", "/v1/tokens", "Content-Type: application/json", "Transfer-Encoding: chunked")
    (told,) = answers(served.say(head + chunk + b"0\r\n\r\n" + served.head()))
    assert (told.status, told.json()["code"]) in {(400, "bad_request"), (400, "malformed_json")}


def test_a_request_whose_body_was_cut_off_is_not_carried_out(served: Served) -> None:
    body = b'{"role": "performer", "name": "Half a request"}'
    fields = ("Content-Type: application/json", f"Content-Length: {len(body) + 1}")
    with served.connect() as connection:
        connection.sendall(served.head("POST", "/v1/accounts", *fields) + body)
        connection.shutdown(socket.SHUT_WR)
        everything(connection)
    listed = served.say(served.head("GET", "/v1/accounts", "Connection: close"))
    assert b"Half a request" not in listed


# --- what is a request, in every form ---------------------------------------------------------------------------------


def test_several_requests_at_once_are_answered_in_their_order(served: Served) -> None:
    addresses = ("/v1/me", "/nowhere", "/healthz", "/v1/me")
    last = served.head("GET", "/v1/keys", "Connection: close")
    told = answers(served.say(b"\r\n".join([*(served.head("GET", path) for path in addresses), last])))
    assert [each.status for each in told] == [200, 404, 200, 200, 200]
    assert told[1].json()["instance"] == "/nowhere"


def test_what_follows_a_body_is_the_next_request_and_no_part_of_it(served: Served) -> None:
    body = b'{"name": "one"}GET /nowhere HTTP/1.1\r\n\r\n'[:15]
    head = served.head("POST", "/v1/tokens", "Content-Type: application/json", f"Content-Length: {len(body)}")
    told = answers(served.say(head + body + served.head("GET", "/v1/me", "Connection: close")))
    assert [each.status for each in told] == [201, 200]


def test_a_body_in_chunks_is_read_as_any_other(served: Served) -> None:
    head = served.head("POST", "/v1/tokens", "Content-Type: application/json", "Transfer-Encoding: chunked")
    chunks = b'8\r\n{"name":\r\n7;kind=end\r\n "two"}\r\n0\r\n\r\n'
    told = answers(served.say(head + chunks + served.head("GET", "/v1/me", "Connection: close")))
    assert [each.status for each in told] == [201, 200]


def test_the_host_that_is_named_decides_nothing(served: Served) -> None:
    data = served.head("GET", "http://other.example/v1/me?a=b", "Connection: close")
    assert [each.status for each in answers(served.say(data))] == [200]
    made = served.head(
        "POST", "/v1/tokens", "Content-Type: application/json", "Content-Length: 14", "Connection: close"
    )
    (told,) = answers(served.say(made.replace(b"registry.example", b"evil.example") + b'{"name": "xy"}'))
    assert (told.status, b"evil" in told.body) == (201, False)
    assert "evil" not in str(told.fields)


@pytest.mark.parametrize(("method", "status"), [("OPTIONS", 401), ("TRACE", 405), ("CONNECT", 405), ("PROPFIND", 405)])
def test_methods_of_others_show_nothing_of_the_request(served: Served, method: str, status: int) -> None:
    data = served.head(method, "/v1/me", "Connection: close", "X-Echo: echo", "Origin: https://a.example")
    told = answers(served.say(data.replace(b"Authorization", b"X-Authorization")))[-1]
    assert told.status == status
    assert b"echo" not in told.body
    assert not [name for name in told.fields if name.startswith("access-control-")]


def test_head_is_get_without_a_body(served: Served) -> None:
    data = served.say(served.head("HEAD", "/v1/me", "Connection: close"))
    assert data.startswith(b"HTTP/1.1 200")
    assert data.endswith(b"\r\n\r\n")


def test_nothing_is_compressed_and_nothing_is_sent_in_part(served: Served) -> None:
    data = served.head("GET", "/openapi.json", "Connection: close", "Accept-Encoding: gzip, br", "Range: bytes=0-9")
    (told,) = answers(served.say(data))
    assert (told.status, told.fields.get("content-encoding")) == (200, None)
    assert len(told.body) > 10_000


# --- bodies are looked at before they are read ------------------------------------------------------------------------


def test_a_body_is_asked_for_only_once_it_would_be_taken(served: Served) -> None:
    fields = ("Content-Type: application/json", "Content-Length: 15", "Expect: 100-continue")
    with served.connect() as connection:
        connection.sendall(served.head("POST", "/v1/tokens", *fields, "Connection: close"))
        assert connection.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b'{"name": "abc"}')
        assert answers(everything(connection))[0].status == 201


@pytest.mark.parametrize(
    ("token", "length", "status"), [("nobody", 15, 401), (None, 2**40, 413)], ids=["no token", "too large"]
)
def test_a_body_that_would_not_be_taken_is_never_asked_for(
    served: Served, token: str | None, length: int, status: int
) -> None:
    fields = ("Content-Type: application/json", f"Content-Length: {length}", "Expect: 100-continue")
    (told,) = answers(served.say(served.head("POST", "/v1/tokens", *fields, token=token)))
    assert (told.status, told.fields["connection"]) == (status, "close")


def test_a_body_that_is_too_large_is_refused_while_its_sender_is_at_it(served: Served) -> None:
    form = "Content-Type: multipart/form-data; boundary=b"
    head = served.head("POST", "/v1/checks", form, f"Content-Length: {2**30}", token=served.people.studio)
    with served.connect() as connection:
        connection.sendall(head)
        assert answers(everything(connection))[0].json()["code"] == "body_too_large"


# --- slow clients -----------------------------------------------------------------------------------------------------


def test_a_head_that_does_not_come_to_an_end_is_not_waited_for(served: Served) -> None:
    with served.connect() as connection:
        started = time.monotonic()
        connection.sendall(b"GET /v1/me HTTP/1.1\r\n")
        told = answers(everything(connection))[0]
    assert (told.status, told.json()["code"]) == (408, "request_timeout")
    assert time.monotonic() - started >= HEAD_S


def test_a_connection_that_says_nothing_is_ended_without_a_word(served: Served) -> None:
    with served.connect() as connection:
        assert everything(connection) == b""


def test_a_body_that_comes_too_slowly_is_told_so(served: Served) -> None:
    fields = ("Content-Type: application/json", "Content-Length: 100")
    with served.connect() as connection:
        connection.sendall(served.head("POST", "/v1/tokens", *fields) + b"{")
        told = answers(everything(connection))[0]
    assert (told.status, told.json()["code"]) == (408, "request_timeout")


def test_a_body_may_take_as_long_as_it_takes_while_it_comes(served: Served) -> None:
    body = b'{"name": "slow"}' + b" " * 40_000
    fields = ("Content-Type: application/json", f"Content-Length: {len(body)}", "Connection: close")
    with served.connect() as connection:
        connection.sendall(served.head("POST", "/v1/tokens", *fields))
        for start in range(0, len(body), 2500):  # for longer than silence is borne
            time.sleep(0.25)
            connection.sendall(body[start : start + 2500])
        assert answers(everything(connection))[0].status == 201


def slow_body(served: Served) -> socket.socket:
    connection = served.connect()
    form = "Content-Type: multipart/form-data; boundary=b"
    connection.sendall(served.head("POST", "/v1/checks", form, "Content-Length: 500000", token=served.people.studio))
    return connection


def slow_reader(served: Served, requests: int = 20) -> socket.socket:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    connection.connect(("127.0.0.1", served.port))
    connection.sendall(served.head("GET", "/openapi.json") * requests)
    return connection


def slow_head(served: Served) -> socket.socket:
    connection = served.connect()
    connection.sendall(b"GET / HTTP/1.1\r\nHost:")
    return connection


def never_leaves(served: Served) -> socket.socket:
    connection = served.connect()
    connection.sendall(served.head("GET", "/v1/me", "Connection: close"))
    return connection


def idle(served: Served) -> socket.socket:
    connection = served.connect()
    connection.sendall(served.head())
    told = b""
    while not told.endswith(b"}"):  # head and body come as they like
        part = connection.recv(65536)
        assert part, told
        told += part
    return connection


@pytest.mark.parametrize("attack", [slow_head, slow_body, slow_reader, never_leaves, idle])
def test_whoever_is_slow_takes_nobodys_place(served: Served, attack: object) -> None:
    """Ten times as many as there are threads, and then more than there may be connections."""
    assert callable(attack)
    count = CONNECTIONS + 10 if attack in {slow_head, idle, never_leaves} else 10 * THREADS
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(attack(served))
        for _ in range(5):
            (told,) = answers(served.say(served.head("GET", "/v1/me", "Connection: close")))
            assert told.status == 200, told.body
    assert served.process.poll() is None


# --- sending twice ----------------------------------------------------------------------------------------------------


def test_of_many_at_once_to_two_processes_one_is_done_and_all_get_its_answer(served: Served) -> None:
    """Two processes on one database; each is asked six times at once under one key."""
    body = b'{"name": "Marta Calder", "identity_assurance": "self_declared"}'
    fields = ("Content-Type: application/json", f"Content-Length: {len(body)}", "Idempotency-Key: order-1")

    def made(by: Served) -> Told:
        data = by.head("POST", "/v1/performers", *fields, "Connection: close") + body
        while (told := answers(by.say(data))[0]).status == 409:
            assert told.fields["retry-after"] == "5"
        return told

    with serving(served.settings, served.people) as other, ThreadPoolExecutor(12) as pool:
        other.await_ready()
        told = list(pool.map(made, [served, other] * 6))
    assert {each.status for each in told} == {201}
    assert all(each.json() == told[0].json() for each in told)
    assert [each.fields.get("idempotency-replayed") for each in told].count(None) == 1
    listed = answers(served.say(served.head("GET", "/v1/performers", "Connection: close")))[0].json()
    assert [each["id"] for each in listed["items"]] == [told[0].json()["id"]]


# --- stopping ---------------------------------------------------------------------------------------------------------


def test_stopping_keeps_a_connection_that_was_told_so(served: Served) -> None:
    """An answer is under way whose head says ``keep-alive``: the last that is answered says that it is the last."""
    with serving(served.settings, served.people) as other:
        other.await_ready()
        with slow_reader(other, requests=3) as reader:
            told = reader.recv(1)
            time.sleep(1)  # by now the second is under way: more than one fits in no buffer
            other.process.terminate()
            time.sleep(0.2)
            told += everything(reader)
    assert other.process.returncode == 0
    *before, last = [each.fields["connection"] for each in answers(told)]
    assert set(before) == {"keep-alive"}
    assert last == "close"


def test_stopping_answers_what_has_begun_and_what_comes_on_an_open_connection(served: Served) -> None:
    """The last test: the server ends with it."""
    body = b'{"name": "at the end"}'
    fields = ("Content-Type: application/json", f"Content-Length: {len(body)}")
    with idle(served) as kept, served.connect() as begun, served.connect() as accepted:
        begun.sendall(served.head("POST", "/v1/tokens", *fields) + body[:5])
        served.process.terminate()
        time.sleep(0.2)
        accepted.sendall(served.head())
        kept.sendall(served.head())
        begun.sendall(body[5:])
        told = [answers(everything(each))[0] for each in (accepted, kept, begun)]
    assert [each.status for each in told] == [200, 200, 201]
    assert served.process.wait(timeout=60) == 0
