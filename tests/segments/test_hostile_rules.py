"""Nothing in a rule file reaches the database or dbt as code."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.segments.drafts import drafted
from tests.segments import hostile
from tests.segments.world import catalogue

CASES = [*hostile.names(), *hostile.texts(), *hostile.files()]
PAYLOADS = (
    "'; drop table kept; --", "' or '1'='1", "\\'; drop table kept; --", "'' union select 1 --",
    "$$; drop table kept; $$", "E'\\x27'", "/* */ drop table kept", "%", "_", "\\", "''", "'",
    '"; drop table kept; --', "); drop table kept; (", "{ {", "{ %", "$1", "?", ":x", "@x", "#",
    "${HOME}", "`id`", "$(id)", "<script>", "\u2019; drop", "not x is null", "a in (1)",
)  # fmt: skip


def test_there_are_enough_hostile_rule_files() -> None:
    assert len({content for _, content in CASES}) >= 600


def test_the_rule_that_hostile_ones_change_is_compiled_as_it_is() -> None:
    assert "with" in drafted("rule", hostile.text(hostile.WHOLE), catalogue())[1]


def test_hostile_rule_files_are_refused_and_say_where() -> None:
    known, faults = catalogue(), []
    for name, content in CASES:
        try:
            drafted("rule", content, known)
        except UserError as error:
            said = str(error)
            if not said.startswith("dbt_project/segment_rules/rule.yml") or error.exit_code != 2:
                faults.append(f"{name}: says {said:.200}")
            if len(said) > 2500 or not said.replace("\n", "").isprintable():
                faults.append(f"{name}: prints {said:.200}")
        except Exception as error:
            faults.append(f"{name}: {type(error).__name__} {error}"[:200])
        else:
            faults.append(f"{name}: was compiled")
    assert faults == []


@pytest.mark.parametrize(
    "name", ["../rule", "Rule", "select", "r", "", "a b", "r\u0443le", "x" * 80]
)
def test_a_segment_has_a_plain_name(name: str) -> None:
    with pytest.raises(UserError, match="name of a segment"):
        drafted(name, hostile.text(hostile.WHOLE), catalogue())


def test_code_in_a_value_is_a_value(tmp_path: Path) -> None:
    known = catalogue()
    with duckdb.connect() as con:
        con.execute("create table kept as select 1 as one")
        con.execute("create table profiles (profile_id varchar, city varchar)")
        con.execute("create table activities (profile_id varchar, activity_type varchar)")
        con.execute("create view recorded_activities as from activities")
        for payload in PAYLOADS:
            con.execute("delete from profiles")
            con.execute("delete from activities")
            con.execute("insert into profiles values ('p1', ?), ('p2', 'x')", [payload])
            con.execute("insert into activities values ('p1', ?), ('p2', 'x')", [payload])
            for said in (
                {"field": "profiles.city", "operator": "equals", "value": payload},
                {"field": "profiles.city", "operator": "in", "value": ["y", payload]},
                {"field": "profiles.city", "operator": "starts_with", "value": payload},
                {"event": payload},
                {"event": ["y", payload]},
            ):
                rule = {**hostile.WHOLE, "title": payload, "purpose": payload, "include": said}
                rule.pop("exclude")
                sql = drafted("rule", hostile.text(rule), known)[1].split("-#}", 1)[1]
                plain = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"\1", sql)
                assert [row[0] for row in con.execute(plain).fetchall()] == ["p1"], (payload, sql)
                assert "{{" not in plain and "{%" not in plain
        assert con.execute("from kept").fetchall() == [(1,)]
    assert list(tmp_path.iterdir()) == []
