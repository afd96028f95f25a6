"""Calls of the command line, each in a process of its own, forked from one that has the libraries.

Starting Python and importing dbt and Dagster takes seconds a call; forking takes milliseconds.
Where a call has an environment of its own or is crippled, the product's own modules are imported in
the child, under that. Read a call as a line of JSON, write its result as one.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

LIBRARIES = (
    "duckdb",
    "typer.rich_utils",
    "typer.completion",
    "rich.progress",
    "rich.panel",
    "yaml",
    "ruamel.yaml",
    "sqlglot",
    "jinja2",
    "pandas",
    "pyarrow",
    "dagster",
    "dagster_dbt",
    "dagster_duckdb",
    "dbt.cli.main",
    "dbt.adapters.duckdb",
    "vizro.models",
    "plotly.graph_objects",
    "importlib.metadata",
    "sqlite3",
    "charset_normalizer",
    "getpass",
    "great_expectations",
    "orchestration.cli",
    "orchestration.definitions",
)
RIGHTS_OF_ROOT = (0, 1, 2, 3)
"""CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER: without them root is a user like any other."""
PR_CAPBSET_DROP = 24


def main() -> None:
    """Answer calls until the input ends."""
    for name in LIBRARIES:
        importlib.import_module(name)
    # What lives here is not walked, and so not copied, by the collector of each child.
    gc.freeze()
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


def answer(call: dict[str, Any]) -> dict[str, Any]:
    """Run a call and say how it ended.

    Parameters:
        call: arguments, environment (None unsets), folder, how the process is to be crippled, and
            `is_loaded_anew`: whether the product's modules are imported in it.
    """
    # Not a TemporaryDirectory: the child, which ends as a program does, would remove it.
    folder = tempfile.mkdtemp()
    out, err = Path(folder) / "out", Path(folder) / "err"
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            _become(call, out, err)
        except BaseException:
            err.write_text("The call was not made: " + traceback.format_exc())
        finally:
            os._exit(99)
    code = _wait(child, call.get("seconds", 120))
    result = {
        "code": code,
        "out": out.read_text(errors="replace") if out.exists() else "",
        "err": err.read_text(errors="replace") if err.exists() else "",
        "seconds": round(time.monotonic() - started, 2),
    }
    shutil.rmtree(folder)
    return result


def _wait(child: int, seconds: float) -> int:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -9


def _become(call: dict[str, Any], out: Path, err: Path) -> None:
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name, value in call.get("environment", {}).items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    os.chdir(call["folder"])
    if call.get("folder_is_gone"):
        Path(call["folder"]).rmdir()
    _streams(call, out, err)
    for name, most in call.get("limits", {}).items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))
    if os.geteuid() == 0:
        os.setgroups(call.get("groups", []))
        if group := call.get("group"):
            os.setresgid(group, group, group)
        _without_rights_of_root()
    tempfile.tempdir = None
    sys.argv = ["c360", *call["arguments"]]
    if call.get("is_loaded_anew"):
        for name in [n for n in sys.modules if n.partition(".")[0] == "orchestration"]:
            del sys.modules[name]
    importlib.import_module("orchestration.cli").main()


def _streams(call: dict[str, Any], out: Path, err: Path) -> None:
    encoding = os.environ.get("PYTHONIOENCODING", "utf-8")
    places = {0: call.get("stdin", os.devnull), 1: call.get("stdout", str(out)), 2: str(err)}
    if call.get("stderr") == "closed":
        places[2] = "closed"
    for number, place in places.items():
        name = ("stdin", "stdout", "stderr")[number]
        if place == "closed":
            os.close(number)
            setattr(sys, name, None)
            continue
        if place == "broken":
            reading, opened = os.pipe()
            os.close(reading)
        else:
            opened = os.open(place, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT, 0o666)
        os.dup2(opened, number)
        os.close(opened)
        mode = "r" if number == 0 else "w"
        setattr(sys, name, os.fdopen(number, mode, encoding=encoding, closefd=False))


def _without_rights_of_root() -> None:
    library = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    sets = (ctypes.c_uint32 * 6)()
    library.capget(header, sets)
    for right in RIGHTS_OF_ROOT:
        library.prctl(PR_CAPBSET_DROP, right, 0, 0, 0)
        for part in (0, 1, 2):
            sets[part] &= ~(1 << right)
    if library.capset(header, sets):
        raise OSError(ctypes.get_errno(), "capset")


if __name__ == "__main__":
    main()
