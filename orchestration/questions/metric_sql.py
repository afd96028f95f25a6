"""A metric as a question: the SQL that its declaration means, by dimensions and by time.

Every part is aggregated on its own, from the table that has its measure; rates and derived metrics
are then computed from these sums, so no rate is ever averaged.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from orchestration.errors import UserError
from orchestration.questions.files import Header, Parameter, Question
from orchestration.questions.semantics import (
    GRAINS,
    OF_DIMENSION,
    Layer,
    Metric,
    Model,
)

WORD = re.compile(r"\b[a-z_]\w*\b")
TYPES = {"count": "bigint", "money": "decimal(18, 2)", "share": "double"}
"""Of a metric's unit."""
CONDITIONS = {
    "from_on": "{} >= getvariable('{}')",
    "until_on": "{} <= getvariable('{}')",
}
SHAPES = {
    "by": {"type": "text", "about": "Dimensions, with commas between them."},
    "grain": {"type": "text", "options": list(GRAINS), "about": "One row per day, week and so on."},
}
"""Parameters that no variable carries: they shape the select."""
PREFIX = "metric:"
PERIOD = "period_on"


def metric_question(layer: Layer, name: str, given: Sequence[str]) -> tuple[Question, list[str]]:
    """The question that asks a metric.

    Parameters:
        layer: the semantic model.
        name: of the metric.
        given: parameters as key=value; `by` (dimensions, with commas) and `grain` (day, week,
            month, quarter or year) shape the question.

    Returns:
        The question, and the parameters that are left to bind.

    Raises:
        UserError: there is no such metric, dimension or grain.
    """
    metric = layer.metric(name)
    inputs = layer.inputs(metric)
    models = [layer.owner(part.parameters["measure"]) for part in inputs]
    shape = {key: _last(given, key) for key in SHAPES}
    by = _dimensions(metric, models, shape["by"])
    by = list(dict.fromkeys([*by, *(name for part in inputs for name in part.apart)]))
    grain = _grain(metric, models, shape["grain"])
    header = _header(metric, by, grain, _common(models))
    left = [text for text in given if text.partition("=")[0] not in shape]
    chosen = [n for n in header.parameters if n in {text.partition("=")[0] for text in left}]
    sql = _sql(layer, metric, inputs, by, grain, chosen)
    return Question(PREFIX + name, sql, header, frozenset(chosen)), left


def dimensions_of(layer: Layer, name: str) -> list[str]:
    """What a metric can be told by.

    Parameters:
        layer: the semantic model.
        name: of the metric.
    """
    inputs = layer.inputs(layer.metric(name))
    return _common([layer.owner(part.parameters["measure"]) for part in inputs])


def _last(given: Sequence[str], key: str) -> str:
    values = [text.partition("=")[2] for text in given if text.partition("=")[0] == key]
    if len(values) > 1:
        raise UserError(f"--param {key} is given twice. Give it once.", 2)
    return values[0] if values else ""


def _common(models: Sequence[Model]) -> list[str]:
    return sorted(set.intersection(*(set(model.dimensions) for model in models)))


def _dimensions(metric: Metric, models: Sequence[Model], by: str) -> list[str]:
    asked = list(dict.fromkeys(part.strip() for part in by.split(",") if part.strip()))
    known = _common(models)
    for dimension in asked:
        if dimension not in known:
            raise UserError(
                f"The metric {metric.name} is not known by {dimension}; it is by "
                f"{', '.join(known) or 'nothing'}, and by time with grain.",
                2,
            )
    return asked


def _grain(metric: Metric, models: Sequence[Model], grain: str) -> str:
    finest = max((model.granularity for model in models), key=GRAINS.index)
    known = GRAINS[GRAINS.index(finest) :]
    # A month does not begin with a week.
    known = tuple(g for g in known if g != "week" or finest == "day")
    if grain and grain not in known:
        raise UserError(
            f"The metric {metric.name} has no grain {grain}; it has {', '.join(known)}.", 2
        )
    return grain


def _header(metric: Metric, by: Sequence[str], grain: str, filters: Sequence[str]) -> Header:
    per = [*([grain] if grain else []), *by]
    return Header(
        title=metric.label,
        question=f"What is {metric.label.lower()}" + (f" by {', '.join(per)}?" if per else "?"),
        grain=f"One row per {', '.join(per)}." if per else "One row.",
        note=metric.description,
        chart=f"columns of {metric.name}" + (f" by {per[0]}." if per else "."),
        parameters={
            "from_on": Parameter(type="date", about="The first day; all days when unset."),
            "until_on": Parameter(type="date", about="The last day; all days when unset."),
            **{d: Parameter(type="text", about=f"Only this {d}; all when unset.") for d in filters},
        },
    )


