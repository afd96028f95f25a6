"""`c360 question run`: a question with its parameters bound, answered as `c360 query` answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from orchestration.errors import UserError
from orchestration.query import (
    ask,
    require_reader,
    show_answer,
    tell_what_is_missing,
    text_of,
)
from orchestration.questions.asking import bind, refuse_other_options, values_of
from orchestration.questions.catalogue import question
from orchestration.segment_tools.files import new_file
from orchestration.settings import Settings
from orchestration.terminal import Console, literal
from orchestration.warehouse import connect_published

FORMATS = ("table", "csv", "json", "parquet")


def run_question(
    settings: Settings,
    name: str,
    given: Sequence[str],
    output: str | None,
    to: Path | None,
    replace: bool,
    limit: int,
    console: Console,
) -> None:
    """Ask a question and print its rows or write them to a file that only its owner can read.

    Parameters:
        settings: paths.
        name: of the question.
        given: parameters as key=value.
        output: table, csv, json or parquet; by the ending of the file when None, else table.
        to: a file to write.
        replace: write over a file that is there.
        limit: most rows.
        console: where a table goes; csv and json go to standard output.

    Raises:
        UserError: question, parameter, format or file can't be, or nothing is published.
    """
    chosen = _format(output, to)
    if to is None:
        require_reader()
    asked = question(name, given)
    values = values_of(asked.question, asked.given)
    with connect_published(settings) as con:
        refuse_other_options(con, asked.question, values)
        bind(con, values)
        # A table of Arrow keeps the types of columns, where texts are enough for all else.
        as_text = 1 if chosen == "parquet" else limit
        answer = ask(con, asked.question.sql, as_text, settings, nested_as_json=chosen == "json")
        if to is None:
            show_answer(answer, chosen, console)
        else:
            with new_file(to, replace) as path:
                if chosen == "parquet":
                    count, is_whole = _write_parquet(con.sql(asked.question.sql), path, limit)
                else:
                    path.write_text(text_of(answer, chosen), encoding="utf-8", newline="")
    if chosen != "parquet":
        count, is_whole = len(answer.rows), answer.is_whole
    tell_what_is_missing(count, is_whole, limit)


def _write_parquet(rows: duckdb.DuckDBPyRelation, path: Path, limit: int) -> tuple[int, bool]:
    """Write rows to a file, and return how many, and whether these are all."""
    from pyarrow import parquet

    found = rows.limit(limit + 1).to_arrow_table()
    parquet.write_table(found.slice(0, limit), path)
    return min(found.num_rows, limit), found.num_rows <= limit


def _format(output: str | None, to: Path | None) -> str:
    ending = to.suffix.removeprefix(".").lower() if to else ""
    chosen = output or (ending if ending in FORMATS else "table")
    if chosen not in FORMATS:
        raise UserError(
            f"--format {literal(chosen)} is unknown. Use table, csv, json or parquet.", 2
        )
    if chosen == "parquet" and to is None:
        raise UserError("--format parquet is for files. Name one with --output.", 2)
    if chosen == "table" and to is not None:
        raise UserError(
            f"--output {literal(str(to))} ends in none of .csv, .json and .parquet. Name the "
            "format with --format csv, json or parquet; a table is for a terminal.",
            2,
        )
    return chosen
