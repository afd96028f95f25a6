"""Where long work says how far it is: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.live import Live
from rich.table import Table
from rich.text import Text

from orchestration.terminal import Console, styled


class Reporter(Protocol):
    """What long work reports to."""

    def begin(self, step: str) -> None:
        """A step starts."""

    def advance(self, step: str, item: str, total: int) -> None:
        """One more of `total` items of the step is done."""

    def end(self, step: str, outcome: str, ok: bool = True) -> None:
        """The step is done; `outcome` is a short sentence with its numbers."""


class SilentReporter:
    """Reports nowhere: runs started by Dagster's daemon show their progress as Dagster events."""

    def begin(self, step: str) -> None:
        """Ignore."""

    def advance(self, step: str, item: str, total: int) -> None:
        """Ignore."""

    def end(self, step: str, outcome: str, ok: bool = True) -> None:
        """Ignore."""


class StepRecorder:
    """Passes everything on to another reporter and says which step the run is in.

    Parameters:
        told: the other reporter.
        enter_step: called with the step when one begins.
    """

    def __init__(self, told: Reporter, enter_step: Callable[[str], None]) -> None:
        self.told = told
        self.enter_step = enter_step

    def begin(self, step: str) -> None:
        """Say that a step begins."""
        self.enter_step(step)
        self.told.begin(step)

    def advance(self, step: str, item: str, total: int) -> None:
        """Pass on."""
        self.told.advance(step, item, total)

    def end(self, step: str, outcome: str, ok: bool = True) -> None:
        """Pass on."""
        self.told.end(step, outcome, ok)


class ConsoleReporter:
    """A table that grows a row per step, with the running one counting on.

    Parameters:
        console: where to draw. Without a terminal each finished step is printed as one line.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._rows: list[tuple[Text, str, float]] = []
        self._step = ""
        self._item = ""
        self._done = 0
        self._total = 0
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self._live: Live | None = None

    def __enter__(self) -> ConsoleReporter:
        if self.console.is_terminal:
            self._live = Live(
                get_renderable=self._render,
                console=self.console,
                refresh_per_second=4,
                vertical_overflow="visible",
            )
            self._live.__enter__()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._step = ""
        if self._live:
            self._live.__exit__(None, None, None)

    def begin(self, step: str) -> None:
        """Start counting a step."""
        with self._lock:
            self._step, self._item, self._done, self._total = step, "", 0, 0
            self._started = time.monotonic()

    def advance(self, step: str, item: str, total: int) -> None:
        """Show the item that was just done."""
        with self._lock:
            if step != self._step:
                self._step, self._done, self._started = step, 0, time.monotonic()
            self._done += 1
            self._item, self._total = item, max(total, self._done)

    def end(self, step: str, outcome: str, ok: bool = True) -> None:
        """Keep the step's outcome on the screen."""
        seconds = time.monotonic() - self._started
        mark = "[green]✓[/] " if ok else "[red]✗[/] "
        with self._lock:
            self._rows.append((styled(mark + "{}", step), outcome, seconds))
            self._step = ""
        if not self._live:
            line = styled(mark + "{} {}  [dim]{}[/]", f"{step:<18}", outcome, f"{seconds:.1f} s")
            # Whoever listened may be gone; the work does not depend on it.
            with contextlib.suppress(OSError):
                self.console.print(line)

    def _render(self) -> Table:
        table = Table.grid(padding=(0, 2))
        with self._lock:
            for step, outcome, seconds in self._rows:
                table.add_row(step, outcome, Text(f"{seconds:5.1f} s", style="dim"))
            if self._step:
                count = f"{self._done}/{self._total} " if self._total else ""
                seconds = time.monotonic() - self._started
                table.add_row(
                    f"… {self._step}",
                    styled("{}[dim]{}[/]", count, self._item),
                    f"{seconds:5.1f} s",
                )
        return table


_current: Reporter = SilentReporter()


def reporter() -> Reporter:
    """The reporter of this process."""
    return _current


def report_to(new: Reporter) -> None:
    """Send this process's progress to `new` from now on."""
    global _current
    _current = new


@contextmanager
def bar(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for work of which the size is known: called with (what, done, in all)."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<32}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting")
        yield lambda label, done, total: progress.update(
            task, description=label, completed=done, total=total
        )
