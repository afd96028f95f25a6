"""`c360` begins here: also while the program is still loading, a signal ends it with a sentence."""

from __future__ import annotations

import os
import signal
import sys

STOPPED, INCOMPLETE = 130, 3


def main() -> None:
    """Load the command line and hand over to it."""
    # Who stops a service sends SIGTERM; it means what Ctrl-C means.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        from orchestration.cli import main as command_line
    except KeyboardInterrupt:
        _end("Stopped by you. Nothing was begun.", STOPPED)
    except (ImportError, OSError, MemoryError) as error:
        _end(
            f"c360 can't be loaded: {type(error).__name__}: {error}. If memory or disk is short, "
            "free some; otherwise `make setup` in the project sets the environment up again.",
            INCOMPLETE,
        )
    command_line()


def _end(text: str, code: int) -> None:
    os.write(2, f"{text}\n".encode(sys.getfilesystemencoding(), "backslashreplace"))
    os._exit(code)


if __name__ == "__main__":
    main()
