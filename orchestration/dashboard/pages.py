"""What a page is: the YAML files in `dashboards/`, read and checked before anything is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from orchestration.dashboard.templates import read_template
from orchestration.errors import UserError
from orchestration.settings import PROJECT_ROOT

PAGES_DIR = PROJECT_ROOT / "dashboards"

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Unit = Literal["count", "money", "share", "month", "date", "text"]
CURRENCY = "currency"
"""The column that every template with money returns beside it."""


class _Definition(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Measure(_Definition):
    """A column of a template and how people read it.

    Attributes:
        column: its name in the template's result.
        title: its name for people.
        unit: count, money (with the currency beside it), share (1 = 100 %), month, date or text.
        line: draw it as a line over the columns.
        note: a sentence below a key figure; `{column}` stands for a count of the same row.
    """

    column: Name
    title: str
    unit: Unit = "count"
    line: bool = False
    note: str = ""


class Chart(_Definition):
    """How a result is drawn.

    Attributes:
        draw: columns (upright) or bars (lying, for long names).
        along: what each column or bar stands for.
        values: what its length says; several stand side by side, or on top of each other.
        stacked: on top of each other.
        split_by: a column that splits one value into parts on top of each other.
        mark: what is written at each column or bar; the value itself when bars are split.
        hover: what else is said when one is pointed at.
        height: in pixels; about 90 and 30 for each lying bar.
    """

    draw: Literal["columns", "bars"]
    along: Measure
    values: list[Measure] = Field(min_length=1)
    stacked: bool = False
    split_by: Measure | None = None
    mark: Measure | None = None
    hover: list[Measure] = []
    height: int = Field(default=340, ge=120, le=2000)

    @model_validator(mode="after")
    def _one_value_to_split(self) -> Chart:
        if self.split_by and len(self.values) > 1:
            raise ValueError("split_by divides one value; give one in values")
        return self

    def measures(self) -> list[Measure]:
        """Every column that is drawn, written or said."""
        optional = [measure for measure in (self.split_by, self.mark) if measure]
        return [self.along, *self.values, *optional, *self.hover]


class Selector(_Definition):
    """A choice of the reader that reaches the query as a variable.

    Attributes:
        variable: its name in the templates.
        title: its label.
        options: a template with the columns option_value and option_label.
        start: the value at first; the first option when left out.
        every: the label of the choice not to choose, which leaves the variable unset.
        control: radio for a few options, dropdown for many.
    """

    variable: Name
    title: str
    options: Name
    start: str | None = None
    every: str = ""
    control: Literal["radio", "dropdown"] = "dropdown"


class Item(_Definition):
    """One question on a page.

    Attributes:
        id: unique over all pages; names the file of an export.
        title: what the reader sees above it.
        subtitle: what to know before reading it.
        template: the file in `sql_templates/` without .sql.
        width: half or full page; on a telephone everything is full.
        figures: key figures, one card each; or
        chart: a drawing.
        selectors: choices for this item alone.
    """

    id: Name
    title: str
    subtitle: str = ""
    template: Name
    width: Literal["half", "full"] = "half"
    figures: list[Measure] = []
    chart: Chart | None = None
    selectors: list[Selector] = []

    @model_validator(mode="after")
    def _figures_or_chart(self) -> Item:
        if bool(self.figures) == bool(self.chart):
            raise ValueError("an item has either figures or a chart")
        return self

    def columns(self) -> set[str]:
        """The columns that the template must return."""
        measures = self.figures + (self.chart.measures() if self.chart else [])
        money = {CURRENCY for measure in measures if measure.unit == "money"}
        return {measure.column for measure in measures} | money


class Page(_Definition):
    """A page of the dashboard.

    Attributes:
        title: its name in the navigation and above it.
        description: one sentence for people and search.
        order: its place among the pages; ties by file name.
        as_of: a template whose first column says how recent the data is.
        selectors: choices that reach every item of the page whose template knows the variable.
        items: the questions, in reading order.
    """

    title: str
    description: str
    order: int = 100
    as_of: Name
    selectors: list[Selector] = []
    items: list[Item] = Field(min_length=1)

    def reached_by(self, selector: Selector) -> list[str]:
        """The items that a selector of the page reaches; an item's own selector wins."""
        return [
            item.id
            for item in self.items
            if selector.variable in read_template(item.template).variables
            and selector.variable not in {own.variable for own in item.selectors}
        ]


def read_pages(folder: Path = PAGES_DIR) -> list[Page]:
    """Read and check every page.

    Parameters:
        folder: where the YAML files are.

    Raises:
        UserError: there is none, or a file is not a page; the message names file and field.
    """
    files = sorted(folder.glob("*.yml"))
    if not files:
        raise UserError(f"{folder} holds no page (*.yml). docs/dashboards.md says how one is made.")
    pages = [_read(file) for file in files]
    seen: dict[str, Path] = {}
    for file, page in zip(files, pages, strict=True):
        for item in page.items:
            if item.id in seen:
                raise UserError(
                    f"{file} and {seen[item.id]} both have an item {item.id}. "
                    "An id names the exported file, so give one of them another."
                )
            seen[item.id] = file
    return sorted(pages, key=lambda page: page.order)


def _read(file: Path) -> Page:
    try:
        page = Page.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise UserError(f"{file} is not valid YAML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise UserError(
            f"{file}, {where}: {first['msg']}. docs/dashboards.md lists the fields of a page."
        ) from None
    _check_templates(file, page)
    return page


def _check_templates(file: Path, page: Page) -> None:
    read_template(page.as_of)
    for item in page.items:
        known = read_template(item.template).variables
        for selector in item.selectors:
            if selector.variable not in known:
                raise UserError(
                    f"{file}, item {item.id}: the template {item.template} does not use the "
                    f"variable {selector.variable}. It knows {', '.join(sorted(known)) or 'none'}; "
                    f"use it there as getvariable('{selector.variable}')."
                )
    for selector in page.selectors + [s for item in page.items for s in item.selectors]:
        read_template(selector.options)
    for selector in page.selectors:
        if not page.reached_by(selector):
            raise UserError(
                f"{file}: no item's template uses the page's variable {selector.variable}. "
                "Remove the selector or use the variable."
            )
