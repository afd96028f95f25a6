"""What the layer was last made from, record by record, and which records have changed since."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

INPUTS = "operations.identity_inputs"
MADE_BY = "operations.identity_made_by"
MENTIONING = ("orders", "events", "message_events", "consents")
"""Conformed tables of which only the records they mention matter."""

Relations = Mapping[str, str]
"""The name in the warehouse of each model."""


def remember_inputs(con: duckdb.DuckDBPyConnection, relations: Relations) -> None:
    """Note what all records are, to find out later which have changed.

    Parameters:
        con: a writing connection.
        relations: where the models are.
    """
    con.execute("create schema if not exists operations")
    con.execute(f"create or replace table {INPUTS} as {inputs_sql(relations)}")


def remember_changes(con: duckdb.DuckDBPyConnection) -> None:
    """Note the same after a refresh, from the difference that `find_changes` left."""
    con.execute(
        f"delete from {INPUTS} where record_key in (select record_key from changed_records)"
    )
    con.execute(f"insert into {INPUTS} select * from changed_inputs")


def remember_whole(con: duckdb.DuckDBPyConnection, made_by: str) -> None:
    """Note that the layer is whole and tested, and what besides records it was made by.

    Parameters:
        con: a writing connection.
        made_by: names code, models, policy and trained parameters.
    """
    con.execute(f"create or replace table {MADE_BY} as select ? as made_by", [made_by])


def forget_inputs(con: duckdb.DuckDBPyConnection) -> None:
    """Have the next build be a whole one. To be called before the first table changes."""
    con.execute(f"drop table if exists {MADE_BY}")


def last_made_by(con: duckdb.DuckDBPyConnection) -> str | None:
    """What `made_by` was when the layer was last whole, None when it is not or never was."""
    try:
        [(made_by,)] = con.execute(f"select made_by from {MADE_BY}").fetchall()
    except (duckdb.CatalogException, ValueError):
        return None
    return str(made_by)


def find_changes(con: duckdb.DuckDBPyConnection, relations: Relations) -> tuple[int, int]:
    """Compare the conformed layer with what identity was last made from.

    Leaves two temporary tables: changed_records(record_key) of all that are new, gone or different,
    and changed_inputs with the rows of `INPUTS` that those of them have which are there now.

    Returns:
        How many records changed, and how many there are.
    """
    con.execute(f"create or replace temp table inputs_now as {inputs_sql(relations)}")
    con.execute(
        f"""
        create or replace temp table changed_records as
        select coalesce(now.record_key, before.record_key) as record_key
        from inputs_now as now
        full outer join {INPUTS} as before on before.record_key = now.record_key
        where now.rows_hash is distinct from before.rows_hash
        """
    )
    con.execute(
        "create or replace temp table changed_inputs as select now.* from inputs_now as now "
        "semi join changed_records using (record_key)"
    )
    [(changed,)] = con.execute("select count(*) from changed_records").fetchall()
    [(total,)] = con.execute("select count(*) from inputs_now").fetchall()
    con.execute("drop table inputs_now")
    return int(changed), int(total)


def inputs_sql(relations: Relations) -> str:
    """SQL for a row per record: source_system, source_record_id, record_key, rows_hash.

    The hash is a sum over the record's rows, so it depends neither on their order nor on the file
    they came in, and twice the same row is not none.
    """
    mentions = " union all ".join(
        f"select source_system, source_record_id, 0 as row_hash from {relations[name]} "
        "where source_record_id is not null group by source_system, source_record_id"
        for name in MENTIONING
    )
    return f"""
        select
            source_system,
            source_record_id,
            source_system || ':' || source_record_id as record_key,
            sum(row_hash::hugeint) as rows_hash
        from (
            select source_system, source_record_id, hash(records) as row_hash
            from (select * exclude (source_file) from {relations["customer_records"]}) as records
            where source_record_id is not null
            union all
            select source_system, source_record_id, hash(records) as row_hash
            from {relations["identity_observations"]} as records
            where source_record_id is not null
            union all
            {mentions}
        ) as mentioned
        group by source_system, source_record_id
    """
