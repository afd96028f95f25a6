"""Page definitions: what is there is sound, and what is wrong is told in words, all of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.dashboard.pages import Chart, Item, Lead, Measure, Page, Selector
from orchestration.dashboard.reading import PAGES_DIR, choices_of, read_pages
from orchestration.errors import UserError
from orchestration.settings import PROJECT_ROOT

PAGE: dict[str, Any] = {
    "title": "Test",
    "description": "A page.",
    "as_of": "as_of",
    "items": [
        {
            "id": "one",
            "title": "One",
            "template": "value_by_decile",
            "chart": {
                "draw": "columns",
                "along": {"column": "decile", "title": "Decile", "unit": "text"},
                "values": [{"column": "net_amount", "title": "Net", "unit": "money"}],
            },
        }
    ],
}
LOOK_BACK = {"variable": "look_back", "title": "Look-back", "options": "look_backs"}
MOON = {"variable": "moon", "title": "Moon", "options": "look_backs"}


def write(folder: Path, file: str = "page.yml", **changes: Any) -> Path:
    (folder / file).write_text(yaml.safe_dump({**PAGE, **changes}))
    return folder


def item(**changes: Any) -> list[dict[str, Any]]:
    return [{**PAGE["items"][0], **changes}]


def test_every_page_is_sound() -> None:
    pages = read_pages()
    assert pages.broken == []
    assert len(pages.sound) == len(list(PAGES_DIR.glob("*.yml")))
    assert pages.sound[0].name == "overview"


def test_money_needs_its_currency(tmp_path: Path) -> None:
    (page,) = read_pages(write(tmp_path)).sound
    assert page.items[0].columns() == {"decile", "net_amount", "currency"}


def test_a_page_selector_reaches_the_items_that_know_its_variable(tmp_path: Path) -> None:
    items = [
        PAGE["items"][0],
        *item(id="own", selectors=[LOOK_BACK]),
        *item(id="deaf", template="segment_sizes"),
    ]
    (page,) = read_pages(write(tmp_path, selectors=[LOOK_BACK], items=items)).sound
    assert page.reached_by(page.selectors[0]) == ["one"]
    assert set(choices_of(page)) == {"page_look_back", "own_look_back"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"itmes": []}, ["itmes", "Remove"]),
        ({"items": item(template="no_such_question")}, ["no_such_question.sql", "as_of"]),
        ({"items": item(chart=None)}, ["items.1 (one)", "either figures or a chart"]),
        ({"items": [*item(), *item()]}, ["items.one.id", "another"]),
        ({"items": item(selectors=[MOON])}, ["one", "getvariable('moon')", "look_back"]),
        ({"selectors": [MOON]}, ["selectors.moon", "Remove"]),
        ({"items": item(leads_to={"page": "far", "choose": {"a": "b"}})}, ["far", "page"]),
        ({"items": item(leads_to={"page": "page", "choose": {"a": "b"}})}, ["no selector", "none"]),
        ({"items": item(id="page_look_back"), "selectors": [LOOK_BACK]}, ["one name", "Rename"]),
        ({"name": "mine"}, ["name", "Remove"]),
    ],
)
def test_a_mistake_is_told_with_field_and_remedy(
    tmp_path: Path, changes: dict[str, Any], words: list[str]
) -> None:
    pages = read_pages(write(tmp_path, **changes))
    assert pages.sound == []
    (broken,) = pages.broken
    assert broken.name == "page"
    (told,) = broken.mistakes
    assert all(word in told for word in words), told


def test_all_mistakes_of_a_file_are_told_at_once_and_stop_no_other(tmp_path: Path) -> None:
    form = item(template=None, chart={**PAGE["items"][0]["chart"], "draw": "pie"}, height=3)
    write(tmp_path, "form.yml", title=None, items=form)
    meant = [*item(id="two", template="nowhere"), *item(id="three", selectors=[MOON])]
    write(tmp_path, "meant.yml", as_of="never", items=meant, selectors=[MOON])
    write(tmp_path, "Not Fine.yml")
    (tmp_path / "broken.yml").write_text("title: [")
    (tmp_path / "empty.yml").write_text("")
    pages = read_pages(write(tmp_path, "sound.yml"))
    assert [page.name for page in pages.sound] == ["sound"]
    told = {broken.name: broken.mistakes for broken in pages.broken}
    assert sorted(told) == ["Not Fine", "broken", "empty", "form", "meant"]
    assert {"title", "height", "template", "draw"} == {
        said.split(":")[0].rsplit(".", 1)[-1] for said in told["form"]
    }
    assert [said.split(":")[0] for said in told["meant"]] == [
        "as_of",
        "items.two.template",
        "items.three.selectors.moon",
    ]
    assert "YAML" in told["broken"][0]
    assert "no fields" in told["empty"][0]
    assert "Rename" in told["Not Fine"][0]


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no page"):
        read_pages(tmp_path)


def test_every_field_is_documented() -> None:
    text = (PROJECT_ROOT / "docs" / "dashboards.md").read_text()
    fields = {
        field
        for kind in (Page, Item, Chart, Measure, Selector, Lead)
        for field in kind.model_fields
        if (kind, field) != (Page, "name")  # the file's own
    }
    assert sorted(field for field in fields if f"`{field}`" not in text) == []
