"""What a run has made, to be compared with what another run makes."""

from __future__ import annotations

import duckdb

from tests.conftest import Company


def contents(company: Company) -> dict[str, str]:
    """A fingerprint of every table that a run makes, independent of the order of rows."""
    prints = {}
    with duckdb.connect() as con:
        con.execute(f"attach '{company.settings.warehouse_path}' as warehouse (read_only)")
        con.execute(f"attach '{company.settings.published_path}' as published (read_only)")
        tables = con.execute(
            "select database_name, schema_name, table_name from duckdb_tables() "
            "where database_name in ('warehouse', 'published') and schema_name <> 'operations' "
            "order by all"
        ).fetchall()
        for database, schema, table in tables:
            name = f'{database}.{schema}."{table}"'
            # A row may stand elsewhere in its file, and be known since an earlier installation.
            # The ledger says since when an id is known, and whether it was before this run, and so
            # does the history of attributes.
            row = con.execute(
                "select count(*), bit_xor(md5_number(t::varchar)) from (select columns(lambda c: "
                "c not in ('source_row', 'line_number', 'first_seen_at', 'file_id', 'valid_from', "
                "'founded_at', 'known_from', 'ruled_since', 'computed_at', 'last_computed_at')) "
                f"from {name}) as t"
            ).fetchone()
            prints[name] = str(row)
    return prints


def warehouse_rows(company: Company, sql: str) -> list[tuple[object, ...]]:
    with company.warehouse() as con:
        return con.execute(sql).fetchall()


def published_rows(company: Company, sql: str) -> list[tuple[object, ...]]:
    with company.published() as con:
        return con.execute(sql).fetchall()
