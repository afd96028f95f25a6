"""Column profiles of the landing views: what arrived, and how it differs from the profile before.

Written after a load, for tables of which a tenth has come or gone since their last profile; of a
table the last ten are kept. Columns with personal data appear as shapes only (`personal`).
"""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from orchestration.ingest.sql import quoted
from orchestration.logs import log
from orchestration.memory import shortage
from orchestration.profiles import counts, personal, store, values
from orchestration.profiles.columns import Column, one_row
from orchestration.profiles.last import ProfiledTable, last_profiles, newest_instant

COLUMNS_PER_SCAN, WIDE = 30, 150
"""Columns that are profiled together, and those of a table that is cut in narrow ones."""
VERSION = 1
"""Part of each fingerprint, so that profiles are made again when their rules change."""


@dataclass(frozen=True)
class ProfileOutcome:
    """What profiling did with a table.

    Attributes:
        table: which.
        state: `profiled`, `kept` (too little has changed), `unchanged`, or `failed`.
        seconds: that a new profile took.
        message: why it failed.
    """

    table: ProfiledTable
    state: str
    seconds: float = 0.0
    message: str = ""


def profiled_tables(manifest: Mapping[str, Any]) -> list[ProfiledTable]:
    """The source tables of a dbt manifest that are loaded from somewhere, ordered by name."""
    tables = []
    for node in manifest["sources"].values():
        if "format" not in _meta(node):
            continue
        columns = tuple(
            (name, meta.get("semantic_type"), meta.get("label"))
            for name, column in node["columns"].items()
            for meta in [_meta(column)]
        )
        tables.append(ProfiledTable(node["source_name"], node["name"], node["identifier"], columns))
    return sorted(tables, key=lambda table: (table.source, table.table))


def _meta(node: Mapping[str, Any]) -> dict[str, Any]:
    return {**node.get("meta", {}), **node.get("config", {}).get("meta", {})}


def profile_tables(
    con: duckdb.DuckDBPyConnection, tables: Sequence[ProfiledTable], asked_for: bool = False
) -> list[ProfileOutcome]:
    """Profile the tables that have changed by `LEAST_CHANGE` or whose rules are others.

    Of the other tables that changed only the newest instant is brought up to date.

    Reads `landing.<identifier>`, operations.source_files and operations.ingest_log; writes
    operations.column_profiles, column_top_values, column_histograms and profile_log.

    Parameters:
        con: a connection to the warehouse that may write.
        tables: what the dbt project declares (`profiled_tables`).
        asked_for: profile whatever has changed at all.

    Returns:
        One outcome per table, in the order given. A table that can't be profiled is logged and
        left with its old profile: a profile is never worth a refresh.
    """
    store.prepare(con)
    contents, loads, types = _contents(con), _latest_loads(con), _types(con)
    known = last_profiles(con)
    outcomes: list[ProfileOutcome] = []
    new: list[store.Profile] = []
    for table in tables:
        key = (table.source, table.table)
        columns_there = types[table.identifier]
        fingerprint = f"{_rules(table, columns_there)} {contents.get(key, '')}"
        last = known.get(key)
        state = last.state(fingerprint, asked_for) if last else "profiled"
        started = time.monotonic()
        try:
            if last and state == "kept":
                newest = newest_instant(con, table, columns_there, last)
                store.keep(con, (last.load_id, *key), fingerprint, newest)
            if state != "profiled":
                outcomes.append(ProfileOutcome(table, state))
                continue
            columns, rows, newest = _profile(con, table, columns_there)
        except duckdb.Error as error:
            # The engine's message may quote a value, so only its kind is kept.
            kind = shortage(error) or f"{type(error).__name__}."
            message = f"landing.{table.identifier} can't be profiled: {kind}"
            log().warning("no profile of %s.%s: %s", table.source, table.table, message)
            outcomes.append(ProfileOutcome(table, "failed", message=message))
            continue
        seconds = time.monotonic() - started
        load_id = loads.get(key) or fingerprint
        new.append(
            store.Profile(
                load_id, *key, table.identifier, fingerprint, columns, rows, newest, seconds
            )
        )
        outcomes.append(ProfileOutcome(table, "profiled", seconds))
    store.write(con, new)
    return outcomes


def _contents(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    return {
        (source, table): text
        for source, table, text in con.execute(
            "select source_system, source_table, md5(string_agg(concat_ws('|', source_file, part, "
            "content_hash, rows_loaded, is_deletes, watermark), chr(10) order by source_file, part)"
            ") from operations.source_files group by all"
        ).fetchall()
    }


def _latest_loads(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    return {
        (source, table): load_id
        for source, table, load_id in con.execute(
            "select source_system, source_table, load_id from operations.ingest_log "
            "qualify row_number() over (partition by source_system, source_table "
            "order by loaded_at desc, load_id desc) = 1"
        ).fetchall()
    }


def _types(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """The columns of the landing views with their types."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for view, column, data_type in con.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where schema_name = 'landing' and database_name = current_database()"
    ).fetchall():
        found[view][column] = data_type
    return found


def _rules(table: ProfiledTable, types: Mapping[str, str]) -> str:
    known = sorted((name, types.get(name)) for name, *_ in table.columns)
    return hashlib.sha256(f"{VERSION}\n{table!r}\n{known!r}".encode()).hexdigest()[:32]


def _profile(
    con: duckdb.DuckDBPyConnection, table: ProfiledTable, types: Mapping[str, str]
) -> tuple[list[Column], int, datetime | None]:
    relation = f"landing.{quoted(table.identifier)}"
    columns = [
        Column(name, types[name], personal.visibility(semantic_type, label))
        for name, semantic_type, label in table.columns
        if name in types
    ]
    (rows,) = one_row(con, f"select count(*) from {relation}")
    newest = []
    for part, some in _parts(con, relation, columns):
        counts.find_kinds(con, part, some, rows)
        newest.append(counts.count_columns(con, part, some, rows))
        values.count_values(con, part, some, rows)
        values.count_buckets(con, part, some, rows)
    return columns, rows, max((instant for instant in newest if instant), default=None)


def _parts(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column]
) -> Iterator[tuple[str, Sequence[Column]]]:
    """A few columns at a time; of a wide relation, each query over it would pay for all of them."""
    for start in range(0, len(columns), WIDE):
        some, part = columns[start : start + WIDE], relation
        if len(columns) > WIDE:
            part = "temp.profiled_part"
            listed = ", ".join(column.quoted for column in some)
            con.execute(
                f"create or replace temp table profiled_part as select {listed}, source_file, "
                f"source_row, is_deleted from {relation}"
            )
        for first in range(0, len(some), COLUMNS_PER_SCAN):
            yield part, some[first : first + COLUMNS_PER_SCAN]
    con.execute("drop table if exists temp.profiled_part")
