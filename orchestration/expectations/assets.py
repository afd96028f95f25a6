"""The gate between landing and staging: the reviewed expectations of each source."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import duckdb

from orchestration.errors import without_values
from orchestration.expectations.suites import SourceSuite, reviewed_suites
from orchestration.profiles import profiled_tables
from orchestration.progress import reporter
from orchestration.quality.validation import PromiseResult, SuiteResult, validate
from orchestration.resources import Warehouse
from orchestration.settings import Settings
from orchestration.transform.gate_results import open_gate, passed_with
from orchestration.transform.translator import gate_key


def landing_gate(settings: Settings, manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """The asset `gate/ingest`, which staging waits for.

    It holds one blocking check `<source>_is_as_expected` per source whose suite is reviewed, and
    one `<source>_has_nothing_unusual` for its promises that only warn.

    Parameters:
        settings: paths; reviewed suites are found when the definitions are built.
        manifest: dbt's manifest.json, for the declared source tables.
    """
    key = gate_key("ingest")
    suites = reviewed_suites(settings)

    @dg.asset(
        key=key,
        deps=[dg.AssetKey([table.source, table.table]) for table in profiled_tables(manifest)],
        group_name="ingest",
        owners=["team:data-platform"],
        kinds={"greatexpectations", "duckdb"},
        description="The reviewed expectations about each source, before anything is staged.",
        check_specs=[spec for suite in suites for spec in _check_specs(key, suite)],
        required_resource_keys={"warehouse"},
    )
    def gate(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        warehouse: Warehouse = context.resources.warehouse
        promises = hashlib.sha256(repr(suites).encode()).hexdigest()
        with warehouse.get_connection() as con:
            since = passed_with(con, "ingest", promises)
            if since:
                checks = [check for suite in suites for check in _unchanged(suite, since)]
            else:
                checks = [result for suite in suites for result in _check(con, settings, suite)]
            if all(c.passed or c.severity == dg.AssetCheckSeverity.WARN for c in checks):
                # What warns is looked at again, so that the warning stands in every run.
                open_gate(con, "ingest", promises if all(c.passed for c in checks) else "")
        return dg.MaterializeResult(
            metadata={"sources with reviewed expectations": len(suites)}, check_results=checks
        )

    return gate


def _check_specs(key: dg.AssetKey, suite: SourceSuite) -> Iterator[dg.AssetCheckSpec]:
    yield dg.AssetCheckSpec(
        f"{suite.source}_is_as_expected",
        asset=key,
        blocking=True,
        description=f"Every critical promise of {suite.path.name}.",
    )
    yield dg.AssetCheckSpec(
        f"{suite.source}_has_nothing_unusual",
        asset=key,
        description=f"Every promise of {suite.path.name} that only warns.",
    )


def _unchanged(suite: SourceSuite, since: str) -> Iterator[dg.AssetCheckResult]:
    reporter().end(f"expect {suite.source}", f"unchanged since {since}")
    for name in (f"{suite.source}_is_as_expected", f"{suite.source}_has_nothing_unusual"):
        yield dg.AssetCheckResult(passed=True, check_name=name, metadata={"unchanged since": since})


def _check(
    con: duckdb.DuckDBPyConnection, settings: Settings, suite: SourceSuite
) -> Iterator[dg.AssetCheckResult]:
    step = f"expect {suite.source}"
    reporter().begin(step)
    result = check_source_suite(con, settings, suite)
    kept = sum(r.kept for r in result.results)
    outcome = f"{kept} of {len(result.results)} expectations met"
    reporter().end(step, outcome, result.passed)
    yield dg.AssetCheckResult(
        passed=result.passed,
        check_name=f"{suite.source}_is_as_expected",
        description="" if result.passed else unexpected_text(result),
        metadata={
            "promises kept": kept,
            "promises": len(result.results),
            "found": dg.MetadataValue.md(as_markdown(result)),
        },
    )
    yield dg.AssetCheckResult(
        passed=not result.warnings,
        check_name=f"{suite.source}_has_nothing_unusual",
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(sentence(r) for r in result.warnings),
    )


def check_source_suite(
    con: duckdb.DuckDBPyConnection, settings: Settings, suite: SourceSuite
) -> SuiteResult:
    """Validate a source's suite on its landing views and show the result on the source's page."""
    from orchestration.profiles.pages import write_expectation_results, write_source_pages

    result = validate(con, suite.source, suite.promises)
    write_expectation_results(settings.data_docs_dir, result)
    write_source_pages(settings.data_docs_dir, con, suite.source)
    return result


def sentence(result: PromiseResult) -> str:
    """Table, column, rule and how many rows; never a value."""
    p = result.promise
    return f"{p.subject or p.name} {p.rule} (found {without_values(result.observed)})"


def unexpected_text(result: SuiteResult) -> str:
    """One paragraph about a source that is not as expected, and what to do."""
    broken = "; ".join(sentence(r) for r in result.broken)
    return (
        f"Source {result.layer} is not as expected: {broken}. Nothing was staged and the published "
        "model stays as it was. Correct the delivery, or the expectation in the suite "
        f"{result.layer}.yml if the change is right. Details: data_docs/source_{result.layer}.html "
        "in the data folder."
    )


def as_markdown(result: SuiteResult) -> str:
    """The suite's results as a table for Dagster's page."""
    rows = [f"| {'✅' if r.kept else '❌'} | {sentence(r)} |" for r in result.results]
    return "\n".join(["| | expectation |", "|---|---|", *rows])
