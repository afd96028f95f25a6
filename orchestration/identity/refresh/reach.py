"""Conditions on the rows that changed records reach, by the temporary tables that hold them.

They are chosen so that a model's SQL sees all rows that its result depends on:

- a value's verdict depends on all records that show the value: `reached_values`;
- a pair's score depends on its two records: `rescored_records`;
- a component's links, verdicts and id depend on the component: `reached_nodes`, and by name
  `reached_records`.
"""

from __future__ import annotations

VALUE = "(record_key, namespace, identity_value)"
SHOWN = "(namespace, normalised_value)"


def hash60(expression: str) -> str:
    """The hash that macros/engine.sql makes nodes with."""
    return f"cast('0x' || substr(md5({expression}), 1, 15) as bigint)"


def among(column: str, table: str, its_column: str = "") -> str:
    """A condition: the column's value is in a table's column, of the same name or of another.

    Several columns in brackets are looked for together.
    """
    return f"{column} in (select {its_column or column.strip('()')} from {table})"


def either(table: str) -> str:
    """A condition on pairs: the key of one of the two records is in a table's record_key."""
    keys = f"(select record_key from {table})"
    return f"(record_key_a in {keys} or record_key_b in {keys})"


def narrowed(column: str, columns: str, table: str) -> str:
    """`among` for several columns; one of them lets the engine skip most rows while it reads."""
    return f"({among(column, table)} and {among(columns, table)})"


CHANGED = among("record_key", "changed_records")
OF_SHOWN_VALUE = narrowed("normalised_value", SHOWN, "reached_values")
SHOWN_OR_CHANGED = f"({OF_SHOWN_VALUE} or {CHANGED})"
OF_REACHED_VALUE = narrowed("record_key", VALUE, "reached_rows")
OF_REACHED_RECORD = among("record_key", "reached_records")
OF_REACHED_COMPONENT = among("component_id", "reached_components")
RESCORED = either("rescored_records")
AT_REACHED_NODE = "node_id in (select node_id from reached_nodes)"
FROM_REACHED_NODE = "node_a in (select node_id from reached_nodes)"


def difference(columns: str, before: str, now: str) -> str:
    """SQL for what stands behind `from`: rows that only one of two relations has."""
    return (
        f"((select {columns} from {before} except select {columns} from {now}) union all "
        f"(select {columns} from {now} except select {columns} from {before})) as differing"
    )
