"""The data docs beside Dagster's page, on its port: a second port would need a second guard."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from orchestration.settings import DATA_DOCS_PATH

POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'"
)
"""The pages have no scripts, so whatever got into one runs none beside Dagster."""


class _Pages(StaticFiles):
    """Files below one folder; links that lead out of it are not followed."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["content-security-policy"] = POLICY
        response.headers["cache-control"] = "no-cache"
        return response


async def _to_index(request: Request) -> Response:
    return RedirectResponse(f"{DATA_DOCS_PATH}/")


async def _not_there(request: Request, error: Exception) -> Response:
    text = "There is no such page of the data docs. The gates of a run write them: c360 run.\n"
    return PlainTextResponse(text, error.status_code if isinstance(error, HTTPException) else 500)


def with_data_docs(app: ASGIApp, folder: Path) -> ASGIApp:
    """An application with the data docs below `DATA_DOCS_PATH`.

    Parameters:
        app: answers everything else.
        folder: the data docs folder; made when missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pages = Starlette(
        routes=[
            Route(DATA_DOCS_PATH, _to_index),
            Mount(DATA_DOCS_PATH, _Pages(directory=folder, html=True)),
        ],
        exception_handlers={HTTPException: _not_there},
    )

    async def both(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        is_ours = path == DATA_DOCS_PATH or path.startswith(f"{DATA_DOCS_PATH}/")
        await (pages if is_ours else app)(scope, receive, send)

    return both
