"""Other names for what is published: views under the names that statements from elsewhere use.

`reporting_names/<catalogue>/<schema>/<table>.sql` holds one select each over the tables of the
reporting model. The last gate writes them into the build as `<schema>.<table>`, so every tool that
opens the file sees them; whoever attaches the file as `<catalogue>` has the whole name.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.errors import UserError
from orchestration.ingest.sql import literal, quoted
from orchestration.settings import PROJECT_ROOT

NAMES_DIR = PROJECT_ROOT / "reporting_names"


@dataclass(frozen=True)
class Name:
    """A documented table.

    Attributes:
        catalogue: that statements write before the schema.
        schema: of the view in the published file.
        table: the view.
        description: what it holds, from the comment on top of its file.
        select: its SQL.
        path: its file.
    """

    catalogue: str
    schema: str
    table: str
    description: str
    select: str
    path: Path

    @property
    def comment(self) -> str:
        """What the view says of itself: what it holds, and by which text it was made.

        DuckDB gives a view's SQL back in other words than it was made with.
        """
        digest = hashlib.sha256(self.select.encode()).hexdigest()
        return f"{self.description} (reporting_names, {digest[:12]})"

    def view(self, catalogue: str, select: str) -> str:
        """The statement that makes the view.

        Parameters:
            catalogue: the database to make it in, none for the current one.
            select: what it reads.
        """
        place = ".".join(quoted(part) for part in (catalogue, self.schema, self.table) if part)
        return f"create or replace view {place} as {select}"


def declared_names(folder: Path = NAMES_DIR) -> list[Name]:
    """All documented tables, by catalogue, schema and name."""
    found = []
    for path in sorted(folder.glob("*/*/*.sql")):
        lines = path.read_text(encoding="utf-8").splitlines()
        comment = [line[2:].strip() for line in lines if line.startswith("--")]
        select = "\n".join(line for line in lines if not line.startswith("--")).strip()
        catalogue, schema = path.parts[-3:-1]
        found.append(Name(catalogue, schema, path.stem, " ".join(comment), select, path))
    return found


def names_fingerprint(names: Sequence[Name]) -> str:
    """Names the declared views by their content, to see when the build lacks them."""
    declared = [(name.schema, name.table, name.comment) for name in names]
    return hashlib.sha256(repr(declared).encode()).hexdigest()


def write_names(con: duckdb.DuckDBPyConnection, names: Sequence[Name]) -> None:
    """Write the documented views into a reporting model; where all are as declared, write nothing.

    Views of these schemas that are declared no more are dropped.

    Parameters:
        con: to the model, for writing.
        names: what is declared.

    Raises:
        UserError: a view reads a table or column that the model does not have.
    """
    written = _written(con)
    if written == sorted((name.schema, name.table, name.comment) for name in names):
        return
    con.execute("begin")
    for schema in sorted({name.schema for name in names} | {schema for schema, _, _ in written}):
        con.execute(f"drop schema if exists {quoted(schema)} cascade")
    for schema in sorted({name.schema for name in names}):
        con.execute(f"create schema {quoted(schema)}")
    for name in names:
        try:
            con.execute(name.view("", name.select))
        except duckdb.Error as error:
            con.execute("rollback")
            raise UserError(
                f"{name.path.parent.name}/{name.path.name} does not fit the reporting model: "
                f"{str(error).splitlines()[0]}. Change it to the tables that the models make."
            ) from None
        view = f"{quoted(name.schema)}.{quoted(name.table)}"
        con.execute(f"comment on view {view} is {literal(name.comment)}")
    con.execute("commit")


def writes_names(text: str, names: Sequence[Name]) -> bool:
    """Whether a statement has one of the documented names in it."""
    known = {word for name in names for word in (name.catalogue, name.schema, name.table)}
    return not known.isdisjoint(re.findall(r"\w+", text.lower()))


def open_names(con: duckdb.DuckDBPyConnection, names: Sequence[Name]) -> None:
    """Let statements read the documented views by their whole name and by their bare one.

    Parameters:
        con: to the published model, where the views are `<schema>.<table>`.
        names: what is declared.
    """
    there = {(schema, view) for schema, view, _ in _written(con)}
    names = [name for name in names if (name.schema, name.table) in there]
    file = con.execute("select current_database()").fetchall()[0][0]
    for name in names:
        catalogue, schema = quoted(name.catalogue), quoted(name.schema)
        con.execute(f"attach if not exists ':memory:' as {catalogue} (read_write)")
        con.execute(f"create schema if not exists {catalogue}.{schema}")
        view = ".".join(map(quoted, (file, name.schema, name.table)))
        con.execute(name.view(name.catalogue, f"from {view}"))
    schemas = sorted({name.schema for name in names})
    con.execute(f"set search_path = {literal(','.join(['main', *schemas]))}")


def _written(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str]]:
    """Views by schema, name and comment, of the database itself."""
    return con.execute(
        "select schema_name, view_name, coalesce(comment, '') from duckdb_views() "
        "where database_name = current_database() and not internal and schema_name <> 'main' "
        "order by 1, 2"
    ).fetchall()
