"""Steps of a segment and their conditions, counted by the database over the last run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import duckdb

from orchestration.errors import UserError, without_values
from orchestration.failures.rules import explain
from orchestration.failures.seen import Seen
from orchestration.limits import Limits
from orchestration.segment_tools.once import rows_are_people, steps_with_each_once
from orchestration.segment_tools.steps import (
    CLAUSES,
    PERSON,
    RESULT,
    NotTakenApartError,
    SegmentQuery,
    Step,
    conditions_of,
    in_words,
    tested,
    text,
)
from orchestration.settings import Settings
from orchestration.warehouse import attached, cannot_open, connect_reader

MISSING = "The warehouse has no segments yet. Run `c360 run` first."
CATALOG = "warehouse"
"""What the database is called in compiled SQL and in its own macros."""
NO_PERSON = f"yields no {PERSON}"
OF_NAMES = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)
"""Errors that speak of the statement, and of no value of a row."""
OF_VALUES = {
    duckdb.ConversionException: "a value can't be converted to the type that is asked for.",
    duckdb.OutOfRangeException: "a number is out of range.",
}


@contextmanager
def connect_closed(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse to read; what is asked of it reaches no other file and no network.

    Raises:
        UserError: there is no warehouse, a run is writing it, or its last run got not as far.
    """
    path = settings.warehouse_path
    with connect_reader(settings, "segments.segment_membership", MISSING):
        pass
    # A database of its own, so that what is closed here stays open to others in this process.
    with duckdb.connect(":memory:") as con, ExitStack() as stack:
        limits = Limits.from_env()
        con.execute("set memory_limit = ?", [limits.memory_limit])
        con.execute(f"set threads = {limits.threads}")
        con.execute("set temp_directory = ?", [f"{path}.tmp"])
        try:
            stack.enter_context(attached(con, path, CATALOG))
        except duckdb.Error as error:
            # A run that has begun since.
            raise cannot_open(error, path) from None
        con.execute(f"use {CATALOG}")
        stack.callback(con.execute, "use memory")
        con.execute("set timezone = 'UTC'")
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")
        yield con


@dataclass(frozen=True)
class Evaluator:
    """Answers questions about a segment's steps.

    Attributes:
        con: to the warehouse.
        query: of the segment.
        unique_tables: as schema.name, those with one row per person.
    """

    con: duckdb.DuckDBPyConnection
    query: SegmentQuery
    unique_tables: frozenset[str] = frozenset()

    @cached_property
    def columns(self) -> dict[str, list[str] | str]:
        """Per step its columns, or why they can't be told."""
        found: dict[str, list[str] | str] = {}
        for step in self.query.steps:
            try:
                self.con.execute(f"select * from ({self._all_of(step)}) as step limit 0")
                found[step.name] = [column[0] for column in self.con.description or ()]
            except duckdb.Error as error:
                found[step.name] = f"can't be evaluated: {reason_of(error)}"
        return found

    @cached_property
    def each_once(self) -> frozenset[str]:
        """The steps, and tables, in which nobody stands twice."""
        return steps_with_each_once(self.query, self.unique_tables) | self.unique_tables

    def why_not(self, step: Step) -> str:
        """Why people can't be looked for in a step; empty where they can."""
        columns = self.columns[step.name]
        if isinstance(columns, str):
            return columns
        return "" if PERSON in columns else NO_PERSON

    def people(self) -> dict[str, int | str]:
        """The people of each step, or why there is no number."""
        return self.counts("count({distinct}profile_id)")

    def counts(self, what: str, where: str = "true") -> dict[str, int | str]:
        """A number per step, or why there is none.

        Parameters:
            what: an aggregate over the rows of a step; `{distinct}` in it is said where a person
                may stand there twice.
            where: a condition on them.
        """
        answers: dict[str, int | str] = {}
        asked = []
        for step in self.query.steps:
            if why := self.why_not(step):
                answers[step.name] = why
            else:
                asked.append(step)
        for step, number in zip(asked, self._counts(asked, what, where), strict=True):
            answers[step.name] = number
        return {step.name: answers[step.name] for step in self.query.steps}

    def _counts(self, steps: Sequence[Step], what: str, where: str) -> list[int | str]:
        """All at once, so that steps are worked out once; one by one where one of them fails."""
        said = [
            what.format(distinct="" if s.name in self.each_once else "distinct ") for s in steps
        ]
        each = [
            f"(select {asked} from ({self._from(step)}) as step where {where})"
            for step, asked in zip(steps, said, strict=True)
        ]
        if not each:
            return []
        try:
            together = self.query.over(f"select {', '.join(each)}", len(self.query.steps) - 1)
            [row] = self.con.execute(together).fetchall()
            return list(row)
        except duckdb.Error:
            return [self._count(step, one) for step, one in zip(steps, each, strict=True)]

    def _count(self, step: Step, asked: str) -> int | str:
        try:
            found = self.con.execute(self.query.over(f"select {asked}", _up_to(step))).fetchall()
            return int(found[0][0])
        except duckdb.Error as error:
            return f"can't be evaluated: {reason_of(error)}"

    def of_conditions(
        self, step: Step, part: int, clause: str, shown: Sequence[Any], ask: str
    ) -> list[tuple[Any, ...]]:
        """Ask about the rows that reach a clause.

        Parameters:
            step: of the segment.
            part: which of its selects.
            clause: where, having or qualify.
            shown: expressions whose values are asked for.
            ask: a select over `tests`, see `steps.tested`.

        Raises:
            NotTakenApartError: the conditions can't be tested, or the database refuses.
        """
        columns = self.columns[step.name]
        place = columns.index(PERSON) if isinstance(columns, list) and PERSON in columns else 0
        rows = tested(step.parts[part], clause, place, shown)
        try:
            asked = self.query.over(f"{ask.format(tests=f'({rows}) as tests')}", step.place)
            return self.con.execute(asked).fetchall()
        except duckdb.Error as error:
            raise NotTakenApartError(reason_of(error)) from None

    def _all_of(self, step: Step) -> str:
        return self.query.over(self._from(step), _up_to(step))

    @staticmethod
    def _from(step: Step) -> str:
        """The last select has no name to be read by."""
        return text(step.query) if step.name == RESULT else f'select * from "{step.name}"'


