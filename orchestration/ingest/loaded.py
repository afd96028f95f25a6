"""What was loaded, by content: to tell whether anything has to be made again."""

from __future__ import annotations

import hashlib

import duckdb

from orchestration.ingest.state import prepare


def loaded_content(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    """A hash over what was loaded of each source table, by source and table.

    A file of which only the time has changed is the same; one that was read again is another.
    """
    prepare(con)
    found = con.execute(
        "select source_system, source_table, "
        "md5(string_agg(loaded::varchar, ' ' order by loaded::varchar)) "
        "from (select * exclude (file_stamp) from operations.source_files) as loaded "
        "group by source_system, source_table"
    ).fetchall()
    return {(system, table): content for system, table, content in found}


def landing_fingerprint(con: duckdb.DuckDBPyConnection) -> str:
    """A text that names what all of landing holds."""
    parts = sorted(" ".join((*key, content)) for key, content in loaded_content(con).items())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def loaded_sizes(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Bytes of each file that is in landing, as they were when it was loaded."""
    prepare(con)
    found = con.execute(
        "select source_file, max(file_bytes) from operations.source_files group by source_file"
    ).fetchall()
    return {name: int(size or 0) for name, size in found}
