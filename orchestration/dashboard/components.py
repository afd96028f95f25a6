"""From a page definition to Vizro's models: cards with a question, selectors, export, its SQL."""

from __future__ import annotations

from typing import Any

import vizro.actions as va
import vizro.models as vm
from dash import html
from dash.development.base_component import Component
from pydantic import PrivateAttr
from vizro.managers import data_manager

from orchestration.dashboard.charts import draw
from orchestration.dashboard.figures import key_figures, stamp
from orchestration.dashboard.pages import Item, Page, Selector
from orchestration.dashboard.templates import ask, data_function, read_template
from orchestration.errors import UserError
from orchestration.logs import log
from orchestration.settings import Settings

NOTHING_CHOSEN = "NONE"
"""Vizro's own value for no choice; it reaches the query as an unset variable."""

GRAPH: dict[str, Any] = {"config": {"displaylogo": False, "displayModeBar": False}}

DROPDOWN: dict[str, Any] = {"multi": False, "extra": {"searchable": False, "maxHeight": 320}}


class Card(vm.Container):  # type: ignore[misc]  # vizro ships no types here
    """One question: heading, choices, answer, export, and the SQL behind it."""

    subtitle: str = ""
    width: str = "half"
    query: str = ""
    height: int | None = None

    def build(self) -> Component:
        """The card as a section that carries its heading as its name."""
        heading = f"{self.id}_title"
        answer, *buttons = self.components
        panel = [control.build() for control in self.controls]
        return html.Section(
            [
                html.Div(
                    [html.H3(self.title, id=heading), *(button.build() for button in buttons)],
                    className="c360-card-head",
                ),
                html.P(self.subtitle, className="c360-subtitle") if self.subtitle else None,
                html.Div(panel, className="c360-controls") if panel else None,
                self._frame(answer.build()),
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
            className="c360-chart",
            style={"minHeight": f"{self.height}px"},
            role="img",
            **{"aria-label": f"Chart: {self.title}. The CSV button gives its numbers."},
        )


class _FreshOptions:
    """Options that are asked for whenever the page is loaded, so a new campaign is offered."""

    _settings: Settings
    _selector: Selector

    def watch(self, settings: Settings, selector: Selector) -> None:
        self._settings, self._selector = settings, selector

    def refresh(self) -> None:
        try:
            self.options = read_options(self._settings, self._selector)
        except UserError as error:  # the page still opens; its charts say what is wrong
            log().warning("dashboard: %s", error)


class FreshDropdown(_FreshOptions, vm.Dropdown):  # type: ignore[misc]
    """A dropdown whose options come from a template."""

    _settings: Any = PrivateAttr()
    _selector: Any = PrivateAttr()

    def build(self) -> Component:
        """The dropdown with the options of what is published now."""
        self.refresh()
        return super().build()


class FreshRadioItems(_FreshOptions, vm.RadioItems):  # type: ignore[misc]
    """Radio buttons whose options come from a template."""

    _settings: Any = PrivateAttr()
    _selector: Any = PrivateAttr()

    def build(self) -> Component:
        """The radio buttons with the options of what is published now."""
        self.refresh()
        return super().build()


def read_options(settings: Settings, selector: Selector) -> list[dict[str, str]]:
    """What can be chosen now.

    Parameters:
        settings: paths.
        selector: which template to ask, and what the choice of everything is called.

    Raises:
        UserError: nothing is published, or it can't answer.
    """
    rows = ask(settings, read_template(selector.options))
    options = [
        {"label": str(label), "value": str(value)}
        for value, label in zip(rows["option_value"], rows["option_label"], strict=True)
    ]
    every = [{"label": selector.every, "value": NOTHING_CHOSEN}] if selector.every else []
    return every + options


def vizro_page(settings: Settings, page: Page) -> vm.Page:
    """A page with its cards.

    Parameters:
        settings: paths; every drawing reads the published model anew.
        page: the definition.

    Raises:
        UserError: nothing is published.
    """
    as_of = read_template(page.as_of)
    stamp_id = f"as_of_{page.title.lower().replace(' ', '_')}"
    data_manager[stamp_id] = data_function(settings, as_of)
    return vm.Page(
        title=page.title,
        layout=vm.Flex(direction="row", wrap=True, gap="16px"),
        components=[
            vm.Figure(id=stamp_id, figure=stamp(data_frame=stamp_id, description=page.description)),
            *(_card(settings, item) for item in page.items),
        ],
        controls=[_parameter(settings, s, page.reached_by(s)) for s in page.selectors],
    )


def _card(settings: Settings, item: Item) -> Card:
    template = read_template(item.template)
    data_manager[item.id] = data_function(settings, template)
    export = vm.Button(
        icon="download",
        text="CSV",
        variant="plain",
        actions=va.export_data(targets=[item.id]),
        extra={"title": f"Download the data of: {item.title}"},
    )
    return Card(
        id=f"card_{item.id}",
        title=item.title,
        subtitle=item.subtitle,
        width=item.width,
        query=template.sql.strip(),
        height=item.chart.height if item.chart else None,
        components=[_answer(item), export],
        controls=[_parameter(settings, selector, [item.id]) for selector in item.selectors],
    )


def _answer(item: Item) -> vm.Graph | vm.Figure:
    if item.chart is None:
        return vm.Figure(id=item.id, figure=key_figures(data_frame=item.id, figures=item.figures))
    figure = draw(data_frame=item.id, chart=item.chart)
    return vm.Graph(id=item.id, figure=figure, extra=GRAPH)


def _parameter(settings: Settings, selector: Selector, items: list[str]) -> vm.Parameter:
    options = read_options(settings, selector)
    values = [option["value"] for option in options]
    if not values:
        raise UserError(
            f"The selector {selector.title} has nothing to offer: {selector.options}.sql returned "
            "no rows. Give it a label for every, or publish data: `c360 run`."
        )
    kind = FreshRadioItems if selector.control == "radio" else FreshDropdown
    choice = kind(
        title=selector.title,
        options=options,
        value=selector.start if selector.start in values else values[0],
        **({} if selector.control == "radio" else DROPDOWN),
    )
    choice.watch(settings, selector)
    return vm.Parameter(
        id=f"{items[0]}_{selector.variable}",
        targets=[f"{item}.data_frame.{selector.variable}" for item in items],
        selector=choice,
        show_in_url=True,
    )
