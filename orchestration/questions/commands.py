"""`c360 question ...`: what can be asked, how it is asked, and the answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from orchestration.beginning import begin
from orchestration.terminal import Console

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Questions to the published model: list them, see their SQL, ask them.",
)
Name = Annotated[str, typer.Argument(help="Of the question, such as segment_sizes.")]
Params = Annotated[
    list[str] | None, typer.Option("--param", help="A choice as name=value; may be repeated.")
]


@app.command("list")
def list_questions(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """List the questions with their parameters."""
    from orchestration.questions.catalogue import listed, show_list

    begin()
    if as_json:
        print(json.dumps(listed(), indent=2, default=str))
    else:
        show_list(Console())


@app.command()
def show(
    name: Name,
    dialect: Annotated[
        str,
        typer.Option(help="duckdb, snowflake, bigquery, postgres, spark, tsql or redshift."),
    ] = "duckdb",
    param: Params = None,
) -> None:
    """Print a question's SQL, for DuckDB or another engine; parameters become literals there."""
    from orchestration.questions.asking import values_of
    from orchestration.questions.catalogue import question
    from orchestration.questions.dialects import printed

    begin()
    asked = question(name, param or [])
    print(printed(asked.question, dialect, values_of(asked.question, asked.given)))


@app.command()
def run(
    name: Name,
    param: Params = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--format", help="table, csv, json or parquet; by the file's ending, else table."
        ),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--output", help="A file to write instead of printing.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Write over a file that is there.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000_000, help="Most rows to show.")] = 1000,
) -> None:
    """Ask the published model a question: c360 question run segment_trend --param days=90."""
    from orchestration.questions.run import run_question

    run_question(begin(), name, param or [], output, to, replace, limit, Console())
