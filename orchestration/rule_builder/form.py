"""What the page makes its form of: the schema of the rule model, and what the warehouse has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, get_args

from orchestration.segments.catalogue import EVENT_TABLES, Catalogue, Column
from orchestration.segments.comparisons import Comparison
from orchestration.segments.operators import OPERATORS, UNITS
from orchestration.segments.queries import event_table
from orchestration.segments.rule import KINDS, Clause, EventClause, Rule

EVENTS = "activities"
"""The table that has every type of activity."""
EVENT_TYPE = "activity_type"


def form(catalogue: Catalogue, segments: Mapping[str, str]) -> dict[str, Any]:
    """Everything that a rule can say, and what it can name.

    Parameters:
        catalogue: what rules may read.
        segments: what each segment is called in reports.

    Returns:
        schema: of the rule model (JSON Schema; `format` says what a text names); kinds: the schema
        of each kind of clause, by its first word; operators, units; tables with their columns;
        event_tables; events: the columns of activities and the types' table and column; segments.
    """
    return {
        "schema": Rule.model_json_schema(),
        "kinds": kinds(),
        "operators": {name: asdict(one) for name, one in OPERATORS.items()},
        "units": UNITS,
        "tables": {
            name: {
                "layer": table.layer,
                "description": table.description,
                "has_one_row": table.has_one_row,
                "columns": _columns(table.columns.items()),
            }
            for name, table in catalogue.tables.items()
        },
        "event_tables": [table for table in EVENT_TABLES if table in catalogue.tables],
        "events": {
            "table": EVENTS,
            "column": EVENT_TYPE,
            "columns": _columns(event_columns(catalogue)),
        },
        "segments": {name: segments.get(name, name) for name in sorted(catalogue.segments)},
    }


def kinds() -> dict[str, str]:
    """The model of each kind of clause, by the word that such a clause begins with."""
    models = [get_args(member)[0] for member in get_args(get_args(Clause)[0])]
    return {
        kind: next(model.__name__ for model in models if kind in model.model_fields)
        for kind in KINDS
    }


def event_columns(catalogue: Catalogue) -> list[tuple[str, Column]]:
    """Columns of activities that conditions can name, by the table that each is read from.

    Parameters:
        catalogue: what rules may read.
    """
    found = []
    known = Comparison(operator="is_not_null")
    for name, column in catalogue.tables[EVENTS].columns.items():
        table = event_table(EventClause(event="x", where={name: known}))
        if table in catalogue.tables and name in catalogue.tables[table].columns:
            found.append((name, column))
    return found


def _columns(columns: Iterable[tuple[str, Column]]) -> dict[str, dict[str, Any]]:
    return {name: asdict(column) for name, column in sorted(columns)}
