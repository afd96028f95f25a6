"""Listen, serve behind the guard, end on a signal."""

from __future__ import annotations

import logging
import socket

import uvicorn
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from orchestration.errors import UserError
from orchestration.logs import log
from orchestration.web.access import Access
from orchestration.web.guard import Guard
from orchestration.web.rules import Page
from orchestration.web.stopping import Stop

SECONDS_FOR_OPEN_REQUESTS = 3


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
        self._server = _Server(config)

    def run(self, taken: socket.socket, stop: Stop | None = None) -> None:
        """Serve until `end` is called or a signal comes.

        Parameters:
            taken: from `listen`; closed at the end.
            stop: tells of signals; None where somebody else ends the server.

        Raises:
            KeyboardInterrupt: a signal came.
        """
        self._server.stop = stop
        self._server.run(sockets=[taken])
        if stop:
            stop.check()

    def end(self) -> None:
        """End `run`, from another thread."""
        self._server.should_exit = True


class _Server(uvicorn.Server):
    """Asks several times a second whether a signal came, also before this began."""

    stop: Stop | None = None

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or bool(self.stop and self.stop.asked)
