"""What a rule may read: tables about people and their columns, from the models' YAML.

The only source of identifiers in compiled SQL. Types come from the warehouse where there is one.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from orchestration.errors import UserError
from orchestration.segments.comparisons import NAME
from orchestration.segments.operators import BOOLEAN, DATE, NUMBER, TEXT

ABOUT_PEOPLE = (
    "profiles", "derived_attributes", "behaviour", "enrichment", "profile_completeness",
    "purchases", "visits", "recorded_activities", "activities",
)  # fmt: skip
"""Tables of the layer profile. Of value, every table with a profile_id is one."""
EVENT_TABLES = {"recorded_activities": "occurred_at", "activities": "occurred_at"} | {
    "purchases": "booked_at",
    "visits": "started_at",
}
"""Tables of what happened, with the instant at which it did."""
DERIVED_TYPES = ("order_line", "order_line_returned", "cart_abandoned", "browse_abandoned")
"""Types of activity that `activities` adds to those that systems record."""
CLOCK = "refresh_period"
NUMBERS = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "DECIMAL",
    "FLOAT",
    "DOUBLE",
    "INT",
    "REAL",
    "UBIGINT",
    "UINTEGER",
    "UTINYINT",
    "USMALLINT",
)


@dataclass(frozen=True)
class Column:
    """A column: its kind, None where no warehouse says it, and whether it is personal data."""

    kind: str | None = None
    is_personal: bool = False
    description: str = ""


@dataclass(frozen=True)
class Table:
    """A model that has rows of people.

    Attributes:
        columns: by name.
        has_one_row: whether a person has one row at most.
        layer: its schema.
    """

    name: str
    columns: Mapping[str, Column]
    has_one_row: bool = False
    layer: str = "profile"
    description: str = ""


@dataclass(frozen=True)
class Catalogue:
    """Tables that rules may read, and segments that they may build on."""

    tables: Mapping[str, Table]
    segments: frozenset[str] = field(default_factory=frozenset)

    def table(self, name: str) -> Table:
        """A table by name.

        Raises:
            UserError: there is none; the message names those most like it.
        """
        if name not in self.tables:
            raise UserError(f"there is no table '{name}' for rules{nearest(name, self.tables)}")
        return self.tables[name]

    def column(self, table: str, name: str) -> Column:
        """A column; see `table`."""
        columns = self.table(table).columns
        if name not in columns:
            raise UserError(f"{table} has no column '{name}'{nearest(name, columns)}")
        return columns[name]


def nearest(word: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown word: those most like it, or all."""
    names = sorted(known)
    close = get_close_matches(word, names, n=3, cutoff=0.5)
    if close:
        return f". Nearest: {', '.join(close)}"
    more = " and more" if len(names) > 12 else ""
    return f". There are: {', '.join(names[:12])}{more}" if names else ""


def kind_of_type(data_type: str) -> str:
    """What a column of this type is compared as."""
    upper = data_type.upper()
    if upper.startswith(("VARCHAR", "STRING", "TEXT")) and "[" not in upper:
        return TEXT
    if upper in ("DATE", "TIMESTAMP", "TIMESTAMP_NS"):
        return DATE
    if upper == "BOOLEAN":
        return BOOLEAN
    return NUMBER if upper.split("(")[0] in NUMBERS and "[" not in upper else upper.lower()


def read_catalogue(
    project: Path,
    types: Mapping[str, Mapping[str, str]] | None = None,
    segments: Iterable[str] = (),
) -> Catalogue:
    """What rules of a project may read.

    Parameters:
        project: the dbt project.
        types: by `schema.table`, the columns of the warehouse with their types.
        segments: names of the segments that rules may build on.
    """
    tables = {}
    declared = _declared_columns(project)
    for layer in ("profile", "value"):
        for path in sorted((project / "models" / layer).rglob("*.yml")):
            for model in _loaded(path).get("models") or []:
                table = _table(model, layer, declared.get(model["name"], ()))
                if table is not None and (layer == "value" or table.name in ABOUT_PEOPLE):
                    built = (types or {}).get(f"{layer}.{table.name}", {})
                    tables[table.name] = _typed(table, built)
    return Catalogue(tables, frozenset(segments))


def _table(model: Mapping[str, Any], layer: str, declared: Iterable[str]) -> Table | None:
    columns, has_one_row, has_profile = {}, False, False
    for column in model.get("columns") or []:
        if column["name"] == "profile_id":
            has_profile = True
            has_one_row = "unique" in (column.get("data_tests") or [])
        elif is_plain(column["name"]):
            label = ((column.get("config") or {}).get("meta") or {}).get("label")
            said = column.get("data_type")
            columns[column["name"]] = Column(
                kind_of_type(said) if said else None,
                bool(label),
                " ".join((column.get("description") or "").split()),
            )
    for name in declared:
        if is_plain(name):
            # What a declaration adds has no label here, so its values are not told.
            columns.setdefault(name, Column(None, True))
    if not has_profile:
        return None
    description = " ".join((model.get("description") or "").split())
    return Table(model["name"], columns, has_one_row, layer, description)


def _typed(table: Table, built: Mapping[str, str]) -> Table:
    """The table with the types of the warehouse, and the columns that only it knows."""
    columns = dict(table.columns)
    for name, data_type in built.items():
        if name != "profile_id" and is_plain(name):
            known = columns.get(name, Column(None, True))
            columns[name] = replace(known, kind=kind_of_type(data_type))
    return replace(table, columns=columns)


def _declared_columns(project: Path) -> dict[str, list[str]]:
    """Columns that dbt_project.yml declares, by table."""
    said = _loaded(project / "dbt_project.yml").get("vars") or {}
    enrichments = said.get("enrichments")
    measures = said.get("measures")
    return {
        "profiles": _declared_attributes(project),
        "enrichment": [
            str(column)
            for one in (enrichments if isinstance(enrichments, dict) else {}).values()
            if isinstance(one, dict)
            for column in one.get("columns") or []
        ],
        "profile_measures": [
            str(name)
            for name, one in (measures if isinstance(measures, dict) else {}).items()
            if isinstance(one, dict) and not one.get("per")
        ],
    }


def _declared_attributes(project: Path) -> list[str]:
    """Attributes of the person that sources declare; see docs/attributes.md."""
    names = set()
    for path in sorted((project / "models" / "staging").rglob("*.yml")):
        for source in _loaded(path).get("sources") or []:
            for table in source.get("tables") or []:
                for column in table.get("columns") or []:
                    said = ((column.get("config") or {}).get("meta") or {}).get("attribute")
                    if isinstance(said, dict) and said.get("name"):
                        names.add(str(said["name"]))
    return sorted(names)


def _loaded(path: Path) -> Any:
    """A YAML file of the project, by the fast reader where there is one."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text("utf-8"), Loader=loader) or {}  # noqa: S506


def is_plain(name: str) -> bool:
    """Whether a name can stand in SQL as it is."""
    return bool(NAME.fullmatch(name)) and name not in _reserved()


@functools.cache
def _reserved() -> frozenset[str]:
    """Words that can't be a bare identifier."""
    import duckdb

    rows = duckdb.execute(
        "select keyword_name from duckdb_keywords() where keyword_category = 'reserved'"
    ).fetchall()
    return frozenset(word for (word,) in rows)
