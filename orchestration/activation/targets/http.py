"""An HTTP API as a destination.

By the standard library: it tells apart what failed before a request's body left, which was not
sent, from what failed after it, of which nobody knows. Nothing sends a request twice by itself.
"""

from __future__ import annotations

import http.client
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from orchestration.activation.destinations.http import Call, HttpDestination
from orchestration.activation.destinations.webhook import WebhookDestination
from orchestration.activation.targets.http_answer import at, read, results_of
from orchestration.activation.targets.http_authentication import headers_of
from orchestration.activation.targets.http_body import body_of
from orchestration.activation.targets.http_connection import open_connection
from orchestration.activation.targets.network import NotSentError
from orchestration.activation.targets.protocol import Outcome, Result, Row, StopSyncError
from orchestration.activation.targets.rate import account_of

PASSING_CODES = (408, 425, 429, 500, 502, 503, 504)
OF_ROWS = (400, 409, 413, 422)
"""Codes about what was sent; with 404, which is about the rows only where single ones are named."""
MOST_TRIES = 5
LONGEST_PAUSE_SECONDS = 60.0
LONGEST_ASKED_SECONDS = 900.0
MOST_REPLY_BYTES = 4 * 1024**2


@dataclass(frozen=True)
class Reply:
    """The last reply to a request.

    Attributes:
        status: of HTTP, or 422 where the reply's own word is about the rows.
        document: what it says.
        may_have_arrived: an earlier try may have done so.
        said: the reply's own word, where it stops the sync.
    """

    status: int
    document: Any
    may_have_arrived: bool
    said: str = ""

    @property
    def is_of_rows(self) -> bool:
        """Whether it is about the rows, if not of a single one."""
        return not self.said and self.status in OF_ROWS

    @property
    def is_taken(self) -> bool:
        """Whether the request was taken."""
        return not self.said and 200 <= self.status < 300


class HttpTarget:
    """Batches to an HTTP API.

    Parameters:
        destination: its file.
        sleep: waits; tests give another one.
    """

    def __init__(
        self,
        destination: HttpDestination | WebhookDestination,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._destination = destination
        self._sleep = sleep
        self._headers = headers_of(destination)
        self._account = account_of(destination.rate)
        parts = urlsplit(destination.address)
        self._host, self._path = str(parts.hostname), parts.path.rstrip("/")
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._connection: http.client.HTTPConnection | None = None
        self.batch = destination.batch
        self.calls = self.unnamed = 0

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

    def outcomes(self, keys: Sequence[str], idempotency_key: str) -> list[Result] | None:
        """An HTTP API can't be asked what arrived."""
        return None

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

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
            reply = self._ask(call, some, idempotency_key)
        except StopSyncError as error:
            for place, result in zip(places, error.results, strict=False):
                results[place] = result
            raise
        named, unnamed = results_of(some, reply.document, self._destination.rejections)
        if reply.is_taken:
            self.unnamed += unnamed
            for place, result in zip(places, named, strict=True):
                results[place] = result
        elif not reply.is_of_rows and (reply.said or reply.status != 404 or len(some) > 1):
            for place in places:
                results[place] = Result(_outcome(reply.may_have_arrived), f"http_{reply.status}")
            said = reply.said or f"{reply.status}{self._meaning(reply.status)}"
            raise StopSyncError(f"{self._host} answers {said}", [])
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
            results[places[0]] = Result("rejected", f"http_{reply.status}")
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

    def _ask(self, call: Call, rows: Sequence[Row], idempotency_key: str) -> Reply:
        """One request, again after what passes by itself."""
        body = body_of(call, rows)
        may_have_arrived = False
        for attempt in range(1, MOST_TRIES + 1):
            asked = None
            try:
                self._keep_pace()
                status, headers, text = self._request(call, body, idempotency_key)
            except NotSentError as error:
                problem = str(error)
            except _UnknownError as error:
                problem, may_have_arrived = str(error), True
            else:
                reply = self._understood(status, read(text), may_have_arrived)
                if reply.status not in PASSING_CODES and not (status == 401 and self._renewed()):
                    return reply
                problem, asked = f"http_{reply.status}", _asked_pause(headers)
                if reply.status == 429 and self._account:
                    self._account.slow_down(asked)
                # A server that fails may have taken the rows before.
                may_have_arrived |= status >= 500
            self.close()
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

    def _understood(self, status: int, document: Any, may_have_arrived: bool) -> Reply:
        """A reply with its own word beside the status, where the destination's file names one."""
        success = self._destination.success
        if success is None or not 200 <= status < 300:
            return Reply(status, document, may_have_arrived)
        word = at(document, success.field)
        if word in success.values:
            return Reply(status, document, may_have_arrived)
        if word in success.again:
            return Reply(429, document, may_have_arrived)
        if word in success.of_rows:
            return Reply(422, document, may_have_arrived)
        shown = word if isinstance(word, int) else "something else"
        return Reply(status, document, may_have_arrived, f"{success.field} {shown}")

    def _renewed(self) -> bool:
        return self._headers.renew()

    def _keep_pace(self) -> None:
        """Wait until the account may be asked again.

        Raises:
            NotSentError: that takes too long.
        """
        pause = self._account.pause() if self._account else 0.0
        if pause > LONGEST_ASKED_SECONDS:
            raise NotSentError("its account is to wait longer")
        if pause:
            self._sleep(pause)

    def _request(
        self, call: Call, body: bytes, idempotency_key: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        path = self._path + call.path + ("?" + urlencode(call.query) if call.query else "")
        headers = {
            "Content-Type": f"application/{'x-ndjson' if call.format == 'ndjson' else 'json'}",
            "User-Agent": "customer-360",
            "Idempotency-Key": idempotency_key,
            **call.headers,
            **self._headers.of(call.method, self._origin + path, idempotency_key, body),
        }
        connection = self._connected()
        self.calls += 1
        try:
            connection.request(call.method, path or "/", body, headers)
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
            self.close()
        return response.status, response.headers, reply

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            there = self._destination
            self._connection = open_connection(there.address, there.timeout_seconds, there.private)
        return self._connection


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
