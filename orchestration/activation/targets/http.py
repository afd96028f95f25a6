"""An HTTP API as a destination.

By the standard library: it tells apart what failed before a request's body left, which was not
sent, from what failed after it, of which nobody knows. Nothing sends a request twice by itself.
"""

from __future__ import annotations

import http.client
import json
import random
import re
import time
from collections.abc import Callable, Sequence
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from orchestration.activation.destinations.http import Call, HttpDestination
from orchestration.activation.targets.credentials import secret_of
from orchestration.activation.targets.http_connection import NotSentError, open_connection
from orchestration.activation.targets.protocol import Outcome, Result, Row, StopSyncError

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
            status, reply, may_have_arrived = self._ask(call, some, idempotency_key)
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
                results[place] = Result(_outcome(may_have_arrived), f"http_{status}")
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

    def _ask(
        self, call: Call, rows: Sequence[Row], idempotency_key: str
    ) -> tuple[int, bytes, bool]:
        """One request, again after what passes by itself.

        Returns:
            The last status and reply, and whether an earlier try may have arrived.
        """
        payloads = ",".join(row.payload for row in rows)
        fixed = "".join(f"{json.dumps(k)}:{json.dumps(v)}," for k, v in call.fields.items())
        body = f"{{{fixed}{json.dumps(call.rows)}:[{payloads}]}}".encode()
        may_have_arrived = False
        for attempt in range(1, MOST_TRIES + 1):
            asked = None
            try:
                status, headers, reply = self._request(call, body, idempotency_key)
            except NotSentError as error:
                problem = str(error)
            except _UnknownError as error:
                problem, may_have_arrived = str(error), True
            else:
                if status not in PASSING_CODES:
                    return status, reply, may_have_arrived
                problem, asked = f"http_{status}", _asked_pause(headers)
                # A server that fails may have taken the rows before.
                may_have_arrived |= status >= 500
            self._close()
            if attempt == MOST_TRIES or (asked or 0) > LONGEST_ASKED_SECONDS:
                break
            if may_have_arrived and self._destination.repeats == "unsafe":
                break
            longest = min(LONGEST_PAUSE_SECONDS, 2.0 ** (attempt - 1))
            self._sleep(asked if asked is not None else random.uniform(0, longest))  # noqa: S311
        raise StopSyncError(
            f"{self._host} takes nothing at the moment ({problem})",
            [Result(_outcome(may_have_arrived), problem)] * len(rows),
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
        # A server may close an idle connection, and then nobody knows of the next request whether
        # it arrived; where that matters each has a connection of its own.
        if (
            response.getheader("Connection", "").lower() == "close"
            or self._destination.repeats == "unsafe"
        ):
            self._close()
        return response.status, response.headers, reply

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            self._connection = open_connection(self._destination)
        return self._connection

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


def _outcome(may_have_arrived: bool) -> Outcome:
    return "unknown" if may_have_arrived else "not_sent"


class _UnknownError(Exception):
    """It failed after the body left, or while it did."""


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
