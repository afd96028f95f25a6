"""When dbt parses the project, and when what it found the last time is taken."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import dbt.cli.main
import pytest

from orchestration.settings import DBT_PROJECT_DIR, Settings
from orchestration.transform.parsing import SUFFIX, parse

MODEL = "model.customer_360.people"


@pytest.fixture
def parsed(tmp_path: Path) -> Settings:
    """A project of one model that an earlier process has parsed."""
    project = tmp_path / "project"
    (project / "models").mkdir(parents=True)
    (project / "macros").mkdir()
    (project / "dbt_project.yml").write_text("name: customer_360\nprofile: customer_360\n")
    shutil.copy(DBT_PROJECT_DIR / "macros" / "generate_schema_name.sql", project / "macros")
    (project / "models" / "people.sql").write_text(
        "{{ config(schema='identity') }} select 1 as person"
    )
    settings = Settings(tmp_path / "data", tmp_path / "landing", project)
    settings.data_dir.mkdir()
    in_new_process(settings)
    return settings


def in_new_process(settings: Settings) -> Any:
    """What a process that has parsed nothing yet gets."""
    parse.cache_clear()
    return parse(settings).nodes[MODEL]


def test_unchanged_project_is_not_parsed_for_a_data_folder_elsewhere(
    parsed: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = in_new_process(parsed)
    moved = replace(parsed, data_dir=tmp_path / "moved")
    shutil.copytree(parsed.data_dir, moved.data_dir)
    monkeypatch.setattr(dbt.cli.main.dbtRunner, "invoke", None)
    assert in_new_process(moved) == before


def test_changed_model_is_parsed_again(parsed: Settings) -> None:
    (parsed.dbt_project_dir / "models" / "people.sql").write_text("select 2 as person")
    assert in_new_process(parsed).raw_code == "select 2 as person"


def test_other_names_of_schemas_are_parsed_again(
    parsed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SUFFIX, "_tried")
    assert in_new_process(parsed).schema == "identity_tried"
    monkeypatch.delenv(SUFFIX)
    assert in_new_process(parsed).schema == "identity"


def test_what_can_not_be_read_is_parsed_again(parsed: Settings) -> None:
    (parsed.dbt_target_dir / "partial_parse.msgpack").write_bytes(b"cut off")
    assert in_new_process(parsed).schema == "identity"
