"""How fresh each source is: its newest business instant against what its YAML expects.

The expectation is dbt's own (`loaded_at_field`, `freshness` of a source table), and dbt evaluates
it after every load. What it found is kept in `operations.source_freshness` and, because nobody can
open the warehouse while a run writes it, in a file beside it, from which age and state follow at
any later moment.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from orchestration.errors import without_values
from orchestration.logs import log
from orchestration.settings import Settings
from orchestration.warehouse import Connect, connect_writer

PASS, WARN, ERROR, UNKNOWN = "pass", "warn", "error", "unknown"
STALE = (WARN, ERROR, UNKNOWN)
NO_INSTANT_BEFORE = datetime(1970, 1, 1, tzinfo=UTC)
"""dbt says year 1 where a table has no instant."""
COLUMNS = (
    "source_system varchar, source_table varchar, newest_at timestamp, warn_after interval, "
    "error_after interval, state varchar, checked_at timestamp, message varchar"
)


@dataclass(frozen=True)
class SourceFreshness:
    """What was found of one source table at the end of the last load.

    Attributes:
        source, table: as declared.
        newest_at: the newest instant that is not ahead of now, UTC; None where there is none.
        warn_after, error_after: the age from which on it is stale; None where not declared.
        checked_at: when dbt looked, UTC.
        failure: why it could not look, empty otherwise.
    """

    source: str
    table: str
    newest_at: datetime | None
    warn_after: timedelta | None
    error_after: timedelta | None
    checked_at: datetime
    failure: str = ""

    @property
    def label(self) -> str:
        """`source.table`, for messages."""
        return f"{self.source}.{self.table}"

    def state(self, now: datetime) -> str:
        """pass, warn or error as in dbt; unknown when dbt could not look.

        Parameters:
            now: the moment at which the age counts, with a time zone.
        """
        if self.failure:
            return UNKNOWN
        age = now - self.newest_at if self.newest_at else timedelta.max
        if self.error_after is not None and age > self.error_after:
            return ERROR
        if self.warn_after is not None and age > self.warn_after:
            return WARN
        return PASS

    def sentence(self, now: datetime) -> str:
        """What is found, for people; the same words while nothing but time goes on."""
        if self.failure:
            return f"{self.label}: freshness could not be looked at: {self.failure}"
        expected = self.error_after if self.state(now) == ERROR else self.warn_after
        limit = expected or self.error_after
        newest = (
            f"newest row of {self.newest_at:%Y-%m-%d %H:%M} UTC" if self.newest_at else "no row"
        )
        return f"{self.label}: {newest}, expected at least every {_duration(limit)}"


def _duration(limit: timedelta | None) -> str:
    minutes = int((limit or timedelta()).total_seconds() // 60)
    for size, unit in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes % size == 0:
            count = minutes // size
            return f"{count} {unit}s" if count != 1 else unit
    raise AssertionError("one minute divides all")


def declared(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Source and table of everything with an expectation, in order.

    Parameters:
        manifest: dbt's manifest.json as a mapping.
    """
    return sorted(
        (node["source_name"], node["name"])
        for node in manifest["sources"].values()
        if any(
            (node.get("freshness") or {}).get(limit, None) and node["freshness"][limit].get("count")
            for limit in ("warn_after", "error_after")
        )
    )


def freshness_path(settings: Settings) -> Path:
    """The file that says what was found."""
    return settings.data_dir / "source_freshness.json"


def measure_freshness(
    settings: Settings, manifest: Mapping[str, Any], connect: Connect | None = None
) -> list[SourceFreshness]:
    """Have dbt look at every source with an expectation, and keep what it finds.

    What goes wrong here is told as `unknown` of the source and never stops a load.

    Parameters:
        settings: paths; the caller holds the writer lock.
        manifest: dbt's manifest.json as a mapping.
        connect: gives connections that may write the warehouse; within a run, the resource's.
    """
    tables = declared(manifest)
    path = freshness_path(settings)
    if not tables and not path.exists():
        return []
    found = _look(settings, tables) if tables else []
    with connect() if connect else connect_writer(settings) as con:
        _keep(con, settings, found)
    return found


