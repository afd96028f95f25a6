"""A measure's declaration in dbt_project.yml, by which profile, insights and dashboards show it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml.comments import CommentedMap

from orchestration.project_files import project_yaml, yaml_text
from orchestration.value.measure_text import Measure, Shape

MONEY = ("_amount", "_revenue", "_transaction_value")
NUMBERS = ("_count", "_points", "_balance", "_days", "_score", "quantity")
TOLD = ("product_id", "campaign_id")
"""Ids that stand for no person and no order."""


def declared_measures(project: Path) -> dict[str, Any]:
    """What `vars.measures` says, by name; nothing where it is not there."""
    content = project_yaml().load((project / "dbt_project.yml").read_text(encoding="utf-8"))
    return dict(content.get("vars", {}).get("measures") or {})


def withheld(wanted: Measure, personal: Collection[str]) -> list[str]:
    """The dimensions for which a measure stays in value: they could tell who somebody is.

    Parameters:
        wanted: the measure.
        personal: the columns of its model that are labelled as personal data.
    """
    return [
        column
        for column in wanted.per
        if column in personal
        or column.endswith("_at")
        or (column.endswith("_id") and column not in TOLD)
    ]


def declaration(project: Path, wanted: Measure) -> str:
    """The text of dbt_project.yml with the measure under `vars.measures`, all else as it was.

    Parameters:
        project: the dbt project.
        wanted: the measure; one of several calculations is declared once for each.
    """
    text = (project / "dbt_project.yml").read_text(encoding="utf-8")
    rows: dict[str, dict[str, Any]] = {
        wanted.name: {
            "title": _title(wanted.name),
            "unit": _unit(wanted, declared_measures(project)),
        }
    }
    if wanted.shape is Shape.CUSTOMER_TABLE:
        name = f"{wanted.name}_row_count"
        rows[name] = {"title": _title(name), "unit": "count"}
        rows[name] |= {"from": wanted.name, "value": "row_count"}
    if wanted.function not in ("sum", "count"):
        rows[wanted.name]["adds_up"] = False
    for row in rows.values():
        if wanted.per:
            row["per"] = list(wanted.per)
        if wanted.shape is Shape.BUSINESS_MEASURE:
            row["of"] = "company"
    return _behind_the_last(text, rows) or _written_anew(text, rows)


def _behind_the_last(text: str, rows: Mapping[str, Any]) -> str | None:
    """The rows on lines below the last measure and its comments; None where there is no such line.

    Written anew by a library, comments would move.
    """
    node: Any = yaml.compose(text)
    for name in ("vars", "measures"):
        node = next((v for k, v in node.value if k.value == name), None)
        if not isinstance(node, yaml.MappingNode) or node.flow_style or not node.value:
            return None
    key, last = node.value[-1]
    indent = " " * key.start_mark.column
    lines = f"{text.rstrip()}\n".splitlines(keepends=True)
    place = _last_line(last) + 1
    while place < len(lines) and lines[place].startswith(f"{indent}#"):
        place += 1
    added = [
        f"{indent}{name}: "
        + yaml.safe_dump(row, default_flow_style=True, sort_keys=False, width=4096)
        for name, row in rows.items()
    ]
    return "".join([*lines[:place], *added, *lines[place:]])


def _last_line(node: Any) -> int:
    """Where a value ends; of a block PyYAML says where the next thing begins."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.line)


def _written_anew(text: str, rows: Mapping[str, Any]) -> str:
    writer = project_yaml()
    content = writer.load(text)
    variables = content.setdefault("vars", CommentedMap())
    if not variables.get("measures"):
        variables["measures"] = CommentedMap()
    for name, said in rows.items():
        row: Any = CommentedMap(said)
        row.fa.set_flow_style()
        variables["measures"][name] = row
    return yaml_text(writer, content)


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _unit(wanted: Measure, measures: dict[str, Any]) -> str:
    """What the result is: money, a count, a number, or a text of which only people are counted."""
    value = wanted.value or ""
    if wanted.function in ("count", "count_distinct"):
        return "count"
    if value in measures and measures[value]["unit"] != "count":
        return str(measures[value]["unit"])
    if f"_{value}".endswith(MONEY):
        return "money"
    is_number = wanted.function in ("sum", "average") or f"_{value}".endswith(NUMBERS)
    return "number" if is_number else "text"
