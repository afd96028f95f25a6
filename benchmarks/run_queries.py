"""Child of the `deciles` and `rfm` benchmarks: makes a table or view of each query, in order."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import duckdb

VIEWS = {"customer_attributes", "ranking_windows", "ranking_values", "ranking_buckets"}


def main(database: str, *queries: str) -> None:
    """Make `value.<name>` of each file `<name>.sql`; prints the rows of the last one.

    Parameters:
        database: the file to work in.
        queries: files with one query each.
    """
    limit = os.environ.get("C360_MEMORY_LIMIT", "4GB")
    threads = os.environ.get("C360_THREADS", "2")
    rows = 0
    with duckdb.connect(database) as con:
        con.execute(f"set memory_limit = '{limit}'; set threads = {int(threads)}")
        con.execute("set preserve_insertion_order = false; set TimeZone = 'UTC'")
        for query in map(Path, queries):
            kind = "view" if query.stem in VIEWS else "table"
            con.execute(f"create or replace {kind} value.{query.stem} as {query.read_text()}")
            count = con.execute(f"select count(*) from value.{query.stem}").fetchone()
            rows = count[0] if count else 0
    print(json.dumps(rows))


if __name__ == "__main__":
    main(*sys.argv[1:])
