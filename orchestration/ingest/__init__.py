"""Files and databases in, views of their rows out: every row loaded or set aside, each once."""

from orchestration.ingest.declarations import Column, SourceTable, declared_source_tables
from orchestration.ingest.load import LoadedTable, load_all

__all__ = ["Column", "LoadedTable", "SourceTable", "declared_source_tables", "load_all"]
