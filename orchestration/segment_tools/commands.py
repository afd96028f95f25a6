"""`c360 segment preview`, `why`, `check`, `compare`, `suggest`, `overlap`, `sql`, `export`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestration.beginning import begin
from orchestration.lookup.layers import require_readable
from orchestration.segment_tools.suggest_command import suggest_groups
from orchestration.segments.commands import AsJson, Name, app
from orchestration.terminal import Console, styled

__all__ = ["app"]
OtherName = Annotated[str | None, typer.Argument(help="Of another segment.")]
Sql = Annotated[
    Path | None, typer.Option("--sql", help="A file whose SQL is taken in place of the segment's.")
]


@app.command()
def preview(name: Name, sql: Sql = None, as_json: AsJson = False) -> None:
    """Count whom a segment has over the last run, by step and by condition, without building it.

    Works for a draft as well. The number is what a run over the same data publishes.
    """
    from orchestration.segment_tools.preview import preview as previewed
    from orchestration.segment_tools.show import show_preview

    found = previewed(begin(), name, sql)
    if as_json:
        _print(found)
    else:
        show_preview(Console(), found)


@app.command()
def why(
    name: Name,
    profile_id: Annotated[
        str,
        typer.Argument(
            help="A profile's id, also a former one, or source_system:source_record_id."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Say why a person is in a segment or not: since when, and which condition is false.

    Values of columns with personal data are masked.
    """
    from orchestration.segment_tools.show import show_why
    from orchestration.segment_tools.why import why as explained

    require_readable(name, profile_id)
    found = explained(begin(), name, profile_id)
    if as_json:
        _print(found)
    else:
        show_why(Console(), found)


@app.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(help="Segments; all without.")] = None,
) -> None:
    """Hold the SQL of segments to what one may read, and to the columns that the warehouse has.

    One select over profile, value and other segments; no unknown column, no number compared with a
    text, no function of files, chance or the moment of the run. Ends with 1 where one is not.
    """
    from orchestration.segment_tools.check import check as checked

    console, faults = Console(), 0
    for segment, fault in checked(begin(), names or ()):
        faults += bool(fault)
        console.print(
            styled("[red]✗[/] {}", fault) if fault else styled("[green]✓[/] {}", segment.name),
            soft_wrap=True,
        )
    if faults:
        raise typer.Exit(1)


@app.command()
def compare(
    name: Name,
    other: OtherName = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most attributes of a kind.")] = 15,
    as_json: AsJson = False,
) -> None:
    """Say what sets members apart from everybody else, or from those of another segment.

    Scores are described in docs/segment-tools.md. Groups of fewer than ten people are not shown.
    """
    from orchestration.segment_tools.compare import compare as compared
    from orchestration.segment_tools.show import show_comparison

    found = compared(begin(), name, other)
    if as_json:
        _print(found)
    else:
        show_comparison(Console(), found, limit)


app.command("suggest")(suggest_groups)


@app.command()
def overlap(name: Name, other: OtherName = None, as_json: AsJson = False) -> None:
    """Print how many people a segment shares with others, as of the last run."""
    from orchestration.segment_tools.overlap import overlap as overlaps
    from orchestration.segment_tools.show import show_overlaps

    found = overlaps(begin(), name, other)
    if as_json:
        _print(found)
    else:
        show_overlaps(Console(), name, found)


@app.command("sql")
def print_sql(
    name: Name,
    dialect: Annotated[
        str, typer.Option(help="spark, snowflake, bigquery, postgres or duckdb.")
    ] = "duckdb",
    sql: Sql = None,
) -> None:
    """Print a segment's compiled SQL for another engine, with models as schema.table."""
    from orchestration.segment_tools.dialects import segment_sql

    print(segment_sql(begin(), name, dialect, sql))


@app.command()
def export(
    name: Name,
    to: Annotated[Path, typer.Option(help="The file to write: .csv or .parquet.")],
    column: Annotated[
        list[str] | None, typer.Option(help="schema.table.column; may be given several times.")
    ] = None,
    purpose: Annotated[
        str | None, typer.Option(help="What the messages are for, such as commercial.")
    ] = None,
    channel: Annotated[str | None, typer.Option(help="On which they go, such as email.")] = None,
    action: Annotated[
        list[str] | None,
        typer.Option(help="A marketing action that it is for; without, policies about any count."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Write over a file.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the members to a file that only you can read, and of contact data only what may leave.

    A column that says who somebody is, such as profile.profiles.email, needs a purpose and a
    channel; who may not be sent that is held back and counted. Policies over data usage labels
    refuse it as they refuse a sync.
    """
    from orchestration.segment_tools.export import export as exported
    from orchestration.segment_tools.show import show_export

    require_readable(name, str(to), *(column or ()), *(action or ()))
    found = exported(begin(), name, to, column or (), purpose, channel, replace, action or ())
    if as_json:
        _print(found)
    else:
        show_export(Console(), found)


def _print(found: Any) -> None:
    print(json.dumps(found, indent=2, default=str))
