"""A shallow regression tree over columns that are cut into few codes, grown from counts.

The table is a database's; of it come counts per code, and each best split is found among these.
The measure of a split is the classic one of regression trees (Breiman et al., Classification and
Regression Trees, 1984, chapter 8): by how much the sum of squared deviations falls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

MOST_DEEP = 3
NULL = -1
"""The code of a value that is not known."""


@dataclass(frozen=True)
class Coded:
    """A column, cut into codes.

    Attributes:
        field: `table.column`.
        is_ordered: whether codes are intervals, in order; else each is one value, 0 all others.
        values: of a number the upper ends of all intervals but the last; else what codes 1, 2 …
            stand for.
        has_null: whether some value is not known.
    """

    field: str
    is_ordered: bool
    values: Sequence[Any]
    has_null: bool


@dataclass(frozen=True)
class Side:
    """One side of a split.

    Attributes:
        clause: as in a rule file, a mapping, or `{"none": [clause]}` of the other side.
        sql: the same over codes.
    """

    clause: dict[str, Any]
    sql: str


@dataclass(frozen=True)
class Moments:
    """Of a set of people: how many, their sum and their sum of squares."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0

    def __add__(self, other: Moments) -> Moments:
        return Moments(
            self.count + other.count, self.total + other.total, self.squares + other.squares
        )

    def __sub__(self, other: Moments) -> Moments:
        return Moments(
            self.count - other.count, self.total - other.total, self.squares - other.squares
        )

    @property
    def mean(self) -> float:
        """Their mean; of nobody 0."""
        return self.total / self.count if self.count else 0.0

    @property
    def variance(self) -> float:
        """Of the sample; of fewer than two 0."""
        if self.count < 2:
            return 0.0
        return max(self.squares - self.count * self.mean**2, 0.0) / (self.count - 1)

    @property
    def explained(self) -> float:
        """What squares lose when the mean stands for each."""
        return self.count * self.mean**2


@dataclass(frozen=True)
class Split:
    """How a group is best split, and how much that explains; no sides where it can't be."""

    gain: float = 0.0
    sides: tuple[Side, ...] = ()


@dataclass(frozen=True)
class Leaf:
    """A group: all its sides hold."""

    sides: tuple[Side, ...] = ()

    @property
    def sql(self) -> str:
        """The condition over codes."""
        return " and ".join(f"({side.sql})" for side in self.sides) or "true"


def grow(
    con: duckdb.DuckDBPyConnection, table: str, coded: Sequence[Coded], groups: int, least: int
) -> list[Leaf]:
    """Split people into groups that differ, the best split first.

    Parameters:
        con: where the table is.
        table: with the columns c0, c1 …, codes as in `coded`, and y, a number; a row per person.
        coded: the columns.
        groups: most of them.
        least: people in each.

    Returns:
        The groups; together they are everybody. One is nobody's split.
    """
    done: list[Leaf] = []
    growing = [(Leaf(), _best(con, table, coded, Leaf(), least))]
    while growing:
        number = max(range(len(growing)), key=lambda n: growing[n][1].gain)
        leaf, best = growing.pop(number)
        if not best.sides or len(done) + len(growing) + 2 > groups:
            done.append(leaf)
            continue
        for side in best.sides:
            part = Leaf((*leaf.sides, side))
            is_deepest = len(part.sides) == MOST_DEEP
            found = Split() if is_deepest else _best(con, table, coded, part, least)
            growing.append((part, found))
    return done


def moments(con: duckdb.DuckDBPyConnection, table: str, leaf: Leaf) -> Moments:
    """Of the people of a group."""
    [row] = con.execute(
        f"select count(y), coalesce(fsum(y), 0), coalesce(fsum(y * y), 0) from {table} "
        f"where {leaf.sql}"
    ).fetchall()
    return Moments(*row)


def _best(
    con: duckdb.DuckDBPyConnection, table: str, coded: Sequence[Coded], leaf: Leaf, least: int
) -> Split:
    """The split that explains most, of two sides with enough people each."""
    counts = _counts(con, table, len(coded), leaf)
    best = Split()
    for number, column in enumerate(coded):
        codes = counts[number]
        whole = sum(codes.values(), Moments())
        for part, sides in _splits(number, column, codes):
            rest = whole - part
            if min(part.count, rest.count) < least:
                continue
            gain = part.explained + rest.explained - whole.explained
            # What is equal but for rounding is no gain, and the first of equals stays.
            if gain > max(1e-9 * whole.squares, best.gain * (1 + 1e-9)):
                best = Split(gain, sides)
    return best


