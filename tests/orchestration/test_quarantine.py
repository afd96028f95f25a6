"""Each row of each file is counted once and led back to its place; many faults stop a source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.ingest.accounting import staged_tables
from orchestration.ingest.contracts import contract_faults
from orchestration.ingest.quarantine import account, forget_others
from orchestration.quality.quarantine_assets import (
    accounted_check,
    contracts_check,
    threshold_check,
)
from orchestration.settings import DBT_PROJECT_DIR

MONDAY, TUESDAY = datetime(2026, 3, 2), datetime(2026, 3, 3)
SOURCE = "source.customer_360.shop.orders"
YAML_PATH = "models/staging/shop/_shop__sources.yml"


def model(name: str, layer: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "resource_type": "model",
        "fqn": ["customer_360", layer, name],
        "original_file_path": f"models/{layer}/{name}.sql",
        "depends_on": {"nodes": [SOURCE]},
        "config": {"meta": {"entity": "orders"}},
        "columns": {},
        **more,
    }


def manifest(*models: dict[str, Any], threshold: float = 0.1) -> dict[str, Any]:
    source = {
        "source_name": "shop",
        "name": "orders",
        "identifier": "shop__orders",
        "original_file_path": YAML_PATH,
        "columns": {"Nr.": {"name": "Nr."}, "total": {"name": "total"}},
        "config": {"meta": {"format": "csv", "path": "s", "quarantine_threshold": threshold}},
    }
    nodes = {f"model.{m['name']}": m for m in models or [model("stg_shop__orders", "staging")]}
    return {"nodes": nodes, "sources": {SOURCE: source}}


class Warehouse:
    """A warehouse in memory between staging and its gate."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        for schema in ("landing", "ingested", "staging", "policy", "operations"):
            self.con.execute(f"create schema {schema}")
        reasons = DBT_PROJECT_DIR / "seeds" / "policy" / "reject_reasons.csv"
        self.con.execute(f"create table policy.reject_reasons as from read_csv('{reasons}')")
        self.con.execute(
            "create table landing.rejected_lines (source_system varchar, source_table varchar, "
            "source_file varchar, line_number bigint, column_name varchar, value varchar, "
            "line_text varchar, reason varchar)"
        )
        self.con.execute(
            "create table operations.source_lines (source_system varchar, source_table varchar, "
            "source_file varchar, from_row bigint, line_offset bigint)"
        )
        self.con.execute(
            "create table operations.source_files (source_system varchar, source_table varchar, "
            "source_file varchar, part int, rows_loaded bigint, rows_rejected bigint, "
            "rows_superseded bigint, file_id bigint default 0, row_offset bigint default 0)"
        )

    def deliver(self, *rows: tuple[str, int, str, str | None, str | None]) -> None:
        """Rows of (file, position, total, reason, column): what is landed and what staging says."""
        self.con.execute(
            "create or replace table everything (source_file varchar, source_row bigint, "
            "total varchar, reject_reason varchar, reject_column varchar)"
        )
        self.con.executemany("insert into everything values (?, ?, ?, ?, ?)", rows)
        self.con.execute(
            "create or replace table ingested.shop__orders as "
            "select 'n' || row as \"Nr.\", total, dense_rank() over (order by file) as file_id "
            "from (select source_file as file, unnest(range(1, max(source_row) + 1)) as row "
            "from everything group by source_file) left join everything "
            "on file = source_file and row = source_row order by file, row"
        )
        self.con.execute(
            "create or replace table staging.stg_shop__orders as "
            "select source_file, source_row, reject_reason, reject_column from everything"
        )
        self.con.execute("delete from operations.source_files")
        self.con.execute(
            "insert into operations.source_files select 'shop', 'orders', source_file, 1, "
            "count(*), 0, 0, dense_rank() over (order by source_file), 0 "
            "from everything group by source_file"
        )

    def account(self, now: datetime = MONDAY, threshold: float = 0.1) -> None:
        tables = staged_tables(manifest(threshold=threshold))
        for table in tables:
            account(self.con, table, now)
        forget_others(self.con, tables)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.con.execute(sql).fetchall()


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    warehouse = Warehouse()
    yield warehouse
    warehouse.con.close()


