"""Publish, and be killed at a certain place: `python -m tests.publish.killed MODULE:NAME CALL`."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from typing import Any

from orchestration.publish import publish
from orchestration.settings import Settings


def main() -> None:
    """Kill this process in the place of the n-th call of a function."""
    place, call = sys.argv[1], int(sys.argv[2])
    module_name, name = place.split(":")
    module = importlib.import_module(module_name)
    as_it_is = getattr(module, name)
    calls = 0

    def kill(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return as_it_is(*arguments, **options)

    setattr(module, name, kill)
    publish(Settings.from_env())


if __name__ == "__main__":
    main()
