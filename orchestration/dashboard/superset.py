"""A page as a dashboard of Superset: the files of its import, made from the page's questions.

What a chart asks stands in its question file, so a metric stands once: the file here holds that
select in PostgreSQL's SQL, with what is chosen when nobody chooses. Ids follow from names.
Superset replaces the dashboard of an id and leaves charts and data sets that are there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml

from orchestration.dashboard.pages import Chart, Item, Measure, Page
from orchestration.dashboard.reading import read_pages
from orchestration.errors import UserError
from orchestration.questions.dialects import printed
from orchestration.questions.files import read_question, select_of
from orchestration.terminal import literal

DATABASE = "customer_360_insights"
ADDRESS = "postgresql+psycopg2://analyst@localhost:5432/bi"
"""Of an import; who imports it sets his own in Superset, or in the file."""
VERSION = "1.0.0"
"""Of Superset's import format."""
FULL_WIDTH = 12
PIXELS_OF_A_ROW = 8
FORMATS = {"count": ",d", "money": ",.2f", "share": ".1%", "number": ",.2f"}
MOST_ROWS = 10_000


def write_superset(name: str, folder: Path) -> None:
    """Write a page as an import of Superset.

    Parameters:
        name: the page, which is its file without .yml.
        folder: where to; it must not exist, or be empty.

    Raises:
        UserError: there is no such page, a question of it can't be said in PostgreSQL's SQL, or
            the folder holds something or can't be written.
    """
    shown = literal(str(folder))
    pages = {page.name: page for page in read_pages().sound}
    if name not in pages:
        raise UserError(f"There is no sound page {literal(name)}. Use {', '.join(pages)}.", 2)
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UserError(f"{shown} is there already. Name an empty or a new folder.", 2)
        for path, text in superset_files(pages[name]).items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{shown} can't be written: {error.strerror}.") from None


def superset_files(page: Page) -> dict[str, str]:
    """The files of an import, by path within its folder.

    Parameters:
        page: a page of the dashboards; each item becomes a chart over a data set of its own.

    Raises:
        UserError: a question of the page is none, or can't be said in PostgreSQL's SQL.
    """
    files: dict[str, Any] = {
        "metadata.yaml": {"version": VERSION, "type": "Dashboard"},
        f"databases/{DATABASE}.yaml": {
            "database_name": DATABASE,
            "sqlalchemy_uri": ADDRESS,
            "expose_in_sqllab": True,
            "extra": {},
            "uuid": _uuid("database"),
            "version": VERSION,
        },
        f"dashboards/{page.name}.yaml": {
            "dashboard_title": page.title,
            "description": page.description,
            "uuid": _uuid("dashboard", page.name),
            "position": _position(page),
            "metadata": {},
            "version": VERSION,
        },
    }
    for item in page.items:
        files[f"datasets/{DATABASE}/{page.name}_{item.id}.yaml"] = _dataset(page, item)
        files[f"charts/{page.name}_{item.id}.yaml"] = _chart(page, item)
    return {
        path: yaml.dump(content, Dumper=_Lines, sort_keys=False, allow_unicode=True, width=100)
        for path, content in files.items()
    }


