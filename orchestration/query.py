"""`c360 query`: one question to the published model, answered in full: no digit, no letter less."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.answers import csv_of, json_of, show_table
from orchestration.errors import UserError
from orchestration.failures.rules import explain
from orchestration.failures.seen import Seen
from orchestration.layers_reader import connect_layers
from orchestration.reporting_names import declared_names, open_names, writes_names
from orchestration.settings import Settings
from orchestration.terminal import Console, is_closed, is_terminal, literal, visible
from orchestration.warehouse import connect_published

FORMATS = ("table", "csv", "json")
LONGEST = 1_000_000
"""Characters of a statement; nobody writes a longer one, and a wrong file may be huge."""

ASKING = ("SELECT", "EXPLAIN", "PRAGMA", "CALL", "MULTI", "RELATION")
"""DuckDB's kinds of statements that yield rows; MULTI is a pivot."""

PUBLISHED, WAREHOUSE = "The published model", "The warehouse"
HINTS = {
    PUBLISHED: '`c360 query "show tables"` lists what there is.',
    WAREHOUSE: '`c360 query --layers "show all tables"` lists what there is; columns that are '
    "labelled as personal data need --personal-data.",
}
"""What can be asked, and where to look."""

NESTED = ("[", "STRUCT", "MAP", "UNION", "JSON", "VARIANT")


@dataclass(frozen=True)
class Answer:
    """The rows of a statement, each value as DuckDB writes it, None for null.

    Attributes:
        names: of the columns, in order; a name may occur twice.
        types: DuckDB's, in the same order.
        rows: at most as many as were asked for.
        is_whole: whether these are all rows.
    """

    names: list[str]
    types: list[str]
    rows: list[tuple[str | None, ...]]
    is_whole: bool


def run_query(
    settings: Settings,
    sql: str,
    output: str,
    limit: int,
    console: Console,
    layers: bool = False,
    with_personal_data: bool = False,
    dialect: str = "",
) -> None:
    """Run one statement over the published model, or the layers before it, and print its rows.

    Parameters:
        settings: paths.
        sql: the statement, or the path of a file with one, e.g. sql_templates/key_figures.sql, or -
            for standard input. The connection is read-only and can't reach files or the network.
        output: table, csv or json.
        limit: most rows to print.
        console: where a table goes; csv and json go to standard output.
        layers: ask the warehouse's layers.
        with_personal_data: of these also the columns with a label of personal data.
        dialect: of the database that the statement was written for; empty for DuckDB's.

    Raises:
        UserError: the statement is wrong, is none or several, or nothing is published.
    """
    if output not in FORMATS:
        raise UserError(f"--format {output} is unknown. Use table, csv or json.", 2)
    require_reader()
    text = _statement_text(sql)
    if with_personal_data and not layers:
        raise UserError(
            "The published model holds no personal data. Ask the warehouse: --layers "
            "--personal-data.",
            2,
        )
    opened = connect_layers(settings, with_personal_data) if layers else connect_published(settings)
    what = WAREHOUSE if layers else PUBLISHED
    place = None
    with opened as con:
        names = [] if layers else declared_names()
        if dialect or writes_names(text, names):
            open_names(con, names)
        if dialect:
            from orchestration.dialects.translate import translate

            translated = translate(con, text, dialect)
            text, place = translated.sql, translated.place
        answer = ask(con, text, limit, settings, output == "json", what, place)
    show_answer(answer, output, console)
    tell_what_is_missing(len(answer.rows), answer.is_whole, limit)


def require_reader() -> None:
    """See that somebody reads the standard output.

    Raises:
        UserError: it is closed.
    """
    if is_closed(1):
        raise UserError(
            "The standard output is closed, so nobody would see the answer. Open it.", 2
        )


def show_answer(answer: Answer, output: str, console: Console) -> None:
    """Print the rows of a statement.

    On a terminal, where somebody looks, characters that would steer it are shown as escapes.

    Parameters:
        answer: the rows.
        output: table, csv or json.
        console: where a table goes; csv and json go to standard output.

    Raises:
        UserError: JSON can't hold the columns.
    """
    if output == "table":
        show_table(console, answer.names, answer.types, answer.rows)
        return
    text = text_of(answer, output)
    if output == "csv" and is_terminal(sys.stdout):
        text = visible(text.replace("\r\n", "\n"))
    sys.stdout.write(text)


def tell_what_is_missing(count: int, is_whole: bool, limit: int) -> None:
    """Say on the error stream that there are more rows, or none.

    Parameters:
        count: of the rows that were given.
        is_whole: whether these are all.
        limit: how many were asked for at most.
    """
    if not is_whole:
        print(f"Only the first {limit} rows are shown; --limit shows more.", file=sys.stderr)
    elif not count:
        print("There are no rows.", file=sys.stderr)


