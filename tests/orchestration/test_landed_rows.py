"""A row that is found by its place is the row that landing's view has there."""

from __future__ import annotations

import duckdb

from orchestration.ingest import state
from orchestration.ingest.declarations import Column, SourceTable
from orchestration.ingest.landed_rows import rows_at

ORDERS = SourceTable("shop", "orders", "shop__orders", "csv", "*.csv", (Column("id"),))
PARTS = ((1, "a.csv", 0, 3), (2, "b.csv", 0, 2), (3, "a.csv", 3, 2))
"""Id, file, rows of it before this part, rows: a.csv has grown after b.csv had come."""


def test_rows_are_those_that_the_view_has_in_their_places() -> None:
    con = duckdb.connect()
    state.prepare(con)
    state.begin_table(con, ORDERS)
    for file_id, file, offset, rows in PARTS:
        con.execute(
            f"insert into {state.physical(ORDERS)} "
            "select format('{} {}', ?, range + ? + 1), ? from range(?)",
            [file, offset, file_id, rows],
        )
        con.execute(
            "insert into operations.source_files by name select 'shop' as source_system, "
            "'orders' as source_table, ? as source_file, ? as file_id, ? as row_offset",
            [file, file_id, offset],
        )
    con.execute("delete from ingested.shop__orders where file_id = 2 and id = 'b.csv 1'")
    con.execute("delete from ingested.shop__orders where id = 'a.csv 5'")
    state.publish_view(con, ORDERS)
    there = con.execute(
        "select source_file, source_row, id from landing.shop__orders order by all"
    ).fetchall()
    con.execute(
        "create temp table wanted as select source_file, source_row "
        "from (values ('a.csv'), ('b.csv'), ('c.csv')) as files (source_file), "
        "range(0, 8) as rows (source_row)"
    )
    found = con.execute(f"from ({rows_at(ORDERS, 'wanted', ['id'])}) order by all").fetchall()
    assert found == there
    assert [row for _, _, row in found] == ["a.csv 1", "a.csv 2", "a.csv 3", "a.csv 4", "b.csv 2"]
