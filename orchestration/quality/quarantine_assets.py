"""The accounting of rows as a Dagster asset, with the checks that stop a source."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import dagster as dg
import duckdb

from orchestration.ingest.accounting import StagedTable, staged_tables
from orchestration.ingest.contracts import BOOKKEEPING, ContractFault, contract_faults
from orchestration.ingest.declarations import declared_source_tables
from orchestration.ingest.loaded import loaded_content
from orchestration.ingest.quarantine import account, forget_others
from orchestration.progress import reporter
from orchestration.resources import Warehouse
from orchestration.settings import Settings
from orchestration.transform.assets import TRANSLATOR
from orchestration.transform.gate_results import open_gate
from orchestration.transform.node_states import read_states

KEY = dg.AssetKey("quarantine")
ACCOUNTING_KEY = dg.AssetKey(["ingest", "row_accounting"])
ACCOUNTED_TABLE = "operations.accounted_builds"
ACCOUNTED = "every_row_is_accounted_for"
THRESHOLD = "sources_within_threshold"
CONTRACTS = "staging_satisfies_contracts"
SHOWN = 3
LISTED = 100
STOPPED = "Nothing after staging was built and the published model stays as it was."


def quarantine_asset(settings: Settings, manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """What staging made of the rows that ingest read; the gate after staging waits for it.

    Parameters:
        settings: paths.
        manifest: dbt's manifest.json.
    """
    tables = staged_tables(manifest)
    landing_only = [table for table in declared_source_tables(manifest) if table.landing_only]
    models = {node["name"]: node for node in manifest["nodes"].values()}
    deps = [TRANSLATOR.get_asset_key(models[table.model]) for table in tables]

    @dg.multi_asset(
        name="quarantine",
        specs=[
            dg.AssetSpec(
                KEY,
                deps=deps,
                group_name="staging",
                owners=["team:data-platform"],
                kinds={"duckdb", "table"},
                description="Rows to be corrected, each with file, line, column, value and reason: "
                "a table per staging model in the schema quarantine.",
            ),
            dg.AssetSpec(
                ACCOUNTING_KEY,
                deps=deps,
                group_name="staging",
                owners=["team:data-platform"],
                kinds={"duckdb", "table"},
                description="Rows read, accepted, quarantined and superseded. One row per staging "
                "model and file.",
            ),
        ],
        check_specs=[
            dg.AssetCheckSpec(
                CONTRACTS,
                asset=KEY,
                blocking=True,
                description="Each staging table has its entity's columns in the right types.",
            ),
            dg.AssetCheckSpec(
                ACCOUNTED,
                asset=KEY,
                blocking=True,
                description="Rows read = accepted + quarantined + superseded, for each file.",
            ),
            dg.AssetCheckSpec(
                THRESHOLD,
                asset=KEY,
                blocking=True,
                description="No file has more faulty rows than its source's quarantine_threshold.",
            ),
        ],
        required_resource_keys={"warehouse"},
    )
    def quarantine(context: dg.AssetExecutionContext) -> Iterator[Any]:
        reporter().begin("quarantine")
        warehouse: Warehouse = context.resources.warehouse
        with warehouse.get_connection() as con:
            faults = contract_faults(con, manifest)
            uncountable = {f.model for f in faults if f.column in BOOKKEEPING}
            now = datetime.now(UTC).replace(tzinfo=None)
            made = accounted_from(con, manifest, tables)
            for table in tables:
                if table.model not in uncountable:
                    account_if_changed(con, table, now, made[table.model])
                reporter().advance("quarantine", table.quarantine, len(tables))
            forget_others(con, tables, landing_only)
            checks = [
                contracts_check(faults),
                accounted_check(con),
                threshold_check(con, tables),
            ]
            if all(check.passed for check in checks):
                open_gate(con, "quarantine")
            totals = con.execute(
                "select coalesce(sum(rows_read), 0)::bigint, "
                "coalesce(sum(rows_quarantined), 0)::bigint, "
                "coalesce(sum(rows_superseded), 0)::bigint, count(*) from operations.row_accounting"
            ).fetchone()
        assert totals is not None
        read, quarantined, superseded, entries = totals
        broken = [check.check_name for check in checks if not check.passed]
        outcome = f"{quarantined:,} rows quarantined, {superseded:,} superseded"
        if broken:
            outcome += ", not: " + ", ".join(str(name) for name in broken)
        reporter().end("quarantine", outcome, not broken)
        numbers = {"rows read": read, "rows superseded": superseded}
        yield dg.MaterializeResult(
            asset_key=KEY, metadata={"dagster/row_count": quarantined, **numbers}
        )
        yield dg.MaterializeResult(
            asset_key=ACCOUNTING_KEY, metadata={"dagster/row_count": entries}
        )
        yield from checks

    return quarantine


def accounted_from(
    con: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any], tables: Sequence[StagedTable]
) -> dict[str, str]:
    """Names what the accounting of each staging model follows from; empty when not known."""
    states, loaded = read_states(con), loaded_content(con)
    names = {
        node["name"]: unique_id
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "seed")
    }
    made = {}
    for table in tables:
        read = [states.get(names[name]) for name in (table.model, "reject_reasons")]
        content = loaded.get((table.source.source, table.source.table), "")
        builds = [state.build for state in read if state]
        # Hashed, because a declaration may hold the address of a database with its password.
        named = sha256(f"{builds} {content} {table}".encode()).hexdigest()
        made[table.model] = named if len(builds) == len(read) else ""
    return made


def account_if_changed(
    con: duckdb.DuckDBPyConnection, table: StagedTable, now: datetime, made_from: str
) -> None:
    """Count a staging model's rows, unless that was done since they were made."""
    con.execute("create schema if not exists operations")
    con.execute(
        f"create table if not exists {ACCOUNTED_TABLE} (staging_model varchar, made_from varchar)"
    )
    known = con.execute(
        f"select made_from from {ACCOUNTED_TABLE} where staging_model = ?", [table.model]
    ).fetchone()
    if made_from and known == (made_from,):
        return
    con.execute(f"delete from {ACCOUNTED_TABLE} where staging_model = ?", [table.model])
    account(con, table, now)
    con.execute(f"insert into {ACCOUNTED_TABLE} values (?, ?)", [table.model, made_from])


