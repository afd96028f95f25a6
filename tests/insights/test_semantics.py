"""The semantic model as dbt reads it, and the exposures of every page and question."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.errors import UserError
from orchestration.questions.exposures import FOLDER, exposure_files
from orchestration.questions.files import QUESTIONS_DIR, names
from orchestration.questions.metric_sql import dimensions_of, metric_question
from orchestration.questions.semantics import read_layer
from orchestration.settings import DBT_PROJECT_DIR
from orchestration.transform.parsing import load_manifest
from tests.conftest import settings_in
from tests.parsed import parsed


def test_dbt_knows_the_same_metrics_and_the_exposures(tmp_path: Path) -> None:
    manifest = load_manifest(parsed(settings_in(tmp_path)))
    layer = read_layer()
    assert {m["name"] for m in manifest["metrics"].values()} == layer.metrics.keys()
    assert {m["name"] for m in manifest["semantic_models"].values()} == layer.models.keys()
    exposed = {e["name"] for e in manifest["exposures"].values()}
    pages = {f"page_{file.stem}" for file in (QUESTIONS_DIR.parent / "dashboards").glob("*.yml")}
    without_tables = {"question_measure_groups", "question_overlap_orders", "question_windows"}
    assert exposed == pages | {f"question_{name}" for name in names()} - without_tables


def test_exposures_are_those_of_the_pages_and_questions_there_are() -> None:
    folder = DBT_PROJECT_DIR / FOLDER
    written = {path.name: path.read_text() for path in folder.glob("*.yml")}
    assert written == exposure_files(), "run `c360 docs` and commit what it changed"


def test_every_metric_can_be_asked_by_each_of_its_dimensions() -> None:
    layer = read_layer()
    for name in layer.metrics:
        for dimension in dimensions_of(layer, name):
            question, left = metric_question(layer, name, [f"by={dimension}", "from_on=2026-01-01"])
            assert left == ["from_on=2026-01-01"]
            assert f"as {name}\nfrom" in question.sql and dimension in question.sql


def test_a_filter_gives_way_to_a_choice_of_its_dimension() -> None:
    layer = read_layer()
    usual, _ = metric_question(layer, "value_of_tiers", [])
    chosen, _ = metric_question(layer, "value_of_tiers", ["look_back=12"])
    other, _ = metric_question(layer, "value_of_tiers", ["merge_policy_name=x"])
    assert "look_back = 'lifetime'" in usual.sql and "is_default" in usual.sql
    assert "'lifetime'" not in chosen.sql and "is_default" in chosen.sql
    assert "'lifetime'" in other.sql and "is_default" not in other.sql


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("measure: order_count", "measure: orders_count", "no measure orders_count"),
        ("{meta: {unit: money}}", "{meta: {apart: [tier]}}", "no dimension tier"),
        ("type: ratio", "type: cumulative", "type cumulative"),
        ("model: ref('fact_revenue')", "model: fact_revenue", "can't be read"),
        ("semantic_models:", "semantic_models: [", "can't be read"),
    ],
)
def test_a_wrong_declaration_is_told_by_name(
    tmp_path: Path, before: str, after: str, words: str
) -> None:
    folder = tmp_path / "models" / "insights" / "semantics"
    folder.mkdir(parents=True)
    text = (DBT_PROJECT_DIR / "models" / "insights" / "semantics" / "revenue.yml").read_text()
    assert before in text
    (folder / "revenue.yml").write_text(text.replace(before, after, 1))
    with pytest.raises(UserError, match=words):
        read_layer(tmp_path)
