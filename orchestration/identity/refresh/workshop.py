"""Running a model's own SQL over parts of what it reads, and putting the rows in their place."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import duckdb

from orchestration.identity.contraction import contract
from orchestration.identity.refresh.inputs import Relations
from orchestration.progress import reporter

Parts = Mapping[str, str]
"""Of each model that is read in part, the condition on its rows; or `=` and a relation instead."""


class Workshop:
    """The models of the layer, as dbt has compiled them, to be run in part.

    Parameters:
        con: a writing connection.
        relations: the name in the warehouse of each model.
        compiled: the file with the compiled SQL of each model.
        contracted: models whose SQL yields links and whose table holds components.

    Attributes:
        seconds: what each model took.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        relations: Relations,
        compiled: Mapping[str, Path],
        contracted: frozenset[str],
    ) -> None:
        self.con = con
        self.relations = relations
        self.seconds: dict[str, float] = {}
        self._compiled = compiled
        self._contracted = contracted
        self._parts: dict[tuple[str, str], str] = {}
        self._count = 0

    def keep(self, name: str, sql: str) -> str:
        """Keep rows for later steps in a temporary table of this name."""
        self.con.execute(f"create or replace temp table {name} as {sql}")
        return name

    def count(self, name: str) -> int:
        """How many rows a relation has."""
        [(count,)] = self.con.execute(f"select count(*) from {name}").fetchall()
        return int(count)

    def part(self, model: str, where: str) -> str:
        """Rows of a model under a condition, as a temporary table; made once until they change."""
        if where.startswith("="):
            return where[1:]
        key = (model, where)
        if key not in self._parts:
            self._count += 1
            self._parts[key] = self.keep(
                f"part_{self._count}", f"select * from {self.relations[model]} where {where}"
            )
        return self._parts[key]

    def within(self, model: str, where: str, larger: str) -> None:
        """Have a part of a model made from a larger part of it instead of the whole.

        Parameters:
            model: its name.
            where: the condition on the part's rows.
            larger: the condition on the larger part; it holds wherever `where` does.
        """
        self._count += 1
        self._parts[model, where] = self.keep(
            f"part_{self._count}", f"select * from {self.part(model, larger)} where {where}"
        )

    def rows(self, model: str, parts: Parts) -> str:
        """The rows that a model's SQL yields over parts of what it reads, as a temporary table."""
        sql = self._compiled[model].read_text()
        for read, where in parts.items():
            sql = sql.replace(self.relations[read], self.part(read, where))
        self._count += 1
        made = f"rows_{self._count}"
        if model in self._contracted:
            contract(self.con, made, sql, temporary=True)
            return made
        return self.keep(made, sql)

    def refresh(self, model: str, parts: Parts, where: str) -> str:
        """Replace the rows of a model under a condition by what its SQL yields over parts.

        Parameters:
            model: its name.
            parts: what it reads in part; everything else it reads whole.
            where: a condition on its rows: those that may have changed. What the SQL yields beyond
                them is the same as is there already.

        Returns:
            A temporary table with what the SQL yielded.
        """
        started = time.monotonic()
        reporter().advance("identity", model, len(self._compiled))
        rows = self.rows(model, parts)
        self.replace(model, rows, where)
        self.seconds[model] = time.monotonic() - started
        return rows

    def replace(self, model: str, rows: str, where: str) -> None:
        """Replace the rows of a model under a condition by those of a table under the same."""
        table = self.relations[model]
        self.con.execute(f"delete from {table} where {where}")
        self.con.execute(f"insert into {table} by name select * from {rows} where {where}")
        self.changed(model)

    def changed(self, model: str) -> None:
        """Let go of parts that were made before a model changed."""
        for key in [key for key in self._parts if key[0] == model]:
            self.con.execute(f"drop table {self._parts.pop(key)}")

    def rebuild(self, model: str) -> None:
        """Make all of a model again: its rows are few, or follow from all of what it reads."""
        self.refresh(model, {}, "true")
