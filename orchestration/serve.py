"""The local pages: Dagster and the data docs, on this machine only."""

from __future__ import annotations

import functools
import http.server
import signal
import subprocess
import sys
import threading
from pathlib import Path

from orchestration.quality.assets import DOCS_PORT
from orchestration.runs.dagster_home import prepare_dagster_home
from orchestration.settings import PROJECT_ROOT, Settings
from orchestration.terminal import Console
from orchestration.transform.parsing import load_manifest, prepare_environment

HOST = "127.0.0.1"


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Requests for local pages are nobody's business."""


def serve_data_docs(folder: Path, port: int = DOCS_PORT) -> http.server.ThreadingHTTPServer | None:
    """Serve the data docs in a thread; None when the port is taken (then somebody else does).

    Parameters:
        folder: the data docs folder.
        port: on 127.0.0.1.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handler = functools.partial(_QuietHandler, directory=str(folder))
    try:
        server = http.server.ThreadingHTTPServer((HOST, port), handler)
    except OSError:
        return None
    threading.Thread(target=server.serve_forever, name="data-docs", daemon=True).start()
    return server


def serve_dagster(settings: Settings, port: int, console: Console) -> None:
    """Run Dagster's web server and daemon until interrupted.

    Parameters:
        settings: paths.
        port: on 127.0.0.1.
        console: where the addresses are printed.
    """
    prepare_environment(settings)
    prepare_dagster_home(settings)
    console.print("Reading the dbt project …")
    load_manifest(settings)
    serve_data_docs(settings.data_docs_dir)
    console.print(f"Dagster    http://{HOST}:{port}   (a minute until it answers; Ctrl-C ends it)")
    console.print(f"Data docs  http://{HOST}:{DOCS_PORT}")
    command = [
        str(Path(sys.executable).with_name("dagster")),
        "dev",
        "-m",
        "orchestration.definitions",
        "-h",
        HOST,
        "-p",
        str(port),
    ]
    process = subprocess.Popen(command, cwd=PROJECT_ROOT)
    # `dagster dev` has children of its own and ends them when it is interrupted. Who stops us by
    # any other signal than Ctrl-C must not leave them behind, holding the port.
    signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGINT))
    try:
        process.wait()
    except KeyboardInterrupt:
        process.wait()
