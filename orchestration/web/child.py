"""Run a module as a child that ends when its parent does, by whatever signal that one ended.

`python -m orchestration.web.child PIPE MODULE ARGUMENT …`. The parent holds the other end of the
pipe; the kernel closes it with the parent, also after kill -9.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

SECONDS_TO_END = 10


def end_with(pipe: int) -> None:
    """Wait for the parent's end, then end this process: politely first.

    Parameters:
        pipe: a file descriptor that nobody writes to.
    """
    os.read(pipe, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(SECONDS_TO_END)
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Watch the pipe and become the module."""
    pipe, module = int(sys.argv[1]), sys.argv[2]
    os.set_inheritable(pipe, False)
    threading.Thread(target=end_with, args=(pipe,), name="parent", daemon=True).start()
    sys.argv = [module, *sys.argv[3:]]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except KeyboardInterrupt:  # between Dagster's own handlers
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    main()
