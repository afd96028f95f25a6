"""Where a person falls out of a segment, step by step backwards, and by which condition.

From the last select back: a select that the person reaches and does not pass has a condition that
is false of all its rows. One that the person does not reach reads something without it, a step or a
table, and the search goes on there. Steps whose lack makes a condition false are explained as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from orchestration.ingest.sql import literal
from orchestration.segment_tools.evaluation import Evaluator
from orchestration.segment_tools.origins import MASKED, Labels, NotFollowedError, Tracer
from orchestration.segment_tools.steps import (
    CLAUSES,
    PERSON,
    RESULT,
    NotTakenApartError,
    Step,
    conditions_of,
    in_words,
)

MOST_ROWS = 3
WITHOUT = ("LEFT", "FULL")
"""Joins that need no row of what they join."""


@dataclass
class Falling:
    """Explains why a person is not in a segment.

    Attributes:
        evaluator: of the segment.
        labels: whose columns are masked.
        person: the profile's id.
        counts: per step the person's rows, or why there is no number.
    """

    evaluator: Evaluator
    labels: Labels
    person: str
    counts: Mapping[str, int | str]
    found: list[dict[str, Any]] = field(default_factory=list)
    told: set[str] = field(default_factory=set)

    def explained(self) -> list[dict[str, Any]]:
        """From the last select back, each step that leaves the person out.

        Returns:
            Per step: step, clause, says, rows (of the person that reach the clause), and the
            conditions with how many of these rows pass and, of a false one, the values of what it
            names in the first of them.
        """
        self._explain(self.evaluator.query.steps[-1])
        return self.found

    def _explain(self, step: Step) -> None:
        if step.name in self.told:
            return
        self.told.add(step.name)
        if why := self.evaluator.why_not(step):
            self._tell(step, why)
            return
        self._of_query(step, step.query)

    def _of_query(self, step: Step, query: exp.Expression) -> None:
        if isinstance(query, exp.Subquery):
            self._of_query(step, query.this)
        elif isinstance(query, exp.Except):
            before = len(self.found)
            self._of_query(step, query.this)
            if len(self.found) == before:
                self._tell(step, "is in the part that is taken away")
        elif isinstance(query, exp.SetOperation):
            self._of_query(step, query.this)
            self._of_query(step, query.expression)
        elif isinstance(query, exp.Select):
            self._of_select(step, query)

    def _of_select(self, step: Step, select: exp.Select) -> None:
        part = next(n for n, one in enumerate(step.parts) if one is select)
        try:
            reached = self._rows(step, part, "where")
            if not reached:
                self._not_reached(step, select)
                return
            for clause in CLAUSES:
                if conditions_of(select, clause) and self._tested(step, part, clause):
                    return
        except NotTakenApartError as error:
            self._tell(step, f"can't be evaluated condition by condition: {error}")
            return
        if select.args.get("limit") or (select.args.get("distinct") or exp.Distinct()).args.get(
            "on"
        ):
            self._tell(step, "passes every condition and is left out by limit or distinct on")

    def _rows(self, step: Step, part: int, clause: str) -> int:
        ask = f"select count(*) from {{tests}} where c360_person = {literal(self.person)}"
        return int(self.evaluator.of_conditions(step, part, clause, (), ask)[0][0])

    def _tested(self, step: Step, part: int, clause: str) -> bool:
        """Tell which conditions no row of the person passes; False when a row passes all."""
        select = step.parts[part]
        conditions = conditions_of(select, clause)
        tests = [f"c360_test_{n}" for n in range(len(conditions))]
        passed = [f"count(*) filter (where {test})" for test in tests]
        own = f"from {{tests}} where c360_person = {literal(self.person)}"
        whole = f"count(*) filter (where {' and '.join(tests)})"
        ask = f"select count(*), {whole}, {', '.join(passed)} {own}"
        [(count, passing, *each)] = self.evaluator.of_conditions(step, part, clause, (), ask)
        if passing:
            return False
        false = [c for c, number in zip(conditions, each, strict=True) if not number]
        looked_at = false or conditions
        self.found.append(
            {
                "step": step.name,
                "clause": clause,
                "rows": count,
                "says": "fails" if false else "no single row passes all conditions",
                "conditions": [
                    {
                        "condition": in_words(condition),
                        "rows_that_pass": number,
                        "values": self._values(step, part, clause, condition)
                        if condition in looked_at
                        else [],
                    }
                    for condition, number in zip(conditions, each, strict=True)
                ],
            }
        )
        self._behind(step, select, looked_at)
        return True

    def _values(
        self, step: Step, part: int, clause: str, condition: exp.Expression
    ) -> list[dict[str, Any]]:
        """What a condition names, with its values in the person's first rows."""
        select = step.parts[part]
        named = {in_words(node): node for node in _named(condition, clause)}
        if not named:
            return []
        tracer = Tracer(self.evaluator.query, self.labels.tables)
        shown = [n for n, node in named.items() if self._is_shown(tracer, node, select)]
        if not shown:
            return [dict.fromkeys(named, MASKED)]
        values = [f"cast(c360_value_{n} as varchar)" for n in range(len(shown))]
        # First the rows that lack least.
        tests = range(len(conditions_of(select, clause)))
        passed = " + ".join(f"coalesce(cast(c360_test_{n} as integer), 0)" for n in tests)
        rows = self.evaluator.of_conditions(
            step,
            part,
            clause,
            [named[name] for name in shown],
            f"select {', '.join(values)} from {{tests}} "
            f"where c360_person = {literal(self.person)} "
            f"group by all order by max({passed}) desc, {', '.join(values)} "
            f"limit {MOST_ROWS}",
        )
        return [
            {name: dict(zip(shown, row, strict=True)).get(name, MASKED) for name in named}
            for row in rows
        ]

    def _is_shown(self, tracer: Tracer, node: exp.Expression, select: exp.Select) -> bool:
        try:
            return self.labels.show(tracer.origins(node, select))
        except NotFollowedError:
            return False

    def _behind(self, step: Step, select: exp.Select, false: Sequence[exp.Expression]) -> None:
        """Explain the steps that false conditions name and that do not hold the person."""
        names = {column.table for condition in false for column in condition.find_all(exp.Column)}
        tables = {t.name for condition in false for t in condition.find_all(exp.Table) if not t.db}
        for alias, table, _ in _read(select):
            if alias in names and not table.db:
                tables.add(table.name)
        for earlier in self.evaluator.query.steps[: step.place]:
            if earlier.name in tables and self.counts[earlier.name] == 0:
                self._explain(earlier)

    def _not_reached(self, step: Step, select: exp.Select) -> None:
        """Explain what a select reads without the person."""
        steps = {s.name: s for s in self.evaluator.query.steps[: step.place]}
        lacking = []
        for _, table, side in _read(select):
            if side in WITHOUT:
                continue
            if not table.db and table.name in steps:
                if self.counts[table.name] == 0:
                    lacking.append(table.name)
            elif self._has_no_row(f"{table.db}.{table.name}"):
                lacking.append(f"{table.db}.{table.name}")
        if not lacking:
            needed = [
                in_words(on) for join in select.args.get("joins") or () if (on := _needed(join))
            ]
            joined = f": on {' and on '.join(needed)}" if needed else ""
            self._tell(step, f"has no row that the tables and joins of this step leave{joined}")
        for name in lacking:
            if step.name != RESULT or name not in steps:
                self._tell(step, f"has no row in {name}")
            if name in steps:
                self._explain(steps[name])

    def _has_no_row(self, table: str) -> bool:
        if PERSON not in self.labels.tables.get(table, ()):
            return False
        schema, name = (f'"{part}"' for part in table.split("."))
        [(count,)] = self.evaluator.con.execute(
            f"select count(*) from {schema}.{name} where {PERSON} = ?", [self.person]
        ).fetchall()
        return not count

    def _tell(self, step: Step, says: str) -> None:
        self.found.append(
            {"step": step.name, "clause": None, "rows": 0, "says": says, "conditions": []}
        )


def _named(condition: exp.Expression, clause: str) -> list[exp.Expression]:
    """The columns that a condition names, and after grouping the aggregates and windows."""
    if isinstance(condition, exp.Query):
        return []
    if clause != "where" and isinstance(condition, exp.AggFunc | exp.Window):
        return [condition]
    if isinstance(condition, exp.Column):
        return [condition]
    return [named for child in condition.iter_expressions() for named in _named(child, clause)]


def _needed(join: exp.Join) -> exp.Expression | None:
    """The condition that a row must meet to go through a join."""
    found: exp.Expression | None = join.args.get("on")
    return None if str(join.args.get("side") or "").upper() in WITHOUT else found


def _read(select: exp.Select) -> list[tuple[str, exp.Table, str]]:
    """The tables that a select reads: alias, table and the side of its join."""
    clauses = [select.args.get("from_"), *(select.args.get("joins") or ())]
    return [
        (clause.this.alias_or_name, clause.this, str(clause.args.get("side") or "").upper())
        for clause in clauses
        if clause is not None and isinstance(clause.this, exp.Table)
    ]
