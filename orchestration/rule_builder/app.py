"""The rule builder as a web application behind the guard, for whoever has its address."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from orchestration.errors import UserError
from orchestration.failures import in_words
from orchestration.logs import log
from orchestration.rule_builder.builder import Builder
from orchestration.settings import Settings
from orchestration.terminal import Console
from orchestration.warehouse import connect_reader
from orchestration.web.access import Access
from orchestration.web.asked import RefusedError, asked
from orchestration.web.rules import BUILDER, OWN_FILES_POLICY
from orchestration.web.server import GuardedServer, address_of, listen
from orchestration.web.stopping import Stop

FILES = Path(__file__).with_name("page")
TOKEN = "x-c360-token"  # noqa: S105 - the name of the header
MOST_BYTES = 256 * 1024
"""Of what a page may send: a rule file has 64 KB, and JSON takes more room for the same."""
REMEDY = "Split the rule into segments that build on each other."
ASKED: Mapping[str, Mapping[str, type]] = {
    "form": {},
    "values": {"table": str, "column": str},
    "check": {"name": str, "rule": object},
    "count": {"name": str, "rule": object},
    "open": {"name": str},
    "save": {"name": str, "rule": object, "mark": str},
}
"""What can be asked of `Builder`, and what each needs to be told."""


def application(builder: Builder, token: str) -> ASGIApp:
    """The page and what it asks, without the guard.

    Parameters:
        builder: answers.
        token: whoever asks must send it; the address that is printed holds it.
    """
    routes = [Route("/", _file(FILES / "index.html"))]
    routes += [
        Route(f"/{p.name}", _file(p)) for p in FILES.iterdir() if p.suffix in (".js", ".css")
    ]
    routes += [
        Route(f"/ask/{what}", _answer(getattr(builder, what), wanted, token), methods=["POST"])
        for what, wanted in ASKED.items()
    ]
    return Starlette(routes=routes)


def _file(path: Path) -> Callable[[Request], Any]:
    async def send(request: Request) -> Response:
        headers = {"content-security-policy": OWN_FILES_POLICY, "cache-control": "no-cache"}
        return FileResponse(path, headers=headers)

    return send


def _answer(
    call: Callable[..., dict[str, Any]], wanted: Mapping[str, type], token: str
) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        try:
            if not hmac.compare_digest(request.headers.get(TOKEN, "").encode(), token.encode()):
                raise RefusedError(
                    403, "Open the address that `c360 segment build` has printed; it ends in #…"
                )
            said = await asked(request, wanted, MOST_BYTES, REMEDY)
            return _json(await run_in_threadpool(call, **said))
        except RefusedError as error:
            return _json({"says": str(error)}, error.status)
        except UserError as error:
            return _json({"says": str(error)}, 422)
        except Exception as error:
            log().error("rule builder: %s", type(error).__name__, exc_info=error)
            return _json({"says": in_words(error).text}, 500)

    return answer


def _json(said: Mapping[str, Any], status: int = 200) -> JSONResponse:
    headers = {"cache-control": "no-store", "content-security-policy": "default-src 'none'"}
    return JSONResponse(said, status, headers)


def guarded(builder: Builder, token: str, access: Access) -> GuardedServer:
    """The application behind the guard; `run` serves it on a port that was taken before.

    Parameters:
        builder: answers.
        token: see `application`.
        access: who may open it.
    """
    return GuardedServer(application(builder, token), BUILDER, access)


def serve(settings: Settings, port: int, stop: Stop) -> None:
    """Serve the page until stopped, on this machine's own address whatever the environment says.

    Parameters:
        settings: paths.
        port: to listen on; 0 takes a free one.
        stop: tells of signals.

    Raises:
        UserError: the port is taken, or there is no warehouse to build over.
        KeyboardInterrupt: a signal came.
    """
    access = Access.from_env(Access.address)
    with connect_reader(settings):
        pass
    with listen(access, port, "c360 segment build") as taken:
        token = secrets.token_urlsafe(24)
        Console().print(
            f"Rule builder  {address_of(taken)}/#{token}   (reads {settings.warehouse_path}, "
            f"writes {settings.dbt_project_dir / 'segment_rules'}; Ctrl-C ends it)",
            soft_wrap=True,
            highlight=False,
        )
        guarded(Builder(settings), token, access).run(taken, stop)
