"""A segment's SQL against the warehouse: one select over what segments may read, and no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

from orchestration.errors import UserError
from orchestration.segments.allowed import FORBIDDEN, FUNCTIONS, SCHEMAS, TABLES
from orchestration.segments.catalogue import kind_of_type, nearest
from orchestration.segments.operators import BOOLEAN, DATE, NUMBER, TEXT
from orchestration.segments.reading import shown

MAX_CHARACTERS = 200_000
MOST_TOLD = 5
OPEN_TYPES = ("unknown", "null")
COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.In)
Columns = Mapping[str, Mapping[str, str]]


def check_sql(name: str, sql: str, columns: Columns, database: str = "") -> None:
    """Refuse what a segment's SQL must not be, or can't be.

    Parameters:
        name: the file, as messages call it.
        sql: the compiled SQL, with tables as `schema.table`.
        columns: by `schema.table`, the columns of the warehouse with their types.
        database: the catalogue's name that dbt writes before a schema; any other is refused.

    Raises:
        UserError: it is no single select, reads what it may not, or names or compares what is not
            there; the message says line, what and the remedy.
    """
    if faults := list(dict.fromkeys(_faults(sql, columns, database))):
        more = f" And {len(faults) - MOST_TOLD} more." if len(faults) > MOST_TOLD else ""
        raise UserError(f"{name}: {'; '.join(faults[:MOST_TOLD])}.{more}", 2)


def _faults(sql: str, columns: Columns, database: str) -> Iterator[str]:
    if len(sql) > MAX_CHARACTERS:
        yield f"has more than {MAX_CHARACTERS:,} characters. Build on segments of parts"
        return
    try:
        parsed = sqlglot.parse(sql, dialect="duckdb")
    except SqlglotError as error:
        yield _unreadable(error)
        return
    except RecursionError:
        yield "is nested too deeply. Build on segments of parts"
        return
    statements = [one for one in parsed if one is not None]
    if len(statements) != 1:
        yield f"holds {len(statements)} statements. A segment is one select"
        return
    query = statements[0]
    if not isinstance(query, exp.Select | exp.SetOperation):
        yield f"is {_word(query)} and no select. A segment is one select"
        return
    try:
        yield from _all_faults(query, columns, database)
    except (SqlglotError, RecursionError):
        yield "can't be followed to its columns. Write it in simpler steps"


def _all_faults(query: exp.Expression, columns: Columns, database: str) -> Iterator[str]:
    found = [*_forbidden(query), *_result(query)]
    found += _tables(query, columns, database)
    yield from found
    if not found:
        unknown = [fault for scope in traverse_scope(query) for fault in _unknown(scope, columns)]
        yield from unknown or _mistyped(query, columns)


def _unreadable(error: SqlglotError) -> str:
    told = getattr(error, "errors", None) or [{}]
    line = told[0].get("line")
    return f"{f'line {line} ' if line else ''}is no SQL that can be read. Mend it and try again"


def _word(node: exp.Expression) -> str:
    return type(node).__name__.upper()


def _line(node: exp.Expression) -> str:
    for part in node.walk():
        if line := part.meta.get("line"):
            return f"line {line}: "
    return ""


def _forbidden(query: exp.Expression) -> Iterator[str]:
    for node in query.walk():
        if isinstance(node, exp.Anonymous):
            name = node.name.lower()
            if name not in FUNCTIONS:
                told = (
                    FORBIDDEN.get(name) or f"is no function for segments{nearest(name, FUNCTIONS)}"
                )
                yield f"{_line(node)}{shown(name)} {told}"
        elif (why := FORBIDDEN.get(type(node).__name__.lower())) is not None:
            yield f"{_line(node)}{_word(node)} {why}"
        elif isinstance(node, exp.DDL | exp.DML | exp.Command) and not isinstance(node, exp.Query):
            yield f"{_line(node)}{_word(node)} changes something. A segment is one select"


def _result(query: exp.Expression) -> Iterator[str]:
    names = [column.alias_or_name for column in getattr(query, "selects", [])]
    if any(column.is_star for column in getattr(query, "selects", [])):
        yield "the last select takes *. List profile_id and reason"
    elif names not in (["profile_id"], ["profile_id", "reason"], ["reason", "profile_id"]):
        yield (
            f"the last select has {', '.join(shown(n) for n in names) or 'no columns'}. A segment "
            "selects profile_id and, if it likes, reason"
        )


def _tables(query: exp.Expression, columns: Columns, database: str) -> Iterator[str]:
    for scope in traverse_scope(query):
        for table in scope.tables:
            if not isinstance(table.this, exp.Identifier):
                yield f"{_line(table)}reads a function and no table. Read models by ref"
            elif not table.db and table.name in scope.cte_sources:
                continue
            else:
                yield from _table_faults(table, columns, database)


def _table_faults(table: exp.Table, columns: Columns, database: str) -> Iterator[str]:
    full = f"{table.db}.{table.name}"
    if table.catalog and table.catalog != database:
        yield f"{_line(table)}reads the database {shown(table.catalog)}. Read models by ref"
    elif not table.db:
        known = {name.partition(".")[2] for name in columns if _may_read(name)}
        yield (
            f"{_line(table)}there is no table {shown(table.name)} in it"
            f"{nearest(table.name, known)}. Read models by ref"
        )
    elif not _may_read(full):
        yield (
            f"{_line(table)}reads {shown(full)}. Segments read {', '.join(SCHEMAS)} and "
            f"{', '.join(TABLES)}"
        )
    elif full not in columns:
        known = {name for name in columns if _may_read(name)}
        yield f"{_line(table)}there is no table {shown(full)}{nearest(full, known)}"


def _may_read(full: str) -> bool:
    return full.partition(".")[0] in SCHEMAS or full in TABLES


def _unknown(scope: Scope, columns: Columns) -> Iterator[str]:
    """Columns that no source of their select has, nor one of a select around a subquery."""
    sources = _sources(scope, columns)
    aliases = {s.alias for s in getattr(scope.expression, "selects", []) if s.alias}
    everything = set().union(*sources.values(), aliases)
    in_joins = sources | _looked_at(scope, columns)
    for column in scope.find_all(exp.Column):
        named = in_joins if isinstance(_place(column), exp.Join) else sources
        known = named.get(column.table) if column.table else everything
        if known is None:
            close = nearest(column.table, named)
            yield f"{_line(column)}there is no {shown(column.table)} to take from{close}"
        elif not isinstance(column.this, exp.Star) and not {column.name, "*"} & known:
            close = nearest(column.name, known)
            yield f"{_line(column)}there is no column {shown(column.name)}{close}"


def _sources(scope: Scope, columns: Columns) -> dict[str, set[str]]:
    """The columns of what a select may name; a subquery may name what is around it, too."""
    around = _sources(scope.parent, columns) if scope.parent and not _stands_alone(scope) else {}
    own = {name: _columns_of(one, columns) for name, (_, one) in scope.selected_sources.items()}
    return around | own


def _looked_at(scope: Scope, columns: Columns) -> dict[str, set[str]]:
    """The columns of what a semi or anti join looks at, which its condition names and nothing else.

    The parser does not count them to the sources of the select.
    """
    joins = scope.expression.args.get("joins") or []
    names = {j.alias_or_name for j in joins if j.kind in ("SEMI", "ANTI")} & set(scope.sources)
    return {name: _columns_of(scope.sources[name], columns) for name in names}


def _place(column: exp.Expression) -> exp.Expression | None:
    """The join that a column is a condition of, or its select."""
    return column.find_ancestor(exp.Join, exp.Select)


def _stands_alone(scope: Scope) -> bool:
    return bool(scope.is_cte or scope.is_derived_table)


def _columns_of(source: exp.Table | Scope, columns: Columns) -> set[str]:
    if isinstance(source, exp.Table):
        return set(columns.get(f"{source.db}.{source.name}", {}))
    expression = source.expression
    if not isinstance(expression, exp.Query):
        return {"*"}
    names: set[str] = set()
    for selected in expression.selects:
        if selected.is_star:
            for _, (_, inner) in source.selected_sources.items():
                names |= _columns_of(inner, columns)
        else:
            names.add(selected.alias_or_name)
    return names


def _mistyped(query: exp.Expression, columns: Columns) -> Iterator[str]:
    schema: dict[str, dict[str, dict[str, str]]] = {}
    for full, types in columns.items():
        layer, _, table = full.partition(".")
        schema.setdefault(layer, {})[table] = dict(types)
    copied = query.copy()
    for table in copied.find_all(exp.Table):
        table.set("catalog", None)
    qualified = qualify(
        copied, schema=schema, dialect="duckdb", validate_qualify_columns=False,
        quote_identifiers=False,
    )  # fmt: skip
    for node in annotate_types(qualified, schema=schema, dialect="duckdb").find_all(*COMPARISONS):
        sides: Iterable[exp.Expression | None] = [
            node.this, node.args.get("expression"), node.args.get("low"), node.args.get("high"),
            *node.expressions,
        ]  # fmt: skip
        kinds = [_kind(side) for side in sides if side is not None]
        known = {kind for kind in kinds if kind in (TEXT, NUMBER, BOOLEAN, DATE)}
        # A text that stands for a day is how days are written.
        if known == {TEXT, DATE}:
            continue
        if len(known) > 1:
            yield (
                f"{_line(node)}compares {' with '.join(sorted(known))}: "
                f"{shown(node.sql(dialect='duckdb'), 80)}. Compare what is of one type"
            )


def _kind(node: exp.Expression) -> str:
    said = node.type.sql(dialect="duckdb") if node.type else ""
    return kind_of_type(said) if said else ""
