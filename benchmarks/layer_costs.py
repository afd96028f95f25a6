"""What each step of a run cost: the kernel's counters of its process, sampled, by Dagster's times.

The steps of a run follow one another in one process, so what the process used between a step's
begin and its end is the step's. A thread that works beside the steps, such as an import ahead of
its need, counts to the step beside which it works. Linux only; elsewhere there are seconds alone.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

INTERVAL_SECONDS = 0.1
BEFORE, AFTER = "(before the first step)", "(after the last step)"


@dataclass(frozen=True)
class Sample:
    """Counters of a process at a moment.

    Attributes:
        at: seconds since 1970.
        cpu_seconds: user and system time, with that of children it has waited for.
        megabytes: its resident set.
        written_megabytes: what it has sent to the disk, caches included.
    """

    at: float
    cpu_seconds: float
    megabytes: float
    written_megabytes: float


class Sampler:
    """Samples a process until it is gone.

    Attributes:
        samples: in the order of time.
    """

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self._thread: threading.Thread | None = None

    def watch(self, pid: int) -> None:
        """Begin with a process that has just been started."""
        self._thread = threading.Thread(target=self._watch, args=(pid,), daemon=True)
        self._thread.start()

    def end(self) -> list[Sample]:
        """The samples, after the process has ended."""
        if self._thread:
            self._thread.join()
        return self.samples

    def _watch(self, pid: int) -> None:
        while (sample := _sample(pid)) is not None:
            self.samples.append(sample)
            time.sleep(INTERVAL_SECONDS)


def _sample(pid: int) -> Sample | None:
    folder = Path("/proc") / str(pid)
    try:
        # The name, in parentheses, may hold blanks.
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        written = (folder / "io").read_text().partition("\nwrite_bytes: ")[2].split()[0]
    except (OSError, IndexError):
        return None
    if fields[0] == "Z":
        return None
    ticks = sum(map(int, fields[11:15]))
    pages = int(fields[21])
    return Sample(
        time.time(),
        ticks / os.sysconf("SC_CLK_TCK"),
        pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
        int(written) / 1e6,
    )


def step_costs(
    spans: Mapping[str, tuple[float, float]], samples: Sequence[Sample]
) -> dict[str, dict[str, float]]:
    """Seconds, CPU seconds, peak and megabytes written of each step, and of what is around them.

    Parameters:
        spans: begin and end of each step, seconds since 1970 by the samples' clock.
        samples: of the process; without them the costs are seconds alone.
    """
    if not spans:
        return {}
    if not samples:
        return {step: {"seconds": round(end - begin, 2)} for step, (begin, end) in spans.items()}
    at, cpu, held, written = np.array(
        [(s.at, s.cpu_seconds, s.megabytes, s.written_megabytes) for s in samples]
    ).T
    first, last = min(b for b, _ in spans.values()), max(e for _, e in spans.values())
    around = {BEFORE: (at[0], first), **spans, AFTER: (last, max(last, at[-1]))}
    costs = {}
    for step, (begin, end) in around.items():
        within = held[(at >= begin) & (at <= end)]
        costs[step] = {
            "seconds": round(float(end - begin), 2),
            "cpu_seconds": round(float(np.diff(np.interp((begin, end), at, cpu))[0]), 2),
            "peak_megabytes": round(float(within.max())) if within.size else 0.0,
            "written_megabytes": round(float(np.diff(np.interp((begin, end), at, written))[0]), 1),
        }
    return costs
