"""What is told of a source whose rows are old, from what the last load has kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from orchestration.alerts.delivery import Limits
from orchestration.alerts.telling import after_run, look
from orchestration.freshness import SourceFreshness, freshness_path, read_freshness
from orchestration.settings import Settings
from tests.alerts.receivers import hook_server
from tests.alerts.test_telling import GOOD

LIMITS = Limits(5, 1, (0.01,))


def test_stale_is_told_between_runs_and_when_it_is_over(settings: Settings) -> None:
    """Age counts from the newest row to the moment of looking, so nothing has to be loaded."""
    at = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
    entry = {
        "source": "shop", "table": "orders", "newest_at": at.isoformat(),
        "warn_after_seconds": 86400, "error_after_seconds": 3 * 86400,
        "checked_at": at.isoformat(), "failure": "",
    }  # fmt: skip
    settings.data_dir.mkdir()
    freshness_path(settings).write_text(json.dumps([entry]))
    with hook_server() as hook:
        environ = {"C360_ALERT_WEBHOOK": hook.url}
        told = []
        for hours in range(0, 100, 2):
            before = len(hook.posted)
            look(settings, [], environ=environ, now=at + timedelta(hours=hours), limits=LIMITS)
            told += [(hours, p["title"]) for p in hook.posted[before:]]
        assert told == [
            (26, "shop.orders has nothing new"),
            (46, "shop.orders has nothing new"),
            (66, "shop.orders has nothing new"),
            (74, "shop.orders has nothing new for long"),
            (94, "shop.orders has nothing new for long"),
        ]
        assert (
            "newest row of 2026-11-27 12:00 UTC, expected at least every day"
            in (hook.posted[0]["text"])
        )
        newer = {**entry, "newest_at": (at + timedelta(hours=98)).isoformat()}
        freshness_path(settings).write_text(json.dumps([newer]))
        for hours in (100, 102):
            look(settings, [], environ=environ, now=at + timedelta(hours=hours), limits=LIMITS)
        assert [p["title"] for p in hook.posted[5:]] == ["shop.orders is fresh again"]


def test_a_stale_source_is_not_told_as_a_warning_as_well(settings: Settings) -> None:
    now = datetime.now(UTC)
    stale = SourceFreshness("shop", "orders", now - timedelta(days=9), timedelta(1), None, now)
    settings.data_dir.mkdir()
    freshness_path(settings).write_text(
        json.dumps([{
            "source": "shop", "table": "orders", "newest_at": stale.newest_at.isoformat(),  # type: ignore[union-attr]
            "warn_after_seconds": 86400, "error_after_seconds": None,
            "checked_at": now.isoformat(), "failure": "",
        }])
    )  # fmt: skip
    run = {**GOOD.__dict__, "warnings": [f"shop/orders: {stale.sentence(now)}"]}
    with hook_server() as hook:
        environ = {"C360_ALERT_WEBHOOK": hook.url}
        after_run(settings, type(GOOD)(**run), environ=environ, limits=LIMITS)
    assert [p["kind"] for p in hook.posted] == ["stale_source"]


@pytest.mark.parametrize("content", ["", "{}", "[1]", '[{"source": 1}]', "null"])
def test_a_damaged_file_says_nothing(settings: Settings, content: str) -> None:
    settings.data_dir.mkdir()
    freshness_path(settings).write_text(content)
    assert read_freshness(settings) == []
