"""Rows and domain numbers of what was built; of a model that remembers days those of the latest."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.transform.numbers import measure_tables

KINDS = {"bare": ("table", {}), "plain": ("table", {"most": "max(n)"})} | {
    name: ("daily_snapshot", {"most": "max(n)"}) for name in ("days", "no_day")
}


@pytest.mark.parametrize(
    ("table", "rows", "expected"),
    [
        ("bare", [], {}),
        ("bare", [(1, 5), (2, 7)], {}),
        ("plain", [(1, 9), (2, 7)], {"most": 9}),
        ("days", [(1, 9), (2, 7), (2, 8)], {"most": 8}),
        ("no_day", [], {"most": "None"}),
    ],
)
def test_rows_are_counted_and_numbers_are_of_the_latest_day(
    table: str, rows: list[tuple[int, int]], expected: dict[str, object]
) -> None:
    made, numbers = KINDS[table]
    config = {"materialized": made, "meta": {"numbers": numbers}}
    manifest = {"nodes": {"it": {"relation_name": table, "config": config}}}
    with duckdb.connect() as con:
        con.execute(f"create table {table} (date_key int, n int)")
        if rows:
            con.executemany(f"insert into {table} values (?, ?)", rows)
        found = measure_tables(con, manifest, ["it"])
    assert found == {"it": {"dagster/row_count": len(rows), **expected}}
