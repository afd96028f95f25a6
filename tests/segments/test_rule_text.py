"""What is written of a rule is read as that rule, and looks as people write it."""

from __future__ import annotations

import random
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.errors import UserError
from orchestration.segments.checking import read_rule
from orchestration.segments.reading import Document, parse_rule_text
from orchestration.segments.rule_text import WIDTH, rule_text, said_of
from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT
from tests.segments import hostile
from tests.segments.trees import Trees
from tests.segments.world import random_world

HEAD = {"title": "A", "owner": "team:marketing", "purpose": "A test.", "state": "active"}
WRITTEN_BY_HAND = [
    *sorted((PROJECT_ROOT / "tests" / "rule_builder" / "by_hand").glob("*.yml")),
    DBT_PROJECT_DIR / "segment_rules" / "win_back.yml",
]


def parsed(text: str) -> Any:
    return parse_rule_text(text.encode(), "rule.yml").data


def written_and_read(seed: int, number: int) -> int:
    """Random rules that are read as they were said; the lines they took."""
    rng = random.Random(seed)
    trees = Trees(rng, random_world(rng))
    lines = 0
    for _ in range(number):
        data = trees.rule()
        rule = read_rule(Document("rule.yml", data, {(): 1}))
        text = rule_text(said_of(rule))
        assert read_rule(parse_rule_text(text.encode(), "rule.yml")) == rule, text
        assert rule_text(said_of(rule)) == text == rule_text(parsed(text)), "no fixed point"
        assert max(map(len, text.splitlines())) <= WIDTH, text
        lines += text.count("\n")
    return lines


def test_random_rules_are_read_as_they_were_said() -> None:
    assert written_and_read(23, 40) > 400


@pytest.mark.slow
def test_two_thousand_random_rules_are_read_as_they_were_said() -> None:
    assert written_and_read(24, 2000) > 20_000


@pytest.mark.parametrize("path", WRITTEN_BY_HAND, ids=lambda path: path.stem)
def test_a_file_written_by_hand_is_written_as_it_stands(path: Path) -> None:
    text = path.read_text("utf-8")
    assert rule_text(parsed(text)) == re.sub(r"(?m)^ *#.*\n", "", text)


@pytest.mark.parametrize(
    "value",
    ["NO", "null", "~", "", "true", "14 days", "1e5", "007", "-", "- a", "a: b", "a #b", "#", "'",
     '"', "a\nb", " a", "a ", "{{ x }}", "[a]", "&a", "*a", "!a", "é", "😀", "\u200b", "\x07",
     "\ufeff", "2026-01-31", "1.5", "a,b", "%", "@", "`", "|", ">", "?", "\\", "a\\nb", "x" * 300,
     "two words " * 30, 7, -3, 0, Decimal("12.50"), Decimal("-0.000001"), True, False,
     date(2026, 1, 31)],
)  # fmt: skip
def test_any_value_is_read_as_it_was_said(value: Any) -> None:
    said: dict[str, Any] = {
        **HEAD,
        "purpose": value,
        "include": {"all": [{"x": value, "y": [value, value], "where": {"c": value}}]},
    }
    text = rule_text(said)
    assert parsed(text) == said
    read = parsed(text)["purpose"]
    assert type(read) is type(value)
    if isinstance(value, str) and value.isprintable():
        assert yaml.safe_load(text)["purpose"] == value, "to others it is something else"


def test_hostile_rules_are_as_hostile_when_written() -> None:
    known = 0
    for _, content in hostile.texts():
        try:
            data = parse_rule_text(content, "rule.yml").data
        except UserError:
            continue
        assert parsed(rule_text(data)) == data
        known += 1
    assert known > 20


def test_equals_is_written_as_its_value_where_the_model_reads_it_so() -> None:
    equal = {"operator": "equals", "value": 2}
    clause = {"event": "login", "where": {"a": equal, "b": {"operator": "is_null"}}, "count": equal}
    text = rule_text({**HEAD, "include": clause})
    assert "where: {a: 2, b: {operator: is_null}}" in text
    assert "count: 2\n" in text
    field = rule_text({**HEAD, "include": {"field": "a.b", **equal}})
    assert "operator: equals" in field