def _look(settings: Settings, tables: list[tuple[str, str]]) -> list[SourceFreshness]:
    from dbt.cli.main import dbtRunner

    from orchestration.transform.parsing import base_arguments, parse

    now = datetime.now(UTC)
    command = ["source", "freshness", *base_arguments(settings), "--no-write-json"]
    outcome = dbtRunner(manifest=parse(settings)).invoke(command)
    results: dict[tuple[str, str], Any] = {
        (result.node.source_name, result.node.name): result
        for result in getattr(outcome.result, "results", None) or ()
    }
    if outcome.exception:
        log().error("dbt source freshness: %s", without_values(str(outcome.exception)))
    return [_entry(key, results.get(key), now) for key in tables]


def _entry(key: tuple[str, str], result: Any, now: datetime) -> SourceFreshness:
    if result is None:
        failure = "dbt said nothing of it; see logs/c360.log in the data folder"
        return SourceFreshness(*key, None, None, None, now, failure)
    limits = (_limit(result.node.freshness.warn_after), _limit(result.node.freshness.error_after))
    if not hasattr(result, "max_loaded_at"):
        lines = [line.strip() for line in str(result.message or "").splitlines() if line.strip()]
        failure = without_values(" ".join(lines[:2])) or "dbt did not say why"
        return SourceFreshness(*key, None, *limits, now, failure)
    newest = result.max_loaded_at if result.max_loaded_at > NO_INSTANT_BEFORE else None
    return SourceFreshness(*key, newest, *limits, result.snapshotted_at)


def _limit(time: Any) -> timedelta | None:
    if not time or not time.count:
        return None
    return timedelta(**{f"{time.period.value}s": time.count})


def _keep(con: duckdb.DuckDBPyConnection, settings: Settings, found: list[SourceFreshness]) -> None:
    rows = [
        [
            entry.source,
            entry.table,
            entry.newest_at and entry.newest_at.astimezone(UTC).replace(tzinfo=None),
            entry.warn_after,
            entry.error_after,
            entry.state(entry.checked_at),
            entry.checked_at.astimezone(UTC).replace(tzinfo=None),
            entry.failure or None,
        ]
        for entry in found
    ]
    con.execute("create schema if not exists operations")
    con.execute(f"create or replace table operations.source_freshness ({COLUMNS})")
    if rows:
        con.executemany(
            "insert into operations.source_freshness values (?, ?, ?, ?, ?, ?, ?, ?)", rows
        )
    path = freshness_path(settings)
    part = path.with_suffix(".part")
    part.write_text(json.dumps([_as_json(entry) for entry in found], indent=2), encoding="utf-8")
    part.replace(path)


def _as_json(entry: SourceFreshness) -> dict[str, Any]:
    return {
        "source": entry.source,
        "table": entry.table,
        "newest_at": entry.newest_at.isoformat() if entry.newest_at else None,
        "warn_after_seconds": entry.warn_after.total_seconds() if entry.warn_after else None,
        "error_after_seconds": entry.error_after.total_seconds() if entry.error_after else None,
        "checked_at": entry.checked_at.isoformat(),
        "failure": entry.failure,
    }


def read_freshness(settings: Settings) -> list[SourceFreshness]:
    """What the last load found, also while a run is writing; empty where nothing is known.

    Parameters:
        settings: paths.
    """
    try:
        entries = json.loads(freshness_path(settings).read_text(encoding="utf-8"))
        return [_from_json(entry) for entry in entries]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log().warning("source_freshness.json can't be read: %s", type(error).__name__)
        return []


def _from_json(entry: Mapping[str, Any]) -> SourceFreshness:
    def limit(name: str) -> timedelta | None:
        seconds = entry[f"{name}_seconds"]
        return None if seconds is None else timedelta(seconds=seconds)

    newest = entry["newest_at"]
    return SourceFreshness(
        str(entry["source"]),
        str(entry["table"]),
        datetime.fromisoformat(newest) if newest else None,
        limit("warn_after"),
        limit("error_after"),
        datetime.fromisoformat(entry["checked_at"]),
        str(entry["failure"]),
    )


def stale(found: Iterable[SourceFreshness], now: datetime) -> list[SourceFreshness]:
    """Those that are older than expected at a moment, or could not be looked at."""
    return [entry for entry in found if entry.state(now) in STALE]
