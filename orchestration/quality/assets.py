"""A gate asset per layer: depends on the whole layer, holds its blocking check."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import duckdb

from orchestration import daily
from orchestration.progress import reporter
from orchestration.proof import read_proof, seal
from orchestration.quality import data_docs, volumes
from orchestration.quality.suites import Promise, load_suite
from orchestration.quality.validation import SuiteResult, validate
from orchestration.resources import Warehouse
from orchestration.settings import DATA_DOCS_PATH, LAYERS, Settings
from orchestration.transform import gate_results, node_states
from orchestration.transform.assets import TRANSLATOR, layer_of_node
from orchestration.transform.dbt import close_connections
from orchestration.transform.layer_build import LayerBuild
from orchestration.transform.translator import gate_key

CHECK_NAME = "layer_is_as_promised"
WARNING_NAME = "nothing_is_unusual"
SHOWN = 3


def gate_asset(
    layer: str,
    settings: Settings,
    manifest: Mapping[str, Any],
    waits_for: Sequence[dg.AssetKey] = (),
) -> dg.AssetsDefinition:
    """The gate after a layer.

    Parameters:
        layer: a name of `LAYERS`.
        settings: paths.
        manifest: dbt's manifest.json, for the layer's models.
        waits_for: what must be done and right as well before the gate opens.
    """
    models = [
        TRANSLATOR.get_asset_key(node)
        for node in manifest["nodes"].values()
        if layer_of_node(node) == layer
    ]
    key = gate_key(layer)

    @dg.asset(
        key=key,
        deps=[*models, *waits_for],
        group_name=layer,
        owners=["team:data-platform"],
        kinds={"greatexpectations", "duckdb"},
        description=f"What must be true of {layer} as a whole before anything after it is built.",
        check_specs=[
            dg.AssetCheckSpec(
                CHECK_NAME,
                asset=key,
                blocking=True,
                description=f"Every critical promise of orchestration/quality/suites/{layer}.yml.",
            ),
            dg.AssetCheckSpec(
                WARNING_NAME,
                asset=key,
                description=f"Every promise of suites/{layer}.yml that only warns.",
            ),
        ],
        required_resource_keys={"warehouse"},
    )
    def gate(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        reporter().begin(f"gate {layer}")
        warehouse: Warehouse = context.resources.warehouse
        promises = load_suite(layer)
        with warehouse.get_connection() as con:
            outstanding = outstanding_tests(con, manifest, layer)
        if outstanding:
            run_tests(warehouse, settings, manifest, layer, outstanding)
        since = passed_before(warehouse, settings, manifest, layer, promises)
        if since:
            return unchanged(layer, promises, since)
        with warehouse.get_connection() as con:
            result = check_layer(con, settings, manifest, layer, promises)
            unready = unready_text(con, manifest, layer)
            if result.passed and not unready:
                # What warns is looked at again, so that the warning stands in every run.
                named = "" if result.warnings else promises_fingerprint(promises)
                if layer == LAYERS[-1]:
                    daily.keep_days(con)
                gate_results.open_gate(con, layer, named)
            gates = gate_results.passed_gates(con)
        passed = result.passed and not unready
        if passed and layer == LAYERS[-1]:
            close_connections()
            seal(settings, context.run_id, reporting_tables(manifest), gates)
        step, outcome, _ = gate_sentence(result)
        reporter().end(step, outcome + (f", but {unready}" if unready else ""), passed)
        return dg.MaterializeResult(
            metadata={"data docs": dg.MetadataValue.url(docs_url(layer))},
            check_results=[
                dg.AssetCheckResult(
                    passed=passed,
                    check_name=CHECK_NAME,
                    description="" if passed else closed_text(result, unready),
                    metadata={
                        "promises kept": sum(r.kept for r in result.results),
                        "promises": len(result.results),
                        "found": dg.MetadataValue.md(as_markdown(result)),
                        "data docs": dg.MetadataValue.url(docs_url(layer)),
                    },
                ),
                dg.AssetCheckResult(
                    passed=not result.warnings,
                    check_name=WARNING_NAME,
                    severity=dg.AssetCheckSeverity.WARN,
                    description="; ".join(
                        f"{r.promise.name}: {r.observed}" for r in result.warnings
                    ),
                    metadata={"data docs": dg.MetadataValue.url(docs_url(layer))},
                ),
            ],
        )

    return gate


def passed_before(
    warehouse: Warehouse,
    settings: Settings,
    manifest: Mapping[str, Any],
    layer: str,
    promises: Sequence[Promise],
) -> str:
    """When a gate has passed with these promises over the layer as it is, empty when it has not.

    The last gate has to look again where the proof of the build is gone or is not about the
    project's tables.
    """
    with warehouse.get_connection() as con:
        since = gate_results.passed_with(con, layer, promises_fingerprint(promises))
        if not since or unready_text(con, manifest, layer):
            return ""
    if not (settings.data_docs_dir / f"{layer}.html").exists():
        return ""
    if layer == LAYERS[-1]:
        proof = read_proof(settings.proof_path)
        if proof is None or set(proof.tables) != set(reporting_tables(manifest)):
            return ""
    return since


def promises_fingerprint(promises: Sequence[Promise]) -> str:
    """Names promises by their content."""
    return hashlib.sha256(repr(list(promises)).encode()).hexdigest()


def unchanged(layer: str, promises: Sequence[Promise], since: str) -> dg.MaterializeResult:
    """What a gate says that has nothing new to look at."""
    reporter().end(f"gate {layer}", f"{len(promises)} promises kept, unchanged since {since}")
    kept: dict[str, Any] = {
        "promises kept": len(promises),
        "promises": len(promises),
        "unchanged since": since,
    }
    return dg.MaterializeResult(
        metadata={"data docs": dg.MetadataValue.url(docs_url(layer)), "unchanged since": since},
        check_results=[
            dg.AssetCheckResult(passed=True, check_name=CHECK_NAME, metadata=kept),
            dg.AssetCheckResult(
                passed=True,
                check_name=WARNING_NAME,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"unchanged since": since},
            ),
        ],
    )


def check_layer(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    manifest: Mapping[str, Any],
    layer: str,
    promises: Sequence[Promise],
) -> SuiteResult:
    """Validate a layer's suite and write its page of the data docs."""
    volumes.record_current(con, layer, volumes.judgements_of(manifest))
    result = validate(con, layer, promises)
    data_docs.write_page(settings.data_docs_dir, result)
    return result


