"""Servers for measurements of activation: a table of PostgreSQL, and what takes HTTP requests.

The receiver of requests is a process of its own, so that it has its own core.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TABLE = """
    create schema bench;
    create table bench.members (profile_id text primary key, email text, given_name text)
"""


@contextmanager
def postgresql_table() -> Iterator[str]:
    """A server of its own with an empty table, for as long as the block runs.

    Its programs are those of the tests, so this needs a checkout.

    Yields:
        The lines of a destination's file that lead there.
    """
    from tests.postgresql import OWNER, running

    with running() as server:
        server.sql(TABLE)
        yield (
            f"kind: postgresql\nhost: {server.folder}\ndatabase: postgres\nuser: {OWNER}\n"
            "table: bench.members\n"
        )


@contextmanager
def http_receiver() -> Iterator[str]:
    """A server that takes every request, for as long as the block runs.

    Yields:
        The lines of a destination's file that lead there.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.activation_servers"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        port = int(process.stdout.readline())
        yield (
            f"kind: http\naddress: http://127.0.0.1:{port}\nadd: {{path: /add}}\n"
            "remove: {path: /remove}\nbatch: 10000\nrepeats: safe\n"
        )
    finally:
        process.terminate()
        process.wait()


class _Taking(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Read the body and say yes."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Nothing is told."""


if __name__ == "__main__":
    taking = ThreadingHTTPServer(("127.0.0.1", 0), _Taking)
    print(taking.server_port, flush=True)
    taking.serve_forever()
