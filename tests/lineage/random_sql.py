"""Random queries over two small tables whose rows do not depend on the order in which they come."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

Columns = dict[str, str]
"""The kind of each column of a relation by its name: n for numbers, s for texts."""
TABLES: dict[str, Columns] = {
    "t": {"id": "n", "k": "n", "x": "n", "y": "s"},
    "u": {"id": "n", "k": "n", "v": "n", "w": "s"},
}
TEXTS = ("a", "b", "c", "aa")


@dataclass
class Relation:
    """A relation in FROM.

    Attributes:
        sql: as it stands in FROM, without an alias.
        columns: what it has.
    """

    sql: str
    columns: Columns


class Queries:
    """Makes queries.

    Parameters:
        seed: the same gives the same.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._names = 0
        self._ctes: dict[str, Columns] = {}

    def query(self) -> str:
        """A query with what it is made of: tables, joins, subqueries, table expressions."""
        ctes = []
        for _ in range(self._random.randrange(3)):
            sql, columns = self._select(2)
            name = self._name("c")
            ctes.append(f"{name} as ({sql})")
            self._ctes[name] = columns
        sql, _ = self._maybe_united(3)
        return (f"with {', '.join(ctes)} " if ctes else "") + sql

    def _name(self, letter: str) -> str:
        self._names += 1
        return f"{letter}{self._names}"

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _maybe_united(self, depth: int) -> tuple[str, Columns]:
        sql, columns = self._select(depth)
        if depth < 1 or not self._chance(0.25):
            return sql, columns
        kinds = list(columns.values())
        other, its = self._select(depth - 1, kinds)
        how = self._random.choice(["union all", "union", "except", "intersect", "by name"])
        if how == "by name":
            renamed = ", ".join(
                f"{a} as {b}"
                for a, b in zip(its, reversed(columns), strict=True)
                if its[a] == columns[b]
            )
            if not renamed:
                return sql, columns
            return f"(from ({sql})) union all by name (select {renamed} from ({other}))", columns
        return f"(from ({sql})) {how} (from ({other}))", columns

    def _relation(self, depth: int) -> Relation:
        if depth > 0 and self._chance(0.35):
            sql, columns = self._maybe_united(depth - 1)
            return Relation(f"({sql})", columns)
        if self._ctes and self._chance(0.4):
            name = self._random.choice(sorted(self._ctes))
            return Relation(name, self._ctes[name])
        name = self._random.choice(sorted(TABLES))
        return Relation(f"landing.{name}", TABLES[name])

    def _select(self, depth: int, kinds: list[str] | None = None) -> tuple[str, Columns]:
        names: Columns = {}
        first = self._relation(depth)
        alias = self._name("r")
        from_ = f"{first.sql} as {alias}"
        names |= {f"{alias}.{column}": kind for column, kind in first.columns.items()}
        if depth > 0 and self._chance(0.5):
            joined, shown = self._join(depth, names)
            from_ += joined
            names |= shown
        where = f" where {self._condition(names, depth)}" if self._chance(0.3) else ""
        kinds = kinds or self._random.choices("nns", k=self._random.randint(1, 3))
        if self._chance(0.3):
            return self._grouped(from_, where, names, kinds)
        items, columns, qualify = [], {}, ""
        for kind in kinds:
            name = self._name("o")
            items.append(f"{self._value(kind, names, depth)} as {name}")
            columns[name] = kind
        if self._chance(0.2):
            qualify = f" qualify {self._window('n', names)} {self._compared()}"
        elif self._chance(0.15):
            # Only columns of the result, so that rows which are alike are all that may tie.
            qualify = f" order by {', '.join(str(n) for n in range(1, len(kinds) + 1))} limit 3"
        distinct = "distinct " if self._chance(0.15) else ""
        return f"select {distinct}{', '.join(items)} from {from_}{where}{qualify}", columns

    def _join(self, depth: int, names: Columns) -> tuple[str, Columns]:
        other, alias = self._relation(depth - 1), self._name("r")
        theirs = {f"{alias}.{column}": kind for column, kind in other.columns.items()}
        how = self._random.choice(
            ["join", "left join", "left join", "right join", "full join", "semi join", "anti join"]
        )
        keys = [(a, b) for a, kind in names.items() for b, its in theirs.items() if kind == its]
        if not keys:
            return "", {}
        a, b = self._random.choice(keys)
        on = f"{a} = {b}"
        if how in ("join", "left join", "semi join", "anti join") and self._chance(0.3):
            on += f" and {self._simple({**names, **theirs})}"
        hidden = how.startswith(("semi", "anti"))
        return f" {how} {other.sql} as {alias} on {on}", {} if hidden else theirs

    def _grouped(
        self, from_: str, where: str, names: Columns, kinds: list[str]
    ) -> tuple[str, Columns]:
        items, columns, places = [], {}, []
        for place, kind in enumerate(kinds, start=1):
            name = self._name("o")
            columns[name] = kind
            if self._chance(0.4):
                items.append(f"{self._scalar(kind, names)} as {name}")
                places.append(self._random.choice([str(place), name]))
            else:
                items.append(f"{self._aggregate(kind, names)} as {name}")
        group = f" group by {', '.join(places)}" if places else ""
        if places and self._chance(0.3):
            group = " group by all"
        having = (
            f" having {self._aggregate('n', names)} {self._compared()}" if self._chance(0.3) else ""
        )
        return f"select {', '.join(items)} from {from_}{where}{group}{having}", columns

    def _aggregate(self, kind: str, names: Columns) -> str:
        value = self._scalar(kind, names)
        only = f" filter (where {self._simple(names)})" if self._chance(0.2) else ""
        if kind == "s":
            how = self._random.choice(
                ["min({0})", "max({0})", "string_agg({0}, '' order by lower({0}))"]
            )
            return how.format(value) + only
        how = self._random.choice(
            ["sum({0})", "count({0})", "count(*)", "max({0})", "count(distinct {0})"]
        )
        return f"cast({how.format(value)}{only} as bigint)"

    def _window(self, kind: str, names: Columns) -> str:
        by, order = self._column(names), self._column(names)
        if kind == "s":
            return f"min({self._scalar('s', names)}) over (partition by {by} order by {order})"
        how = self._random.choice(
            [
                "rank() over (partition by {by} order by {order})",
                "sum({v}) over (partition by {by})",
                "max({v}) over (order by {order})",
                "dense_rank() over (order by {order})",
            ]
        )
        return f"cast({how.format(by=by, order=order, v=self._scalar('n', names))} as bigint)"

    def _value(self, kind: str, names: Columns, depth: int) -> str:
        dice = self._random.random()
        if dice < 0.2:
            return self._window(kind, names)
        if dice < 0.3 and depth > 0:
            inner = self._relation(0)
            alias = self._name("r")
            its = {f"{alias}.{column}": one for column, one in inner.columns.items()}
            condition = self._equal(names, its)
            of = self._aggregate(kind, its)
            return f"(select {of} from {inner.sql} as {alias} where {condition})"
        return self._scalar(kind, names)

    def _scalar(self, kind: str, names: Columns) -> str:
        dice = self._random.random()
        column = self._column(names, kind)
        if dice < 0.45:
            return column
        if dice < 0.6:
            other = self._column(names, kind)
            return f"case when {self._simple(names)} then {column} else {other} end"
        if dice < 0.75:
            return f"coalesce({column}, {self._column(names, kind)})"
        if dice < 0.85 and kind == "n":
            return f"length({self._column(names, 's')})"
        return f"({column} + 1)" if kind == "n" else f"upper({column} || 'z')"

    def _column(self, names: Columns, kind: str = "") -> str:
        fitting = sorted(name for name, its in names.items() if not kind or its == kind)
        literal = "3" if kind != "s" else "'b'"
        return self._random.choice(fitting) if fitting else literal

    def _equal(self, names: Columns, its: Columns) -> str:
        pairs = sorted((a, b) for a in names for b in its if names[a] == its[b])
        return " = ".join(self._random.choice(pairs)) if pairs else "true"

    def _compared(self) -> str:
        return self._random.choice(["> 1", "= 1", "<= 2", "is not null"])

    def _simple(self, names: Columns) -> str:
        kind = self._random.choice("ns")
        column = self._column(names, kind)
        if kind == "n":
            return f"{column} {self._compared()}"
        return f"{column} = '{self._random.choice(TEXTS)}'"

    def _condition(self, names: Columns, depth: int) -> str:
        if depth < 1 or self._chance(0.5):
            return self._simple(names)
        inner = self._relation(depth - 1)
        alias = self._name("r")
        its = {f"{alias}.{column}": kind for column, kind in inner.columns.items()}
        if self._chance(0.5):
            return (
                f"{self._random.choice(['', 'not '])}exists (select 1 from {inner.sql} as {alias} "
                f"where {self._equal(names, its)} and {self._simple(its)})"
            )
        pairs = sorted((a, b) for a in names for b in its if names[a] == its[b])
        if not pairs:
            return self._simple(names)
        a, b = self._random.choice(pairs)
        return f"{a} in (select {b} from {inner.sql} as {alias} where {self._simple(its)})"