def test_a_row_to_correct_is_led_back_to_file_line_column_and_value(warehouse: Warehouse) -> None:
    warehouse.deliver(
        ("a.csv", 1, "1.00", None, None),
        ("a.csv", 2, "free", "invalid_amount", "total"),
        ("a.csv", 3, "1.00", "duplicate_row", None),
        ("a.csv", 4, "1.00", "bot_traffic", None),
        ("b.csv", 1, "2.00", "missing_key", "Nr."),
        ("c.xlsx", 1, "3.00", "invalid_code", "not_of_this_table"),
    )
    con = warehouse.con
    con.execute(
        "insert into operations.source_files values ('shop', 'orders', 'd.csv', 1, 0, 0, 7, 9, 0)"
    )
    con.execute("update operations.source_files set rows_rejected = 2 where source_file = 'b.csv'")
    con.execute(
        "insert into landing.rejected_lines values "
        "('shop', 'orders', 'b.csv', 2, null, null, 'x,y', 'unreadable_line'), "
        "('shop', 'orders', 'b.csv', 5, 'total', 'x', 'n,x', 'invalid_type'), "
        "('shop', 'orders', 'b.csv', 5, 'Nr.', 'y', 'n,x', 'invalid_type'), "
        "('shop', 'wishes', 'b.csv', 2, null, null, 'x', 'unreadable_line')"
    )
    con.execute(
        "insert into operations.source_lines values ('shop', 'orders', 'a.csv', 1, 1), "
        "('shop', 'orders', 'a.csv', 4, 3), ('shop', 'orders', 'b.csv', 1, 2), "
        "('shop', 'wishes', 'c.xlsx', 1, 2)"
    )
    warehouse.account()
    assert warehouse.rows(
        "select source_file, source_row, line_number, column_name, value, reason "
        "from quarantine.shop__orders order by 1, 3, 4"
    ) == [
        ("a.csv", 2, 3, "total", "free", "invalid_amount"),
        ("a.csv", 4, 7, None, None, "bot_traffic"),
        ("b.csv", None, 2, None, None, "unreadable_line"),
        ("b.csv", 1, 3, "Nr.", "n1", "missing_key"),
        ("b.csv", None, 5, "Nr.", "y", "invalid_type"),
        ("b.csv", None, 5, "total", "x", "invalid_type"),
        ("c.xlsx", 1, None, "not_of_this_table", None, "invalid_code"),
    ]
    assert warehouse.rows(
        "select source_file, rows_read, rows_accepted, rows_quarantined, rows_superseded, "
        "faulty_share from operations.row_accounting order by 1"
    ) == [
        ("a.csv", 4, 1, 2, 1, 0.25),  # a program's events are no fault of the file
        ("b.csv", 3, 0, 3, 0, 1.0),
        ("c.xlsx", 1, 0, 1, 0, 1.0),
        ("d.csv", 7, 0, 0, 7, 0.0),  # repeats another file and is not loaded
    ]
    assert accounted_check(con).passed


def test_first_sight_is_kept_until_the_row_is_corrected(warehouse: Warehouse) -> None:
    seen = "select source_row, value, first_seen_at from quarantine.shop__orders order by 1"
    good = ("a.csv", 1, "1.00", None, None)
    bad = ("a.csv", 2, "free", "invalid_amount", "total")
    keyless = ("a.csv", 3, "1.00", "missing_key", "Nr.")
    warehouse.deliver(good, bad)
    warehouse.account(MONDAY)
    warehouse.deliver(good, bad, keyless)
    warehouse.account(TUESDAY)
    assert warehouse.rows(seen) == [(2, "free", MONDAY), (3, "n3", TUESDAY)]
    # Another wrong value is another fault, a right one is none.
    warehouse.deliver(
        good, ("a.csv", 2, "cheap", "invalid_amount", "total"), ("a.csv", 3, "1", None, None)
    )
    warehouse.account(TUESDAY)
    assert warehouse.rows(seen) == [(2, "cheap", TUESDAY)]
    warehouse.deliver(good)
    warehouse.account(TUESDAY)
    assert warehouse.rows(seen) == []
    assert warehouse.rows("select rows_accepted from operations.row_accounting") == [(1,)]


def test_too_many_faulty_rows_of_one_file_stop_the_source(warehouse: Warehouse) -> None:
    good = [("a.csv", n, "1", None, None) for n in range(1, 10)]
    warehouse.deliver(*good, ("a.csv", 10, "secret", "invalid_amount", "total"))
    warehouse.account(threshold=0.1)
    assert threshold_check(warehouse.con, staged_tables(manifest())).passed
    warehouse.account(threshold=0.05)
    check = threshold_check(warehouse.con, staged_tables(manifest()))
    assert not check.passed
    said = check.description or ""
    for part in ("shop", "a.csv", "10.00%", "1 of 10", "5.00%", "invalid_amount", "column total"):
        assert part in said
    assert "Correct the file, or set quarantine_threshold in " + YAML_PATH in said
    assert "secret" not in said + str(check.metadata)
    warehouse.deliver(*good, ("a.csv", 10, "1", None, None))
    warehouse.account(threshold=0.05)
    assert threshold_check(warehouse.con, staged_tables(manifest())).passed
    # All of the next file is wrong; that it is small beside the other does not help it.
    many = [("b.csv", n, "1", None, None) for n in range(1, 1000)]
    warehouse.deliver(*good, *many, ("c.csv", 1, "x", "invalid_code", "total"))
    warehouse.account(threshold=0.05)
    said = threshold_check(warehouse.con, staged_tables(manifest())).description or ""
    assert "c.csv" in said and "b.csv" not in said


