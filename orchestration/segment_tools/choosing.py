"""What an export may hold: the columns that are asked for, and the consent they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import duckdb

from orchestration.errors import UserError
from orchestration.ingest.sql import quoted

LAYERS = ("profile", "value", "segments")
CONTACTS = {"email": "email", "phone": "phone"}
"""Columns by which a person is reached, by the namespace of what stands in them."""
OF_PERSON = "profile"
"""The namespace of channels that reach the person by no address."""
IDENTIFYING = "I1"
"""The label of columns that say who somebody is."""


@dataclass(frozen=True)
class Chosen:
    """A column of the export.

    Attributes:
        schema: of its table.
        table: the model.
        column: its name.
        label: of personal data; empty without.
    """

    schema: str
    table: str
    column: str
    label: str

    @property
    def relation(self) -> str:
        """The table as SQL."""
        return f"{quoted(self.schema)}.{quoted(self.table)}"


@dataclass(frozen=True)
class Contact:
    """What consent is asked for.

    Attributes:
        purpose: of the message.
        channel: on which it goes.
        kind: what the channel reaches: email, phone or profile.
    """

    purpose: str
    channel: str
    kind: str


def column_in(manifest: Mapping[str, Any], written: str) -> Chosen:
    """The column of `schema.table.column`, which must be a model's that the project describes.

    Parameters:
        manifest: dbt's manifest.json.
        written: the column's full name.

    Raises:
        UserError: there is no such column.
    """
    parts = written.split(".")
    models = {
        (node["schema"], node["name"]): node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] in LAYERS
    }
    node = models.get((parts[0], parts[1])) if len(parts) == 3 else None
    if node is None:
        raise UserError(
            f"--column {written} is no schema.table.column of a model of {', '.join(LAYERS)}, such "
            "as profile.profiles.email.",
            2,
        )
    described = node["columns"].get(parts[2])
    if described is None:
        near = get_close_matches(parts[2], node["columns"], 1)
        raise UserError(
            f"--column {written}: {parts[0]}.{parts[1]} describes no column {parts[2]}."
            + (f" Did you mean {near[0]}?" if near else ""),
            2,
        )
    meta = {**described.get("meta", {}), **described.get("config", {}).get("meta", {})}
    return Chosen(parts[0], parts[1], parts[2], str(meta.get("label") or ""))


def contact_of(
    con: duckdb.DuckDBPyConnection,
    chosen: Sequence[Chosen],
    purpose: str | None,
    channel: str | None,
) -> Contact | None:
    """What consent is needed for, None where nothing says who somebody is and nothing is asked.

    Parameters:
        con: to the warehouse.
        chosen: columns of the export.
        purpose: of the message.
        channel: on which it goes.

    Raises:
        UserError: one is missing or not known, or a column is not what the channel reaches.
    """
    telling = [c for c in chosen if c.label == IDENTIFYING or c.column in CONTACTS]
    if not telling and purpose is None and channel is None:
        return None
    if purpose is None or channel is None:
        what = f"{telling[0].column} says who somebody is: " if telling else ""
        raise UserError(
            f"{what}give both --purpose and --channel, such as --purpose commercial --channel "
            "email. Only who may be sent that leaves.",
            2,
        )
    purposes = _known(
        con,
        "select purpose from profile.effective_consent union select purpose from "
        "policy.consent_enforcement",
    )
    if purpose not in purposes:
        raise UserError(f"--purpose {purpose} is none of {', '.join(purposes)}.", 2)
    kinds: dict[str, str] = dict(
        con.execute("select distinct channel, point_kind from policy.consent_channels").fetchall()
    )
    if channel not in kinds:
        raise UserError(f"--channel {channel} is none of {', '.join(sorted(kinds))}.", 2)
    for column in telling:
        namespace = CONTACTS.get(column.column)
        if namespace and namespace != kinds[channel]:
            raise UserError(
                f"{column.column} is not what the channel {channel} reaches, so its consent says "
                "nothing of it. Leave the column out, or export it for another channel.",
                2,
            )
    return Contact(purpose, channel, kinds[channel])


def _known(con: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    return sorted(word for (word,) in con.execute(sql).fetchall() if word != "any")
