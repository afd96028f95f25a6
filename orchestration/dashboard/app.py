"""The dashboard as a web application behind the guard."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import cast

import vizro.models as vm
from a2wsgi import WSGIMiddleware
from dash import html
from dash.development.base_component import Component
from flask import Response, redirect, request
from starlette.types import ASGIApp
from vizro import Vizro
from werkzeug.wrappers import Response as WerkzeugResponse

from orchestration.customers.app import PAGE, ROOT, with_customers
from orchestration.customers.roles import Users
from orchestration.dashboard.choices import Choices
from orchestration.dashboard.components import broken_page, vizro_page
from orchestration.dashboard.exports import serve_csv
from orchestration.dashboard.reading import PAGES_DIR, BrokenPage, read_pages
from orchestration.errors import UserError
from orchestration.logs import log
from orchestration.settings import Settings
from orchestration.terminal import Console
from orchestration.web.access import Access
from orchestration.web.rules import DASHBOARD
from orchestration.web.server import GuardedServer, address_of, listen
from orchestration.web.stopping import Stop

THREADS = 10
TITLE = "Customer 360"
ASSETS_DIR = Path(__file__).with_name("assets")

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "base-uri 'self'; form-action 'self'"
)
"""The browser itself refuses any address but ours. Inline and evaluated scripts are how Dash and
Plotly work; both come from our own files."""


def build(settings: Settings, pages_dir: Path = PAGES_DIR, with_people: bool = False) -> Vizro:
    """Build the application; nothing listens yet.

    Parameters:
        settings: paths; the published model is read anew for every drawing.
        pages_dir: the page definitions.
        with_people: whether the header leads to the customer page.

    Raises:
        UserError: no page can be read, or nothing is published.
    """
    pages = read_pages(pages_dir)
    if not pages.sound:
        raise UserError("\n".join(["No page can be read.", *map(told, pages.broken)]))
    for broken in pages.broken:
        log().warning("dashboard: %s", told(broken))
    first = pages.sound[0].name
    addresses = {page.name: f"/{page.name}" for page in pages.sound} | {first: "/"}
    # Vizro keeps models and pages for the whole process, so a second build must start afresh.
    Vizro._reset()
    app = Vizro(assets_folder=str(ASSETS_DIR), update_title=None)
    choices = Choices(settings)
    shown = [vizro_page(settings, page, addresses, choices) for page in pages.sound]
    app.build(
        _Dashboard(
            title=TITLE,
            theme="vizro_light",
            pages=[*shown, *map(broken_page, pages.broken)],
            with_people=with_people,
        )
    )
    app.dash.index_string = app.dash.index_string.replace("<html ", '<html lang="en" ')
    server = app.dash.server
    server.after_request(_add_policy)
    serve_csv(server, settings, pages.sound)
    # The first page has an address of its own, too, which lasts when another becomes the first.
    server.add_url_rule(f"/{first}", "first", _to_first)
    return app


class _Dashboard(vm.Dashboard):  # type: ignore[misc]  # vizro ships no types here
    """Vizro's dashboard with a button to print the page, and a way to the customer page."""

    with_people: bool = False

    def custom_header(self) -> list[Component]:
        """What stands beside the switch of the theme."""
        said = "Print this page, or save it as PDF"
        icon = html.Span("print", className="material-symbols-outlined")
        button = html.Button(
            icon, id="c360-print", type="button", title=said, className="btn-theme-toggle"
        )
        people = html.A("Customers", href=ROOT, id="c360-people")
        return [people, button] if self.with_people else [button]


def told(page: BrokenPage) -> str:
    """All that is wrong with a file, a line each.

    Parameters:
        page: the file.
    """
    return "\n".join(f"dashboards/{page.name}.yml, {mistake}" for mistake in page.mistakes)


def _to_first() -> WerkzeugResponse:
    query = request.query_string.decode("latin-1")
    return redirect(f"/?{query}" if query else "/")


def _add_policy(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    return response


def guarded(
    app: Vizro, access: Access, settings: Settings | None = None, users: Users | None = None
) -> GuardedServer:
    """The application behind the guard; `run` serves it on a port that was taken before.

    Parameters:
        app: the built application.
        access: who may open it.
        settings: paths, where there are users.
        users: with their roles; without any there is no customer page.
    """
    # a2wsgi's types are narrower than Starlette's of the same protocol.
    application = cast(ASGIApp, WSGIMiddleware(app.dash.server, workers=THREADS))
    if users is None or settings is None:
        return GuardedServer(application, DASHBOARD, access)
    return GuardedServer(with_customers(application, settings, users), PAGE, access)


def serve(
    settings: Settings, access: Access, port: int, stop: Stop, users: Users | None = None
) -> None:
    """Serve the dashboard until stopped.

    Parameters:
        settings: paths.
        access: who may open it, and at which address it listens.
        port: to listen on; 0 takes a free one.
        stop: tells of signals.
        users: with their roles; without any there is no customer page.

    Raises:
        UserError: the port is taken, a page is wrong, or nothing is published.
        KeyboardInterrupt: a signal came.
    """
    with listen(access, port, "c360 dashboard") as taken:
        app = build(settings, with_people=users is not None)
        # What goes wrong in a callback belongs into the product's log, not over the page.
        for handler in log().handlers:
            logging.getLogger(app.dash.server.name).addHandler(handler)
        Console().print(
            f"Dashboard  {address_of(taken)}   (reads {settings.published_path}; Ctrl-C ends it)",
            soft_wrap=True,
            highlight=False,
        )
        guarded(app, access, settings, users).run(taken, stop)
