"""What was told already, so that the same is not told again and again: `<data>/alerts.json`."""

from __future__ import annotations

import fcntl
import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from orchestration.alerts.alert import Alert
from orchestration.alerts.policy import policy
from orchestration.logs import log

_unwritten: dict[Path, Known] = {}
"""What could not be written, such as on a full disk: a process that looks each minute must not
tell each minute."""


@dataclass
class Told:
    """One cause that somebody has been told of.

    Attributes:
        kind, subject, title: of the alert.
        told_at: when, by channel.
    """

    kind: str
    subject: str
    title: str
    told_at: dict[str, datetime] = field(default_factory=dict)


@dataclass
class Known:
    """What the file holds.

    Attributes:
        told: what was told, by `key_of`.
        failed_at: when a channel last did not take an alert, by channel.
    """

    told: dict[str, Told] = field(default_factory=dict)
    failed_at: dict[str, datetime] = field(default_factory=dict)


def key_of(alert: Alert) -> str:
    """What is the same for alerts of the same cause."""
    words = f"{alert.kind}\n{alert.subject}\n{alert.cause or alert.title}"
    return hashlib.sha256(words.encode()).hexdigest()[:32]


class Memory:
    """What was told.

    Parameters:
        path: the file; it need not be there, and a damaged one counts as empty.
        now: the moment of this occasion, with a time zone.
    """

    def __init__(self, path: Path, now: datetime) -> None:
        self.path = path
        self.now = now
        self._known = _unwritten.get(path) or _read(path)
        self._forget_old()

    @property
    def told(self) -> dict[str, Told]:
        """What was told, by `key_of`; changed by the caller when something is over."""
        return self._known.told

    def is_due(self, alert: Alert, channel: str) -> bool:
        """Whether a channel is to be told, because it has not been or not for long."""
        known = self.told.get(key_of(alert))
        at = known.told_at.get(channel) if known else None
        stated = policy()
        repeat = stated.repeat_warning if alert.kind == "warning" else stated.repeat
        # A moment that lies ahead is a clock that was set back: tell.
        return at is None or not timedelta(0) <= self.now - at < repeat

    def remember(self, alert: Alert, channel: str) -> None:
        """Note that a channel has been told."""
        entry = self.told.setdefault(key_of(alert), Told(alert.kind, alert.subject, alert.title))
        entry.told_at[channel] = self.now

    def note_outcome(self, channel: str, ok: bool) -> None:
        """Note whether a channel took an alert."""
        if ok:
            self._known.failed_at.pop(channel, None)
        else:
            self._known.failed_at[channel] = self.now

    def is_resting(self, channel: str) -> bool:
        """Whether a channel has failed so lately that who looks each minute leaves it alone."""
        at = self._known.failed_at.get(channel)
        return at is not None and timedelta(0) <= self.now - at < policy().rest

    def save(self) -> None:
        """Write the file in one step; where that fails this process keeps it in mind."""
        content = asdict(self._known)
        part = self.path.with_suffix(".json.part")
        try:
            text = json.dumps(content, indent=2, sort_keys=True, default=datetime.isoformat)
            part.write_text(text, encoding="utf-8")
            part.replace(self.path)
            _unwritten.pop(self.path, None)
        except OSError as error:
            _unwritten[self.path] = self._known
            log().warning("alerts.json can't be written: %s", type(error).__name__)

    def _forget_old(self) -> None:
        oldest = self.now - policy().forget
        self._known.told = {
            key: entry
            for key, entry in self.told.items()
            if any(at >= oldest for at in entry.told_at.values())
        }


def _read(path: Path) -> Known:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        told = {str(key): _told(entry) for key, entry in content["told"].items()}
        return Known(told, _instants(content["failed_at"]))
    except FileNotFoundError:
        return Known()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log().warning("alerts.json can't be read and counts as empty: %s", type(error).__name__)
        return Known()


def _told(entry: dict[str, Any]) -> Told:
    kind, subject, title = (str(entry[name]) for name in ("kind", "subject", "title"))
    return Told(kind, subject, title, _instants(entry["told_at"]))


def _instants(by_channel: dict[str, str]) -> dict[str, datetime]:
    return {str(c): datetime.fromisoformat(at).astimezone(UTC) for c, at in by_channel.items()}


@contextmanager
def alone(path: Path, seconds: float) -> Iterator[bool]:
    """Let one process at a time tell: a run that ends and the sensor may look at the same moment.

    Parameters:
        path: a file of this purpose.
        seconds: how long to wait for another process.

    Yields:
        Whether nobody else is telling. True also where the file can't be made.
    """
    try:
        handle = path.open("a")
    except OSError:
        yield True
        return
    with handle:
        deadline = time.monotonic() + seconds
        while not (mine := _lock(handle.fileno())) and time.monotonic() < deadline:
            time.sleep(0.1)
        try:
            yield mine
        finally:
            if mine:
                with suppress(OSError):
                    fcntl.flock(handle, fcntl.LOCK_UN)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
