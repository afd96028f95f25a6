"""Sending: every channel at its own pace, all together within a bound."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from orchestration.alerts.alert import Alert, Sent
from orchestration.alerts.channels import Channel
from orchestration.alerts.policy import policy
from orchestration.errors import UserError
from orchestration.logs import log
from orchestration.retries import retrying


@dataclass(frozen=True)
class Limits:
    """How long sending may take.

    Attributes:
        seconds: for everything, from `deliver` to its end.
        timeout_seconds: for each connection.
        pauses_seconds: before further tries.
    """

    seconds: float
    timeout_seconds: float
    pauses_seconds: tuple[float, ...]

    @classmethod
    def of_policy(cls) -> Limits:
        """The limits of policy.yml."""
        stated = policy()
        return cls(stated.seconds, stated.timeout_seconds, stated.pauses_seconds)


Delivered = tuple[Channel, Alert, Sent]


def deliver(work: Mapping[Channel, Sequence[Alert]], limits: Limits) -> list[Delivered]:
    """Send alerts and wait for what becomes of them, but never longer than the limit.

    Each channel has a thread of its own, so that one that hangs costs the others nothing.

    Parameters:
        work: the alerts of each channel.
        limits: how long it may take.

    Returns:
        One entry per channel and alert. Nothing is raised.
    """
    deadline = time.monotonic() + limits.seconds
    done: dict[Channel, list[Sent]] = {channel: [] for channel in work}

    def send_all(channel: Channel) -> None:
        for alert in work[channel]:
            done[channel].append(_send(channel, alert, deadline, limits))

    # Daemons: the end of the process waits for no receiver.
    threads = [
        threading.Thread(target=send_all, args=(channel,), name="alerts", daemon=True)
        for channel in work
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    late = f"no answer within {limits.seconds:.0f} seconds, which is as long as a run waits"
    outcome: list[Delivered] = []
    for channel, alerts in work.items():
        sent = list(done[channel])
        for place, alert in enumerate(alerts):
            in_time = place < len(sent)
            nothing = Sent(alert.kind, channel.label, False, late, limits.seconds)
            outcome.append((channel, alert, sent[place] if in_time else nothing))
    for _, _, entry in outcome:
        (log().info if entry.ok else log().warning)("%s", entry.sentence)
    return outcome


def _send(channel: Channel, alert: Alert, deadline: float, limits: Limits) -> Sent:
    started = time.monotonic()

    def try_once() -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise UserError("there was no time left for it")
        channel.send(alert, min(limits.timeout_seconds, left))

    try:
        retrying(try_once, channel.label, waits=limits.pauses_seconds, sleep=_within(deadline))
        return Sent(alert.kind, channel.label, True, "sent", time.monotonic() - started)
    except UserError as error:
        return Sent(alert.kind, channel.label, False, str(error), time.monotonic() - started)
    except Exception as error:
        # Its text may hold the address, which is a secret.
        text = f"not sent ({type(error).__name__})"
        return Sent(alert.kind, channel.label, False, text, time.monotonic() - started)


def _within(deadline: float) -> Callable[[float], None]:
    def sleep(seconds: float) -> None:
        time.sleep(max(0.0, min(seconds, deadline - time.monotonic())))

    return sleep