def _up_to(step: Step) -> int:
    return step.place if step.name == RESULT else step.place + 1


def clauses_of(step: Step) -> list[tuple[int, str]]:
    """The parts of a step that have conditions, each with the clause, in order."""
    return [
        (part, clause)
        for part, select in enumerate(step.parts)
        for clause in CLAUSES
        if conditions_of(select, clause)
    ]


def filters(evaluator: Evaluator) -> list[dict[str, Any]]:
    """What the conditions of the last step that has any leave over: alone and one after another.

    Parameters:
        evaluator: of the segment.

    Returns:
        Per clause: step, part (from 1, None when the step is one select), clause, people before it
        and its conditions with the people who pass; `says` where that can't be told.
    """
    last = [s for s in evaluator.query.steps if clauses_of(s) and not evaluator.why_not(s)][-1:]
    return [
        _filter(evaluator, step, part, clause) for step in last for part, clause in clauses_of(step)
    ]


def _filter(evaluator: Evaluator, step: Step, part: int, clause: str) -> dict[str, Any]:
    conditions = conditions_of(step.parts[part], clause)
    found: dict[str, Any] = {
        "step": step.name,
        "part": part + 1 if len(step.parts) > 1 else None,
        "clause": clause,
        "people_before": None,
        "conditions": [
            {"condition": in_words(c), "alone": None, "cumulative": None} for c in conditions
        ],
    }
    is_once = rows_are_people(step.parts[part], clause, evaluator.each_once)
    people = f"count({'' if is_once else 'distinct '}c360_person)"
    alone = [f"{people} filter (where c360_test_{n})" for n in range(len(conditions))]
    after = [
        f"{people} filter (where {' and '.join(f'c360_test_{m}' for m in range(n + 1))})"
        for n in range(len(conditions))
    ]
    asked = [people, *alone, *after]
    row, says = _all_or_each(evaluator, step, part, clause, asked)
    found["people_before"] = row[0]
    for number, condition in enumerate(found["conditions"]):
        condition["alone"] = row[1 + number]
        condition["cumulative"] = row[1 + len(conditions) + number]
    return {**found, "says": f"can't be evaluated throughout: {says}"} if says else found


def _all_or_each(
    evaluator: Evaluator, step: Step, part: int, clause: str, asked: Sequence[str]
) -> tuple[list[int | None], str]:
    """Numbers over the rows that reach a clause, and why some of them are none.

    The database works out only what is asked for, so that where one fails others need not.
    """
    try:
        [row] = evaluator.of_conditions(
            step, part, clause, (), f"select {', '.join(asked)} from {{tests}}"
        )
        return list(row), ""
    except NotTakenApartError as error:
        if len(asked) == 1:
            return [None], str(error)
    each = [_all_or_each(evaluator, step, part, clause, [one]) for one in asked]
    return [number for [number], _ in each], next((why for _, why in each if why), "")


def reason_of(error: duckdb.Error) -> str:
    """DuckDB's first line, without values of rows."""
    for kind, words in OF_VALUES.items():
        if isinstance(error, kind):
            return words
    if found := explain(Seen.of(error), None):
        return found.text
    if isinstance(error, OF_NAMES):
        return without_values(str(error).splitlines()[0]).rstrip(".") + "."
    return f"the database refuses it ({type(error).__name__})."


def temporary(con: duckdb.DuckDBPyConnection, name: str, select: str, where: str) -> None:
    """Keep the rows of a select for this command.

    Parameters:
        con: to the warehouse, whose file stays as it is.
        name: of the table.
        select: compiled SQL.
        where: the file it comes from, for messages.

    Raises:
        UserError: the database refuses the select.
    """
    try:
        con.execute(f"create or replace temp table {name} as {select.rstrip().rstrip(';')}")
    except duckdb.Error as error:
        raise UserError(
            f"{where} can't be evaluated over the last run: {reason_of(error)} Correct it, or run "
            "`c360 run` where a model it reads is new.",
            2,
        ) from None
