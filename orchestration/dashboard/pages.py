"""What a page is: the fields of the YAML files in `dashboards/`. `reading.py` reads them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from orchestration.dashboard.templates import read_template

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Unit = Literal["count", "money", "share", "month", "date", "text", "number"]
CURRENCY = "currency"
"""The column that every template with money returns beside it."""

TAKEN = frozenset({"assets", "csv", "customers", "health"})
"""Addresses that are no page's."""

BEFORE_ON = "before_on"
"""The column with the day that values of before are of."""


class _Definition(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Measure(_Definition):
    """A column of a template and how people read it.

    Attributes:
        column: its name in the template's result.
        title: its name for people.
        unit: count, money (with the currency beside it), share (1 = 100 %), number (with two
            decimals), month, date or text.
        line: draw it as a line over the columns.
        dashed: draw its line dashed, as the period before is.
        before: of a key figure, the column with its value before; the day stands in `before_on`.
        note: a sentence below a key figure; `{column}` stands for a count or a name of
            the same row.
    """

    column: Name
    title: str
    unit: Unit = "count"
    line: bool = False
    dashed: bool = False
    before: Name | None = None
    note: str = ""


class Chart(_Definition):
    """How a result is drawn.

    Attributes:
        draw: columns (upright), bars (lying, for long names) or lines (over days or months).
        along: what each column, bar or point stands for.
        values: what its length says; several stand side by side, or on top of each other.
        stacked: on top of each other.
        split_by: a column that splits one value: into parts on top of each other, or into lines.
        mark: what is written at each column or bar; the value itself when bars are split.
        hover: what else is said when one is pointed at.
        height: in pixels; about 90 and 30 for each lying bar.
    """

    draw: Literal["columns", "bars", "lines"]
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
        """Every column that is drawn, written or said, each once."""
        optional = [measure for measure in (self.split_by, self.mark) if measure]
        every = [self.along, *optional[:1], *self.values, *optional[1:], *self.hover]
        return list({measure.column: measure for measure in reversed(every)}.values())[::-1]


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


class Lead(_Definition):
    """Where a mark or a row leads; the choices of this page that the other page knows go along.

    Attributes:
        page: the other page's file in `dashboards/` without .yml.
        choose: by variable of a selector there, the column of this item that holds its value.
    """

    page: Name
    choose: dict[Name, Name] = Field(min_length=1)


class Item(_Definition):
    """One question on a page.

    Attributes:
        id: unique over all pages; names the file of an export.
        title: what the reader sees above it.
        subtitle: what to know before reading it.
        template: the file in `sql_templates/` without .sql.
        width: half or full page; on a telephone everything is full.
        figures: key figures, one card each; or
        chart: a drawing; or
        table: columns of a table.
        leads_to: where a mark of the drawing or a row of the table leads.
        caption: say in words what the drawing shows.
        empty: what to say when there are no rows.
        selectors: choices for this item alone.
    """

    id: Name
    title: str
    subtitle: str = ""
    template: Name
    width: Literal["half", "full"] = "half"
    figures: list[Measure] = []
    chart: Chart | None = None
    table: list[Measure] = []
    leads_to: Lead | None = None
    caption: bool = True
    empty: str = "There is no data for this."
    selectors: list[Selector] = []

    @model_validator(mode="after")
    def _one_kind(self) -> Item:
        if [bool(self.figures), bool(self.chart), bool(self.table)].count(True) != 1:
            raise ValueError("an item has either figures or a chart or a table")
        if self.leads_to and self.figures:
            raise ValueError("key figures lead nowhere; leads_to is for a chart or a table")
        return self

    def measures(self) -> list[Measure]:
        """What is drawn or written of each row."""
        return self.figures + self.table + (self.chart.measures() if self.chart else [])

    def columns(self) -> set[str]:
        """The columns that the template must return."""
        measures = self.measures()
        named = {measure.column for measure in measures}
        money = {CURRENCY for measure in measures if measure.unit == "money"}
        before = {measure.before for measure in measures if measure.before}
        chosen = set(self.leads_to.choose.values()) if self.leads_to else set()
        return named | money | before | ({BEFORE_ON} if before else set()) | chosen


class Page(_Definition):
    """A page of the dashboard.

    Attributes:
        title: its name in the navigation and above it.
        description: one sentence for people and search.
        order: its place among the pages; ties by file name.
        as_of: a template whose first column says how recent the data is.
        selectors: choices that reach every item of the page whose template knows the variable.
        items: the questions, in reading order.
        name: of the file without .yml, which is the page's address; not a field of the YAML.
    """

    title: str
    description: str
    order: int = 100
    as_of: Name
    selectors: list[Selector] = []
    items: list[Item] = Field(min_length=1)
    name: Name

    @field_validator("name")
    @classmethod
    def _free(cls, name: str) -> str:
        if name in TAKEN:
            raise ValueError("is taken")
        return name

    def reached_by(self, selector: Selector) -> list[str]:
        """The items that a selector of the page reaches; an item's own selector wins."""
        return [
            item.id
            for item in self.items
            if selector.variable in read_template(item.template).variables
            and selector.variable not in {own.variable for own in item.selectors}
        ]


def control_id(owner: str, variable: str) -> str:
    """The name of a choice in the page's address.

    Parameters:
        owner: the page's name for a choice of the page, else the item's id.
        variable: the selector's.
    """
    return f"{owner}_{variable}"
