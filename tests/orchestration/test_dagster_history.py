"""What a run leaves for the operator: events that Dagster's own classes read, numbers, checks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.migration import ASSET_KEY_INDEX_COLS
from dagster._core.storage.event_log.sqlite.sqlite_event_log import (
    INDEX_SHARD_NAME,
    SqliteEventLogStorage,
)
from dagster_shared.record import copy

from orchestration.event_log import KEPT_ENGINES, PooledSqliteEventLogStorage
from orchestration.settings import LAYERS
from orchestration.transform.translator import gate_key
from tests.conftest import Company

EVALUATED = dg.DagsterEventType.ASSET_CHECK_EVALUATION
PLANNED = dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED
WHEN = ("create_timestamp", "migration_completed")


@pytest.fixture
def instance(
    finished_company: Company, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", str(finished_company.settings.dagster_home))
    with dg.DagsterInstance.get() as found:
        yield found


def metadata_of(instance: dg.DagsterInstance, *path: str) -> dict[str, object]:
    event = instance.get_latest_materialization_event(dg.AssetKey(path))
    assert event and event.asset_materialization, path
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def test_row_counts_and_domain_numbers_are_shown(
    instance: dg.DagsterInstance, finished_company: Company
) -> None:
    with finished_company.warehouse() as con:
        [(rows,)] = con.execute("select count(*) from identity.identity_map").fetchall()
    shown = metadata_of(instance, "identity", "identity_map")
    assert shown["dagster/row_count"] == rows
    numbers = set(shown) - {"dagster/row_count", "seconds"}
    assert numbers, "identity_map.yml asks for domain numbers"
    assert metadata_of(instance, "web_shop", "orders")["dagster/row_count"]
    assert metadata_of(instance, "publish", "insights")["tables"]


def test_what_a_package_shows_beside_its_tables_arrives(instance: dg.DagsterInstance) -> None:
    assert metadata_of(instance, "value", "clv_backtest")["grade"]


def test_every_gate_left_its_result_and_a_link_to_its_page(instance: dg.DagsterInstance) -> None:
    for layer in LAYERS:
        assert f"{layer}.html" in str(metadata_of(instance, "gate", layer)["data docs"])


def test_run_is_recorded_as_a_success(instance: dg.DagsterInstance) -> None:
    [record] = instance.get_run_records()
    assert record.dagster_run.status == dg.DagsterRunStatus.SUCCESS
    assert record.dagster_run.job_name == "refresh"


def test_dagsters_own_storage_reads_the_same_events(
    instance: dg.DagsterInstance, finished_company: Company
) -> None:
    assert isinstance(instance.event_log_storage, PooledSqliteEventLogStorage)
    [record] = instance.get_run_records()
    folder = finished_company.settings.dagster_home / "history" / "runs"
    own = SqliteEventLogStorage(str(folder))
    run_id = record.dagster_run.run_id
    assert len(own.get_logs_for_run(run_id)) == len(
        instance.event_log_storage.get_logs_for_run(run_id)
    )
    key = gate_key("staging")
    assert own.has_asset_key(key) and instance.event_log_storage.has_asset_key(key)


def test_an_event_is_kept_as_dagsters_own_storage_keeps_it(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    """Each kind of event, of assets and checks that are new, known, failed, and not planned."""
    [record] = instance.get_run_records()
    run_id = record.dagster_run.run_id
    by_kind: dict[Any, list[EventLogEntry]] = defaultdict(list)
    for event in instance.all_logs(run_id):
        by_kind[event.dagster_event_type if event.is_dagster_event else None].append(event)
    evaluated, planned = by_kind[EVALUATED], by_kind[PLANNED]
    assert len(by_kind) > 8
    del by_kind[EVALUATED], by_kind[PLANNED]
    kept = [event for events in by_kind.values() for event in events[:2]]
    # The same assets again, as in the next run.
    kept += by_kind[dg.DagsterEventType.ASSET_MATERIALIZATION][:2]
    checks = [check_of(event) for event in evaluated[:4]]
    kept += [event for event in planned if check_of(event) in checks]
    kept += [*map(failed, evaluated[:1]), *evaluated[1:4], *evaluated[-1:]]
    kept += [event._replace(run_id="") for event in evaluated[5:6]]
    storages = PooledSqliteEventLogStorage, SqliteEventLogStorage
    tables = [
        stored(storage(str(tmp_path / storage.__name__)), kept, run_id) for storage in storages
    ]
    assert tables[0] == tables[1]
    assert {name for name, rows in tables[0].items() if rows} >= {
        f"index {name}" for name in ("event_logs", "asset_keys", "asset_check_executions")
    }


def check_of(event: EventLogEntry) -> Any:
    """The key of the check that an event is about."""
    return event.get_dagster_event().event_specific_data.asset_check_key  # type: ignore[union-attr]


def failed(event: EventLogEntry) -> EventLogEntry:
    """An evaluation that has not passed."""
    told = event.get_dagster_event()
    return event._replace(
        dagster_event=told._replace(
            event_specific_data=copy(told.event_specific_data, passed=False)
        )
    )


def stored(
    storage: SqliteEventLogStorage, events: Sequence[EventLogEntry], run_id: str
) -> dict[str, list[tuple[Any, ...]]]:
    """What is in all tables of both files after these events, but when it was written."""
    for event in events:
        storage.store_event(event)
    found = {}
    for place, connect in (
        ("index", storage.index_connection),
        ("run", partial(storage.run_connection, run_id)),
    ):
        with connect() as con:
            for table in sqlalchemy.inspect(con).get_table_names():
                columns = [c["name"] for c in sqlalchemy.inspect(con).get_columns(table)]
                said = ", ".join(f'"{c}"' for c in columns if c not in WHEN)
                rows = con.exec_driver_sql(f"select {said} from {table} order by 1").fetchall()
                found[f"{place} {table}"] = [tuple(row) for row in rows]
    storage.dispose()
    return found


def test_looking_at_many_runs_keeps_few_files_open(tmp_path: Path) -> None:
    storage = PooledSqliteEventLogStorage(str(tmp_path))
    for number in range(3 * KEPT_ENGINES):
        assert storage.get_logs_for_run(f"run{number}") == []
    assert len(storage._engines) <= KEPT_ENGINES
    storage.dispose()
    assert not storage._engines


def test_a_table_that_comes_later_is_seen(tmp_path: Path) -> None:
    storage = PooledSqliteEventLogStorage(str(tmp_path))
    assert storage.has_table("event_logs")
    assert not storage.has_table("later")
    with storage.index_connection() as con:
        con.exec_driver_sql("create table later (x int)")
    assert storage.has_table("later")
    storage.dispose()


def test_what_stays_as_it_is_is_asked_once(tmp_path: Path) -> None:
    storage = PooledSqliteEventLogStorage(str(tmp_path))
    asked: list[str] = []
    with storage.index_connection():
        sqlalchemy.event.listen(
            storage._engine(INDEX_SHARD_NAME),
            "before_cursor_execute",
            lambda _con, _cursor, statement, *_: asked.append(statement),
        )
    for _ in range(3):
        assert storage.has_asset_key_index_cols()
        assert storage.has_secondary_index(ASSET_KEY_INDEX_COLS)
        assert not storage.has_secondary_index("later")
    assert sum("asset_keys" in statement for statement in asked) == 1
    assert sum("secondary_indexes" in statement for statement in asked) == 1 + 3
    storage.enable_secondary_index("later")
    assert storage.has_secondary_index("later")
    storage.dispose()
