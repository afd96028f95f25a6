"""`c360 segment compile`: rule files to models."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.beginning import begin
from orchestration.errors import UserError
from orchestration.settings import Settings
from orchestration.terminal import Console


def compile_rules(
    names: Annotated[
        list[str] | None, typer.Argument(help="Segments with a rule file; all without.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; end with 1 where a file would differ.")
    ] = False,
) -> None:
    """Compile rule files to models: segment_rules/NAME.yml to models/segments/NAME.sql and .yml.

    What a rule names must be there; where there is a warehouse its values must fit the types of the
    columns, too. docs/segment-rules.md says what a rule file holds.
    """
    from orchestration.segments.rule_files import compile_files, differing

    settings = begin()
    project, console = settings.dbt_project_dir, Console()
    if check:
        if found := differing(project, names or ()):
            listed = ", ".join(str(path.relative_to(project)) for path in found)
            raise UserError(
                f"Not what the rule files say: {listed}. Run c360 segment compile, and delete "
                "models whose rule file is gone."
            )
        console.print("Models are what the rule files say.", highlight=False)
        return
    try:
        types = warehouse_types(settings)
    except UserError as error:
        console.print(f"Values are not compared with types of columns: {error}", highlight=False)
        types = {}
    for path in compile_files(project, names or (), types):
        console.print(f"Wrote {path}", soft_wrap=True, highlight=False)
    console.print("Models are what the rule files say.", highlight=False)


def warehouse_types(settings: Settings) -> dict[str, dict[str, str]]:
    """The columns of the warehouse with their types, by `schema.table`; empty without one."""
    from orchestration.warehouse import connect_reader

    found: dict[str, dict[str, str]] = {}
    if settings.warehouse_path.exists():
        with connect_reader(settings) as con:
            for schema, table, column, said in con.execute(
                "select schema_name, table_name, column_name, data_type from duckdb_columns() "
                "where database_name = current_database() order by column_index"
            ).fetchall():
                found.setdefault(f"{schema}.{table}", {})[column] = said
    return found
