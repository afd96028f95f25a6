"""`c360 new measure`: SQL, YAML and a declaration, which build and pass as they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from orchestration.beginning import begin
from orchestration.errors import UserError
from orchestration.project_files import editing, write_all
from orchestration.terminal import Console
from orchestration.value.declaring import declaration, declared_measures, withheld
from orchestration.value.measure_text import FUNCTIONS, Measure, Shape, sql_of, yaml_of

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Write a new part of the project from a template.",
)
READABLE = ("profile", "value")
NAME = re.compile(r"[a-z][a-z0-9_]{2,49}")
NO_NUMBER = re.compile(
    r"(is|has)_\w+|(\w+_)?(id|at|on|currency|category|name|type|tier|segment|status|system)"
)
"""Columns that by their names hold nothing to add up."""


@app.command()
def measure(
    name: Annotated[str, typer.Argument(help="Of the model, such as gift_revenue.")],
    shape: Annotated[Shape, typer.Option(help="What a row of it is.")] = Shape.CUSTOMER_ATTRIBUTE,
    table: Annotated[
        str, typer.Option("--from", help="The model of profile or value that it reads.")
    ] = "purchases",
    function: Annotated[str, typer.Option(help=", ".join(FUNCTIONS) + ".")] = "sum",
    value: Annotated[
        str | None,
        typer.Option(help="Column to calculate with; line_amount for a sum of purchases."),
    ] = None,
    where: Annotated[str | None, typer.Option(help="SQL condition on the rows that count.")] = None,
    by: Annotated[
        str | None, typer.Option(help="Column that first, last, arg_max and arg_min go by.")
    ] = None,
    tie: Annotated[str | None, typer.Option(help="Column that decides between equals.")] = None,
    per: Annotated[
        list[str] | None, typer.Option(help="A dimension beside the customer; may be repeated.")
    ] = None,
) -> None:
    """Write models/value/NAME.sql and NAME.yml, and declare the measure in dbt_project.yml.

    They build and pass their tests as they are; change the calculation to what you need. With the
    next run the measure is in the profile, the insights and on the dashboard.
    """
    if value is None and table == "purchases" and function in ("sum", "average", "max", "min"):
        value = "line_amount"
    wanted = Measure(
        name, shape, table, function, value, where, by, tie, tuple(dict.fromkeys(per or ()))
    )
    project = begin().dbt_project_dir
    paths = write_measure(project, wanted)
    console = Console()
    for path in paths:
        console.print(f"Wrote {path}", soft_wrap=True, highlight=False)
    console.print(f"Build it with c360 run; then it is value.{name}.", highlight=False)
    if name in declared_measures(project):
        people = "" if shape is Shape.BUSINESS_MEASURE or per else "value.profile_measures, "
        console.print(
            f"By its row in dbt_project.yml it is in {people}insights.fact_measure and on the "
            "dashboard.",
            highlight=False,
        )
    else:
        console.print(
            "It stays there, because what stands beside the person could tell who somebody is.",
            highlight=False,
        )


def write_measure(project: Path, wanted: Measure) -> tuple[Path, Path]:
    """Write the two files of a measure, and declare it in dbt_project.yml.

    Parameters:
        project: the dbt project.
        wanted: what to calculate. Without a dimension a customer measure takes
            product_category of purchases.

    Returns:
        The SQL and the YAML file.

    Raises:
        UserError: the name can't be used or is taken, or the calculation names a model, column or
            function that does not exist. Nothing is written then.
    """
    if wanted.shape is Shape.CUSTOMER_MEASURE and not wanted.per and wanted.table == "purchases":
        wanted = replace(wanted, per=("product_category",))
    folder = project / "models" / "value"
    sql, description = folder / f"{wanted.name}.sql", folder / f"{wanted.name}.yml"
    with editing(project):
        _check_name(project, wanted.name)
        columns = _columns(project, wanted.table)
        _check_calculation(wanted, tuple(columns))
        texts = {sql: sql_of(wanted), description: yaml_of(wanted)}
        if not withheld(wanted, [name for name, is_personal in columns.items() if is_personal]):
            texts[project / "dbt_project.yml"] = declaration(project, wanted)
        write_all(project, texts)
    return sql, description


def _check_name(project: Path, name: str) -> None:
    import duckdb

    if not NAME.fullmatch(name):
        raise UserError(
            f"'{name}' can't be the name of a measure. Take 3 to 50 lower case letters, digits and "
            "underscores, a letter first, such as gift_revenue.",
            2,
        )
    reserved = duckdb.execute(
        "select count(*) from duckdb_keywords() where keyword_name = ? "
        "and keyword_category <> 'unreserved'",
        [name],
    ).fetchone()
    if reserved != (0,):
        raise UserError(f"'{name}' is a word of SQL. Say what it measures, as in {name}_count.", 2)
    taken = [
        path
        for part in ("models", "seeds")
        for path in (project / part).rglob(f"{name}.*")
        if path.suffix in (".sql", ".py", ".csv", ".yml")
    ]
    if taken:
        raise UserError(
            f"There is already {sorted(taken)[0].relative_to(project)}. Take another name, or edit "
            "that file.",
            2,
        )
    if name in declared_measures(project):
        raise UserError(
            f"vars.measures of dbt_project.yml declares '{name}' already. Take another name.", 2
        )


def _columns(project: Path, table: str) -> dict[str, bool]:
    """The columns that a readable model's YAML names, and whether they are personal data."""
    found: dict[str, dict[str, bool]] = {}
    for layer in READABLE:
        for path in sorted((project / "models" / layer).rglob("*.yml")):
            for model in (yaml.safe_load(path.read_text()) or {}).get("models", []):
                found[model["name"]] = {
                    c["name"]: bool(c.get("config", {}).get("meta", {}).get("label"))
                    for c in model.get("columns", [])
                }
    if table not in found:
        raise UserError(
            f"A measure reads a model of profile or value, and '{table}' is none. There are: "
            f"{', '.join(sorted(found))}.",
            2,
        )
    return found[table]


