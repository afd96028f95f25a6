"""Connections to other servers: only to addresses that were checked."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator

from orchestration.activation.destinations.common import THIS_MACHINE
from orchestration.activation.targets.protocol import StopSyncError


class NotSentError(Exception):
    """It failed before anything was sent."""


def connected(host: str, port: int, timeout: float, private: bool) -> socket.socket:
    """A connection to the first address of a host that answers.

    Parameters:
        host, port: as a destination's file names them.
        timeout: in seconds, for the connection and for what is done with it.
        private: addresses of private networks are allowed.

    Raises:
        NotSentError: nobody answers.
        StopSyncError: an address is one of a private network.
    """
    problem = "no connection"
    for address in allowed_addresses(host, port, private):
        try:
            return socket.create_connection((address, port), timeout)
        except OSError as error:
            problem = f"no connection ({type(error).__name__})"
    raise NotSentError(problem)


def allowed_addresses(host: str, port: int, private: bool) -> Iterator[str]:
    """The addresses of a host, each checked before it is given out.

    The name is looked up once, so who connects to what is given leaves no moment in which the name
    could come to mean something else.

    Parameters:
        host, port: as a destination's file names them.
        private: addresses of private networks are allowed. This machine's own names always are.

    Raises:
        NotSentError: nobody knows the name.
        StopSyncError: an address is one of a private network.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise NotSentError("its name is not known") from None
    for address in dict.fromkeys(str(one[4][0]) for one in found):
        is_public = ipaddress.ip_address(address.split("%")[0]).is_global
        if not is_public and not private and host not in THIS_MACHINE:
            raise StopSyncError(
                f"{host} is an address of a private network. Set private: true in its file if "
                "that is meant",
                [],
            )
        yield address
