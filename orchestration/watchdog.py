"""A run that stands still ends, says in which step, and lets go of the warehouse.

Libraries can lose a thread or wait for each other for good, above all where the system refuses them
memory. Whoever waits for the writer lock would then wait for good as well. So a thread looks
whether anything moves: an event of the run (`beat`), processor time, or reading and writing of
files. What stands still for `C360_STALL_MINUTES` (10) is ended with a sentence, where each thread
stood is kept, and the kernel gives the lock back when the process goes.

Python's own `faulthandler` ends the process without a word where even that thread can't run,
because another never lets go of the interpreter.
"""

from __future__ import annotations

import faulthandler
import math
import os
import resource
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from orchestration.errors import UserError
from orchestration.logs import log
from orchestration.memory import shortage
from orchestration.settings import Settings

VARIABLE = "C360_STALL_MINUTES"
DEFAULT_MINUTES = 10.0
BUSY_SHARE = 0.05
"""Of one core. A terminal's display takes 1 to 2 per cent, a run that waits for a disk more."""
BUSY_BLOCKS = 2048
"""Blocks of 512 bytes read or written within the time: 1 MB, which nothing idle does."""
LOOKS = 20
"""How often it looks within the time."""
LAST_WORDS_SECONDS = 20
WITHOUT_INTERPRETER = 3
"""So many times as long a process may be silent that can't even run this thread."""
LOST_THREAD_SECONDS = 30.0
"""How long nothing may move once a thread has died, because somebody may wait for it."""

_last_event = 0.0


@dataclass(frozen=True)
class _Sample:
    at: float
    cpu_seconds: float
    blocks: int

    @classmethod
    def now(cls) -> _Sample:
        own = resource.getrusage(resource.RUSAGE_SELF)
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_seconds = time.process_time() + ended.ru_utime + ended.ru_stime + _of_children()
        blocks = own.ru_inblock + own.ru_oublock + ended.ru_inblock + ended.ru_oublock
        return cls(time.monotonic(), cpu_seconds, blocks)


def _of_children() -> float:
    """Processor seconds of children that have not ended, such as a parse ahead; Linux only."""
    seconds = 0.0
    for path in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError, ValueError, IndexError):
            for pid in path.read_text().split():
                # The name, in parentheses, may hold anything; the counters come after it.
                counters = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                seconds += (int(counters[11]) + int(counters[12])) / os.sysconf("SC_CLK_TCK")
    return seconds


def beat() -> None:
    """Say that something was finished: a node of dbt, a step, a batch of rows."""
    global _last_event
    _last_event = time.monotonic()


def stall_seconds() -> float | None:
    """How long nothing may move, in seconds, from `C360_STALL_MINUTES`; None when it is 0.

    Raises:
        UserError: the variable is no number of minutes.
    """
    text = os.environ.get(VARIABLE, "").strip()
    try:
        minutes = float(text) if text else DEFAULT_MINUTES
    except ValueError:
        minutes = math.nan
    if not 0 <= minutes <= 100_000:
        raise UserError(
            f"{VARIABLE} is {text[:40]!r}, which is no number of minutes. Set how long a run may "
            f"stand still before it is ended, such as {VARIABLE}={DEFAULT_MINUTES:g}, or 0 to have "
            "it wait for good.",
            2,
        )
    return minutes * 60 or None


@contextmanager
def watch(
    settings: Settings,
    where: Callable[[], str],
    on_stall: Callable[[str], None],
    seconds: float | None = None,
) -> Iterator[None]:
    """End this process when the block stands still.

    Parameters:
        settings: paths; `logs/stalled.txt` gets where each thread stood, which names files and
            lines and never data.
        where: names the step that the run is in; called from another thread.
        on_stall: told the sentence before the process ends with code 1, to record it; it has
            twenty seconds and is called from another thread.
        seconds: how long nothing may move; `C360_STALL_MINUTES` when None.

    Raises:
        UserError: the environment does not say how long, or the system has no thread to spare.
    """
    patience = stall_seconds() if seconds is None else seconds
    if patience is None:
        yield
        return
    settings.log_dir.mkdir(parents=True, exist_ok=True)
    beat()
    with (settings.log_dir / "stalled.txt").open("a") as places:
        dog = _Watchdog(patience, where, on_stall, places)
        dog.start()
        try:
            with _told_of_lost_threads(dog.lose):
                yield
        finally:
            dog.stop()


@contextmanager
def _told_of_lost_threads(lose: Callable[[BaseException | None], None]) -> Iterator[None]:
    """Hear of threads that end by an exception.

    A thread that has no memory to begin with is told by `sys.unraisablehook` alone, and whoever
    has started it waits for it in `Thread.start` for good.
    """
    by_thread, by_start = threading.excepthook, sys.unraisablehook

    def ended(args: threading.ExceptHookArgs) -> None:
        lose(args.exc_value)
        by_thread(args)

    def ignored(args: sys.UnraisableHookArgs) -> None:
        if "thread" in (args.err_msg or ""):
            lose(args.exc_value)
        by_start(args)

    threading.excepthook, sys.unraisablehook = ended, ignored
    try:
        yield
    finally:
        threading.excepthook, sys.unraisablehook = by_thread, by_start


