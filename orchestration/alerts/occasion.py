"""One occasion of telling: what is due on which channel, what is over, and what is remembered."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from orchestration.alerts.alert import Alert, Sent
from orchestration.alerts.channels import Channel, Channels
from orchestration.alerts.delivery import Delivered, Limits, deliver
from orchestration.alerts.memory import Memory, Told, alone
from orchestration.alerts.runs import installation
from orchestration.settings import Settings

Over = Callable[[Told], bool]


@dataclass(frozen=True)
class Occasion:
    """A run has ended, or somebody looks between runs.

    Attributes:
        settings: paths; what was told is kept in the data folder.
        channels: where to and which kinds.
        now: the moment.
        limits: how long all of it may take.
    """

    settings: Settings
    channels: Channels
    now: datetime
    limits: Limits

    def tell(self, alerts: list[Alert], is_over: Over | None, wait: bool) -> list[Sent]:
        """Send what is due and remember it.

        Parameters:
            alerts: all that is true now, told before or not.
            is_over: which causes of before are over; stale sources are when no alert is about them.
            wait: whether to wait while another process tells; otherwise it is left for later.

        Returns:
            What was tried.
        """
        began = time.monotonic()
        patience = self.limits.seconds / 2 if wait else 0
        with alone(self.settings.data_dir / "alerts.lock", patience) as mine:
            if not (mine or wait):
                return []
            memory = Memory(self.settings.data_dir / "alerts.json", self.now)
            ended = self._ended(memory, alerts, is_over)
            work = {
                channel: due
                for channel in self.channels.all
                if (wait or not memory.is_resting(channel.label))
                and (due := self._due(memory, channel, alerts, ended))
            }
            if not work and not ended:
                return []
            left = max(self.limits.seconds - (time.monotonic() - began), 1.0)
            delivered = deliver(work, replace(self.limits, seconds=left))
            self._remember(memory, delivered, ended)
            memory.save()
        return [sent for _, _, sent in delivered]

    def _due(
        self, memory: Memory, channel: Channel, alerts: list[Alert], ended: dict[Alert, list[str]]
    ) -> list[Alert]:
        due = [alert for alert in alerts if memory.is_due(alert, channel.label)]
        due += [
            alert
            for alert, keys in ended.items()
            if any(channel.label in memory.told[key].told_at for key in keys)
        ]
        return [alert for alert in due if alert.kind in self.channels.kinds]

    def _ended(
        self, memory: Memory, alerts: Sequence[Alert], is_over: Over | None
    ) -> dict[Alert, list[str]]:
        """What was told and is over: one alert per source and one for runs, with their causes."""
        stale = {alert.subject for alert in alerts if alert.kind == "stale_source"}
        ended: dict[str, list[str]] = {}
        oldest_first = sorted(memory.told.items(), key=lambda item: min(item[1].told_at.values()))
        for key, told in oldest_first:
            if told.kind == "stale_source" and told.subject not in stale:
                ended.setdefault(f"{told.subject} is fresh again", []).append(key)
            elif is_over and is_over(told):
                ended.setdefault("runs succeed again", []).append(key)
        facts = installation(self.settings)
        return {
            Alert(
                "recovered",
                title,
                f"Over: {'; '.join(memory.told[key].title for key in keys)}.",
                self.now,
                facts=facts,
            ): keys
            for title, keys in ended.items()
        }

    def _remember(
        self, memory: Memory, delivered: list[Delivered], ended: dict[Alert, list[str]]
    ) -> None:
        outcomes = {(alert, channel.label): sent.ok for channel, alert, sent in delivered}
        reachable = {channel.label for channel in self.channels.all}
        is_wanted = "recovered" in self.channels.kinds
        for channel, alert, sent in delivered:
            memory.note_outcome(channel.label, sent.ok)
            if sent.ok and alert not in ended:
                memory.remember(alert, channel.label)
        for alert, keys in ended.items():
            for key in keys:
                told_at = memory.told[key].told_at
                for label in list(told_at):
                    # Who could not be told that it is over is told at the next occasion.
                    owed = is_wanted and label in reachable
                    if not owed or outcomes.get((alert, label)):
                        del told_at[label]
                if not told_at:
                    del memory.told[key]
