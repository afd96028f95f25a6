"""The dashboard as a local web application."""

from __future__ import annotations

import logging
import socket
from pathlib import Path
from typing import Any

import vizro.models as vm
from flask import Response
from vizro import Vizro
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from orchestration.dashboard.components import vizro_page
from orchestration.dashboard.pages import PAGES_DIR, read_pages
from orchestration.errors import UserError
from orchestration.logs import log
from orchestration.settings import Settings
from orchestration.terminal import Console

HOST = "127.0.0.1"
TITLE = "Customer 360"
ASSETS_DIR = Path(__file__).with_name("assets")

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
)
"""The browser itself refuses any address but ours. Inline and evaluated scripts are how Dash and
Plotly work; both come from our own files."""


def build(settings: Settings, pages_dir: Path = PAGES_DIR) -> Vizro:
    """Build the application; nothing listens yet.

    Parameters:
        settings: paths; the published model is read anew for every drawing.
        pages_dir: the page definitions.

    Raises:
        UserError: a page or template is wrong, or nothing is published.
    """
    pages = read_pages(pages_dir)
    # Vizro keeps models and pages for the whole process, so a second build must start afresh.
    Vizro._reset()
    app = Vizro(assets_folder=str(ASSETS_DIR), update_title=None)
    app.build(
        vm.Dashboard(
            title=TITLE, theme="vizro_light", pages=[vizro_page(settings, page) for page in pages]
        )
    )
    app.dash.index_string = app.dash.index_string.replace("<html ", '<html lang="en" ')
    server = app.dash.server
    server.config["TRUSTED_HOSTS"] = [HOST, "localhost"]
    server.after_request(_guard)
    return app


def _guard(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


class _QuietHandler(WSGIRequestHandler):
    def log_request(self, *args: Any, **kwargs: Any) -> None:
        """Requests for local pages are nobody's business."""


def listen(port: int) -> socket.socket:
    """Take the port on this machine's own address.

    Parameters:
        port: on 127.0.0.1; 0 takes a free one.

    Raises:
        UserError: another program has it.
    """
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((HOST, port))
    except OSError as error:
        taken.close()
        raise UserError(
            f"Port {port} on {HOST} can't be used: {error.strerror}. "
            f"Choose another: `c360 dashboard --port {port + 1}`.",
            exit_code=2,
        ) from None
    taken.listen(64)
    return taken


def make_app_server(app: Vizro, taken: socket.socket) -> BaseWSGIServer:
    """A server of the application on a port that was taken before; `serve_forever` starts it.

    Parameters:
        app: the built application.
        taken: from `listen`.
    """
    return make_server(
        HOST,
        taken.getsockname()[1],
        app.dash.server,
        threaded=True,
        request_handler=_QuietHandler,
        fd=taken.fileno(),
    )


def serve(settings: Settings, port: int) -> None:
    """Serve the dashboard on this machine until interrupted.

    Parameters:
        settings: paths.
        port: on 127.0.0.1.

    Raises:
        UserError: the port is taken, a page is wrong, or nothing is published.
    """
    with listen(port) as taken:
        app = build(settings)
        # What goes wrong in a callback belongs into the product's log, not over the page.
        for handler in log().handlers:
            logging.getLogger(app.dash.server.name).addHandler(handler)
        server = make_app_server(app, taken)
        Console().print(
            f"Dashboard  http://{HOST}:{server.port}   (reads {settings.published_path}; "
            "Ctrl-C ends it)",
            soft_wrap=True,
            highlight=False,
        )
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
        finally:
            server.server_close()
