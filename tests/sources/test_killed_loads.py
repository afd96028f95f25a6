"""kill -9 at any moment of a load, then run it again: the same as one that nobody disturbed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from orchestration.ingest import load_all
from orchestration.settings import Settings
from tests.sources.test_incremental import EVENTS, ORDERS, fresh, results

LOADER = """
import sys
from pathlib import Path
from orchestration.ingest import load_all
from orchestration.settings import Settings
from tests.sources.test_incremental import EVENTS, ORDERS
settings = Settings(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[2]))
print("ready", flush=True)
load_all(settings, [ORDERS, EVENTS])
"""
KILLS = 4
DAYS = 20


def deliver(landing: Path, day: int) -> None:
    """A day's files: large enough that a load takes a while, with something wrong in each."""
    for part in range(3):
        path = landing / "shop" / f"{day}-{part}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = "".join(f'k{day}-{part}-{i},{i}.50,"a\n{i}"\n' for i in range(15_000))
        path.write_text(f"id,amount,note\n{rows}k0,no amount,n\n")
    events = landing / "web" / "events.ndjson"
    events.parent.mkdir(exist_ok=True)
    with events.open("a") as handle:
        handle.writelines(f'{{"id": "e{day}-{i}", "note": "n"}}\n' for i in range(30_000))
        handle.write("torn\n")


def test_killed_loads_leave_no_trace(settings: Settings, tmp_path: Path) -> None:
    chance = random.Random(36)
    killed, longest = 0, 0.9
    for day in range(DAYS):
        deliver(settings.landing_dir, day)
        process = subprocess.Popen(
            [sys.executable, "-c", LOADER, str(settings.data_dir), str(settings.landing_dir)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0, longest))
        process.send_signal(signal.SIGKILL)
        process.stdout.close()
        if process.wait() == -signal.SIGKILL:
            killed += 1
        else:
            # This machine loads faster than we waited.
            longest /= 2
        if killed == KILLS:
            break
    assert killed == KILLS, "the loads ended before they were killed"
    load_all(settings, [ORDERS, EVENTS])
    assert results(settings) == fresh(settings, tmp_path / "fresh")
    again = load_all(settings, [ORDERS, EVENTS])
    assert [table.files_read for table in again] == [0, 0]
