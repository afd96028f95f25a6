"""Page definitions: what is there is sound, and what is wrong is told in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.dashboard.pages import PAGES_DIR, read_pages
from orchestration.errors import UserError

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


def write(folder: Path, name: str = "page.yml", **changes: Any) -> Path:
    (folder / name).write_text(yaml.safe_dump({**PAGE, **changes}))
    return folder


def item(**changes: Any) -> list[dict[str, Any]]:
    return [{**PAGE["items"][0], **changes}]


def test_every_page_is_sound() -> None:
    pages = read_pages()
    assert len(pages) == len(list(PAGES_DIR.glob("*.yml")))
    assert pages[0].title == "Overview"


def test_money_needs_its_currency(tmp_path: Path) -> None:
    (page,) = read_pages(write(tmp_path))
    assert page.items[0].columns() == {"decile", "net_amount", "currency"}


def test_a_page_selector_reaches_the_items_that_know_its_variable(tmp_path: Path) -> None:
    selector = {"variable": "look_back", "title": "Look-back", "options": "look_backs"}
    items = [
        PAGE["items"][0],
        *item(id="own", selectors=[selector]),
        *item(id="deaf", template="segment_sizes"),
    ]
    (page,) = read_pages(write(tmp_path, selectors=[selector], items=items))
    assert page.reached_by(page.selectors[0]) == ["one"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"itmes": []}, ["page.yml", "itmes"]),
        ({"items": item(template="no_such_question")}, ["no_such_question.sql", "as_of"]),
        ({"items": item(chart=None)}, ["page.yml", "items.0", "either figures or a chart"]),
        ({"items": [*item(), *item()]}, ["page.yml", "one"]),
        (
            {
                "items": item(
                    selectors=[{"variable": "moon", "title": "Moon", "options": "look_backs"}]
                )
            },
            ["page.yml", "one", "getvariable('moon')", "look_back"],
        ),
        (
            {"selectors": [{"variable": "moon", "title": "Moon", "options": "look_backs"}]},
            ["page.yml", "moon"],
        ),
    ],
)
def test_a_mistake_is_told_with_file_and_remedy(
    tmp_path: Path, changes: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(UserError) as told:
        read_pages(write(tmp_path, **changes))
    assert all(word in str(told.value) for word in words), told.value


def test_what_is_not_yaml_and_an_empty_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no page"):
        read_pages(tmp_path)
    (tmp_path / "broken.yml").write_text("title: [")
    with pytest.raises(UserError, match=r"broken\.yml is not valid YAML"):
        read_pages(tmp_path)
