"""Files and databases in, tables of text out: every row loaded or set aside, every file logged."""

from orchestration.ingest.declarations import SourceTable, declared_source_tables
from orchestration.ingest.load import LoadedTable, load_all

__all__ = ["LoadedTable", "SourceTable", "declared_source_tables", "load_all"]
