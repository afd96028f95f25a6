"""Rules about the project itself, held over dbt's manifest and the files."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlglot
import yaml

from orchestration.quality.suites import load_suite
from orchestration.settings import DBT_PROJECT_DIR, LAYERS, PROJECT_ROOT
from orchestration.transform.parsing import load_manifest
from orchestration.transform.tables_read import SHOWN
from tests.conftest import settings_in
from tests.parsed import parsed

READS: Mapping[str, set[str]] = {
    "staging": {"source"},
    "conformed": {"staging", "conformed", "policy", "source:ingest"},
    "identity": {"conformed", "identity", "policy"},
    "profile": {"conformed", "identity", "profile", "policy"},
    "value": {"profile", "value", "policy"},
    "segments": {"profile", "value", "segments", "policy", "source:shown"},
    "insights": {*LAYERS, "policy", "source:ingest"},
}
"""What each layer may read; design in one table. Widening it is a decision, not a convenience."""

CLOCK = "model.customer_360.refresh_period"
"""The one row that says up to when the data reaches. Every layer looks back from the same day, so
every layer may read it, as it may read policy."""


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    return load_manifest(parsed(settings_in(tmp_path_factory.mktemp("rules"))))


def models(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [n for n in manifest["nodes"].values() if n["resource_type"] == "model"]


def layer_read(manifest: Mapping[str, Any], unique_id: str) -> str:
    if unique_id.startswith("source."):
        source = manifest["sources"][unique_id]
        if source["config"].get("meta", {}).get(SHOWN):
            return "source:shown"
        return "source:ingest" if source["source_name"] == "ingest" else "source"
    if unique_id == CLOCK:
        return "policy"
    return str(manifest["nodes"][unique_id]["fqn"][1])


def offences(manifest: Mapping[str, Any]) -> list[str]:
    return [
        f"{node['name']} ({layer}) reads {read_id}"
        for node in models(manifest)
        for layer in [node["fqn"][1]]
        for read_id in node["depends_on"]["nodes"]
        if layer_read(manifest, read_id) not in READS[layer]
    ]


def test_a_layer_reads_only_what_the_design_allows(manifest: Mapping[str, Any]) -> None:
    assert offences(manifest) == []


def test_the_layer_law_notices_an_offence(manifest: Mapping[str, Any]) -> None:
    node = next(n for n in models(manifest) if n["fqn"][1] == "segments")
    raw = next(u for u, s in manifest["sources"].items() if s["source_name"] != "ingest")
    broken = {**node, "depends_on": {"nodes": [raw]}}
    doctored = {**manifest, "nodes": {**manifest["nodes"], node["unique_id"]: broken}}
    assert len(offences(doctored)) == 1


def test_every_model_says_its_grain_owner_and_columns(manifest: Mapping[str, Any]) -> None:
    faults = []
    for node in models(manifest):
        meta = node["config"].get("meta", {})
        if "one row per" not in node["description"].lower():
            faults.append(f"{node['name']}: the description does not end in its grain")
        if "owner" not in meta:
            faults.append(f"{node['name']}: no owner")
        faults += [
            f"{node['name']}.{c}" for c, v in node["columns"].items() if not v["description"]
        ]
        if not node["columns"]:
            faults.append(f"{node['name']}: no columns")
    assert faults == []


def test_every_model_is_tested(manifest: Mapping[str, Any]) -> None:
    tested = {
        parent
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        for parent in node["depends_on"]["nodes"]
    }
    assert sorted(n["name"] for n in models(manifest) if n["unique_id"] not in tested) == []


def test_nothing_reads_the_changes_of_what_may_be_built_after_all(
    manifest: Mapping[str, Any],
) -> None:
    """Such a model has no delta then; see macros/refresh.sql."""
    told = {n["unique_id"] for n in models(manifest) if "built_whole_above" in n["config"]["meta"]}
    refreshed = [n for n in models(manifest) if n["config"]["incremental_strategy"] == "reached"]
    assert told
    assert [n["name"] for n in refreshed if told & set(n["depends_on"]["nodes"])] == []


def test_both_doors_have_enforced_contracts(manifest: Mapping[str, Any]) -> None:
    loose = [
        n["name"]
        for n in models(manifest)
        if n["fqn"][1] in ("conformed", "insights") and not n["config"]["contract"]["enforced"]
    ]
    assert loose == []


def test_no_personal_data_in_insights(manifest: Mapping[str, Any]) -> None:
    labelled = {
        column
        for node in models(manifest)
        for column, value in node["columns"].items()
        if {**value.get("meta", {}), **value.get("config", {}).get("meta", {})}.get("label")
    }
    assert {"email", "phone", "family_name", "birth_date"} <= labelled
    shown = {
        column
        for n in models(manifest)
        if n["fqn"][1] == "insights"
        for column in n["columns"]
        # Enabled or disabled, and no part of an address.
        if (n["name"], column) != ("dim_destination", "state")
    }
    assert shown & (labelled | {"profile_id", "source_record_id", "record_key"}) == set()


def test_every_staging_model_feeds_the_entity_list_or_a_dimension(
    manifest: Mapping[str, Any],
) -> None:
    read = {parent for n in models(manifest) for parent in n["depends_on"]["nodes"]}
    unread = [n["name"] for n in models(manifest) if n["fqn"][1] == "staging"]
    unread = [name for name in unread if f"model.customer_360.{name}" not in read]
    assert unread == []


def test_staging_models_name_the_entity_that_lists_them(manifest: Mapping[str, Any]) -> None:
    """What the YAML promises to satisfy is what the project takes the model's rows for."""
    project = yaml.safe_load((DBT_PROJECT_DIR / "dbt_project.yml").read_text())
    listed = {
        (model, entity)
        for entity, names in project["vars"]["entity_sources"].items()
        for model in names
    }
    named = {
        (node["name"], node["config"].get("meta", {}).get("entity"))
        for node in models(manifest)
        if node["fqn"][1] == "staging"
    }
    assert named == listed


