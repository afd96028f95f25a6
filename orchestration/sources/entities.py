"""The conformed entities as the contracts in models/conformed say them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from orchestration.ingest.contracts import MADE_LATER

KEYS: dict[str, tuple[str, ...]] = {
    "customer_records": ("source_record_id",),
    "orders": ("order_id",),
    "order_lines": ("order_id", "line_number"),
    "products": ("product_id",),
    "campaigns": ("campaign_id",),
    "message_events": ("message_event_id",),
    "consents": ("consent_id",),
    "events": ("event_id",),
    "loyalty_tiers": ("loyalty_tier",),
    "support_contacts": ("support_contact_id",),
    "interactions": ("interaction_id",),
}
ENTITIES = tuple(KEYS)

WITHOUT_SOURCE = frozenset({"support_contacts", "interactions"})
"""Entities that a project need not have a source of."""


@dataclass(frozen=True)
class EntityColumn:
    """A column of a contract that a staging model must have."""

    name: str
    data_type: str
    description: str
    is_required: bool
    label: str | None


STAGED_ONLY = {
    "orders": EntityColumn(
        "paid_order_id",
        "string",
        "The order of another system that this one is the payment of; such an order is set aside "
        "where the other one is there.",
        False,
        None,
    )
}
"""Columns that a staging model has only where its source says them, and that no table keeps."""


DECLARED = {
    "attributes": "attributes_of", "identities": "identities_of", "statements": "statements_of",
}  # fmt: skip
"""Columns that hold what the YAML of a source declares, and the macro that reads it."""
STATEMENTS = (
    EntityColumn(
        "statements",
        "string",
        "What the row says of its customer as JSON, null for an empty cell; null where it deletes.",
        False,
        "I1",
    ),
    EntityColumn("said_at", "timestamp", "When it is said, UTC; null without.", False, None),
)
"""What a keyed attribute file has in the place of attributes and of an update of the record."""
ASKED = {("orders", "source_record_id")}
"""May be null, for guests; a table without such a column feeds nothing all the same."""


@dataclass(frozen=True)
class Entity:
    """A conformed entity.

    Attributes:
        name: the conformed model.
        description: what one row is.
        columns: those that a staging model fills: without those that conformed makes.
    """

    name: str
    description: str
    columns: tuple[EntityColumn, ...]

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that tell its rows apart within a source system."""
        return KEYS[self.name]


def read_entities(dbt_project_dir: Path) -> dict[str, Entity]:
    """The contracts of a dbt project, by name.

    Parameters:
        dbt_project_dir: the project.
    """
    entities = {}
    for name in ENTITIES:
        path = dbt_project_dir / "models" / "conformed" / f"{name}.yml"
        # The loader in C is ten times as fast.
        content = yaml.load(path.read_text(), Loader=yaml.CSafeLoader)
        model = next(m for m in content["models"] if m["name"] == name)
        columns = tuple(
            EntityColumn(
                name=c["name"],
                data_type=c["data_type"],
                description=" ".join(c.get("description", "").split()),
                is_required=(name, c["name"]) in ASKED
                # What a source may leave out, the conformed layer fills.
                or (
                    not c.get("config", {}).get("meta", {}).get("optional")
                    and any(x.get("type") == "not_null" for x in c.get("constraints", ()))
                ),
                label=c.get("config", {}).get("meta", {}).get("label"),
            )
            for c in model["columns"]
            if c["name"] not in MADE_LATER | {"source_row"}
        )
        entities[name] = Entity(name, " ".join(model["description"].split()), columns)
    return entities