def _sql(
    layer: Layer,
    metric: Metric,
    inputs: Sequence[Metric],
    by: Sequence[str],
    grain: str,
    chosen: Sequence[str],
) -> str:
    keys = [*([PERIOD] if grain else []), *by]
    steps = [step for part in inputs for step in _steps(layer, part, by, grain, chosen)]
    source = inputs[0].name
    if len(inputs) > 1:
        source = "totals"
        steps += [_parts(inputs, keys), _totals(inputs, keys)]
    value = f"cast({_formula(layer, metric)} as {TYPES[metric.unit]}) as {metric.name}"
    columns = ",\n    ".join([*keys, value])
    order = "\norder by " + ", ".join(f"{key} asc" for key in keys) if keys else ""
    return "with\n\n" + ",\n\n".join(steps) + f"\n\nselect\n    {columns}\nfrom {source}{order}\n"


def _parts(inputs: Sequence[Metric], keys: Sequence[str]) -> str:
    """The inputs below each other, each in a column of its own: no join can lose a group."""
    parts = []
    for part in inputs:
        values = [
            i.name if i is part else f"cast(null as {TYPES[i.unit]}) as {i.name}" for i in inputs
        ]
        columns = ",\n        ".join([*keys, *values])
        parts.append(f"    select\n        {columns}\n    from {part.name}")
    return "parts as (\n" + "\n    union all\n".join(parts) + "\n)"


def _totals(inputs: Sequence[Metric], keys: Sequence[str]) -> str:
    columns = ",\n        ".join([*keys, *(f"sum({i.name}) as {i.name}" for i in inputs)])
    group = f"\n    group by {', '.join(keys)}" if keys else ""
    return f"totals as (\n    select\n        {columns}\n    from parts{group}\n)"


def _steps(
    layer: Layer, part: Metric, by: Sequence[str], grain: str, chosen: Sequence[str]
) -> list[str]:
    """The part's own aggregate, after the days that count where a state must not be added up."""
    model = layer.owner(part.parameters["measure"])
    measure = model.measures[part.parameters["measure"]]
    period = f"cast(date_trunc('{grain}', {model.time}) as date)"
    days = [CONDITIONS[name].format(model.time, name) for name in chosen if name in CONDITIONS]
    asked = [name for name in chosen if name not in CONDITIONS]
    conditions = days + [f"{model.dimensions[n].column} = getvariable('{n}')" for n in asked]
    holding = _holding(part, model, [*by, *asked])
    conditions += [f"({_condition(text, model)})" for text in holding]
    limited = [name for text in holding for name in OF_DIMENSION.findall(text)]
    joins: dict[str, str] = {}
    steps = []
    if measure.last_of:
        column = f"{model.table}.{measure.last_of}"
        steps.append(
            f"{part.name}_days as (\n    select max({column}) as last_on\n"
            f"    from insights.{model.table}\n{_where(days)}"
            + (f"    group by {period}\n)" if grain else ")")
        )
        joins["days"] = f"    inner join {part.name}_days on {column} = {part.name}_days.last_on\n"
    for name in [*by, *asked, *limited]:
        dimension = model.dimensions[name]
        if dimension.table:
            joins[dimension.table] = f"    left join insights.{dimension.table} on {dimension.on}\n"
    keys = [(PERIOD, period)] if grain else []
    keys += [(name, model.dimensions[name].column) for name in by]
    columns = ",\n        ".join(
        [f"{sql} as {name}" for name, sql in keys]
        + [f"cast({measure.sql} as {TYPES[part.unit]}) as {part.name}"]
    )
    group = f"    group by {', '.join(sql for _, sql in keys)}\n" if keys else ""
    steps.append(
        f"{part.name} as (\n    select\n        {columns}\n    from insights.{model.table}\n"
        f"{''.join(joins.values())}{_where(conditions)}{group})"
    )
    return steps


def _where(conditions: Sequence[str]) -> str:
    if not conditions:
        return ""
    return "    where\n        " + "\n        and ".join(conditions) + "\n"


def _holding(part: Metric, model: Model, chosen: Sequence[str]) -> list[str]:
    """The metric's own filters; one gives way to a choice of its dimension, or of its table."""
    tables = {model.dimensions[name].table for name in chosen} - {None}

    def holds(text: str) -> bool:
        named = OF_DIMENSION.findall(text)
        return not any(n in chosen or model.dimensions[n].table in tables for n in named)

    return [text for text in part.conditions if holds(text)]


def _condition(text: str, model: Model) -> str:
    return OF_DIMENSION.sub(lambda found: model.dimensions[found[1]].column, text).strip()


def _formula(layer: Layer, metric: Metric) -> str:
    if metric.type == "simple":
        return metric.name
    if metric.type == "ratio":
        above, below = (
            _formula(layer, layer.metric(_name(metric.parameters[side])))
            for side in ("numerator", "denominator")
        )
        return f"cast({above} as double) / nullif({below}, 0)"
    names = {_name(part) for part in metric.parameters["metrics"]}
    return WORD.sub(
        lambda found: (
            f"({_formula(layer, layer.metric(found[0]))})" if found[0] in names else found[0]
        ),
        metric.parameters["expr"],
    )


def _name(part: object) -> str:
    return str(part["name"]) if isinstance(part, dict) else str(part)
