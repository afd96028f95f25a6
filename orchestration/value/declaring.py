"""A measure's declaration in dbt_project.yml, by which profile, insights and dashboards show it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

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
    """The text of dbt_project.yml with the measure under `vars.measures`, comments kept.

    Parameters:
        project: the dbt project.
        wanted: the measure; one of several calculations is declared once for each.
    """
    yaml = project_yaml()
    content = yaml.load((project / "dbt_project.yml").read_text(encoding="utf-8"))
    variables = content.setdefault("vars", CommentedMap())
    if not variables.get("measures"):
        variables["measures"] = CommentedMap()
    measures = variables["measures"]
    rows: dict[str, dict[str, Any]] = {
        wanted.name: {"title": _title(wanted.name), "unit": _unit(wanted, measures)}
    }
    if wanted.shape is Shape.CUSTOMER_TABLE:
        name = f"{wanted.name}_row_count"
        rows[name] = {"title": _title(name), "unit": "count"}
        rows[name] |= {"from": wanted.name, "value": "row_count"}
    # What stands behind the last item (a comment, a blank line) belongs behind the new one.
    last = next(reversed(measures), None)
    trailing = _cut(measures, last)
    if wanted.function not in ("sum", "count"):
        rows[wanted.name]["adds_up"] = False
    for name, said in rows.items():
        row: Any = CommentedMap(said)
        if wanted.per:
            row["per"] = list(wanted.per)
        if wanted.shape is Shape.BUSINESS_MEASURE:
            row["of"] = "company"
        row.fa.set_flow_style()
        measures[name] = row
    if trailing is not None:
        measures.ca.items[next(reversed(measures))] = trailing
    return yaml_text(yaml, content)


def _cut(measures: Any, last: str | None) -> Any:
    """Take off what is written behind the last row."""
    return measures.ca.items.pop(last, None) if last is not None else None


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
