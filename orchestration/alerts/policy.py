"""The numbers of `policy.yml`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Policy:
    """When somebody is told; `policy.yml` gives the reasons.

    Attributes:
        runs, unchanged_share, at_least_runs, factor, at_least_seconds: what makes a finished run
            slow.
        in_progress_runs, without_history_seconds: what makes one in progress slow.
        repeat, repeat_warning: after which time the same cause is told again.
        forget: after which time a cause is forgotten.
        seconds: bound for all alerts of one occasion.
        timeout_seconds: bound for each connection.
        pauses_seconds: before further tries.
        rest: how long who looks each minute leaves a channel alone that took nothing.
    """

    runs: int
    unchanged_share: float
    at_least_runs: int
    factor: float
    at_least_seconds: float
    in_progress_runs: int
    without_history_seconds: float
    repeat: timedelta
    repeat_warning: timedelta
    forget: timedelta
    seconds: float
    timeout_seconds: float
    pauses_seconds: tuple[float, ...]
    rest: timedelta


@cache
def policy() -> Policy:
    """The policy of this installation."""
    content = yaml.safe_load((Path(__file__).parent / "policy.yml").read_text(encoding="utf-8"))
    slow, repeat, delivery = content["slow_run"], content["repeat"], content["delivery"]
    return Policy(
        **slow,
        repeat=timedelta(hours=repeat["hours"]),
        repeat_warning=timedelta(hours=repeat["warning_hours"]),
        forget=timedelta(days=repeat["forget_days"]),
        seconds=float(delivery["seconds"]),
        timeout_seconds=float(delivery["timeout_seconds"]),
        pauses_seconds=tuple(float(s) for s in delivery["pauses_seconds"]),
        rest=timedelta(seconds=delivery["rest_seconds"]),
    )