def text_of(answer: Answer, output: str) -> str:
    """The rows of a statement as csv or json.

    Parameters:
        answer: the rows.
        output: csv or json.

    Raises:
        UserError: JSON can't hold the columns.
    """
    if output == "json":
        return json_of(answer.names, answer.types, answer.rows) + "\n"
    return csv_of(answer.names, answer.rows)


def ask(
    con: duckdb.DuckDBPyConnection,
    text: str,
    limit: int,
    settings: Settings | None = None,
    nested_as_json: bool = False,
    what: str = PUBLISHED,
    place: Callable[[str], str] | None = None,
) -> Answer:
    """Ask one statement and have DuckDB write every value: Python's types hold less than its own.

    Parameters:
        con: to the published model.
        text: of the statement.
        limit: most rows to return.
        settings: to name the file where it turns out to be damaged.
        nested_as_json: write lists, structs and maps as JSON instead of DuckDB's own way.
        what: is asked, for messages.
        place: says where a name was written, where the text is not the one that was given.

    Raises:
        UserError: the statement is wrong, none or several, or asks for no rows.
    """
    try:
        _refuse_others(con.extract_statements(text), what)
        relation = con.sql(text)
        if relation is None:
            raise UserError(
                "That statement yields no rows. Ask with select, from, describe or summarize.", 2
            )
        names, types = relation.columns, [str(kind) for kind in relation.types]
        columns = [f"c{number}" for number in range(len(names))]
        written = ", ".join(
            f"cast({'to_json(' + c + ')' if nested_as_json and is_nested(t) else c} as varchar)"
            for c, t in zip(columns, types, strict=True)
        )
        text = f"select {written} from answer as a({', '.join(columns)}) limit {limit + 1:d}"
        shown = relation.query("answer", text)
        rows = shown.fetchall() if shown is not None else []
    except duckdb.Error as error:
        if found := explain(Seen.of(error), settings):
            raise UserError(found.text, found.exit_code) from None
        raise UserError(
            f"{what} can't answer that: {_reason(error, place)} {HINTS[what]}",
            2,
        ) from None
    except UnicodeEncodeError:
        raise UserError(
            "The statement holds bytes that are not UTF-8. Write it in UTF-8.", 2
        ) from None
    return Answer(names, types, rows[:limit], len(rows) <= limit)


def is_nested(data_type: str) -> bool:
    """Whether values of a DuckDB type hold others: lists, structs, maps, JSON."""
    return data_type.endswith("]") or data_type.startswith(NESTED)


def _statement_text(sql: str) -> str:
    text = _decoded(sys.stdin.buffer.read(4 * LONGEST), "The standard input") if sql == "-" else sql
    if sql.lower().endswith(".sql") and (Path(sql).exists() or not any(map(str.isspace, sql))):
        text = _read(Path(sql))
    if "\0" in text:
        raise UserError("The statement holds a zero byte. Write it as plain text in UTF-8.", 2)
    if len(text) > LONGEST:
        raise UserError(
            f"The statement has {len(text):,} characters, more than the {LONGEST:,} that are read. "
            "Give one SQL statement.",
            2,
        )
    return text


def _read(path: Path) -> str:
    if not path.exists():
        raise UserError(f"There is no file {path}. Give one SQL statement or a .sql file.", 2)
    if not path.is_file():
        raise UserError(f"{path} is no file. Give one SQL statement or a .sql file.", 2)
    if path.stat().st_size > 4 * LONGEST:
        raise UserError(
            f"{path} has {path.stat().st_size / 1e6:,.0f} MB, which is no statement. Give a file "
            "with one SQL statement.",
            2,
        )
    return _decoded(path.read_bytes(), str(path))


def _decoded(content: bytes, place: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{place} is not in UTF-8 (byte {error.start + 1}). Save it as UTF-8.", 2
        ) from None


def _refuse_others(statements: Sequence[duckdb.Statement], what: str) -> None:
    if not statements:
        raise UserError(
            'There is no statement to run. Ask something, as in c360 query "from '
            'insights.fact_segment".',
            2,
        )
    if len(statements) > 1:
        raise UserError(
            f"These are {len(statements)} statements, and one is answered at a time. Ask them one "
            "by one; `with` joins several steps into one statement.",
            2,
        )
    kind = statements[0].type.name
    if kind not in ASKING:
        raise UserError(
            f"{what} can't answer that: {kind.lower()} is no question. It is "
            "read-only; ask with select, from, describe or summarize.",
            2,
        )


def _reason(error: duckdb.Error, place: Callable[[str], str] | None) -> str:
    """DuckDB's message on one line, without the drawing of where in the text it was."""
    told, _, drawing = str(error).partition("\n\nLINE ")
    told = re.sub(r"^[A-Z]\w+(?: [A-Z]\w+)? Error: ", "", told)
    if place:
        named = re.search(r'(?:name|column(?: named)?) "?(\w+)', told)
        return literal(" ".join(told.split())) + (place(named[1]) if named else "")
    line = drawing.partition(":")[0]
    return literal(" ".join(told.split())) + (f" (line {line})" if line.isdigit() else "")