class _Lines(yaml.SafeDumper):
    """YAML in which a text of several lines stands as such."""

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """A text as YAML."""
        style = "|" if "\n" in data else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Lists are indented, as yamllint asks for."""
        super().increase_indent(flow, False)


_Lines.add_representer(str, _Lines.represent_str)


def _uuid(*names: str) -> str:
    return str(uuid5(NAMESPACE_URL, "/".join(("customer-360", *names))))


def _columns(item: Item) -> list[Measure]:
    """The columns that an item shows, each once."""
    shown: dict[str, Measure] = {}
    for measure in _measures(item):
        shown.setdefault(measure.column, measure)
        if measure.unit == "money":
            shown.setdefault("currency", Measure(column="currency", title="Currency", unit="text"))
    return list(shown.values())


def _measures(item: Item) -> Iterator[Measure]:
    if item.chart:
        chart = item.chart
        yield chart.along
        if chart.split_by:
            yield chart.split_by
        yield from chart.values
        yield from chart.hover
    yield from item.figures
    yield from item.table


def _dataset(page: Page, item: Item) -> dict[str, Any]:
    question = read_question(item.template)
    return {
        "table_name": f"{page.name}_{item.id}",
        "description": question.header.question,
        "sql": select_of(printed(question, "postgres", {})),
        "columns": [
            {
                "column_name": measure.column,
                "verbose_name": measure.title,
                "is_dttm": measure.unit in ("month", "date"),
                "type": _type(measure),
                "groupby": True,
                "filterable": True,
            }
            for measure in _columns(item)
        ],
        "metrics": [],
        "uuid": _uuid("dataset", page.name, item.id),
        "database_uuid": _uuid("database"),
        "version": VERSION,
    }


def _type(measure: Measure) -> str:
    if measure.unit in ("month", "date"):
        return "DATE"
    return "TEXT" if measure.unit == "text" else "NUMERIC"


def _chart(page: Page, item: Item) -> dict[str, Any]:
    drawn = _drawn(item, item.chart) if item.chart else _tabled(item)
    return {
        "slice_name": item.title,
        "description": item.subtitle or None,
        "viz_type": drawn["viz_type"],
        "params": drawn,
        "uuid": _uuid("chart", page.name, item.id),
        "dataset_uuid": _uuid("dataset", page.name, item.id),
        "version": VERSION,
    }


def _tabled(item: Item) -> dict[str, Any]:
    """Rows as they are, with the words of the page above them."""
    columns = _columns(item)
    return {
        "viz_type": "table",
        "query_mode": "raw",
        "all_columns": [measure.column for measure in columns],
        "row_limit": MOST_ROWS,
        "column_config": {
            measure.column: {"d3NumberFormat": FORMATS[measure.unit]}
            for measure in columns
            if measure.unit in FORMATS
        },
    }


def _drawn(item: Item, chart: Chart) -> dict[str, Any]:
    apart = [chart.split_by.column] if chart.split_by else []
    if "currency" in {measure.column for measure in _columns(item)}:
        apart.append("currency")
    return {
        "viz_type": f"echarts_timeseries_{'line' if chart.draw == 'lines' else 'bar'}",
        "x_axis": chart.along.column,
        "x_axis_title": chart.along.title,
        "xAxisForceCategorical": chart.along.unit not in ("month", "date"),
        "x_axis_sort_asc": True,
        "time_grain_sqla": "P1M" if chart.along.unit == "month" else "P1D",
        "metrics": [_metric(value) for value in chart.values],
        "groupby": apart,
        "orientation": "horizontal" if chart.draw == "bars" else "vertical",
        "stack": "Stack" if chart.stacked or (chart.split_by and chart.draw != "lines") else None,
        "y_axis_format": FORMATS.get(chart.values[0].unit, ",d"),
        "row_limit": MOST_ROWS,
        "show_legend": len(chart.values) > 1 or bool(apart),
        "truncate_metric": True,
    }


def _metric(measure: Measure) -> dict[str, Any]:
    """The value of a mark. A question has a row for each, so the largest is the only one, and
    nothing that must not be added up ever is."""
    return {
        "expressionType": "SQL",
        "sqlExpression": f'max("{measure.column}")',
        "label": measure.title,
        "hasCustomLabel": True,
        "optionName": f"metric_{measure.column}",
    }


def _position(page: Page) -> dict[str, Any]:
    """Where the charts stand: as on the page, two halves beside each other."""
    rows: list[list[Item]] = []
    for item in page.items:
        beside = rows and item.width == "half" and [each.width for each in rows[-1]] == ["half"]
        if beside:
            rows[-1].append(item)
        else:
            rows.append([item])
    names = [f"ROW-{number}" for number in range(1, len(rows) + 1)]
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": page.title}},
        "GRID_ID": {
            "type": "GRID", "id": "GRID_ID", "children": names, "parents": ["ROOT_ID"],
        },
    }  # fmt: skip
    for name, items in zip(names, rows, strict=True):
        position[name] = {
            "type": "ROW", "id": name, "children": [f"CHART-{item.id}" for item in items],
            "parents": ["ROOT_ID", "GRID_ID"], "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }  # fmt: skip
        for item in items:
            height = item.chart.height if item.chart else 200
            position[f"CHART-{item.id}"] = {
                "type": "CHART", "id": f"CHART-{item.id}", "children": [],
                "parents": ["ROOT_ID", "GRID_ID", name],
                "meta": {
                    "uuid": _uuid("chart", page.name, item.id),
                    "sliceName": item.title,
                    "chartId": 0,
                    "width": FULL_WIDTH // len(items),
                    "height": height // PIXELS_OF_A_ROW,
                },
            }  # fmt: skip
    return position