def _counts(
    con: duckdb.DuckDBPyConnection, table: str, columns: int, leaf: Leaf
) -> list[dict[int, Moments]]:
    """By column and code, in one pass."""
    found: list[dict[int, Moments]] = [{} for _ in range(columns)]
    listed = ", ".join(f"c{n}" for n in range(columns))
    sets = ", ".join(f"(c{n})" for n in range(columns))
    for *codes, count, total, squares in con.execute(
        f"select {listed}, count(*), fsum(y), fsum(y * y) from {table} where {leaf.sql} "
        f"group by grouping sets ({sets})"
    ).fetchall():
        number, code = next((n, code) for n, code in enumerate(codes) if code is not None)
        found[number][code] = Moments(count, total, squares)
    return found


def _splits(
    number: int, column: Coded, codes: dict[int, Moments]
) -> list[tuple[Moments, tuple[Side, Side]]]:
    name, found = f"c{number}", []
    unknown = codes.get(NULL, Moments())
    if column.has_null:
        found.append((unknown, _sides(column, "is_null", None, f"{name} = {NULL}")))
    if not column.is_ordered:
        for code, value in enumerate(column.values, start=1):
            sides = _sides(column, "equals", value, f"{name} = {code}")
            found.append((codes.get(code, Moments()), sides))
        return found
    below = Moments()
    known = sum((m for code, m in codes.items() if code != NULL), Moments())
    for code, end in enumerate(column.values):
        below += codes.get(code, Moments())
        at_most = _sides(column, "at_most", end, f"{name} between 0 and {code}")
        found.append((below, at_most))
        if column.has_null:
            found.append((known - below, _sides(column, "more_than", end, f"{name} > {code}")))
    return found


OTHER_SIDE = {"is_null": "is_not_null", "at_most": "more_than"}


def _sides(column: Coded, operator: str, value: Any, sql: str) -> tuple[Side, Side]:
    """Who fulfils a clause, and all others, of whom some may be unknown."""
    clause = {"field": column.field, "operator": operator}
    if value is not None:
        clause["value"] = value
    other: dict[str, Any] = {"none": [clause]}
    if operator in OTHER_SIDE and (operator == "is_null" or not column.has_null):
        other = {**clause, "operator": OTHER_SIDE[operator]}
    return Side(clause, sql), Side(other, f"not ({sql})")


def simplified(sides: Sequence[Side]) -> list[dict[str, Any]]:
    """The clauses of sides, without those that another one implies.

    Parameters:
        sides: all of which hold of a group.
    """
    clauses: list[dict[str, Any]] = []
    for side in sides:
        if not any(_implies(kept, side.clause) for kept in clauses):
            clauses = [kept for kept in clauses if not _implies(side.clause, kept)]
            clauses.append(side.clause)
    return clauses


def _implies(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether who fulfils one clause fulfils the other, as far as both are of the same field."""
    (is_one, a), (is_other, b) = _taken(one), _taken(other)
    if a["field"] != b["field"]:
        return False
    operators = a["operator"], b["operator"]
    if is_other and b["operator"] == "is_not_null":
        return is_one and a["operator"] != "is_null"
    if is_one and not is_other and operators == ("equals", "equals"):
        return bool(a["value"] != b["value"])
    if is_one != is_other or operators not in (("at_most",) * 2, ("more_than",) * 2):
        return is_one == is_other and a == b
    # At most 2 is at most 3; not at most 3 is not at most 2.
    is_narrower = (
        a["value"] <= b["value"] if operators[0] == "at_most" else a["value"] >= b["value"]
    )
    return bool(is_narrower if is_one else a["value"] == b["value"] or not is_narrower)


def _taken(clause: dict[str, Any]) -> tuple[bool, dict[str, Any]]:
    """Whether a clause is said or denied, and the clause."""
    return ("none" not in clause), (clause["none"][0] if "none" in clause else clause)
