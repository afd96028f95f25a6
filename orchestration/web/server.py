"""Listen, serve behind the guard, end on a signal."""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import uvicorn
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from orchestration.errors import UserError
from orchestration.logs import log
from orchestration.web.access import Access
from orchestration.web.guard import Guard
from orchestration.web.rules import Page

SECONDS_FOR_OPEN_REQUESTS = 3
STOPPED = 130
"""The exit code of a program that was stopped by a signal, SIGTERM as well as Ctrl-C."""


def listen(access: Access, port: int, command: str) -> socket.socket:
    """Take the port before anything else is begun; what comes early waits for the page.

    Parameters:
        access: the address to listen on.
        port: 0 takes a free one.
        command: the words of the command line, for the message.

    Raises:
        UserError: another program has the port, or it can't be taken.
    """
    version = socket.AF_INET6 if ":" in access.address else socket.AF_INET
    taken = socket.socket(version, socket.SOCK_STREAM)
    # For the moments in which the system keeps the port of a server that has just ended.
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((access.address, port))
        taken.listen(128)
    except OSError as error:
        taken.close()
        other = port + 1 if port < 65535 else port - 1
        raise UserError(
            f"Port {port} on {access.address} can't be used: {error.strerror}. "
            f"Choose another: `{command} --port {other}`.",
            exit_code=2,
        ) from None
    return taken


def address_of(taken: socket.socket) -> str:
    """The address to open in a browser on this machine."""
    name, port = taken.getsockname()[:2]
    if name in ("0.0.0.0", "::"):  # noqa: S104 - looked at, not listened on
        name = "127.0.0.1"
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


@contextmanager
def one_stop() -> Iterator[None]:
    """Within, the first SIGINT or SIGTERM is a KeyboardInterrupt, and any further one is nothing.

    So what was started is ended once, and by whoever started it.
    """
    signals = (signal.SIGINT, signal.SIGTERM)

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = [signal.signal(each, stop) for each in signals]
    try:
        yield
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)


class GuardedServer:
    """A web application behind the guard.

    Parameters:
        app: the application.
        page: what it needs.
        access: who may come.
    """

    def __init__(self, app: ASGIApp, page: Page, access: Access) -> None:
        guarded: ASGIApp = Guard(app, page, access)
        if access.proxies:
            guarded = ProxyHeadersMiddleware(guarded, list(access.proxies))  # type: ignore[arg-type, assignment]
        # What goes wrong behind the guard belongs into the product's log.
        for handler in log().handlers:
            logging.getLogger("uvicorn.error").addHandler(handler)
        config = uvicorn.Config(
            guarded,
            http="h11",  # the strict one
            lifespan="off",
            proxy_headers=False,  # on, it would believe everything on this machine
            server_header=False,
            access_log=False,
            log_config=None,
            log_level="error",
            timeout_graceful_shutdown=SECONDS_FOR_OPEN_REQUESTS,
        )
        self._server = uvicorn.Server(config)

    def run(self, taken: socket.socket) -> None:
        """Serve until `end` is called or a signal comes.

        Parameters:
            taken: from `listen`; closed at the end.

        Raises:
            KeyboardInterrupt: a signal came; see `one_stop`.
        """
        self._server.run(sockets=[taken])

    def end(self) -> None:
        """End `run`, from another thread."""
        self._server.should_exit = True
