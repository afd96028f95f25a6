"""The customer page as a web application before the dashboard's, behind the same guard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from orchestration.customers.access_log import AccessLog
from orchestration.customers.answers import PROFILE_ID, Answers
from orchestration.customers.roles import AGGREGATES, PERSONS, Users
from orchestration.customers.sessions import Sessions
from orchestration.errors import UserError
from orchestration.logs import log
from orchestration.settings import Settings
from orchestration.web.asked import RefusedError, asked
from orchestration.web.guard import USER
from orchestration.web.rules import DASHBOARD, OWN_FILES_POLICY, Page, Refusal

ROOT = "/customers"
FILES = Path(__file__).with_name("page")
ELEMENTS = Path(__file__).parent.parent / "rule_builder" / "page" / "elements.js"
"""How both pages make elements, so that no text becomes HTML."""
TOKEN = "x-c360-session"  # noqa: S105 - the name of the header
MOST_BYTES = 4096
HEADERS = {"content-security-policy": OWN_FILES_POLICY, "cache-control": "no-store"}
ASKED: Mapping[str, Mapping[str, type]] = {
    "enter": {"password": str},
    "leave": {},
    "search": {"text": str},
    "person": {"profile": str, "kind": str, "limit": int, "since": str},
    "why": {"profile": str, "segment": str},
}
"""What can be asked, and what each needs to be told."""
PAGE: Page = replace(
    DASHBOARD, calls=DASHBOARD.calls | frozenset(f"{ROOT}/ask/{what}" for what in ASKED)
)


class Gate:
    """Lets a user reach what the role may: the pages without persons, or the customer page.

    Parameters:
        dashboard: the pages without persons.
        customers: the customer page.
        users: what each may.
    """

    def __init__(self, dashboard: ASGIApp, customers: ASGIApp, users: Users) -> None:
        self._behind = {AGGREGATES: dashboard, PERSONS: customers}
        self._users = users

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI wants it."""
        path = scope.get("path", "")
        is_of_persons = path == ROOT or path.startswith(f"{ROOT}/")
        right = PERSONS if is_of_persons else AGGREGATES
        if self._users.may(scope.get(USER, ""), right):
            await self._behind[right](scope, receive, send)
            return
        told = "Your role does not show this page. Whoever runs it gives roles: access/roles.yml.\n"
        await PlainTextResponse(told, 403, dict(HEADERS))(scope, receive, send)


def application(settings: Settings, users: Users, answers: Answers, notes: AccessLog) -> ASGIApp:
    """The page and what it asks, without guard and gate.

    Parameters:
        settings: paths.
        users: who may come.
        answers: what is told.
        notes: where it is noted.
    """
    sessions = Sessions(users)

    def enter(user: str, address: str, password: str) -> dict[str, Any]:
        begun = sessions.begin(user, password, address)
        if isinstance(begun, Refusal):
            log().warning("The customer page refused a password: %s", begun.text)
            raise RefusedError(begun.status, begun.text)
        notes.note(user, "enter", [])
        return {"session": begun, "idle_minutes": users.roles.idle_minutes}

    async def ask(request: Request) -> Response:
        what = request.path_params["what"]
        user = request.scope[USER]
        token = request.headers.get(TOKEN, "")
        try:
            said = await asked(request, ASKED[what], MOST_BYTES)
            if what == "enter":
                address = request.client.host if request.client else "?"
                return _json(await run_in_threadpool(enter, user, address, **said))
            if not sessions.goes_on(user, token):
                raise RefusedError(403, "session")
            if what == "leave":
                sessions.end(token)
                notes.note(user, "leave", [])
                return _json({})
            return _json(await run_in_threadpool(getattr(answers, what), user, **said))
        except RefusedError as error:
            return _json({"says": str(error)}, error.status)
        except UserError as error:
            return _json({"says": str(error)}, 422)
        except Exception as error:
            # Neither its text nor its traceback's values: both may hold what was looked for.
            log().error("customer page: %s while asked for %s", type(error).__name__, what)
            return _json({"says": "The page has failed here; logs/c360.log has the time."}, 500)

    async def shell(request: Request) -> Response:
        profile = request.path_params.get("profile")
        if profile is not None and not PROFILE_ID.fullmatch(profile):
            return PlainTextResponse("There is no such address.\n", 404, dict(HEADERS))
        return FileResponse(FILES / "index.html", headers=HEADERS)

    routes = [Route(ROOT, shell), *(Route(f"{ROOT}/page/{p.name}", _file(p)) for p in _files())]
    routes += [
        Route(f"{ROOT}/ask/{{what}}", ask, methods=["POST"]),
        Route(f"{ROOT}/{{profile}}", shell),
    ]
    return Starlette(routes=routes)


def with_customers(dashboard: ASGIApp, settings: Settings, users: Users) -> ASGIApp:
    """The dashboard's pages with the customer page beside them, each for whose role may see it.

    Parameters:
        dashboard: the pages without persons.
        settings: paths.
        users: who may come, and as what.
    """
    notes = AccessLog(settings)
    answers = Answers(settings, users, notes)
    return Gate(dashboard, application(settings, users, answers, notes), users)


def _files() -> list[Path]:
    return [ELEMENTS, *(path for path in FILES.iterdir() if path.suffix in (".js", ".css"))]


def _file(path: Path) -> Callable[[Request], Any]:
    async def send(request: Request) -> Response:
        return FileResponse(path, headers=HEADERS)

    return send


def _json(said: Mapping[str, Any], status: int = 200) -> JSONResponse:
    return JSONResponse(said, status, HEADERS)
