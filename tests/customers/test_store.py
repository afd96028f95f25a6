"""What runs publish for the page is what the terminal tells, and no run waits for a reader."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import duckdb
import pytest

from orchestration.customers.store import People, publish_people, remove_people, stores
from orchestration.errors import UserError
from orchestration.lookup.layers import connect_people
from orchestration.lookup.person import Asked, look_up
from orchestration.lookup.search import search, with_exactly
from orchestration.publish.assets import _people
from orchestration.segment_tools.kept import kept_why
from orchestration.settings import Settings
from orchestration.warehouse import connect_writer
from tests.conftest import Company

PEOPLE = "select profile_id from profile.profiles order by md5(profile_id) limit 15"
WORDS = ("anna berlin", "schmidt", "example org", "+49 170 1234567")


@pytest.fixture(scope="module")
def published(finished_company: Company, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The people of a copy of the company's warehouse."""
    own = finished_company.settings
    settings = Settings(tmp_path_factory.mktemp("people"), own.landing_dir, own.dbt_project_dir)
    shutil.copyfile(own.warehouse_path, settings.warehouse_path)
    (settings.data_dir / "dbt_target").symlink_to(own.dbt_target_dir)
    with connect_writer(settings) as con:
        assert publish_people(settings, con)
        assert not publish_people(settings, con)  # there is nothing new
    return settings


def test_the_page_and_the_terminal_are_told_the_same(published: Settings) -> None:
    store = People(published)
    project = published.dbt_project_dir
    with connect_people(published) as layers, store.connect() as con:
        people = [person for (person,) in layers.execute(PEOPLE).fetchall()]
        asked = Asked(limit=1000, changes=1000)
        for person in people:
            told = [json.dumps(look_up(at, person, asked), default=str) for at in (layers, con)]
            assert told[0] == told[1]
            assert with_exactly(con, person, 5)[0]["profile_id"] == person
        for words in WORDS:
            assert search(layers, project, words, 20) == search(con, project, words, 20)
    store.close()


def test_why_is_told_from_what_is_kept(published: Settings, finished_company: Company) -> None:
    store = People(published)
    held = 0
    with (
        duckdb.connect(str(finished_company.settings.warehouse_path), read_only=True) as warehouse,
        store.connect() as con,
    ):
        members = con.execute(
            "select segment_name, min(profile_id) from segments.segment_membership group by all"
        ).fetchall()
        for segment, person in members:
            told = kept_why(con, segment, person, person)
            assert told == kept_why(warehouse, segment, person, person)
            assert told["is_member"]
            held += sum(one["is_true"] for one in told["clauses"])
    assert held >= len(members)
    store.close()


def test_nobody_else_may_read_the_file(published: Settings) -> None:
    [file] = stores(published)
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_what_is_not_for_lookup_and_what_nobody_asks_is_not_in_it(published: Settings) -> None:
    [file] = stores(published)
    with duckdb.connect(str(file), read_only=True) as con:
        schemas = {s for (s,) in con.execute("select schema_name from duckdb_tables()").fetchall()}
    assert schemas == {
        "identity", "operations", "policy", "profile", "segments", "store", "value",
    }  # fmt: skip


def fails(*_: object) -> None:
    raise UserError("the disk is full")


def test_runs_publish_people_only_where_there_is_a_page(
    published: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = Settings(tmp_path, published.landing_dir, published.dbt_project_dir)
    (tmp_path / "customers").mkdir()
    (tmp_path / "customers" / "people-1.duckdb").touch()
    monkeypatch.delenv("C360_USERS_FILE", raising=False)
    with connect_writer(settings) as con:
        assert _people(settings, con) == []
        assert stores(settings) == []
        # What goes wrong is told, and takes no run with it.
        monkeypatch.setenv("C360_USERS_FILE", "users.yml")
        monkeypatch.setattr("orchestration.publish.assets.publish_people", fails)
        [fault] = _people(settings, con)
    assert fault == "the customer page shows the people of an earlier run: the disk is full"


def test_a_reader_reads_on_while_a_run_takes_the_file_away(published: Settings) -> None:
    store = People(published)
    [file] = stores(published)
    copy = file.read_bytes()
    with store.connect() as con:
        remove_people(published)
        assert con.execute("select count(*) > 0 from profile.profiles").fetchall() == [(True,)]
        file.write_bytes(copy)
    store.close()
