"""Segments are found by being there, and what can't be followed is refused with its file."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from orchestration.errors import UserError
from orchestration.segments.declared import FOLDER, LISTED_IN, keep_listed, list_text, segments_of
from orchestration.segments.files import remove_segment, write_segment
from orchestration.settings import DBT_PROJECT_DIR

DECLARED = (
    "models: [{{name: {name}, config: {{meta: {{owner: team:us, segment: {said}}}}}, "
    "columns: {columns}}}]"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A dbt project without a segment."""
    project = tmp_path / "dbt_project"
    (project / LISTED_IN).parent.mkdir(parents=True)
    (project / LISTED_IN).write_text("")
    return project


def add(
    project: Path, name: str, said: str = "{title: Some}", columns: str = "[{name: reason}]"
) -> Path:
    """A segment as somebody writes it by hand."""
    (project / FOLDER / f"{name}.sql").write_text("select profile_id, reason from people\n")
    path = project / FOLDER / f"{name}.yml"
    path.write_text(DECLARED.format(name=name, said=said, columns=columns))
    return path


def test_the_list_in_git_is_what_the_folder_says() -> None:
    assert (DBT_PROJECT_DIR / LISTED_IN).read_text() == list_text(DBT_PROJECT_DIR)
    for segment in segments_of(DBT_PROJECT_DIR):
        assert segment.said and segment.owner and segment.said.get("purpose"), segment.path


def test_active_segments_are_listed_by_their_names_and_others_are_not(project: Path) -> None:
    for name, state in (("b", "active"), ("a", "active"), ("c", "draft"), ("d", "inactive")):
        add(project, f"of_{name}", f"{{title: Some, state: {state}}}")
    (project / FOLDER / "of_e.sql").write_text("select 1 as profile_id\n")
    keep_listed(project)
    text = (project / LISTED_IN).read_text()
    assert [name for name in "abcde" if f"ref('of_{name}')" in text] == ["a", "b"]
    assert text.index("of_a") < text.index("of_b")
    assert [s.state for s in segments_of(project)] == [
        "active", "active", "draft", "inactive", "draft",
    ]  # fmt: skip


def test_the_list_follows_what_is_added_and_taken_away_and_is_written_only_then(
    project: Path,
) -> None:
    keep_listed(project)
    assert "where false" in (project / LISTED_IN).read_text()
    path = add(project, "some", columns="[]")
    keep_listed(project)
    assert "cast(null as string) as reason" in (project / LISTED_IN).read_text()
    before = (project / LISTED_IN).stat().st_mtime_ns
    keep_listed(project)
    assert (project / LISTED_IN).stat().st_mtime_ns == before
    path.unlink()
    path.with_suffix(".sql").unlink()
    keep_listed(project)
    assert "ref(" not in (project / LISTED_IN).read_text()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("{titel: Some}", "Did you mean title"),
        ("{title: ''}", "needs a title"),
        ("{purpose: x}", "needs a title"),
        ("{title: Some, state: activ}", "not 'activ'"),
        ("{title: Some, keeps_opted_out: maybe}", "true or false"),
        ("{title: Some, uses: newsletter}", "list of texts"),
        ("{title: Some, id: 2147483648}", "whole number"),
        ("{title: Some, id: -1}", "whole number"),
        ("{title: Some, id: true}", "whole number"),
        ("[title]", "is a mapping"),
    ],
)
def test_a_declaration_that_cannot_be_followed_is_refused(
    project: Path, said: str, told: str
) -> None:
    add(project, "some", said)
    with pytest.raises(UserError, match=told) as refused:
        keep_listed(project)
    assert "models/segments/some.yml: some" in str(refused.value)
    assert (project / LISTED_IN).read_text() == ""


def test_while_a_yaml_cannot_be_read_what_was_listed_stays(project: Path) -> None:
    path = add(project, "some")
    keep_listed(project)
    before = (project / LISTED_IN).read_text()
    path.write_text("models: [{name: some, purpose: a: b}")
    keep_listed(project)
    assert (project / LISTED_IN).read_text() == before
    with pytest.raises(UserError, match=r"models/segments/some.yml can't be read"):
        segments_of(project)


