"""`c360 lineage`: what a column follows from, and what follows from it."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from orchestration.beginning import begin
from orchestration.terminal import Console


def lineage(
    name: Annotated[
        str,
        typer.Argument(
            metavar="TABLE[.COLUMN]", help="Such as value.deciles or value.deciles.decile."
        ),
    ],
    down: Annotated[
        bool, typer.Option("--down", help="Also what it feeds, through all models after it.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Say which columns a table or a column is made of and decided by, down to the sources.

    Worked out from the SQL of the last run: kind by kind, values first, then what decides which
    rows there are. Where that can't be known it says so and names every column that it may be.
    """
    from orchestration.lineage.look import NO_LINEAGE, look_up
    from orchestration.lineage.show import show_column, show_table
    from orchestration.lineage.store import COLUMNS
    from orchestration.lookup.layers import require_readable
    from orchestration.warehouse import connect_reader

    settings = begin()
    require_readable(name)
    with connect_reader(settings, COLUMNS, NO_LINEAGE) as con:
        found = look_up(con, name, down)
    if as_json:
        print(json.dumps(found, indent=2))
    elif len(found["columns"]) == 1 and name.lower().endswith(f".{found['columns'][0]['column']}"):
        show_column(Console(), found)
    else:
        show_table(Console(), found)