@pytest.mark.parametrize(
    "damage",
    [
        "delete from staging.stg_shop__orders where source_row = 1",
        "insert into staging.stg_shop__orders from staging.stg_shop__orders",
        "update staging.stg_shop__orders set reject_reason = 'a_reason_nobody_knows'",
        "update staging.stg_shop__orders set source_file = 'b.csv'",
        "update operations.source_files set rows_loaded = 3",
        "insert into operations.source_files values ('shop', 'wishes', 'w.csv', 1, 1, 0, 0, 8, 0)",
    ],
)
def test_a_lost_or_invented_row_is_noticed(warehouse: Warehouse, damage: str) -> None:
    warehouse.deliver(("a.csv", 1, "1", None, None), ("a.csv", 2, "x", "invalid_code", "total"))
    warehouse.account()
    assert accounted_check(warehouse.con).passed
    warehouse.con.execute(damage)
    warehouse.account()
    check = accounted_check(warehouse.con)
    assert not check.passed
    assert ".csv of shop." in (check.description or "")


def test_what_is_left_of_a_removed_model_goes(warehouse: Warehouse) -> None:
    warehouse.deliver(("a.csv", 1, "x", "invalid_code", "total"))
    warehouse.account()
    warehouse.con.execute("create table quarantine.set_aside_rows (reason varchar)")
    renamed = staged_tables(manifest(model("stg_shop__purchases", "staging")))
    forget_others(warehouse.con, renamed)
    kept = "select table_name from duckdb_tables() where schema_name = 'quarantine'"
    assert warehouse.rows(kept) == [("set_aside_rows",)]
    assert warehouse.rows("from operations.row_accounting") == []


def test_staging_tables_must_be_what_their_entity_asks_for(warehouse: Warehouse) -> None:
    types = {"record_key": "string", "order_id": "string", "amount": "decimal(18, 2)", "n": "int"}
    orders = model(
        "orders",
        "conformed",
        columns={name: {"name": name, "data_type": kind} for name, kind in types.items()},
    )
    unnamed = model("stg_shop__wishes", "staging", config={"meta": {}})
    parsed = manifest(orders, model("stg_shop__orders", "staging"), unnamed)
    warehouse.con.execute(
        "create table staging.stg_shop__orders (order_id varchar, amount decimal(18, 3), "
        "more int, source_file varchar, source_row bigint, reject_reason varchar, "
        "reject_column varchar)"
    )
    faults = contract_faults(warehouse.con, parsed)
    assert [(f.model, f.column, f.found, f.expected) for f in faults] == [
        ("stg_shop__orders", "amount", "DECIMAL(18,3)", "DECIMAL(18,2)"),
        ("stg_shop__orders", "n", "", "INTEGER"),
        ("stg_shop__wishes", "", "", "an entity"),
    ]
    said = contracts_check(faults).description or ""
    assert "has amount as DECIMAL(18,3); orders needs amount as DECIMAL(18,2)" in said
    assert "lacks the column n" in said and "config.meta.entity" in said


def test_an_optional_column_may_be_absent_but_not_unlisted(warehouse: Warehouse) -> None:
    optional = {"config": {"meta": {"optional": True}}, "data_type": "string"}
    orders = model("orders", "conformed", columns={"absent": optional, "unlisted": optional})
    kept = " varchar, ".join(["unlisted", "source_file", "reject_reason", "reject_column"])
    warehouse.con.execute(
        f"create table staging.stg_shop__orders ({kept} varchar, source_row bigint)"
    )
    [fault] = contract_faults(warehouse.con, manifest(orders, model("stg_shop__orders", "staging")))
    assert fault.column == "unlisted" and "Add it to" in fault.text
    listed = model("stg_shop__orders", "staging", columns={"unlisted": {}})
    assert contract_faults(warehouse.con, manifest(orders, listed)) == []
    # Once listed, it has to be there and of the type that the entity asks for.
    also = model("stg_shop__orders", "staging", columns={"unlisted": {}, "absent": {}})
    [fault] = contract_faults(warehouse.con, manifest(orders, also))
    assert "lacks the column absent" in fault.text


def test_a_staging_model_reads_one_source_table() -> None:
    nothing = model("stg_shop__orders", "staging", depends_on={"nodes": ["model.x"]})
    with pytest.raises(UserError, match=r"stg_shop__orders .*reads 0 source tables"):
        staged_tables(manifest(nothing))
