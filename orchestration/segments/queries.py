"""The parts of a compiled model while it grows: what is read, the steps, and their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from orchestration.segments.catalogue import (
    CLOCK,
    DERIVED_TYPES,
    EVENT_TABLES,
    Catalogue,
)
from orchestration.segments.comparisons import NAME
from orchestration.segments.layout import Select, indented, listed
from orchestration.segments.rule import Rows

OWN_NAMES = ("clock", "members")
READ_WHERE_USED = "not materialized "
"""A table that several steps read is not copied first, so each reads only the rows it asks for."""


@dataclass(frozen=True)
class Found:
    """A step that yields the people of a clause.

    Attributes:
        name: the CTE, with one row of each.
        words: what a reason says: texts, and columns of the CTE.
    """

    name: str
    words: tuple[str | exp.Expression, ...]

    @property
    def is_found(self) -> exp.Expression:
        """Whether a person is in it, once it is joined."""
        return exp.Not(this=exp.Is(this=exp.column("profile_id", self.name), expression=exp.null()))


@dataclass
class Query:
    """A model that is being compiled."""

    catalogue: Catalogue
    reads: dict[str, list[str]] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.names.update(OWN_NAMES, self.catalogue.tables, self.catalogue.segments)
        self.read("profiles")

    def read(self, model: str, *columns: str) -> str:
        """Read columns of a model beside profile_id, and return its CTE."""
        known = self.reads.setdefault(model, [])
        known += [column for column in dict.fromkeys(columns) if column not in known]
        return model

    def read_clock(self) -> str:
        """Read the clock, and return the join to it."""
        self.reads.setdefault(CLOCK, [])
        return "cross join clock"

    def step(self, name: str, select: Select) -> str:
        """Add a step, and return its CTE."""
        return self.add(name, select.text())

    def add(self, name: str, lines: Sequence[str]) -> str:
        """Add a step of any lines, and return its CTE, whose name no other has."""
        unique, number = name[:55], 1
        while unique in self.names:
            number += 1
            unique = f"{name[:55]}_{number}"
        self.names.add(unique)
        self.steps.append(_cte(unique, lines))
        return unique

    def text(self) -> list[str]:
        """All CTEs in order: what is read, then the steps."""
        imports = []
        for model, columns in self.reads.items():
            is_clock = model == CLOCK
            wanted = ["as_of_at", "as_of_on"] if is_clock else ["profile_id", *columns]
            lines = [*listed("select", wanted), f"from {{{{ ref('{model}') }}}}"]
            imports.append(_cte("clock" if is_clock else model, lines, READ_WHERE_USED))
        return [*imports, *self.steps]


def _cte(name: str, lines: Sequence[str], how: str = "") -> str:
    return "\n".join([f"{name} as {how}(", *indented(lines), ")"])


def join(name: str, other: str, kind: str = "inner") -> list[str]:
    """A join of two steps by the person."""
    return [f"{kind} join {name}", f"    on {other}.profile_id = {name}.profile_id"]


def event_table(rows: Rows) -> str:
    """The table that activities are read from: the faster one, unless only the other has them."""
    if rows.table is not None:
        return rows.table
    told = {"title", "description", "is_on_timeline", "sort_index"} & set(rows.where)
    is_derived = told or any(name in DERIVED_TYPES for name in rows.types)
    return "activities" if is_derived else "recorded_activities"


def instant_of(table: str) -> str:
    """The column that says when a row of the table happened."""
    return EVENT_TABLES[table]


def base_name(rows: Rows) -> str:
    """The beginning of the names of steps over these activities."""
    if rows.table is not None:
        return rows.table
    only = rows.types[0] if len(rows.types) == 1 else ""
    return only[:30] if NAME.fullmatch(only) and only.isascii() else "activities"
