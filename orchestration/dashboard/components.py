"""From a page definition to Vizro's models: cards with a question, selectors, exports, its SQL."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import vizro.models as vm
from dash import html
from dash.development.base_component import Component
from pydantic import Field
from vizro.managers import data_manager

from orchestration.dashboard.charts import draw
from orchestration.dashboard.choices import Choices
from orchestration.dashboard.figures import key_figures, stamp
from orchestration.dashboard.pages import Item, Page
from orchestration.dashboard.reading import BrokenPage
from orchestration.dashboard.templates import MESSAGE, Template, data_function, read_template
from orchestration.dashboard.words import in_words, table
from orchestration.settings import Settings

GRAPH: dict[str, Any] = {"config": {"displaylogo": False, "displayModeBar": False}}


class Card(vm.Container):  # type: ignore[misc]  # vizro ships no types here
    """One question: heading, choices, answer, what it says in words, exports, and its SQL."""

    subtitle: str = ""
    width: str = "half"
    query: str = ""
    height: int | None = None
    lead: dict[str, str] = Field(default_factory=dict)

    def build(self) -> Component:
        """The card as a section that carries its heading as its name."""
        heading = f"{self.id}_title"
        answer, *words = self.components
        panel = [control.build() for control in self.controls]
        picture = _picture_button(answer.id, self.title) if self.height else None
        return html.Section(
            [
                html.Div(
                    [
                        html.H2(self.title, id=heading),
                        html.Div(
                            [_csv_link(answer.id, self.title), picture],
                            className="c360-card-buttons",
                        ),
                    ],
                    className="c360-card-head",
                ),
                html.P(self.subtitle, className="c360-subtitle") if self.subtitle else None,
                html.Div(panel, className="c360-controls") if panel else None,
                self._frame(answer.build()),
                *(part.build() for part in words),
                html.Details(
                    [html.Summary("The question in SQL"), html.Pre(self.query, tabIndex=0)],
                    className="c360-query",
                ),
            ],
            id=self.id,
            className=f"c360-card c360-{self.width}",
            **{"aria-labelledby": heading},
        )

    def _frame(self, answer: Component) -> Component:
        """A chart gets the height it asks for, and a name for those who don't see it."""
        if self.height is None:
            return answer
        return html.Div(
            answer,
            className="c360-chart" + (" c360-leads" if self.lead else ""),
            style={"minHeight": f"{self.height}px"},
            role="img",
            **{"aria-label": f"Chart: {self.title}. The numbers stand below it."},
            **self.lead,
        )


def _csv_link(item: str, title: str) -> Component:
    """The browser adds the choices in the address when it is followed."""
    said = f"CSV: download the data of {title}"
    return html.A(
        "CSV", href=f"/csv/{item}", className="c360-csv", title=said, **{"aria-label": said}
    )


def _picture_button(graph: str, title: str) -> Component:
    return html.Button(
        "PNG",
        type="button",
        className="c360-png",
        title=f"PNG: download a picture of {title}",
        **{"data-graph": graph, "aria-label": f"PNG: download a picture of {title}"},
    )


class Mistakes(vm.Text):  # type: ignore[misc]
    """What is wrong with a file that is no page."""

    told: list[str] = Field(default_factory=list)

    def build(self) -> Component:
        """Each mistake as an item of a list."""
        return html.Div(
            [html.P(self.text), html.Ul([html.Li(said) for said in self.told])],
            className="c360-card c360-full",
            role="alert",
        )


def vizro_page(
    settings: Settings, page: Page, addresses: dict[str, str], choices: Choices
) -> vm.Page:
    """A page with its cards.

    Parameters:
        settings: paths; every drawing reads the published model anew.
        page: the definition.
        addresses: of all pages, by name.
        choices: makes the selectors.

    Raises:
        UserError: nothing is published.
    """
    stamp_id = f"stamp-{page.name}"
    data_manager[stamp_id] = data_function(settings, read_template(page.as_of))
    shows = {item.id: _shows(item) for item in page.items}
    return vm.Page(
        id=f"page-{page.name}",
        title=page.title,
        path=addresses[page.name],
        layout=vm.Flex(direction="row", wrap=True, gap="16px"),
        components=[
            vm.Figure(
                id=stamp_id,
                figure=stamp(data_frame=stamp_id, description=page.description, page=page.name),
            ),
            *(_card(settings, item, addresses, choices) for item in page.items),
        ],
        controls=[
            choices.parameter(
                chosen, page.name, [f for i in page.reached_by(chosen) for f in shows[i]]
            )
            for chosen in page.selectors
        ],
    )


