"""The most frequent values of a column, with how many people have each."""

from __future__ import annotations

from typing import Any

import duckdb

from orchestration.ingest.sql import quoted
from orchestration.rule_builder.wire import is_number
from orchestration.segment_tools.compare import LEAST_PEOPLE
from orchestration.segment_tools.origins import Labels
from orchestration.segments.catalogue import Catalogue
from orchestration.segments.operators import BOOLEAN, NUMBER, TEXT

MOST_DISTINCT = 200
"""A column with more values than these is no list to choose from."""
MOST_SHOWN = 30


def values(
    con: duckdb.DuckDBPyConnection, catalogue: Catalogue, labels: Labels, table: str, column: str
) -> dict[str, Any]:
    """What a column holds, where that is a short list and no personal data.

    Parameters:
        con: to the warehouse.
        catalogue: what rules may read; names come from nowhere else.
        labels: of the warehouse.
        table: a table of the catalogue.
        column: its column.

    Returns:
        values: each with its text and the people who have it, `LEAST_PEOPLE` at least, most first;
        says: why none or not all are shown, empty where all are.

    Raises:
        UserError: there is no such table or column.
    """
    known, model = catalogue.column(table, column), catalogue.table(table)
    full = f"{model.layer}.{model.name}"
    if known.is_personal or not labels.show({(full, column)}):
        return {"values": [], "says": "Personal data: its values are not shown."}
    if known.kind not in (TEXT, NUMBER, BOOLEAN):
        return {"values": [], "says": ""}
    name = quoted(column)
    rows = con.execute(
        f"""
        with people_by_value as (
            select {name} as value, count(distinct profile_id) as people
            from {quoted(model.layer)}.{quoted(model.name)}
            where {name} is not null
            group by {name}
        )

        select
            cast(value as varchar),
            people,
            count(*) over ()
        from people_by_value
        order by people desc, value
        limit ?
        """,
        [MOST_SHOWN],
    ).fetchall()
    distinct = rows[0][2] if rows else 0
    if distinct > MOST_DISTINCT:
        return {"values": [], "says": f"More than {MOST_DISTINCT} values: not listed."}
    told = [
        {"value": value, "people": people}
        for value, people, _ in rows
        if people >= LEAST_PEOPLE and (known.kind != NUMBER or is_number(value))
    ]
    rest = f"Values of fewer than {LEAST_PEOPLE} people are not listed."
    return {"values": told, "says": rest if len(told) < min(distinct, MOST_SHOWN) else ""}
