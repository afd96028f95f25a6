"""`c360 segment ...`: segments written, listed and taken away."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from orchestration.beginning import begin
from orchestration.segments.compile_command import compile_rules
from orchestration.terminal import Console

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Segments: who is in which group, since when and why.",
)
Name = Annotated[str, typer.Argument(help="Of the segment, such as silent_for_a_year.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.command()
def new(
    name: Name,
    title: Annotated[str, typer.Option(help="What reports call it.")] = "",
    purpose: Annotated[str, typer.Option(help="What it is for.")] = "",
    owner: Annotated[
        str, typer.Option(help="The team that answers for the rule.")
    ] = "team:marketing-analytics",
) -> None:
    """Write models/segments/NAME.sql and NAME.yml, a draft that builds and passes as it is.

    Change the rule to what you need, set state to active, and c360 run counts who is in.
    """
    from orchestration.segments.files import write_segment

    console = Console()
    for path in write_segment(begin().dbt_project_dir, name, title, purpose, owner):
        console.print(f"Wrote {path}", soft_wrap=True, highlight=False)
    console.print(
        "It is a draft: built, and with nobody in it. Set its state to active in the YAML.",
        highlight=False,
    )


@app.command("list")
def list_segments(as_json: AsJson = False) -> None:
    """Print the segments of the project: state, members as of the last run, what uses them."""
    from rich.table import Table

    from orchestration.segments.listing import listed

    found = listed(begin())
    if as_json:
        print(json.dumps(found, indent=2, default=str))
        return
    table = Table("segment", "state", "members", "entered", "left", "used by", box=None)
    for segment in found:
        numbers = ("member_count", "entered_count", "left_count")
        table.add_row(
            segment["segment_name"],
            segment["state"],
            *("–" if segment[n] is None else f"{segment[n]:,}" for n in numbers),
            ", ".join(segment["used_by"]) or "–",
        )
    Console().print(table)


@app.command()
def remove(name: Name) -> None:
    """Delete the files of a segment; refused while something uses it."""
    from orchestration.segments.files import remove_segment

    console = Console()
    for path in remove_segment(begin().dbt_project_dir, name):
        console.print(f"Deleted {path}", soft_wrap=True, highlight=False)
    console.print("With the next run its members have left it.", highlight=False)


app.command("compile")(compile_rules)