def broken_page(page: BrokenPage) -> vm.Page:
    """What stands in the place of a page that can't be read: all that is wrong with its file.

    Parameters:
        page: the file and its mistakes.
    """
    said = f"dashboards/{page.name}.yml is no page yet. When all of this is mended, start again:"
    return vm.Page(
        id=f"page-{page.name}",
        title=page.title,
        path=f"/{page.name}",
        components=[Mistakes(text=said, told=list(page.mistakes))],
    )


def _shows(item: Item) -> list[str]:
    """The ids of what is drawn for an item."""
    return [item.id, f"words-{item.id}"] if item.chart else [item.id]


def _card(settings: Settings, item: Item, addresses: dict[str, str], choices: Choices) -> Card:
    template = read_template(item.template)
    data_manager[item.id] = _answers(settings, item, template)
    leads_to = addresses[item.leads_to.page] if item.leads_to else ""
    return Card(
        id=f"card_{item.id}",
        title=item.title,
        subtitle=item.subtitle,
        width=item.width,
        query=template.sql.strip(),
        height=item.chart.height if item.chart else None,
        lead=_lead(item, leads_to),
        components=_answer(item, leads_to),
        controls=[
            choices.parameter(selector, item.id, _shows(item)) for selector in item.selectors
        ],
    )


def _answer(item: Item, leads_to: str) -> list[vm.Graph | vm.Figure]:
    if item.figures:
        figure = key_figures(data_frame=item.id, figures=item.figures)
        return [vm.Figure(id=item.id, figure=figure)]
    if item.chart is None:
        return [
            vm.Figure(id=item.id, figure=table(data_frame=item.id, item=item, leads_to=leads_to))
        ]
    drawn, words = _shows(item)
    figure = draw(data_frame=item.id, chart=item.chart, lead=item.leads_to)
    said = in_words(data_frame=item.id, item=item, leads_to=leads_to)
    return [vm.Graph(id=drawn, figure=figure, extra=GRAPH), vm.Figure(id=words, figure=said)]


def _lead(item: Item, leads_to: str) -> dict[str, str]:
    """What the browser needs to follow a mark; the values stand last in the mark's own data."""
    if item.leads_to is None:
        return {}
    names = [f"{item.leads_to.page}_{variable}" for variable in item.leads_to.choose]
    return {
        "data-leads-to": leads_to,
        "data-to": item.leads_to.page,
        "data-chooses": json.dumps(names),
    }


def _answers(settings: Settings, item: Item, template: Template) -> Callable[..., pd.DataFrame]:
    """The rows of an item, or in words why there are none."""
    load = data_function(settings, template)

    def answer(**values: str | None) -> pd.DataFrame:
        frame = load(**values)
        if not len(frame.columns):  # it could not be asked, and says why
            return frame
        if absent := sorted(item.columns() - set(frame.columns)):
            frame = pd.DataFrame()
            frame.attrs[MESSAGE] = (
                f"sql_templates/{template.name}.sql returns no {', '.join(absent)}, which the item "
                f"{item.id} names. Name a column that it returns, or add it there."
            )
        elif frame.empty or _says_nothing(frame, item):
            frame.attrs[MESSAGE] = item.empty
        return frame

    return answer


def _says_nothing(frame: pd.DataFrame, item: Item) -> bool:
    """Whether no value of a drawing is known: axes without anything would look like zero."""
    if item.chart is None:
        return False
    return bool(frame[[value.column for value in item.chart.values]].isna().all(axis=None))
