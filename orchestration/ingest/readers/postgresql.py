"""Tables of a PostgreSQL server, over ADBC: a snapshot, or only what a watermark says is new."""

from __future__ import annotations

import duckdb

from orchestration.errors import UserError
from orchestration.ingest.addresses import without_password
from orchestration.ingest.declarations import SourceTable
from orchestration.ingest.readers.columnar import insert_stream
from orchestration.ingest.readers.target import Outcome, Target
from orchestration.ingest.servers import connect, said
from orchestration.ingest.sql import quoted
from orchestration.retries import user_error


def source_name(table: SourceTable) -> str:
    """What stands for the file name in results: `postgresql:schema.table`."""
    return f"postgresql:{table.database_table or table.table}"


def read_postgresql(
    con: duckdb.DuckDBPyConnection, target: Target, since: str | None, unmarked: bool = False
) -> tuple[Outcome, str | None]:
    """Load a table's rows, every value as its text, in the order of the watermark.

    Parameters:
        con: the warehouse.
        target: where the rows go.
        since: the watermark up to which rows are in landing already; None reads all. Rows at the
            watermark itself are read again, because some of them may have been written since.
        unmarked: read the rows whose watermark is null instead; nothing says when those change.

    Returns:
        The outcome and the greatest watermark read.

    Raises:
        PassingError: the server can't be reached or drops the connection.
        UserError: it refuses this user, or lacks the table.
    """
    import adbc_driver_postgresql.dbapi as postgresql
    import pyarrow

    table = target.table
    schema, _, name = (table.database_table or table.table).rpartition(".")
    relation = ".".join(quoted(part) for part in (schema, name) if part)
    try:
        with connect(str(table.url), table) as db, db.cursor() as cursor:
            cursor.execute(
                "select attname::text, format_type(atttypid, atttypmod) from pg_attribute "
                "where attrelid = to_regclass($1) and attnum > 0 and not attisdropped "
                "order by attnum",
                [relation],
            )
            kinds = {row[0]: row[1] for row in cursor.fetchall()}
            if not kinds:
                raise UserError(
                    f"{without_password(str(table.url))} has no table {name} that this user "
                    f"may read. Name the right one in meta.database_table of source {table.label}."
                )
            matched = target.match(con, dict.fromkeys(kinds))
            mark = table.watermark
            if mark and mark not in kinds:
                raise UserError(
                    f"Table {name} has no column {mark}, which source {table.label} declares as "
                    "its watermark. Name another one."
                )
            selected = ", ".join(f"{quoted(c)}::text as {quoted(c)}" for c in kinds)
            query = f"select {selected} from {relation} as r"
            if mark and unmarked:
                latest = None
                cursor.execute(f"{query} where {quoted(mark)} is null order by r::text")
            elif mark:
                cursor.execute(f"select max({quoted(mark)})::text from {relation}")
                found = cursor.fetchone()
                latest = found[0] if found else None
                condition = f"{quoted(mark)} <= $1::text::{kinds[mark]}"
                if since is not None:
                    condition += f" and {quoted(mark)} >= $2::text::{kinds[mark]}"
                if latest is None:
                    return Outcome(0, 0), None
                # A total order, so that a second load gives the same rows the same numbers.
                query += f" where {condition} order by {quoted(mark)}, r::text"
                cursor.execute(query, [latest] if since is None else [latest, since])
            else:
                latest = None
                some = target.most_rows
                cursor.execute(query + (f" limit {some}" if some else " order by r::text"))
            return Outcome(*insert_stream(con, target, matched, cursor)), latest
    except (postgresql.Error, duckdb.Error, pyarrow.ArrowException, OSError) as error:
        raise user_error(
            error,
            f"Source {table.label} can't read {without_password(str(table.url))}, table {name}: "
            f"{said(error, str(table.url), table)}. Check that the server runs and lets this user "
            "in (PGPASSWORD, ~/.pgpass or the variable of meta.password_env hold the password); "
            "what was loaded before stays as it was.",
        ) from None
