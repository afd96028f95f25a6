"""One module per family of formats; each moves one file's rows into the physical table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

from orchestration.ingest.declarations import SourceTable
from orchestration.ingest.readers.columnar import read_excel, read_parquet, read_sqlite
from orchestration.ingest.readers.delimited import read_delimited
from orchestration.ingest.readers.json_documents import read_json_array, read_json_lines
from orchestration.ingest.readers.target import NeedsCareError, Outcome, Target

__all__ = ["NeedsCareError", "Outcome", "Target", "reader_of"]

Reader = Callable[[duckdb.DuckDBPyConnection, Target, Path], Outcome]

READERS: dict[str, Reader] = {
    "csv": read_delimited,
    "ndjson": read_json_lines,
    "json": read_json_array,
    "parquet": read_parquet,
    "excel": read_excel,
    "sqlite": read_sqlite,
}


def reader_of(table: SourceTable) -> Reader:
    """The function that reads a file of this table."""
    return READERS[table.format]
