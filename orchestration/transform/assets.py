"""One Dagster operation per layer over the dbt project."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets
from dagster_dbt.asset_utils import get_asset_check_key_for_test

from orchestration import daily
from orchestration.failures import of_the_machine
from orchestration.policy import check_policy
from orchestration.progress import reporter
from orchestration.proof import withdraw_proof
from orchestration.resources import Warehouse
from orchestration.settings import LAYERS, Settings
from orchestration.transform import gate_results
from orchestration.transform.dbt import NodeResult, close_connections
from orchestration.transform.decisions import REFRESH, SKIP
from orchestration.transform.layer_build import LayerBuild
from orchestration.transform.layer_report import outcome_text, reported
from orchestration.transform.node_states import nodes_of, read_states
from orchestration.transform.translator import LayerTranslator
from orchestration.warehouse import Connect, discard_database, require_free_space

TRANSLATOR = LayerTranslator()
Describe = Callable[[Connect, set[str], set[str]], Mapping[str, Mapping[str, Any]]]
"""Gives more metadata for Dagster by model name, of models that are there, and were made now."""
WarmUp = Callable[[], None]
"""Called before a layer is made: there will be something for its gate to look at."""


def layer_assets(
    layer: str, settings: Settings, manifest: Mapping[str, Any], describe: Describe, warm_up: WarmUp
) -> dg.AssetsDefinition:
    """The models of one layer (or the policy seeds) as one subsettable operation.

    Parameters:
        layer: a name of `LAYERS`, or `policy`.
        settings: paths.
        manifest: dbt's manifest.json.
        describe: gives more metadata of models.
        warm_up: called before anything is made.
    """

    @dbt_assets(
        manifest=manifest,
        select=_all_of(layer),
        name=f"{layer}_models",
        dagster_dbt_translator=TRANSLATOR,
        required_resource_keys={"warehouse"},
    )
    def _layer(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield from build_layer(context, layer, settings, manifest, describe, warm_up)

    return _layer


def build_layer(
    context: dg.AssetExecutionContext,
    layer: str,
    settings: Settings,
    manifest: Mapping[str, Any],
    describe: Describe,
    warm_up: WarmUp,
) -> Iterator[dg.Output[None] | dg.AssetCheckResult]:
    """Make and test the selected models of a layer and report them to Dagster.

    dbt runs a model's tests right after it and leaves out what depends on a failed one, so a
    broken promise stops inside the layer already. What is skipped is reported as it was last made
    and tested.

    Raises:
        dagster.Failure: a model or an error-severity test failed; names each, without data.
    """
    if layer == "policy":
        check_policy(settings.dbt_project_dir)
    reporter().begin(layer)
    warehouse: Warehouse = context.resources.warehouse
    build = LayerBuild(settings, manifest, warehouse.get_connection, layer)
    nodes = nodes_of(manifest, layer)
    if context.is_subset:
        build.ask_for(_chosen(context, manifest, nodes))
    else:
        build.decide(nodes)
    if build.to_make:
        require_free_space(settings, build.bytes_to_write(), f"building {layer}")
        warm_up()
        # What follows from these has not passed any more, whatever ends this process.
        withdraw_proof(settings)
        with warehouse.get_connection() as con:
            daily.prepare(con)
            gate_results.close_gates(con, gate_results.first_gate_after(layer))
        if layer == LAYERS[-1] and build.makes_all_models and not context.is_subset:
            # A new file has no room of earlier tables in it.
            close_connections()
            discard_database(settings.insights_build_path)
    build.make(lambda made: _selection(context, manifest, layer, nodes, made))
    build.keep_skipped()
    results = list(reported(build))
    failed = [r for r in results if r.is_failure]
    checks = [check for r in results for check in _check_result(context, manifest, r, build)]
    _report(context, build, checks, failed)
    with warehouse.get_connection() as con:
        states = read_states(con)
    good = [r.unique_id for r in results if not r.is_failure]
    made = {unique_id.split(".")[2] for unique_id in good if unique_id in build.results}
    shown = describe(warehouse.get_connection, {u.split(".")[2] for u in good}, made)
    for result in results:
        if result.unique_id.startswith("test.") or result.unique_id not in states:
            continue
        node = manifest["nodes"][result.unique_id]
        key = TRANSLATOR.get_asset_key(node)
        metadata = {
            **states[result.unique_id].measured,
            "seconds": round(result.seconds, 3),
            **_how(build, result.unique_id),
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


def _chosen(
    context: dg.AssetExecutionContext, manifest: Mapping[str, Any], nodes: Sequence[str]
) -> list[str]:
    chosen = context.selected_asset_keys
    return [
        unique_id
        for unique_id in nodes
        if layer_of_node(manifest["nodes"][unique_id])
        and TRANSLATOR.get_asset_key(manifest["nodes"][unique_id]) in chosen
    ]


def _how(build: LayerBuild, unique_id: str) -> dict[str, str]:
    """What was done with a node and why, for Dagster."""
    decision = build.decisions.get(unique_id)
    if decision is None:
        return {}
    if decision.action == SKIP:
        return {"unchanged since": build.state_of(unique_id).since}
    return {"refreshed" if decision.action == REFRESH else "built": decision.reason}


def _report(
    context: dg.AssetExecutionContext,
    build: LayerBuild,
    checks: Sequence[dg.AssetCheckResult],
    failed: Sequence[NodeResult],
) -> None:
    outcome = f"{outcome_text(build)}, {sum(c.passed for c in checks)} tests passed"
    if failed:
        outcome += ", failed: " + ", ".join(r.unique_id.split(".")[2] for r in failed)
    reporter().end(build.layer, outcome, not failed)
    built = [r for r in build.results.values() if not r.unique_id.startswith("test.")]
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


def _all_of(layer: str) -> str:
    # By folder: a layer's selection takes its models and the tests declared beside them or under
    # tests/<layer>, whichever layers those tests compare.
    return f"customer_360.{layer}"


def _selection(
    context: dg.AssetExecutionContext,
    manifest: Mapping[str, Any],
    layer: str,
    nodes: Sequence[str],
    made: Sequence[str],
) -> list[str]:
    if set(made) == set(nodes):
        return ["--select", _all_of(layer), "--indirect-selection", "empty"]
    names = [manifest["nodes"][unique_id]["name"] for unique_id in made]
    # Whoever clicks on a model wants its tests that look at nothing else.
    tests = "cautious" if context.is_subset else "empty"
    return ["--select", *names, "--indirect-selection", tests]


def _check_result(
    context: dg.AssetExecutionContext,
    manifest: Mapping[str, Any],
    result: NodeResult,
    build: LayerBuild,
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
            **_how(build, result.unique_id),
        },
    )


def all_layer_assets(
    settings: Settings, manifest: Mapping[str, Any], describe: Describe, warm_up: WarmUp
) -> list[dg.AssetsDefinition]:
    """The policy seeds and every layer that has models, in the order of the chain."""
    folders = {layer_of_node(node) for node in manifest["nodes"].values()}
    names = [layer for layer in ("policy", *LAYERS) if layer in folders]
    return [layer_assets(layer, settings, manifest, describe, warm_up) for layer in names]


def layer_of_node(node: Mapping[str, Any]) -> str | None:
    """A model's or seed's layer, None for tests and the like."""
    if node["resource_type"] == "seed":
        return "policy"
    return node["fqn"][1] if node["resource_type"] == "model" else None
