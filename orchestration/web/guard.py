"""The guard as ASGI middleware: the rules and the login before a web application of ours."""

from __future__ import annotations

import time

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestration.logs import log
from orchestration.web.access import Access
from orchestration.web.login import Doorkeeper, user_of
from orchestration.web.rules import (
    FRAMES_POLICY,
    HEALTH_PATH,
    RESPONSE_HEADERS,
    Asked,
    Page,
    Refusal,
    judge,
)

SECONDS_BETWEEN_LINES = 60.0
USER = "c360.user"
"""Under which the application finds in the request who has logged in."""


class Guard:
    """Stands before an application; nothing reaches that but what the rules let pass.

    Parameters:
        app: the application.
        page: what it needs.
        access: who may come.
    """

    def __init__(self, app: ASGIApp, page: Page, access: Access) -> None:
        self._app = app
        self._page = page
        self._access = access
        self._door = Doorkeeper(access.logins) if access.logins else None
        self._logged: dict[str, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI wants it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        asked = self._asked(scope)
        refusal = judge(asked, self._page, self._access.hosts)
        healthy = refusal is None and asked.path == HEALTH_PATH and not asked.is_socket
        if refusal is None and self._door and not healthy:
            address = (scope.get("client") or ("?",))[0]
            refusal = self._door.refuse(asked.header("authorization"), address)
        if refusal:
            self._note(refusal)
            await _refuse(refusal, scope, receive, _with_headers(send))
        elif healthy:
            await PlainTextResponse("ok")(scope, receive, _with_headers(send))
        else:
            if self._door:
                scope[USER] = user_of(asked.header("authorization"))
            await self._app(scope, receive, _with_headers(send))

    def _asked(self, scope: Scope) -> Asked:
        is_socket = scope["type"] == "websocket"
        # Without a proxy that says so it is not known whether the browser speaks TLS to one.
        scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
        return Asked(
            method="GET" if is_socket else scope["method"].upper(),
            path=scope["path"],
            headers=tuple(
                (n.decode("latin-1").lower(), v.decode("latin-1")) for n, v in scope["headers"]
            ),
            scheme=scheme if self._access.proxies else None,
            is_socket=is_socket,
        )

    def _note(self, refusal: Refusal) -> None:
        # A line a minute and kind: who knocks all night must not push other lines out of the log.
        now = time.monotonic()
        if refusal.status != 401 or "wrong" in refusal.text:
            if now - self._logged.get(refusal.text, -SECONDS_BETWEEN_LINES) < SECONDS_BETWEEN_LINES:
                return
            self._logged[refusal.text] = now
            log().warning("%s refused a request: %s", self._page.name, refusal.text)


async def _refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    # Starlette answers a WebSocket's handshake with the same response where the server can, which
    # is in uvicorn's extensions.
    response = PlainTextResponse(refusal.text + "\n", refusal.status, dict(refusal.headers))
    await response(scope, receive, send)


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            headers = MutableHeaders(scope=message)
            for name, value in RESPONSE_HEADERS.items():
                headers[name] = value
            headers.append("content-security-policy", FRAMES_POLICY)
        await send(message)

    return send_with_headers