def contracts_check(faults: Sequence[ContractFault]) -> dg.AssetCheckResult:
    """Whether every staging table is what its entity asks for."""
    columns = ("model", "column", "type found", "type expected")
    return _result(
        CONTRACTS,
        [(f.model, f.column, f.found or "none", f.expected) for f in faults],
        columns,
        f"{_sentences([f.text for f in faults], 'contract fault')} {STOPPED}",
    )


def accounted_check(con: duckdb.DuckDBPyConnection) -> dg.AssetCheckResult:
    """Whether the rows of each file add up; one that no staging model reads does not."""
    rows = con.execute(
        "select source_system, source_table, coalesce(staging_model, '(none)'), source_file, "
        "rows_read, rows_accepted, rows_quarantined, rows_superseded "
        "from operations.row_accounting where staging_model is null "
        "or rows_read <> rows_accepted + rows_quarantined + rows_superseded order by all"
    ).fetchall()
    texts = [
        f"{file} of {system}.{table} has {read:,} rows, and {accepted:,} accepted + {quarantined:,}"
        f" quarantined + {superseded:,} superseded in {model}"
        if model != "(none)"
        else f"{file} of {system}.{table} has {read:,} rows and no staging model reads "
        "them; write one, or say landing_only: true in the sources YAML"
        for system, table, model, file, read, accepted, quarantined, superseded in rows
    ]
    columns = ("source", "table", "model", "file", "read", "accepted", "quarantined", "superseded")
    return _result(
        ACCOUNTED,
        rows,
        columns,
        f"Rows are not accounted for: {_sentences(texts, 'file', '; ')}. A staging model keeps "
        "every row of its source table and gives it a reason from reject_reasons or none. "
        f"{STOPPED}",
    )


def threshold_check(
    con: duckdb.DuckDBPyConnection, tables: Sequence[StagedTable]
) -> dg.AssetCheckResult:
    """Whether each file has at most the share of faulty rows that its source allows."""
    rows = con.execute(
        """
        with faulty as (
            select counts.staging_model, counts.source_file, counts.reason, counts.column_name,
                counts.row_count, sum(counts.row_count) over file as faulty_count,
                row_number() over (file order by row_count desc, reason, column_name) as position
            from operations.reject_counts as counts
            semi join policy.reject_reasons as reasons
                on reasons.reason = counts.reason and reasons.is_fault
            window file as (partition by counts.staging_model, counts.source_file)
        )
        select accounted.source_system, accounted.source_file, accounted.staging_model,
            accounted.faulty_share, accounted.threshold, faulty.reason, faulty.column_name,
            cast(faulty.faulty_count as bigint), accounted.rows_read
        from operations.row_accounting as accounted
        join faulty using (staging_model, source_file)
        where accounted.faulty_share > accounted.threshold and faulty.position = 1
        order by all
        """
    ).fetchall()
    declared_in = {table.model: table.source.declared_in for table in tables}
    texts = [
        f"Source {system} stops: {share:.2%} of {file} ({faulty:,} of {read:,} rows) is faulty, "
        f"more than the {threshold:.2%} it may be, mostly {reason}"
        f"{f' in column {column}' if column else ''}. Its rows are in quarantine."
        f"{model.removeprefix('stg_')} with line and value. Correct the file, or set "
        f"quarantine_threshold in {declared_in.get(model, 'the sources YAML')}."
        for system, file, model, share, threshold, reason, column, faulty, read in rows
    ]
    columns = ("source", "file", "model", "share", "threshold", "most frequent reason", "column")
    shown = [
        (system, file, model, f"{share:.2%}", f"{threshold:.2%}", reason, column or "")
        for system, file, model, share, threshold, reason, column, _, _ in rows
    ]
    return _result(THRESHOLD, shown, columns, f"{_sentences(texts, 'file')} {STOPPED}")


def _sentences(texts: Sequence[str], kind: str, separator: str = " ") -> str:
    # A message that lists a thousand files is read by nobody; the table has them all.
    rest = len(texts) - SHOWN
    more = [f"{rest:,} more {kind}s: see the check's table in Dagster"] if rest > 0 else []
    end = "" if separator.strip() or not more else "."
    return separator.join([*texts[:SHOWN], *more]) + end


def _result(
    name: str, rows: Sequence[Sequence[Any]], columns: Sequence[str], broken: str
) -> dg.AssetCheckResult:
    schema = dg.TableSchema(columns=[dg.TableColumn(column) for column in columns])
    records = [
        dg.TableRecord({c: str(v) for c, v in zip(columns, row, strict=True)})
        for row in rows[:LISTED]
    ]
    return dg.AssetCheckResult(
        passed=not rows,
        asset_key=KEY,
        check_name=name,
        description=broken if rows else "",
        metadata={"found": dg.MetadataValue.table(records, schema=schema)},
    )
