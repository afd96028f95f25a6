"""The page about rule files says what the code does."""

from __future__ import annotations

import re

from orchestration.segments.catalogue import (
    ABOUT_PEOPLE,
    DERIVED_TYPES,
    EVENT_TABLES,
    read_catalogue,
)
from orchestration.segments.checking import check_rule, read_rule
from orchestration.segments.operators import FUNCTIONS, OPERATORS, UNITS
from orchestration.segments.reading import parse_rule_text
from orchestration.segments.rule import MOST_CLAUSES
from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT

PAGE = (PROJECT_ROOT / "docs" / "segment-rules.md").read_text("utf-8")


def test_the_table_of_operators_is_that_of_the_code() -> None:
    part = PAGE.split("## Operators")[1].split("\n## ")[0]
    rows = [line for line in part.splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{name}` | {one.takes} | {', '.join(one.kinds)} | {one.meaning} |"
        for name, one in OPERATORS.items()
    ]


def test_the_rule_on_the_page_is_the_shipped_one_and_its_names_are_there() -> None:
    shipped = (DBT_PROJECT_DIR / "segment_rules" / "win_back.yml").read_text("utf-8")
    plain = re.sub(r"(?m)^ *#.*\n", "", shipped)
    told = PAGE.split("```yaml\n", 1)[1].split("```")[0].split("\n", 1)[1]
    assert told == plain
    document = parse_rule_text(told.encode(), "page")
    check_rule("win_back", read_rule(document), read_catalogue(DBT_PROJECT_DIR), document)


def test_snippets_are_rules() -> None:
    snippet = PAGE.split("## Sequences\n```yaml\n")[1].split("```")[0]
    head = "title: A\nowner: team:a\npurpose: x\ninclude:\n"
    body = "".join(f"  {line}\n" for line in snippet.splitlines())
    document = parse_rule_text((head + body).encode(), "page")
    check_rule("x", read_rule(document), read_catalogue(DBT_PROJECT_DIR), document)


def test_the_page_names_tables_functions_and_limits() -> None:
    for name in (*ABOUT_PEOPLE, *FUNCTIONS):
        assert name in PAGE, name
    for table, instant in EVENT_TABLES.items():
        assert "activities" in table or f"`{instant}`" in PAGE
    for unit in UNITS:
        assert unit in PAGE
    assert f"up to {MOST_CLAUSES} clauses" in PAGE


def test_types_that_only_activities_has_are_those_of_its_model() -> None:
    models, seeds = DBT_PROJECT_DIR / "models" / "profile", DBT_PROJECT_DIR / "seeds" / "policy"
    templates = (seeds / "activity_templates.csv").read_text()
    abandoned = re.findall(r"(?m)^(\w+_abandoned),", templates)
    lines = re.findall(r"(?:then|else) '(\w+)'", (models / "activities.sql").read_text())
    assert {*lines, *abandoned} == set(DERIVED_TYPES)
    assert "'_abandoned'" in (models / "abandoned_visits.sql").read_text()
