"""One Dagster operation per layer over the dbt project."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import dbt_assets
from dagster_dbt.asset_utils import get_asset_check_key_for_test

import orchestration.identity.refresh.refresh as identity
from orchestration.failures import of_the_machine
from orchestration.policy import check_policy
from orchestration.progress import reporter
from orchestration.proof import withdraw_proof
from orchestration.resources import Warehouse
from orchestration.settings import LAYERS, Settings
from orchestration.transform import results
from orchestration.transform.dbt import NodeResult, run_dbt
from orchestration.transform.numbers import measure_tables
from orchestration.transform.reuse import find_reusable, forget, remember, rules_fingerprint
from orchestration.transform.translator import LayerTranslator

TRANSLATOR = LayerTranslator()
Describe = Callable[[duckdb.DuckDBPyConnection, set[str]], Mapping[str, Mapping[str, Any]]]
"""What a layer's own package shows beside its tables: of models just built, metadata by name."""


def layer_assets(
    layer: str, settings: Settings, manifest: Mapping[str, Any], describe: Describe
) -> dg.AssetsDefinition:
    """The models of one layer (or the policy seeds) as one subsettable operation.

    Parameters:
        layer: a name of `LAYERS`, or `policy`.
        settings: paths.
        manifest: dbt's manifest.json.
        describe: see `Describe`.
    """
    # By folder: a layer's selection takes its models and the tests declared beside them or under
    # tests/<layer>, whichever layers those tests compare.
    select = f"customer_360.{layer}"

    @dbt_assets(
        manifest=manifest,
        select=select,
        name=f"{layer}_models",
        dagster_dbt_translator=TRANSLATOR,
        required_resource_keys={"warehouse"},
    )
    def _layer(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield from build_layer(context, layer, select, settings, manifest, describe)

    return _layer


def build_layer(
    context: dg.AssetExecutionContext,
    layer: str,
    select: str,
    settings: Settings,
    manifest: Mapping[str, Any],
    describe: Describe,
) -> Iterator[dg.Output[None] | dg.AssetCheckResult]:
    """Build and test the selected models of a layer and report them to Dagster.

    dbt runs a model's tests right after it and leaves out what depends on a failed one, so a
    broken promise stops inside the layer already. A layer that nothing has changed for is
    reported as it was last built and tested.

    Raises:
        dagster.Failure: a model or an error-severity test failed; names each, without data.
    """
    if layer == "policy":
        check_policy(settings.dbt_project_dir)
    reporter().begin(layer)
    warehouse: Warehouse = context.resources.warehouse
    selected = _selected_nodes(context, manifest, layer)
    with warehouse.get_connection() as con:
        reused = None if context.is_subset else find_reusable(con, settings, manifest, layer)
        if context.is_subset:
            forget(con, layer)
        if not reused:
            # What follows from these has not passed any more, whatever ends this process.
            withdraw_proof(settings)
            results.close_gates(con, results.first_gate_after(layer))
            results.forget_results(con, manifest, selected)
    refreshed = None
    if reused:
        reported: Sequence[NodeResult] = reused.results
    else:
        if layer == "identity" and not context.is_subset:
            refreshed = identity.refresh(
                settings, manifest, rules_fingerprint(settings), warehouse.get_connection
            )
        selection = _selection(context, manifest, select)
        reported = list(_build(settings, manifest, layer, selection, refreshed))
    failed = [r for r in reported if r.is_failure]
    built = [
        r
        for r in reported
        if not (r.unique_id.startswith("test.") or r.is_failure or r.status == "skipped")
    ]
    since = {"unchanged since": reused.since} if reused else {}
    how = f"unchanged since {reused.since}" if reused else str(refreshed or "")
    checks = [check for r in reported for check in _check_result(context, manifest, r, since)]
    _report(context, layer, built, checks, failed, how)
    with warehouse.get_connection() as con:
        measured = (
            reused.measured
            if reused
            else measure_tables(con, manifest, [r.unique_id for r in built])
        )
        results.keep_results(con, {r.unique_id: r.status for r in reported})
        whole = not (reused or failed or context.is_subset)
        if whole:
            remember(con, settings, layer, reported, measured)
        shown = describe(con, {r.unique_id.split(".")[2] for r in built})
    if whole and layer == "identity":
        identity.remember(
            settings, manifest, rules_fingerprint(settings), refreshed, warehouse.get_connection
        )
    for result in built:
        node = manifest["nodes"][result.unique_id]
        key = TRANSLATOR.get_asset_key(node)
        metadata = {
            **measured[result.unique_id],
            "seconds": round(result.seconds, 3),
            **since,
            **shown.get(node["name"], {}),
        }
        yield dg.Output(None, output_name=key.to_python_identifier(), metadata=metadata)
    yield from checks
    if failed:
        raise dg.Failure(
            description=failure_text(layer, failed, manifest),
            metadata={"failed": [r.unique_id for r in failed]},
            allow_retries=False,
        )


def _selected_nodes(
    context: dg.AssetExecutionContext, manifest: Mapping[str, Any], layer: str
) -> list[str]:
    nodes = results.nodes_of(manifest, layer)
    if not context.is_subset:
        return nodes
    chosen = context.selected_asset_keys
    return [
        unique_id
        for unique_id in nodes
        if layer_of_node(manifest["nodes"][unique_id])
        and TRANSLATOR.get_asset_key(manifest["nodes"][unique_id]) in chosen
    ]


def _build(
    settings: Settings,
    manifest: Mapping[str, Any],
    layer: str,
    selection: list[str],
    refreshed: identity.Refreshed | None,
) -> Iterator[NodeResult]:
    total = _count_nodes(manifest, layer)
    # A seed whose columns have changed can't be loaded into the table that is there.
    anew = ["--full-refresh"] if layer == "policy" else []
    if refreshed:
        yield from refreshed.results
    without = ["--exclude-resource-type", "unit_test"]
    if refreshed:
        without += ["--exclude-resource-type", "model"]
    command = ["build", *selection, *without, *anew]
    for result in run_dbt(settings, command):
        reporter().advance(layer, result.unique_id.split(".")[2], total)
        yield result


def _report(
    context: dg.AssetExecutionContext,
    layer: str,
    built: Sequence[NodeResult],
    checks: Sequence[dg.AssetCheckResult],
    failed: Sequence[NodeResult],
    how: str,
) -> None:
    outcome = f"{len(built)} tables, {sum(c.passed for c in checks)} tests passed"
    if how:
        outcome += f", {how}"
    if failed:
        outcome += ", failed: " + ", ".join(r.unique_id.split(".")[2] for r in failed)
    reporter().end(layer, outcome, not failed)
    slowest = sorted(built, key=lambda r: r.seconds, reverse=True)[:5]
    times = ", ".join(f"{r.unique_id.split('.')[2]} {r.seconds:.2f} s" for r in slowest)
    context.log.info(f"{outcome}; slowest: {times}")


def failure_text(layer: str, failed: Sequence[NodeResult], manifest: Mapping[str, Any]) -> str:
    """One paragraph: which models or tests failed, in which file, and what to do."""
    for result in failed:
        # A full disk fails every model that comes after; the models are not what is wrong.
        if result.status != "fail" and (cause := of_the_machine(result.message)):
            return f"Layer {layer} could not be built. {cause} What is published stays as it was."
    lines = []
    for result in failed:
        path = manifest["nodes"][result.unique_id]["original_file_path"]
        name = result.unique_id.split(".")[2]
        if result.status == "fail":
            lines.append(f"test {name} ({path}) found {result.failures} row(s)")
        else:
            lines.append(f"{name} ({path}) could not run: {_short(result.message)}")
    return (
        f"Layer {layer} is not right: " + "; ".join(lines) + ". Nothing after this layer was built "
        "and the published model stays as it was. The SQL that ran is under dbt_target/run in the "
        "data folder; correct the model or the data and run again."
    )


def _short(message: str) -> str:
    # dbt repeats the file and adds the macros it came through; the first sentences are the cause.
    lines = [line.strip() for line in message.splitlines() if not line.strip().startswith(">")]
    text = " ".join(line for line in lines if line and not line.endswith(".sql)"))
    return text[:400]


def _selection(
    context: dg.AssetExecutionContext, manifest: Mapping[str, Any], select: str
) -> list[str]:
    if not context.is_subset:
        return ["--select", select, "--indirect-selection", "empty"]
    names = [
        node["name"]
        for node in manifest["nodes"].values()
        if layer_of_node(node) and TRANSLATOR.get_asset_key(node) in context.selected_asset_keys
    ]
    return ["--select", *names, "--indirect-selection", "cautious"]


def _count_nodes(manifest: Mapping[str, Any], layer: str) -> int:
    return sum(
        node["fqn"][1] == layer and node["resource_type"] in ("model", "seed", "test")
        for node in manifest["nodes"].values()
    )


def _check_result(
    context: dg.AssetExecutionContext,
    manifest: Mapping[str, Any],
    result: NodeResult,
    since: Mapping[str, str],
) -> Iterator[dg.AssetCheckResult]:
    if not result.unique_id.startswith("test."):
        return
    key = get_asset_check_key_for_test(manifest, TRANSLATOR, result.unique_id, project=None)
    if key is None or key not in context.selected_asset_check_keys or result.status == "skipped":
        return
    warned = result.status == "warn"
    yield dg.AssetCheckResult(
        passed=result.status == "pass",
        asset_key=key.asset_key,
        check_name=key.name,
        severity=dg.AssetCheckSeverity.WARN if warned else dg.AssetCheckSeverity.ERROR,
        metadata={
            "failing rows": result.failures or 0,
            "seconds": round(result.seconds, 3),
            **since,
        },
    )


def all_layer_assets(
    settings: Settings, manifest: Mapping[str, Any], describe: Describe
) -> list[dg.AssetsDefinition]:
    """The policy seeds and every layer that has models, in the order of the chain.

    Parameters:
        settings: paths.
        manifest: dbt's manifest.json.
        describe: see `Describe`.
    """
    folders = {layer_of_node(node) for node in manifest["nodes"].values()}
    names = [layer for layer in ("policy", *LAYERS) if layer in folders]
    return [layer_assets(layer, settings, manifest, describe) for layer in names]


def layer_of_node(node: Mapping[str, Any]) -> str | None:
    """A model's or seed's layer, None for tests and the like."""
    if node["resource_type"] == "seed":
        return "policy"
    return node["fqn"][1] if node["resource_type"] == "model" else None
