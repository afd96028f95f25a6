"""Keyed attribute files as ingest takes them: held to their declaration, refused as a whole."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.ingest.declarations import SourceTable, declared_source_tables
from orchestration.ingest.load import LoadedTable, load_all
from orchestration.settings import DBT_PROJECT_DIR, Settings
from tests.own_data import project_copy
from tests.sources.added import Added, add

COLUMNS: dict[str, Any] = {
    "id": {"namespace": "crm_id"},
    "size": {"attribute": {"type": "decimal", "decimal_mark": ","}},
    "joined": {"attribute": {"type": "date", "format": "%d.%m.%Y"}, "source_name": "joined on"},
    "vip": {"attribute": "boolean"},
    "club": {"attribute": "text"},
}
HEADER = "id,size,joined on,vip,club"
GOOD = f'{HEADER}\nC1,"41,5",01.02.2024,true,red\nC2,,,,\n'


def declared(columns: dict[str, Any] = COLUMNS, **meta: Any) -> SourceTable:
    node = {
        "source_name": "crm",
        "name": "people",
        "identifier": "crm__people",
        "original_file_path": "models/staging/crm/_crm__sources.yml",
        "columns": {n: {"name": n, "config": {"meta": said}} for n, said in columns.items()},
        "config": {"meta": {"format": "csv", "path": "crm/**/*.csv", "keyed_by": "id", **meta}},
    }
    return declared_source_tables({"sources": {"source.crm.people": node}})[0]


def load(root: Path, files: dict[str, str]) -> tuple[LoadedTable, list[tuple[Any, ...]]]:
    """What came of files below the landing folder, and the rows that are in landing then."""
    settings = Settings(root / "data", root / "landing", DBT_PROJECT_DIR)
    for name, text in files.items():
        path = root / "landing" / "crm" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    [loaded] = load_all(settings, [declared()])
    with duckdb.connect(str(settings.warehouse_path)) as con:
        rows = con.execute(
            "select * exclude (source_row) replace (source_file[5:] as source_file) "
            "from landing.crm__people order by all"
        ).fetchall()
    return loaded, rows


def test_an_empty_cell_is_there_and_a_missing_column_is_not(tmp_path: Path) -> None:
    files = {"a.csv": GOOD, "b.csv": 'club,id\n"",C3\n', "Deletes/c.csv": "id\nC1\n"}
    loaded, rows = load(tmp_path, files)
    assert loaded.failures == []
    assert rows == [
        ("C1", "41,5", "01.02.2024", "true", "red", "a.csv", False),
        ("C1", None, None, None, None, "Deletes/c.csv", True),
        ("C2", "", "", "", "", "a.csv", False),
        ("C3", None, None, None, "", "b.csv", False),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            f"{HEADER},colour\nC1,,,,,\n",
            "the header has the new column colour. .*or declare the column there as an attribute",
        ),
        ("club\nred\n", "the header lacks the column id"),
        (f"{HEADER}\nC1,,,,\n ,,,,\n,,,,\n", r"line 3 has no id \(and 1 more\)\. What"),
        (f"{HEADER}\nnull,,,,\n", r"line 2 has no id\. What"),
        (f"{HEADER}\nC1,,,,\nC2,,,,\n1.0,,,,\n1,,,,\n", "line 5 has the id of line 4 again"),
        (f"{HEADER}\nC1,,,,\nC1 ,,,,\nC1,,,,\n", r"line 3 has the id of line 2 again \(and 1 m"),
        (f"{HEADER}\nC1,41.5x,,,\n", "line 2, column size: not of the declared type decimal"),
        (
            f"{HEADER}\nC1,,2024-02-01,,\nC2,,30.02.2024,,\n",
            r"line 2, column joined on: not of the declared type date \(%d.%m.%Y\) \(and 1 more\)",
        ),
        (f'{HEADER}\nC1,,,,"two\nlines"\nC2,,,perhaps,\n', "line 4, column vip: not of the decl"),
        (f"{HEADER}\nC1,,,,\nC2,,\nC3,,,,\n", "line 3 can't be read as a row"),
        (
            f"{HEADER}\nC1,x,,x,\nC1,,,,\n",
            "line 2, column size: .*; line 2, column vip: .*; l",
        ),
    ],
)
def test_what_was_not_described_refuses_the_file_and_no_other(
    tmp_path: Path, text: str, told: str
) -> None:
    """The one beside it is loaded; what was loaded of it before stays."""
    load(tmp_path, {"wrong.csv": "id,club\nC7,blue\n"})
    loaded, rows = load(tmp_path, {"wrong.csv": text, "good.csv": GOOD})
    [failure] = loaded.failures
    assert failure.startswith("crm/wrong.csv")
    assert re.search(told, failure), failure
    assert "models/staging/crm/_crm__sources.yml" in failure
    assert [row[0] for row in rows] == ["C1", "C2", "C7"]
    corrected, rows = load(tmp_path, {"wrong.csv": "id,club\nC8,\n"})
    assert corrected.failures == []
    assert [row[0] for row in rows] == ["C1", "C2", "C8"]


def test_who_says_the_same_again_takes_back_what_was_said_between(tmp_path: Path) -> None:
    """Elsewhere a file that repeats another one is left out; here its day counts."""
    files = {"a_2026-01-01.csv": GOOD, "b_2026-01-02.csv": "id,club\nC1,blue\n"}
    loaded, rows = load(tmp_path, {**files, "c_2026-01-03.csv": GOOD})
    assert loaded.failures == []
    assert {row[5] for row in rows if row[0] == "C1"} == {*files, "c_2026-01-03.csv"}


def test_a_file_that_grows_is_checked_as_a_whole(tmp_path: Path) -> None:
    load(tmp_path, {"a.csv": GOOD})
    loaded, rows = load(tmp_path, {"a.csv": f"{GOOD}C1,,,,\n"})
    assert "line 4 has the id of line 2 again" in loaded.failures[0]
    assert len(rows) == 2


def test_what_files_of_deletions_hold_beside_ids_is_not_read(tmp_path: Path) -> None:
    loaded, rows = load(tmp_path, {"Deletes/a.csv": f"{HEADER}\nC1,x,x,x,x\n"})
    assert loaded.failures == [] and len(rows) == 1


def test_a_column_that_is_no_attribute_any_more_may_hold_anything() -> None:
    keyed = declared({**COLUMNS, "vip": {"attribute": False}}).keyed
    assert keyed is not None and [*keyed.attributes] == ["size", "joined", "club"]


@pytest.mark.parametrize(
    ("columns", "meta", "told"),
    [
        ({}, {"keyed_by": "number"}, "keyed_by 'number'. Name the column with the customers' ids"),
        ({"id": {"label": "I1"}}, {}, "give that column a namespace, as in meta: {namespace"),
        ({}, {"format": "parquet"}, "only delimited text .format csv. tells an empty cell"),
        ({}, {"options": {"delimiter": "whitespace"}}, "only delimited text"),
        ({}, {"on_schema_change": "ignore"}, "take on_schema_change out"),
        ({"note": {}}, {}, "its column note declares no attribute"),
    ],
)
def test_declarations_that_cannot_be_followed_are_refused(
    columns: dict[str, Any], meta: dict[str, Any], told: str
) -> None:
    with pytest.raises(UserError, match=rf"The source crm.people in models.*{told}"):
        declared({**COLUMNS, **columns}, **meta)


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Added:
    """A source that `source add --keyed-by` wrote for a first file."""
    root = tmp_path_factory.mktemp("keyed")
    project = project_copy(root / "dbt_project")
    seed = project / "seeds" / "policy" / "identity_namespaces.csv"
    seed.write_text(seed.read_text() + "crm_id,person,25,false,200,,,false,The CRM's own number.\n")
    first = root / "landing" / "crm" / "people_2026-01-02.csv"
    first.parent.mkdir(parents=True)
    lines = [f'C{n},"4{n % 9},5",{n % 28 + 1:02}.02.2024,p{n}@x.org' for n in range(30)]
    first.write_text("\n".join(["customer id,shoe size,joined on,e-mail", *lines, "C99,,,"]))
    said = {"joined on": "member_since_on", "e-mail": "crm_email"}
    return add(root, "crm", first.parent, keyed_by={"customer id": "crm_id"}, attributes=said)


def test_a_first_file_describes_the_columns(crm: Added) -> None:
    assert crm.meta("people")["keyed_by"] == "customer_id"
    said = {c["name"]: c["config"]["meta"] for c in crm.table("people")["columns"]}
    assert said["customer_id"]["namespace"] == "crm_id"
    assert [said[n].get("attribute") for n in ("shoe_size", "joined_on", "e_mail")] == [
        {"name": "shoe_size", "type": "decimal", "decimal_mark": ","},
        {"name": "member_since_on", "type": "date", "format": "%d.%m.%Y"},
        {"name": "crm_email", "type": "text"},
    ]
    assert crm.feeds() == {"people": "customer_records"}


def test_records_of_a_keyed_file_are_ids_and_nothing_else(crm: Added) -> None:
    """What its columns are called means nothing there, and an upload is no update of anybody."""
    assert crm.reasons("people") == {None: 31}
    assert crm.rows(
        "people", "count(distinct source_record_id), count(email), count(updated_at), min(said_at)"
    ) == [(31, 0, 0, datetime(2026, 1, 2))]


def test_only_delimited_text_is_keyed(tmp_path: Path) -> None:
    project = project_copy(tmp_path / "dbt_project")
    seed = project / "seeds" / "policy" / "identity_namespaces.csv"
    seed.write_text(seed.read_text() + "crm_id,person,25,false,200,,,false,The CRM's own number.\n")
    path = tmp_path / "landing" / "people.ndjson"
    path.parent.mkdir(parents=True)
    path.write_text('{"id": "C1", "club": "red"}\n')
    with pytest.raises(UserError, match="people is no delimited text"):
        add(tmp_path, "crm", path, keyed_by={"id": "crm_id"})
