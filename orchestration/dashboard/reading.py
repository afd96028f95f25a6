"""The files in `dashboards/`, read and checked: all mistakes of a file, and each file alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from orchestration.dashboard.pages import Item, Page, control_id
from orchestration.dashboard.templates import Template, read_template
from orchestration.errors import UserError
from orchestration.settings import PROJECT_ROOT

PAGES_DIR = PROJECT_ROOT / "dashboards"
FIELDS = "docs/dashboards.md lists the fields of a page."


@dataclass(frozen=True)
class BrokenPage:
    """A file that is no page.

    Attributes:
        name: of the file without .yml.
        mistakes: all that is wrong, each with the field and what to do.
    """

    name: str
    mistakes: tuple[str, ...]

    @property
    def title(self) -> str:
        """Its place in the navigation says that something is wrong."""
        return f"⚠ {self.name}.yml"


@dataclass(frozen=True)
class Pages:
    """What the folder holds.

    Attributes:
        sound: pages in the order of the navigation.
        broken: files that are none, by name.
    """

    sound: list[Page]
    broken: list[BrokenPage]


def read_pages(folder: Path = PAGES_DIR) -> Pages:
    """Read and check every page; a wrong one does not stop the others.

    Parameters:
        folder: where the YAML files are.

    Raises:
        UserError: there is no file at all.
    """
    files = sorted(folder.glob("*.yml"))
    if not files:
        raise UserError(f"{folder} holds no page (*.yml). docs/dashboards.md says how one is made.")
    found: dict[str, Page] = {}
    mistakes: dict[str, list[str]] = {}
    for file in files:
        page, wrong = _read(file)
        if page is not None:
            found[page.name] = page
        mistakes[file.stem] = wrong
    # What concerns two pages is asked of all that have their fields, whatever else is wrong.
    for name, said in _between(found):
        mistakes[name].append(said)
    sound = [page for name, page in found.items() if not mistakes[name]]
    broken = [BrokenPage(name, tuple(told)) for name, told in sorted(mistakes.items()) if told]
    return Pages(sorted(sound, key=lambda page: (page.order, page.name)), broken)


def _read(file: Path) -> tuple[Page | None, list[str]]:
    try:
        written = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        return None, [f"It is not valid YAML: {' '.join(str(error).split())}. Mend it there."]
    if not isinstance(written, dict):
        return None, [f"It holds no fields. {FIELDS}"]
    named = {} if "name" in written else {"name": file.stem}
    try:
        page = Page.model_validate({**written, **named})
    except ValidationError as error:
        return None, [_in_words(wrong, written) for wrong in error.errors()]
    if not named:
        return None, [f"name: the file's name is the page's name. Remove the field. {FIELDS}"]
    return page, _inside(page)


def _in_words(wrong: Any, written: dict[str, Any]) -> str:
    """A mistake of the form: where, what, what to do."""
    steps: list[str] = []
    here: Any = written
    for step in wrong["loc"]:
        here = here[step] if _holds(here, step) else None
        # A place in a list says little; the item's own id says where to look.
        label = here.get("id") if isinstance(here, dict) and isinstance(step, int) else None
        place = str(step + 1) if isinstance(step, int) else step
        steps.append(f"{place} ({label})" if label else place)
    where = ".".join(steps) or "the page"
    if where == "name":
        return "Its file name has to be small letters, digits and _, and none of ours. Rename it."
    kinds = {
        "missing": "is missing. Add it.",
        "extra_forbidden": "is no field. Remove it, or write it as the list has it.",
    }
    said = kinds.get(wrong["type"]) or f"{wrong['msg'].removeprefix('Value error, ')}."
    return f"{where}: {said} {FIELDS}"


def _holds(here: Any, step: Any) -> bool:
    if isinstance(here, dict):
        return step in here
    return isinstance(here, list) and isinstance(step, int) and step < len(here)


def _inside(page: Page) -> list[str]:
    """What is wrong about templates and variables."""
    wrong: list[str] = []

    def template(field: str, name: str) -> Template | None:
        try:
            return read_template(name)
        except UserError as error:
            wrong.append(f"{field}: {error}")
            return None

    template("as_of", page.as_of)
    known = {item.id: template(f"items.{item.id}.template", item.template) for item in page.items}
    for item in page.items:
        wrong += _own_selectors(item, known[item.id])
    for owner, selector in [
        *(("selectors", selector) for selector in page.selectors),
        *((f"items.{item.id}.selectors", s) for item in page.items for s in item.selectors),
    ]:
        template(f"{owner}.{selector.variable}.options", selector.options)
    readable = all(known.values())
    wrong += [
        f"selectors.{selector.variable}: no item's template uses the variable {selector.variable}. "
        "Remove the selector, or use the variable."
        for selector in page.selectors
        if readable and not page.reached_by(selector)
    ]
    return wrong


def _own_selectors(item: Item, template: Template | None) -> list[str]:
    if template is None:
        return []
    known = ", ".join(sorted(template.variables)) or "none"
    return [
        f"items.{item.id}.selectors.{selector.variable}: the template {item.template} does not use "
        f"this variable. It knows {known}; use it there as getvariable('{selector.variable}')."
        for selector in item.selectors
        if selector.variable not in template.variables
    ]


def _between(pages: dict[str, Page]) -> list[tuple[str, str]]:
    """What is wrong between items, and between pages: the page's name and the sentence."""
    wrong: list[tuple[str, str]] = []
    owners: dict[str, str] = {}
    for name, page in pages.items():
        for item in page.items:
            if item.id in owners:
                said = (
                    f"items.{item.id}.id: {owners[item.id]}.yml has an item of that id, too. "
                    "An id names the exported file, so give one of them another."
                )
                wrong.append((name, said))
            owners.setdefault(item.id, name)
            wrong += [(name, said) for said in _lead(item, pages)]
    # A choice is named in the address by its owner and its variable.
    wrong += [
        (name, f"{control}: this choice and the item {control} have one name. Rename the item.")
        for name, page in pages.items()
        for control in choices_of(page)
        if control in owners
    ]
    return wrong


def _lead(item: Item, pages: dict[str, Page]) -> list[str]:
    if item.leads_to is None:
        return []
    other = pages.get(item.leads_to.page)
    if other is None:
        return [
            f"items.{item.id}.leads_to.page: there is no page {item.leads_to.page}. Name one that "
            f"can be read: {', '.join(sorted(pages))}."
        ]
    chosen = {selector.variable for selector in other.selectors}
    return [
        f"items.{item.id}.leads_to.choose.{variable}: the page {other.name} has no selector for "
        f"it. It has {', '.join(sorted(chosen)) or 'none'}."
        for variable in item.leads_to.choose
        if variable not in chosen
    ]


def choices_of(page: Page) -> dict[str, str]:
    """Every choice of a page: its name in the address, and its variable.

    Parameters:
        page: the definition.
    """
    own = {control_id(i.id, s.variable): s.variable for i in page.items for s in i.selectors}
    return {control_id(page.name, s.variable): s.variable for s in page.selectors} | own
