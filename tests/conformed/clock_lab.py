"""The clock over rows of a test's own: the model's SQL, without starting dbt."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import duckdb

from orchestration.settings import DBT_PROJECT_DIR
from tests.value.rendering import fill, render

Row = tuple[str, str, date]
"""Entity of the policy, record, day."""

STAGED = {
    "orders": ("stg_web_shop__orders", "source_record_id", "ordered_at"),
    "order_lines": ("stg_web_shop__order_lines", "order_id", "booked_at"),
    "events": ("stg_loyalty__points_ledger", "source_record_id", "occurred_at"),
    "visits": ("stg_web_tracking__events", "source_record_id", "occurred_at"),
    "message_events": ("stg_email_marketing__message_events", "source_record_id", "occurred_at"),
}
SYSTEMS = {"events": "loyalty", "visits": "web_tracking"}
OTHER = "shop"


def clock(rows: Sequence[Row]) -> date:
    """The day at which the clock stands.

    Parameters:
        rows: what staging has accepted; `customer_records` are updates of a shop's customers.
    """
    with duckdb.connect() as con:
        for entity, (table, record, instant) in STAGED.items():
            con.execute(
                f"create table {table} (source_system varchar, event_id varchar, {record} varchar, "
                f"{instant} timestamp, reject_reason varchar)"
            )
            if entity == "orders":
                con.execute(f"alter table {table} add column order_id varchar")
            system = SYSTEMS.get(entity, OTHER)
            mine = [
                (system, f"{entity}{n}", who, datetime(on.year, on.month, on.day, 23, 59, 59))
                for n, (kind, who, on) in enumerate(rows)
                if kind == entity
            ]
            if mine:
                marks = ", ".join("(?, ?, ?, ?, null)" for _ in mine)
                columns = f"source_system, event_id, {record}, {instant}, reject_reason"
                con.execute(
                    f"insert into {table} ({columns}) values {marks}", [v for r in mine for v in r]
                )
        # Lines name an order, and that its customer: here each record has one, of long ago.
        con.execute(
            "insert into stg_web_shop__orders (source_system, source_record_id, order_id) "
            "select distinct source_system, order_id, order_id from stg_web_shop__order_lines"
        )
        customers = [(OTHER, who, on) for kind, who, on in rows if kind == "customer_records"]
        fill(
            con,
            "customer_records",
            "source_system varchar, source_record_id varchar, updated_at timestamp",
            [("loyalty", "nobody", None), *customers],
        )
        fill(con, "crawler_events", "source_system varchar, event_id varchar", [])
        for seed in ("clock_entities", "clock_settings"):
            with (DBT_PROJECT_DIR / "seeds" / "policy" / f"{seed}.csv").open() as handle:
                lines = [tuple(row.values())[:2] for row in csv.DictReader(handle)]
            names = ("entity", "place") if seed == "clock_entities" else ("setting", "value")
            fill(con, seed, f"{names[0]} varchar, {names[1]} double", lines)
        con.execute("create table clock_days as " + render("conformed/clock_days"))
        found = con.execute(render("conformed/refresh_period")).fetchall()
    [(as_of_at, as_of_on, month_start_on)] = found
    assert as_of_at == datetime(as_of_on.year, as_of_on.month, as_of_on.day) + timedelta(
        days=1, microseconds=-1
    )
    assert month_start_on == as_of_on.replace(day=1)
    return date(as_of_on.year, as_of_on.month, as_of_on.day)