def test_staging_models_blame_columns_that_their_source_has(manifest: Mapping[str, Any]) -> None:
    """Quarantine looks the value up under that name; another name would find nothing."""
    with (DBT_PROJECT_DIR / "seeds" / "policy" / "reject_reasons.csv").open() as handle:
        reasons = "|".join(row["reason"] for row in csv.DictReader(handle))
    faults, blamed_columns = [], 0
    for node in models(manifest):
        sources = [manifest["sources"][p] for p in node["depends_on"]["nodes"] if "source." in p]
        if node["fqn"][1] != "staging":
            continue
        assert len(sources) == 1, node["name"]
        blamed = re.findall(rf"'(?:{reasons})',\s*'(\w+)'", node["raw_code"])
        blamed_columns += len(blamed)
        faults += [f"{node['name']}: {c}" for c in blamed if c not in sources[0]["columns"]]
    assert blamed_columns > 30
    assert faults == []


def test_models_parse_as_duckdb(finished_company: Any) -> None:
    """Compiled SQL is one statement that sqlglot can read, so that it can be explained."""
    run_dir = finished_company.settings.dbt_target_dir / "compiled" / "customer_360" / "models"
    compiled = sorted(run_dir.rglob("*.sql"))
    assert compiled
    for path in [p for p in compiled if ".yml" not in str(p)]:
        assert len(sqlglot.parse(path.read_text(), dialect="duckdb")) == 1, path


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_has_a_suite_with_reasons(layer: str) -> None:
    promises = load_suite(layer)
    assert len(promises) >= 3
    assert all(len(p.why.split()) > 8 for p in promises)


def test_files_stay_small_enough_to_hold_in_the_head() -> None:
    limits = {".py": 300, ".sql": 200, ".yml": 150}
    roots = [PROJECT_ROOT / "orchestration", DBT_PROJECT_DIR, PROJECT_ROOT / "tests"]
    long = [
        f"{path.relative_to(PROJECT_ROOT)}: {count}"
        for root in roots
        for path in root.rglob("*")
        if path.suffix in limits and "target" not in path.parts
        for count in [len(path.read_text().splitlines())]
        if count > limits[path.suffix]
    ]
    assert long == []


def test_every_model_has_its_yaml_beside_it() -> None:
    """A file of its own, or one for a small folder."""
    missing = [
        str(path.relative_to(DBT_PROJECT_DIR))
        for suffix in ("sql", "py")
        for path in (DBT_PROJECT_DIR / "models").rglob(f"*.{suffix}")
        if not any(f"- name: {path.stem}\n" in y.read_text() for y in path.parent.glob("*.yml"))
    ]
    assert missing == []


def test_nothing_of_this_machine_is_in_the_lock() -> None:
    for name in ("requirements.lock", "requirements-uv.lock"):
        text = Path(PROJECT_ROOT / name).read_text()
        assert "://" not in text and "file:" not in text
        assert text.count("--hash=sha256:") >= text.count("==")
