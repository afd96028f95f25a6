"""`c360 segment suggest`: groups of people in whom a measure differs, tried on others.

Half of the people, drawn by their id, say what the groups are; the other half says whether they
differ. What does not is not suggested.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import NormalDist
from typing import Any

import duckdb

from orchestration.errors import UserError
from orchestration.ingest.sql import quoted
from orchestration.segment_tools.evaluation import connect_closed
from orchestration.segment_tools.splits import Coded, Leaf, Moments, grow, moments, simplified
from orchestration.segments.catalogue import Catalogue, Column, Table, read_catalogue
from orchestration.segments.compile_command import warehouse_types
from orchestration.segments.operators import BOOLEAN, NUMBER, TEXT
from orchestration.settings import Settings

GROUPED_BY = ("profiles", "derived_attributes", "enrichment")
"""Tables whose columns groups are made of by default: what is known of people. That those who spend
much have ordered often is no news, so what is worked out of what they did is not among them."""
MOST_COLUMNS, MOST_CUTS, MOST_VALUES = 100, 15, 20
CONFIDENCE = 0.99
"""That nothing is suggested where no group differs, over all groups together."""
KINDS = (NUMBER, TEXT, BOOLEAN)
TRAINING = "md5(profile_id) < '8'"
PEOPLE, LEARNED, TRIED = "c360_people", "c360_learned", "c360_tried"


@dataclass(frozen=True)
class Question:
    """What groups are to differ in.

    Attributes:
        field: `table.column`, a number, a boolean or a text.
        equals: of a text the value whose share counts.
        by: fields that groups are made of; all that can be where there is none.
        groups: most of them.
        least: people in each, of either half.
    """

    field: str
    equals: str | None = None
    by: Sequence[str] = ()
    groups: int = 5
    least: int = 50


def suggest(settings: Settings, question: Question) -> dict[str, Any]:
    """Groups of people in whom a measure is higher or lower than in others.

    Parameters:
        settings: paths.
        question: the measure, and what groups may be made of.

    Returns:
        field; equals; unit: mean or share; people: with a value; unknown: without; everybody: the
        mean of all; columns: how many were looked at; groups: each with clauses (as in a rule
        file), people (all who fulfil them), share (of all people), mean (theirs), tried (the mean
        of those whom the groups were not made from), rest (that of all others of these), low and
        high (an interval of the difference), is_confirmed. Those that differ most come first.

    Raises:
        UserError: there is no such field, it can't be asked about, or too few have a value.
    """
    if not 2 <= question.groups <= 8 or question.least < 2:
        raise UserError("--groups is 2 to 8, and --least 2 at least.", 2)
    catalogue = read_catalogue(settings.dbt_project_dir, warehouse_types(settings))
    table, column = _field(catalogue, question.field)
    target = _target(question, column)
    fields = _fields(catalogue, question, table)
    with connect_closed(settings) as con:
        _require_one_row(con, catalogue, (question.field, *fields))
        _gather(con, catalogue, question, target, fields)
        coded = _code(con, catalogue, fields)
        [(people, unknown, first)] = con.execute(
            f"select count(y), count(*) - count(y), count(y) filter ({TRAINING}) from {PEOPLE}"
        ).fetchall()
        if min(first, people - first) < 2 * question.least:
            raise UserError(
                f"Only {people} people have a value of {question.field}; two groups of "
                f"{question.least} in each half of them need more. Take a smaller --least.",
                1,
            )
        leaves = grow(con, LEARNED, coded, question.groups, question.least)
        groups = [_tried(con, leaf, len(leaves)) for leaf in leaves if leaf.sides]
        everybody = moments(con, PEOPLE, Leaf()).mean
    groups.sort(key=lambda g: (not g["is_confirmed"], -abs(g["tried"] - g["rest"])))
    return {
        "field": question.field,
        "equals": question.equals,
        "unit": "mean" if column.kind == NUMBER else "share",
        "people": people,
        "unknown": unknown,
        "everybody": _rounded(everybody),
        "columns": len(fields),
        "groups": groups,
    }


def _field(catalogue: Catalogue, field: str) -> tuple[Table, Column]:
    """A column that is no personal data.

    Raises:
        UserError: it can't be one of a suggestion; it says why.
    """
    name, _, column = field.partition(".")
    try:
        table, found = catalogue.table(name), catalogue.column(name, column)
    except UserError as error:
        raise UserError(f"{field}: {error}.", 2) from None
    why = (
        "it is personal data, or nobody has said that it is none"
        if found.is_personal
        else ""
        if found.kind in KINDS
        else f"it is of the kind {found.kind or 'unknown'}; numbers, texts and booleans can be"
    )
    if why:
        raise UserError(f"{field} can't be taken: {why}.", 2)
    return table, found


def _target(question: Question, column: Column) -> str:
    """The measure as a number of `value`; a parameter is what a text is to be."""
    if column.kind == TEXT and question.equals is None:
        raise UserError(
            f"{question.field} is a text. Say with --equals which value's share counts.", 2
        )
    if column.kind != TEXT and question.equals is not None:
        raise UserError(f"--equals is for texts; {question.field} is a {column.kind}.", 2)
    if column.kind == TEXT:
        return "cast(value = ? as integer)"
    return "cast(value as integer)" if column.kind == BOOLEAN else "value"


def _fields(catalogue: Catalogue, question: Question, table: Table) -> list[str]:
    """What groups are made of; by default nothing that stands beside the measure."""
    if question.by:
        for field in question.by:
            _field(catalogue, field)
        if question.field in question.by:
            raise UserError(f"--by {question.field} is the measure itself.", 2)
        fields = list(dict.fromkeys(question.by))
    else:
        fields = [
            f"{other.name}.{name}"
            for other in catalogue.tables.values()
            if other.name in GROUPED_BY and other.name != table.name
            for name, column in other.columns.items()
            if column.kind in KINDS and not column.is_personal and not name.endswith("_id")
        ]
    if not fields:
        raise UserError("There is no column to make groups of. Name some with --by.", 2)
    if len(fields) > MOST_COLUMNS:
        raise UserError(f"Groups are made of {MOST_COLUMNS} columns at most. Use --by.", 2)
    return fields


def _require_one_row(
    con: duckdb.DuckDBPyConnection, catalogue: Catalogue, fields: Sequence[str]
) -> None:
    for name in dict.fromkeys(field.partition(".")[0] for field in fields):
        table = catalogue.tables[name]
        [(is_one,)] = con.execute(
            f"select count(*) = count(distinct profile_id) from {table.layer}.{quoted(name)}"
        ).fetchall()
        if not is_one:
            raise UserError(f"{name} can't be used: it has several rows of a person.", 2)


def _gather(
    con: duckdb.DuckDBPyConnection,
    catalogue: Catalogue,
    question: Question,
    target: str,
    fields: Sequence[str],
) -> None:
    """A row per person: y, the measure as a number, and v0, v1 …, the values of the fields."""
    tables = list(dict.fromkeys(f.partition(".")[0] for f in (question.field, *fields)))

    def at(field: str) -> str:
        table, _, column = field.partition(".")
        return f"t{tables.index(table)}.{quoted(column)}"

    joins = " ".join(
        f"left join {catalogue.tables[t].layer}.{quoted(t)} as t{n} "
        f"on t{n}.profile_id = profiles.profile_id"
        for n, t in enumerate(tables)
    )
    values = ", ".join(f"{at(field)} as v{n}" for n, field in enumerate(fields))
    con.execute(
        f"create temp table c360_values as select * exclude (value), "
        f"cast({target} as double) as y from (select profiles.profile_id, "
        f"{at(question.field)} as value, {values} from profile.profiles as profiles {joins}) as v",
        [question.equals] if question.equals is not None else [],
    )
    con.execute(f"create temp view {PEOPLE} as from c360_values")


def _code(
    con: duckdb.DuckDBPyConnection, catalogue: Catalogue, fields: Sequence[str]
) -> list[Coded]:
    """Cut each field into codes, by the half that groups are made from; `PEOPLE` has them then."""
    coded, columns, values = [], [], []
    for number, field in enumerate(fields):
        kind = catalogue.column(*field.split(".")).kind
        name = f"v{number}"
        known = f"from c360_values where {TRAINING} and y is not null and {name} is not null"
        if kind == NUMBER:
            parts = [(n + 1) / (MOST_CUTS + 1) for n in range(MOST_CUTS)]
            [(cuts, most)] = con.execute(
                f"select quantile_disc({name}, {parts}), max({name}) {known}"
            ).fetchall()
            # A rule has decimals; a double is the shortest one that is read as it.
            ends = {Decimal(str(cut)) for cut in cuts or () if cut != most}
            found = sorted(end for end in ends if end.is_finite())
            cases = " ".join(f"when {name} <= ? then {n}" for n in range(len(found)))
            code = f"case when {name} is null then -1 {cases} else {len(found)} end"
        else:
            found = [
                value
                for (value,) in con.execute(
                    f"select {name} {known} group by 1 order by count(*) desc, 1 "
                    f"limit {MOST_VALUES}"
                ).fetchall()
            ]
            cases = " ".join(f"when {name} = ? then {n + 1}" for n in range(len(found)))
            code = f"case when {name} is null then -1 {cases} else 0 end"
        [(has_null,)] = con.execute(f"select count(*) > count({name}) from c360_values").fetchall()
        coded.append(Coded(field, kind == NUMBER, found, has_null))
        columns.append(f"cast({code} as tinyint) as c{number}")
        values += found
    con.execute(
        f"create temp table c360_coded as select profile_id, y, {', '.join(columns)} "
        "from c360_values",
        values,
    )
    con.execute(f"create or replace temp view {PEOPLE} as from c360_coded")
    for view, half in ((LEARNED, TRAINING), (TRIED, f"not {TRAINING}")):
        con.execute(f"create temp view {view} as from c360_coded where y is not null and {half}")
    return coded


def _tried(con: duckdb.DuckDBPyConnection, leaf: Leaf, groups: int) -> dict[str, Any]:
    """A group, and how it differs in people that it was not made from (Welch's interval, with
    Bonferroni's correction for all groups).
    """
    learned, tried = moments(con, LEARNED, leaf), moments(con, TRIED, leaf)
    rest = moments(con, TRIED, Leaf()) - tried
    learned_rest = moments(con, LEARNED, Leaf()) - learned
    difference = tried.mean - rest.mean
    error = math.sqrt(_squared_error(tried) + _squared_error(rest))
    reach = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / (2 * groups)) * error
    low, high = difference - reach, difference + reach
    is_same_way = (learned.mean - learned_rest.mean) * difference > 0
    [(people, share)] = con.execute(
        f"select count(*), count(*) / (select count(*) from {PEOPLE}) from {PEOPLE} "
        f"where {leaf.sql}"
    ).fetchall()
    return {
        "clauses": simplified(leaf.sides),
        "people": people,
        "share": share,
        "mean": _rounded(moments(con, PEOPLE, leaf).mean),
        "tried": _rounded(tried.mean),
        "rest": _rounded(rest.mean),
        "low": _rounded(low),
        "high": _rounded(high),
        "is_confirmed": tried.count > 1 and is_same_way and not low <= 0 <= high,
    }


def _squared_error(found: Moments) -> float:
    return found.variance / found.count if found.count else math.inf


def _rounded(value: float) -> float:
    """To digits that do not depend on the order in which rows were added up."""
    return float(f"{value:.9g}")