class _Watchdog(threading.Thread):
    def __init__(
        self,
        patience: float,
        where: Callable[[], str],
        on_stall: Callable[[str], None],
        places: IO[str],
    ) -> None:
        super().__init__(name="watchdog", daemon=True)
        self.patience = patience
        self.where = where
        self.on_stall = on_stall
        self.places = places
        self.over = False
        self.woken = threading.Event()
        self.lost: str | None = None

    def start(self) -> None:
        try:
            self._set_fuse()
            super().start()
        except RuntimeError as error:
            faulthandler.cancel_dump_traceback_later()
            raise UserError(
                f"The run can't begin: {shortage(error) or 'no thread can be started.'}"
            ) from None

    def stop(self) -> None:
        self.over = True
        self.woken.set()
        self.join(timeout=LAST_WORDS_SECONDS)
        faulthandler.cancel_dump_traceback_later()

    def lose(self, error: BaseException | None) -> None:
        """A thread has died; had it no memory, whoever waits for it need not wait long."""
        if reason := shortage(error) if error else None:
            self.lost = reason
            self.patience = min(self.patience, LOST_THREAD_SECONDS)
            self.woken.set()

    def run(self) -> None:
        samples = deque([_Sample.now()], maxlen=1000)
        while not self.over:
            self.woken.wait(self.patience / LOOKS)
            self.woken.clear()
            # Without memory it can't look; the fuse then ends what has none for good.
            with suppress(MemoryError):
                self._look(samples)

    def _look(self, samples: deque[_Sample]) -> None:
        sample = _Sample.now()
        if sample.at - samples[-1].at > max(self.patience / 4, 1.0):
            # Whoever was stopped with Ctrl-Z, or got no turn, has not stood still by itself.
            samples.clear()
            beat()
        samples.append(sample)
        with suppress(RuntimeError):
            # The fuse is a thread of its own; where there is none to spare, this one still looks.
            self._set_fuse()
        while samples[0].at < sample.at - self.patience:
            samples.popleft()
        if not self.over and self._stands_still(samples):
            self._end()

    def _set_fuse(self) -> None:
        faulthandler.dump_traceback_later(
            WITHOUT_INTERPRETER * self.patience, exit=True, file=self.places
        )

    def _stands_still(self, samples: deque[_Sample]) -> bool:
        first, last = samples[0], samples[-1]
        if last.at - max(_last_event, first.at) < self.patience * (LOOKS - 1) / LOOKS:
            return False
        cpu = last.cpu_seconds - first.cpu_seconds
        blocks = last.blocks - first.blocks
        return cpu < BUSY_SHARE * (last.at - first.at) and blocks < BUSY_BLOCKS

    def _end(self) -> None:
        # Whatever is called from here may wait for a lock that a lost thread holds.
        with suppress(RuntimeError):
            faulthandler.dump_traceback_later(LAST_WORDS_SECONDS, exit=True, file=self.places)
        with suppress(Exception):
            self.places.write(
                f"process {os.getpid()}, {time.strftime('%F %T', time.gmtime())} UTC\n"
            )
            self.places.flush()
            faulthandler.dump_traceback(file=self.places)
        text = stalled_text(self.where(), self.patience, Path(self.places.name), self.lost)
        _print(text)
        with suppress(Exception):
            self.on_stall(text)
        with suppress(Exception):
            log().error(text)
        os._exit(1)


def stalled_text(step: str, seconds: float, places: Path, lost: str | None = None) -> str:
    """One paragraph about a run that stood still.

    Parameters:
        step: where it stood.
        seconds: for how long.
        places: the file with where each thread stood.
        lost: why a thread has died, when that was for want of memory.
    """
    duration = f"{seconds / 60:g} minutes" if seconds >= 60 else f"{seconds:g} seconds"
    why = (
        f"A thread was lost, because {lost}"
        if lost
        else "If memory is short, lower C360_MEMORY_LIMIT and C360_THREADS or take a larger "
        f"machine; if the step waits for a slow server, give it more time with {VARIABLE}."
    )
    return (
        f"The run stood still in step {step or 'prepare'}: for {duration} nothing was finished, no "
        "processor time used and no file read or written, so it was ended. What is published stays "
        f"as it was. {why} Where it stood is in {places}; start it again."
    )


def _print(text: str) -> None:
    # A live display has hidden the cursor of the terminal and would never bring it back.
    show_cursor = "\x1b[?25h\n" if sys.stderr and sys.stderr.isatty() else ""
    with suppress(OSError):
        os.write(2, f"{show_cursor}✗ {text}\n".encode(errors="replace"))
