"""The identity layer refreshed instead of built, where that gives the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from graphlib import TopologicalSorter
from typing import Any

import duckdb

from orchestration.errors import UserError
from orchestration.identity.match_models import current_model, is_worth_another_try
from orchestration.identity.refresh.ids import refresh_ids
from orchestration.identity.refresh.inputs import (
    find_changes,
    forget_inputs,
    last_made_by,
    remember_changes,
    remember_inputs,
    remember_whole,
)
from orchestration.identity.refresh.pairs import refresh_pairs
from orchestration.identity.refresh.people import refresh_people
from orchestration.identity.refresh.reads import READS, differing_reads
from orchestration.identity.refresh.values import refresh_values
from orchestration.identity.refresh.workshop import Workshop
from orchestration.logs import log
from orchestration.settings import Settings
from orchestration.transform.dbt import NodeResult, run_dbt
from orchestration.warehouse import Connect, connect_writer

LARGEST_SHARE = 0.25
"""With more of the records changed, building everything costs less than finding out what not to."""
REFRESHED_WHOLE = ("table", "view", "connected_components")


@dataclass(frozen=True)
class Refreshed:
    """What a refresh came to.

    Attributes:
        results: one per model, as dbt would report it.
        changed: records that are new, gone or different.
        reached: records whose person may have changed with them.
        total: records there are.
    """

    results: tuple[NodeResult, ...]
    changed: int
    reached: int
    total: int

    def __str__(self) -> str:
        return (
            f"refreshed for {self.changed:,} changed records, which reach {self.reached:,} of "
            f"{self.total:,}"
        )


def refresh(
    settings: Settings, manifest: Mapping[str, Any], rules: str, connect: Connect | None = None
) -> Refreshed | None:
    """Refresh the layer's tables for the records that changed since it was last whole.

    Parameters:
        settings: paths.
        manifest: dbt's manifest.json.
        rules: names the code, the models and the policy.
        connect: gives connections that may write the warehouse; within a run, the resource's.

    Returns:
        None when the layer has to be built: it never was, or something besides records is not what
        it was. Until `remember` the next run would build it, too.
    """
    connect = connect or partial(connect_writer, settings)
    reason = differing_models(manifest)
    with connect() as con:
        if reason is None and last_made_by(con) != _made_by(con, rules):
            reason = "it never was, or code, models, policy or trained parameters have changed"
    if reason is None:
        _compile(settings)
        with connect() as con:
            work = _workshop(settings, manifest, con)
            reason = _differing_overrides(work) or _untrained(work)
            changed, total = find_changes(con, work.relations) if reason is None else (0, 0)
            if reason is None and changed > LARGEST_SHARE * total:
                reason = f"{changed:,} of {total:,} records have changed"
            forget_inputs(con)
            if reason is None:
                return _refresh(work, manifest, changed, total)
    log().info("identity is built whole: %s", reason)
    return None


def remember(
    settings: Settings,
    manifest: Mapping[str, Any],
    rules: str,
    refreshed: Refreshed | None,
    connect: Connect | None = None,
) -> None:
    """Note that the layer was built or refreshed, and tested: the next run may refresh it.

    Parameters:
        settings: paths.
        manifest: dbt's manifest.json.
        rules: names the code, the models and the policy.
        refreshed: what `refresh` returned.
        connect: as in `refresh`.
    """
    connect = connect or partial(connect_writer, settings)
    with connect() as con:
        if refreshed is None:
            remember_inputs(con, _relations(manifest))
        remember_whole(con, _made_by(con, rules))


def _refresh(work: Workshop, manifest: Mapping[str, Any], changed: int, total: int) -> Refreshed:
    if changed:
        # Thirty models are written to; a checkpoint after each of the large ones cost a second.
        work.con.execute("set checkpoint_threshold = '1TB'")
        refresh_values(work)
        refresh_pairs(work)
        refresh_people(work)
        refresh_ids(work)
        remember_changes(work.con)
        for model in _others(manifest):
            work.rebuild(model)
    models = _models(manifest)
    results = tuple(
        NodeResult(models[model], "success", work.seconds.get(model, 0.0), None, "")
        for model in _in_order(manifest)
    )
    return Refreshed(results, changed, work.count("reached_records") if changed else 0, total)


def differing_models(manifest: Mapping[str, Any]) -> str | None:
    """Why the layer's models can't be refreshed, None when they can.

    Parameters:
        manifest: dbt's manifest.json.
    """
    nodes = manifest["nodes"]
    differing = differing_reads(nodes)
    if differing:
        return f"{differing[0]} reads other models than a refresh counts on"
    for model in _others(manifest):
        node = nodes[_models(manifest)[model]]
        if node["language"] != "sql" or node["config"]["materialized"] not in REFRESHED_WHOLE:
            return f"{model} is neither a table nor a view in SQL"
    return None


def _differing_overrides(work: Workshop) -> str | None:
    now, table = work.rows("active_overrides", {}), work.relations["active_overrides"]
    different = work.keep(
        "overrides_differing",
        f"(from {now} except from {table}) union all (from {table} except from {now})",
    )
    return "other decisions of identity_overrides hold today" if work.count(different) else None


def _untrained(work: Workshop) -> str | None:
    if is_worth_another_try(work.con, work.count(work.relations["customer_records"])):
        return "there may be enough records to learn from now"
    return None


def _others(manifest: Mapping[str, Any]) -> list[str]:
    """Models that follow from the refreshed ones and are made whole, each after what it reads."""
    return [model for model in _in_order(manifest) if model not in READS]


def _in_order(manifest: Mapping[str, Any]) -> list[str]:
    nodes, models = manifest["nodes"], _models(manifest)
    reads = {
        model: {nodes[p]["name"] for p in nodes[node]["depends_on"]["nodes"] if p in nodes}
        for model, node in models.items()
    }
    return [model for model in TopologicalSorter(reads).static_order() if model in models]


def _models(manifest: Mapping[str, Any]) -> dict[str, str]:
    return {
        node["name"]: unique_id
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["fqn"][1] == "identity"
    }


def _relations(manifest: Mapping[str, Any]) -> dict[str, str]:
    return {
        node["name"]: node["relation_name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed") and node["relation_name"]
    }


def _compile(settings: Settings) -> None:
    # The SQL of the last build was compiled before there was a ledger, or at another instant.
    # The tests of these models run later and are compiled there.
    models = ["--select", "customer_360.identity,resource_type:model"]
    for result in run_dbt(settings, ["compile", *models, "--indirect-selection", "empty"]):
        if result.is_failure:
            raise UserError(f"{result.unique_id.split('.')[2]} can't be compiled: {result.message}")


def _workshop(
    settings: Settings, manifest: Mapping[str, Any], con: duckdb.DuckDBPyConnection
) -> Workshop:
    nodes = {model: manifest["nodes"][node] for model, node in _models(manifest).items()}
    folder = settings.dbt_target_dir / "compiled" / "customer_360"
    return Workshop(
        con,
        _relations(manifest),
        {model: folder / node["original_file_path"] for model, node in nodes.items()},
        frozenset(
            model
            for model, node in nodes.items()
            if node["config"]["materialized"] == "connected_components"
        ),
        frozenset(name for name, node in nodes.items() if node["config"]["meta"].get("has_delta")),
    )


def _made_by(con: duckdb.DuckDBPyConnection, rules: str) -> str:
    model = current_model(con)
    return f"{rules} {model.model_version if model else 'without pairs'}"
