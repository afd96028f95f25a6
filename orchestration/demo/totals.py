"""What a correct pipeline must find in the files, counted while they are made."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb

ACCUMULATORS = """
create or replace temp table row_counts (table_name varchar, kind varchar, row_count bigint);
create or replace temp table amounts (measure varchar, amount bigint);
"""

ROW_KINDS = ("good", "duplicate", "late", "broken_line")
"""Kinds of rows that are not defects of a readable row."""


def collect(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Sum the chunks' counts.

    Parameters:
        connection: holds `row_counts` and `amounts`.

    Returns:
        Plain totals, and under `tables` per landing table the rows written, the good distinct
        rows, the exact duplicates, the late rows and the bad rows by reason. Money in euros.
    """
    amounts = dict(
        connection.execute(
            "select measure, sum(amount)::bigint from amounts group by measure"
        ).fetchall()
    )
    counts: dict[str, dict[str, int]] = {}
    for table, kind, row_count in connection.execute(
        "select table_name, kind, sum(row_count)::bigint from row_counts group by all order by all"
    ).fetchall():
        counts.setdefault(table, {})[kind] = row_count
    gross, returned = amounts["gross_cents"], amounts["returned_cents"]
    return {
        "people": amounts["people"],
        "buyers": amounts["buyers"],
        "customers": amounts["customers"],
        "members": amounts["members"],
        "contacts": amounts["contacts"],
        "accepted_orders": amounts["orders_completed"] + amounts["orders_cancelled"],
        "completed_orders": amounts["orders_completed"],
        "cancelled_orders": amounts["orders_cancelled"],
        "order_lines": amounts["order_lines"],
        "return_lines": amounts["return_lines"],
        "gross_revenue": _euros(gross),
        "returned_revenue": _euros(returned),
        "net_revenue": _euros(gross - returned),
        "ledger_entries": amounts["ledger_entries"],
        "points_total": amounts["points"],
        "points_by_type": {
            entry_type: amounts.get(f"points_{entry_type}", 0)
            for entry_type in ("earned", "redeemed", "expired", "adjusted")
        },
        "events_without_bots": amounts["human_events"],
        "bot_events": amounts["bot_events"],
        "bot_cookies": amounts["bot_cookies"],
        "message_events": amounts["message_events"],
        "consents": amounts["consents"],
        "tables": {table: _table_totals(kinds) for table, kinds in counts.items()},
    }


def _table_totals(kinds: dict[str, int]) -> dict[str, Any]:
    bad = {kind: rows for kind, rows in kinds.items() if kind not in ROW_KINDS}
    broken = kinds.get("broken_line", 0)
    good, duplicates = kinds.get("good", 0), kinds.get("duplicate", 0)
    return {
        "rows_written": good + duplicates + sum(bad.values()) + broken,
        "good_rows": good,
        "duplicate_rows": duplicates,
        "late_rows": kinds.get("late", 0),
        "bad_rows": {**bad, **({"broken_line": broken} if broken else {})},
    }


def _euros(cents: int) -> float:
    return float(Decimal(cents) / 100)
