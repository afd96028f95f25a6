"""A server on this machine that answers as a test says, and keeps what arrived."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Request:
    """What arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


Answer = Callable[[Request], tuple[int, Any] | None]
"""What is answered: a status and a body, or nothing, with the connection cut."""


@dataclass
class Web:
    """A running server."""

    answer: Answer
    address: str = ""
    requests: list[Request] = field(default_factory=list)


@contextmanager
def serving(answer: Answer) -> Iterator[Web]:
    """A server that answers meanwhile."""
    web = Web(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_one(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Request(self.command, self.path, dict(self.headers), body)
            web.requests.append(request)
            answered = web.answer(request)
            if answered is None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, said = answered
            content = json.dumps(said).encode()
            self.send_response(status)
            if status == 429:
                self.send_header("Retry-After", "0")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_DELETE = do_PATCH = handle_one  # noqa: N815

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Who is killed hangs up; that is told to nobody."""

    running = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=lambda: running.serve_forever(0.02), daemon=True)
    thread.start()
    web.address = f"http://127.0.0.1:{running.server_port}"
    try:
        yield web
    finally:
        running.shutdown()
        running.server_close()
