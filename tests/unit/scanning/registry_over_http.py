"""A registry that answers over HTTP as a test says, and notes what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Said = tuple[int, bytes]


@dataclass
class AnsweringRegistry:
    """What is answered at each address, and what was asked."""

    url: str = ""
    at: dict[str, Callable[[], Said]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def says(self, path: str, body: Any, status: int = 200) -> None:
        """Answer the same at an address from now on."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.at[path] = lambda: (status, content)

    def refuses(self, path: str, status: int, code: str) -> None:
        """Answer a problem at an address from now on."""
        self.says(path, {"status": status, "code": code, "detail": f"the test says {code}"}, status)


@contextmanager
def answering() -> Iterator[AnsweringRegistry]:
    registry = AnsweringRegistry()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            registry.asked.append(self.path)
            status, content = registry.at[self.path.split("?")[0]]()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815  (names of the library)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (signature)
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    registry.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
