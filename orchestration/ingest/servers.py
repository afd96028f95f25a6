"""Addresses of database servers, which are declared and shown without their secrets."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit


def without_password(url: str) -> str:
    """A database URL without its password, in the address or among its parameters."""
    parts = urlsplit(url)
    netloc = re.sub(r":[^@]*@", "@", parts.netloc, count=1)
    query = re.sub(r"(^|&)password=[^&]*", r"\1", parts.query).strip("&")
    return urlunsplit(parts._replace(netloc=netloc, query=query))
