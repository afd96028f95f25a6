"""`c360` in a process forked from one that has loaded everything: each run loads it no more.

`tests/orchestration/test_entry.py` and the tests that kill runs start `c360` as a user does.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing.context import ForkServerContext
from pathlib import Path

LOADED = [
    "agate",
    "alembic.command",
    "dagster",
    "dagster_dbt",
    "dbt.cli.main",
    "dbt.adapters.duckdb.impl",
    "dbt.task.build",
    "dbt.parser.manifest",
    "networkx",
    "scipy.stats",
    "sqlglot.optimizer",
    "orchestration.cli",
    "orchestration.definitions",
    "orchestration.run",
]
"""What a run loads; what is missing here each run loads for itself."""


def c360(
    arguments: tuple[str, ...], environment: Mapping[str, str], folder: Path, timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run the command line like `subprocess.run`, without waiting for Python to load it.

    Parameters:
        arguments: of the command line.
        environment: all variables of the process.
        folder: where it is started.
        timeout: seconds.

    Raises:
        subprocess.TimeoutExpired: it takes longer; it is killed.
    """
    with tempfile.TemporaryDirectory() as told:
        streams = Path(told, "out"), Path(told, "err")
        process = _loaded().Process(
            target=_run, args=(arguments, dict(environment), folder, streams)
        )
        process.start()
        process.join(timeout)
        if process.is_alive():
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(arguments, timeout)
        out, err = (stream.read_text() if stream.exists() else "" for stream in streams)
        code = process.exitcode
    assert code is not None
    return subprocess.CompletedProcess(arguments, code, out, err)


def _loaded() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED)
    return context


def _run(
    arguments: tuple[str, ...],
    environment: dict[str, str],
    folder: Path,
    streams: tuple[Path, Path],
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for stream, number in zip(streams, (1, 2), strict=True):
        file = os.open(stream, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, number)
        os.close(file)
    # The process that was forked from leaves Ctrl-C to its parent.
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["c360", *arguments]
    from orchestration import cli
    from orchestration.terminal import Console

    # As wide as the environment says: consoles look when they are made.
    cli.out, cli.err = Console(), Console(stderr=True)
    cli.main()
