"""Keyed attribute files: a customer's id and what is known of that customer, declared once.

Every file is held to the declaration as a whole, because an empty cell says something here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.errors import UserError
from orchestration.policy.declared_columns import KEYED, reading_of

POLICY = {"new": "stop", "missing": "ignore", "retyped": "stop"}
"""An unknown column is refused; one that a file lacks says nothing there."""


@dataclass(frozen=True)
class Keyed:
    """What a keyed attribute file holds.

    Attributes:
        key: the column, as landing names it, whose value stands once in a file.
        attributes: how the values of each attribute are read, by its column in landing.
    """

    key: str
    attributes: Mapping[str, Mapping[str, str]]


def keyed_of(node: Mapping[str, Any], meta: Mapping[str, Any], where: str) -> Keyed | None:
    """What a source table is declared to be keyed by; None where it is no keyed attribute file.

    Parameters:
        node: the source table in dbt's manifest.
        meta: its `config.meta`.
        where: the table and its file, for messages.

    Raises:
        UserError: the declaration can't be followed.
    """
    key = meta.get(KEYED)
    if key is None:
        return None
    columns = {
        name: {**column.get("meta", {}), **column.get("config", {}).get("meta", {})}
        for name, column in node["columns"].items()
    }
    if key not in columns or not columns[key].get("namespace"):
        raise UserError(
            f"The {where} has {KEYED} '{str(key)[:60]}'. Name the column with the customers' ids, "
            "and give that column a namespace, as in meta: {namespace: crm_id}."
        )
    if meta["format"] != "csv" or (meta.get("options") or {}).get("delimiter") == "whitespace":
        raise UserError(
            f"The {where} has {KEYED}, and only delimited text (format csv) tells an empty cell "
            "from one that is not there. Deliver it as csv, or take the word out."
        )
    if "on_schema_change" in meta:
        raise UserError(
            f"The {where} has {KEYED} and on_schema_change. A keyed file has the declared columns "
            "or some of them and no others; take on_schema_change out."
        )
    for name, said in columns.items():
        is_typed = (node["columns"][name].get("data_type") or "string").lower() != "string"
        if name != key and not said.get("attribute") and said.get("attribute") is not False:
            raise UserError(
                f"The {where} has {KEYED}, and its column {name} declares no attribute. Give it "
                "one, as in meta: {attribute: text}, or say that it is none: {attribute: false}."
            )
        if is_typed:
            raise UserError(
                f"The {where} has {KEYED}, and its column {name} has a data_type. Say the type "
                "where its attribute is declared, as in meta: {attribute: decimal}."
            )
    said_of = {
        name: reading_of(said["attribute"])
        for name, said in columns.items()
        if name != key and said["attribute"]
    }
    return Keyed(str(key), said_of)
