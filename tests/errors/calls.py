"""What the sweep is made of: a call, the state it meets, and what must be said about it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestration.settings import PROJECT_ROOT

HELP = "--help"


@dataclass(frozen=True)
class Case:
    """One wrong call, state or environment.

    Attributes:
        name: says what is wrong.
        arguments: of c360; `{data}` stands for the data folder, `{folder}` for one beside it.
        code: the exit code it must end with.
        says: what the message must name: the place (path, option, variable) and the remedy.
        arrange: makes the state, given the data folder and the folder beside it.
        environment: variables; None unsets one.
        base: what the data folder holds before: nothing, published or parsed.
        options: how the process is crippled, as `server.answer` takes it.
        asks_nothing: the command succeeds all the same, and nothing has to be said.
    """

    name: str
    arguments: tuple[str, ...]
    code: int
    says: tuple[str, ...] = ()
    arrange: Callable[[Path, Path], None] | None = None
    environment: dict[str, str | None] = field(default_factory=dict)
    base: str = "nothing"
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """How a call ended."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def words(self) -> str:
        """What the error stream says, on one line."""
        return " ".join(self.err.split())


class Server:
    """The process that forks the calls."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT), "COLUMNS": "200"}
        environment.pop("C360_DATA_DIR", None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.errors.server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT_ROOT,
            env=environment,
        )
        assert self.process.stdout and self.process.stdout.readline() == "ready\n"

    def call(self, arguments: tuple[str, ...], data: Path, **options: Any) -> Result:
        """Call the command line over a data folder."""
        assert self.process.stdin and self.process.stdout
        own = options.pop("environment", {})
        environment = {"C360_DATA_DIR": str(data), **own}
        is_loaded_anew = bool(own or options)
        call = {"arguments": arguments, "environment": environment, **options}
        call |= {"is_loaded_anew": is_loaded_anew}
        self.process.stdin.write(json.dumps({"folder": str(PROJECT_ROOT), **call}) + "\n")
        self.process.stdin.flush()
        return Result(**json.loads(self.process.stdout.readline()))

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(timeout=30)


def give_back(folder: Path) -> None:
    """Make a folder one that can be removed again."""
    for path in (folder, *folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
