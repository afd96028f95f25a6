"""Rule files and the models that they are compiled to: all of them or none are written."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.errors import UserError
from orchestration.segments.catalogue import read_catalogue
from orchestration.segments.declared import LISTED_IN, segments_of
from orchestration.segments.rule_files import RULES, compile_files, differing, read_rules, yaml_of
from orchestration.settings import DBT_PROJECT_DIR

RULE = """\
title: Often here
owner: team:marketing-analytics
purpose: Thank them.
include: {clause}
"""
CLAUSE = "{field: customer_attributes.order_count, operator: at_least, value: 3}"
TYPES = {"value.customer_attributes": {"order_count": "BIGINT", "last_ordered_at": "TIMESTAMP"}}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project without its own rules."""
    for part in ("models", "seeds"):
        shutil.copytree(DBT_PROJECT_DIR / part, tmp_path / "dbt_project" / part)
    shutil.copy(DBT_PROJECT_DIR / "dbt_project.yml", tmp_path / "dbt_project")
    folder = tmp_path / "dbt_project" / RULES
    folder.mkdir()
    for path in (DBT_PROJECT_DIR / RULES).glob("*.yml"):
        for found in (tmp_path / "dbt_project" / "models" / "segments").glob(f"{path.stem}*"):
            found.unlink()
    return tmp_path / "dbt_project"


def write(project: Path, name: str, clause: str = CLAUSE, more: str = "") -> None:
    (project / RULES / f"{name}.yml").write_text(RULE.format(clause=clause) + more)


def state(project: Path) -> Mapping[str, str]:
    return {str(p): p.read_text() for p in sorted(project.rglob("*.*")) if p.is_file()}


def refusal(project: Path, types: Any = None) -> str:
    """The message of what is refused; nothing is written."""
    before = state(project)
    with pytest.raises(UserError) as error:
        compile_files(project, (), types)
    assert state(project) == before
    assert error.value.exit_code == 2
    return str(error.value)


def test_the_models_of_this_project_are_what_its_rule_files_say() -> None:
    assert differing(DBT_PROJECT_DIR) == []


def test_a_rule_file_becomes_a_segment_that_the_project_lists(project: Path) -> None:
    write(project, "often_here", more="uses: ['a: b']\nkeeps_opted_out: true\nid: 7\n")
    paths = compile_files(project)
    assert [path.name for path in paths] == ["often_here.sql", "often_here.yml"]
    segment = next(s for s in segments_of(project) if s.name == "often_here")
    assert segment.said == {
        "title": "Often here", "purpose": "Thank them.", "state": "active", "uses": ["a: b"],
        "keeps_opted_out": True, "id": 7,
    }  # fmt: skip
    assert (segment.state, segment.has_reason) == ("active", True)
    assert "'often_here' as segment_name" in (project / LISTED_IN).read_text()
    assert compile_files(project) == []
    assert differing(project) == []


def test_a_changed_model_and_one_without_its_rule_are_found(project: Path) -> None:
    write(project, "often_here")
    sql, described = compile_files(project)
    sql.write_text(sql.read_text().replace("3", "4"))
    assert differing(project) == [sql]
    assert compile_files(project, ["often_here"]) == [sql]
    described.unlink()
    assert differing(project, ["often_here"]) == [described]
    (project / RULES / "often_here.yml").unlink()
    assert differing(project) == [sql]


def test_one_wrong_rule_and_nothing_is_written(project: Path) -> None:
    write(project, "often_here")
    write(project, "wrong", "{field: customer_attributes.order_cuont, operator: equals, value: 3}")
    said = refusal(project)
    assert said.startswith("dbt_project/segment_rules/wrong.yml line 4: include: ")
    assert "no column 'order_cuont'. Nearest: order_count" in said


@pytest.mark.parametrize(
    ("clause", "says"),
    [
        ("{field: customer_attributes.order_count, operator: equals, value: '3'}", "is number"),
        ("{field: customer_attributes.order_count, operator: in_last, value: 3 days}", "is number"),
        ("{field: customer_attributes.last_ordered_at, operator: equals, value: 3}", "is date"),
        ("{all: [{segment: lapsing}]}", "line 4: include.all[0].segment: there is no segment"),
        ("{field: customer_attribute.order_count, operator: equals, value: 3}",
         "no table 'customer_attribute' for rules. Nearest: customer_attributes"),
        ("{event: order_completed, where: {chanel: web}}", "Nearest: channel"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_its_place(project: Path, clause: str, says: str) -> None:
    write(project, "wrong", clause)
    assert says in refusal(project, TYPES)


def test_what_is_written_by_hand_stays(project: Path) -> None:
    write(project, "top_three_deciles")
    assert "models/segments/top_three_deciles.sql has that name" in refusal(project)
    (project / RULES / "top_three_deciles.yml").rename(project / RULES / "deciles.yml")
    assert "models/value/deciles.sql has that name" in refusal(project)
    (project / RULES / "deciles.yml").rename(project / RULES / "age_bands.yml")
    assert "age_bands.csv has that name" in refusal(project)


def test_segments_that_build_on_each_other_in_a_circle_are_refused(project: Path) -> None:
    write(project, "one", "{segment: two}")
    write(project, "two", "{segments: [{union: three}, {except: top_three_deciles}]}")
    (project / "models" / "segments" / "three.sql").write_text("select 1 from {{ ref('one') }}")
    assert "in a circle: one → two → three → one" in refusal(project)


@pytest.mark.parametrize(
    "name", ["Often.yml", "often here.yml", "often.yaml", "select.yml", ".yml"]
)
def test_a_rule_file_is_called_after_its_segment(project: Path, name: str) -> None:
    (project / RULES / name).write_text(RULE.format(clause=CLAUSE))
    assert "called after its segment" in refusal(project)


def test_a_link_and_a_folder_are_no_rule_files(project: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(RULE.format(clause=CLAUSE))
    (project / RULES / "often_here.yml").symlink_to(tmp_path / "elsewhere")
    assert "not a plain file" in refusal(project)
    (project / RULES / "often_here.yml").unlink()
    (project / RULES / "often_here.yml").mkdir()
    assert "not a plain file" in refusal(project)


def test_an_unknown_segment_to_compile_is_told_with_the_nearest(project: Path) -> None:
    write(project, "often_here")
    with pytest.raises(UserError, match="no rule file"):
        compile_files(project, ["often_her"])


def test_texts_stand_in_the_yaml_as_they_are(project: Path) -> None:
    texts = ("a: b # c", "- x", "'x' \"y\"", "\\n", "> z", "%", "@", "x" * 200, "é 😀", "{a}", "*a")
    write(project, "often_here")
    rule = read_rules(project)["often_here"][0]
    for text in texts:
        told = rule.model_copy(update={"title": text, "purpose": text})
        model = yaml.safe_load(yaml_of("often_here", told))["models"][0]
        segment = model["config"]["meta"]["segment"]
        assert (segment["title"], segment["purpose"]) == (text, text)
        assert model["description"].rstrip().endswith("One row per member.")


def test_every_column_of_the_warehouse_can_be_read_without_one(project: Path) -> None:
    known = read_catalogue(project).tables
    assert known["derived_attributes"].has_one_row
    assert not known["deciles"].has_one_row
    assert {"region"} <= set(known["enrichment"].columns)
    assert {"points_balance", "purchase_count"} <= set(known["profile_measures"].columns)
    assert "member_since" in known["profiles"].columns
    assert known["profiles"].columns["email"].is_personal
    assert "provenance" not in known and "identity_map" not in known