def _check_calculation(wanted: Measure, columns: Sequence[str]) -> None:
    if wanted.function not in FUNCTIONS:
        raise UserError(
            f"There is no function '{wanted.function}'. There are: {', '.join(FUNCTIONS)}.", 2
        )
    if wanted.value is None and wanted.function != "count":
        raise UserError(f"{wanted.function} needs --value, a column of {wanted.table}.", 2)
    if wanted.function in FUNCTIONS[6:] and not (wanted.by and wanted.tie):
        raise UserError(
            f"{wanted.function} needs --by, what it goes by, and --tie, what decides between equal "
            "ones, such as --by ordered_at --tie order_id. Otherwise its result would depend on "
            "the order of rows.",
            2,
        )
    if wanted.shape is Shape.CUSTOMER_MEASURE and not wanted.per:
        raise UserError("A customer measure needs a dimension beside the customer: --per.", 2)
    if wanted.per and wanted.shape in (Shape.CUSTOMER_ATTRIBUTE, Shape.CUSTOMER_TABLE):
        raise UserError(
            f"A {wanted.shape.value.replace('-', ' ')} has one row per customer. With --per it is "
            "a --shape customer-measure.",
            2,
        )
    if "profile_id" in wanted.per:
        raise UserError(
            "profile_id is the customer; a dimension (--per) is something beside it.", 2
        )
    named = (wanted.value, wanted.by, wanted.tie, *wanted.keys)
    for column in named:
        if column is not None and column not in columns:
            raise UserError(
                f"{wanted.table} has no column '{column}'. It has: {', '.join(columns)}.", 2
            )
    if wanted.function in ("sum", "average") and NO_NUMBER.fullmatch(wanted.value or ""):
        raise UserError(
            f"{wanted.function} takes numbers, and {wanted.table}.{wanted.value} holds none. Take "
            "another column, or --function count_distinct, max, min, first or last.",
            2,
        )
    if wanted.name in wanted.keys:
        raise UserError(f"'{wanted.name}' is already a dimension of the measure. Rename it.", 2)
    if wanted.where is not None:
        _check_condition(wanted, wanted.where, columns)


def _check_condition(wanted: Measure, where: str, columns: Sequence[str]) -> None:
    import sqlglot

    # Braces would be Jinja in the model and in its description.
    readable = "{" not in where and "}" not in where and "\n" not in where
    try:
        condition = sqlglot.parse_one(f"select {where}", dialect="duckdb") if readable else None
    except sqlglot.errors.ParseError:
        condition = None
    selected = condition.selects if isinstance(condition, sqlglot.exp.Select) else []
    if condition is None or len(selected) != 1 or _clauses(condition) or selected[0].alias:
        raise UserError(
            "--where is one SQL condition on a line and without braces, such as "
            "--where 'not is_return'.",
            2,
        )
    for column in condition.find_all(sqlglot.exp.Column):
        if column.name not in columns:
            raise UserError(
                f"{wanted.table} has no column '{column.name}', which --where names. It has: "
                f"{', '.join(columns)}.",
                2,
            )


def _clauses(query: Any) -> bool:
    """Whether more than a select list was written: a from, a group by and the like."""
    return any(value for key, value in query.args.items() if key not in ("kind", "expressions"))
