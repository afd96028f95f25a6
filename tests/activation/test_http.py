"""An HTTP API as a destination, against a server on this machine that fails in every way."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from orchestration.activation.destinations.http import HttpDestination
from orchestration.activation.targets.http import HttpTarget
from orchestration.activation.targets.protocol import Row, StopSyncError
from orchestration.errors import UserError

Reply = tuple[int, dict[str, str], Any]


@dataclass
class Server:
    """A server on this machine that answers by a script, and keeps what arrived."""

    address: str
    replies: list[Reply | str] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    poison: set[str] = field(default_factory=set)


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found.requests.append((self.path, dict(self.headers), body))
            reply = found.replies.pop(0) if found.replies else (200, {}, {})
            if found.poison & {row["k"] for row in body["rows"]}:
                reply = (400, {}, {"message": "one row is wrong"})
            if isinstance(reply, str):
                if reply == "slow":
                    time.sleep(0.6)
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, headers, answer = reply
            content = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            return

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    found.address = f"http://127.0.0.1:{running.server_port}/api"
    yield found
    running.shutdown()
    running.server_close()


def target(server: Server, pauses: list[float] | None = None, **more: Any) -> HttpTarget:
    """The server as a destination."""
    destination = HttpDestination.model_validate({
        "title": "T", "owner": "team:marketing", "kind": "http", "address": server.address,
        "marketing_actions": ["email_targeting"], "add": {"path": "/add"},
        "remove": {"path": "/remove"}, "timeout_seconds": 0.3, **more,
    })  # fmt: skip
    return HttpTarget(destination, (pauses if pauses is not None else []).append)


def rows(count: int) -> list[Row]:
    """Rows with a field k."""
    return [Row(f"k{n}", json.dumps({"k": f"k{n}"})) for n in range(count)]


def test_rows_leave_in_one_request_with_key_secret_and_fixed_fields(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADS_TOKEN", "s3cret")
    more: dict[str, Any] = {
        "add": {"path": "/add", "body": {"schema": "EMAIL", "rows": "$ROWS"}},
        "secret": {"env": "ADS_TOKEN"},
    }
    sent = target(server, **more).send("add", rows(3), "abc")

    [(path, headers, body)] = server.requests
    assert [result.outcome for result in sent] == ["accepted"] * 3
    assert (path, headers["Idempotency-Key"]) == ("/api/add", "abc")
    assert headers["Authorization"] == "Bearer s3cret"
    assert body == {"schema": "EMAIL", "rows": [{"k": "k0"}, {"k": "k1"}, {"k": "k2"}]}


def test_h10_rows_that_a_reply_names_are_rejected_and_no_others(server: Server) -> None:
    server.replies = [(200, {}, {"errors": [{"index": 1, "reason": "INVALID_EMAIL"}]})]
    sent = target(server, rejections={"list": "errors"}).send("add", rows(3), "a")
    assert [(r.outcome, r.reason) for r in sent] == [
        ("accepted", ""), ("rejected", "invalid_email"), ("accepted", ""),
    ]  # fmt: skip


def test_a_reason_that_repeats_the_row_is_not_kept(server: Server) -> None:
    for reason in ("K1", "bad row for bob@example.com", "x" * 90, {"k": 1}):
        server.replies = [(200, {}, {"errors": [{"index": 1, "reason": reason}]})]
        sent = target(server, rejections={"list": "errors"}).send("add", rows(3), "a")
        assert sent[1].reason == "rejected"


def test_s18_one_bad_row_of_64_is_found_in_13_calls(server: Server) -> None:
    server.poison = {"k37"}
    to = target(server)
    sent = to.send("add", rows(64), "a")
    assert to.calls <= 13
    assert [n for n, result in enumerate(sent) if result.outcome != "accepted"] == [37]
    assert len({headers["Idempotency-Key"] for _, headers, _ in server.requests}) == to.calls


def test_s19_retry_after_is_waited_as_number_and_date_and_else_left(server: Server) -> None:
    for text, waited in (("7", 7.0), (formatdate(time.time() + 7, usegmt=True), 7.0)):
        pauses: list[float] = []
        server.replies = [(429, {"Retry-After": text}, {})]
        assert target(server, pauses).send("add", rows(1), "a")[0].outcome == "accepted"
        assert pauses == [pytest.approx(waited, abs=2)]
    pauses = []
    server.replies = [(429, {"Retry-After": "3600"}, {})]
    with pytest.raises(StopSyncError) as stopped:
        target(server, pauses).send("add", rows(2), "a")
    assert pauses == []
    assert [result.outcome for result in stopped.value.results] == ["not_sent"] * 2


def test_s21_s22_s24_what_stops_a_sync_stops_it_at_once(server: Server) -> None:
    for status, said in (
        (401, "secret"),
        (403, "secret"),
        (410, "wants nothing"),
        (307, "sends on"),
    ):
        server.replies, server.requests = [(status, {"Location": "http://127.0.0.1:1/x"}, {})], []
        with pytest.raises(StopSyncError, match=said) as stopped:
            target(server).send("add", rows(2), "a")
        assert len(server.requests) == 1
        assert {result.outcome for result in stopped.value.results} == {"not_sent"}


def test_s23_private_addresses_are_refused_before_a_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    private = (
        "169.254.169.254",
        "10.0.0.1",
        "192.168.1.1",
        "::1",
        "127.0.0.1",
        "fd00::1",
        "0.0.0.0",
    )
    for address in private:
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda *_, a=address, **__: [(0, 0, 0, "", (a, 443))]
        )
        monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("connected"))
        with pytest.raises(StopSyncError, match="private network"):
            target(Server("https://audiences.example.com/x")).send("add", rows(1), "a")


def test_no_answer_is_unknown_and_sent_again_only_where_that_does_no_harm(server: Server) -> None:
    failures: list[Reply | str] = ["cut", "slow", (503, {}, {})]
    for failure in failures:
        server.replies, server.requests = [failure], []
        with pytest.raises(StopSyncError) as stopped:
            target(server).send("add", rows(2), "a")
        assert [result.outcome for result in stopped.value.results] == ["unknown"] * 2
        assert len(server.requests) == 1

        server.replies, server.requests = [failure], []
        again = target(server, repeats="safe").send("add", rows(2), "a")
        assert [result.outcome for result in again] == ["accepted"] * 2
        assert len({headers["Idempotency-Key"] for _, headers, _ in server.requests}) == 1


def test_what_may_have_arrived_stays_unknown_whatever_comes_after(
    server: Server,
) -> None:
    replies: list[Reply] = [(429, {}, {}), (401, {}, {})]
    for later in replies:
        server.replies = ["cut", *[later] * 4]
        with pytest.raises(StopSyncError) as stopped:
            target(server, repeats="safe").send("add", rows(2), "a")
        assert [result.outcome for result in stopped.value.results] == ["unknown"] * 2


def test_an_address_that_does_not_answer_is_followed_by_the_next(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = socket.getaddrinfo("127.0.0.1", int(server.address.split(":")[2].split("/")[0]))
    silent = [(0, 0, 0, "", ("127.0.0.9", 1))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: silent + found)
    assert target(server).send("add", rows(1), "a")[0].outcome == "accepted"


def test_nobody_there_was_not_sent(server: Server) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(StopSyncError) as stopped:
        target(Server(f"http://127.0.0.1:{port}/")).send("add", rows(2), "a")
    assert [result.outcome for result in stopped.value.results] == ["not_sent"] * 2


def test_a_secret_that_is_not_there_is_told_without_a_value(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("ADS_TOKEN", raising=False)
    with pytest.raises(UserError, match="ADS_TOKEN holds no secret"):
        target(server, secret={"env": "ADS_TOKEN"})
    with pytest.raises(UserError, match="holds no secret"):
        target(server, secret={"file": str(tmp_path / "none")})


def test_every_row_has_one_outcome_whatever_the_server_does(server: Server) -> None:
    chance = random.Random(7)
    choices: list[Reply | str] = [
        (200, {}, {}), (429, {"Retry-After": "0"}, {}), (500, {}, {}), (422, {}, {}), "cut",
        (200, {}, {"errors": [{"index": 0, "reason": "BAD"}]}), (404, {}, {}), (200, {}, "text"),
        (200, {}, {"errors": "text"}), (200, {}, {"errors": [{"index": 99}, 3, None]}),
    ]  # fmt: skip
    for _ in range(60):
        server.replies = [chance.choice(choices) for _ in range(6)]
        count = chance.randrange(1, 9)
        to = target(server, repeats="safe", rejections={"list": "errors"})
        try:
            results = to.send("add", rows(count), "a")
        except StopSyncError as stopped:
            results = stopped.results
        assert len(results) == count
        assert all((result.outcome == "accepted") == (result.reason == "") for result in results)
