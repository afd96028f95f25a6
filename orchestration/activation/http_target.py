"""An HTTP API as a destination.

By the standard library: it tells apart what failed before a request's body left, which was not
sent, from what failed after it, of which nobody knows. Nothing sends a request twice by itself.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import random
import re
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from orchestration.activation.destinations import Call, HttpDestination, Secret
from orchestration.activation.targets import Result, Row, StopSyncError
from orchestration.errors import UserError

PASSING_CODES = (408, 425, 429, 500, 502, 503, 504)
OF_ROWS = (400, 409, 413, 422)
"""Codes about what was sent; with 404, which is about the rows only where single ones are named."""
MOST_TRIES = 5
LONGEST_PAUSE_SECONDS = 60.0
LONGEST_ASKED_SECONDS = 900.0
MOST_REPLY_BYTES = 4 * 1024**2
CODE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,20}([_.-][A-Za-z0-9]{1,20}){0,5}")


class HttpTarget:
    """Batches to an HTTP API.

    Parameters:
        destination: its file.
        sleep: waits; tests give another one.
    """

    def __init__(
        self, destination: HttpDestination, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._destination = destination
        self._sleep = sleep
        self._secret = secret_of(destination.secret) if destination.secret else None
        parts = urlsplit(destination.address)
        self._host, self._path = str(parts.hostname), parts.path.rstrip("/")
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._is_tls = parts.scheme == "https"
        self._connection: http.client.HTTPConnection | None = None
        self.batch = destination.batch
        self.calls = 0

    def send(self, operation: str, rows: Sequence[Row], idempotency_key: str) -> list[Result]:
        """Send a batch, in halves where the other end refuses all of it without naming a row.

        Raises:
            StopSyncError: nothing more can be sent; it has what became of every row until then.
        """
        call = self._destination.add if operation == "add" else self._destination.remove
        assert call is not None
        results = [Result("not_sent", "stopped")] * len(rows)
        try:
            self._send_some(call, rows, range(len(rows)), idempotency_key, results)
        except StopSyncError as error:
            raise StopSyncError(error.reason, results) from None
        return results

    def _send_some(
        self,
        call: Call,
        rows: Sequence[Row],
        places: Sequence[int],
        idempotency_key: str,
        results: list[Result],
    ) -> None:
        """Send the rows at some places; `results` has what became of each, also when it stops."""
        some = [rows[place] for place in places]
        try:
            status, reply = self._ask(call, some, idempotency_key)
        except StopSyncError as error:
            for place, result in zip(places, error.results, strict=False):
                results[place] = result
            raise
        named = self._named(some, reply)
        if 200 <= status < 300:
            for place, result in zip(places, named, strict=True):
                results[place] = result
        elif status not in OF_ROWS and (status != 404 or len(some) > 1):
            for place in places:
                results[place] = Result("not_sent", f"http_{status}")
            raise StopSyncError(f"{self._host} answers {status}{self._meaning(status)}", [])
        elif any(result.outcome == "rejected" for result in named):
            # The others of a refused request did not arrive either: they go by themselves.
            rest = []
            for place, result in zip(places, named, strict=True):
                if result.outcome == "rejected":
                    results[place] = result
                else:
                    rest.append(place)
            if rest:
                self._send_some(call, rows, rest, f"{idempotency_key}-r", results)
        elif len(some) == 1:
            results[places[0]] = Result("rejected", f"http_{status}")
        else:
            half = len(places) // 2
            self._send_some(call, rows, places[:half], f"{idempotency_key}-a", results)
            self._send_some(call, rows, places[half:], f"{idempotency_key}-b", results)

    @staticmethod
    def _meaning(status: int) -> str:
        if status in (401, 403):
            return ": the secret is missing, wrong or may not do this"
        if status == 410:
            return ": it wants nothing more. Set enabled: false in its file"
        if 300 <= status < 400:
            return " and sends on to another address, which is not followed"
        return ""

    def _ask(self, call: Call, rows: Sequence[Row], idempotency_key: str) -> tuple[int, bytes]:
        """One request, again after what passes by itself."""
        payloads = ",".join(row.payload for row in rows)
        fixed = "".join(f"{json.dumps(k)}:{json.dumps(v)}," for k, v in call.fields.items())
        body = f"{{{fixed}{json.dumps(call.rows)}:[{payloads}]}}".encode()
        for attempt in range(1, MOST_TRIES + 1):
            try:
                status, headers, reply = self._request(call, body, idempotency_key)
            except _NotSentError as error:
                problem, asked = str(error), None
            except _UnknownError as error:
                self._close()
                if self._destination.repeats == "unsafe":
                    results = [Result("unknown", str(error))] * len(rows)
                    raise StopSyncError(f"{self._host}: {error}", results) from None
                problem, asked = str(error), None
                if attempt == MOST_TRIES:
                    results = [Result("unknown", problem)] * len(rows)
                    raise StopSyncError(f"{self._host}: {problem}", results) from None
            else:
                if status not in PASSING_CODES:
                    return status, reply
                problem, asked = f"http_{status}", _asked_pause(headers)
                if status >= 500 and self._destination.repeats == "unsafe":
                    # A server that fails may have taken the rows before.
                    results = [Result("unknown", problem)] * len(rows)
                    raise StopSyncError(f"{self._host} answers {status}", results)
            self._close()
            if attempt == MOST_TRIES or (asked or 0) > LONGEST_ASKED_SECONDS:
                break
            longest = min(LONGEST_PAUSE_SECONDS, 2.0 ** (attempt - 1))
            self._sleep(asked if asked is not None else random.uniform(0, longest))  # noqa: S311
        state = "unknown" if problem.startswith("http_5") else "not_sent"
        raise StopSyncError(
            f"{self._host} takes nothing at the moment ({problem})",
            [Result(state, problem)] * len(rows),  # type: ignore[arg-type]
        )

    def _request(
        self, call: Call, body: bytes, idempotency_key: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        self.calls += 1
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "customer-360",
            "Idempotency-Key": idempotency_key,
            **({"Authorization": f"Bearer {self._secret}"} if self._secret else {}),
        }
        connection = self._connected()
        try:
            connection.request(call.method, self._path + call.path, body, headers)
            response = connection.getresponse()
            reply = response.read(MOST_REPLY_BYTES)
        except TimeoutError:
            raise _UnknownError("no answer in time") from None
        except (OSError, http.client.HTTPException) as error:
            raise _UnknownError(f"connection cut ({type(error).__name__})") from None
        if response.getheader("Connection", "").lower() == "close":
            self._close()
        return response.status, response.headers, reply

    def _connected(self) -> http.client.HTTPConnection:
        """A connection to a checked address; the name is looked up once, so it can't change."""
        if self._connection is not None:
            return self._connection
        timeout = self._destination.timeout_seconds
        try:
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except OSError:
            raise _NotSentError("its name is not known") from None
        address = str(found[0][4][0])
        self._require_public(address)
        try:
            raw = socket.create_connection((address, self._port), timeout)
            connection: http.client.HTTPConnection
            if self._is_tls:
                context = ssl.create_default_context()
                connection = http.client.HTTPSConnection(self._host, self._port, timeout=timeout)
                connection.sock = context.wrap_socket(raw, server_hostname=self._host)
            else:
                connection = http.client.HTTPConnection(self._host, self._port, timeout=timeout)
                connection.sock = raw
        except ssl.SSLError:
            raise StopSyncError(
                f"{self._host} shows no certificate that is trusted here", []
            ) from None
        except TimeoutError:
            raise _NotSentError("no connection in time") from None
        except OSError as error:
            raise _NotSentError(f"no connection ({type(error).__name__})") from None
        # It must not connect again by itself: that would go round the check.
        connection.auto_open = 0
        self._connection = connection
        return connection

    def _require_public(self, address: str) -> None:
        ip = ipaddress.ip_address(address.split("%")[0])
        is_declared = self._host in ("localhost", "127.0.0.1", "::1")
        if not ip.is_global and not self._destination.private and not is_declared:
            raise StopSyncError(
                f"{self._host} is an address of a private network. Set private: true in its file "
                "if that is meant",
                [],
            )

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _named(self, rows: Sequence[Row], reply: bytes) -> list[Result]:
        """The rows with those rejected that the reply names."""
        results = [Result("accepted")] * len(rows)
        where = self._destination.rejections
        if where is None:
            return results
        try:
            listed = json.loads(reply or b"{}").get(where.list) or []
            for entry in listed:
                place = entry.get(where.index)
                if isinstance(place, int) and 0 <= place < len(rows):
                    results[place] = Result("rejected", _word(entry.get(where.reason), rows[place]))
        except (ValueError, AttributeError, TypeError):
            return results
        return results


class _NotSentError(Exception):
    """It failed before the body left."""


class _UnknownError(Exception):
    """It failed after the body left, or while it did."""


def secret_of(secret: Secret) -> str:
    """The secret that stands where a file says.

    Raises:
        UserError: it is not there.
    """
    if secret.env:
        value = os.environ.get(secret.env, "").strip()
        where = f"The environment variable {secret.env}"
    else:
        where = f"The file {secret.file}"
        try:
            value = Path(str(secret.file)).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            value = ""
    if not value or not value.isprintable() or not value.isascii():
        raise UserError(
            f"{where} holds no secret. Set it; the destination's file names its place.", 2
        )
    return value


def _asked_pause(headers: http.client.HTTPMessage) -> float | None:
    """Seconds that Retry-After asks for, as a number or as a date."""
    text = headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def _word(reason: Any, row: Row) -> str:
    """A reason as it may be kept: a code, and none that repeats something of the row."""
    text = str(reason or "")
    if not CODE.fullmatch(text) or text.lower() in row.payload.lower():
        return "rejected"
    return text.lower()
