"""A connection to an HTTP destination: one whose address was checked, and no other."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from urllib.parse import urlsplit

from orchestration.activation.destinations.common import THIS_MACHINE
from orchestration.activation.destinations.http import HttpDestination
from orchestration.activation.targets.protocol import StopSyncError


class NotSentError(Exception):
    """It failed before the body left."""


def open_connection(destination: HttpDestination) -> http.client.HTTPConnection:
    """Connect to the first address of a destination's host that answers.

    The name is looked up once and each address is checked before it is connected to, so a name
    that means another address a moment later leads nowhere else.

    Parameters:
        destination: its file.

    Raises:
        NotSentError: nobody answers.
        StopSyncError: an address is one of a private network, or the certificate is not trusted.
    """
    parts = urlsplit(destination.address)
    host, timeout = str(parts.hostname), destination.timeout_seconds
    port = parts.port or (443 if parts.scheme == "https" else 80)
    raw = _connected(destination, host, port)
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(host, port, timeout=timeout)
        try:
            context = ssl.create_default_context()
            connection.sock = context.wrap_socket(raw, server_hostname=host)
        except ssl.SSLError:
            raw.close()
            raise StopSyncError(f"{host} shows no certificate that is trusted here", []) from None
        except OSError as error:
            raw.close()
            raise NotSentError(f"no connection ({type(error).__name__})") from None
    else:
        connection = http.client.HTTPConnection(host, port, timeout=timeout)
        connection.sock = raw
    # It must not connect again by itself: that would go round the check.
    connection.auto_open = 0
    return connection


def _connected(destination: HttpDestination, host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise NotSentError("its name is not known") from None
    problem = "no connection"
    for address in dict.fromkeys(str(one[4][0]) for one in found):
        _require_public(destination, host, address)
        try:
            return socket.create_connection((address, port), destination.timeout_seconds)
        except OSError as error:
            problem = f"no connection ({type(error).__name__})"
    raise NotSentError(problem)


def _require_public(destination: HttpDestination, host: str, address: str) -> None:
    is_public = ipaddress.ip_address(address.split("%")[0]).is_global
    if not is_public and not destination.private and host not in THIS_MACHINE:
        raise StopSyncError(
            f"{host} is an address of a private network. Set private: true in its file if that is "
            "meant",
            [],
        )
