"""A server that speaks enough of S3, holds requests to their signatures, and fails when told."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from orchestration.activation.targets.signing import signed_headers

ACCESS, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI-secret"


@dataclass
class Server:
    """A store, and what tests set and see.

    Attributes:
        address: of the server.
        root: a folder with the objects by their keys.
        faults: what becomes of the next PUTs: cut, lost (stored, no answer), late (not stored yet
            when the connection ends), or a status.
        puts: keys in the order in which they were stored.
        page: most keys of a listing.
    """

    root: Path
    address: str = ""
    faults: list[str | int] = field(default_factory=list)
    puts: list[str] = field(default_factory=list)
    page: int = 2
    requests: list[str] = field(default_factory=list)

    def path(self, key: str) -> Path:
        """Of an object."""
        return self.root / key


@contextmanager
def serving(root: Path) -> Iterator[Server]:
    """A server in a thread of its own, over a folder."""
    found = Server(root)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _key(self, body: bytes) -> str | None:
            """The key that is asked for, when the signature is the one of what arrived."""
            parts = urlsplit(self.path)
            found.requests.append(f"{self.command} {parts.path}")
            stamp = datetime.strptime(self.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
            expected = signed_headers(
                self.command, self.headers["host"], unquote(parts.path),
                dict(parse_qsl(parts.query, keep_blank_values=True)), "eu-central-1", ACCESS,
                SECRET, hashlib.sha256(body).hexdigest(), stamp.replace(tzinfo=UTC),
            )  # fmt: skip
            if self.headers["authorization"] != expected["authorization"]:
                return None
            return unquote(parts.path).removeprefix("/exchange").removeprefix("/")

        def _answer(self, status: int, content: bytes = b"", **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def _cut(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def do_PUT(self) -> None:
            fault = found.faults.pop(0) if found.faults else ""
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length // 2 if fault == "cut" else length)
            if fault in ("cut", "late"):
                return self._cut()
            if isinstance(fault, int):
                return self._answer(fault, Location="http://localhost:1/elsewhere")
            if (key := self._key(body)) is None:
                return self._answer(403)
            path = found.path(key)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
            found.puts.append(path.name)
            return self._cut() if fault == "lost" else self._answer(200)

        def do_HEAD(self) -> None:
            key = self._key(b"")
            self._answer(403 if key is None else 200 if found.path(key).is_file() else 404)

        def do_DELETE(self) -> None:
            key = self._key(b"")
            assert key is not None
            found.path(key).unlink(missing_ok=True)
            self._answer(204)

        def do_GET(self) -> None:
            assert self._key(b"") == ""
            query = dict(parse_qsl(urlsplit(self.path).query))
            keys = sorted(str(p.relative_to(found.root)) for p in found.root.rglob("*.*"))
            after = query.get("continuation-token", "")
            left = [k for k in keys if k > after and k.startswith(query["prefix"])]
            listed = "".join(f"<Contents><Key>{k}</Key></Contents>" for k in left[: found.page])
            if len(left) > found.page:
                token = left[found.page - 1]
                listed += f"<NextContinuationToken>{token}</NextContinuationToken>"
            self._answer(200, f"<ListBucketResult>{listed}</ListBucketResult>".encode())

        def log_message(self, *_: object) -> None:
            return

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
    found.address = f"http://localhost:{running.server_port}"
    found.root.mkdir()
    yield found
    running.shutdown()
    running.server_close()
