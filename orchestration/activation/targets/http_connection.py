"""A connection to an HTTP destination: one whose address was checked, and no other."""

from __future__ import annotations

import http.client
import ssl
from urllib.parse import urlsplit

from orchestration.activation.targets.network import NotSentError, connected
from orchestration.activation.targets.protocol import StopSyncError


def open_connection(address: str, timeout: float, private: bool) -> http.client.HTTPConnection:
    """Connect to the first address of a host that answers.

    Parameters:
        address: https://host/…, or http to this machine.
        timeout: in seconds, for the connection and for a reply.
        private: addresses of private networks are allowed.

    Raises:
        NotSentError: nobody answers.
        StopSyncError: an address is one of a private network, or the certificate is not trusted.
    """
    parts = urlsplit(address)
    host = str(parts.hostname)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    raw = connected(host, port, timeout, private)
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
