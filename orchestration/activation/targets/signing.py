"""Signatures of requests to S3-compatible object stores: AWS Signature Version 4."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
NOTHING_SHA256 = hashlib.sha256(b"").hexdigest()


def signed_headers(
    method: str,
    host: str,
    path: str,
    query: Mapping[str, str],
    region: str,
    access_key: str,
    secret: str,
    body_sha256: str = NOTHING_SHA256,
    at: datetime | None = None,
    more: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The headers of a request with its signature.

    Parameters:
        method, host, path, query: of the request; path and query as they are before quoting.
        region: of the store.
        access_key, secret: the two parts of the secret.
        body_sha256: of what is sent; the store refuses a body that has another.
        at: instant of the request; now.
        more: further headers that are signed, by lower-case name.
    """
    stamp = f"{at or datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    headers = {
        **(more or {}), "host": host, "x-amz-content-sha256": body_sha256, "x-amz-date": stamp
    }  # fmt: skip
    names = ";".join(sorted(headers))
    canonical = "\n".join([
        method, quoted_path(path), quoted_query(query),
        *(f"{name}:{headers[name]}" for name in sorted(headers)), "", names, body_sha256,
    ])  # fmt: skip
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, f"{ALGORITHM}\n{stamp}\n{scope}\n{digest}".encode(), "sha256")
    return {
        **headers,
        "authorization": f"{ALGORITHM} Credential={access_key}/{scope}, SignedHeaders={names}, "
        f"Signature={signature.hex()}",
    }


def quoted_path(path: str) -> str:
    """A path as it stands in a request."""
    return quote(path, safe="/~")


def quoted_query(query: Mapping[str, str]) -> str:
    """A query as it stands in a request."""
    return "&".join(f"{quote(n, safe='~')}={quote(query[n], safe='~')}" for n in sorted(query))
