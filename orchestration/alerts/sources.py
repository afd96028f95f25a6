"""Which alerts follow from the freshness of the sources."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from orchestration.alerts.alert import Alert
from orchestration.alerts.runs import installation
from orchestration.freshness import ERROR, UNKNOWN, SourceFreshness
from orchestration.settings import Settings

REMEDY = {
    UNKNOWN: "Correct loaded_at_field or freshness of the source in its YAML.",
    "": "Ask whoever delivers it, or run c360 run if there are files that no run has read.",
}


def stale_sources(
    settings: Settings, stale: Sequence[SourceFreshness], now: datetime
) -> list[Alert]:
    """An alert per source table that is older than its YAML expects.

    Parameters:
        settings: paths.
        stale: what was found of those tables.
        now: the moment at which their age counts.
    """
    alerts = []
    for entry in stale:
        state = entry.state(now)
        facts: dict[str, str | int | float] = {
            "looked at": f"{entry.checked_at:%Y-%m-%d %H:%M} UTC",
            **installation(settings),
        }
        if entry.newest_at:
            facts = {"hours old": round((now - entry.newest_at).total_seconds() / 3600, 1), **facts}
        degree = " for long" if state == ERROR and entry.warn_after else ""
        title = f"{entry.label} has nothing new{degree}"
        if state == UNKNOWN:
            title = f"the freshness of {entry.label} is unknown"
        text = f"{entry.sentence(now)}. {REMEDY.get(state, REMEDY[''])}"
        alerts.append(
            Alert("stale_source", title, text, now, facts=facts, cause=state, subject=entry.label)
        )
    return alerts