@pytest.mark.parametrize(
    "said",
    [
        "models: [{name: some, columns: [profile_id]}]",
        "models: [{name: some, columns: reason}]",
        "models: [{name: some, config: [meta]}]",
        "models: [{name: some, config: {meta: [segment]}}]",
        "models: some",
        "[]",
        "",
    ],
)
def test_a_yaml_of_another_shape_declares_nothing_and_dbt_says_what_is_wrong(
    project: Path, said: str
) -> None:
    add(project, "some").write_text(said)
    keep_listed(project)
    assert [(s.state, s.said) for s in segments_of(project)] == [("draft", {})]


def test_what_dbt_takes_for_a_declaration_is_one(project: Path) -> None:
    path = add(project, "of_a")
    path.rename(path.with_suffix(".yaml"))
    path = add(project, "of_b")
    path.write_text("models: [{name: of_b, meta: {owner: team:us, segment: {title: Some}}}]")
    add(project, "of_c", "{title: Some, id: 0, uses: }")
    assert [s.state for s in segments_of(project)] == ["active"] * 3
    (project / LISTED_IN).unlink()
    keep_listed(project)
    assert (project / LISTED_IN).read_text() == list_text(project)
    assert [len(remove_segment(project, f"of_{name}")) for name in "abc"] == [2, 2, 2]


def test_a_yaml_of_several_segments_is_not_deleted_with_one(project: Path) -> None:
    path = add(project, "some")
    path.rename(path.with_name("segments.yml"))
    (project / FOLDER / "other.sql").write_bytes(b"select '\xff'")
    with pytest.raises(UserError, match="may describe others"):
        remove_segment(project, "some")
    assert (project / FOLDER / "some.sql").exists()


@pytest.mark.parametrize("owner", ["us", "''", "team:", "team: us", "a@b"])
def test_an_owner_that_dagster_would_not_take_is_refused(project: Path, owner: str) -> None:
    path = add(project, "some")
    path.write_text(path.read_text().replace("owner: team:us", f"owner: '{owner.strip(chr(39))}'"))
    with pytest.raises(UserError, match="as team:marketing"):
        keep_listed(project)


@pytest.mark.parametrize("name", ["Some", "1st", "a-b", "a b", "a", "ä_b", "x" * 64, "a'b"])
def test_a_file_whose_name_cannot_be_a_segments_is_refused(project: Path, name: str) -> None:
    (project / FOLDER / f"{name}.sql").write_text("select 1\n")
    with pytest.raises(UserError, match="Rename the file"):
        keep_listed(project)
    with pytest.raises(UserError, match="can't be the name"):
        write_segment(project, name, "", "", "team:us")


def test_a_new_segment_is_a_draft_with_a_unit_test_and_can_be_taken_back(project: Path) -> None:
    sql, described = write_segment(project, "second_order", "", "Thank them.", "team:x")
    model = yaml.safe_load(described.read_text())["models"][0]
    said = {"title": "Second order", "purpose": "Thank them.", "state": "draft"}
    assert model["config"]["meta"] == {"owner": "team:x", "segment": said}
    assert yaml.safe_load(described.read_text())["unit_tests"]
    with pytest.raises(UserError, match="There is already"):
        write_segment(project, "second_order", "", "", "team:us")
    with pytest.raises(UserError, match="--owner is a team"):
        write_segment(project, "other", "", "", "us")
    for word in ("{{ x }}", "a\nb", "{% x %}"):
        with pytest.raises(UserError, match="without braces"):
            write_segment(project, "other", word, "", "team:us")
    assert remove_segment(project, "second_order") == [sql, described]
    assert segments_of(project) == []
    with pytest.raises(UserError, match="There is no segment"):
        remove_segment(project, "second_order")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("dbt_project/models/segments/other.sql", "from {{ ref('some') }}"),
        ("dbt_project/models/value/other.sql", "where segment_name = 'some'"),
        ("dbt_project/segment_rules/other.yml", "include: {segment: some}"),
        ("sql_templates/other.sql", "where segment_name = 'some'"),
        ("dashboards/other.yml", "segment: some"),
    ],
)
def test_a_segment_that_is_used_stays(project: Path, path: str, text: str) -> None:
    add(project, "some")
    file = project.parent / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    with pytest.raises(UserError, match=f"is used and stays: {path}"):
        remove_segment(project, "some")
    file.write_text("nothing of it")
    assert len(remove_segment(project, "some")) == 2


def test_a_segment_that_says_where_it_is_used_stays(project: Path) -> None:
    add(project, "some", "{title: Some, uses: [newsletter]}")
    with pytest.raises(UserError, match="used in newsletter"):
        remove_segment(project, "some")
