"""When dbt parses the project, and when what it found the last time is taken."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import dbt.cli.main
import pytest
from dbt.parser.manifest import ManifestLoader

from orchestration.errors import UserError
from orchestration.settings import DBT_PROJECT_DIR, Settings
from orchestration.transform.parsing import parse

MODEL = "model.customer_360.people"


@pytest.fixture
def parsed(tmp_path: Path) -> Settings:
    """A project of one model that an earlier process has parsed."""
    # dbt leaves its files in a folder of this name; a checkout may stand in one as well.
    project = tmp_path / "target" / "project"
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


@pytest.mark.parametrize("name", ["models/people.sql", "models/people.yml", "macros/one.sql"])
def test_a_file_that_is_put_back_with_its_time_is_parsed_as_it_is(
    parsed: Settings, name: str
) -> None:
    """As `cp -p` and rsync do it; what stood in between is gone."""
    described = "version: 2\nmodels: [{name: people, description: first}]\n"
    (parsed.dbt_project_dir / "models" / "people.yml").write_text(described)
    (parsed.dbt_project_dir / "models" / "people.sql").write_text("select 'first' as {{ one() }}")
    macro = "{% macro one() %}first{% endmacro %}"
    (parsed.dbt_project_dir / "macros" / "one.sql").write_text(macro)

    def seen() -> tuple[str, str, str]:
        node = in_new_process(parsed)
        said = parse(parsed).macros["macro.customer_360.one"].macro_sql
        return node.raw_code, node.description, said

    before, file = seen(), parsed.dbt_project_dir / name
    text, time = file.read_text(), file.stat().st_mtime_ns
    file.write_text(text.replace("first", "other"))
    assert seen() != before
    file.write_text(text)
    os.utime(file, ns=(time, time))
    assert seen() == before


def test_an_edited_copy_elsewhere_is_parsed_as_far_as_it_differs(
    parsed: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what is not parsed again has its seeds where the copy stands."""
    (parsed.dbt_project_dir / "seeds").mkdir()
    (parsed.dbt_project_dir / "seeds" / "rates.csv").write_text("currency\nEUR\n")
    in_new_process(parsed)
    copy = Settings(tmp_path / "moved", tmp_path / "landing", tmp_path / "copy")
    shutil.copytree(parsed.data_dir, copy.data_dir)
    shutil.copytree(parsed.dbt_project_dir, copy.dbt_project_dir)
    (copy.dbt_project_dir / "models" / "people.sql").write_text("select 2 as person")
    partial = []
    judge = ManifestLoader.is_partial_parsable

    def judged(self: ManifestLoader, *arguments: Any) -> Any:
        partial.append(judge(self, *arguments)[0])
        return True, None

    monkeypatch.setattr(ManifestLoader, "is_partial_parsable", judged)
    parse.cache_clear()
    nodes = parse(copy).nodes
    assert partial == [True]
    assert nodes[MODEL].raw_code == "select 2 as person"
    assert nodes["seed.customer_360.rates"].root_path == str(copy.dbt_project_dir)


def test_other_variables_of_the_environment_are_parsed_again(
    parsed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that a macro of ours asks for, and one that a team's own model does."""
    monkeypatch.setenv("C360_SCHEMA_SUFFIX", "_tried")
    assert in_new_process(parsed).schema == "identity_tried"
    monkeypatch.delenv("C360_SCHEMA_SUFFIX")
    assert in_new_process(parsed).schema == "identity"
    asking = "{{ config(alias=env_var('PEOPLE', 'people')) }} select 1 as person"
    (parsed.dbt_project_dir / "models" / "people.sql").write_text(asking)
    assert in_new_process(parsed).alias == "people"
    monkeypatch.setenv("PEOPLE", "humans")
    assert in_new_process(parsed).alias == "humans"


def test_what_a_killed_parse_leaves_is_parsed_again(
    parsed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed when dbt has written its own file, with other schemas than the next process asks."""
    whole = dbt.cli.main.dbtRunner.invoke

    def killed(self: Any, command: list[str]) -> None:
        whole(self, command)
        raise KeyboardInterrupt

    with monkeypatch.context() as meanwhile, pytest.raises(KeyboardInterrupt):
        meanwhile.setenv("C360_SCHEMA_SUFFIX", "_tried")
        meanwhile.setattr(dbt.cli.main.dbtRunner, "invoke", killed)
        in_new_process(parsed)
    assert in_new_process(parsed).schema == "identity"


def test_what_can_not_be_read_is_parsed_again(parsed: Settings) -> None:
    (parsed.dbt_target_dir / "partial_parse.msgpack").write_bytes(b"cut off")
    assert in_new_process(parsed).schema == "identity"


def test_file_in_another_encoding_is_named(parsed: Settings) -> None:
    model = parsed.dbt_project_dir / "models" / "people.sql"
    model.write_bytes('select 1 as "münze"'.encode("latin-1"))
    with pytest.raises(UserError, match=r"models/people\.sql is not in UTF-8 \(byte 15\)"):
        in_new_process(parsed)
