"""The semantic model: metrics, measures, dimensions and entities as dbt's YAML declares them.

dbt checks the files whenever it parses the project; here they are only read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import sqlglot
import yaml
from sqlglot import exp

from orchestration.errors import UserError
from orchestration.settings import DBT_PROJECT_DIR

FOLDER = Path("models", "insights", "semantics")
GRAINS = ("day", "week", "month", "quarter", "year")
REFERENCE = re.compile(r"ref\('(\w+)'\)")
OF_DIMENSION = re.compile(r"{{\s*Dimension\('(?:\w+__)?(\w+)'\)\s*}}")


@dataclass(frozen=True)
class Dimension:
    """What a metric can be told by.

    Attributes:
        column: the SQL of it, with its table.
        table: the other table that it needs, None for the measures' own.
        on: how that table is joined, for a table with one row per key.
    """

    column: str
    table: str | None = None
    on: str = ""


@dataclass(frozen=True)
class Measure:
    """What is aggregated.

    Attributes:
        sql: the aggregate, with its table.
        last_of: the day column of which the last counts, where days must not be added up.
    """

    sql: str
    last_of: str | None


@dataclass(frozen=True)
class Model:
    """A table of insights with its measures.

    Attributes:
        table: its name.
        time: the SQL of its day, with its table.
        granularity: the finest grain that the day has.
        dimensions: by name.
        measures: by name.
    """

    table: str
    time: str
    granularity: str
    dimensions: Mapping[str, Dimension]
    measures: Mapping[str, Measure]


@dataclass(frozen=True)
class Metric:
    """A number with a name.

    Attributes:
        name, label, description: what it is called and what it says.
        type: simple, ratio or derived.
        parameters: dbt's type_params.
        conditions: filters over dimensions, as dbt writes them.
        unit: count, money or share.
        apart: dimensions that it must not be added up over.
    """

    name: str
    label: str
    description: str
    type: str
    parameters: Mapping[str, Any]
    conditions: tuple[str, ...]
    unit: str
    apart: tuple[str, ...]


@dataclass(frozen=True)
class Layer:
    """All of it.

    Attributes:
        models: by name.
        metrics: by name.
    """

    models: Mapping[str, Model]
    metrics: Mapping[str, Metric]

    def metric(self, name: str) -> Metric:
        """A metric by name.

        Raises:
            UserError: there is none of that name.
        """
        if name not in self.metrics:
            raise UserError(
                f"There is no metric {name}. Declare it in dbt_project/{FOLDER}, or name one that "
                f"exists: {', '.join(sorted(self.metrics))}.",
                2,
            )
        return self.metrics[name]

    def owner(self, measure: str) -> Model:
        """The model that has a measure; dbt sees that there is exactly one."""
        return next(model for model in self.models.values() if measure in model.measures)

    def inputs(self, metric: Metric) -> list[Metric]:
        """The simple metrics that a metric is made of, in the order of their names."""
        if metric.type == "simple":
            return [metric]
        if metric.type == "ratio":
            named = [metric.parameters["numerator"], metric.parameters["denominator"]]
        else:
            named = [_name(part) for part in metric.parameters["metrics"]]
        found = {i.name: i for name in named for i in self.inputs(self.metric(_name(name)))}
        return [found[name] for name in sorted(found)]


@cache
def read_layer(project: Path = DBT_PROJECT_DIR) -> Layer:
    """Read the semantic model.

    Parameters:
        project: the dbt project.

    Raises:
        UserError: a file is not as dbt wants it.
    """
    files = sorted((project / FOLDER).glob("*.yml"))
    try:
        texts = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in files]
        declared = [model for text in texts for model in text.get("semantic_models", [])]
        metrics = [_metric(metric) for text in texts for metric in text.get("metrics", [])]
        models = {model["name"]: _model(model, declared) for model in declared}
    except (AttributeError, KeyError, TypeError, StopIteration, yaml.YAMLError) as error:
        raise UserError(
            f"The semantic model in {project / FOLDER} can't be read ({error!r}). `dbt parse` says "
            "which line is wrong; docs/questions.md says how a metric is written."
        ) from None
    layer = Layer(models, {metric.name: metric for metric in metrics})
    _check(layer, project / FOLDER)
    return layer


def _check(layer: Layer, folder: Path) -> None:
    measures = {name: model for model in layer.models.values() for name in model.measures}
    for metric in layer.metrics.values():
        if metric.type not in ("simple", "ratio", "derived"):
            raise UserError(
                f"{folder}, metric {metric.name}: type {metric.type} can't be asked. Make it "
                "simple, ratio or derived."
            )
        if metric.type == "simple":
            model = measures.get(metric.parameters["measure"])
            named = [n for text in metric.conditions for n in OF_DIMENSION.findall(text)]
            unknown = [n for n in (*named, *metric.apart) if model and n not in model.dimensions]
            if model is None or unknown:
                raise UserError(
                    f"{folder}, metric {metric.name}: there is no "
                    + (
                        f"dimension {unknown[0]}"
                        if model
                        else f"measure {metric.parameters['measure']}"
                    )
                    + ". Declare it in the semantic model of the table."
                )


def qualified(sql: str, table: str) -> str:
    """An expression of dbt's YAML with each column's table.

    Parameters:
        sql: a column, or an expression over columns.
        table: whose they are.
    """
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    for column in tree.find_all(exp.Column):
        if not column.table:
            column.set("table", exp.to_identifier(table))
    return str(tree.sql("duckdb"))


def _name(part: Any) -> str:
    return part["name"] if isinstance(part, Mapping) else str(part)


def _metric(text: Mapping[str, Any]) -> Metric:
    meta = text.get("config", {}).get("meta", {})
    condition = text.get("filter", ())
    return Metric(
        name=text["name"],
        label=text["label"],
        description=" ".join(text["description"].split()),
        type=text["type"],
        parameters=text["type_params"],
        conditions=(condition,) if isinstance(condition, str) else tuple(condition),
        unit=meta.get("unit", "count"),
        apart=(*meta.get("apart", ()), *(["currency"] if meta.get("unit") == "money" else [])),
    )


def _table(text: Mapping[str, Any]) -> str:
    found = REFERENCE.search(text["model"])
    if found is None:
        raise KeyError(text["model"])
    return found[1]


def _model(text: Mapping[str, Any], declared: Sequence[Mapping[str, Any]]) -> Model:
    table = _table(text)
    dimensions = {d["name"]: d for d in text.get("dimensions", [])}
    by_name: dict[str, Dimension] = {}
    for entity in text.get("entities", []):
        key = qualified(entity.get("expr", entity["name"]), table)
        if entity["type"] == "foreign":
            by_name[entity["name"]] = Dimension(key)
            by_name |= _beyond(entity["name"], key, declared)
    by_name |= {
        name: Dimension(qualified(d.get("expr", name), table))
        for name, d in dimensions.items()
        if d["type"] == "categorical"
    }
    time = text.get("defaults", {}).get("agg_time_dimension", "")
    measures = {}
    for measure in text.get("measures", []):
        last = measure.get("non_additive_dimension", {}).get("name")
        measures[measure["name"]] = Measure(
            _aggregate(measure["agg"], qualified(measure.get("expr", measure["name"]), table)),
            dimensions[last].get("expr", last) if last else None,
        )
    return Model(
        table=table,
        time=qualified(dimensions[time].get("expr", time), table) if time else "",
        granularity=dimensions[time]["type_params"]["time_granularity"] if time else "",
        dimensions=by_name,
        measures=measures,
    )


def _beyond(entity: str, key: str, declared: Sequence[Mapping[str, Any]]) -> dict[str, Dimension]:
    """The dimensions of the tables that have one row per key of an entity."""
    found: dict[str, Dimension] = {}
    for other in declared:
        for own in other.get("entities", []):
            if own["name"] == entity and own["type"] in ("primary", "unique"):
                table = _table(other)
                on = f"{key} = {qualified(own.get('expr', entity), table)}"
                found |= {
                    d["name"]: Dimension(qualified(d.get("expr", d["name"]), table), table, on)
                    for d in other.get("dimensions", [])
                    if d["type"] == "categorical"
                }
    return found


def _aggregate(function: str, sql: str) -> str:
    if function == "count_distinct":
        return f"count(distinct {sql})"
    if function not in ("sum", "count", "min", "max"):
        raise KeyError(f"agg {function}: sum, count, count_distinct, min or max")
    return f"{function}({sql})"
