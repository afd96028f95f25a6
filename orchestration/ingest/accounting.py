"""Where the rows of each file went: accepted, quarantined or superseded.

Staging judges the rows; this module counts its judgements against what ingest has read, file by
file. `quarantine` leads the rows that are to be corrected back to where they stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from orchestration.errors import UserError
from orchestration.ingest.declarations import SourceTable, declared_source_tables
from orchestration.ingest.sql import quoted

TABLES = {
    "row_accounting": """
        staging_model varchar, source_system varchar, source_table varchar, entity varchar,
        source_file varchar, rows_read bigint, rows_accepted bigint, rows_quarantined bigint,
        rows_superseded bigint, rows_repeated bigint, faulty_share double, threshold double""",
    "reject_counts": """
        staging_model varchar, source_file varchar, reason varchar, column_name varchar,
        row_count bigint""",
}


@dataclass(frozen=True)
class StagedTable:
    """A staging model and the source table that it reads.

    Attributes:
        model: the model's name, `stg_<source>__<table>`.
        entity: the conformed entity that its YAML names, empty when it names none.
        source: the declared source table.
    """

    model: str
    entity: str
    source: SourceTable

    @property
    def staging(self) -> str:
        """The model's table, for SQL."""
        return f"staging.{quoted(self.model)}"

    @property
    def quarantine(self) -> str:
        """The name of its table in the schema `quarantine`."""
        return self.model.removeprefix("stg_")


def staged_tables(manifest: Mapping[str, Any]) -> list[StagedTable]:
    """The staging models of a dbt manifest, ordered by name.

    Parameters:
        manifest: dbt's manifest.json.

    Raises:
        UserError: a model does not read exactly one declared source table. Rows of two tables
            could not be told apart, and rows of none could not be counted.
    """
    declared = {(table.source, table.table): table for table in declared_source_tables(manifest)}
    staged = []
    for node in manifest["nodes"].values():
        if node["resource_type"] != "model" or node["fqn"][1] != "staging":
            continue
        read = [manifest["sources"].get(parent) for parent in node["depends_on"]["nodes"]]
        keys = [(source["source_name"], source["name"]) for source in read if source]
        if len(keys) != 1 or keys[0] not in declared:
            raise UserError(
                f"The staging model {node['name']} ({node['original_file_path']}) reads "
                f"{len(keys)} source tables. Let it read one that a sources YAML declares with "
                "format and path, so that each of its rows can be accounted for."
            )
        entity = str(node["config"].get("meta", {}).get("entity", ""))
        staged.append(StagedTable(node["name"], entity, declared[keys[0]]))
    return sorted(staged, key=lambda table: table.model)


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the schemas and tables that are not there yet."""
    con.execute("create schema if not exists operations")
    con.execute("create schema if not exists quarantine")
    for name, columns in TABLES.items():
        con.execute(f"create table if not exists operations.{name} ({columns})")


def count(con: duckdb.DuckDBPyConnection, table: StagedTable) -> None:
    """Count a staging model's rows and its source's unreadable lines into the temp table `counted`.

    One row per source_file, reason and column_name (null and null for accepted rows), with
    row_count, is_staged, outcome and is_fault.
    """
    # The one scan over all rows; everything after works on a row per file and reason.
    con.execute(
        f"""
        create or replace temp table counted as
        select counts.source_file, counts.reject_reason as reason,
            counts.reject_column as column_name, counts.row_count, true as is_staged,
            reasons.outcome, coalesce(reasons.is_fault, false) as is_fault
        from (
            select source_file, reject_reason, reject_column, count(*) as row_count
            from {table.staging} group by all
        ) as counts
        left join policy.reject_reasons as reasons on reasons.reason = counts.reject_reason
        """
    )
    con.execute(
        """
        insert into counted
        select source_file, reason, column_name, count(*), false, 'quarantined', true
        from (
            -- Several faults of one line are one row that was not read.
            select source_file, min(reason) as reason, min(column_name) as column_name
            from landing.rejected_lines
            where source_system = ? and source_table = ?
            group by source_file, line_number, case when line_number is null then rowid end
        ) as lines
        group by source_file, reason, column_name
        """,
        [table.source.source, table.source.table],
    )


def write_counts(con: duckdb.DuckDBPyConnection, table: StagedTable) -> None:
    """Replace the model's rows in the accounting tables by what `counted` says."""
    for name in TABLES:
        con.execute(f"delete from operations.{name} where staging_model = ?", [table.model])
    con.execute(
        "insert into operations.reject_counts "
        "select ?, source_file, reason, column_name, row_count from counted "
        "where reason is not null",
        [table.model],
    )
    con.execute(
        """
        insert into operations.row_accounting
        with read as (
            select source_file, sum(rows_superseded) as rows_repeated,
                sum(rows_loaded + rows_rejected + rows_superseded) as rows_read
            from operations.source_files
            where source_system = $source_system and source_table = $source_table
            group by source_file
        ),
        judged as (
            select source_file,
                coalesce(sum(row_count) filter (where reason is null), 0) as accepted,
                coalesce(sum(row_count) filter (where outcome = 'quarantined'), 0) as quarantined,
                coalesce(sum(row_count) filter (where outcome = 'superseded'), 0) as superseded,
                coalesce(sum(row_count) filter (where is_fault), 0) as faulty
            from counted group by source_file
        )
        select $model, $source_system, $source_table, $entity, source_file,
            coalesce(rows_read, 0), coalesce(accepted, 0), coalesce(quarantined, 0),
            coalesce(superseded, 0) + coalesce(rows_repeated, 0), coalesce(rows_repeated, 0),
            coalesce(faulty / nullif(rows_read, 0), 0), $threshold
        from read full join judged using (source_file)
        """,
        {
            "model": table.model,
            "entity": table.entity,
            "source_system": table.source.source,
            "source_table": table.source.table,
            "threshold": table.source.quarantine_threshold,
        },
    )
