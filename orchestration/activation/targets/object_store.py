"""A bucket of an S3-compatible object store as a destination of files.

By the standard library, over connections whose address was checked. An object is sent in one
request with the hash of its bytes: the store keeps all of it or nothing, and no parts are left.
"""

from __future__ import annotations

import hashlib
import html
import http.client
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from orchestration.activation.destinations.stores import ObjectStoreDestination
from orchestration.activation.targets.credentials import secret_of
from orchestration.activation.targets.files import BLOCK
from orchestration.activation.targets.http_connection import open_connection
from orchestration.activation.targets.network import NotSentError
from orchestration.activation.targets.protocol import StopSyncError
from orchestration.activation.targets.retrying import LostError, tried
from orchestration.activation.targets.signing import (
    NOTHING_SHA256,
    quoted_path,
    quoted_query,
    signed_headers,
)

MOST_BYTES = 5 * 1024**3
"""Of an object that is sent in one request."""
MOST_REPLY_BYTES = 4 * 1024**2
PASSING_CODES = (408, 429, 500, 502, 503, 504)
KEY = re.compile(r"<Key>([^<]*)</Key>")
NEXT = re.compile(r"<NextContinuationToken>([^<]*)</NextContinuationToken>")
MEANINGS = {
    401: ": the secrets are wrong",
    403: ": the secrets are wrong or may not do this",
    404: ": it has no such bucket",
}


class ObjectStore:
    """A bucket.

    Parameters:
        destination: its file.

    Raises:
        UserError: a secret is not there.
    """

    def __init__(self, destination: ObjectStoreDestination) -> None:
        self._destination = destination
        self._access_key = secret_of(destination.access_key)
        self._secret = secret_of(destination.secret)
        self._host = urlsplit(destination.address).netloc
        self._connection: http.client.HTTPConnection | None = None
        self._doubtful: set[str] = set()

    def holds(self, name: str) -> bool:
        """Whether an object of that name is there.

        Raises:
            StopSyncError: it was just sent, no answer came, and it is not there: it may come yet.
        """
        status, _ = self._asked("HEAD", self._key(name))
        if status == 404 and name in self._doubtful:
            raise StopSyncError(f"{self._host} may be storing a file yet", [])
        self._require(status, (200, 404))
        return status == 200

    def place(self, file: Path, name: str) -> None:
        """Put a file there, whole or not at all."""
        if file.stat().st_size > MOST_BYTES:
            raise StopSyncError("A file is above 5 GB, the most of one object. Set split_rows", [])
        self._doubtful.add(name)
        status, _ = self._asked("PUT", self._key(name), file=file)
        self._doubtful.discard(name)
        self._require(status, (200,))

    def sweep(self, run_id: str) -> None:
        """Remove what a killed run left."""
        query = {"list-type": "2", "prefix": self._key(""), "encoding-type": "url"}
        while True:
            status, reply = self._asked("GET", "", query)
            self._require(status, (200,))
            listed = reply.decode("utf-8", "replace")
            for found in KEY.findall(listed):
                key = unquote(html.unescape(found))
                if run_id in key.removeprefix(self._key("")):
                    self._require(self._asked("DELETE", key)[0], (200, 204, 404))
            if not (more := NEXT.search(listed)):
                return
            query["continuation-token"] = html.unescape(more[1])

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _key(self, name: str) -> str:
        prefix = self._destination.prefix
        return f"{prefix}/{name}" if prefix else name

    def _require(self, status: int, wanted: tuple[int, ...]) -> None:
        if status in wanted:
            return
        meaning = MEANINGS.get(status, "")
        if 300 <= status < 400:
            meaning = " and sends on to another address or region, which is not followed"
        raise StopSyncError(f"{self._host} answers {status}{meaning}", [])

    def _asked(
        self,
        method: str,
        key: str,
        query: Mapping[str, str] | None = None,
        file: Path | None = None,
    ) -> tuple[int, bytes]:
        return tried(self._host, lambda: self._request(method, key, query or {}, file))

    def _request(
        self, method: str, key: str, query: Mapping[str, str], file: Path | None
    ) -> tuple[int, bytes]:
        path = f"/{self._destination.bucket}" + (f"/{key}" if key else "")
        headers = signed_headers(
            method, self._host, path, query, self._destination.region, self._access_key,
            self._secret, _sha256(file) if file else NOTHING_SHA256,
        )  # fmt: skip
        target = quoted_path(path) + (f"?{quoted_query(query)}" if query else "")
        try:
            if self._connection is None:
                to = self._destination
                self._connection = open_connection(to.address, to.timeout_seconds, to.private)
                self._connection.blocksize = BLOCK
            if file:
                headers["content-length"] = str(file.stat().st_size)
                with file.open("rb") as body:
                    self._connection.request(method, target, body, headers)
            else:
                self._connection.request(method, target, headers=headers)
            answer = self._connection.getresponse()
            reply = answer.read(MOST_REPLY_BYTES)
        except NotSentError as error:
            raise LostError(str(error)) from None
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise LostError(f"the connection was lost: {type(error).__name__}") from None
        if answer.will_close or not answer.isclosed():
            self.close()
        if answer.status in PASSING_CODES:
            raise LostError(f"http_{answer.status}")
        return answer.status, reply


def _sha256(file: Path) -> str:
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
