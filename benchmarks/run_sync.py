"""One run of a sync in a process of its own: `run_sync FOLDER SYNC`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from orchestration.activation import definitions
from orchestration.activation.running import run_sync
from orchestration.settings import DBT_PROJECT_DIR, Settings


def main(folder: Path, name: str) -> None:
    """Run it and print what became of the rows, as JSON.

    Parameters:
        folder: with the warehouse, and the sync's and destination's files below `activation`.
        name: of the sync.
    """
    # An absolute folder stands in for that of the project, whose manifest is read as it is.
    definitions.FOLDER = folder / "activation"
    begun, cpu = time.perf_counter(), time.process_time()
    ended = run_sync(Settings(folder, folder / "landing", DBT_PROJECT_DIR), name)
    print(
        json.dumps({
            "state": ended.state, "accepted": ended.accepted, "calls": ended.calls,
            "operations": {o: n for o, n in ended.plan.counts.items() if n},
            "seconds": round(time.perf_counter() - begun, 2),
            "cpu": round(time.process_time() - cpu, 2),
        })
    )  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
