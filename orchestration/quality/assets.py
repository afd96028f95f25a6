"""A gate asset per layer: depends on the whole layer, holds its blocking check."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from orchestration.progress import reporter
from orchestration.quality import data_docs, volumes
from orchestration.quality.suites import load_suite
from orchestration.quality.validation import SuiteResult, validate
from orchestration.settings import Settings
from orchestration.transform.assets import TRANSLATOR, layer_of_node
from orchestration.transform.translator import gate_key
from orchestration.warehouse import connect_writer
from orchestration.web.rules import DATA_DOCS_PATH

CHECK_NAME = "layer_is_as_promised"
WARNING_NAME = "nothing_is_unusual"


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
        result = check_layer(settings, layer)
        reporter().end(*gate_sentence(result))
        return dg.MaterializeResult(
            metadata={"data docs": dg.MetadataValue.url(docs_url(layer))},
            check_results=[
                dg.AssetCheckResult(
                    passed=result.passed,
                    check_name=CHECK_NAME,
                    description="" if result.passed else closed_text(result),
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


def check_layer(settings: Settings, layer: str) -> SuiteResult:
    """Validate a layer's suite and write its page of the data docs."""
    with connect_writer(settings) as con:
        volumes.record_current(con, layer)
        result = validate(con, layer, load_suite(layer))
    data_docs.write_page(settings.data_docs_dir, result)
    return result


def docs_url(layer: str) -> str:
    """Where `c360 ui` serves a layer's data docs: beside the page that shows the link."""
    return f"{DATA_DOCS_PATH}/{layer}.html"


def closed_text(result: SuiteResult) -> str:
    """One paragraph about a closed gate: which promises, what was found, what to do."""
    broken = "; ".join(
        f"{r.promise.name} (found {r.observed}): {r.promise.why}" for r in result.broken
    )
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
