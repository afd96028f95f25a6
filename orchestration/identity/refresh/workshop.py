"""Running a model's own SQL over parts of what it reads, and putting the rows in their place."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path

import duckdb

from orchestration.identity.contraction import contract
from orchestration.identity.refresh.inputs import Relations
from orchestration.identity.refresh.reach import among
from orchestration.progress import reporter

Parts = Mapping[str, str]
"""Of each model that is read in part, the condition on its rows; or `=` and a relation instead."""
ALL = "true"
"""The condition of a model that is made again whole."""


class Workshop:
    """The models of the layer, as dbt has compiled them, to be run in part.

    Parameters:
        con: a writing connection.
        relations: the name in the warehouse of each model.
        compiled: the file with the compiled SQL of each model.
        contracted: models whose SQL yields links and whose table holds components.
        with_delta: models of which later layers want to know what has changed, in the table that
            macros/refresh.sql calls their delta. What they hold is forgotten here.

    Attributes:
        seconds: what each model took.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        relations: Relations,
        compiled: Mapping[str, Path],
        contracted: frozenset[str],
        with_delta: frozenset[str] = frozenset(),
    ) -> None:
        self.con = con
        self.relations = relations
        self.seconds: dict[str, float] = {}
        self._compiled = compiled
        self._contracted = contracted
        self._with_delta = with_delta
        self._held: dict[tuple[str, str], str] = {}
        self._count = 0
        for model in with_delta:
            con.execute(f"delete from {_delta(model)}")

    def keep(self, name: str, sql: str) -> str:
        """Keep rows for later steps in a temporary table of this name."""
        self.con.execute(f"create or replace temp table {name} as {sql}")
        return name

    def count(self, name: str) -> int:
        """How many rows a relation has."""
        [(count,)] = self.con.execute(f"select count(*) from {name}").fetchall()
        return int(count)

    def hold(self, model: str, where: str, *, sql: str = "") -> str:
        """Keep the rows of a model under a condition, for the models that will read them.

        Parameters:
            model: its name.
            where: the condition.
            sql: yields the same rows in a way that costs less.

        Returns:
            The temporary table they are in until the model changes.
        """
        self._count += 1
        self._held[model, where] = self.keep(
            f"part_{self._count}",
            sql or f"select * from {self.relations[model]} where {where}",
        )
        return self._held[model, where]

    def part(self, model: str, where: str) -> str:
        """Rows of a model under a condition: what is held of them, else a query in brackets.

        What one model reads of another is not kept, so that the engine takes no other columns.
        """
        if where.startswith("="):
            return where[1:]
        everything = f"(select * from {self.relations[model]} where {where})"
        return self._held.get((model, where), everything)

    def rows(self, model: str, parts: Parts, standing: str = "") -> str:
        """The rows that a model's SQL yields over parts of what it reads, as a temporary table.

        Parameters:
            model: its name.
            parts: what it reads in part; everything else it reads whole.
            standing: of a contracted model, the components that have lost no link.
        """
        in_part = {self.relations[read]: self.part(read, where) for read, where in parts.items()}
        sql = self._compiled[model].read_text()
        if in_part:
            # In one go: what stands in for one relation may mention another.
            names = re.compile("|".join(map(re.escape, in_part)))
            sql = names.sub(lambda name: in_part[name[0]], sql)
        self._count += 1
        made = f"rows_{self._count}"
        if model in self._contracted:
            contract(self.con, made, sql, temporary=True, standing=standing)
            return made
        return self.keep(made, sql)

    def refresh(
        self, model: str, parts: Parts, where: str, *, places: str = "", standing: str = ""
    ) -> str:
        """Replace the rows of a model under a condition by what its SQL yields over parts.

        Parameters:
            model: its name.
            parts: what it reads in part; everything else it reads whole.
            where: a condition on its rows: those that may have changed. What the SQL yields beyond
                them is the same as is there already.
            places: a table whose column place has the rowid of each of the rows that are there,
                when an earlier step has found them.
            standing: of a contracted model, the components that have lost no link.

        Returns:
            A temporary table with the rows that are there now under the condition; also held.
        """
        started = time.monotonic()
        reporter().advance("identity", model, len(self._compiled))
        rows = self.rows(model, parts, standing)
        if where != ALL:
            rows = self.keep(f"{rows}_now", f"select * from {rows} where {where}")
        self.replace(model, rows, among("rowid", places, "place") if places else where)
        self._held[model, where] = rows
        self.seconds[model] = time.monotonic() - started
        return rows

    def replace(self, model: str, rows: str, where: str) -> None:
        """Replace the rows of a model under a condition by those of a table, all of them under it.

        What was held of the model is not any more.
        """
        table = self.relations[model]
        if model in self._with_delta:
            self._note_changes(model, rows, where)
        self.con.execute(f"delete from {table} where {where}")
        self.con.execute(f"insert into {table} by name select * from {rows}")
        for key in [key for key in self._held if key[0] == model]:
            del self._held[key]

    def _note_changes(self, model: str, rows: str, where: str) -> None:
        # The delta has the columns that a change is one in, and is_after.
        names = [name for name, *_ in self.con.execute(f"describe {_delta(model)}").fetchall()]
        compared = ", ".join(name for name in names if name != "is_after")
        before = f"select {compared} from {self.relations[model]} where {where}"
        now = f"select {compared} from {rows}"
        self.con.execute(
            f"insert into {_delta(model)} by name "
            f"select *, false as is_after from ({before} except all {now}) union all "
            f"select *, true as is_after from ({now} except all {before})"
        )

    def rebuild(self, model: str) -> None:
        """Make all of a model again: its rows are few, or follow from all of what it reads."""
        self.refresh(model, {}, ALL)


def _delta(model: str) -> str:
    return f"operations.delta_{model}"
