"""Dagster's SQLite event log with its connections kept open.

Dagster's own class makes a new SQLAlchemy engine for every event, which opens the file, compiles
the statement and syncs the disk each time: measured 40 s of 100 s of a small run under a profiler.
This subclass keeps an engine per file, so that statements stay compiled, and syncs at checkpoints
only (write-ahead log). A power cut may lose the last events of a run; a killed process loses none.
It also writes an event as text once, not once per table, and with statements that are made once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy
from dagster._core.events import (
    ASSET_CHECK_EVENTS,
    ASSET_EVENTS,
    EVENT_TYPE_TO_PIPELINE_RUN_STATUS,
    DagsterEventType,
)
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetKeyTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData

MIRRORED = {*ASSET_EVENTS, *ASSET_CHECK_EVENTS, *EVENT_TYPE_TO_PIPELINE_RUN_STATUS}
"""What Dagster also keeps in the file of all runs."""
KEEP = SqlEventLogStorageTable.insert()
KEEP_ASSET = AssetKeyTable.insert()
CHANGE_ASSET = AssetKeyTable.update().where(
    AssetKeyTable.c.asset_key == sqlalchemy.bindparam("of_asset")
)
PLAN_CHECK = AssetCheckExecutionsTable.insert()
END_CHECK = AssetCheckExecutionsTable.update().where(
    AssetCheckExecutionsTable.c.asset_key == sqlalchemy.bindparam("of_asset"),
    AssetCheckExecutionsTable.c.check_name == sqlalchemy.bindparam("of_check"),
    AssetCheckExecutionsTable.c.run_id == sqlalchemy.bindparam("of_run"),
    AssetCheckExecutionsTable.c.partition.is_(None),
)
KEPT_ENGINES = 8
"""Each run has a file of its own; a page that looks at many runs must not keep all of them open."""


class PooledSqliteEventLogStorage(SqliteEventLogStorage):
    """The event log that `dagster.yaml` names (written by `run.prepare_dagster_home`).

    Parameters:
        base_dir: the folder of the event files, Dagster's default one.
        inst_data: how Dagster keeps the configuration it was made from.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, sqlalchemy.Engine] = OrderedDict()
        self._tables: set[str] = set()
        self._columns: set[str] = set()
        self._indexes: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(  # type: ignore[override]
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> PooledSqliteEventLogStorage:
        """Make the storage from its entry in dagster.yaml."""
        return cls(inst_data=inst_data, **config_value)

    def has_table(self, table_name: str) -> bool:
        """Whether a table is there, which Dagster asks for every event; none is ever dropped."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def _has_asset_key_col_on_connection(
        self, conn: sqlalchemy.Connection, column_name: str
    ) -> bool:
        if column_name not in self._columns and super()._has_asset_key_col_on_connection(
            conn, column_name
        ):
            self._columns.add(column_name)
        return column_name in self._columns

    def has_secondary_index(self, name: str) -> bool:
        """Whether a migration has been made, which Dagster asks for every asset; none is undone."""
        if name not in self._indexes and super().has_secondary_index(name):
            self._indexes.add(name)
        return name in self._indexes

    def store_event(self, event: EventLogEntry) -> None:
        """Write an event where Dagster's own class does.

        Parameters:
            event: of a run, or of none.
        """
        kind = event.dagster_event_type if event.is_dagster_event else None
        row = self._event_to_row(event)
        with self.run_connection(event.run_id) as con:
            con.execute(KEEP, row)
        if kind not in MIRRORED:
            return
        with self.index_connection() as con:
            event_id = int(con.execute(KEEP, row).inserted_primary_key[0])  # type: ignore[index]
            if kind in ASSET_EVENTS:
                self._store_asset_event_tags(con, [event], [event_id])
                self._store_asset_event(con, event, event_id)
            is_done = kind not in ASSET_CHECK_EVENTS or self._store_check(con, event, row, event_id)
        if not is_done:
            self.store_asset_check_event(event, event_id)

    def _store_asset_event(
        self, conn: sqlalchemy.Connection, event: EventLogEntry, event_id: int
    ) -> None:
        # Dagster's own inserts, fails, and updates: nearly always the asset is known.
        has_columns = self._has_asset_key_index_cols_on_connection(conn)
        values = self._get_asset_entry_values(event, event_id, has_columns)
        key = event.get_dagster_event().asset_key
        if not values or not key:
            return
        name = key.to_string()
        if not conn.execute(CHANGE_ASSET, {**values, "of_asset": name}).rowcount:
            conn.execute(KEEP_ASSET, {**values, "asset_key": name})

    def _store_check(
        self, con: sqlalchemy.Connection, event: EventLogEntry, row: dict[str, Any], event_id: int
    ) -> bool:
        """Whether a check was noted; of partitions and unplanned ones Dagster's own class knows."""
        check: Any = event.get_dagster_event().event_specific_data
        found = {
            "evaluation_event": row["event"],
            "evaluation_event_timestamp": row["timestamp"],
            "evaluation_event_storage_id": event_id,
        }
        name = check.asset_key.to_string()
        if event.dagster_event_type == DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
            if check.partitions_subset:
                return False
            status = AssetCheckExecutionRecordStatus.PLANNED.value
            known = {"asset_key": name, "check_name": check.check_name, "run_id": event.run_id}
            con.execute(PLAN_CHECK, {**found, **known, "execution_status": status})
            return True
        if check.partition:
            return False
        outcome = AssetCheckExecutionRecordStatus
        looked_at = check.target_materialization_data
        found |= {
            "execution_status": (outcome.SUCCEEDED if check.passed else outcome.FAILED).value,
            "materialization_event_storage_id": looked_at.storage_id if looked_at else None,
        }
        of = {"of_asset": name, "of_check": check.check_name, "of_run": event.run_id}
        return con.execute(END_CHECK, {**found, **of}).rowcount == 1

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sqlalchemy.Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def _engine(self, shard: str) -> sqlalchemy.Engine:
        if shard not in self._engines:
            self._engines[shard] = sqlalchemy.create_engine(
                self.conn_string_for_shard(shard),
                connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
            )
            sqlalchemy.event.listen(self._engines[shard], "connect", _sync_at_checkpoints)
            while len(self._engines) > KEPT_ENGINES:
                _, oldest = self._engines.popitem(last=False)
                oldest.dispose()
        self._engines.move_to_end(shard)
        return self._engines[shard]

    def dispose(self) -> None:
        """Close every file."""
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()


def _sync_at_checkpoints(connection: Any, _record: Any) -> None:
    connection.execute("pragma synchronous = normal")
