"""A run on the next day: a preloaded library adds a day to what the process takes for now.

Nothing else makes a day pass for a whole process: DuckDB's `current_date` can't be set, and
`C360_AS_OF` is a replay, which moves the clock of the data as well.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("shifted_clock.c")
DAY_SECONDS = 86_400


def clock_library(folder: Path) -> Path | None:
    """Compile the library.

    Parameters:
        folder: where it is put.

    Returns:
        Its path; None without a C compiler, or where the library can't be made.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    library = folder / "shifted_clock.so"
    command = [compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE), "-ldl"]
    made = subprocess.run(command, capture_output=True, check=False)
    return library if made.returncode == 0 else None


def environment_on(library: Path | None, days: int) -> dict[str, str]:
    """What the environment of a child needs so that it runs some days later.

    Parameters:
        library: from `clock_library`; None leaves the clock alone.
        days: 0 for today, with the library all the same, so that all runs bear its cost.
    """
    if library is None:
        return {}
    return {"LD_PRELOAD": str(library), "SHIFTED_CLOCK_SECONDS": str(days * DAY_SECONDS)}
