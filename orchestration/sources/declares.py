"""What the user declares of columns: attributes of the person, and identities of a namespace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from orchestration.errors import UserError
from orchestration.policy.declared_columns import NAME, namespaces_of
from orchestration.policy.seeds import FOLDER
from orchestration.sources.drafts import Column, Table
from orchestration.sources.overrules import columns_named
from orchestration.sources.proposals import Proposal
from orchestration.sources.said import Said

PEOPLE = "customer_records"
READ_WITHOUT_FAULT = 0.99
"""Share of a column's values that have to be of a type, so that it is proposed for them."""


def declare(
    tables: Sequence[Table],
    attributes: Mapping[str, str],
    namespaces: Mapping[str, str],
    types: Mapping[str, str],
    dbt_project_dir: Path,
) -> None:
    """Note on described columns what they are declared to be.

    Parameters:
        tables: the tables of the source.
        attributes: the attribute's name by column; an empty one is the column's own.
        namespaces: a namespace of identity_namespaces by column.
        types: what was said of the types of columns.
        dbt_project_dir: the dbt project, whose namespaces count.

    Raises:
        UserError: no table has the column, or there is no such namespace.
    """
    for name, wanted in attributes.items():
        for column in columns_named(tables, name, "--attribute"):
            called = wanted.strip() or column.name
            if not NAME.fullmatch(called):
                raise UserError(
                    f"--attribute: '{called[:60]}' can't be a column. Use lower-case letters, "
                    "digits and underscores, beginning with a letter.",
                    2,
                )
            column.declares["attribute"] = _attribute(column, called, types.get(name))
    if not namespaces:
        return
    known = namespaces_of(dbt_project_dir)
    for name, namespace in namespaces.items():
        if namespace not in known:
            near = get_close_matches(namespace, known, n=3, cutoff=0.5) or known
            raise UserError(
                f"--namespace: there is no namespace {namespace[:60]}. Nearest: {', '.join(near)}. "
                f"A new one is a row in {FOLDER}/identity_namespaces.csv.",
                2,
            )
        for column in columns_named(tables, name, "--namespace"):
            column.declares["namespace"] = namespace


def declare_keyed(tables: Sequence[Table], said: Said) -> tuple[dict[str, str], dict[str, str]]:
    """Note which tables are keyed attribute files, and what all their columns are.

    Parameters:
        tables: the tables of the source.
        said: what the user said.

    Returns:
        The attributes and namespaces that the user said, and with them those of such tables.

    Raises:
        UserError: no table has the column, or a table is no delimited text.
    """
    attributes, namespaces = {**said.attributes}, {**said.namespaces, **said.keyed_by}
    for name in said.keyed_by:
        for key in columns_named(tables, name, "--keyed-by"):
            table = next(t for t in tables if any(c is key for c in t.columns))
            if table.format != "csv" or table.options.get("delimiter") == "whitespace":
                raise UserError(
                    f"--keyed-by: {table.name} is no delimited text, and nothing else tells an "
                    "empty cell from one that is not there. Deliver it as csv.",
                    2,
                )
            table.keyed_by, key.means, key.confidence = key.name, "customer_id", 1.0
            key.said.add("meaning")
            for column in table.columns:
                if column is not key:
                    column.is_strict = True
                    attributes.setdefault(_told_as(column, attributes), "")
    return attributes, namespaces


def _told_as(column: Column, attributes: Mapping[str, str]) -> str:
    """The name by which the user has declared a column, or else its own."""
    own = column.title
    return next((told for told in attributes if told.strip() in (own, column.name)), own)


def require_people(tables: Sequence[Table], proposals: Sequence[Proposal]) -> None:
    """Refuse what is declared in a table that says nothing of people.

    Raises:
        UserError: the table feeds no customer records.
    """
    of_people = {id(p.table) for p in proposals if p.takes_declared}
    for table in tables:
        declared = [c for c in table.columns if c.declares]
        if declared and id(table) not in of_people:
            raise UserError(
                f"{declared[0].title} of {table.name} is declared to be of a person, "
                f"and {table.name} feeds no {PEOPLE}. Say which column is the customer's "
                f"id with --rename COLUMN=customer_id, or --map {table.name}={PEOPLE}.",
                2,
            )


def _attribute(column: Column, called: str, said: str | None) -> dict[str, str]:
    kind = said or _type_of(column)
    made = {"name": called, "type": kind}
    if kind in ("integer", "decimal") and column.decimal_mark != ".":
        made["decimal_mark"] = column.decimal_mark
    if kind in ("date", "instant"):
        if column.is_day_first_a_guess and "format" not in column.said:
            name = column.title
            raise UserError(
                f"Nothing tells whether the days of {name} come before its months. Say it with "
                f"--format '{name}=%d/%m/%Y' or --format '{name}=%m/%d/%Y'.",
                2,
            )
        made["format"] = (column.formats or ("iso",))[0]
        if column.zone != "UTC":
            made["zone"] = column.zone
    return made


def _type_of(column: Column) -> str:
    if column.formats:
        return "instant" if any(sign in column.formats[0] for sign in ("%H", "epoch")) else "date"
    # One value that is not of the type would have a keyed file refused.
    least = 1.0 if column.is_strict else READ_WITHOUT_FAULT
    if column.share("integer") >= least and not column.share("leading_zero"):
        return "integer"
    if column.share("number") >= least and not column.share("leading_zero"):
        return "decimal"
    return "text"