def unready_text(con: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any], layer: str) -> str:
    """Why a gate must stay closed whatever its suite says, empty when nothing speaks against it.

    A suite looks at a layer as a whole. A model that a kill left unbuilt, a test that failed before
    somebody started the gate alone, or an earlier gate that has not passed since are not its
    matter.
    """
    closed = gate_results.closed_before(con, layer)
    if closed:
        return f"the gate after {closed[0]} has not passed since that was last touched"
    left = node_states.unproven(con, manifest, layers_up_to(layer))
    if left:
        more = f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
        names = ", ".join(unique_id.split(".")[2] for unique_id in left[:SHOWN])
        return f"{names}{more} has not passed since it, or what it reads, was last touched"
    return ""


def outstanding_tests(
    con: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any], layer: str
) -> list[str]:
    """Tests up to a layer that have not passed since what they look at was touched, by unique id.

    Whole layers are built with all their tests. After a click on some models there are tests left
    that look at others as well; where a model itself is not built, nothing is to be tested yet.
    """
    left = node_states.unproven(con, manifest, layers_up_to(layer))
    return left if all(unique_id.startswith("test.") for unique_id in left) else []


def run_tests(
    warehouse: Warehouse,
    settings: Settings,
    manifest: Mapping[str, Any],
    layer: str,
    tests: Sequence[str],
) -> None:
    """Run some of dbt's tests and write down how they ended."""
    build = LayerBuild(settings, manifest, warehouse.get_connection, layer)
    build.ask_for(tests)
    names = [manifest["nodes"][unique_id]["name"] for unique_id in tests]
    build.make(lambda _: ["--select", *names, "--indirect-selection", "empty"])


def layers_up_to(layer: str) -> tuple[str, ...]:
    """The policy seeds and the layers up to one."""
    return ("policy", *LAYERS[: LAYERS.index(layer) + 1])


def reporting_tables(manifest: Mapping[str, Any]) -> list[str]:
    """The tables that the reporting model consists of."""
    return [
        manifest["nodes"][unique_id]["alias"]
        for unique_id in node_states.nodes_of(manifest, LAYERS[-1])
        if manifest["nodes"][unique_id]["resource_type"] == "model"
    ]


def docs_url(layer: str) -> str:
    """Where `c360 ui` serves a layer's data docs: beside the page that shows the link."""
    return f"{DATA_DOCS_PATH}/{layer}.html"


def closed_text(result: SuiteResult, unready: str = "") -> str:
    """One paragraph about a closed gate: which promises, what was found, what to do."""
    broken = "; ".join(
        f"{r.promise.name} (found {r.observed}): {r.promise.why}" for r in result.broken
    )
    if unready:
        broken = f"{broken} It stays closed, because {unready}; `c360 run` builds it again.".strip()
    return (
        f"The gate after {result.layer} is closed. {broken} Nothing after {result.layer} was built "
        f"and the published model stays as it was. Details: data_docs/{result.layer}.html in the "
        "data folder."
    )


def gate_sentence(result: SuiteResult) -> tuple[str, str, bool]:
    """Arguments for the progress reporter's end: step, outcome, ok."""
    kept = sum(r.kept for r in result.results)
    outcome = f"{kept} of {len(result.results)} promises kept"
    broken: Sequence[str] = [r.promise.name for r in result.results if not r.kept]
    if broken:
        outcome += ", not: " + ", ".join(broken)
    return f"gate {result.layer}", outcome, result.passed


def as_markdown(result: SuiteResult) -> str:
    """The suite's results as a table for Dagster's page."""
    rows = [
        f"| {'✅' if r.kept else '❌' if r.promise.severity == 'critical' else '⚠️'} "
        f"| {r.promise.name.replace('_', ' ')} | {r.observed} |"
        for r in result.results
    ]
    return "\n".join(["| | promise | found |", "|---|---|---|", *rows])
