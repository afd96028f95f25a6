"""What a reader chooses: selectors whose options are asked for whenever a page is loaded."""

from __future__ import annotations

from typing import Any

import vizro.models as vm
from dash.development.base_component import Component
from pydantic import PrivateAttr

from orchestration.dashboard.pages import Selector, control_id
from orchestration.dashboard.templates import ask, read_template
from orchestration.errors import UserError
from orchestration.logs import log
from orchestration.settings import Settings

NOTHING_CHOSEN = "NONE"
"""Vizro's own value for no choice; it reaches the query as an unset variable."""

NOTHING_TO_CHOOSE = {"label": "Nothing to choose yet", "value": NOTHING_CHOSEN}

NOTHING_PUBLISHED = 3
"""The exit code of the error."""

DROPDOWN: dict[str, Any] = {"multi": False, "extra": {"searchable": False, "maxHeight": 320}}


class _FreshOptions:
    """Options that are asked for whenever the page is loaded, so a new campaign is offered."""

    _settings: Settings
    _selector: Selector
    _is_new: bool

    def watch(self, settings: Settings, selector: Selector) -> None:
        self._settings, self._selector, self._is_new = settings, selector, True

    def refresh(self) -> None:
        if self._is_new:  # built with the dashboard, from options that were read just now
            self._is_new = False
            return
        try:
            self.options = read_options(self._settings, self._selector)
        except UserError as error:  # the page still opens; its charts say what is wrong
            log().warning("dashboard: %s", error)


class FreshDropdown(_FreshOptions, vm.Dropdown):  # type: ignore[misc]
    """A dropdown whose options come from a template."""

    _settings: Any = PrivateAttr()
    _selector: Any = PrivateAttr()
    _is_new: Any = PrivateAttr()

    def build(self) -> Component:
        """The dropdown with the options of what is published now."""
        self.refresh()
        return super().build()


class FreshRadioItems(_FreshOptions, vm.RadioItems):  # type: ignore[misc]
    """Radio buttons whose options come from a template."""

    _settings: Any = PrivateAttr()
    _selector: Any = PrivateAttr()
    _is_new: Any = PrivateAttr()

    def build(self) -> Component:
        """The radio buttons with the options of what is published now."""
        self.refresh()
        return super().build()


def read_options(settings: Settings, selector: Selector) -> list[dict[str, str]]:
    """What can be chosen now; where there is nothing, one option that says so.

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
    return every + options or [NOTHING_TO_CHOOSE]


class Choices:
    """Makes the selectors of all pages; a template that lists options is asked once.

    Parameters:
        settings: paths.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[tuple[str, str], list[dict[str, str]]] = {}

    def parameter(self, selector: Selector, owner: str, figures: list[str]) -> vm.Parameter:
        """A choice, kept in the page's address.

        Parameters:
            selector: the definition.
            owner: the page's name or the item's id; names the choice in the address.
            figures: ids of what is drawn anew.

        Raises:
            UserError: nothing is published.
        """
        options = self._options(selector)
        values = [option["value"] for option in options]
        kind = FreshRadioItems if selector.control == "radio" else FreshDropdown
        choice = kind(
            title=selector.title,
            options=options,
            value=selector.start if selector.start in values else values[0],
            **({} if selector.control == "radio" else DROPDOWN),
        )
        choice.watch(self._settings, selector)
        return vm.Parameter(
            id=control_id(owner, selector.variable),
            targets=[f"{figure}.data_frame.{selector.variable}" for figure in figures],
            selector=choice,
            show_in_url=True,
        )

    def _options(self, selector: Selector) -> list[dict[str, str]]:
        key = (selector.options, selector.every)
        if key not in self._known:
            try:
                self._known[key] = read_options(self._settings, selector)
            except UserError as error:
                if error.exit_code == NOTHING_PUBLISHED:
                    raise
                log().warning("dashboard: %s", error)  # one question that fails stops no other
                self._known[key] = [NOTHING_TO_CHOOSE]
        return self._known[key]
